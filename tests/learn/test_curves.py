from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from makna.learn.curves import CURVES, apply_isotonic, apply_sigmoid, fit_isotonic, fit_sigmoid

rng = np.random.default_rng(8)


def platt_loss(point: np.ndarray, values: np.ndarray, truth: np.ndarray) -> float:
    positives, negatives = truth.sum(), (~truth).sum()
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    p = np.clip(expit(-(point[0] * values + point[1])), 1e-300, 1 - 1e-16)
    return float(-np.sum(target * np.log(p) + (1 - target) * np.log(1 - p)))


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_sigmoid_is_the_minimum_of_platts_loss(size: float) -> None:
    values = rng.normal(size=200)
    truth = values + rng.normal(size=200) > 0.3
    A, B = fit_sigmoid(values * size, truth)[0]
    best = minimize(platt_loss, [0.0, 0.0], args=(values, truth), method="Nelder-Mead", options={"xatol": 1e-10})
    np.testing.assert_allclose([A * size, B], best.x, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=30),
)
def test_sigmoid_never_fails_and_gives_probabilities(rows: list[tuple[float, bool]]) -> None:
    values, truth = np.array([v for v, _ in rows]), np.array([t for _, t in rows])
    points = fit_sigmoid(values, truth)
    assert np.isfinite(points).all()
    p = apply_sigmoid(values, points)
    assert ((p >= 0) & (p <= 1)).all()


def test_sigmoid_of_values_all_alike_is_the_share() -> None:
    truth = np.array([True] * 3 + [False] * 5)
    p = apply_sigmoid(np.zeros(8), fit_sigmoid(np.zeros(8), truth))
    # The mean of Platt's targets: (3 · 4/5 + 5 · 1/7) / 8.
    np.testing.assert_allclose(p, (3 * 4 / 5 + 5 / 7) / 8)


def test_isotonic_worked_by_hand() -> None:
    values, truth = np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True])
    points = fit_isotonic(values, truth)
    np.testing.assert_allclose(
        apply_isotonic(np.array([0.0, 1.0, 1.5, 2.5, 3.5, 9.0]), points), [0, 0, 0.25, 0.5, 0.75, 1]
    )


def test_columns_are_split_where_they_begin() -> None:
    curve = CURVES["isotonic"]
    values = rng.normal(size=(90, 3))
    codes = rng.integers(0, 3, 90)
    points, starts = curve.fit(values, codes, 3)
    raw = np.column_stack([apply_isotonic(values[:, c], fit_isotonic(values[:, c], codes == c)) for c in range(3)])
    total = raw.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        curve.apply(values, points, starts), np.where(total > 0, raw / np.where(total > 0, total, 1), 1 / 3)
    )


def test_all_zero_becomes_uniform() -> None:
    points, starts = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), np.array([0, 1, 2])
    assert CURVES["isotonic"].apply(np.zeros((1, 3)), points, starts).tolist() == [[1 / 3] * 3]


def test_temperature_finds_the_one_it_was_made_with() -> None:
    logits = rng.normal(size=(20_000, 3))
    p = np.exp(logits / 0.4)
    codes = (rng.uniform(size=(20_000, 1)) > (p / p.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    points, _ = CURVES["temperature"].fit(logits, codes, 3)
    assert points[0, 0] == pytest.approx(0.4, rel=0.03)
    found = CURVES["temperature"].apply(np.array([[0.0, 1.0, 2.0]]), np.array([[0.5, 0.0]]), np.array([0]))
    np.testing.assert_allclose(found[0], np.exp([0.0, 2.0, 4.0]) / np.exp([0.0, 2.0, 4.0]).sum())
