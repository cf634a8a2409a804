"""Several outputs at once, each with its own classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted, has_fit_parameter

from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.learn.baseline import Majority


def _has_probabilities(outputs: Any) -> bool:
    return all(hasattr(one, "predict_proba") for one in getattr(outputs, "estimators_", [outputs.estimator]))


def output_table(y: Any) -> np.ndarray:
    """Return the targets of several outputs, shape (n, outputs).

    Raises
    ------
    DataError
        They have not two dimensions.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    table = np.asarray(y)
    if table.ndim != 2 or table.shape[1] == 0:
        raise DataError("learn.outputs_shape", shape=table.shape)
    return table


def side_by_side(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return the answers of each output as one table, shape (n, outputs), of objects."""
    table = np.empty((len(columns[0]), len(columns)), dtype=object)
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


class SeveralOutputs(ClassifierMixin):
    """What classifiers of several outputs have in common."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy over all outputs and rows."""
        return float(np.average((self.predict(X) == np.asarray(y)).mean(axis=1), weights=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags


class PerOutput(Portable, MetaEstimatorMixin, SeveralOutputs, BaseEstimator):
    """One copy of a classifier for each output (aspect, label).

    An output with one class only among the training rows always gets that class.

    Parameters
    ----------
    estimator : classifier
        What is copied.

    Attributes
    ----------
    estimators_ : list of classifier
        One an output.

    Raises
    ------
    DataError
        y has not two dimensions.

    Examples
    --------
    >>> from makna.learn.linear import Logistic
    >>> y = [["ya", "tidak"], ["tidak", "tidak"]]
    >>> PerOutput(Logistic()).fit([[0.0], [1.0]], y).predict([[0.1]]).tolist()
    [['ya', 'tidak']]
    """

    _children: ClassVar[tuple[str, ...]] = ("estimators_",)

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit one classifier an output.

        Parameters
        ----------
        X : array, sparse matrix, texts or table with n rows
            What the classifier takes.
        y : sequence, shape (n, outputs)
            Classes.
        groups : sequence, shape (n,), or None
            Handed on to a classifier that takes groups.
        """
        y = output_table(y)
        check_consistent_length(X, y)
        further = {"groups": groups} if groups is not None and has_fit_parameter(self.estimator, "groups") else {}
        self.estimators_ = [self._fit_one(X, column, further) for column in y.T]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return classes, shape (n, outputs), as objects."""
        check_is_fitted(self, "estimators_")
        return side_by_side([estimator.predict(X) for estimator in self.estimators_])

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """Return probabilities, one array of shape (n, classes) an output."""
        check_is_fitted(self, "estimators_")
        return [estimator.predict_proba(X) for estimator in self.estimators_]

    @property
    def classes_(self) -> list[np.ndarray]:
        """Classes of each output, in the order of the probability columns."""
        return [estimator.classes_ for estimator in self.estimators_]

    def _fit_one(self, X: Any, y: np.ndarray, further: dict[str, Any]) -> Any:
        if len(set(y.tolist())) == 1:
            return Majority().fit(X, y)
        return clone(self.estimator).fit(X, y, **further)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
