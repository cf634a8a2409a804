"""All that was said in a project, row by row, for those who count, measure and write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from makna.label.store.connect import Store
from makna.label.store.items import Item, item_from
from makna.label.store.tables import answer, item, person, project


@dataclass(frozen=True)
class GivenRow:
    """One answer, with the names of its item and its annotator; fields as in `answers.Answer`."""

    item_id: int
    item: str
    person_id: int
    person: str
    label: str | None
    skipped: bool
    flagged: bool
    note: str
    seconds: float | None
    labels_version: int
    at: float

    @property
    def when(self) -> str:
        """The moment as ISO 8601, UTC, to the second."""
        return datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds")


def all_given(store: Store, project_id: int) -> list[GivenRow]:
    """Return all answers of a project that count now, in the order of the items; those of deleted items are left out.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project; one that is not there has no answers.
    """
    columns: Sequence[Any] = (
        item.c.id, item.c.name, person.c.id, person.c.name, answer.c.label, answer.c.skipped, answer.c.flagged,
        answer.c.note, answer.c.seconds, answer.c.labels_version, answer.c.at,
    )  # fmt: skip
    asked = (
        sa.select(*columns)
        .select_from(answer.join(item).join(person))
        .where(item.c.project_id == project_id, item.c.deleted.is_(False))
        .order_by(item.c.position, item.c.id, person.c.id)
    )
    with store.read() as connection:
        return [GivenRow(*row) for row in connection.execute(asked)]


def all_items(store: Store, project_id: int) -> list[Item]:
    """Return all items of a project in their order, but for deleted ones.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project; one that is not there has no items.
    """
    asked = sa.select(item).where(item.c.project_id == project_id, item.c.deleted.is_(False))
    with store.read() as connection:
        return [item_from(row) for row in connection.execute(asked.order_by(item.c.position, item.c.id))]


@dataclass(frozen=True)
class ProjectCounts:
    """A project in numbers: its items, the answers they have, and the people who gave them."""

    name: str
    kind: str
    overlap: int
    items: int
    answers: int
    people: int


def counts(store: Store) -> list[ProjectCounts]:
    """Return all projects in numbers, by name.

    Parameters
    ----------
    store : Store
        An open store.
    """
    here = sa.and_(item.c.project_id == project.c.id, item.c.deleted.is_(False))
    items = sa.select(sa.func.count()).select_from(item).where(here)
    said = sa.select(sa.func.count()).select_from(answer.join(item)).where(here)
    who = sa.select(sa.func.count(answer.c.person_id.distinct())).select_from(answer.join(item)).where(here)
    numbers = (asked.correlate(project).scalar_subquery() for asked in (items, said, who))
    asked = sa.select(project.c.name, project.c.kind, project.c.overlap, *numbers).order_by(project.c.key)
    with store.read() as connection:
        return [ProjectCounts(*row) for row in connection.execute(asked)]


def pseudonyms(rows: Sequence[GivenRow], names: bool = True) -> dict[int, str]:
    """Return what each annotator is called in a file: by name, or ``annotator-1`` … in the order of their accounts.

    Parameters
    ----------
    rows : sequence of GivenRow
        All answers of a project.
    names : bool
        Whether people keep their names.
    """
    by_id = sorted({row.person_id: row.person for row in rows}.items())
    return {who: name if names else f"annotator-{place}" for place, (who, name) in enumerate(by_id, start=1)}
