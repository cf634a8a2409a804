"""A system that knows which training answers were given to the same key: learning within keys, and marked answers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from makna.core.corpus import as_pairs, is_pairs, take
from makna.core.errors import DataError
from makna.core.tags import TakesTexts
from makna.learn.around import Around, fit_before, learner_of, taken
from makna.learn.fitting import number_target
from makna.learn.marked import MarkedAnswers, key_numbers, numbered_keys
from makna.learn.settings import NotNegative


class PerKey(TakesTexts, Around, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """A regressor of (answer, key), or a whole chain of steps, that is told which rows have the same key.

    `within`: questions differ in how strictly they are marked and in how close a right answer is to its key. So that
    these differences are not taken for what makes an answer good, the means of each key's training rows are taken from
    its marks and its features before the regressor learns (fixed effects, the "within" estimator; Mundlak 1978). An
    answer to a new key is judged against the mean of all keys' means, each key counting once; one to a known key
    against that and against its own key's means, the second weighing n / (n + `shrink`) with n training rows.

    `marked`: the marks of the training answers to the same key stand beside the features (`MarkedAnswers`); they help
    with keys that have marked answers, and mislead with new ones, for training rows have them all.

    Keys are one where they differ in case, punctuation or space alone.

    Parameters
    ----------
    estimator : regressor or Pipeline
        What learns. Features that are sparse, and texts, are not moved by `within`: only the marks are.
    within : bool
        Learn within keys.
    marked : bool
        Add the marks of answers alike to the features.
    encoder : str or None
        For `marked`: an encoder whose vectors say how like answers are, beside runs of characters.
    shrink : float
        For `within`: training rows at which a key's own means weigh as much as those of all keys.

    Attributes
    ----------
    keys_ : list of str
        Keys of the training rows.
    counts_, levels_ : ndarray, shape (keys,)
        Rows of each key and their mean mark.
    means_ : ndarray, shape (keys, features)
        Means of each key's features; as many columns as are moved, none where they are not.
    marked_ : MarkedAnswers
        With `marked`.
    facts_ : dict
        ``{"per_key": {"keys", "rows", "fewest", "lowest", "highest", "within", "marked"}}``: training rows of the key
        that has fewest, and the lowest and highest mean mark of a key.

    Raises
    ------
    DataError
        X does not hold pairs, or marks are to stand beside features where there are none.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Ridge
    >>> from makna.represent.pairs import OverlapFeatures
    >>> answers, keys = ["hijau daun", "entah"] * 2, ["hijau daun"] * 2 + ["entah berapa"] * 2
    >>> rows = pd.DataFrame({"text_a": answers, "text_b": keys})
    >>> model = PerKey(make_pipeline(OverlapFeatures(), Ridge())).fit(rows, [5.0, 3.0, 0.0, 2.0])
    >>> model.levels_.tolist()
    [1.0, 4.0]
    """

    _json: ClassVar[tuple[str, ...]] = ("keys_", "facts_")
    _tensors: ClassVar[tuple[str, ...]] = ("counts_", "levels_", "means_")
    _children: ClassVar[tuple[str, ...]] = ("estimator_", "marked_")

    def __init__(
        self,
        estimator: Any,
        within: bool = True,
        marked: bool = False,
        encoder: Annotated[str, Field(min_length=1)] | None = None,
        shrink: NotNegative = 3.0,
    ) -> None:
        self.estimator = estimator
        self.within = within
        self.marked = marked
        self.encoder = encoder
        self.shrink = shrink

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Fit the steps before the regressor on the rows as they are, and the regressor on what is told per key.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Answers and keys.
        y : sequence of float, shape (n,)
            Marks.
        X_val, y_val : as X and y, or None
            Rows that a network watches, told the same way.
        groups : sequence, shape (n,), or None
            Handed on.
        """
        answers, keys = as_pairs(X)
        marks = number_target(y)
        check_consistent_length(answers, marks, groups)
        self.keys_, of = numbered_keys(keys)
        self.counts_ = np.bincount(of).astype(float)
        self.levels_ = np.bincount(of, marks) / self.counts_
        self.estimator_ = clone(self.estimator)
        learner, rows, watched = fit_before(self.estimator_, X, marks, {"X_val": X_val, "groups": groups})
        if self.marked:
            self.marked_ = MarkedAnswers(self.encoder).fit(X, marks)
            rows = _beside(rows, self.marked_.beside_training())
            watched = None if watched is None else _beside(watched, self.marked_.transform(X_val))
        self._center(rows, of)
        further = {"groups": groups, "X_val": watched, "y_val": y_val}
        if self.within:
            rows, marks = self._moved(rows, of), marks - self.levels_[of]
            if watched is not None:
                known = key_numbers(self.keys_, as_pairs(X_val)[1])
                further["X_val"] = self._moved(watched, known)
                further["y_val"] = np.asarray(y_val, dtype=float) - self._level(known)
        learner.fit(rows, marks, **taken(learner, further))
        self.facts_ = {
            "per_key": {
                "keys": len(self.keys_),
                "rows": len(marks),
                "fewest": int(self.counts_.min()),
                "lowest": float(self.levels_.min()),
                "highest": float(self.levels_.max()),
                "within": self.within,
                "marked": self.marked,
            }
        }
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the mark of each answer, shape (n,)."""
        check_is_fitted(self, "estimator_")
        rows, keys = X, as_pairs(X)[1]
        for _, step in self.estimator_.steps[:-1] if isinstance(self.estimator_, Pipeline) else []:
            rows = step.transform(rows)
        if self.marked:
            rows = _beside(rows, self.marked_.transform(X))
        learner = learner_of(self.estimator_)
        if not self.within:
            return np.asarray(learner.predict(rows), dtype=float)
        of = key_numbers(self.keys_, keys)
        new = np.full(len(of), -1)
        said = learner.predict(self._moved(rows, new)) + self._level(new)
        known = np.flatnonzero(of >= 0)
        if len(known):
            own = learner.predict(self._moved(_some(rows, known), of[known])) + self.levels_[of[known]]
            n = self.counts_[of[known]]
            said[known] += n / (n + self.shrink) * (own - said[known])
        return said

    def _center(self, rows: Any, of: np.ndarray) -> None:
        """Set the means of each key's features, where they are numbers and not sparse."""
        width = rows.shape[1] if self.within and isinstance(rows, np.ndarray) and rows.ndim == 2 else 0
        self.means_ = np.zeros((len(self.keys_), width))
        if width:
            np.add.at(self.means_, of, rows)
            self.means_ /= self.counts_[:, None]

    def _level(self, of: np.ndarray) -> np.ndarray:
        return np.where(of >= 0, self.levels_[of], self.levels_.mean())

    def _moved(self, rows: Any, of: np.ndarray) -> Any:
        """Return rows less their key's means, or those of all keys where a key is new."""
        if not self.means_.shape[1]:
            return rows
        return rows - np.where((of >= 0)[:, None], self.means_[of], self.means_.mean(axis=0))


def _beside(rows: Any, numbers: np.ndarray) -> Any:
    """Return features with further ones to their right."""
    if is_pairs(rows):
        raise DataError("learn.marked_without_features")
    return sp.hstack([rows, numbers], format="csr") if sp.issparse(rows) else np.hstack([rows, numbers])


def _some(rows: Any, places: np.ndarray) -> Any:
    return take(rows, places) if is_pairs(rows) else rows[places]
