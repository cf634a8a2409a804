"""The teacher's desk: a class's answers, some of them marked, come back marked, with a list of those to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import numpy as np

from makna.core.corpus import normalised
from makna.learn.risk import Known, Promise, keep
from makna.serve.desk_checks import surroundings, warnings_of
from makna.serve.desk_features import Texts, features_of, vectors_of, views_of
from makna.serve.desk_key import Coverage, Key
from makna.serve.desk_marker import Class, Marked, MarkerSettings, mark_class

By = Literal["auto", "question", "all"]
_LEAST = 3  # marked answers of a question, for its other answers to be judged by


@dataclass(frozen=True)
class DeskSettings:
    """How a class is graded.

    Parameters
    ----------
    promise : Promise
        What is promised about the marks that need no reading.
    marker : MarkerSettings
        Scale and system.
    by : {"auto", "question", "all"}
        Whether the promise is kept for each question alone, or for all together; ``auto`` takes a question alone that
        has thirty marked answers for one wrong mark allowed (300 at a rate of 0.1), the others together: fewer keep
        more if they share what they know.
    encoder : str or None
        A frozen encoder by name (English: ``minilm``), for what counting words does not see.
    """

    promise: Promise = field(default_factory=Promise)
    marker: MarkerSettings = field(default_factory=MarkerSettings)
    by: By = "auto"
    encoder: str | None = None


@dataclass(frozen=True)
class ClassFile:
    """What a class file holds, row by row.

    Parameters
    ----------
    texts : Texts
        Answers, keys, questions.
    marks : ndarray, shape (n,)
        The teacher's; NaN where she gave none.
    """

    texts: Texts
    marks: np.ndarray


@dataclass(frozen=True)
class Judged:
    """The promise as it came out for some questions.

    Parameters
    ----------
    questions : tuple of int
        Which questions, as numbers in the order of the file.
    marked, rest, kept : int
        Rows the teacher marked, rows she did not, and of those the ones whose mark may stand.
    among : int
        Marked rows as sure as the kept ones.
    expected : float or None
        Share of wrong marks among them.
    """

    questions: tuple[int, ...]
    marked: int
    rest: int
    kept: int
    among: int
    expected: float | None


@dataclass(frozen=True)
class Graded:
    """A graded class, row by row.

    Parameters
    ----------
    mark : ndarray, shape (n,)
        The teacher's where she gave one, else makna's; NaN where there is none.
    by_teacher : ndarray of bool, shape (n,)
        Whose it is.
    doubt : ndarray, shape (n,), 0 … 1
        How likely makna's mark is to be off by more than the tolerance.
    read : ndarray of bool, shape (n,)
        Whether the teacher should read the answer.
    coverage : list of Coverage
        What of the key is covered.
    warnings : list of tuple of str
        What is odd, as names from `makna.serve.desk_checks.CHECKS`.
    question : ndarray of int, shape (n,)
        Which question a row answers.
    judged : list of Judged
        How the promise came out.
    uneven : list of list of int
        Rows of one question with the same answer and different marks of the teacher.
    several_keys : list of list of int
        Rows of one question that has several keys: the first row of each.
    """

    mark: np.ndarray
    by_teacher: np.ndarray
    doubt: np.ndarray
    read: np.ndarray
    coverage: list[Coverage]
    warnings: list[tuple[str, ...]]
    question: np.ndarray
    judged: list[Judged]
    uneven: list[list[int]]
    several_keys: list[list[int]]


def needed(promise: Promise) -> int:
    """Return the fewest marked answers with which a mark can be kept at all.

    Examples
    --------
    >>> needed(Promise(rate=0.1)), needed(Promise(rate=0.05))
    (9, 19)
    """
    return ceil(1 / promise.rate - 1e-9) - 1


@dataclass(frozen=True)
class ReadClass:
    """What is known of a class before any mark is looked at.

    Parameters
    ----------
    texts : Texts
        n rows.
    question : ndarray of int, shape (n,)
        Which question a row answers.
    coverage : list of Coverage
        What of the key is covered.
    warnings : list of tuple of str
        What is odd.
    features : ndarray, shape (n, p)
        As `makna.serve.desk_marker.Class` takes them.
    views : list
        The same.
    """

    texts: Texts
    question: np.ndarray
    coverage: list[Coverage]
    warnings: list[tuple[str, ...]]
    features: np.ndarray
    views: list[Any]


def grade(given: ClassFile, settings: DeskSettings, told: np.ndarray | None = None) -> Graded:
    """Grade a class.

    Parameters
    ----------
    given : ClassFile
        n rows; a row without a key is not graded.
    settings : DeskSettings
        How.
    told : ndarray, shape (n,), or None
        Marks of a saved model, which the marker then takes into account. It must not have been trained on this class.

    Returns
    -------
    Graded
        Nothing is kept where too few answers are marked.
    """
    return grade_read(read_class(given.texts, settings.encoder, told), given.marks, settings, told)


def read_class(texts: Texts, encoder: str | None = None, told: np.ndarray | None = None) -> ReadClass:
    """Return what is known of a class before any mark is looked at.

    Parameters
    ----------
    texts : Texts
        n rows.
    encoder : str or None
        A frozen encoder by name.
    told : ndarray, shape (n,), or None
        Marks of a saved model.
    """
    question = _questions(texts)
    keys = _keys(texts)
    coverage = [key.held_against(answer) for key, answer in zip(keys, texts.answers, strict=True)]
    is_indonesian = any(key.language in ("id", "mixed") for key in set(keys))
    features, views = features_of(texts, coverage, is_indonesian), views_of(texts.answers)
    if encoder is not None:
        of_answers, cosines = vectors_of(texts, encoder)
        features, views = np.hstack([features, cosines]), [*views, of_answers]
    if told is not None:
        features = np.hstack([features, told[:, None]])
    return ReadClass(texts, question, coverage, _warnings(texts, keys, coverage, question), features, views)


def grade_read(read: ReadClass, marks: np.ndarray, settings: DeskSettings, told: np.ndarray | None = None) -> Graded:
    """Grade a class that was read.

    Parameters
    ----------
    read : ReadClass
        n rows.
    marks : ndarray, shape (n,)
        The teacher's; NaN where she gave none.
    settings, told
        As for `grade`.
    """
    given = Class(read.features, read.views, read.question, marks)
    marked = mark_class(given, settings.promise.tolerance, settings.marker)
    mark, doubt = marked.mark.copy(), marked.doubt.copy()
    if told is not None:
        mark = np.where(np.isnan(mark), told, mark)
    empty = np.array([found == ("empty",) for found in read.warnings], dtype=bool)
    mark[empty], doubt[empty] = settings.marker.low, 0.0
    odd = np.array([bool(found) for found in read.warnings], dtype=bool) & ~empty
    mark[[found == ("no_key",) for found in read.warnings]] = np.nan
    doubt[odd] = np.inf
    kept, judged = _kept(marks, Marked(mark, doubt), read.question, settings)
    by_teacher = ~np.isnan(marks)
    return Graded(
        np.where(by_teacher, marks, mark), by_teacher, np.clip(doubt, 0, 1), ~by_teacher & ~kept, read.coverage,
        read.warnings, read.question, judged, _uneven(read.texts, marks, read.question),
        _several_keys(read.texts, read.question),
    )  # fmt: skip


def _questions(texts: Texts) -> np.ndarray:
    """Number the questions in the order of the file; without a question's text, a key is one."""
    names = [
        normalised(asked) or f"key {normalised(key)}" for asked, key in zip(texts.questions, texts.keys, strict=True)
    ]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=int)


