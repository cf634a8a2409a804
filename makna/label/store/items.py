"""What is labelled: texts, pairs and answers with their keys."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.project import Project, load_project
from makna.label.store.written import is_id, storable

PRIME = 2**31 - 1
"""Random keys of items are below it, so that multiplying them by a number shuffles them anew."""

_LONGEST_NAME = 400


@dataclass(frozen=True)
class NewItem:
    """Something to label.

    Parameters
    ----------
    name : str
        Its id in the file it came from, one of its kind in the project.
    text_a : str
        The text, the first of a pair, or the answer.
    text_b : str or None
        The other of a pair, or the key.
    context : str or None
        The question.
    doubt : float or None
        Of a model: 0 sure, 1 not at all; None (or NaN) where none was asked.
    suggested : str or None
        A model's or a lexicon's label.
    extra : mapping
        The file's other columns.
    """

    name: str
    text_a: str
    text_b: str | None = None
    context: str | None = None
    doubt: float | None = None
    suggested: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """Something to label, in its project; parameters as in `NewItem`.

    Parameters
    ----------
    id, project_id : int
        The rows'.
    position : int
        From 1, in the order they came.
    """

    id: int
    project_id: int
    position: int
    name: str
    text_a: str
    text_b: str | None
    context: str | None
    doubt: float | None
    suggested: str | None
    extra: dict[str, Any]


@dataclass(frozen=True)
class Added:
    """What became of new items.

    Parameters
    ----------
    added : int
        Are in the project now.
    known : int
        Had a name that is there already, and were left.
    """

    added: int
    known: int


def add_items(store: Store, project_id: int, items: Iterable[NewItem]) -> Added:
    """Add items at the end of a project, all or none.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.
    items : iterable of NewItem
        Those with a name the project has already are left as they are there.

    Raises
    ------
    DataError
        No such project, or an item without a text, with a doubt outside 0 to 1 or with a name that is too long.
    """
    given = list(items)
    table = tables.item.c
    with store.write() as connection:
        project = load_project(connection, project_id, "change")
        here = table.project_id == project_id
        taken = set(connection.scalars(sa.select(table.name).where(here)))
        position = connection.scalar(sa.select(sa.func.max(table.position)).where(here)) or 0
        rows: list[dict[str, Any]] = []
        for new in given:
            row = _row(project, new)
            if row["name"] not in taken:
                taken.add(row["name"])
                rows.append(row | {"position": position + len(rows) + 1})
        if rows:
            # RETURNING makes it one statement for many rows.
            connection.execute(sa.insert(tables.item).returning(table.id), rows).close()
    return Added(len(rows), len(given) - len(rows))


def item_of(store: Store, item_id: int) -> Item:
    """Return an item by its id.

    Parameters
    ----------
    store : Store
        Open.
    item_id : int
        Which.

    Raises
    ------
    DataError
        There is none, or it was deleted.
    """
    with store.read() as connection:
        return load_item(connection, item_id)


def delete_item(store: Store, item_id: int) -> None:
    """Take an item out of its project; what was answered stays in the store.

    Parameters
    ----------
    store : Store
        Open.
    item_id : int
        Which.

    Raises
    ------
    DataError
        There is none, or it was deleted.
    """
    with store.write() as connection:
        # Nobody is being given it meanwhile.
        load_project(connection, load_item(connection, item_id).project_id, "queue")
        load_item(connection, item_id, lock=True)
        connection.execute(sa.update(tables.item).where(tables.item.c.id == item_id).values(deleted=True, open=False))
        connection.execute(sa.delete(tables.lease).where(tables.lease.c.item_id == item_id))


def set_doubts(store: Store, project_id: int, doubts: Mapping[str, float]) -> int:
    """Give items a model's doubts; return how many items have them now.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.
    doubts : mapping of str to float
        Item's name → 0 to 1; names that are not there are passed over.

    Raises
    ------
    DataError
        A doubt outside 0 to 1, or no such project.
    """
    table = tables.item.c
    rows = [{"asked": name, "new": _doubt(name, doubt)} for name, doubt in doubts.items()]
    with store.write() as connection:
        load_project(connection, project_id, "change")
        known = set(connection.scalars(sa.select(table.name).where(table.project_id == project_id)))
        rows = [row for row in rows if row["asked"] in known]
        if rows:
            new = sa.bindparam("new", type_=sa.Float)
            connection.execute(
                sa.update(tables.item)
                .where(table.project_id == project_id, table.name == sa.bindparam("asked"))
                .values(doubt=new, weight=sa.func.coalesce(new, 1.0) * (1.0 + table.disagreement)),
                rows,
            )
    return len(rows)


def load_item(connection: Connection, item_id: int, lock: bool = False) -> Item:
    """Return an item that is there, and hold it until the transaction ends.

    Parameters
    ----------
    connection : Connection
        Of the store.
    item_id : int
        Which.
    lock : bool
        Whether others who want to change it wait.

    Raises
    ------
    DataError
        There is none, or it was deleted.
    """
    asked = sa.select(tables.item).where(tables.item.c.id == item_id, tables.item.c.deleted.is_(False))
    if lock:
        asked = asked.with_for_update(key_share=True)
    row = connection.execute(asked).one_or_none() if is_id(item_id) else None
    if row is None:
        raise DataError("label.store_item_gone")
    return item_from(row)


def item_from(row: Any) -> Item:
    """Return the item of a row selected from the table `item`, alone or joined."""
    kept = {part.name: row._mapping[tables.item.c[part.name]] for part in fields(Item)}
    return Item(**kept | {"extra": json.loads(kept["extra"])})


def _row(project: Project, new: NewItem) -> dict[str, Any]:
    name = storable(str(new.name))
    if not name or len(name) > _LONGEST_NAME:
        raise DataError("label.store_item_name", name=name[:40], longest=_LONGEST_NAME)
    texts = {"text_a": new.text_a, "text_b": new.text_b, "context": new.context, "suggested": new.suggested}
    kept = {column: None if text is None else storable(text) for column, text in texts.items()}
    if not (kept["text_a"] or "").strip() or (project.kind != "text" and not (kept["text_b"] or "").strip()):
        raise DataError("label.store_item_text", name=name)
    doubt = _doubt(name, new.doubt)
    return {
        "project_id": project.id,
        "name": name,
        **kept,
        "doubt": doubt,
        "weight": 1.0 if doubt is None else doubt,
        "extra": json.dumps(dict(new.extra), ensure_ascii=True, default=str),
        "shuffle": int.from_bytes(hashlib.sha256(f"{project.seed} {name}".encode()).digest()[:8]) % (PRIME - 1) + 1,
    }


def _doubt(name: str, doubt: float | None) -> float | None:
    if doubt is None or math.isnan(doubt):
        return None
    if not 0 <= doubt <= 1:
        raise DataError("label.store_item_doubt", name=name, came=doubt)
    return float(doubt)
