"""Which precision is the fastest on this machine, found by measuring."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, get_args

from makna.core.compute import Compute, Precision, computing, machine_of
from makna.learn.networks import PURPOSE

_ROWS = 256
_ROUNDS = 2


def fastest_precision(model: Any, texts: Sequence[str]) -> dict[str, Any]:
    """Return the precision in which a fitted network answers soonest, and what each one took.

    Which one it is differs from one processor to the next: bf16 is half the time where there are instructions for it,
    and several times as long where there are none.

    Parameters
    ----------
    model : estimator
        Fitted; its `predict` is timed.
    texts : sequence of str
        Texts such as it will be asked about; the first 256 are used.

    Returns
    -------
    dict
        ``chosen``, and ``seconds``: precision → seconds, the shorter of two rounds after one that warms up.
    """
    machine = machine_of(PURPOSE)
    some = list(texts[:_ROWS])
    seconds = {}
    for precision in get_args(Precision)[1:]:
        device: Any = machine.device
        with computing(Compute(device, precision, machine.threads)):
            model.predict(some[:32])
            seconds[precision] = min(_seconds(model, some) for _ in range(_ROUNDS))
    return {"chosen": min(seconds, key=lambda name: seconds[name]), "seconds": seconds}


def _seconds(model: Any, texts: list[str]) -> float:
    start = time.perf_counter()
    model.predict(texts)
    return time.perf_counter() - start
