"""A class file graded: read, marked, written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from makna.collect.disk import check_file
from makna.collect.files import whole
from makna.collect.stream import AS_FOUND, Reading, TableStream
from makna.core.errors import DataError, noting
from makna.core.messages import say
from makna.serve.desk import DeskSettings, Graded, grade, told_by
from makna.serve.desk_book import Report, losses, refuse_target, write_book
from makna.serve.desk_columns import class_of, find_columns
from makna.serve.desk_summary import lines_of, notes_of


@dataclass(frozen=True)
class DeskFile:
    """A class file, and where its graded copy goes.

    Parameters
    ----------
    source, out : Path
        The class file; the workbook to write.
    columns : mapping of str to str or None
        ``question``, ``key``, ``answer``, ``mark`` → column, where they have other names than usual.
    reading : Reading
        Sheet, encoding or delimiter.
    overwrite : bool
        Whether a workbook that is there may be replaced.
    """

    source: Path
    out: Path
    columns: Mapping[str, str | None] = field(default_factory=dict)
    reading: Reading = AS_FOUND
    overwrite: bool = False


@dataclass(frozen=True)
class DeskResult:
    """What came of a class file.

    Parameters
    ----------
    out : Path
        The workbook.
    graded : Graded
        Row by row.
    added : tuple of str
        The new columns.
    lines : tuple of str
        What to tell the teacher.
    """

    out: Path
    graded: Graded
    added: tuple[str, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def grade_file(file: DeskFile, settings: DeskSettings | None = None, model: Any = None) -> DeskResult:
    """Grade a class file; nothing leaves the machine.

    Parameters
    ----------
    file : DeskFile
        Question, key, answer and some marks, one answer a row.
    settings : DeskSettings or None
        Scale, promise, system.
    model : Model or None
        A saved model for answers and keys, whose marks the desk takes into account.

    Returns
    -------
    DeskResult
        The workbook is written.

    Raises
    ------
    DataError
        The file cannot be read or has not the columns, a mark is outside the scale, the target is there already, the
        model is none for answers and keys.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = {"soal": ["Apa ibu kota Jepang?"] * 3, "kunci": ["Tokyo"] * 3, "jawaban": ["Tokyo", "Kyoto", "tokyo"]}
    >>> pd.DataFrame({**rows, "nilai": ["5", "0", ""]}).to_csv(folder / "kelas.csv", index=False)
    >>> found = grade_file(DeskFile(folder / "kelas.csv", folder / "hasil.xlsx"))
    >>> found.graded.read.tolist()  # too few marks to promise anything
    [False, False, True]
    """
    settings = settings or DeskSettings()
    _check_scale(settings)
    settings.promise.check()
    check_file(file.source)
    refuse_target(file.source, file.out, file.overwrite)
    stream = TableStream.open(file.source, file.reading)
    with noting(stream.notes):
        table = whole(stream)
        columns = find_columns(table.columns.tolist(), file.columns)
        given, filled = class_of(table, columns, (settings.marker.low, settings.marker.high))
        told = None if model is None else told_by(_checked(model), given.texts)
        graded = grade(given, settings, told)
        notes = notes_of(graded, given, table.index.tolist(), filled)
        if file.source.suffix.lower() == ".xlsx":
            notes += [say(f"serve.desk_lost_{kind}") for kind in losses(file.source)]
        report = Report(table, columns, graded, settings, tuple(notes))
        added = write_book(file.source, file.reading.sheet, file.out, report)
    lines = (*stream.notes, *lines_of(graded, settings), *notes)
    return DeskResult(file.out, graded, tuple(added), lines)


def _check_scale(settings: DeskSettings) -> None:
    marker = settings.marker
    if not marker.low < marker.high:
        raise DataError("learn.bounds", low=marker.low, high=marker.high)
    if marker.step is not None and not 0 < marker.step <= marker.high - marker.low:
        raise DataError("learn.step", step=marker.step)


def _checked(model: Any) -> Any:
    if not model.task.is_number or model.task.inputs != "pair":
        raise DataError("serve.desk_model", name=model.name, inputs=model.task.inputs, target=model.task.target)
    return model
