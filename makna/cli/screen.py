"""What the commands show on stderr: stages with a bar on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from makna.core.messages import say

_LONG = frozenset({"collect", "train", "represent", "learn"})
_EVERY = 20.0  # seconds


def tell(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Stages:
    """Progress of a run; an object that can be told `(stage, detail, done, total)`."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stage = ""
        self._told = self._start
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                TextColumn("{task.fields[detail]}"), console=Console(stderr=True),
            )  # fmt: skip
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, detail: str, done: int, total: int) -> None:
        """Show that `done` of `total` pieces of a stage are finished."""
        name = say(f"cli.stage_{stage}")
        if self._bar is None:
            now = time.perf_counter()
            # Long work tells its progress now and then, all other stages once.
            if stage != self._stage or (stage in _LONG and now - self._told > _EVERY):
                tell(f"[{now - self._start:6.1f} s] {name} {detail}".rstrip())
                self._told = now
        elif stage != self._stage:
            if self._task is not None:
                self._bar.update(self._task, completed=self._bar.tasks[self._task].total, detail="")
            self._task = self._bar.add_task(name, total=total, completed=done, detail=detail)
        else:
            self._bar.update(self._task, completed=done, total=total, detail=detail)
        self._stage = stage
