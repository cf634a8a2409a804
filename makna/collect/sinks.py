"""How rows are written in each format; where and when the file appears is `writer`'s business."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from pandas.api.types import is_float_dtype, is_object_dtype

from makna.collect.cells import as_text, guarded, texts_of
from makna.collect.encoding import repair


class Sink(Protocol):
    """Takes tables one after the other; counts cells that got a ``'`` in front, and texts that had to be cut."""

    guarded: int
    cut: int

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
        self.cut = 0
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
            # A text file cannot hold the NUL character.
            safe, count = guarded([text.replace("\0", "\ufffd") for text in texts_of(frame[name])])
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


class JsonSink:
    """JSON lines: one object a row, values as they came.

    Parameters
    ----------
    path : Path
        The file to make.
    """

    def __init__(self, path: Path) -> None:
        self.guarded = self.cut = 0
        self._stream = path.open("x", encoding="utf-8", newline="\n")

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows."""
        names = list(frame.columns)
        columns = [frame[name].tolist() for name in names]
        for row in zip(*columns, strict=True):
            values = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
            self._stream.write(repair(json.dumps(values, ensure_ascii=False, default=as_text)) + "\n")

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
        self.guarded = self.cut = 0
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
