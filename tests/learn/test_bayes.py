from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.naive_bayes import ComplementNB, MultinomialNB

from makna.core.errors import DataError
from makna.learn.bayes import NaiveBayes

rng = np.random.default_rng(2)
COUNTS = rng.poisson(1.0, size=(40, 6))
Y = np.array(["a", "b", "b", "c"] * 10, dtype=object)


@pytest.mark.parametrize("alpha", [0.1, 1.0])
@pytest.mark.parametrize("counts", [COUNTS, sp.csr_matrix(COUNTS)])
def test_against_scikit_learn(alpha: float, counts: object) -> None:
    for kind, oracle in (("complement", ComplementNB(alpha=alpha)), ("multinomial", MultinomialNB(alpha=alpha))):
        ours, oracle = NaiveBayes(kind, alpha).fit(counts, Y), oracle.fit(counts, Y)
        np.testing.assert_allclose(ours.predict_proba(counts), oracle.predict_proba(counts), rtol=1e-10)
        np.testing.assert_array_equal(ours.predict(counts), oracle.predict(counts))


def test_worked_number() -> None:
    # P(w|a) = (2+1)/(2+2), P(w|b) = (0+1)/(4+2), P(a) = 1/3: (1/3 · 3/4) / (1/3 · 3/4 + 2/3 · 1/6) = 9/13.
    model = NaiveBayes("multinomial").fit([[2, 0], [0, 2], [0, 2]], ["a", "b", "b"])
    assert model.predict_proba([[1, 0]])[0, 0] == pytest.approx(9 / 13)


@pytest.mark.parametrize("X", [[[1.0, -0.5], [1.0, 2.0]], sp.csr_matrix([[1.0, -0.5], [1.0, 2.0]])])
def test_negative_features_are_refused(X: object) -> None:
    with pytest.raises(DataError) as caught:
        NaiveBayes().fit(X, ["a", "b"])
    assert caught.value.fields["lowest"] == -0.5
    assert "-0.5" in str(caught.value)


def test_one_class_is_learned() -> None:
    model = NaiveBayes().fit([[1, 0], [0, 1]], ["a", "a"])
    assert model.predict([[5, 1]]).tolist() == ["a"]
    assert model.predict_proba([[5, 1]]).tolist() == [[1.0]]
