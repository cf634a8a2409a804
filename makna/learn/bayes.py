"""Naive Bayes over counts."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.learn.settings import Positive


class NaiveBayes(Portable, ClassifierMixin, BaseEstimator):
    """Naive Bayes for counts or other weights that are not negative.

    Parameters
    ----------
    kind : {"complement", "multinomial"}
        Weights from the rows of all other classes (Rennie et al. 2003, table 4 without length normalisation; better for
        classes of unequal size), or from the rows of each class (McCallum & Nigam 1998).
    alpha : float
        Count added to every feature of every class (Lidstone smoothing).

    Attributes
    ----------
    weights_ : ndarray, shape (classes, features)
        Log weights of the features.
    log_prior_ : ndarray, shape (classes,)
        Log shares of the classes; zeros for "complement", which leaves them out.

    Raises
    ------
    DataError
        A feature is negative.

    Examples
    --------
    >>> model = NaiveBayes("multinomial").fit([[2, 0], [0, 2]], ["baik", "buruk"])
    >>> model.predict_proba([[1, 0]]).round(6).tolist()
    [[0.75, 0.25]]
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_", "n_features_in_", "feature_names_in_")
    _tensors: ClassVar[tuple[str, ...]] = ("weights_", "log_prior_")

    def __init__(self, kind: Literal["complement", "multinomial"] = "complement", alpha: Positive = 1.0) -> None:
        self.kind = kind
        self.alpha = alpha

    def fit(self, X: Any, y: Any) -> Self:
        """Count the features of each class.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, features)
            Numbers that are not negative.
        y : sequence, shape (n,)
            Classes.
        """
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        lowest = X.min()
        if lowest < 0:
            raise DataError("learn.negative_features", name=type(self).__name__, lowest=float(lowest))
        self.classes_, codes = np.unique(y, return_inverse=True)
        rows = np.eye(len(self.classes_))[codes]
        counts = np.asarray(safe_sparse_dot(rows.T, X))
        is_complement = self.kind == "complement"
        smoothed = (counts.sum(axis=0) - counts if is_complement else counts) + self.alpha
        logs = np.log(smoothed) - np.log(smoothed.sum(axis=1, keepdims=True))
        self.weights_ = -logs if is_complement else logs
        shares = np.log(rows.mean(axis=0))
        self.log_prior_ = np.zeros_like(shares) if is_complement else shares
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each row, shape (n,)."""
        scores = self._scores(X)
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, shape (n, classes)."""
        return np.exp(log_softmax(self._scores(X), axis=1))

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        return np.asarray(safe_sparse_dot(X, self.weights_.T)) + self.log_prior_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.classifier_tags.poor_score = True
        return tags
