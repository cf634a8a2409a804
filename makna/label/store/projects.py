"""Projects: what is labelled, with which labels, by how many people, and how that may change under way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from makna.core.errors import DataError, UserError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.labels import (
    LabelChoice,
    checked_scale,
    first_labels,
    labels_json,
)
from makna.label.store.people import Person
from makna.label.store.project import Project, load_project, project_from
from makna.label.store.written import checked_name, name_key, storable

KINDS = ("text", "pair", "answer")
ORDERS = ("order", "random", "doubt")
MOST_PEOPLE = 100


@dataclass(frozen=True)
class ProjectSettings:
    """What a new project is to be.

    Parameters
    ----------
    name : str
        Up to 100 characters.
    kind : str
        One of `KINDS`.
    labels : sequence of str or LabelChoice
        What people choose from; empty where they give marks.
    scale : sequence of three float or None
        Least, greatest and step of marks.
    guidelines : str
        Markdown.
    overlap : int
        People that each item is asked of.
    by : str
        One of `ORDERS`.
    seed : int
        Of the random order.
    columns : mapping of str to str
        Names of the columns that the texts came from.
    """

    name: str
    kind: str = "text"
    labels: Sequence[str | LabelChoice] = ()
    scale: Sequence[float] | None = None
    guidelines: str = ""
    overlap: int = 2
    by: str = "order"
    seed: int = 13
    columns: Mapping[str, Any] = field(default_factory=dict)


def create_project(store: Store, settings: ProjectSettings) -> Project:
    """Make a project, without items or members.

    Parameters
    ----------
    store : Store
        Open.
    settings : ProjectSettings
        What it is to be.

    Raises
    ------
    DataError
        The name is taken or not usable, or labels or scale are not.
    UserError
        No such kind or order, an overlap that is none, both labels and a scale or neither.
    """
    shown = checked_name(settings.name)
    _one_of("kind", settings.kind, KINDS)
    if (settings.scale is None) == (not settings.labels):
        raise UserError("label.store_labels_or_scale")
    scale = None if settings.scale is None else json.dumps(checked_scale(settings.scale))
    row = {
        "key": name_key(shown),
        "name": shown,
        "kind": settings.kind,
        "labels": labels_json(first_labels(settings.labels) if scale is None else ()),
        "scale": scale,
        "seed": settings.seed,
        "columns": json.dumps(dict(settings.columns)),
        **_changes(settings.guidelines, settings.overlap, settings.by),
    }
    try:
        with store.write() as connection:
            added = connection.execute(
                sa.insert(tables.project).values(**row, created=store.clock()).returning(tables.project.c.id)
            ).scalar_one()
    except IntegrityError as known:
        raise DataError("label.store_project_known", name=shown) from known
    return project_of(store, added)


def project_of(store: Store, project_id: int) -> Project:
    """Return a project by its id.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.

    Raises
    ------
    DataError
        There is none.
    """
    with store.read() as connection:
        return load_project(connection, project_id)


def find_project(store: Store, name: str) -> Project:
    """Return a project by its name, in any capitals.

    Parameters
    ----------
    store : Store
        Open.
    name : str
        As typed.

    Raises
    ------
    DataError
        There is none; those that there are are named.
    """
    with store.read() as connection:
        rows = connection.execute(sa.select(tables.project).order_by(tables.project.c.key)).all()
    found = [row for row in rows if row.key == name_key(name)]
    if not found:
        raise DataError("label.store_no_project", name=name, known=", ".join(row.name for row in rows) or "-")
    return project_from(found[0])


def projects_for(store: Store, person: Person) -> list[tuple[Project, str]]:
    """Return the projects somebody takes part in, each with their role; an admin sees all.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        Who.
    """
    which, held, who = tables.project.c, tables.member.c, tables.person.c
    asked = (
        sa.select(tables.project, held.role, who.role.label("everywhere"))
        .select_from(
            tables.project.join(tables.person, who.id == person.id).outerjoin(
                tables.member, sa.and_(held.project_id == which.id, held.person_id == who.id)
            )
        )
        .where(who.active, sa.or_(who.role == "admin", held.role.is_not(None)))
        .order_by(which.key)
    )
    with store.read() as connection:
        rows = connection.execute(asked).all()
    return [(project_from(row), "admin" if row.everywhere == "admin" else row.role) for row in rows]


def change_project(
    store: Store,
    project_id: int,
    *,
    guidelines: str | None = None,
    overlap: int | None = None,
    by: str | None = None,
    closed: bool | None = None,
) -> Project:
    """Change what may change at any time; None leaves a thing as it is.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.
    guidelines : str or None
        Markdown.
    overlap : int or None
        People that each item is asked of.
    by : str or None
        One of `ORDERS`.
    closed : bool or None
        Whether answers are no longer taken.

    Raises
    ------
    DataError
        There is no such project.
    UserError
        No such order, or an overlap that is none.
    """
    changes = _changes(guidelines, overlap, by)
    if closed is not None:
        changes["closed"] = closed
    with store.write() as connection:
        load_project(connection, project_id, "change")
        if changes:
            connection.execute(sa.update(tables.project).where(tables.project.c.id == project_id).values(**changes))
        if overlap is not None:
            item = tables.item.c
            still = sa.and_(item.deleted.is_(False), item.answers < overlap)
            connection.execute(sa.update(tables.item).where(item.project_id == project_id).values(open=still))
        return load_project(connection, project_id)


def _changes(guidelines: str | None, overlap: int | None, by: str | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if guidelines is not None:
        changes["guidelines"] = storable(guidelines)
    if overlap is not None:
        if not 1 <= overlap <= MOST_PEOPLE:
            raise UserError("label.store_bad_overlap", came=overlap, most=MOST_PEOPLE)
        changes["overlap"] = overlap
    if by is not None:
        _one_of("by", by, ORDERS)
        changes["by"] = by
    return changes


def _one_of(what: str, came: str, allowed: Sequence[str]) -> None:
    if came not in allowed:
        raise UserError("label.store_bad_choice", what=what, came=came, allowed=", ".join(allowed))
