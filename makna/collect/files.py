"""Whole tables into memory, every cell text exactly as in the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from makna.collect.cells import text_frame
from makna.collect.names import check_columns, listed
from makna.collect.stream import TableStream
from makna.core.corpus import PART
from makna.core.errors import DataError

_ROWS_AT_A_TIME = 50_000


def read_table(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Read a table with every cell as text: "0" stays "0", "NA" stays "NA", an empty cell is ''.

    Parameters
    ----------
    path : path
        csv, tsv, txt or jsonl (also ``.gz``), xlsx (first sheet) or parquet.
    encoding : str or None
        Of text files; when None: byte-order mark, UTF-16, UTF-8, else Windows-1252 or Latin-1.
    delimiter : str or None
        Between the cells of a text file; detected among comma, semicolon, tab and bar when None.
    columns : sequence of str or None
        Names of the columns of a csv, tsv or txt without a header.

    Returns
    -------
    DataFrame of str
        Column names are stripped. The index, named ``line``, is where each row stands in the file.

    Raises
    ------
    DataError
        The file is missing, a folder, empty, without rows, broken (with the line), of an unknown format, in another
        encoding (with the byte's offset), or names a column twice.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "reviews.csv"
    >>> _ = file.write_text('ulasan;label\\n"bagus; murah";0\\n', encoding="utf-8")
    >>> read_table(file).to_dict("records")
    [{'ulasan': 'bagus; murah', 'label': '0'}]
    """
    stream = TableStream.open(path, encoding=encoding, delimiter=delimiter, columns=columns)
    table = pd.concat([text_frame(chunk) for chunk in stream.chunks(_ROWS_AT_A_TIME)])
    table.columns = [str(name).strip() for name in table.columns]
    check_columns(list(table.columns), str(path))
    return table


def read_parts(
    paths: Mapping[str, str | os.PathLike[str]],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    into: str = PART,
) -> pd.DataFrame:
    """Read the given parts of a data set (train, valid, test) into one table with a column that names the part.

    Parameters
    ----------
    paths : mapping of str to path
        Part → file, in the order the rows shall have.
    encoding, delimiter, columns
        As for `read_table`, for all files alike.
    into : str
        Name of the new column.

    Raises
    ------
    DataError
        A file cannot be read, the files have different columns, or one has a column named `into` already.
    """
    tables: list[pd.DataFrame] = []
    for part, path in paths.items():
        table = read_table(path, encoding=encoding, delimiter=delimiter, columns=columns)
        if into in table.columns:
            raise DataError("collect.part_taken", path=str(path), name=into)
        if tables and set(table.columns) != set(tables[0].columns) - {into}:
            raise _different_columns(tables[0].drop(columns=into), table, path)
        table[into] = part
        tables.append(table)
    if not tables:
        raise DataError("collect.no_parts")
    return pd.concat(tables)


def _different_columns(first: pd.DataFrame, other: pd.DataFrame, path: str | os.PathLike[str]) -> DataError:
    missing = listed(name for name in first.columns if name not in other.columns)
    extra = listed(name for name in other.columns if name not in first.columns)
    return DataError("collect.parts_differ", path=str(Path(path)), missing=missing or "–", extra=extra or "–")