def _keys(texts: Texts) -> list[Key]:
    made = {pair: Key(*pair) for pair in set(zip(texts.keys, texts.questions, strict=True))}
    return [made[pair] for pair in zip(texts.keys, texts.questions, strict=True)]


def _warnings(
    texts: Texts, keys: Sequence[Key], coverage: Sequence[Coverage], question: np.ndarray
) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()] * len(keys)
    for number in np.unique(question):
        rows = np.flatnonzero(question == number).tolist()
        first = rows[0]
        around = surroundings(texts.questions[first], [texts.answers[row] for row in rows], keys[first].language)
        for row in rows:
            found[row] = warnings_of(texts.answers[row], keys[row], coverage[row], around)
    return found


def _kept(
    marks: np.ndarray, marked: Marked, question: np.ndarray, settings: DeskSettings
) -> tuple[np.ndarray, list[Judged]]:
    kept = np.zeros(len(marks), dtype=bool)
    is_known = ~np.isnan(marks)
    wrong = np.abs(marked.mark - marks) > settings.promise.tolerance + 1e-9
    doubt = np.where(np.isnan(marked.mark), np.inf, marked.doubt)
    judged = []
    for numbers in _together(question, is_known, settings):
        rows = np.isin(question, numbers)
        usable = np.bincount(question[is_known], minlength=question.max() + 1)[question] >= _LEAST
        known, new = np.flatnonzero(rows & is_known & usable), np.flatnonzero(rows & ~is_known & usable)
        weight = _weights(question, is_known)
        found = keep(
            Known(doubt[known], wrong[known], weight[known]), doubt[new], settings.promise, weight[new],
        )  # fmt: skip
        kept[new] = found.rows
        judged.append(
            Judged(tuple(numbers), int((rows & is_known).sum()), int((rows & ~is_known).sum()),
                   int(found.rows.sum()), found.among, found.expected)
        )  # fmt: skip
    return kept, judged


