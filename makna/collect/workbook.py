"""Excel workbooks (xlsx): which sheet is read, and its rows with the values as they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import IO, Any, TypeVar
from zipfile import ZipFile, is_zipfile

from makna.collect.cells import as_text
from makna.collect.disk import broken_bytes, plain_errors
from makna.collect.encoding import repair
from makna.collect.names import check_columns, hint, listed
from makna.core.errors import DataError
from makna.core.messages import say

T = TypeVar("T")

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# How the format writes characters that XML cannot hold, and the underscore of a text that looks like that.
_ESCAPE = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EeFf])_")
_EXACT = 2**53
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Sheet:
    """The sheet of a workbook that is read.

    Parameters
    ----------
    path : Path
        The workbook.
    name : str
        The sheet.
    others : tuple of str
        The workbook's other sheets.
    columns : tuple of str
        Column names, from its first row that is not empty.
    """

    path: Path
    name: str
    others: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell the user: which sheet was read, where there are several."""
        if not self.others:
            return ()
        others = listed(f"'{name}'" for name in self.others)
        return (say("collect.sheet_read", path=str(self.path), sheet=self.name, others=others),)

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the rows below the header with their row numbers, each as wide as the header.

        Numbers, dates and truth values keep their types; an empty cell is None. Rows that are empty to the sheet's end
        are left out; those between rows are kept.

        Raises
        ------
        DataError
            A row has more cells than there are columns, or a formula no stored result (with its row).
        """
        width = len(self.columns)
        header = True
        for number, cells in _filled_rows(self.path, self.name):
            if header:
                header = not cells
                continue
            row = _without_trailing_empty(cells)
            if len(row) > width:
                raise DataError("collect.ragged", path=str(self.path), line=number, came=len(row), expected=width)
            yield number, row + [None] * (width - len(row))


def find_sheet(path: Path, asked: str | None = None) -> Sheet:
    """Return the sheet asked for, else the first that is not hidden.

    Parameters
    ----------
    path : Path
        An xlsx file.
    asked : str or None
        A sheet's name.

    Raises
    ------
    DataError
        The file is no workbook or locked by a password, there is no such sheet (the nearest is offered), the sheet is
        empty, or a column is named twice.
    """
    with _opened(path) as book:
        titles = [sheet.title for sheet in book.worksheets]
        shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not titles:
            raise DataError("collect.no_sheets", path=str(path))
        if asked is not None and asked not in titles:
            known = listed(f"'{title}'" for title in titles)
            raise DataError("collect.no_sheet", path=str(path), sheet=asked, hint=hint(asked, titles), sheets=known)
        name = asked if asked is not None else (shown or titles)[0]
        rows = ([_value(cell) for cell in row] for row in _rows_of(book, name))
        first = next((row for row in rows if _is_filled(row)), [])
    columns = tuple(as_text(cell).strip() for cell in _without_trailing_empty(first))
    others = tuple(title for title in titles if title != name)
    if not columns:
        known = listed(f"'{title}'" for title in others)
        raise DataError("collect.empty_sheet", path=str(path), sheet=name, others=known or "–")
    check_columns(list(columns), str(path))
    return Sheet(path, name, others, columns)


def workbook_size(path: Path) -> int:
    """Return the bytes that a workbook's parts are declared to unpack to; more than that is never read of them.

    Raises
    ------
    DataError
        The file is not a workbook.
    """
    with plain_errors(path), broken_bytes(path), path.open("rb") as stream:
        _refuse_others(path, stream)
        with ZipFile(stream) as parts:
            return sum(part.file_size for part in parts.infolist())


def _filled_rows(path: Path, name: str) -> Iterator[tuple[int, list[Any]]]:
    """Yield rows with their numbers; an empty one is the empty list, and those at the sheet's end are left out."""
    empty: list[int] = []
    for number, cells in enumerate(_calculated(path, name) if _holds_formulas(path) else _raw(path, name), start=1):
        row = [_value(cell) for cell in cells]
        if not _is_filled(row):
            empty.append(number)
            continue
        yield from ((blank, []) for blank in empty)
        empty.clear()
        yield number, row


def _raw(path: Path, name: str, results: bool = True, values: bool = True) -> Iterator[tuple[Any, ...]]:
    with _opened(path, results) as book:
        yield from _rows_of(book, name, values)


def _rows_of(book: Any, name: str, values: bool = True) -> Iterator[tuple[Any, ...]]:
    sheet = next(sheet for sheet in book.worksheets if sheet.title == name)
    sheet.reset_dimensions()  # some programs note a smaller area than there is
    rows = sheet.iter_rows(values_only=values)
    yield from iter(lambda: _quietly(lambda: next(rows, None)), None)


def _calculated(path: Path, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows of results, and refuse a formula without one: the cell would be empty without a word."""
    results, formulas = _raw(path, name, values=False), _raw(path, name, results=False)
    for number, (cells, written) in enumerate(zip(results, formulas, strict=True), start=1):
        for cell, formula in zip(cells, written, strict=True):
            # A result that is the empty text is marked as text ("str"); where none was stored there is no mark.
            if cell.value is None and formula is not None and cell.data_type != "str":
                shown = str(getattr(formula, "text", formula))[:40]
                raise DataError("collect.no_result", path=str(path), sheet=name, line=number, formula=shown)
        yield tuple(cell.value for cell in cells)


def _holds_formulas(path: Path) -> bool:
    with plain_errors(path), broken_bytes(path), ZipFile(path) as parts:
        sheets = [part for part in parts.namelist() if part.startswith("xl/worksheets/")]
        return any(_has_formula_tag(parts.open(part)) for part in sheets)


def _has_formula_tag(stream: IO[bytes]) -> bool:
    with stream:
        before = b""
        while block := stream.read(_BLOCK):
            if re.search(rb"<(\w+:)?f[ >]", before + block):
                return True
            before = block[-16:]
    return False


def _value(cell: Any) -> Any:
    """Return a cell's value as a user means it: no text for nothing, whole numbers and days as such."""
    if isinstance(cell, str):
        text = repair(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), cell)) if "_x" in cell else repair(cell)
        return text or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)  # the file knows one kind of number only
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date()
    return cell


def _is_filled(row: list[Any]) -> bool:
    return any(cell is not None for cell in row)


def _without_trailing_empty(cells: list[Any]) -> list[Any]:
    last = max((i for i, cell in enumerate(cells) if cell is not None and as_text(cell).strip()), default=-1)
    return cells[: last + 1]


@contextmanager
def _opened(path: Path, results: bool = True) -> Iterator[Any]:
    import openpyxl

    with plain_errors(path), broken_bytes(path), path.open("rb") as stream:
        _refuse_others(path, stream)
        book = _quietly(lambda: openpyxl.load_workbook(stream, read_only=True, data_only=results))
        try:
            yield book
        finally:
            book.close()


def _refuse_others(path: Path, stream: IO[bytes]) -> None:
    """Tell a workbook from what only bears its ending."""
    start = stream.read(len(_OLE))
    stream.seek(0)
    if start == _OLE:
        locked = _ENCRYPTED in stream.read()
        raise DataError("collect.locked" if locked else "collect.old_workbook", path=str(path))
    if not is_zipfile(stream):
        raise DataError("collect.not_workbook", path=str(path))
    stream.seek(0)


def _quietly(call: Callable[[], T]) -> T:
    """Call without openpyxl's warnings about styles and extensions, which hold no data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()
