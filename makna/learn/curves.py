"""Curves from decision values to probabilities: sigmoid, isotonic, temperature.

A curve is fitted on decision values, shape (n, columns), and codes of the classes, shape (n,). Two classes have one
column, the value of the second; more have one each. What is learned is an array of points, shape (points, 2), and where
the points of each column begin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.isotonic import IsotonicRegression

_STEPS = 100
_TINY = 1e-12
_LOG_RANGE = (-10.0, 10.0)


@dataclass(frozen=True)
class Curve:
    """How one method fits and applies its points.

    Parameters
    ----------
    fit : callable
        (values (n, columns), codes (n,), classes) → (points, starts).
    apply : callable
        (values (n, columns), points, starts) → probabilities (n, classes).
    """

    fit: Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
    apply: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def fit_sigmoid(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Fit P(true | f) = 1 / (1 + exp(A f + B)) on smoothed targets, by Newton's method with line search.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Decision values f.
    truth : ndarray of bool, shape (n,)
        Which rows are of the class.

    Returns
    -------
    ndarray, shape (1, 2)
        A and B.

    Notes
    -----
    Platt (1999) for the model and its targets, (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2); Lin, Lin & Weng (2007), "A note on
    Platt's probabilistic outputs for support vector machines", for the method.

    Examples
    --------
    >>> A, B = fit_sigmoid(np.array([-1.0, 1.0, -2.0, 2.0]), np.array([False, True, False, True]))[0]
    >>> bool(A < 0), bool(abs(B) < 1e-9)
    (True, True)
    """
    positives = int(truth.sum())
    negatives = len(truth) - positives
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    size = float(np.abs(values).max()) or 1.0
    design = np.column_stack([values / size, np.ones(len(values))])
    point = np.array([0.0, np.log((negatives + 1) / (positives + 1))])
    loss = _sigmoid_loss(design @ point, target)
    for _ in range(_STEPS):
        z = design @ point
        p = expit(-z)
        gradient = design.T @ (target - p)
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + _TINY * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        share = 1.0
        while share > _TINY and _sigmoid_loss(design @ (point - share * step), target) > loss:
            share /= 2
        if share <= _TINY:
            break
        point = point - share * step
        loss = _sigmoid_loss(design @ point, target)
        if np.abs(share * step).max() < _TINY:
            break
    return np.array([[point[0] / size, point[1]]])


def _sigmoid_loss(z: np.ndarray, target: np.ndarray) -> float:
    """Return -Σ t log p + (1 - t) log(1 - p) with p = 1 / (1 + exp(z)), without overflow."""
    return float(np.sum(np.logaddexp(0, z) - (1 - target) * z))


def apply_sigmoid(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(A f + B)) for decision values, shape (n,)."""
    return expit(-(points[0, 0] * values + points[0, 1]))


def fit_isotonic(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Fit a rising step curve (Zadrozny & Elkan 2002); returns its corners, shape (corners, 2)."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(values, truth.astype(float))
    return np.column_stack([fitted.X_thresholds_, fitted.y_thresholds_])


def apply_isotonic(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the straight line between the corners, flat beyond the first and last, shape (n,)."""
    return np.interp(values, points[:, 0], points[:, 1])


def _by_column(fit: Callable[..., np.ndarray], apply: Callable[..., np.ndarray]) -> Curve:
    """Calibrate each column by itself, then make a row's probabilities sum to one (all equal where all are zero)."""

    def fit_all(values: np.ndarray, codes: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        wanted = [1] if values.shape[1] == 1 else range(classes)
        curves = [fit(values[:, column], codes == code) for column, code in enumerate(wanted)]
        return np.concatenate(curves), np.cumsum([0, *map(len, curves[:-1])])

    def apply_all(values: np.ndarray, points: np.ndarray, starts: np.ndarray) -> np.ndarray:
        curves = np.split(points, starts[1:])
        columns = [apply(values[:, i], curve) for i, curve in enumerate(curves)]
        if len(columns) == 1:
            return np.column_stack([1 - columns[0], columns[0]])
        raw = np.column_stack(columns)
        total = raw.sum(axis=1, keepdims=True)
        return np.divide(raw, total, out=np.full_like(raw, 1 / raw.shape[1]), where=total > 0)

    return Curve(fit_all, apply_all)


def _fit_temperature(values: np.ndarray, codes: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    logits = _logits(values)
    rows = np.arange(len(codes))

    def loss(log_beta: float) -> Any:
        return -log_softmax(np.exp(log_beta) * logits, axis=1)[rows, codes].mean()

    found = minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded", options={"xatol": _TINY})
    return np.array([[np.exp(-found.x), 0.0]]), np.array([0])


def _apply_temperature(values: np.ndarray, points: np.ndarray, starts: np.ndarray) -> np.ndarray:
    return softmax(_logits(values) / points[0, 0], axis=1)


def _logits(values: np.ndarray) -> np.ndarray:
    return np.hstack([-values, values]) if values.shape[1] == 1 else values


CURVES: dict[str, Curve] = {
    "sigmoid": _by_column(fit_sigmoid, apply_sigmoid),
    "isotonic": _by_column(fit_isotonic, apply_isotonic),
    # Guo et al. (2017): softmax of all decision values over one temperature.
    "temperature": Curve(_fit_temperature, _apply_temperature),
}
