"""Probabilities for classifiers that give decision values, from rows they were not fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, indexable

from makna.core.corpus import take
from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.learn.curves import CURVES
from makna.learn.fitting import refuse_one_class
from makna.learn.settings import Folds, Seed

_LOG_FLOOR = 1e-12


def _has_decisions(calibrated: Any) -> bool:
    return hasattr(getattr(calibrated, "estimator_", calibrated.estimator), "decision_function")


class Calibrated(Portable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier with calibrated probabilities; its prediction is the class with the largest.

    The curve from decision values to probabilities is fitted on out-of-fold values of the training rows, then the
    classifier is fitted on all of them: what scikit-learn's ``CalibratedClassifierCV(ensemble=False)`` does. Where that
    gives up, this goes on: there are no more folds than the rarest class has rows (or groups), but at least two; and
    the last rows of a class are never held out. A class with a single row (or whose rows are all in one group)
    therefore stays on the training side of every fold, and enters the curve with its value from the final fit.

    Parameters
    ----------
    estimator : classifier
        Gives `decision_function`, or else `predict_proba`.
    method : {"temperature", "sigmoid", "isotonic"}
        One temperature for all classes, which never changes the answer and so keeps class weights in force (Guo et al.
        2017); Platt's sigmoid a class, which moves the answer towards the shares of the training rows; or a rising
        step curve a class (needs about a thousand rows).
    folds : int
        Number of folds, stratified by class.
    random_state : int or None
        Seed of the folds.

    Raises
    ------
    DataError
        The training rows have one class only.

    Examples
    --------
    >>> from makna.learn.linear import LinearSVM
    >>> X, y = [[0.0], [0.2], [0.1], [1.0], [0.8], [0.9]], ["buruk"] * 3 + ["baik"] * 3
    >>> Calibrated(LinearSVM(), folds=3).fit(X, y).predict([[0.95]]).tolist()
    ['baik']
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_",)
    _tensors: ClassVar[tuple[str, ...]] = ("points_", "starts_")
    _children: ClassVar[tuple[str, ...]] = ("estimator_",)

    def __init__(
        self,
        estimator: Any,
        method: Literal["sigmoid", "isotonic", "temperature"] = "temperature",
        folds: Folds = 5,
        random_state: Seed = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit the curve on out-of-fold values, and the classifier on all rows.

        Parameters
        ----------
        X : array, sparse matrix, texts or table with n rows
            What the classifier takes.
        y : sequence, shape (n,)
            Classes.
        groups : sequence, shape (n,), or None
            Rows of one group are held out together.
        """
        if self.method not in CURVES:
            raise DataError("learn.calibrate_method", method=self.method, allowed=", ".join(CURVES))
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        X, y, groups = indexable(X, y, groups)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        refuse_one_class(self.estimator, y)
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        values = self._values(self.estimator_, X)
        for train, held in folds_of(codes, self.folds, groups, self.random_state):
            fold = clone(self.estimator).fit(_rows(X, train), y[train])
            values[held] = self._values(fold, _rows(X, held))
        self.points_, self.starts_ = CURVES[self.method].fit(values, codes, len(self.classes_))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each row, shape (n,)."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return calibrated probabilities, shape (n, classes)."""
        check_is_fitted(self, "points_")
        return CURVES[self.method].apply(self._values(self.estimator_, X), self.points_, self.starts_)

    @available_if(_has_decisions)
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the classifier's own decision values, shape (n,) or (n, classes)."""
        check_is_fitted(self, "points_")
        return self.estimator_.decision_function(X)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`, where the classifier counts them."""
        return self.estimator_.n_features_in_

    def _values(self, estimator: Any, X: Any) -> np.ndarray:
        """Return decision values, shape (n, columns); one column for two classes."""
        if hasattr(estimator, "decision_function"):
            values = np.array(estimator.decision_function(X), dtype=float)
        else:
            values = np.array(estimator.predict_proba(X), dtype=float)
            if self.method == "temperature":
                return np.log(values + _LOG_FLOOR)
            if values.shape[1] == 2:
                values = values[:, 1]
        return values[:, None] if values.ndim == 1 else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def folds_of(
    codes: np.ndarray, folds: int, groups: Any = None, random_state: int | None = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield training and held-out rows so that every class is in every training part.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Codes of the classes, 0 to classes - 1.
    folds : int
        Most folds; fewer where a class has fewer rows (groups), but at least two.
    groups : sequence, shape (n,), or None
        Rows of one group are held out together; one group alone cannot be, and is not heeded.
    random_state : int or None
        Seed.

    Examples
    --------
    >>> [held.size for _, held in folds_of(np.array([0, 0, 0, 1, 1, 2]), folds=5)]
    [3, 2]
    """
    units = np.arange(len(codes)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if units.max() == 0:
        units, groups = np.arange(len(codes)), None
    sizes = np.array([len(np.unique(units[codes == code])) for code in np.unique(codes)])
    if not (sizes > 1).any():
        return
    k = min(folds, int(sizes[sizes > 1].min()))
    splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(k, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = list(splitter.split(codes, codes, None if groups is None else units))
    for train, held in parts:
        lost = np.setdiff1d(codes, codes[train])
        kept = np.isin(units[held], units[held][np.isin(codes[held], lost)])
        if not kept.all():
            yield np.sort(np.concatenate([train, held[kept]])), held[~kept]


def _rows(X: Any, rows: np.ndarray) -> Any:
    if isinstance(X, np.ndarray) or sp.issparse(X):
        return X[rows]
    return take(X, rows)
