"""Bins with readable edges, the thin ones at both ends joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WANTED = 14
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WHOLE_STEPS = (1.0, 2.0, 5.0, 10.0)
_MOST = 2000  # bins that far values may ask for
_LEAST_WIDTH = 1e-8  # edges are rounded to ten digits
_MIDDLE = (0.01, 0.99)  # quantiles that bins are made for; what lies outside gets bins as wide


@dataclass(frozen=True)
class Bins:
    """Bins [edge, next edge).

    Parameters
    ----------
    edges : ndarray of float, shape (bins + 1,)
        Ascending.
    joined : (int, int)
        Bins of the usual width that the first and the last were made of.
    """

    edges: np.ndarray
    joined: tuple[int, int]

    @property
    def n(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    def places(self, values: np.ndarray) -> np.ndarray:
        """Return the bin of each value."""
        return np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, self.n - 1)

    def made_of(self, place: int) -> int:
        """Return how many bins of the usual width one was made of."""
        if self.n == 1:
            return sum(self.joined) - 1
        return self.joined[0] if place == 0 else self.joined[1] if place == self.n - 1 else 1


def readable_bins(values: np.ndarray, width: float | None = None, least: int = 30, whole: bool = False) -> Bins:
    """Return bins of one width, a multiple of which is every edge; at both ends bins are joined until they are filled.

    Parameters
    ----------
    values : ndarray, shape (n,)
        At least one.
    width : float or None
        Of a bin; when None one of 1, 2, 2.5, 5 times a power of ten (a whole number where values are), for about a
        dozen bins.
    least : int
        Values in the first and in the last bin.
    whole : bool
        Whether values are whole numbers, and the width too.

    Examples
    --------
    >>> bins = readable_bins(np.r_[np.arange(100), 400], width=10, least=5)
    >>> bins.edges[[0, 1, -2, -1]].tolist(), bins.joined
    ([0.0, 10.0, 90.0, 410.0], (1, 32))
    """
    width = width or _readable_width(values, whole)
    first, last = np.floor(values.min() / width), np.floor(values.max() / width)
    edges = np.round(np.arange(first, last + 2) * width, 10)
    counts = np.bincount(np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2),
                         minlength=len(edges) - 1)  # fmt: skip
    left = _filled(counts, least)
    right = _filled(counts[::-1], least)
    if left + right > len(counts):  # too few for two filled ends
        return Bins(edges[[0, -1]], (left, len(counts) - left + 1))
    kept = np.r_[edges[0], edges[left : len(edges) - right], edges[-1]]
    return Bins(kept, (left, right))


def _filled(counts: np.ndarray, least: int) -> int:
    """Return how many bins from this end hold `least` values together."""
    return min(int(np.searchsorted(np.cumsum(counts), least)) + 1, len(counts))


def _readable_width(values: np.ndarray, whole: bool) -> float:
    low, high = np.quantile(values, _MIDDLE)
    raw = max(float(high - low) / _WANTED, float(np.ptp(values)) / _MOST)
    raw = raw if raw > _LEAST_WIDTH else 1.0  # values that differ by rounding alone share a bin
    power = 10.0 ** np.floor(np.log10(raw))
    steps = _WHOLE_STEPS if whole else _STEPS
    width = next(step * power for step in steps if step * power >= raw * (1 - 1e-9))
    return max(1.0, float(width)) if whole else float(width)
