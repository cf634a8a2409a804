"""How rows are written into an Excel workbook (xlsx)."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.cells import as_text
from makna.core.errors import DataError

SHEET_ROWS = 1_048_576
CELL_UNITS = 32_767
"""The most a cell holds, in UTF-16 units, as Excel counts."""
_DIGITS = 10**15  # Excel shows and keeps 15 digits of a number; an identity number of 16 would be changed
_FIRST_YEAR = 1900
_FORMATS = {
    datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss", timedelta: "[h]:mm:ss",
}  # fmt: skip


class WorkbookSink:
    """xlsx: numbers, dates and truth values as such, texts as texts and never as a formula, a link or a number.

    Parameters
    ----------
    path : Path
        The file to make.
    columns : sequence of str
        Column names.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import xlsxwriter

        self.guarded = self.cut = 0
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
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        self._next = 0
        self._write_row(list(columns))

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; a text longer than a cell holds is cut and counted.

        Raises
        ------
        DataError
            More rows than a sheet can hold.
        """
        for row in zip(*(frame[name].tolist() for name in frame.columns), strict=True):
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
        if self._next >= SHEET_ROWS:
            raise DataError("collect.sheet_full", limit=SHEET_ROWS - 1)
        for position, cell in enumerate(cells):
            place = (self._next, position)
            if isinstance(cell, bool):
                self._sheet.write_boolean(*place, cell)
            elif _is_plain_number(cell):
                self._sheet.write_number(*place, cell)
            elif _is_plain_time(cell):
                self._sheet.write_datetime(*place, cell, self._formats[_kind_of(cell)])
            elif text := self._fitting(as_text(cell)):
                self._sheet.write_string(*place, text)
        self._next += 1

    def _fitting(self, text: str) -> str:
        """Return a text as a cell can hold it."""
        if len(text) > CELL_UNITS // 2:  # a character is two units at most
            units = text.encode("utf-16-le")
            if len(units) > 2 * CELL_UNITS:
                self.cut += 1
                text = units[: 2 * CELL_UNITS].decode("utf-16-le", "ignore")
        return text


def _is_plain_number(cell: Any) -> bool:
    return (isinstance(cell, int) and abs(cell) < _DIGITS) or (isinstance(cell, float) and math.isfinite(cell))


def _is_plain_time(cell: Any) -> bool:
    """Tell whether the format can hold a time as such: from 1900, of no zone, to the millisecond."""
    if cell is pd.NaT:
        return False
    if isinstance(cell, datetime):
        return cell.tzinfo is None and cell.year >= _FIRST_YEAR and cell.microsecond % 1000 == 0
    if isinstance(cell, date):
        return cell.year >= _FIRST_YEAR
    if isinstance(cell, time):
        return cell.tzinfo is None and cell.microsecond % 1000 == 0
    return isinstance(cell, timedelta) and cell >= timedelta(0)


def _kind_of(cell: Any) -> type:
    return next(kind for kind in _FORMATS if isinstance(cell, kind))
