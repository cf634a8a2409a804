"""What was said in a project as one table: wide, long, or as a corpus to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from makna.collect.names import hint, listed
from makna.core.corpus import CONTEXT, ID, LABEL, PAIR, RATER, SCORE, TEXT
from makna.core.errors import DataError, UserError
from makna.label.ratings import number_of
from makna.label.store.connect import Store
from makna.label.store.given import GivenRow, all_given, all_items, pseudonyms
from makna.label.store.gold import gold_of
from makna.label.store.items import Item
from makna.label.store.projects import Project, project_of

_BESIDE = "; "


@dataclass(frozen=True)
class _Said:
    """A project with everything in it."""

    project: Project
    items: list[Item]
    by_item: dict[int, list[GivenRow]]
    people: dict[int, str]
    gold: dict[int, tuple[str, str]]


def table_of(store: Store, project_id: int, form: str = "wide", names: bool = True) -> pd.DataFrame:
    """Return a project as a table.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    form : {"wide", "long", "corpus"}
        ``wide``: one row an item, with the file's own columns, ``label_NAME`` an annotator, ``gold``, ``gold_how``
        (agreed or decided), ``agreement`` (share of agreeing pairs of labels), ``flags`` and ``notes``; ``long``: one
        row an answer; ``corpus``: as
        `makna.label.store.exchange.corpus_of`.
    names : bool
        Whether annotators keep their names.

    Raises
    ------
    UserError
        No such form.
    DataError
        No such project; for ``corpus``, no item has gold yet.
    """
    make = _FORMS.get(form)
    if make is None:
        raise UserError("label.export_form", came=form, allowed=listed(_FORMS), hint=hint(form, _FORMS))
    rows = all_given(store, project_id)
    by_item: dict[int, list[GivenRow]] = {}
    for row in rows:
        by_item.setdefault(row.item_id, []).append(row)
    project = project_of(store, project_id)
    items = all_items(store, project_id)
    return make(_Said(project, items, by_item, pseudonyms(rows, names), gold_of(store, project_id)))


def _corpus(said: _Said) -> pd.DataFrame:
    items = [item for item in said.items if item.id in said.gold]
    if not items:
        raise DataError("label.export_no_gold", name=said.project.name, items=len(said.items))
    gold = [said.gold[item.id][0] for item in items]
    texts = (TEXT,) if said.project.kind == "text" else PAIR
    columns: list[tuple[str, Sequence[Any]]] = [(ID, [item.name for item in items])]
    columns += [(name, values) for name, values in zip(texts, _texts(items), strict=False)]
    if said.project.scale is None:
        columns.append((LABEL, gold))
    else:
        columns.append((SCORE, [float(mark) for mark in gold]))
        columns += [(RATER + name, marks) for name, marks in _each_rater(said, items, _mark)]
    if any(item.context for item in items):
        columns.append((CONTEXT, [item.context or "" for item in items]))
    return _framed([*columns, *_extra(items)], "_file")


def _wide(said: _Said) -> pd.DataFrame:
    project, items = said.project, said.items
    given = [said.by_item.get(item.id, []) for item in items]
    called = said.people
    columns: list[tuple[str, Sequence[Any]]] = [
        (project.columns.get("name", ID), [item.name for item in items]),
        *_own_texts(project, items),
        *_extra(items),
        *((f"label_{name}", labels) for name, labels in _each_rater(said, items, lambda row: row.label or "")),
        ("gold", [said.gold.get(item.id, ("", ""))[0] for item in items]),
        ("gold_how", [said.gold.get(item.id, ("", ""))[1] for item in items]),
        ("agreement", [_share(rows) for rows in given]),
        ("flags", [_BESIDE.join(called[row.person_id] for row in rows if row.flagged) for rows in given]),
        ("notes", [_BESIDE.join(f"{called[row.person_id]}: {row.note}" for row in rows if row.note) for rows in given]),
    ]
    return _framed(columns, "_makna")


def _long(said: _Said) -> pd.DataFrame:
    pairs = [(item, row) for item in said.items for row in said.by_item.get(item.id, [])]
    items = [item for item, _ in pairs]
    rows = [row for _, row in pairs]
    columns: list[tuple[str, Sequence[Any]]] = [
        (said.project.columns.get("name", ID), [item.name for item in items]),
        *_own_texts(said.project, items),
        ("annotator", [said.people[row.person_id] for row in rows]),
        ("label", [row.label or "" for row in rows]),
        ("skipped", [row.skipped for row in rows]),
        ("flagged", [row.flagged for row in rows]),
        ("note", [row.note for row in rows]),
        ("seconds", [row.seconds for row in rows]),
        ("labels_version", [row.labels_version for row in rows]),
        ("at", [row.when for row in rows]),
    ]
    return _framed(columns, "_makna")


_FORMS: dict[str, Callable[[_Said], pd.DataFrame]] = {"wide": _wide, "long": _long, "corpus": _corpus}
FORMS = tuple(_FORMS)


def _texts(items: Iterable[Item]) -> tuple[list[str], list[str]]:
    items = list(items)
    return [item.text_a for item in items], [item.text_b or "" for item in items]


def _own_texts(project: Project, items: Sequence[Item]) -> list[tuple[str, Sequence[Any]]]:
    """Return the texts under the names that their file gave them."""
    first, second = _texts(items)
    columns: list[tuple[str, Sequence[Any]]]
    if project.kind == "text":
        columns = [(project.columns.get("text_a", TEXT), first)]
    else:
        names = (project.columns.get("text_a", PAIR[0]), project.columns.get("text_b", PAIR[1]))
        columns = list(zip(names, (first, second), strict=True))
    if any(item.context for item in items):
        columns.append((project.columns.get("context", CONTEXT), [item.context or "" for item in items]))
    return columns


def _extra(items: Sequence[Item]) -> list[tuple[str, Sequence[Any]]]:
    names = dict.fromkeys(name for item in items for name in item.extra)
    return [(name, [item.extra.get(name, "") for item in items]) for name in names]


def _each_rater(
    said: _Said, items: Sequence[Item], cell: Callable[[GivenRow], Any]
) -> list[tuple[str, list[Any]]]:  # fmt: skip
    """Return a column an annotator; what was not answered is missing."""
    empty = None if said.project.scale is not None else ""
    by_place = {(row.item_id, row.person_id): cell(row) for rows in said.by_item.values() for row in rows}
    return [(name, [by_place.get((item.id, who), empty) for item in items]) for who, name in said.people.items()]


def _mark(row: GivenRow) -> float | None:
    return None if row.label is None else number_of(row.label)


def _share(rows: Sequence[GivenRow]) -> float | None:
    """Return the share of agreeing pairs of labels; None of fewer than two."""
    labels = [row.label for row in rows if row.label is not None]
    same = [a == b for a, b in combinations(labels, 2)]
    return sum(same) / len(same) if same else None


def _framed(columns: Iterable[tuple[str, Sequence[Any]]], suffix: str) -> pd.DataFrame:
    """Return columns as a table; a later one whose name is taken gets the suffix."""
    frame: dict[str, pd.Series] = {}
    for name, values in columns:
        while name in frame:
            name += suffix
        are_texts = all(isinstance(value, str) for value in values)
        frame[name] = pd.Series(list(values), dtype=str if are_texts else None)
    return pd.DataFrame(frame)
