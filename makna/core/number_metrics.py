"""Metrics of a number target, for many weightings of the same rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.errors import DataError

NUMBER_METRICS = ("mae", "mse", "rmse", "pearson", "spearman", "qwk", "within_half", "within_one")

# A difference of exactly half a mark is within half a mark, whatever binary fractions make of it.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class _Side:
    """The order of one side's values: rows sorted, where each distinct value starts, and each row's distinct value."""

    order: np.ndarray
    starts: np.ndarray
    inverse: np.ndarray


class NumberRows:
    """Truth and prediction of n rows, made ready to be measured under many weightings.

    Parameters
    ----------
    truth, prediction : array of float, shape (n,)
        Numbers.
    scale : (float, float) or None
        Lowest and highest mark, for `qwk`; the range of the rounded truth when None.

    Raises
    ------
    DataError
        Unequal lengths, more than one dimension, or a number that is not finite.

    Notes
    -----
    A weight is how often a row counts, so a bootstrap resample is a row of weights (a multinomial draw), a fold a row
    of zeros and ones. `qwk` is Cohen's kappa with quadratic weights (Cohen 1968) of both sides rounded to the nearest
    whole mark (halves up) and clipped to the scale. `spearman` is the Pearson correlation of mid-ranks, ranked anew
    under every weighting.

    Examples
    --------
    >>> rows = NumberRows([1.0, 2.0, 4.0], [1.0, 3.0, 4.5], (0, 5))
    >>> rows.measure(np.ones((1, 3)))["mae"].item()
    0.5
    """

    def __init__(self, truth: Any, prediction: Any, scale: tuple[float, float] | None = None) -> None:
        self.truth, self.prediction = _numbers(truth), _numbers(prediction)
        if len(self.truth) != len(self.prediction):
            raise DataError("evaluate.unequal_lengths", came=f"{len(self.truth)}, {len(self.prediction)}")
        self.n = len(self.truth)
        if self.n:
            self._sums = _summands(self.truth, self.prediction, scale)
            self._sides = (_side(self.truth), _side(self.prediction))

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return every metric under each weighting.

        Parameters
        ----------
        weights : ndarray, shape (b, n)
            How often each row counts.

        Returns
        -------
        dict of METRIC → ndarray, shape (b,)
            NaN where undefined: no rows, a correlation of a constant, kappa of one single mark.
        """
        if self.n == 0:
            return {name: np.full(len(weights), np.nan) for name in NUMBER_METRICS}
        weights = np.asarray(weights, dtype=float)
        # Not a BLAS product: its bits may depend on the number of threads.
        totals = {name: np.einsum("bn,n->b", weights, values) for name, values in self._sums.items()}
        n = weights.sum(axis=1)
        ranks, constants = zip(*(_midranks(weights, n, side) for side in self._sides), strict=True)
        constant = constants[0] | constants[1]
        with np.errstate(invalid="ignore", divide="ignore"):
            mse = totals["squared"] / n
            return {
                "mae": totals["absolute"] / n,
                "mse": mse,
                "rmse": np.sqrt(mse),
                "pearson": np.where(constant, np.nan, _pearson(totals, n)),
                "spearman": np.where(constant, np.nan, _rank_correlation(weights, n, *ranks)),
                "qwk": _kappa(totals, n),
                "within_half": totals["within_half"] / n,
                "within_one": totals["within_one"] / n,
            }


def whole_marks(values: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return numbers rounded to the nearest whole mark (halves up) and clipped to the scale.

    Examples
    --------
    >>> whole_marks(np.array([2.5, 5.7, -1.0]), (0, 5)).tolist()
    [3.0, 5.0, 0.0]
    """
    # The tolerance keeps a mean of raters such as 2.4999999999 where the raters put it.
    return np.clip(np.floor(values + 0.5 + _TOLERANCE), np.ceil(scale[0]), np.floor(scale[1]))


def range_seen(truth: Any) -> tuple[float, float]:
    """Return the lowest and highest whole mark in the truth, the scale of `qwk` where none is given."""
    marks = np.floor(_numbers(truth) + 0.5 + _TOLERANCE)
    return float(marks.min()), float(marks.max())


def _numbers(values: Any) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1:
        raise DataError("evaluate.bad_shape", came=str(numbers.shape), outputs=1)
    if not np.isfinite(numbers).all():
        position = int(np.argmin(np.isfinite(numbers)))
        raise DataError("evaluate.not_finite", position=position, value=numbers[position])
    return numbers


def _summands(truth: np.ndarray, prediction: np.ndarray, scale: tuple[float, float] | None) -> dict[str, np.ndarray]:
    """Return what is summed over rows; every metric but spearman is a function of these sums."""
    difference = prediction - truth
    # Centred, so that the products do not cancel in the correlation.
    x, y = truth - truth.mean(), prediction - prediction.mean()
    scale = scale or range_seen(truth)
    a, b = whole_marks(truth, scale) - np.ceil(scale[0]), whole_marks(prediction, scale) - np.ceil(scale[0])
    return {
        "absolute": np.abs(difference),
        "squared": difference**2,
        "within_half": (np.abs(difference) <= 0.5 + _TOLERANCE).astype(float),
        "within_one": (np.abs(difference) <= 1 + _TOLERANCE).astype(float),
        "x": x, "y": y, "xx": x * x, "yy": y * y, "xy": x * y,
        "a": a, "b": b, "squares": a * a + b * b, "disagreement": (a - b) ** 2,
    }  # fmt: skip


def _side(values: np.ndarray) -> _Side:
    _, inverse = np.unique(values, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.flatnonzero(np.diff(inverse[order], prepend=-1))
    return _Side(order, starts, inverse)


def _midranks(weights: np.ndarray, n: np.ndarray, side: _Side) -> tuple[np.ndarray, np.ndarray]:
    """Return the mid-rank of every row among the copies that the weights make, and where all copies are one value."""
    copies = np.add.reduceat(weights[:, side.order], side.starts, axis=1)
    ranks = copies.cumsum(axis=1) - (copies - 1) / 2
    return ranks[:, side.inverse], copies.max(axis=1) == n


def _rank_correlation(weights: np.ndarray, n: np.ndarray, ranks: np.ndarray, others: np.ndarray) -> np.ndarray:
    middle = ((n + 1) / 2)[:, None]
    p, q = ranks - middle, others - middle
    cross = np.einsum("bn,bn,bn->b", weights, p, q)
    spread = np.einsum("bn,bn,bn->b", weights, p, p) * np.einsum("bn,bn,bn->b", weights, q, q)
    return np.clip(cross / np.sqrt(spread), -1, 1)


def _pearson(totals: dict[str, np.ndarray], n: np.ndarray) -> np.ndarray:
    cross = totals["xy"] - totals["x"] * totals["y"] / n
    spread = (totals["xx"] - totals["x"] ** 2 / n) * (totals["yy"] - totals["y"] ** 2 / n)
    return np.clip(cross / np.sqrt(np.where(spread > 0, spread, np.nan)), -1, 1)


def _kappa(totals: dict[str, np.ndarray], n: np.ndarray) -> np.ndarray:
    # Σ (i - j)² over the product of the margins, multiplied out; whole numbers, so 0 is exactly 0.
    expected = n * totals["squares"] - 2 * totals["a"] * totals["b"]
    return np.where(expected > 0, 1 - n * totals["disagreement"] / np.where(expected > 0, expected, 1), np.nan)
