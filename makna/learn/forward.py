"""Rows as a network takes them, and what a network says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from makna.core.compute import Machine
from makna.core.errors import TrainingError
from makna.core.optional import require
from makna.represent.buckets import buckets

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "learn"
_NO_MEMORY = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory")


@dataclass(frozen=True)
class Rows:
    """Rows of data, made into batches when they are asked for.

    Parameters
    ----------
    batch : callable
        Positions of rows, shape (b,) → the network's arguments, tensors by name.
    lengths : ndarray of int, shape (n,)
        How long each row is; rows of like length share a batch.
    targets : ndarray, shape (n,) or (n, outputs)
        Codes of classes (int64), or numbers (float32); empty where nothing is learned.
    """

    batch: Callable[[np.ndarray], Mapping[str, Tensor]]
    lengths: np.ndarray
    targets: np.ndarray


def outputs_of(network: Any, rows: Rows, batch_size: int, machine: Machine, autocast: bool = True) -> np.ndarray:
    """Return what a network says of all rows, in their order, dropout off.

    Parameters
    ----------
    network : Module
        Takes what `rows.batch` gives; it is left in training mode if it was in it.
    rows : Rows
        What to ask about.
    batch_size : int
        Rows at once; halved for as long as a GPU's memory does not suffice.
    machine : Machine
        Where the network is.
    autocast : bool
        Compute matrix products in the machine's precision; False: in that of the network's own weights.

    Returns
    -------
    ndarray of float32, shape (n, …)

    Raises
    ------
    TrainingError
        Memory does not suffice for a single row.
    """
    torch = require("torch", PURPOSE)
    was_training = network.training
    network.eval()
    found: np.ndarray | None = None
    waiting = buckets(rows.lengths, batch_size)
    try:
        with torch.inference_mode(), casting(machine, autocast), plain_memory_errors(batch_size):
            while waiting:
                chosen = waiting.pop(0)
                try:
                    said = network(**on_device(rows.batch(chosen), machine)).float().cpu().numpy()
                except torch.cuda.OutOfMemoryError:
                    if len(chosen) == 1:
                        raise
                    torch.cuda.empty_cache()
                    waiting = [*np.array_split(chosen, 2), *waiting]
                    continue
                found = np.empty((len(rows.lengths), *said.shape[1:]), dtype=np.float32) if found is None else found
                found[chosen] = said
    finally:
        network.train(was_training)
    assert found is not None, "no rows"
    return found


def casting(machine: Machine, enabled: bool = True) -> Any:
    """Return the context in which matrix products are computed in the machine's precision; weights stay as they are."""
    torch = require("torch", PURPOSE)
    return torch.autocast(machine.device, torch.bfloat16, enabled=enabled and machine.precision == "bf16")


def on_device(batch: Mapping[str, Tensor], machine: Machine) -> dict[str, Tensor]:
    """Return the tensors of a batch where the network is."""
    return {name: value.to(machine.device) for name, value in batch.items()}


@contextmanager
def plain_memory_errors(batch_size: int) -> Iterator[None]:
    """Say in plain words that memory does not suffice.

    Raises
    ------
    TrainingError
        In place of what torch raises.
    """
    torch = require("torch", PURPOSE)
    try:
        yield
    except (MemoryError, torch.cuda.OutOfMemoryError) as problem:
        raise TrainingError("learn.memory", batch_size=batch_size) from problem
    except RuntimeError as problem:
        if any(words in str(problem) for words in _NO_MEMORY):
            raise TrainingError("learn.memory", batch_size=batch_size) from problem
        raise
