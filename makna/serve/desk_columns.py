"""A class file's columns: which holds the question, the key, the answer and the teacher's mark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from makna.collect.cells import texts_of
from makna.collect.names import hint, listed, missing_column
from makna.core.corpus import normalised
from makna.core.errors import DataError
from makna.core.messages import say
from makna.serve.desk import ClassFile
from makna.serve.desk_features import Texts

# Compared without case, and with every mark a space. The first name found counts only if no other one is there.
NAMES: dict[str, tuple[str, ...]] = {
    "question": ("soal", "pertanyaan", "question"),
    "key": ("kunci", "kunci jawaban", "key", "answer key", "model answer", "desired answer"),
    "answer": ("jawaban", "jawaban siswa", "jawaban murid", "answer", "student answer", "response"),
    "mark": ("nilai", "skor", "score", "mark", "marks", "grade", "score avg"),
}
_NEEDED = ("key", "answer", "mark")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
_SHOWN = 5


@dataclass(frozen=True)
class DeskColumns:
    """The user's names of the columns.

    Parameters
    ----------
    question : str or None
        None where the file has none: a key then stands for its question.
    key, answer, mark : str
        The others.
    """

    question: str | None
    key: str
    answer: str
    mark: str


def find_columns(columns: Sequence[str], asked: Mapping[str, str | None]) -> DeskColumns:
    """Return the columns of a class file: those asked for, else those with a usual name.

    Parameters
    ----------
    columns : sequence of str
        Columns of the file.
    asked : mapping of str to str or None
        ``question``, ``key``, ``answer``, ``mark`` → column, where the user named one.

    Raises
    ------
    DataError
        One is missing (the nearest is offered, never taken), or several have a usual name.

    Examples
    --------
    >>> find_columns(["No", "Soal", "Kunci Jawaban", "Jawaban", "Nilai"], {}).key
    'Kunci Jawaban'
    """
    found: dict[str, str | None] = {}
    for role, names in NAMES.items():
        name = asked.get(role)
        if name is not None:
            if name not in columns:
                raise missing_column(name, role, columns)
            found[role] = name
            continue
        fitting = [column for column in columns if normalised(column) in names and column not in asked.values()]
        if len(fitting) > 1:
            raise DataError("serve.desk_which", role=role, columns=listed(fitting))
        if not fitting and role in _NEEDED:
            near = next((said for said in (hint(usual, columns) for usual in names) if said), "")
            raise DataError("serve.desk_column", role=role, usual=listed(names), hint=near, columns=listed(columns))
        found[role] = fitting[0] if fitting else None
    given = {role: name for role, name in found.items() if name is not None}
    return DeskColumns(given.get("question"), given["key"], given["answer"], given["mark"])


def class_of(table: pd.DataFrame, columns: DeskColumns, scale: tuple[float, float]) -> tuple[ClassFile, int]:
    """Return a class file's rows, and in how many the key was taken from another row of the same question.

    Parameters
    ----------
    table : DataFrame
        Index: row numbers as the user sees them.
    columns : DeskColumns
        Which column is which.
    scale : (float, float)
        Lowest and highest mark.

    Raises
    ------
    DataError
        A mark is no number or outside the scale (with the rows), no row has an answer, or no row a key.
    """
    answers = texts_of(table[columns.answer])
    keys = texts_of(table[columns.key])
    questions = texts_of(table[columns.question]) if columns.question else [""] * len(table)
    marks = marks_of(table, columns.mark, scale)
    keys, filled = _filled(keys, questions)
    for texts, role, name in ((answers, "answer", columns.answer), (keys, "key", columns.key)):
        if not any(text.strip() for text in texts):
            raise DataError("serve.desk_nothing", role=role, column=name)
    return ClassFile(Texts(answers, keys, questions), marks), filled


def marks_of(table: pd.DataFrame, column: str, scale: tuple[float, float]) -> np.ndarray:
    """Return the marks as numbers, NaN for an empty cell; a decimal comma counts as a point.

    Raises
    ------
    DataError
        A cell is no number, or outside the scale; the rows are named.
    """
    cells = [cell.strip() for cell in texts_of(table[column])]
    marks = np.array([float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else np.nan for cell in cells])
    bad = [i for i, cell in enumerate(cells) if cell and np.isnan(marks[i])]
    if bad:
        raise DataError("serve.desk_bad_marks", column=column, n=len(bad), examples=_examples(table, cells, bad))
    low, high = scale
    outside = [i for i, mark in enumerate(marks) if mark < low or mark > high]
    if outside:
        examples = _examples(table, cells, outside)
        seen = f"{min(0.0, float(np.nanmin(marks))):g} {float(np.nanmax(marks)):g}"
        raise DataError("serve.desk_outside", column=column, n=len(outside), low=f"{low:g}", high=f"{high:g}",
                        examples=examples, seen=seen)  # fmt: skip
    return marks


def _filled(keys: list[str], questions: list[str]) -> tuple[list[str], int]:
    """Teachers write a key once: a row without one gets that of its question, if there is exactly one."""
    known: dict[str, set[str]] = {}
    for key, question in zip(keys, questions, strict=True):
        if key.strip() and question.strip():
            known.setdefault(normalised(question), set()).add(key)
    filled = []
    for key, question in zip(keys, questions, strict=True):
        own = known.get(normalised(question), set())
        filled.append(next(iter(own)) if not key.strip() and len(own) == 1 else key)
    return filled, sum(a != b for a, b in zip(keys, filled, strict=True))


def _examples(table: pd.DataFrame, cells: list[str], positions: list[int]) -> str:
    return ", ".join(f"{say('collect.at_line', n=table.index[i])}: '{cells[i][:40]}'" for i in positions[:_SHOWN])
