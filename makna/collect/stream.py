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
from makna.collect.encoding import detect_encoding
from makna.collect.formats import json_columns, json_rows, parquet_batches, parquet_shape
from makna.collect.names import check_columns
from makna.collect.workbook import find_sheet
from makna.core.errors import DataError
from makna.core.messages import say

CHUNK = 10_000
LINE = "line"


@dataclass(frozen=True)
class Reading:
    """How a table is to be read, where that is not to be found out.

    Parameters
    ----------
    encoding, delimiter : str or None
        Of text files; detected when None.
    sheet : str or None
        Of a workbook; the first that is not hidden when None.
    columns : sequence of str or None
        Names of the columns of a csv, tsv or txt without a header.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: Sequence[str] | None = None


AS_FOUND = Reading()


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
    notes : tuple of str
        What was decided on the way and the user should know: the sheet, an encoding that may be wrong.
    files : tuple of Path
        What is read, where `path` is a folder.
    added : tuple of str
        Columns that only say where in a folder a row comes from: its file, its part.
    """

    path: Path
    columns: tuple[str, ...]
    batches: Callable[[int], Iterator[pd.DataFrame]]
    rows: int | None = None
    delimiter: str | None = None
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    added: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        reading: Reading = AS_FOUND,
    ) -> TableStream:
        """Open a table: csv, tsv, txt (also ``.gz``), xlsx, jsonl or parquet.

        Parameters
        ----------
        path : path
            The file; its ending tells the format.
        reading : Reading
            What is not to be found out.

        Raises
        ------
        DataError
            The file is missing, empty, broken, of an unknown format, or names a column twice; a sheet is asked for
            that is not there.
        """
        file = Path(path)
        check_file(file)
        kind = format_of(file)
        if reading.sheet is not None and kind != "workbook":
            raise DataError("collect.sheet_of_what", path=str(file), sheet=reading.sheet)
        return _OPEN[kind](file, reading)

    def chunks(self, size: int = CHUNK) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order, as tables of at most `size` rows.

        Cells of csv, tsv and txt are text exactly as in the file; those of xlsx, jsonl and parquet keep their types.
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


def _open_delimited(path: Path, reading: Reading) -> TableStream:
    encoding = reading.encoding or detect_encoding(path)
    dialect = detect_dialect(path, encoding, reading.delimiter, reading.columns)
    read = _batches(dialect.columns, lambda: rows(path, dialect), str)
    notes = () if reading.encoding else _notes_of(path, encoding)
    return TableStream(path, dialect.columns, read, delimiter=dialect.delimiter, notes=notes)


def _open_json(path: Path, reading: Reading) -> TableStream:
    encoding = reading.encoding or detect_encoding(path)
    names = tuple(json_columns(path, encoding))
    check_columns(list(names), str(path))

    def read() -> Iterator[tuple[int, list[Any]]]:
        for number, row in json_rows(path, encoding):
            yield number, [row.get(name) for name in names]

    notes = () if reading.encoding else _notes_of(path, encoding)
    return TableStream(path, names, _batches(names, read, object), notes=notes)


def _open_workbook(path: Path, reading: Reading) -> TableStream:
    sheet = find_sheet(path, reading.sheet)
    read = _batches(sheet.columns, sheet.rows, object)
    return TableStream(path, sheet.columns, read, notes=sheet.notes)


def _open_parquet(path: Path, reading: Reading) -> TableStream:
    names, count = parquet_shape(path)
    check_columns(names, str(path))
    return TableStream(path, tuple(names), lambda size: parquet_batches(path, size), rows=count)


_OPEN = {"delimited": _open_delimited, "jsonl": _open_json, "workbook": _open_workbook, "parquet": _open_parquet}


def _notes_of(path: Path, encoding: str) -> tuple[str, ...]:
    # Any bytes at all are text in these two, so that the guess may be wrong.
    guessed = encoding in ("cp1252", "latin-1")
    return (say("collect.encoding_guessed", path=str(path), encoding=encoding),) if guessed else ()


def _batches(
    names: tuple[str, ...], read: Callable[[], Iterator[tuple[int, list[Any]]]], kind: type
) -> Callable[[int], Iterator[pd.DataFrame]]:
    def batches(size: int) -> Iterator[pd.DataFrame]:
        for numbers, cells in _grouped(read(), size):
            columns = zip(*cells, strict=True)
            frame = pd.DataFrame(
                {name: pd.Series(list(column), dtype=kind) for name, column in zip(names, columns, strict=True)}
            )
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
