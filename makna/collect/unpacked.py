"""How large a table is when it is unpacked, found without unpacking it."""

from __future__ import annotations

from pathlib import Path

from makna.collect.disk import format_of, plain_errors
from makna.collect.formats import parquet_size
from makna.collect.workbook import workbook_size


def unpacked_size(path: Path) -> int:
    """Return the bytes of a table's content: a small workbook or parquet file can hold a thousand times as much.

    Parameters
    ----------
    path : Path
        A table; a ``.gz`` is not looked into.

    Raises
    ------
    DataError
        The file is not what its ending says.
    """
    kind = format_of(path)
    if kind == "workbook":
        return workbook_size(path)
    if kind == "parquet":
        return parquet_size(path)
    with plain_errors(path):
        return path.stat().st_size
