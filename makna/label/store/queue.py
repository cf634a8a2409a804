"""Who is given which item next: each to as many people as wanted, none twice, in the project's order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.items import PRIME, Item, load_item
from makna.label.store.members import need_role
from makna.label.store.people import Person
from makna.label.store.project import Project, load_project
from makna.label.store.written import is_id

LEASE_SECONDS = 15 * 60

_item, _answer, _lease = tables.item.c, tables.answer.c, tables.lease.c


@dataclass(frozen=True)
class Progress:
    """How far somebody and a project are.

    Parameters
    ----------
    mine : int
        Items this person answered, skipped ones counted.
    wanted_of_me_left : int
        Items that still want answers and have none of theirs.
    items : int
        Of the project.
    complete : int
        Items with as many answers as wanted.
    skipped, flagged : int
        Of this person's answers.
    """

    mine: int
    wanted_of_me_left: int
    items: int
    complete: int
    skipped: int
    flagged: int


def next_item(store: Store, person: Person, project_id: int, skip: Collection[int] = ()) -> Item | None:
    """Return what somebody shall label next, and keep it for them for 15 minutes; None where nothing is left.

    The same item comes again while it is kept for them. An item has never more answers and people looking at it than
    the project wants; only an answer that comes after its 15 minutes may make it one more.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        An annotator of the project, or an admin.
    project_id : int
        Which.
    skip : collection of int
        Items they do not want now.

    Raises
    ------
    DataError
        They do not annotate there.
    """
    now = store.clock()
    skip = [item_id for item_id in skip if is_id(item_id)]
    with store.write(queue=True) as connection:
        need_role(connection, person, project_id, ("annotator",))
        project = load_project(connection, project_id, "queue")
        if project.closed:
            return None
        _let_go(connection, project_id, person, skip, now)
        item_id = _looked_at(connection, project_id, person)
        if item_id is None:
            item_id = connection.scalar(_wanted(connection, project, person, skip))
        if item_id is None:
            return None
        item = load_item(connection, item_id)
        keep_for(connection, item, person, now)
    return item


def keep_for(connection: Connection, item: Item, person: Person, now: float) -> None:
    """Keep an item for somebody, anew.

    Parameters
    ----------
    connection : Connection
        Of the store, holding the project for its queue.
    item : Item
        Which.
    person : Person
        Whom.
    now : float
        Seconds since 1970.
    """
    until = now + LEASE_SECONDS
    theirs = sa.and_(_lease.item_id == item.id, _lease.person_id == person.id)
    if not connection.execute(sa.update(tables.lease).where(theirs).values(until=until)).rowcount:
        row = {"item_id": item.id, "person_id": person.id, "project_id": item.project_id, "until": until}
        connection.execute(sa.insert(tables.lease).values(row))


def progress(store: Store, person: Person, project_id: int) -> Progress:
    """Return how far somebody and a project are.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        A member of the project, or an admin.
    project_id : int
        Which.

    Raises
    ------
    DataError
        They have no part in it.
    """
    here = sa.and_(_item.project_id == project_id, _item.deleted.is_(False))
    with store.read() as connection:
        need_role(connection, person, project_id, ("annotator", "adjudicator"))
        project = load_project(connection, project_id)
        full = _item.answers >= project.overlap
        asked = sa.select(sa.func.count(), _many(full)).select_from(tables.item).where(here)
        items, complete = connection.execute(asked).one()
        theirs = (
            sa.select(sa.func.count(), _many(_answer.skipped), _many(_answer.flagged), _many(~full))
            .select_from(tables.answer.join(tables.item))
            .where(here, _answer.person_id == person.id)
        )
        mine, skipped, flagged, mine_open = connection.execute(theirs).one()
    return Progress(mine, items - complete - mine_open, items, complete, skipped, flagged)


def _many(condition: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _looked_at(connection: Connection, project_id: int, person: Person) -> int | None:
    """Return what is kept for somebody already."""
    mine = sa.and_(_lease.project_id == project_id, _lease.person_id == person.id)
    asked = sa.select(_lease.item_id).where(mine, ~_answered(_lease.item_id, person))
    return connection.scalar(asked.order_by(_lease.until).limit(1))


def _wanted(connection: Connection, project: Project, person: Person, skip: Collection[int]) -> Any:
    """Select what somebody shall have next; the texts stay out of it, so that the indices alone are walked."""
    # Few: one for each person at work.
    answers = sa.select(_item.answers).where(_item.id == _lease.item_id).scalar_subquery()
    taken = (
        sa.select(_lease.item_id)
        .where(_lease.project_id == project.id)
        .group_by(_lease.item_id)
        .having(answers + sa.func.count() >= project.overlap)
    )
    not_now = {*skip, *connection.scalars(taken)}
    wanted = sa.and_(_item.project_id == project.id, _item.open.is_(True), ~_answered(_item.id, person))
    return (
        sa.select(_item.id)
        .where(wanted, _item.id.not_in(not_now))
        .order_by(*_ORDERS[project.by](project, person))
        .limit(1)
    )


def _answered(item_id: Any, person: Person) -> Any:
    return sa.exists().where(_answer.item_id == item_id, _answer.person_id == person.id)


def _let_go(connection: Connection, project_id: int, person: Person, skip: Collection[int], now: float) -> None:
    """Drop what was kept for too long, and what this person does not want."""
    over = _lease.until <= now
    if skip:
        over = sa.or_(over, sa.and_(_lease.person_id == person.id, _lease.item_id.in_(skip)))
    connection.execute(sa.delete(tables.lease).where(_lease.project_id == project_id, over))


def _in_order(project: Project, person: Person) -> list[Any]:
    return [_item.position]


def _at_random(project: Project, person: Person) -> list[Any]:
    # A prime field: each person's multiplier puts the stored random keys in an order of their own, always the same.
    seed = hashlib.sha256(f"{project.seed} {person.id}".encode()).digest()
    own = int.from_bytes(seed[:8]) % (PRIME - 1) + 1
    return [_item.shuffle * sa.literal(own, sa.BigInteger) % sa.literal(PRIME, sa.BigInteger), _item.id]


def _by_doubt(project: Project, person: Person) -> list[Any]:
    return [_item.weight.desc(), _item.position]


_ORDERS: dict[str, Callable[[Project, Person], list[Any]]] = {
    "order": _in_order,
    "random": _at_random,
    "doubt": _by_doubt,
}
