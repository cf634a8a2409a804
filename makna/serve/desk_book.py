"""The same workbook with what the desk found beside the teacher's columns, and two sheets more."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from makna.collect.cells import as_text
from makna.collect.disk import plain_errors
from makna.collect.workbook import find_sheet
from makna.core.errors import DataError
from makna.core.files import replacing
from makna.core.messages import say
from makna.serve.desk import DeskSettings, Graded
from makna.serve.desk_columns import DeskColumns
from makna.serve.desk_summary import lines_of, question_rows
from makna.serve.tables import free_names

_CELL = 32_767
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ADDED = ("mark", "doubt", "read", "from", "covered", "missed", "warnings")
_WIDTHS = {"covered": 40, "missed": 40, "warnings": 30}
_TITLE_LENGTH = 31


@dataclass(frozen=True)
class Report:
    """What is written.

    Parameters
    ----------
    table : DataFrame
        The class file; index: the row numbers of its sheet.
    columns : DeskColumns
        Which column is which.
    graded : Graded
        What was found.
    settings : DeskSettings
        How.
    notes : tuple of str
        What else the teacher should know.
    """

    table: pd.DataFrame
    columns: DeskColumns
    graded: Graded
    settings: DeskSettings
    notes: tuple[str, ...]


def write_book(source: Path, sheet: str | None, out: Path, report: Report) -> list[str]:
    """Write the graded class file.

    An xlsx file comes back as it was, all its sheets included, with new columns to the right of the sheet that was
    read; any other table becomes a workbook of its own.

    Parameters
    ----------
    source : Path
        The class file.
    sheet : str or None
        The sheet that was read; None for the first.
    out : Path
        The workbook to write; must not be there.
    report : Report
        What to write.

    Returns
    -------
    list of str
        The names of the new columns.
    """
    book, page, header, width = _opened(source, sheet, report.table)
    names = free_names([say(f"serve.desk_col_{name}") for name in _ADDED], report.table.columns.tolist())
    _add_columns(page, header, width, names, report)
    _add_reading(book, report)
    _add_promise(book, report)
    with plain_errors(out), replacing(out) as scratch:
        book.save(scratch)
    return names


def losses(source: Path) -> list[str]:
    """Return what of a workbook cannot be carried over: charts and drawings, pivot tables, macros."""
    from zipfile import ZipFile

    with plain_errors(source), ZipFile(source) as parts:
        names = parts.namelist()
    kinds = {"drawings": "xl/charts/", "pivots": "xl/pivotTables/", "pictures": "xl/media/"}
    return [kind for kind, start in kinds.items() if any(name.startswith(start) for name in names)]


def _opened(source: Path, sheet: str | None, table: pd.DataFrame) -> tuple[Any, Any, int, int]:
    """Return the workbook, the sheet that was read, its header's row and its last column."""
    import openpyxl

    if source.suffix.lower() != ".xlsx":
        book = openpyxl.Workbook()
        page = book.active
        page.title = (re.sub(r"[\[\]:*?/\\]", " ", source.stem).strip() or "data")[:_TITLE_LENGTH]
        for place, row in enumerate([list(table.columns), *table.itertuples(index=False)], start=1):
            for position, cell in enumerate(row, start=1):
                _put(page, place, position, as_text(cell))
        table.index = pd.RangeIndex(2, len(table) + 2)
        return book, page, 1, len(table.columns)
    found = find_sheet(source, sheet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(source, rich_text=True)
    page = book[found.name]
    header = next(
        number for number, cells in enumerate(page.iter_rows(values_only=True), start=1)
        if any(cell is not None and as_text(cell) for cell in cells)
    )  # fmt: skip
    return book, page, header, max(len(found.columns), _last_filled(page))


def _last_filled(page: Any) -> int:
    return max((cell.column for row in page.iter_rows() for cell in row if cell.value is not None), default=0)


def _add_columns(page: Any, header: int, width: int, names: Sequence[str], report: Report) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    fill = PatternFill("solid", start_color="FFF2CC")
    for offset, (name, role) in enumerate(zip(names, _ADDED, strict=True), start=1):
        cell = _put(page, header, width + offset, name)
        cell.font = Font(bold=True)
        page.column_dimensions[get_column_letter(width + offset)].width = _WIDTHS.get(role, 14)
    for position, number in enumerate(report.table.index):
        for offset, value in enumerate(_row(report, position), start=1):
            cell = _put(page, int(number), width + offset, value)
            if isinstance(value, str):
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            if report.graded.read[position]:
                cell.fill = fill


def _row(report: Report, position: int) -> list[Any]:
    graded = report.graded
    covered = graded.coverage[position]
    teacher, read = graded.by_teacher[position], graded.read[position]
    mark = float(graded.mark[position])
    return [
        None if np.isnan(mark) else round(mark, 2),
        None if teacher else round(float(graded.doubt[position]), 2),
        say("serve.desk_yes") if read else say("serve.desk_no"),
        say("serve.desk_teacher") if teacher else "" if np.isnan(mark) else "makna",
        "; ".join(covered.covered),
        "; ".join(covered.missed),
        _in_words(graded.warnings[position]),
    ]


def _in_words(found: Sequence[str]) -> str:
    return "; ".join(say(f"serve.desk_warn_{name}") for name in found)


def _add_reading(book: Any, report: Report) -> None:
    """Write the answers to be read, question by question, the most doubtful first."""
    graded, table, columns = report.graded, report.table, report.columns
    page = book.create_sheet(_free_title(book, say("serve.desk_sheet_read")))
    heads = ("row", "question", "answer", "mark", "doubt", "missed", "warnings")
    _head(page, [say(f"serve.desk_col_{name}") for name in heads], (8, 40, 70, 10, 10, 40, 30))
    rows = np.flatnonzero(graded.read).tolist()
    order = sorted(rows, key=lambda i: (graded.question[i], -graded.doubt[i], i))
    for place, i in enumerate(order, start=2):
        asked = as_text(table[columns.question].iloc[i]) if columns.question else as_text(table[columns.key].iloc[i])
        mark = float(graded.mark[i])
        cells = [
            int(table.index[i]), asked, as_text(table[columns.answer].iloc[i]),
            None if np.isnan(mark) else round(mark, 2), round(float(graded.doubt[i]), 2),
            "; ".join(graded.coverage[i].missed), _in_words(graded.warnings[i]),
        ]  # fmt: skip
        _line(page, place, cells)


def _add_promise(book: Any, report: Report) -> None:
    """Write what is promised and how it came out, in plain words."""
    page = book.create_sheet(_free_title(book, say("serve.desk_sheet_promise")))
    page.column_dimensions["A"].width = 100
    place = 0
    for place, line in enumerate([*lines_of(report.graded, report.settings), *report.notes], start=1):
        _line(page, place, [line])
    table = question_rows(report.graded, report.table, report.columns)
    place += 2
    for offset, name in enumerate(("question", "marked", "rest", "kept", "expected"), start=1):
        _put(page, place, offset, say(f"serve.desk_col_{name}"))
    for row in table:
        place += 1
        _line(page, place, row)


def _head(page: Any, names: Sequence[str], widths: Sequence[int]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for offset, (name, width) in enumerate(zip(names, widths, strict=True), start=1):
        _put(page, 1, offset, name).font = Font(bold=True)
        page.column_dimensions[get_column_letter(offset)].width = width
    page.freeze_panes = "A2"


def _line(page: Any, place: int, cells: Sequence[Any]) -> None:
    from openpyxl.styles import Alignment

    for offset, value in enumerate(cells, start=1):
        _put(page, place, offset, value).alignment = Alignment(wrap_text=True, vertical="top")


def _put(page: Any, row: int, column: int, value: Any) -> Any:
    """Write one cell; a text stays a text, whatever it begins with."""
    cell = page.cell(row, column)
    if isinstance(value, str):
        if value:
            cell.value = _CONTROL.sub(" ", value)[:_CELL]
            cell.data_type = "s"  # else what begins with = would be a formula
    else:
        cell.value = value
    return cell


def _free_title(book: Any, wanted: str) -> str:
    titles = {title.casefold() for title in book.sheetnames}
    number, title = 1, wanted[:_TITLE_LENGTH]
    while title.casefold() in titles:
        number += 1
        title = f"{wanted[: _TITLE_LENGTH - 4]} {number}"
    return title


def refuse_target(source: Path, out: Path, overwrite: bool) -> None:
    """Refuse a target that is no workbook, is the class file itself, or is there already.

    Raises
    ------
    DataError
        Says which, and what to do.
    """
    if out.suffix.lower() != ".xlsx":
        raise DataError("serve.desk_out", path=str(out))
    with plain_errors(out):
        if not out.parent.is_dir():
            raise DataError("collect.no_folder", path=str(out), folder=str(out.parent))
        if out.exists() and source.exists() and out.samefile(source):
            raise DataError("serve.same_file", path=str(out))
        if out.exists() and not overwrite:
            raise DataError("serve.desk_there", path=str(out))
