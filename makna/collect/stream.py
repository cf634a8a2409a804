"""A table read in chunks: memory stays flat however many rows there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.delimited import detect_dialect, rows
from makna.collect.disk import check_file, format_of
from makna.collect.formats import json_columns, json_rows, parquet_batches, parquet_shape, workbook_rows
from makna.collect.names import check_columns
from makna.core.errors import DataError

CHUNK = 10_000
LINE = "line"


@dataclass(frozen=True)
class TableStream:
    """A table on disk, read from its beginning by every call of `chunks`.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        Column names.
    batches : callable
        Number of rows → iterator of tables of at most so many rows.
    rows : int or None
        Number of rows, where the file says so beforehand (parquet).
    delimiter : str or None
        Of delimited text.
    """

    path: Path
    columns: tuple[str, ...]
    batches: Callable[[int], Iterator[pd.DataFrame]]
    rows: int | None = None
    delimiter: str | None = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        encoding: str | None = None,
        delimiter: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> TableStream:
        """Open a table: csv, tsv, txt (also ``.gz``), xlsx, jsonl or parquet.

        Parameters
        ----------
        path : path
            The file; its ending tells the format.
        encoding, delimiter : str or None
            Of text files; detected when None.
        columns : sequence of str or None
            Names of the columns of a csv, tsv or txt without a header.

        Raises
        ------
        DataError
            The file is missing, empty, broken, of an unknown format, or names a column twice.
        """
        file = Path(path)
        kind = format_of(file)
        check_file(file)
        if kind == "delimited":
            dialect = detect_dialect(file, encoding, delimiter, columns)
            read = _text_batches(file, dialect.columns, lambda: rows(file, dialect))
            return cls(file, dialect.columns, read, delimiter=dialect.delimiter)
        if kind == "workbook":
            return _open_workbook(file)
        if kind == "jsonl":
            names = tuple(json_columns(file, encoding))
            return cls(file, names, _json_batches(file, names, encoding))
        found, count = parquet_shape(file)
        check_columns(found, str(file))
        return cls(file, tuple(found), lambda size: parquet_batches(file, size), rows=count)

    def chunks(self, size: int = CHUNK) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order, as tables of at most `size` rows.

        Cells of csv, tsv, txt and xlsx are text exactly as in the file; those of jsonl and parquet keep their types.
        The index is the line (text, JSON lines), the sheet's row (xlsx) or the row's number from 1 (parquet).

        Parameters
        ----------
        size : int
            Rows a chunk, at least 1.

        Raises
        ------
        DataError
            There is no row at all, or one that cannot be read (with its line).
        """
        if size < 1:
            raise DataError("collect.bad_chunk", came=size)
        empty = True
        for chunk in self.batches(size):
            if len(chunk):
                empty = False
                yield chunk
        if empty:
            raise DataError("collect.header_only", path=str(self.path))


def _open_workbook(path: Path) -> TableStream:
    first = next(iter(workbook_rows(path)), None)
    if first is None:
        raise DataError("collect.empty_file", path=str(path))
    header = _without_trailing_empty(first[1])
    names = tuple(name.strip() for name in header)
    check_columns(list(names), str(path))
    return TableStream(path, names, _text_batches(path, names, lambda: _sheet_rows(path, len(names))))


def _sheet_rows(path: Path, width: int) -> Iterator[tuple[int, list[str]]]:
    cells_of = workbook_rows(path)
    while not next(cells_of)[1]:  # empty rows above the header, then the header itself
        pass
    for number, cells in cells_of:
        row = _without_trailing_empty(cells)
        if len(row) > width:
            raise DataError("collect.ragged", path=str(path), line=number, came=len(row), expected=width)
        yield number, row + [""] * (width - len(row))


def _without_trailing_empty(cells: list[str]) -> list[str]:
    last = max((i for i, cell in enumerate(cells) if cell.strip()), default=-1)
    return cells[: last + 1]


def _text_batches(
    path: Path, names: tuple[str, ...], read: Callable[[], Iterator[tuple[int, list[str]]]]
) -> Callable[[int], Iterator[pd.DataFrame]]:
    def batches(size: int) -> Iterator[pd.DataFrame]:
        for numbers, cells in _grouped(read(), size):
            columns = zip(*cells, strict=True)
            frame = pd.DataFrame(dict(zip(names, map(list, columns), strict=True)), dtype=str)
            frame.index = pd.Index(numbers, name=LINE)
            yield frame

    return batches


def _json_batches(path: Path, names: tuple[str, ...], encoding: str | None) -> Callable[[int], Iterator[pd.DataFrame]]:
    def batches(size: int) -> Iterator[pd.DataFrame]:
        for numbers, objects in _grouped(json_rows(path, encoding), size):
            columns = {name: pd.Series([row.get(name) for row in objects], dtype=object) for name in names}
            frame = pd.DataFrame(columns)
            frame.index = pd.Index(numbers, name=LINE)
            yield frame

    return batches


def _grouped(numbered: Iterator[tuple[int, Any]], size: int) -> Iterator[tuple[list[int], list[Any]]]:
    numbers: list[int] = []
    items: list[Any] = []
    for number, item in numbered:
        numbers.append(number)
        items.append(item)
        if len(items) == size:
            yield numbers, items
            numbers, items = [], []
    if items:
        yield numbers, items
