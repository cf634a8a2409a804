"""What needs no features: the commonest class, the mean score."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples, check_consistent_length, check_is_fitted, column_or_1d

from makna.core.errors import DataError
from makna.core.portable import Portable


class _NoFeatures(Portable):
    """A baseline: X may be anything that has rows, texts included."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.no_validation = True
        tags.input_tags.sparse = tags.input_tags.string = tags.input_tags.allow_nan = True
        return tags


class Majority(_NoFeatures, ClassifierMixin, BaseEstimator):
    """Always the commonest class of the training rows (the first of those equally common).

    Attributes
    ----------
    shares_ : ndarray, shape (classes,)
        Shares of the classes among the training rows, the probabilities of every row.

    Examples
    --------
    >>> model = Majority().fit(["a", "b", "c", "d"], ["ya", "ya", "tidak", "ya"])
    >>> model.predict(["e"]).tolist(), model.predict_proba(["e"]).tolist()
    (['ya'], [[0.25, 0.75]])
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_",)
    _tensors: ClassVar[tuple[str, ...]] = ("shares_",)

    def fit(self, X: Any, y: Any) -> Self:
        """Count the classes.

        Parameters
        ----------
        X : anything with n rows
            Not looked at.
        y : sequence, shape (n,)
            Classes.
        """
        y = _target(X, y)
        check_classification_targets(y)
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the commonest class once a row, shape (n,)."""
        check_is_fitted(self)
        return np.repeat(self.classes_[[self.shares_.argmax()]], _rows(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the shares of the classes once a row, shape (n, classes)."""
        check_is_fitted(self)
        return np.tile(self.shares_, (_rows(X), 1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class MeanScore(_NoFeatures, RegressorMixin, BaseEstimator):
    """Always the mean of the training scores.

    Examples
    --------
    >>> MeanScore().fit(["a", "b"], [1.0, 4.0]).predict(["c"]).tolist()
    [2.5]
    """

    _json: ClassVar[tuple[str, ...]] = ("mean_",)

    def fit(self, X: Any, y: Any) -> Self:
        """Take the mean.

        Parameters
        ----------
        X : anything with n rows
            Not looked at.
        y : sequence of float, shape (n,)
            Scores.
        """
        y = check_array(_target(X, y), ensure_2d=False, dtype=float, input_name="y")
        self.mean_ = float(y.mean())
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the mean once a row, shape (n,)."""
        check_is_fitted(self)
        return np.full(_rows(X), self.mean_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


def _target(X: Any, y: Any) -> np.ndarray:
    _rows(X)
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    return y


def _rows(X: Any) -> int:
    if isinstance(X, str | bytes) or type(X) is dict:
        raise DataError("core.bad_texts", came=type(X).__name__)
    return _num_samples(X)
