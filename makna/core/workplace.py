"""Where a long fit keeps its unfinished work, and whom it tells how far it is.

The runner opens a workplace around each fit. An estimator that trains for minutes keeps its checkpoints there, so that
a run that is killed goes on where it was; outside a workplace it keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Watch = Callable[[int, Mapping[str, Any]], str | None]
"""(epoch from 1, figures of the validation rows) → why to stop this fit now, or None."""


def _say_nothing(detail: str, done: int, total: int) -> None:
    return None


def _never_stop(epoch: int, figures: Mapping[str, Any]) -> str | None:
    return None


@dataclass(frozen=True)
class Workplace:
    """A fit's surroundings.

    Parameters
    ----------
    folder : Path or None
        Where checkpoints are kept; each fit takes a folder inside it, named by a hash of all that its result depends
        on. None keeps nothing.
    listen : callable
        Told of progress: (detail in words, done, total).
    watch : callable
        Asked after every epoch whether the fit is hopeless.
    """

    folder: Path | None = None
    listen: Callable[[str, int, int], None] = field(default=_say_nothing)
    watch: Watch = field(default=_never_stop)


_here: ContextVar[Workplace | None] = ContextVar("makna_workplace", default=None)


@contextmanager
def working(place: Workplace) -> Iterator[Workplace]:
    """Make this the workplace of every fit inside this context."""
    token = _here.set(place)
    try:
        yield place
    finally:
        _here.reset(token)


def workplace() -> Workplace:
    """Return the surrounding workplace; one that keeps nothing where there is none."""
    return _here.get() or Workplace()
