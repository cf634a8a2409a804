"""Whole tables into memory, every cell text exactly as in the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pandas as pd

from makna.collect.cells import text_frame
from makna.collect.folder import different_columns
from makna.collect.names import check_columns
from makna.collect.stream import Reading, TableStream
from makna.core.corpus import PART
from makna.core.errors import DataError

_ROWS_AT_A_TIME = 50_000


def read_table(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    sheet: str | None = None,
) -> pd.DataFrame:
    """Read a table with every cell as text: "0" stays "0", "NA" stays "NA", an empty cell is ''.

    Parameters
    ----------
    path : path
        csv, tsv, txt or jsonl (also ``.gz``), xlsx or parquet.
    encoding : str or None
        Of text files; when None: byte-order mark, UTF-16, UTF-8, else Windows-1252 or Latin-1.
    delimiter : str or None
        Between the cells of a text file; detected among comma, semicolon, tab and bar when None.
    columns : sequence of str or None
        Names of the columns of a csv, tsv or txt without a header.
    sheet : str or None
        Of a workbook; the first that is not hidden when None.

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
    return whole(TableStream.open(path, Reading(encoding, delimiter, sheet, columns)))


def whole(stream: TableStream) -> pd.DataFrame:
    """Return all rows of a table as text, as `read_table` does.

    Parameters
    ----------
    stream : TableStream
        An open table or folder.

    Raises
    ------
    DataError
        As `TableStream.chunks`.
    """
    table = pd.concat([text_frame(chunk) for chunk in stream.chunks(_ROWS_AT_A_TIME)])
    table.columns = [str(name).strip() for name in table.columns]
    check_columns(list(table.columns), str(stream.path))
    return table


def read_parts(
    paths: Mapping[str, str | os.PathLike[str]],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    sheet: str | None = None,
    into: str = PART,
) -> pd.DataFrame:
    """Read the given parts of a data set (train, valid, test) into one table with a column that names the part.

    Parameters
    ----------
    paths : mapping of str to path
        Part → file, in the order the rows shall have.
    encoding, delimiter, columns, sheet
        As for `read_table`, for all files alike.
    into : str
        Name of the new column.

    Raises
    ------
    DataError
        A file cannot be read, the files have different columns, or one has a column named `into` already.
    """
    reading = Reading(encoding, delimiter, sheet, columns)
    return join_parts({part: TableStream.open(path, reading) for part, path in paths.items()}, into)


def join_parts(streams: Mapping[str, TableStream], into: str = PART) -> pd.DataFrame:
    """Return the rows of several open tables with a column that names the part, as `read_parts` does.

    Parameters
    ----------
    streams : mapping of str to TableStream
        Part → table.
    into : str
        Name of the new column.

    Raises
    ------
    DataError
        As `read_parts`.
    """
    tables: list[pd.DataFrame] = []
    for part, stream in streams.items():
        table = whole(stream)
        if into in table.columns:
            raise DataError("collect.part_taken", path=str(stream.path), name=into)
        if tables and set(table.columns) != set(tables[0].columns) - {into}:
            raise different_columns(tables[0].columns.drop(into), table.columns, stream.path)
        table[into] = part
        tables.append(table)
    if not tables:
        raise DataError("collect.no_parts")
    return pd.concat(tables)
