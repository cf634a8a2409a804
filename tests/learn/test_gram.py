from __future__ import annotations

import weakref

import numpy as np
import pytest
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel

from makna.core.memo import sharing
from makna.learn.gram import KERNELS, Gaussian, Linear, Polynomial, square_room

rng = np.random.default_rng(0)
A = rng.normal(size=(150, 4))
B = rng.normal(size=(70, 4))
ORACLES = {
    "linear": linear_kernel(A, B),
    "poly": polynomial_kernel(A, B, degree=3, gamma=0.3, coef0=0),
    "rbf": rbf_kernel(A, B, gamma=0.3),
}


@pytest.mark.parametrize("name", list(KERNELS))
def test_kernels_are_those_of_scikit_learn(name: str) -> None:
    kernel = KERNELS[name](0.3, 3)
    np.testing.assert_allclose(kernel.matrix(A, B), ORACLES[name], atol=1e-12)
    weights = rng.normal(size=(2, 70))
    np.testing.assert_allclose(kernel.sums(A, B, weights), ORACLES[name] @ weights.T, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_products_of_explicit_features_are_the_kernel(degree: int) -> None:
    kernel = Polynomial(0.3, degree)
    features = kernel.features(A)
    assert features.shape == (150, kernel.width(4))
    expected = polynomial_kernel(A, A, degree=degree, gamma=0.3, coef0=0)
    np.testing.assert_allclose(features @ features.T, expected, atol=1e-12)


def test_how_many_explicit_features() -> None:
    assert Polynomial(1.0, 3).width(10) == 220
    assert Linear(1.0, 3).width(10) == 10
    assert Gaussian(1.0, 3).width(10) is None


def test_rows_equal_themselves() -> None:
    far = 1e4 + rng.normal(size=(50, 3))
    assert np.diag(Gaussian(1e-3, 3).matrix(far, far)).max() <= 1


def test_memory_of_a_matrix_is_used_again() -> None:
    with sharing():
        with square_room(20) as room:
            first = room.ctypes.data
            room[:] = 1
        with square_room(19) as smaller:
            assert smaller.shape == (19, 19)
            assert smaller.ctypes.data == first
            # Whoever asks meanwhile gets memory of its own.
            with square_room(19) as other:
                assert not np.shares_memory(smaller, other)
        with square_room(40) as larger:
            assert larger.shape == (40, 40)
        with square_room(30) as room:
            assert np.shares_memory(room, larger)


def test_outside_a_run_no_memory_is_kept() -> None:
    with square_room(20) as room:
        kept = weakref.ref(room.base)
    del room
    assert kept() is None
