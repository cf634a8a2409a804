"""Where trials run: one after the other, in processes on this machine, or on Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any, Protocol

from sklearn.utils.parallel import Parallel, delayed

from makna.core.errors import TrainingError, UserError
from makna.core.optional import require

LOCAL, RAY = "local", "ray"
_IDLE = 120  # seconds


class Engine(Protocol):
    """Runs calls."""

    workers: int

    def map(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Yield the position and the result of each job (the arguments of one call) as it comes to an end."""
        ...


class InTurn:
    """Runs calls in this process, one after the other."""

    workers = 1

    def map(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Yield the position and the result of each job."""
        for i, job in enumerate(jobs):
            yield i, function(*job)


class Crew:
    """Runs calls in worker processes, which are started with the first call and stay.

    Parameters
    ----------
    workers : int
        Number of processes.
    start : callable
        Opens a joblib pool.
    """

    def __init__(self, workers: int, start: Callable[[int], AbstractContextManager[Parallel]]) -> None:
        self.workers = workers
        self._start = start
        self._stack = ExitStack()
        self._pool: Parallel | None = None

    def map(self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Yield the position and the result of each job as it comes to an end.

        Raises
        ------
        TrainingError
            A worker died, most likely for want of memory.
        """
        if not jobs:
            return
        if self._pool is None:
            self._pool = self._stack.enter_context(self._start(self.workers))
        try:
            yield from self._pool(delayed(_numbered)(i, function, job) for i, job in enumerate(jobs))
        except BrokenProcessPool as problem:
            raise TrainingError("tune.worker_died", workers=self.workers) from problem

    def close(self) -> None:
        """Let go of the workers: Ray's end now, processes of this machine when they have been idle for a while."""
        self._stack.close()
        self._pool = None


def check_engine(name: str, workers: int) -> None:
    """Refuse an engine that makna does not have, that is not installed, or that would have nothing to do.

    Parameters
    ----------
    name : str
        As the user wrote it.
    workers : int
        How many trials may run at the same time.

    Raises
    ------
    UserError
        What is wrong with it.
    MissingPackageError
        Ray is not installed.
    """
    if name not in _STARTS:
        allowed, near = ", ".join(_STARTS), get_close_matches(name, list(_STARTS), n=1)
        if near:
            raise UserError("tune.bad_engine_near", came=name, allowed=allowed, near=near[0])
        raise UserError("tune.bad_engine", came=name, allowed=allowed)
    if name == RAY:
        require("ray", "--engine ray")
        if workers < 2:
            raise UserError("tune.ray_workers", came=workers)


@contextmanager
def engine(name: str, workers: int) -> Iterator[Engine]:
    """Open an engine for the time of this context.

    Parameters
    ----------
    name : {"local", "ray"}
        Processes on this machine, or Ray: a cluster of this machine, or the one that RAY_ADDRESS names.
    workers : int
        How many calls run at the same time; with one they run in this process.

    Raises
    ------
    UserError
        See `check_engine`.
    """
    check_engine(name, workers)
    if workers == 1:
        yield InTurn()
        return
    crew = Crew(workers, _STARTS[name])
    try:
        yield crew
    finally:
        crew.close()


def _numbered(i: int, function: Callable[..., Any], job: tuple[Any, ...]) -> tuple[int, Any]:
    return i, function(*job)


def _local(workers: int) -> AbstractContextManager[Parallel]:
    return Parallel(
        workers, backend="loky", batch_size=1, pre_dispatch="all", return_as="generator_unordered",
        idle_worker_timeout=_IDLE,
    )  # fmt: skip


@contextmanager
def _ray(workers: int) -> Iterator[Parallel]:
    ray = require("ray", "--engine ray")
    from ray.util.joblib import register_ray

    is_ours = not ray.is_initialized()
    if is_ours:
        # Ray asks its makers nothing, and leaves GPUs as they are where a worker asks for none.
        for name, value in (("RAY_USAGE_STATS_ENABLED", "0"), ("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")):
            os.environ.setdefault(name, value)
        address = os.environ.get("RAY_ADDRESS")
        where = {"address": address} if address else {"address": LOCAL, "num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)
        except ConnectionError as problem:
            raise UserError("tune.no_cluster", address=address or LOCAL) from problem
    try:
        register_ray()
        # Ray's backend gives the results of a call all together.
        with Parallel(workers, backend=RAY, batch_size=1, pre_dispatch="all") as pool:
            yield pool
    finally:
        if is_ours:
            ray.shutdown()


_STARTS: dict[str, Callable[[int], AbstractContextManager[Parallel]]] = {LOCAL: _local, RAY: _ray}
