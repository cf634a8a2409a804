from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVC

from makna.learn.interior import MAX_STEPS, Solution, solve

rng = np.random.default_rng(3)
F = rng.normal(size=(300, 6))
Y = np.where(F[:, 0] + 0.5 * F[:, 1] ** 2 + rng.normal(size=300) > 0.3, 1.0, -1.0)


def _solved(F: np.ndarray, y: np.ndarray, bound: np.ndarray) -> Solution:
    found = solve(F, y, bound)
    assert found is not None
    return found


def _values(found: Solution, F: np.ndarray, y: np.ndarray, bound: np.ndarray) -> tuple[float, float]:
    """Return what the machine costs, and the dual's value: the cost of the best machine lies between."""
    weights = (found.alpha * y) @ F
    cost = weights @ weights / 2 + bound @ np.maximum(0, 1 - y * (F @ weights + found.intercept))
    return float(cost), float(found.alpha.sum() - weights @ weights / 2)


@pytest.mark.parametrize(("C", "size"), [(1e-3, 1.0), (1.0, 1.0), (1e3, 1.0), (1e6, 1.0), (1e-3, 100.0), (1e2, 100.0)])
def test_cost_meets_the_dual(C: float, size: float) -> None:
    bound = np.full(300, C)
    found = _solved(size * F, Y, bound)
    cost, dual = _values(found, size * F, Y, bound)
    assert cost == pytest.approx(dual, rel=1e-4)
    assert abs(found.alpha @ Y) <= 1e-3 * C
    assert found.alpha.min() >= 0
    assert found.alpha.max() <= C * (1 + 1e-9)
    assert found.steps < MAX_STEPS / 2


def test_no_dearer_than_libsvm() -> None:
    bound = np.where(Y > 0, 0.7, 2.0)
    cost, _ = _values(_solved(F, Y, bound), F, Y, bound)
    theirs = SVC(kernel="linear", tol=1e-6, class_weight={1: 0.7, -1: 2.0}).fit(F, Y)
    weights, intercept = theirs.coef_[0], theirs.intercept_[0]
    oracle = weights @ weights / 2 + bound @ np.maximum(0, 1 - Y * (F @ weights + intercept))
    assert cost == pytest.approx(oracle, rel=1e-6)


def test_plane_is_that_of_libsvm() -> None:
    found = _solved(F, Y, np.ones(300))
    theirs = SVC(kernel="linear", tol=1e-8).fit(F, Y)
    np.testing.assert_allclose((found.alpha * Y) @ F, theirs.coef_[0], atol=1e-4)
    assert found.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)
    assert set(np.flatnonzero(found.alpha)) == set(theirs.support_)


def test_rows_inside_their_bounds_lie_on_the_margin() -> None:
    found = _solved(F, Y, np.ones(300))
    margins = Y * (F @ ((found.alpha * Y) @ F) + found.intercept)
    free = (found.alpha > 1e-3) & (found.alpha < 1 - 1e-3)
    assert free.sum() >= 6
    np.testing.assert_allclose(margins[free], 1, atol=1e-4)
    assert margins[found.alpha == 0].min() > 1 - 1e-4
    assert margins[found.alpha >= 1 - 1e-3].max() < 1 + 1e-4


def test_features_of_no_use() -> None:
    found = _solved(np.zeros((30, 2)), Y[:30], np.ones(30))
    assert np.sign(found.intercept) == np.sign(Y[:30].sum())


def test_doubled_features_change_nothing() -> None:
    found = _solved(np.column_stack([F, F]) / np.sqrt(2), Y, np.ones(300))
    np.testing.assert_allclose((found.alpha * Y) @ F, (_solved(F, Y, np.ones(300)).alpha * Y) @ F, atol=1e-4)


def test_too_few_steps_give_nothing() -> None:
    assert solve(F, Y, np.ones(300), max_steps=3) is None
