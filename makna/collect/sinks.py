"""How rows are written in each format; where and when the file appears is `writer`'s business."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from pandas.api.types import is_float_dtype, is_object_dtype

from makna.collect.cells import as_text, guarded, texts_of
from makna.core.errors import DataError

_SHEET_ROWS = 1_048_576
_CELL_CUT = -2  # XlsxWriter's answer to a text longer than a cell can hold


class Sink(Protocol):
    """Takes tables one after the other; `guarded` counts cells that got a ``'`` in front."""

    guarded: int

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""

    def abort(self) -> None:
        """Let go of an unfinished file."""


class DelimitedSink:
    """csv and tsv: UTF-8 with a mark, so that Excel opens it by a double click; formulas made harmless.

    Parameters
    ----------
    path : Path
        The file to make.
    columns : sequence of str
        Column names.
    delimiter : str
        Between cells.
    """

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        header, self.guarded = guarded(list(columns))
        self._stream = path.open("x", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._stream, delimiter=delimiter)
        self._rows.writerow(header)

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows."""
        columns: list[Sequence[Any]] = []
        for name in frame.columns:
            if is_float_dtype(frame[name].dtype) and not frame[name].isna().any():
                columns.append(frame[name].tolist())  # csv writes every digit, and no number is a formula
                continue
            safe, count = guarded(texts_of(frame[name]))
            self.guarded += count
            columns.append(safe)
        self._rows.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()

    def abort(self) -> None:
        """Let go of an unfinished file."""
        with suppress(OSError):  # what is still buffered may not fit on the disk either
            self._stream.close()


class WorkbookSink:
    """xlsx: every cell a string, never a formula or a link; floating-point columns as numbers.

    Parameters
    ----------
    path : Path
        The file to make.
    columns : sequence of str
        Column names.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import xlsxwriter

        self.guarded = 0
        self._scratch = tempfile.TemporaryDirectory(prefix="makna-")
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": self._scratch.name,
        }
        path.touch(exist_ok=False)  # a folder without permission is told of now, not at the end
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet()
        self._next = 0
        self._columns = list(columns)
        self._write_row(self._columns)

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows.

        Raises
        ------
        DataError
            More rows or a longer text than a sheet can hold.
        """
        columns: list[list[Any]] = []
        for name in frame.columns:
            numbers = is_float_dtype(frame[name].dtype)
            columns.append(frame[name].tolist() if numbers else texts_of(frame[name]))
        for row in zip(*columns, strict=True):
            self._write_row(row)

    def close(self) -> None:
        """Finish the file."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as problem:
            cause = problem.args[0] if problem.args else None
            raise (cause if isinstance(cause, OSError) else OSError(str(problem))) from problem
        self._scratch.cleanup()

    def abort(self) -> None:
        """Let go of an unfinished file."""
        rows = getattr(self._sheet, "row_data_fh", None)
        if rows is not None:
            with suppress(OSError):
                rows.close()
        self._scratch.cleanup()

    def _write_row(self, cells: Sequence[Any]) -> None:
        if self._next >= _SHEET_ROWS:
            raise DataError("collect.sheet_full", limit=_SHEET_ROWS - 1)
        for position, cell in enumerate(cells):
            if isinstance(cell, float) and math.isfinite(cell):
                self._sheet.write_number(self._next, position, cell)
            elif self._sheet.write_string(self._next, position, as_text(cell)) == _CELL_CUT:
                raise DataError("collect.cell_too_long", row=self._next, column=self._columns[position])
        self._next += 1


class JsonSink:
    """JSON lines: one object a row, values as they came.

    Parameters
    ----------
    path : Path
        The file to make.
    """

    def __init__(self, path: Path) -> None:
        self.guarded = 0
        self._stream = path.open("x", encoding="utf-8", newline="\n")

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows."""
        names = list(frame.columns)
        columns = [frame[name].tolist() for name in names]
        for row in zip(*columns, strict=True):
            values = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
            self._stream.write(json.dumps(values, ensure_ascii=False, default=as_text) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()

    def abort(self) -> None:
        """Let go of an unfinished file."""
        with suppress(OSError):
            self._stream.close()


class ParquetSink:
    """parquet: Arrow types kept; columns of mixed objects become text.

    Parameters
    ----------
    path : Path
        The file to make.
    columns : sequence of str
        Column names.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.guarded = 0
        self._columns = list(columns)
        self._stream = path.open("xb")
        self._writer: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        frame = frame.reset_index(drop=True)
        for name in frame.columns:
            if is_object_dtype(frame[name].dtype):
                frame[name] = pd.Series(texts_of(frame[name]), dtype=str)
        schema = self._writer.schema if self._writer is not None else None
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._stream, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            self.write(pd.DataFrame({name: [] for name in self._columns}, dtype=str))
        self._writer.close()
        self._stream.close()

    def abort(self) -> None:
        """Let go of an unfinished file."""
        with suppress(OSError, ValueError):
            if self._writer is not None:
                self._writer.close()
        with suppress(OSError):
            self._stream.close()


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime | date | time) or value is pd.NaT or value is pd.NA:
        return as_text(value) or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
