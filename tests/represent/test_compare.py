"""Views of two vectors, against numpy on small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from makna.core.errors import DataError
from makna.learn.order import turned_round
from makna.represent.compare import Compare
from makna.represent.counts import Counts

PAIRS = pd.DataFrame({"text_a": ["ab", "", "aab"], "text_b": ["b", "", "ccc"]})
VECTORS = {"ab": [1, 1, 0], "b": [0, 1, 0], "": [0, 0, 0], "aab": [2, 1, 0], "ccc": [0, 0, 3]}


class Letters(TransformerMixin, BaseEstimator):
    """How often a, b and c occur."""

    def __init__(self, sparse: bool = False) -> None:
        self.sparse = sparse

    def fit(self, X: Any, y: Any = None) -> Any:
        self.seen_ = list(X)
        return self

    def transform(self, X: Any) -> Any:
        found = np.array([[text.count(letter) for letter in "abc"] for text in X], dtype=float)
        return sp.csr_matrix(found) if self.sparse else found


@pytest.mark.parametrize("sparse", [False, True])
def test_views_side_by_side(sparse: bool) -> None:
    made = Compare(Letters(sparse), by=["cosine", "difference", "product", "distance"]).fit_transform(PAIRS)
    made = made.toarray() if sp.issparse(made) else made
    for row, (a, b) in zip(made, PAIRS.itertuples(index=False), strict=True):
        u, v = np.array(VECTORS[a], float), np.array(VECTORS[b], float)
        lengths = np.linalg.norm(u) * np.linalg.norm(v)
        expected = [u @ v / lengths if lengths else 0.0, *np.abs(u - v), *(u * v), np.linalg.norm(u - v)]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_columns_have_names() -> None:
    compare = Compare(Counts(), by=["cosine", "product"]).fit(pd.DataFrame({"text_a": ["saya suka"], "text_b": ["ya"]}))
    assert list(compare.get_feature_names_out()) == ["cosine", "product saya", "product suka", "product ya"]


def test_all_sides_of_the_training_rows_are_learned_from() -> None:
    compare = Compare(Letters(), by=["cosine"]).fit(PAIRS)
    assert compare.estimator_.seen_ == [*PAIRS["text_a"], *PAIRS["text_b"]]


def test_the_order_of_the_sides_is_not_seen() -> None:
    compare = Compare(Counts(chars=(1, 2))).fit(PAIRS)
    assert (compare.transform(PAIRS) != compare.transform(turned_round(PAIRS))).nnz == 0


def test_an_unknown_view_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"kosinus.*cosine, difference, product, distance"):
        Compare(Letters(), by=["kosinus"]).fit(PAIRS)  # type: ignore[list-item]
