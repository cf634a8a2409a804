from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neighbors import KNeighborsClassifier

from makna.learn import neighbours
from makna.learn.neighbours import Neighbours

rng = np.random.default_rng(3)
X = rng.normal(size=(60, 5))
Y = np.array(["a", "b", "c"], dtype=object)[rng.integers(0, 3, 60)]
NEW = rng.normal(size=(25, 5))


@pytest.mark.parametrize("k", [1, 4, 60])
def test_against_scikit_learn_where_nothing_ties(k: int) -> None:
    oracle = KNeighborsClassifier(k, metric="cosine").fit(X, Y)
    for data, new in ((X, NEW), (sp.csr_matrix(X), sp.csr_matrix(NEW))):
        model = Neighbours(k).fit(data, Y)
        np.testing.assert_allclose(model.predict_proba(new), oracle.predict_proba(NEW), atol=1e-15)
        np.testing.assert_array_equal(model.predict(new), oracle.predict(NEW))


def test_all_that_tie_with_the_last_neighbour_vote() -> None:
    model = Neighbours(k=1).fit([[1, 0], [2, 0], [3, 0], [0, 1]], ["a", "b", "b", "c"])
    np.testing.assert_allclose(model.predict_proba([[5, 0]]), [[1 / 3, 2 / 3, 0]])


def test_rows_that_differ_in_rounding_alone_tie() -> None:
    rows = np.vstack([X * size for size in (0.1, 0.3, 7.0)])
    model = Neighbours(k=1).fit(rows, np.repeat(["a", "b", "c"], 60))
    np.testing.assert_allclose(model.predict_proba(X * 0.7), 1 / 3)


def test_order_of_training_rows_does_not_matter() -> None:
    rows = np.repeat(X[:10], 3, axis=0)
    labels = np.tile(np.array(["a", "b", "b"], dtype=object), 10)
    order = rng.permutation(30)
    a, b = Neighbours(2).fit(rows, labels), Neighbours(2).fit(rows[order], labels[order])
    np.testing.assert_array_equal(a.predict_proba(NEW), b.predict_proba(NEW))


def test_a_row_of_zeros_gets_the_shares_of_the_training_rows() -> None:
    model = Neighbours(2).fit([[1, 0], [0, 1], [1, 1], [2, 1]], ["a", "b", "b", "b"])
    assert model.predict_proba([[0, 0]]).tolist() == [[0.25, 0.75]]


def test_more_neighbours_than_rows_are_all_rows() -> None:
    assert Neighbours(9).fit([[1, 0], [0, 1]], ["a", "b"]).predict_proba([[1, 0]]).tolist() == [[0.5, 0.5]]


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Neighbours(3).fit(X, Y)
    whole = model.predict_proba(NEW)
    monkeypatch.setattr(neighbours, "_CELLS", 7 * 60)
    np.testing.assert_array_equal(model.predict_proba(NEW), whole)
