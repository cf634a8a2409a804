"""Which rows a study keeps: empty, unlabelled, too short, conflicting and repeated ones are judged once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from makna.clean.codes import codes_of, count_of, groups_of, repeated, row_key
from makna.clean.near_rows import MOST_ROWS, NearRows
from makna.clean.rows_result import RowsResult
from makna.clean.step import checked, choice, nearest
from makna.core.corpus import ID, as_pairs, as_texts, inputs, is_pairs
from makna.core.errors import DataError, RecipeError
from makna.core.task import Task

EXAMPLES = 5


@dataclass(frozen=True)
class RowSettings:
    """How rows are judged.

    Parameters
    ----------
    min_words : int
        Least number of words (pieces between spaces) of the cleaned text; of both sides for pairs.
    duplicates : {"first", "last", "none", "keep"}
        Which rows of a repeated text stay: its first, its last, none of them, or all.
    by : {"normalised", "exact", "cleaned"}
        When two rows are the same: the raw text normalised, the raw text itself, or the cleaned text normalised (the
        same tweet sent to other users). For pairs both sides, in this order.
    conflicts : {"keep", "drop", "majority"}
        What happens to the same text with different labels: it is only reported, all its rows go, or the rows of the
        commonest label stay (none where two are equally common).
    near : float or None, 0.5 … 1
        Least similarity (Jaccard, runs of four characters) of near duplicates that go too, after the repeated texts;
        which of them stay is said by `duplicates` (the first for *keep*). None drops none.

    Raises
    ------
    RecipeError
        A value that is not allowed.
    """

    min_words: int = checked(1, lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 1000, "0 … 1000")
    duplicates: str = choice("first", "last", "none", "keep")
    by: str = choice("normalised", "exact", "cleaned")
    conflicts: str = choice("keep", "drop", "majority")
    near: float | None = checked(
        None,
        lambda v: v is None or (isinstance(v, int | float) and not isinstance(v, bool) and 0.5 <= v <= 1),
        "0.5 … 1",
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not item.metadata["valid"](value):
                raise RecipeError(
                    "clean.bad_setting",
                    step="rows",
                    setting=item.name,
                    came=repr(value)[:60],
                    allowed=item.metadata["allowed"],
                )


def row_settings(value: Mapping[str, Any] | None) -> RowSettings:
    """Return the settings that a recipe's ``rows`` gives (without its ``after``).

    Raises
    ------
    RecipeError
        A setting that does not exist, or a value that is not allowed.
    """
    allowed = [item.name for item in fields(RowSettings)]
    for name in value or {}:
        if name not in allowed:
            raise RecipeError(
                "clean.unknown_setting",
                step="rows",
                came=name,
                allowed=", ".join(allowed),
                nearest=nearest(str(name), allowed),
            )
    return RowSettings(**(value or {}))


def judge_rows(
    corpus: pd.DataFrame,
    task: Task,
    settings: RowSettings | None = None,
    cleaned: Any = None,
    count_near: bool = True,
) -> RowsResult:
    """Judge every row once: empty, missing label, too short, conflicting, repeated, nearly repeated, in this order.

    Conflicts are judged before repeated rows are dropped, since afterwards there would be none to see. What the raw
    data hold (exact, normalised and near duplicates, conflicts) is counted over all rows, whatever the settings.

    Parameters
    ----------
    corpus : DataFrame, shape (n, columns)
        With `id`, the task's text columns and its target columns.
    task : Task
        Inputs and target.
    settings : RowSettings or None
        None takes the defaults.
    cleaned : sequence of str, shape (n,), or DataFrame, shape (n, 2), or None
        The cleaned texts in the order of `corpus`; None judges the raw ones.
    count_near : bool
        Whether near duplicates are counted even where none are dropped.

    Returns
    -------
    RowsResult
        Which rows stay, why the others go, and the counts.

    Raises
    ------
    DataError
        A column is missing, or `cleaned` has another shape or number of rows.
    """
    settings = settings or RowSettings()
    view = _View.of(corpus, task, cleaned, settings)
    judge = _Judge(view)
    judge.drop("empty", view.words == 0)
    judge.drop("missing_label", view.missing)
    if settings.min_words > 1:
        judge.drop("short", view.words < settings.min_words)
    conflicting = _Conflicts.of(view, np.flatnonzero(~view.missing & view.written))
    if settings.conflicts != "keep":
        among_kept = _Conflicts.of(view, np.flatnonzero(judge.kept))
        judge.drop("conflicts", among_kept.losers(view, majority=settings.conflicts == "majority"))
    if settings.duplicates != "keep":
        judge.drop("duplicates", repeated(view.keys, judge.kept, settings.duplicates))
    duplicates: dict[str, dict[str, Any]] = {"exact": count_of(view.exact), "normalised": count_of(view.normalised)}
    if settings.by == "cleaned":
        duplicates["cleaned"] = count_of(view.keys)
    near = NearRows.of(view.sides, settings.near) if count_near or settings.near else None
    if near is not None and settings.near:
        which = "first" if settings.duplicates == "keep" else settings.duplicates
        judge.drop("near", repeated(near.codes, judge.kept, which))
    if near is not None:
        duplicates["near"] = near.to_json(view.ids, view.sides)
    elif count_near:
        duplicates["near"] = {"skipped": "rows", "most_rows": MOST_ROWS}
    return RowsResult(judge.kept, judge.why, judge.steps, duplicates, conflicting.to_json(view))


@dataclass
class _View:
    """What of the corpus the judgement looks at, one entry a row."""

    ids: list[str]
    sides: list[list[str]]
    words: np.ndarray  # of the cleaned text, of the shorter side
    missing: np.ndarray
    labels: list[tuple[str, ...]]
    outputs: tuple[str, ...]
    exact: np.ndarray  # codes: equal where the texts are the same
    normalised: np.ndarray
    keys: np.ndarray  # the codes that `by` asks for

    @classmethod
    def of(cls, corpus: pd.DataFrame, task: Task, cleaned: Any, settings: RowSettings) -> _View:
        absent = [name for name in (ID, *task.text_columns, *task.target_columns) if name not in corpus.columns]
        if absent:
            raise DataError("clean.no_column", came=", ".join(map(str, corpus.columns))[:200], absent=", ".join(absent))
        sides = _sides(inputs(corpus, task))
        clean_sides = sides if cleaned is None else _sides(cleaned)
        if len(clean_sides) != len(sides) or len(clean_sides[0]) != len(corpus):
            raise DataError("clean.length_differs", came=len(clean_sides[0]), rows=len(corpus))
        missing, labels = _labels(corpus, task)
        exact, normal = codes_of(sides), codes_of([[row_key(text) for text in side] for side in sides])
        keys = {"exact": exact, "normalised": normal}.get(settings.by)
        if keys is None:
            keys = codes_of([[row_key(text) for text in side] for side in clean_sides])
        words = np.array([[len(text.split()) for text in side] for side in clean_sides], dtype=int).min(axis=0)
        ids = [str(value) for value in corpus[ID]]
        return cls(ids, sides, words, missing, labels, task.outputs, exact, normal, keys)

    @property
    def written(self) -> np.ndarray:
        """Whether a row has any text: two empty answers say nothing different."""
        return np.array([any(side[row].strip() for side in self.sides) for row in range(len(self.ids))], dtype=bool)

    def text(self, row: int) -> dict[str, str]:
        names = ("text",) if len(self.sides) == 1 else ("text_a", "text_b")
        return {name: side[row] for name, side in zip(names, self.sides, strict=True)}


@dataclass
class _Judge:
    """Keeps the tally while rows are dropped step by step."""

    view: _View
    kept: np.ndarray = field(init=False)
    why: np.ndarray = field(init=False)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = np.ones(len(self.view.ids), dtype=bool)
        self.why = np.full(len(self.view.ids), "", dtype=object)

    def drop(self, name: str, bad: np.ndarray) -> None:
        dropped = self.kept & bad
        before = int(self.kept.sum())
        self.why[dropped] = name
        self.kept &= ~bad
        examples = [{"id": self.view.ids[row]} | self.view.text(row) for row in np.flatnonzero(dropped)[:EXAMPLES]]
        self.steps.append({"name": name, "before": before, "after": int(self.kept.sum()), "examples": examples})


@dataclass
class _Conflicts:
    """Groups of rows with the same text and different labels."""

    groups: list[np.ndarray]  # positions of rows

    @classmethod
    def of(cls, view: _View, rows: np.ndarray) -> _Conflicts:
        groups = groups_of(view.keys[rows])
        found = (rows[members] for members in groups)
        return cls([members for members in found if len({view.labels[row] for row in members}) > 1])

    def losers(self, view: _View, majority: bool) -> np.ndarray:
        bad = np.zeros(len(view.ids), dtype=bool)
        for members in self.groups:
            bad[members] = True
            (commonest, first), (_, second) = Counter(view.labels[row] for row in members).most_common(2)
            if majority and first > second:
                bad[[row for row in members if view.labels[row] == commonest]] = False
        return bad

    def to_json(self, view: _View) -> dict[str, Any]:
        examples = [
            view.text(members[0]) | {"labels": _label_counts(view, members)} for members in self.groups[:EXAMPLES]
        ]
        return {"groups": len(self.groups), "rows": sum(map(len, self.groups)), "examples": examples}


def _sides(X: Any) -> list[list[str]]:
    return list(as_pairs(X)) if is_pairs(X) else [as_texts(X)]


def _labels(corpus: pd.DataFrame, task: Task) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Return which rows lack a label (one of them, for several outputs), and the labels of every row as texts."""
    frame = corpus[list(task.target_columns)]
    if task.is_number:
        numbers = frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        return ~np.isfinite(numbers).all(axis=1), [tuple(f"{v:g}" for v in row) for row in numbers]
    missing = frame.isna().to_numpy()
    texts = frame.astype(object).where(~missing, "").to_numpy(dtype=object)
    labels = [tuple(str(value) for value in row) for row in texts]
    blank = np.array([any(not value.strip() for value in row) for row in labels], dtype=bool)
    return missing.any(axis=1) | blank, labels


def _label_counts(view: _View, members: np.ndarray) -> dict[str, int]:
    """Return label → rows; of several outputs only those that differ, as ``OUTPUT=LABEL``."""
    rows = [view.labels[row] for row in members]
    differing = [i for i in range(len(rows[0])) if len({row[i] for row in rows}) > 1]
    counts: dict[str, int] = {}
    for row in rows:
        named = len(row) > 1
        name = ", ".join(f"{view.outputs[i]}={row[i]}" if named else row[i] for i in differing)
        counts[name] = counts.get(name, 0) + 1
    return counts
