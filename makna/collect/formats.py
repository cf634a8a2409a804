"""Tables that are not delimited text: workbooks (xlsx), JSON lines and parquet, as rows or as batches."""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import pandas as pd

from makna.collect.cells import as_text
from makna.collect.disk import plain_errors
from makna.collect.encoding import decoded_lines, detect_encoding, repair
from makna.core.errors import DataError

T = TypeVar("T")

# What the readers of binary formats raise when bytes in the middle of a file are not what they should be.
_BROKEN = (
    BadZipFile, zlib.error, SyntaxError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError,
    OverflowError,
)  # fmt: skip


def workbook_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a workbook's first sheet as texts, the header among them, with their row numbers.

    Rows that are empty to the sheet's end are left out; those between rows are kept.

    Raises
    ------
    DataError
        The file is no workbook.
    """
    import openpyxl

    with plain_errors(path), path.open("rb") as stream, _broken(path):
        book = _quietly(lambda: openpyxl.load_workbook(stream, read_only=True, data_only=True))
        sheet = book.worksheets[0].iter_rows(values_only=True)
        empty: list[int] = []
        for number, values in enumerate(iter(lambda: _quietly(lambda: next(sheet, None)), None), start=1):
            cells = [as_text(value) for value in values]
            if not any(cells):
                empty.append(number)
                continue
            yield from ((blank, []) for blank in empty)
            empty.clear()
            yield number, cells
        book.close()


def json_rows(path: Path, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their line numbers, values as they are.

    Raises
    ------
    DataError
        A line is not a JSON object (with the line), or the encoding does not fit.
    """
    for number, line in enumerate(decoded_lines(path, encoding or detect_encoding(path)), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as problem:
            raise DataError("collect.bad_json", path=str(path), line=number, reason=str(problem)) from problem
        if not isinstance(value, dict):
            raise DataError("collect.not_object", path=str(path), line=number, came=type(value).__name__)
        yield number, {repair(name): _repaired(cell) for name, cell in value.items()}


def json_columns(path: Path, encoding: str | None = None) -> list[str]:
    """Return every name used in a JSON-lines file, in the order of first use."""
    names: dict[str, None] = {}
    for _, row in json_rows(path, encoding):
        names.update(dict.fromkeys(row))
    return list(names)


def parquet_shape(path: Path) -> tuple[list[str], int]:
    """Return the column names and the number of rows of a parquet file.

    Raises
    ------
    DataError
        The file is not parquet.
    """
    import pyarrow.parquet as pq

    with plain_errors(path), path.open("rb") as stream, _broken(path):
        file = pq.ParquetFile(stream)
        return list(file.schema_arrow.names), int(file.metadata.num_rows)


def parquet_batches(path: Path, size: int) -> Iterator[pd.DataFrame]:
    """Yield a parquet file as tables of at most `size` rows, with Arrow's own types kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with plain_errors(path), path.open("rb") as stream, _broken(path):
        start = 1
        for batch in pq.ParquetFile(stream).iter_batches(batch_size=size):
            batch.validate(full=True)  # text that is no UTF-8 is told of here, not where it is first used
            table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
            frame = table.to_pandas(types_mapper=pd.ArrowDtype)
            frame.index = pd.RangeIndex(start, start + len(frame), name="row")
            start += len(frame)
            yield frame


def _quietly(call: Callable[[], T]) -> T:
    """Call without openpyxl's warnings about styles and extensions, which hold no data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


@contextmanager
def _broken(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except _BROKEN as problem:
        raise DataError("collect.broken", path=str(path), reason=str(problem)) from problem


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return repair(value)
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {repair(name): _repaired(item) for name, item in value.items()}
    return value
