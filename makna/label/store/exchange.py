"""Items out of a table, and what was said of them into one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.catalogue import datasets
from makna.collect.cells import as_text, texts_of
from makna.collect.datasets import read_dataset
from makna.collect.disk import suffix_of
from makna.collect.names import listed, missing_column
from makna.collect.own import read_own
from makna.collect.stream import AS_FOUND, Reading
from makna.collect.writer import TableWriter
from makna.core.corpus import ID
from makna.core.errors import DataError, noting
from makna.label.ratings import number_of
from makna.label.store.connect import Store
from makna.label.store.items import NewItem
from makna.label.store.tables_out import table_of
from makna.label.store.written import storable

_PROBABILITY = "probability_"
_PREDICTION = "prediction"
_LONGEST_NAME = 400  # as the store holds them
_SHOWN = 5


@dataclass(frozen=True)
class ItemColumns:
    """Which columns of a table make items.

    Parameters
    ----------
    text_a : str
        The text; of pairs the first, of answers the answer.
    text_b : str or None
        The second text, or the key.
    context : str or None
        The question's text.
    name : str or None
        What items are called; None: ``id`` where the table has such a column, else the file's name and the row's
        number.
    doubt : str or None
        0 (a model is sure) to 1; None: 1 − the largest of the columns ``probability_…``, where there are any.
    suggested : str or None
        A model's or a lexicon's label; None: the column ``prediction``, where there is one.
    """

    text_a: str
    text_b: str | None = None
    context: str | None = None
    name: str | None = None
    doubt: str | None = None
    suggested: str | None = None

    def of_texts(self) -> dict[str, str]:
        """Return what a project keeps of it, so that exports call the columns as the file does."""
        kept = {key: value for key, value in asdict(self).items() if key in ("text_a", "text_b", "context", "name")}
        return {key: value for key, value in kept.items() if value is not None}


@dataclass(frozen=True)
class ItemTable:
    """A table of items; `notes` say what was decided on the way."""

    rows: pd.DataFrame
    stem: str
    notes: tuple[str, ...] = ()


def read_items(
    file: str | os.PathLike[str], columns: ItemColumns, reading: Reading = AS_FOUND
) -> list[NewItem]:  # fmt: skip
    """Read items from a table: csv, tsv, xlsx, jsonl, parquet, or a data set by its name.

    Parameters
    ----------
    file : path or str
        The table.
    columns : ItemColumns
        Which columns are which.
    reading : Reading
        What is not to be found out.

    Returns
    -------
    list of NewItem
        In the order of the rows, without those in which a text is empty; columns that are no texts are in `extra`.

    Raises
    ------
    DataError
        The table cannot be read, a column is missing, no row has a text, a name stands twice, or a doubt is no number
        from 0 to 1.
    """
    table = open_items(file, reading)
    with noting(table.notes):
        return items_of(table, columns)


def open_items(file: str | os.PathLike[str], reading: Reading = AS_FOUND) -> ItemTable:
    """Read the table alone, as `read_items` does."""
    name, path = os.fspath(file), Path(file)
    if name in datasets() and not path.exists():
        return ItemTable(read_dataset(name).table, name)
    own = read_own(name, reading=reading, folder=path.is_dir())
    return ItemTable(own.table, path.name.removesuffix(".gz").removesuffix(suffix_of(path)), own.notes)


def items_of(table: ItemTable, columns: ItemColumns) -> list[NewItem]:
    """Return the items of a table, as `read_items` does.

    Raises
    ------
    DataError
        As `read_items`.
    """
    rows = table.rows
    for purpose, name in asdict(columns).items():
        if name is not None and name not in rows.columns:
            raise missing_column(name, purpose, rows.columns)
    first, second, context = (_cells(rows, name) for name in (columns.text_a, columns.text_b, columns.context))
    empty = set(empty_rows(table, columns))
    if len(empty) == len(rows):
        raise DataError("label.items_empty", column=columns.text_a, n=len(rows))
    names = _names(table, columns.name)
    doubts = _doubts(rows, columns.doubt)
    suggested = _cells(rows, columns.suggested or (_PREDICTION if _PREDICTION in rows.columns else None))
    used = {columns.text_a, columns.text_b, columns.context, columns.name or ID}
    extra = {str(name): texts_of(rows[name]) for name in rows.columns if name not in used}
    return [
        NewItem(
            names[i], plain_text(first[i]), _at(second, i), _at(context, i), doubts[i], _at(suggested, i) or None,
            {name: plain_text(cells[i]) for name, cells in extra.items()},
        )
        for i in range(len(rows))
        if i not in empty
    ]  # fmt: skip


def empty_rows(table: ItemTable, columns: ItemColumns) -> list[int]:
    """Return the positions of the rows that make no item, because there is nothing to read in them.

    Parameters
    ----------
    table : ItemTable
        As `open_items` gives it.
    columns : ItemColumns
        Its columns of texts.
    """
    sides = [_cells(table.rows, name) for name in (columns.text_a, columns.text_b) if name is not None]
    return [i for i, texts in enumerate(zip(*sides, strict=True)) if not all(text.strip() for text in texts)]


def plain_text(value: Any) -> str:
    """Return a value as a text that every database can hold: without lone surrogates and without NUL.

    Examples
    --------
    >>> plain_text(3), plain_text(None), plain_text("a\\0b")
    ('3', '', 'a\ufffdb')
    """
    return storable(as_text(value))


def _cells(rows: pd.DataFrame, name: str | None) -> list[str]:
    return [] if name is None else texts_of(rows[name])


def _at(cells: Sequence[str], place: int) -> str | None:
    return plain_text(cells[place]) if cells else None


def _names(table: ItemTable, column: str | None) -> list[str]:
    if column is None and ID not in table.rows.columns:
        return [f"{table.stem}-{place}" for place in range(1, len(table.rows) + 1)]
    column = column or ID
    names = [plain_text(cell).strip() for cell in texts_of(table.rows[column])]
    twice = [name or "''" for name, n in Counter(names).items() if n > 1 or not name]
    if twice:
        raise DataError("label.items_twice", column=column, n=len(twice), names=listed(twice, _SHOWN))
    longest = max(names, key=len, default="")
    if len(longest) > _LONGEST_NAME:
        raise DataError("label.store_item_name", name=longest[:40], longest=_LONGEST_NAME)
    return names


def _doubts(rows: pd.DataFrame, column: str | None) -> list[float | None]:
    chances = [str(name) for name in rows.columns if str(name).startswith(_PROBABILITY)]
    if column is None and not chances:
        return [None] * len(rows)
    if column is not None:
        return [_share(rows, column, i, cell) for i, cell in enumerate(texts_of(rows[column]))]
    each = [[_share(rows, name, i, cell) for i, cell in enumerate(texts_of(rows[name]))] for name in chances]
    largest = (max((value for value in row if value is not None), default=None) for row in zip(*each, strict=True))
    return [None if value is None else round(1 - value, 12) for value in largest]


def _share(rows: pd.DataFrame, column: str, place: int, cell: str) -> float | None:
    if not cell.strip():
        return None
    value = number_of(cell.strip())
    if not 0 <= value <= 1:
        raise DataError("label.items_bad_doubt", column=column, line=rows.index[place], came=cell[:40])
    return value


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    rows : int
        Rows of the table.
    guarded : int
        Cells that look like a formula and got a ``'`` in front (csv and tsv).
    cut : int
        Texts too long for a cell of xlsx.
    """

    rows: int
    guarded: int = 0
    cut: int = 0


