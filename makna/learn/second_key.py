"""A second key for each question: a fully correct answer among the training rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from makna.core.corpus import PAIR, as_pairs, normalised, text_array
from makna.core.errors import DataError
from makna.core.tags import TakesTexts
from makna.learn.around import Around
from makna.learn.finetune_fit import seed_of
from makna.learn.fitting import number_target
from makna.learn.settings import Seed

Answer = Literal["key", "mean", "max"]


class SecondKey(TakesTexts, Around, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """A regressor of (answer, key), or a whole chain of steps, that learns every answer beside two keys.

    For each key, one answer of the training rows with the highest mark becomes its second key, and the training rows of
    the key are repeated with it in the key's place. A row whose answer is the second key itself is not repeated. Only
    the rows it is fitted on are looked at: no answer of another row ever stands as a key.

    Parameters
    ----------
    estimator : regressor or Pipeline
        What learns; it takes pairs, the answer first.
    answer : {"key", "mean", "max"}
        What is answered: what the estimator says of the answer beside its own key, or the mean or the larger of that
        and what it says beside the second key. A key that no training row has, or without a second one, is asked alone.
    full : float or None
        Least mark of an answer that may be a second key; None: the highest mark of the training rows.
    random_state : int or None
        Seed of the choice where a key has several; it does not depend on the order of the rows.

    Attributes
    ----------
    keys_ : dict of str
        Second key of each key, by the key as `makna.core.corpus.normalised` writes it.
    facts_ : dict
        ``{"second_key": {"keys", "with_second", "rows", "repeated", "full", "answer"}}``: keys among the training rows,
        how many of them got a second one, training rows, and how many of them were repeated.

    Raises
    ------
    DataError
        X does not hold pairs, or a setting does not exist.

    Notes
    -----
    Two keys are one where they differ in case, punctuation or space alone. Repeated rows are in the group of their row
    (a row is its own group where none is given), so that an estimator that parts its training rows has both on one
    side. Rows that a network watches are handed on as they are.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Ridge
    >>> from makna.represent.pairs import OverlapFeatures
    >>> rows = pd.DataFrame({"text_a": ["ibu kota", "pusat pemerintahan", "entah"], "text_b": ["Jakarta"] * 3})
    >>> model = SecondKey(make_pipeline(OverlapFeatures(), Ridge())).fit(rows, [0.0, 5.0, 0.0])
    >>> model.keys_
    {'jakarta': 'pusat pemerintahan'}
    >>> model.facts_["second_key"]["repeated"]
    2
    """

    _json: ClassVar[tuple[str, ...]] = ("keys_", "facts_")

    def __init__(
        self, estimator: Any, answer: Answer = "key", full: float | None = None, random_state: Seed = 0
    ) -> None:
        self.estimator = estimator
        self.answer = answer
        self.full = full
        self.random_state = random_state

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Choose second keys, and fit on the rows and their repetitions.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Answers and keys.
        y : sequence of float, shape (n,)
            Marks.
        X_val, y_val : as X and y, or None
            Rows that a network watches; handed on as they are.
        groups : sequence, shape (n,), or None
            Handed on, repeated rows in the group of their row.
        """
        if self.answer not in _ANSWERS:
            raise DataError("learn.second_key_answer", came=self.answer, allowed=", ".join(_ANSWERS))
        answers, keys = as_pairs(X)
        marks = number_target(y)
        check_consistent_length(answers, marks, groups)
        full = float(marks.max()) if self.full is None else self.full
        self.keys_ = self._second_keys(answers, keys, marks >= full)
        seconds = [self.keys_.get(normalised(key)) for key in keys]
        repeated = np.array(
            [row for row, second in enumerate(seconds) if second and normalised(second) != normalised(answers[row])],
            dtype=int,
        )
        rows = np.concatenate([np.arange(len(marks)), repeated])
        if groups is not None or len(repeated):
            groups = (np.arange(len(marks)) if groups is None else np.asarray(groups))[rows]
        shown = _pairs([answers[row] for row in rows], [*keys, *(seconds[row] for row in repeated)])
        self.facts_ = {
            "second_key": {
                "keys": len({normalised(key) for key in keys}),
                "with_second": len(self.keys_),
                "rows": len(marks),
                "repeated": len(repeated),
                "full": full,
                "answer": self.answer,
            }
        }
        self._fit_inside(shown, marks[rows], {"X_val": X_val, "y_val": y_val, "groups": groups})
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the mark of each answer, shape (n,)."""
        check_is_fitted(self, "estimator_")
        marks = np.asarray(self.estimator_.predict(X), dtype=float)
        if self.answer == "key":
            return marks
        answers, keys = as_pairs(X)
        seconds = [self.keys_.get(normalised(key)) for key in keys]
        rows = np.array([row for row, second in enumerate(seconds) if second], dtype=int)
        if len(rows):
            other = self.estimator_.predict(_pairs([answers[row] for row in rows], [seconds[row] for row in rows]))
            marks[rows] = _ANSWERS[self.answer](marks[rows], np.asarray(other, dtype=float))
        return marks

    def _second_keys(self, answers: list[str], keys: list[str], is_full: np.ndarray) -> dict[str, str]:
        """Return an answer for each key that has a right one; of those that are alike it knows one."""
        found: dict[str, dict[str, str]] = {}
        for row in np.flatnonzero(is_full):
            key, answer = normalised(keys[row]), normalised(answers[row])
            if answer and answer != key:
                among = found.setdefault(key, {})
                among[answer] = min(answers[row], among.get(answer, answers[row]))
        rng = np.random.default_rng(seed_of(self.random_state))
        return {key: found[key][sorted(found[key])[rng.integers(len(found[key]))]] for key in sorted(found)}


_ANSWERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "key": lambda own, other: own,
    "mean": lambda own, other: (own + other) / 2,
    "max": np.maximum,
}


def _pairs(first: list[Any], second: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(PAIR, map(text_array, (first, second)), strict=True)))
