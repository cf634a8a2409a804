"""Where a run takes place: machine, packages, seconds and memory."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypedDict

import psutil

from makna.core.compute import cores

_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "skops", "safetensors", "PySastrawi", "emoji",
             "torch", "transformers", "optuna")  # fmt: skip
_TICK = 0.05
MEGABYTE = 1_000_000


def packages() -> dict[str, str]:
    """Return the versions of the packages a result depends on, those that are installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return system, processor, cores and memory of this machine."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }


class Cost(TypedDict, total=False):
    """What one piece of work took: seconds, and the highest memory seen so far in pieces of its name."""

    seconds: float
    peak_mb: float


class Meter:
    """Seconds and peak memory (resident, megabytes) of named pieces of a run, measured twenty times a second."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}
        self._running: list[str] = []
        self._stop = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[Meter]:
        """Measure memory inside this context."""
        process = psutil.Process()

        def watch() -> None:
            while not self._stop.wait(_TICK):
                now = process.memory_info().rss / MEGABYTE
                for name in (*self._running, "run"):
                    self.peak_mb[name] = max(now, self.peak_mb.get(name, 0.0))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    @contextmanager
    def piece(self, name: str) -> Iterator[Cost]:
        """Add the seconds spent inside this context to the piece `name`; what they come to is known at its end."""
        start, cost = time.perf_counter(), Cost()
        self._running.append(name)
        try:
            yield cost
        finally:
            self._running.remove(name)
            cost["seconds"] = time.perf_counter() - start
            cost["peak_mb"] = self.peak_mb.get(name, 0.0)
            self.seconds[name] = self.seconds.get(name, 0.0) + cost["seconds"]

    def recall(self, name: str, cost: Cost | None) -> None:
        """Count what an earlier session spent on a piece, where it is known."""
        if cost:
            self.seconds[name] = self.seconds.get(name, 0.0) + cost["seconds"]
            self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), cost["peak_mb"])
