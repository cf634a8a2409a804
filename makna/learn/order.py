"""Answers that do not depend on which side of a pair comes first, by construction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d

from makna.core.corpus import PAIR, as_pairs, text_array
from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.core.tags import TakesTexts
from makna.learn.around import Around

How = Literal["sorted", "both"]


def shorter_first(X: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Return pairs with the shorter side first (of equally long ones the first in the alphabet), and which were turned.

    Parameters
    ----------
    X : DataFrame, shape (n, 2)
        Pairs of texts.

    Returns
    -------
    DataFrame, shape (n, 2); ndarray of bool, shape (n,)
    """
    first, second = as_pairs(X)
    turned = np.array([(len(b), b) < (len(a), a) for a, b in zip(first, second, strict=True)], dtype=bool)
    return _chosen(X, first, second, turned), turned


def turned_round(X: Any) -> pd.DataFrame:
    """Return pairs with their sides changed over."""
    first, second = as_pairs(X)
    return _chosen(X, first, second, np.ones(len(first), dtype=bool))


def _chosen(X: pd.DataFrame, first: list[str], second: list[str], turned: np.ndarray) -> pd.DataFrame:
    sides = zip(first, second, turned, strict=True)
    rows = [(b, a) if is_turned else (a, b) for a, b, is_turned in sides]
    columns = zip(*rows, strict=True) if rows else ([], [])
    return pd.DataFrame(dict(zip(PAIR, map(text_array, columns), strict=True)), index=X.index)


class SortedSides(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """Pairs with the shorter side first: whatever follows cannot tell the order they came in.

    Examples
    --------
    >>> pair = pd.DataFrame({"text_a": ["apa kabar hari ini"], "text_b": ["apa kabar"]})
    >>> SortedSides().fit_transform(pair).iloc[0].tolist()
    ['apa kabar', 'apa kabar hari ini']
    """

    _json: ClassVar[tuple[str, ...]] = ("n_sides_",)
    is_stateless: ClassVar[bool] = True

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that X holds pairs; nothing is learned.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : None
            Not looked at.
        """
        self.n_sides_ = len(as_pairs(X))
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the pairs, the shorter side first, shape (n, 2)."""
        check_is_fitted(self)
        return shorter_first(X)[0]


class Ordered(Around, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier of pairs, or a whole chain of steps, whose answer to (b, a) follows from its answer to (a, b).

    Where the order means nothing, both answers are the same. Where it means something for some classes, `swap` names
    the classes that change places when the sides do: the first side is the more specific one, or the second.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What learns; it takes pairs.
    how : {"sorted", "both"}
        Show it each pair with the shorter side first; or show it both orders, learn from both, and take the mean of its
        probabilities, which costs twice as much.
    swap : dict of str or None
        Class → the class it becomes when the sides change places; one direction is enough.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        Classes of the training rows, and those they become.

    Raises
    ------
    DataError
        X does not hold pairs, or `swap` sends two classes to the same one.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Logistic
    >>> from makna.represent.lengths import LengthFeatures
    >>> pairs = pd.DataFrame({"text_a": ["a", "a b c"], "text_b": ["a b", "a"]})
    >>> longer = Ordered(make_pipeline(LengthFeatures(), Logistic()), "both", {"first": "second"})
    >>> longer = longer.fit(pairs, ["second", "first"])
    >>> bool((longer.predict_proba(pairs) == longer.predict_proba(turned_round(pairs))[:, ::-1]).all())
    True
    """

    _json: ClassVar[tuple[str, ...]] = ("known_",)

    def __init__(self, estimator: Any, how: How = "sorted", swap: dict[str, str] | None = None) -> None:
        self.estimator = estimator
        self.how = how
        self.swap = swap

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Fit on pairs.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : sequence, shape (n,)
            Classes.
        X_val, y_val : as X and y, or None
            Rows that a network watches; they are shown in the same way.
        groups : sequence, shape (n,), or None
            Handed on; both orders of a pair are in one group.
        """
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        swap = self._swap()
        labels = column_or_1d(np.asarray(y), warn=True)
        shown, told, rows = self._shown(X, labels, swap)
        if groups is not None:
            groups = np.asarray(groups)[rows]
        elif len(rows) > len(labels):
            groups = rows
        watched, truth = None, None
        if X_val is not None and y_val is not None:
            watched, truth, _ = self._shown(X_val, np.asarray(y_val), swap)
        self._fit_inside(shown, told, {"X_val": watched, "y_val": truth, "groups": groups})
        self.known_ = sorted({*labels.tolist(), *_swapped(labels, swap).tolist()})
        return self

    @property
    def classes_(self) -> np.ndarray:
        """Classes, in the order of the probability columns."""
        return np.asarray(self.known_, dtype=object)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, shape (n, classes)."""
        check_is_fitted(self, "estimator_")
        if self.how == "both":
            return (self._said(X) + self._said(turned_round(X))[:, self._places()]) / 2
        shown, turned = shorter_first(X)
        said = self._said(shown)
        other = said[:, self._places()]
        first, second = as_pairs(shown)
        alike = np.array([a == b for a, b in zip(first, second, strict=True)], dtype=bool)  # no direction at all
        return np.where(alike[:, None], (said + other) / 2, np.where(turned[:, None], other, said))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each pair, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def _shown(self, X: Any, y: np.ndarray, swap: Mapping[Any, Any]) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Return pairs as the estimator sees them, their classes, and which row each comes from."""
        rows = np.arange(len(y))
        if self.how == "both":
            X = X.set_axis(list(PAIR), axis=1) if len(as_pairs(X)) == 2 else X
            both = pd.concat([X, turned_round(X)], ignore_index=True)
            return both, np.concatenate([y, _swapped(y, swap)]), np.concatenate([rows, rows])
        shown, turned = shorter_first(X)
        return shown, np.where(turned, _swapped(y, swap), y), rows

    def _said(self, X: Any) -> np.ndarray:
        """Return the estimator's probabilities, a column for every class of this one."""
        said = self.estimator_.predict_proba(X)
        place = {label: j for j, label in enumerate(self.estimator_.classes_.tolist())}
        columns = [said[:, place[label]] if label in place else np.zeros(len(said)) for label in self.known_]
        return np.stack(columns, axis=1)

    def _places(self) -> list[int]:
        """Return which column each column becomes when the sides change places."""
        swap = self._swap()
        return [self.known_.index(swap.get(label, label)) for label in self.known_]

    def _swap(self) -> dict[str, str]:
        """Return `swap` in both directions."""
        both: dict[str, str] = {}
        for one, other in (self.swap or {}).items():
            if both.setdefault(one, other) != other or both.setdefault(other, one) != one:
                raise DataError("learn.swap", came=one, first=both.get(one, other), second=both.get(other, one))
        return both


def _swapped(labels: np.ndarray, swap: Mapping[Any, Any]) -> np.ndarray:
    return np.array([swap.get(label, label) for label in labels.tolist()], dtype=labels.dtype)
