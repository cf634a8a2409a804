"""Predictions kept on a scale of marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, column_or_1d

from makna.core.errors import DataError
from makna.learn.around import Around
from makna.learn.settings import Positive


def _is_made_of_others(bounded: Any) -> bool:
    return hasattr(bounded.estimator, "members")


class Bounded(Around, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """A regressor whose predictions are clipped to a scale, and rounded to its steps where it has some.

    Parameters
    ----------
    estimator : regressor
        What predicts.
    low, high : float
        Lowest and highest mark.
    step : float or None
        Distance between two marks, counted from `low`; predictions are rounded to the nearest mark, halves up. None
        leaves them as they are.

    Raises
    ------
    DataError
        `low` is not below `high`, or `step` is not positive.

    Examples
    --------
    >>> from makna.learn.linear import Ridge
    >>> marks = Bounded(Ridge(alpha=1e-9), 0, 5, step=0.5).fit([[0.0], [1.0]], [1.0, 2.0])
    >>> marks.predict([[0.2], [9.0]]).tolist()
    [1.0, 5.0]
    """

    def __init__(self, estimator: Any, low: float, high: float, step: Positive | None = None) -> None:
        self.estimator = estimator
        self.low = low
        self.high = high
        self.step = step

    def fit(
        self,
        X: Any,
        y: Any,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Fit the regressor.

        Parameters
        ----------
        X : array, sparse matrix, texts or table with n rows
            What the regressor takes.
        y : sequence, shape (n,)
            Numbers.
        X_val, y_val, groups, fitted
            Handed on to a regressor that takes them: rows that a network watches, what belongs together, and members
            that were fitted elsewhere.
        """
        if not self.low < self.high:
            raise DataError("learn.bounds", low=self.low, high=self.high)
        if self.step is not None and not self.step > 0:
            raise DataError("learn.step", step=self.step)
        further = {"X_val": X_val, "y_val": y_val, "groups": groups, "fitted": fitted}
        self._fit_inside(X, y if y is None else column_or_1d(y, warn=True), further)
        return self

    @available_if(_is_made_of_others)
    def members(self) -> dict[str, Any]:
        """Return the systems the regressor is made of, not fitted: what `fit` takes as `fitted`, by the same names."""
        return self.estimator.members()

    def predict(self, X: Any) -> np.ndarray:
        """Return marks on the scale, shape (n,)."""
        check_is_fitted(self, "estimator_")
        marks = np.asarray(self.estimator_.predict(X), dtype=float)
        if self.step is not None:
            marks = self.low + np.floor((marks - self.low) / self.step + 0.5) * self.step
        return np.clip(marks, self.low, self.high)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
