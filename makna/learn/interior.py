"""The support vector machine by an interior-point method: exact, in some twenty steps, whatever its C.

libsvm changes two rows' coefficients at a time and needs the more steps the larger C is and the fewer features there
are: with fifty features and twelve thousand rows a hundred thousand, with raw features of a network millions. Newton's
method on the same problem needs about twenty, each of rows · features² products (Ferris & Munson 2002; Fine &
Scheinberg 2001).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

TOLERANCE = 1e-8
_ENOUGH = 1e-4  # where rounding lets it come no nearer; libsvm stops at 1e-3
_RIDGE = 1e-14  # keeps the factor of a nearly singular matrix real
_PATIENCE = 4
MAX_STEPS = 80
_CHUNK = 4096
_KEEP_INSIDE = 0.995
# Rows whose coefficient is below this share of its bound are no support vectors, where margins hardly feel it.
_SHARES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
_UNFELT = 1e-4


@dataclass(frozen=True)
class Solution:
    """A machine of two classes.

    Parameters
    ----------
    alpha : ndarray, shape (n,)
        Dual coefficient of each row, between 0 and its bound.
    intercept : float
        Intercept; it is not penalised.
    steps : int
        Newton steps.
    """

    alpha: np.ndarray
    intercept: float
    steps: int


def solve(F: np.ndarray, y: np.ndarray, bound: np.ndarray, max_steps: int = MAX_STEPS) -> Solution | None:
    """Return the machine with the least ½‖w‖² + Σ bound · max(0, 1 - y (w·f + b)); None if it was not reached.

    The features are divided by one number, the root of their mean square, and the bounds multiplied by its square: the
    same problem in numbers near 1. Steps are those of Mehrotra (1992).

    Parameters
    ----------
    F : ndarray of float64, shape (n, features)
        Features.
    y : ndarray, shape (n,)
        1 or -1.
    bound : ndarray, shape (n,)
        Largest coefficient of each row (C times its weight), above 0.
    max_steps : int
        Most Newton steps.

    Examples
    --------
    >>> found = solve(np.array([[0.0], [2.0]]), np.array([-1.0, 1.0]), np.array([9.0, 9.0]))
    >>> found.alpha.round(6).tolist(), round(found.intercept, 6)
    ([0.5, 0.5], -1.0)
    """
    scale = float(np.sqrt(np.mean(F * F))) or 1.0
    point = _Point(F / scale, y, bound * scale**2)
    best, found, idle = np.inf, None, 0
    for step in range(max_steps + 1):
        error = point.error()
        idle = 0 if error < best else idle + 1
        if error < best:
            best, found = error, Solution(point.alpha, float(point.plane[-1]), step)
        if best <= TOLERANCE or idle > _PATIENCE or not np.isfinite(error):
            break
        try:
            with np.errstate(all="ignore"):  # what is no longer a number is seen above
                point.move()
        except LinAlgError:
            break
    if found is None or best > _ENOUGH:
        return None
    return replace(found, alpha=point.support(found.alpha) / scale**2)


class _Point:
    """The current point: coefficients strictly inside their bounds, the plane, and the multipliers of both bounds."""

    def __init__(self, F: np.ndarray, y: np.ndarray, bound: np.ndarray) -> None:
        self.F = F
        self.y = y
        self.bound = bound
        self.alpha = bound / 2
        self.room = bound / 2  # bound - alpha, kept apart: the difference of near numbers would lose its digits
        self.plane = np.zeros(F.shape[1] + 1)  # weights, then the intercept
        self.low = np.ones(len(y))  # multiplier of alpha ≥ 0
        self.high = np.ones(len(y))  # multiplier of alpha ≤ bound
        self._measure()

    def _measure(self) -> None:
        """Set by how much the point misses the conditions of an optimum."""
        slack = 1 - self._margins(self.plane)
        self.missed_rows = slack + self.low - self.high
        self.missed_plane = self._sums(self.alpha)
        self.missed_plane[:-1] -= self.plane[:-1]
        self.gap = float(self.alpha @ self.low + self.room @ self.high)
        weights = self.plane[:-1]
        self.objective = float(weights @ weights / 2 + self.bound @ np.maximum(slack, 0))

    def error(self) -> float:
        """Return by how much the conditions of an optimum are missed, relative to the size of what they hold for."""
        plane = float(np.abs(self.missed_plane).max() / (1 + np.abs(self.plane).max()))
        return max(plane, float(np.abs(self.missed_rows).max()), self.gap / (abs(self.objective) or 1.0))

    def support(self, alpha: np.ndarray) -> np.ndarray:
        """Return coefficients, those that have all but reached 0 as 0."""
        for share in _SHARES:
            kept = np.where(alpha < share * self.bound, 0.0, alpha)
            if float(np.abs(self.F @ ((self.y * (alpha - kept)) @ self.F)).max()) <= _UNFELT:
                return kept
        return alpha

    def move(self) -> None:
        """Take one step: first straight for the optimum, to see how far that goes, then with that in mind."""
        self._width = 1 / (self.low / self.alpha + self.high / self.room)
        self._factor = cho_factor(self._normal_matrix(), lower=True, overwrite_a=True, check_finite=False)
        room = self.room
        mean = self.gap / (2 * len(self.y))
        d_alpha, _, d_low, d_high = self._direction(-self.alpha * self.low, -room * self.high)
        t = self._longest(d_alpha, d_low, d_high)
        reached = (self.alpha + t * d_alpha) @ (self.low + t * d_low)
        reached += (room - t * d_alpha) @ (self.high + t * d_high)
        aim = mean * (reached / self.gap) ** 3
        d_alpha, d_plane, d_low, d_high = self._direction(
            aim - self.alpha * self.low - d_alpha * d_low, aim - room * self.high + d_alpha * d_high
        )
        t = min(1.0, _KEEP_INSIDE * self._longest(d_alpha, d_low, d_high))
        self.alpha = self.alpha + t * d_alpha
        self.room = room - t * d_alpha
        self.plane = self.plane + t * d_plane
        self.low = self.low + t * d_low
        self.high = self.high + t * d_high
        self._measure()

    def _direction(self, for_low: np.ndarray, for_high: np.ndarray) -> tuple[np.ndarray, ...]:
        """Solve Newton's equations, reduced to the plane: changes of alpha, plane and both multipliers."""
        room = self.room
        wanted = self.missed_rows + for_low / self.alpha - for_high / room
        right = self._sums(self._width * wanted) + self.missed_plane
        d_plane = cho_solve(self._factor, right, check_finite=False)
        d_alpha = self._width * (wanted - self._margins(d_plane))
        return d_alpha, d_plane, (for_low - self.low * d_alpha) / self.alpha, (for_high + self.high * d_alpha) / room

    def _longest(self, d_alpha: np.ndarray, d_low: np.ndarray, d_high: np.ndarray) -> float:
        """Return the longest step, 1 at most, that leaves nothing negative."""
        longest = 1.0
        pairs = ((self.alpha, d_alpha), (self.room, -d_alpha), (self.low, d_low), (self.high, d_high))
        for value, change in pairs:
            falls = change < 0
            if falls.any():
                longest = min(longest, float((-value[falls] / change[falls]).min()))
        return longest

    def _normal_matrix(self) -> np.ndarray:
        """Return I + Fᵀ W F, bordered by the intercept, which is not penalised."""
        features = self.F.shape[1]
        matrix = np.zeros((features + 1, features + 1))
        matrix[np.arange(features), np.arange(features)] = 1
        for start in range(0, len(self.y), _CHUNK):
            rows = slice(start, start + _CHUNK)
            weighed = self.F[rows] * np.sqrt(self._width[rows])[:, None]
            matrix[:-1, :-1] += weighed.T @ weighed
        matrix[-1, :-1] = matrix[:-1, -1] = self._width @ self.F
        matrix[-1, -1] = self._width.sum()
        matrix[np.diag_indices(features + 1)] *= 1 + _RIDGE
        return matrix

    def _margins(self, plane: np.ndarray) -> np.ndarray:
        return self.y * (self.F @ plane[:-1] + plane[-1])

    def _sums(self, value: np.ndarray) -> np.ndarray:
        signed = self.y * value
        return np.append(signed @ self.F, signed.sum())
