"""A project as it is, and held as it is while something is written that hangs on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.labels import LabelChoice, Scale, labels_from
from makna.label.store.written import is_id

# Of PostgreSQL: answers go in side by side, one person at a time is given an item, a change of labels waits for all.
_LOCKS: dict[str, Callable[[Any], Any]] = {
    "save": lambda asked: asked.with_for_update(read=True, key_share=True),
    "queue": lambda asked: asked.with_for_update(key_share=True),
    "change": lambda asked: asked.with_for_update(),
}


@dataclass(frozen=True)
class Project:
    """A project as it is; parameters as in `makna.label.store.projects.ProjectSettings`.

    Parameters
    ----------
    id : int
        The row's.
    labels_version : int
        Goes up with every change of the labels.
    closed : bool
        No more answers are taken.
    """

    id: int
    name: str
    kind: str
    labels: tuple[LabelChoice, ...]
    labels_version: int
    scale: Scale | None
    guidelines: str
    overlap: int
    by: str
    seed: int
    columns: dict[str, Any]
    closed: bool

    @property
    def choices(self) -> tuple[LabelChoice, ...]:
        """The labels that are offered."""
        return tuple(label for label in self.labels if not label.retired)


def load_project(connection: Connection, project_id: int, lock: Literal["", "save", "queue", "change"] = "") -> Project:
    """Return a project, and hold it as it is until the transaction ends.

    Parameters
    ----------
    connection : Connection
        Of the store.
    project_id : int
        Which.
    lock : str
        What it is held for; empty for not at all.

    Raises
    ------
    DataError
        There is none.
    """
    asked = sa.select(tables.project).where(tables.project.c.id == project_id)
    if lock:
        asked = _LOCKS[lock](asked)
    row = connection.execute(asked).one_or_none() if is_id(project_id) else None
    if row is None:
        raise DataError("label.store_project_gone")
    return project_from(row)


def project_from(row: Any) -> Project:
    """Return the project of a row selected from the table `project`."""
    low_high_step = None if row.scale is None else json.loads(row.scale)
    return Project(
        id=row.id,
        name=row.name,
        kind=row.kind,
        labels=labels_from(row.labels),
        labels_version=row.labels_version,
        scale=None if low_high_step is None else (low_high_step[0], low_high_step[1], low_high_step[2]),
        guidelines=row.guidelines,
        overlap=row.overlap,
        by=row.by,
        seed=row.seed,
        columns=json.loads(row.columns),
        closed=row.closed,
    )
