"""What the desk promises and how it came out, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from makna.collect.cells import as_text
from makna.collect.names import listed
from makna.core.messages import language, say
from makna.serve.desk import ClassFile, DeskSettings, Graded, needed
from makna.serve.desk_columns import DeskColumns

_SHOWN = 6


def lines_of(graded: Graded, settings: DeskSettings) -> list[str]:
    """Return the summary: counts, the promise, what was measured.

    Parameters
    ----------
    graded : Graded
        A graded class.
    settings : DeskSettings
        How it was graded.
    """
    marked, rest = int(graded.by_teacher.sum()), int((~graded.by_teacher).sum())
    kept = rest - int(graded.read.sum())
    promise = settings.promise
    key = "serve.desk_promise" if promise.certainty is None else "serve.desk_promise_sure"
    lines = [
        say("serve.desk_counts", rows=len(graded.mark), marked=marked, rest=rest),
        say(key, rate=_percent(promise.rate), tolerance=number(promise.tolerance),
            certainty=_percent(promise.certainty or 0)),
    ]  # fmt: skip
    if not rest:
        return [*lines, say("serve.desk_all_marked")]
    lines.append(say("serve.desk_kept", kept=kept, share=_percent(kept / rest), read=rest - kept))
    if marked < needed(promise):
        lines.append(say("serve.desk_few", marked=marked, needed=needed(promise), good=max(20, 2 * needed(promise))))
    elif not kept:
        lines.append(say("serve.desk_none_kept"))
    expected = [(found.expected, found.kept) for found in graded.judged if found.expected is not None and found.kept]
    if expected:
        mean = sum(value * n for value, n in expected) / sum(n for _, n in expected)
        among = sum(found.among for found in graded.judged if found.kept)
        lines.append(say("serve.desk_expected", share=_percent(mean), among=among))
    lines.append(say("serve.desk_exchangeable"))
    return lines


def notes_of(graded: Graded, given: ClassFile, rows: Sequence[Any], filled: int) -> list[str]:
    """Return what a teacher should check: uneven marks, several keys, missing keys, questions without marks.

    Parameters
    ----------
    graded : Graded
        A graded class.
    given : ClassFile
        What was graded.
    rows : sequence, shape (n,)
        Row numbers as the teacher sees them.
    filled : int
        Rows whose key was taken from another row of the question.
    """
    notes = []
    if filled:
        notes.append(say("serve.desk_filled", n=filled))
    if without := sum(found == ("no_key",) for found in graded.warnings):
        notes.append(say("serve.desk_no_key", n=without))
    for same in graded.uneven[:_SHOWN]:
        marks = ", ".join(f"{say('collect.at_line', n=rows[i])}: {number(given.marks[i])}" for i in same)
        notes.append(say("serve.desk_uneven", marks=marks))
    if len(graded.uneven) > _SHOWN:
        notes.append(say("serve.desk_uneven_more", n=len(graded.uneven) - _SHOWN))
    for keys in graded.several_keys[:_SHOWN]:
        notes.append(say("serve.desk_several_keys", rows=listed(str(rows[i]) for i in keys)))
    bare = [n for n in np.unique(graded.question) if (graded.by_teacher & (graded.question == n)).sum() < 3]
    if bare and graded.by_teacher.any():
        first = listed(str(rows[int(np.flatnonzero(graded.question == n)[0])]) for n in bare)
        notes.append(say("serve.desk_bare", n=len(bare), rows=first))
    return notes


def question_rows(graded: Graded, table: pd.DataFrame, columns: DeskColumns) -> list[list[Any]]:
    """Return one row a question: its text, marked, not marked, kept, and the wrong share it was judged by.

    Parameters
    ----------
    graded : Graded
        A graded class.
    table : DataFrame
        The class file.
    columns : DeskColumns
        Which column is which.
    """
    found = []
    for number_ in np.unique(graded.question):
        rows = np.flatnonzero(graded.question == number_)
        asked = as_text(table[columns.question or columns.key].iloc[rows[0]])
        judged = next(group for group in graded.judged if int(number_) in group.questions)
        rest = int((~graded.by_teacher[rows]).sum())
        kept = rest - int(graded.read[rows].sum())
        alone = len(judged.questions) == 1  # else the figure is that of several questions, told above
        expected = round(judged.expected, 3) if alone and kept and judged.expected is not None else None
        found.append([asked, int(graded.by_teacher[rows].sum()), rest, kept, expected])
    return found


def number(value: float) -> str:
    """Return a number as the language in force writes it."""
    text = f"{value:g}"
    return text.replace(".", ",") if language() == "id" else text


def _percent(share: float) -> str:
    return f"{number(round(100 * share, 1))} %"
