"""What a training will need, found out before it runs: memory, and time where it will be long.

All is tried on a copy of the network, so that the training itself is the same with and without it.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.compute import Machine
from makna.core.messages import say
from makna.core.optional import require
from makna.learn.forward import PURPOSE, Rows, casting, on_device
from makna.learn.losses import Loss
from makna.represent.buckets import buckets

LONG = 60.0
LIMIT = 30.0
_BYTES = 4
_VALID_SHARE = 1 / 3  # of a step: no way back through the network


@dataclass(frozen=True)
class Needs:
    """What a training will need.

    Parameters
    ----------
    memory_mb : float
        Megabytes at most: weights, gradients, optimiser, and activations of the longest batch.
    seconds : float
        About how long it will take.
    """

    memory_mb: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What a probe must know of a training.

    Parameters
    ----------
    batch_size : int
        Rows in a batch.
    epochs : int
        Passes over the training rows.
    valid : int
        Rows that are looked at after each pass.
    moments : int
        Numbers that the optimiser keeps for each weight.
    """

    batch_size: int
    epochs: int
    valid: int = 0
    moments: int = 2


def probe(network: Any, rows: Rows, loss: Loss, plan: Plan, machine: Machine, limit: float = LIMIT) -> Needs:
    """Try a few steps on a copy of the network.

    A batch of middle length tells about how long it will take; if that is more than a minute, one of greatest length is
    tried too, the others are taken to lie on the line between. What would take more than `limit` seconds is left out.

    Parameters
    ----------
    network : Module
        What is trained; frozen weights have neither gradients nor moments.
    rows : Rows
        Training rows.
    loss : Loss
        What is made small.
    plan : Plan
        How it is trained.
    machine : Machine
        Where.
    limit : float
        Seconds the trial may take.
    """
    memory = _memory(network, rows, plan, machine)
    trial = _Trial(copy.deepcopy(network), rows, loss, machine)
    batches = buckets(rows.lengths, plan.batch_size)  # the longest first
    sizes = np.array([len(batch) * rows.lengths[batch].max() for batch in batches], dtype=float)
    passes = plan.epochs * (1 + _VALID_SHARE * plan.valid / len(rows.lengths))
    trial.took(batches[0][:1])  # the first step of all is slow
    pair = batches[0][:2]
    pace = trial.took(pair) / max(1.0, float(len(pair) * rows.lengths[pair].max()))
    known = {0.0: 0.0}
    for place in (len(batches) // 2, 0):
        is_long = pace * sizes.sum() * passes > LONG
        if (is_long or place) and trial.spent + pace * sizes[place] < limit:
            known[float(sizes[place])] = trial.took(batches[place])
            pace = known[float(sizes[place])] / sizes[place]
    known.setdefault(float(sizes.max()), pace * float(sizes.max()))
    tried = np.array(sorted(known.items()))
    return Needs(memory, float(np.interp(sizes, tried[:, 0], tried[:, 1]).sum()) * passes)


def in_words(seconds: float) -> str:
    """Return a length of time as one says it: in seconds, minutes, or hours."""
    if seconds < 90:
        return say("learn.seconds", n=max(1, round(seconds)))
    if seconds < 5400:
        return say("learn.minutes", n=round(seconds / 60))
    return say("learn.hours", n=seconds / 3600)


@dataclass
class _Trial:
    """Steps on a copy of a network, timed."""

    network: Any
    rows: Rows
    loss: Loss
    machine: Machine
    spent: float = 0.0

    def took(self, chosen: np.ndarray) -> float:
        torch = require("torch", PURPOSE)
        start = time.perf_counter()
        with casting(self.machine):
            outputs = self.network(**on_device(self.rows.batch(chosen), self.machine))
        targets = torch.from_numpy(self.rows.targets[chosen]).to(self.machine.device)
        value = self.loss.terms(outputs, targets).mean()
        if value.requires_grad:
            value.backward()
        self.network.zero_grad()
        if self.machine.device == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        self.spent += seconds
        return seconds


def _memory(network: Any, rows: Rows, plan: Plan, machine: Machine) -> float:
    parameters = list(network.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    fixed = _BYTES * (sum(p.numel() for p in parameters) + (1 + plan.moments) * trained)
    # The longest rows, one and two at a time; the line through both is drawn out to a whole batch.
    longest = np.argsort(-rows.lengths, kind="stable")[:2]
    one, two = (_activations(network, rows, longest[:n], machine) for n in (1, 2))
    return (fixed + one + max(0, two - one) * (min(plan.batch_size, len(rows.lengths)) - 1)) / 1e6


def _activations(network: Any, rows: Rows, chosen: np.ndarray, machine: Machine) -> int:
    """Return the bytes that wait for the way back through the network after these rows went forward."""
    torch = require("torch", PURPOSE)
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    waiting: dict[int, int] = {}

    held: list[Any] = []

    def count(tensor: Any) -> None:
        # Held without its history until all is counted: a tensor that its own step saves would never be freed.
        held.append(tensor.detach())
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            waiting[storage.data_ptr()] = storage.nbytes()

    with casting(machine), torch.autograd.graph.saved_tensors_hooks(count, lambda nothing: nothing):
        outputs = network(**on_device(rows.batch(chosen), machine))
    return sum(waiting.values()) + int(outputs.nbytes)
