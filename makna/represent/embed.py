"""Running an encoder's network over rows of pieces: what it makes of each, pooled."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Literal

import numpy as np

from makna.core.compute import Machine
from makna.core.errors import ModelError, TrainingError
from makna.core.messages import say
from makna.core.optional import require
from makna.core.workplace import workplace
from makna.represent.buckets import buckets, pad
from makna.represent.encoder_source import EncoderSource, load_network, load_tokenizer

Pooling = Literal["mean", "cls", "max", "tokens"]

# Rows are padded to a multiple of this. Matrix products then add in the same order however long the batch is, so that
# on a processor a text's numbers do not depend on the texts beside it, to the last bit.
MULTIPLE = 16
_MOST_LOADED = 2
_networks: OrderedDict[tuple[str, ...], Any] = OrderedDict()
_tokenizers: OrderedDict[tuple[str, ...], Any] = OrderedDict()
_lock = RLock()


@dataclass(frozen=True)
class Embedding:
    """How texts become numbers.

    Parameters
    ----------
    source : EncoderSource
        The encoder.
    machine : Machine
        Where and in which precision.
    pooling : {"mean", "cls", "max", "tokens"}
        Mean or maximum over the pieces, the first piece, or all pieces.
    layers : tuple of int
        Whose output: 0 the embeddings, 1 the first layer, -1 the last. Several cost hardly more than one.
    batch_size : int
        Rows at a time; halved where memory does not suffice.
    pad_id : int
        The tokenizer's number for padding.
    longest : int
        Most pieces the network takes.
    """

    source: EncoderSource
    machine: Machine
    pooling: Pooling
    layers: tuple[int, ...]
    batch_size: int
    pad_id: int
    longest: int

    def __call__(self, ids: Sequence[Sequence[int]]) -> Iterator[tuple[np.ndarray, list[list[np.ndarray]]]]:
        """Yield batches: positions of rows, and for each layer an array a row, shape (1 or pieces, width), in fp32.

        Raises
        ------
        TrainingError
            Memory does not suffice for a single row.
        """
        torch = require("torch", self.source.name)
        network = network_on(self.source, self.machine)
        waiting = deque(buckets([len(row) for row in ids], self.batch_size))
        most, done = self.batch_size, 0
        listen, detail = workplace().listen, say("represent.encoding", name=self.source.name)
        while waiting:
            rows = waiting.popleft()
            if len(rows) > most:
                waiting.extendleft([rows[most:], rows[:most]])
                continue
            try:
                found = self._run(torch, network, ids, rows)
            except RuntimeError as problem:
                if not _is_out_of_memory(torch, problem):
                    raise
                if len(rows) == 1:
                    raise TrainingError("represent.no_memory", name=self.source.name, n=len(ids[rows[0]])) from problem
                if self.machine.device == "cuda":
                    torch.cuda.empty_cache()
                most = len(rows) // 2
                waiting.appendleft(rows)
                continue
            yield rows, found
            done += len(rows)
            listen(detail, done, len(ids))

    def _run(self, torch: Any, network: Any, ids: Sequence[Sequence[int]], rows: np.ndarray) -> list[list[np.ndarray]]:
        padded, mask = pad(ids, rows, self.pad_id, MULTIPLE)
        width = min(padded.shape[1], self.longest)
        pieces = torch.from_numpy(padded[:, :width]).to(self.machine.device)
        masks = torch.from_numpy(mask[:, :width]).to(self.machine.device)
        with torch.inference_mode():
            out = network(input_ids=pieces, attention_mask=masks, output_hidden_states=self.layers != (-1,))
            every = [out.last_hidden_state if layer == -1 else out.hidden_states[layer] for layer in self.layers]
            pooled = [POOLINGS[self.pooling](torch, hidden.float(), masks).cpu().numpy() for hidden in every]
        if not all(np.isfinite(found).all() for found in pooled):
            raise ModelError("represent.not_finite", name=self.source.name)
        counts = mask.sum(axis=1) if self.pooling == "tokens" else np.ones(len(rows), dtype=np.int64)
        return [[one[:count] for one, count in zip(found, counts.tolist(), strict=True)] for found in pooled]


def _mean(torch: Any, hidden: Any, mask: Any) -> Any:
    weight = mask[..., None].float()
    return (hidden * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)


def _first(torch: Any, hidden: Any, mask: Any) -> Any:
    return hidden[:, :1]


def _max(torch: Any, hidden: Any, mask: Any) -> Any:
    return hidden.masked_fill(mask[..., None] == 0, float("-inf")).amax(dim=1, keepdim=True)


def _all(torch: Any, hidden: Any, mask: Any) -> Any:
    return hidden


POOLINGS: dict[str, Callable[[Any, Any, Any], Any]] = {"mean": _mean, "cls": _first, "max": _max, "tokens": _all}


def network_on(source: EncoderSource, machine: Machine) -> Any:
    """Return an encoder's network for use on a device, in bf16 where the machine says so; loaded once a process."""
    torch = require("torch", source.name)
    kind = torch.bfloat16 if machine.precision == "bf16" else torch.float32

    def load() -> Any:
        return load_network(source).to(machine.device, kind).requires_grad_(False)

    return _loaded(_networks, (source.fingerprint, machine.device, machine.precision), load)


def tokenizer_of(source: EncoderSource) -> Any:
    """Return an encoder's tokenizer, loaded once a process."""
    return _loaded(_tokenizers, (source.fingerprint,), lambda: load_tokenizer(source))


def _loaded(kept: OrderedDict[tuple[str, ...], Any], key: tuple[str, ...], load: Callable[[], Any]) -> Any:
    with _lock:
        if key not in kept:
            while len(kept) >= _MOST_LOADED:
                kept.popitem(last=False)
            kept[key] = load()
        kept.move_to_end(key)
        return kept[key]


def _is_out_of_memory(torch: Any, problem: RuntimeError) -> bool:
    return isinstance(problem, torch.cuda.OutOfMemoryError) or "can't allocate memory" in str(problem)
