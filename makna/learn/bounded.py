"""Predictions kept on a scale of marks."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, column_or_1d

from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.learn.settings import Positive


class Bounded(Portable, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
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

    _children: ClassVar[tuple[str, ...]] = ("estimator_",)

    def __init__(self, estimator: Any, low: float, high: float, step: Positive | None = None) -> None:
        self.estimator = estimator
        self.low = low
        self.high = high
        self.step = step

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the regressor on rows of features and numbers, shape (n,)."""
        if not self.low < self.high:
            raise DataError("learn.bounds", low=self.low, high=self.high)
        if self.step is not None and not self.step > 0:
            raise DataError("learn.step", step=self.step)
        self.estimator_ = clone(self.estimator).fit(X, y if y is None else column_or_1d(y, warn=True))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return marks on the scale, shape (n,)."""
        check_is_fitted(self, "estimator_")
        marks = np.asarray(self.estimator_.predict(X), dtype=float)
        if self.step is not None:
            marks = self.low + np.floor((marks - self.low) / self.step + 0.5) * self.step
        return np.clip(marks, self.low, self.high)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        return self.estimator_.n_features_in_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.regressor_tags.poor_score = True
        return tags
