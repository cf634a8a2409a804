"""What two texts have in common in any representation: cosine, difference, product of their two vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from makna.core.corpus import as_pairs, text_array
from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.core.tags import TakesTexts

View = Literal["cosine", "difference", "product", "distance"]
Matrix = Any
"""A dense or sparse matrix, shape (n, width)."""


def cosine(a: Matrix, b: Matrix) -> np.ndarray:
    """Return the cosine of each pair of rows, shape (n, 1); 0 where one of them is all zeros."""
    products = _row_sums(_times(a, b))
    lengths = np.sqrt(_row_sums(_times(a, a)) * _row_sums(_times(b, b)))
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)[:, None]


def difference(a: Matrix, b: Matrix) -> Matrix:
    """Return |a − b|, shape (n, width)."""
    return abs(a - b)


def product(a: Matrix, b: Matrix) -> Matrix:
    """Return a · b place by place, shape (n, width)."""
    return _times(a, b)


def distance(a: Matrix, b: Matrix) -> np.ndarray:
    """Return the Euclidean distance of each pair of rows, shape (n, 1)."""
    gap = a - b
    return np.sqrt(_row_sums(_times(gap, gap)))[:, None]


_ONE = ("cosine", "distance")  # views of one column
_VIEWS: dict[str, Callable[[Matrix, Matrix], Matrix]] = {
    "cosine": cosine,
    "difference": difference,
    "product": product,
    "distance": distance,
}


class Compare(TakesTexts, Portable, MetaEstimatorMixin, TransformerMixin, BaseEstimator):
    """Pairs seen through one representation of single texts: what their two vectors have in common.

    Both sides are represented by the same fitted steps, learned from all sides of the training rows. None of the views
    depends on which side comes first.

    Parameters
    ----------
    estimator : transformer or Pipeline
        Makes vectors of single texts.
    by : list of {"cosine", "difference", "product", "distance"}
        The views, side by side in this order: cos(u, v); |u − v|; u · v place by place; ‖u − v‖.

    Raises
    ------
    DataError
        X does not hold pairs, or a view is unknown or none is named.

    Examples
    --------
    >>> import pandas as pd
    >>> from makna.represent.counts import Counts
    >>> pair = pd.DataFrame({"text_a": ["saya suka"], "text_b": ["saya suka"]})
    >>> float(Compare(Counts(), by=["cosine"]).fit_transform(pair)[0, 0].round(6))
    1.0
    """

    _json: ClassVar[tuple[str, ...]] = ("n_sides_",)
    _children: ClassVar[tuple[str, ...]] = ("estimator_",)

    def __init__(self, estimator: Any, by: list[View] | None = None) -> None:
        self.estimator = estimator
        self.by = by

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> Self:
        """Fit the representation on all sides.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : sequence, shape (n,), or None
            Handed on, once for each side.
        groups : sequence, shape (n,), or None
            Handed on where the representation takes it.
        """
        views = self._views()
        known = get_args(View)
        for view in views:
            if view not in known:
                raise DataError("represent.unknown_view", came=view, allowed=", ".join(known))
        first, second = as_pairs(X)
        self.n_sides_ = 2
        targets = None if y is None else np.concatenate([np.asarray(y)] * 2)
        made = clone(self.estimator)
        last = made.steps[-1][1] if isinstance(made, Pipeline) else made
        further = {}
        if groups is not None and not isinstance(made, Pipeline) and has_fit_parameter(last, "groups"):
            further = {"groups": np.concatenate([np.asarray(groups)] * 2)}
        self.estimator_ = made.fit(text_array([*first, *second]), targets, **further)
        return self

    def transform(self, X: Any) -> Matrix:
        """Return the views, shape (n, width); sparse where the representation is."""
        check_is_fitted(self, "estimator_")
        a, b = (self.estimator_.transform(text_array(side)) for side in as_pairs(X))
        a, b = (sp.csr_matrix(side) if sp.issparse(side) else np.asarray(side) for side in (a, b))
        found = [_VIEWS[view](a, b) for view in self._views()]
        if any(sp.issparse(part) for part in found):
            return sp.hstack(found, format="csr")
        return np.hstack(found)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns: the view, and what it is of where it has a column for each."""
        check_is_fitted(self, "estimator_")
        inside = self.estimator_.get_feature_names_out()
        named = {view: [view] if view in _ONE else [f"{view} {name}" for name in inside] for view in self._views()}
        return np.asarray([name for names in named.values() for name in names], dtype=object)

    @property
    def facts_(self) -> dict[str, Any]:
        """What the representation has to tell the report."""
        return getattr(self.estimator_, "facts_", {})

    def _views(self) -> list[str]:
        return ["cosine", "difference", "product"] if self.by is None else list(self.by)


def _times(a: Matrix, b: Matrix) -> Matrix:
    return a.multiply(b).tocsr() if sp.issparse(a) else a * b


def _row_sums(matrix: Matrix) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1), dtype=float).ravel()
