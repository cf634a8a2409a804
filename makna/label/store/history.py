"""What answers and decisions share: the item held while it is written, requests sent twice, the trace left."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.items import Item, load_item
from makna.label.store.members import role_of
from makna.label.store.people import Person
from makna.label.store.project import Project, load_project

_LONGEST_TOKEN = 64


def visible_item(connection: Connection, person: Person, item_id: int) -> tuple[Item, str]:
    """Return an item and somebody's role there; one of a project they have no part in looks like one that is gone.

    Parameters
    ----------
    connection : Connection
        Of the store.
    person : Person
        Who asks.
    item_id : int
        Which.

    Raises
    ------
    DataError
        It is gone, or theirs not to see.
    """
    item = load_item(connection, item_id)
    role = role_of(connection, person, item.project_id)
    if role is None:
        raise DataError("label.store_item_gone")
    return item, role


def held_item(connection: Connection, person: Person, item_id: int, role: str) -> tuple[Project, Item]:
    """Return an item and its project, held until the transaction ends, for somebody who may write there.

    Parameters
    ----------
    connection : Connection
        Of the store, in a transaction.
    person : Person
        Who.
    item_id : int
        Which.
    role : str
        The role that may; admins may always.

    Raises
    ------
    DataError
        The item is gone or theirs not to see, they may not write there, or the project is closed.
    """
    item, theirs = visible_item(connection, person, item_id)
    if theirs not in ("admin", role):
        raise DataError("label.store_not_allowed")
    # First the project, then the item: all do so, and none waits for another in a ring.
    project = load_project(connection, item.project_id, "save")
    need_open(project)
    return project, load_item(connection, item_id, lock=True)


def need_open(project: Project) -> None:
    """Refuse to write in a project that is closed.

    Parameters
    ----------
    project : Project
        As it is.

    Raises
    ------
    DataError
        It is closed.
    """
    if project.closed:
        raise DataError("label.store_closed", name=project.name)


def sent_before(connection: Connection, person: Person, item_id: int, token: str | None) -> Any:
    """Return the row of `change` that a request made when it came the first time; None where it did not.

    Parameters
    ----------
    connection : Connection
        Of the store, holding the item.
    person : Person
        Who sent it.
    item_id : int
        For which item.
    token : str or None
        Of the request; None for one that is not sent again.

    Raises
    ------
    DataError
        The token is empty, too long, or was another request's.
    """
    if token is None:
        return None
    if not token.isprintable() or not 0 < len(token) <= _LONGEST_TOKEN:
        raise DataError("label.store_bad_token")
    row = connection.execute(sa.select(tables.change).where(tables.change.c.token == token)).one_or_none()
    if row is not None and (row.person_id, row.item_id) != (person.id, item_id):
        raise DataError("label.store_bad_token")
    return row


def tally(connection: Connection, item: Item) -> None:
    """Count an item's answers and how far they disagree, for the queue.

    Parameters
    ----------
    connection : Connection
        Of the store, holding the item.
    item : Item
        Which.
    """
    table = tables.item.c
    asked = sa.select(tables.answer.c.label).where(tables.answer.c.item_id == item.id)
    labels = list(connection.scalars(asked))
    disagreement = normalised_entropy([label for label in labels if label is not None])
    weight = sa.func.coalesce(table.doubt, 1.0) * (1.0 + disagreement)
    wanted = sa.select(tables.project.c.overlap).where(tables.project.c.id == table.project_id).scalar_subquery()
    row = {"answers": len(labels), "open": len(labels) < wanted, "disagreement": disagreement, "weight": weight}
    connection.execute(sa.update(tables.item).where(table.id == item.id).values(row))


def normalised_entropy(labels: list[str]) -> float:
    """Return how far labels differ: 0 all alike, 1 no two alike.

    Parameters
    ----------
    labels : list of str
        Of one item.

    Returns
    -------
    float
        Shannon's entropy over its greatest value for so many labels; 0 for fewer than two.

    Examples
    --------
    >>> normalised_entropy(["a", "a"]), normalised_entropy(["a", "b"])
    (0.0, 1.0)
    """
    n = len(labels)
    if n < 2:
        return 0.0
    return sum(k / n * math.log(n / k) for k in Counter(labels).values()) / math.log(n)