def _together(question: np.ndarray, is_known: np.ndarray, settings: DeskSettings) -> list[list[int]]:
    """Return which questions share one promise."""
    numbers = [int(number) for number in np.unique(question)]
    if settings.by == "question":
        return [[number] for number in numbers]
    if settings.by == "all":
        return [numbers]
    enough = ceil(30 / settings.promise.rate)
    alone = [number for number in numbers if (is_known & (question == number)).sum() >= enough]
    rest = [number for number in numbers if number not in alone]
    return [*([number] for number in alone), *([rest] if rest else [])]


def _weights(question: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """Return how many rows to be marked stand beside each marked one, question by question."""
    known = np.bincount(question, weights=is_known, minlength=question.max() + 1)
    rest = np.bincount(question, weights=~is_known, minlength=question.max() + 1)
    return (rest / np.maximum(known, 1))[question]


def _uneven(texts: Texts, marks: np.ndarray, question: np.ndarray) -> list[list[int]]:
    same: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in np.flatnonzero(~np.isnan(marks)).tolist():
        same[int(question[row]), normalised(texts.answers[row])].append(row)
    return [rows for rows in same.values() if len({float(marks[row]) for row in rows}) > 1]


def _several_keys(texts: Texts, question: np.ndarray) -> list[list[int]]:
    first: dict[int, dict[str, int]] = defaultdict(dict)
    for row, number in enumerate(question):
        if texts.keys[row].strip():
            first[int(number)].setdefault(normalised(texts.keys[row]), row)
    return [list(keys.values()) for keys in first.values() if len(keys) > 1]


def told_by(model: Any, texts: Texts) -> np.ndarray:
    """Return a saved model's marks of answers against their keys, shape (n,).

    Parameters
    ----------
    model : Model
        Reads pairs and answers with numbers.
    texts : Texts
        n rows.
    """
    import pandas as pd

    pairs = pd.DataFrame({"text_a": list(texts.answers), "text_b": list(texts.keys)})
    return np.asarray(model.predict(pairs)["prediction"], dtype=float)
