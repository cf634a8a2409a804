from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler

from makna.represent.scale import Standardise

X = np.random.default_rng(0).gamma(2.0, size=(20, 3))


def test_against_scikit_learn() -> None:
    np.testing.assert_array_equal(Standardise().fit_transform(X), StandardScaler().fit_transform(X))
    np.testing.assert_allclose(Standardise().fit_transform(X).mean(axis=0), 0, atol=1e-12)


def test_new_rows_are_scaled_by_the_training_rows() -> None:
    model = Standardise().fit(X)
    np.testing.assert_allclose(model.transform(X[:1] + X.std(axis=0)), model.transform(X[:1]) + 1)


def test_a_constant_feature_becomes_zero() -> None:
    assert Standardise().fit_transform([[3.0], [3.0]]).tolist() == [[0.0], [0.0]]


def test_sparse_features_are_scaled_without_a_mean() -> None:
    found = Standardise(with_mean=False).fit_transform(sp.csr_matrix(X))
    np.testing.assert_allclose(found.toarray(), X / X.std(axis=0))
    with pytest.raises(ValueError, match="sparse"):
        Standardise().fit(sp.csr_matrix(X))