def export_table(
    store: Store, project_id: int, path: str | os.PathLike[str], form: str = "wide", names: bool = True
) -> Exported:  # fmt: skip
    """Write a project as a table: csv, tsv, xlsx, jsonl or parquet.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    path : path
        The target; its ending tells the format. An existing file is replaced.
    form : {"wide", "long", "corpus"}
        As for `makna.label.store.tables_out.table_of`.
    names : bool
        Whether annotators keep their names; else they are ``annotator-1`` … in the order of their accounts.

    Raises
    ------
    UserError
        No such form.
    DataError
        No such project, nothing to write, or the file cannot be written.
    """
    table = table_of(store, project_id, form, names)
    with TableWriter.open(path, list(table.columns)) as writer:
        writer.write(table)
    return Exported(writer.rows, writer.guarded, writer.cut)


def corpus_of(store: Store, project_id: int, names: bool = True) -> pd.DataFrame:
    """Return the items that have gold in makna's corpus form, to be learned from.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    names : bool
        Whether annotators keep their names.

    Returns
    -------
    DataFrame
        ``id``, ``text`` (``text_a`` and ``text_b``), ``label`` (``score``, and ``rater_NAME`` an annotator's own
        marks), ``context`` where there is one, and the file's other columns; one whose name is taken ends in ``_file``.

    Raises
    ------
    DataError
        No such project, or no item has gold yet.
    """
    return table_of(store, project_id, "corpus", names)
