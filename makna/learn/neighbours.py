"""Nearest neighbours by cosine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from makna.core.portable import Portable
from makna.learn.settings import Count

# Similarities that differ by less are equal: dense products differ in the last bits with the size of the batch.
_DECIMALS = 10
_CELLS = 8_000_000


class Neighbours(Portable, ClassifierMixin, BaseEstimator):
    """The share of each class among the `k` training rows of largest cosine similarity (Cover & Hart 1967).

    All rows as near as the `k`-th vote, so that neither the order of the training rows nor that of the batch matters;
    a row of zeros is as near to every row and gets the shares of the training rows. `k` beyond the number of training
    rows means all of them.

    Parameters
    ----------
    k : int
        Number of neighbours.

    Examples
    --------
    >>> model = Neighbours(k=1).fit([[1, 0], [0, 1]], ["baik", "buruk"])
    >>> model.predict([[3, 1]]).tolist()
    ['baik']
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_", "n_features_in_", "feature_names_in_")
    _tensors: ClassVar[tuple[str, ...]] = ("rows_", "codes_")

    def __init__(self, k: Count = 5) -> None:
        self.k = k

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the training rows.

        Parameters
        ----------
        X : array or sparse matrix, shape (n, features)
            Features.
        y : sequence, shape (n,)
            Classes.
        """
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        self.rows_ = normalize(X)
        self.classes_, self.codes_ = np.unique(y, return_inverse=True)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the class with most votes, shape (n,); the first of the classes where votes are equal."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the share of each class among the neighbours, shape (n, classes)."""
        check_is_fitted(self)
        rows = normalize(validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False))
        classes = np.eye(len(self.classes_))[self.codes_]
        k = min(self.k, len(self.codes_))
        votes = np.zeros((rows.shape[0], len(self.classes_)))
        for block in self._blocks(rows.shape[0]):
            similarity = safe_sparse_dot(rows[block], self.rows_.T)
            similarity = np.round(similarity.toarray() if sp.issparse(similarity) else similarity, _DECIMALS)
            kth = -np.partition(-similarity, k - 1, axis=1)[:, k - 1 : k]
            votes[block] = (similarity >= kth).astype(float) @ classes
        return votes / votes.sum(axis=1, keepdims=True)

    def _blocks(self, n: int) -> Iterator[slice]:
        size = max(1, _CELLS // len(self.codes_))
        return (slice(start, start + size) for start in range(0, n, size))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
