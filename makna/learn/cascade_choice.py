"""The thresholds of a cascade, chosen on validation rows for a wanted accuracy or a wanted cost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from makna.core.errors import DataError
from makna.core.shares import share_interval

NEVER = 2.0
"""A threshold that no probability reaches: nobody is answered at this stage."""

_COMBINATIONS = 10_000
_MOST_THRESHOLDS = 101
_LEAST_THRESHOLDS = 3
_CLOSE = 1e-9
_LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + _LEVEL / 2)


@dataclass(frozen=True)
class Rows:
    """What a cascade would do with validation rows.

    Parameters
    ----------
    confidence : ndarray, shape (systems, n)
        Calibrated probability of the answer after each stage, from stages fitted without the row.
    right : ndarray of bool, shape (systems, n)
        Whether that answer is right.
    costs : ndarray, shape (systems, n)
        What asking each system costs.
    whole_right : ndarray of bool, shape (n,)
        Whether what the cascade is measured by is right: the last system alone, or all systems together.
    """

    confidence: np.ndarray
    right: np.ndarray
    costs: np.ndarray
    whole_right: np.ndarray


@dataclass(frozen=True)
class Wish:
    """What thresholds are chosen for.

    Parameters
    ----------
    accuracy : float or None
        Least share of the accuracy that the cascade is measured by.
    cost : float or None
        Highest mean cost.
    surely : bool
        Whether the accuracy counts that the cascade has at least, at the lower end of the 95 % interval of the paired
        difference, in place of the accuracy as measured.
    always : bool
        Whether all systems are asked about every row.
    """

    accuracy: float | None = None
    cost: float | None = None
    surely: bool = False
    always: bool = False


def stages_of(confidence: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the stage that answers each row, shape (n,): the first whose confidence reaches its threshold.

    Parameters
    ----------
    confidence : ndarray, shape (systems, n)
        The last system answers whatever is left.
    thresholds : ndarray, shape (systems - 1,)
        One a stage but the last.
    """
    is_sure = confidence[:-1] >= thresholds[:, None]
    return np.vstack([is_sure, np.ones((1, confidence.shape[1]), dtype=bool)]).argmax(axis=0)


def choose(rows: Rows, wish: Wish) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Choose thresholds.

    With a wanted accuracy the cheapest that keep it; with a wanted cost alone the most accurate that stay below it;
    with both the cheapest that do both. With neither, no accuracy is to be lost.

    Parameters
    ----------
    rows : Rows
        Validation rows.
    wish : Wish
        What is wanted.

    Returns
    -------
    chosen, frontier : dict, list of dict
        `thresholds`, `cost` (mean), `accuracy` with the ends of its interval `low` and `high` (Wilson), `difference` to
        what it is measured by with `difference_low` and `difference_high` (paired, see `paired_interval`), `n`. The
        frontier has all thresholds of a cascade of two, cheapest first; of a deeper one those that no other beats.

    Raises
    ------
    DataError
        No thresholds do what is wanted; the message says what is possible.
    """
    wish = replace(wish, accuracy=1.0) if wish.accuracy is None and wish.cost is None else wish
    cells = _Cells.of(rows)
    points = [cells.point(chosen) for chosen in itertools.product(*(range(len(t)) for t in cells.thresholds))]
    points.sort(key=lambda point: (point["cost"], -point["accuracy"]))
    everywhere = [point for point in points if min(point["thresholds"]) >= NEVER]
    chosen = everywhere[0] if wish.always else _chosen(points, wish, float(rows.whole_right.mean()))
    return chosen, points if len(rows.confidence) == 2 else _undominated(points)


def thresholds_of(confidence: np.ndarray) -> list[list[float]]:
    """Return the thresholds tried at each stage but the last: always (0), between confidences as they come, `NEVER`.

    Parameters
    ----------
    confidence : ndarray, shape (systems, n)
        As in `Rows`; about 10,000 combinations in all, at most about 100 thresholds a stage.
    """
    stages = len(confidence) - 1
    most = int(np.clip(round(_COMBINATIONS ** (1 / stages)), _LEAST_THRESHOLDS, _MOST_THRESHOLDS))
    return [_thresholds(values, most) for values in confidence[:-1]]


def _thresholds(confidence: np.ndarray, most: int) -> list[float]:
    ordered = np.sort(confidence)
    places = np.flatnonzero(np.diff(ordered) > _CLOSE) + 1
    if len(places) > most - 2:
        places = places[np.linspace(0, len(places) - 1, most - 2).round().astype(int)]
    return [0.0, *((ordered[places - 1] + ordered[places]) / 2).tolist(), NEVER]


@dataclass(frozen=True)
class _Cells:
    """Rows put together that no thresholds tell apart, so that many thresholds can be tried.

    Parameters
    ----------
    thresholds : list of list of float
        Of each stage but the last, rising.
    reached : ndarray of int, shape (systems - 1, cells)
        How many of them the cell's rows reach.
    sums : ndarray, shape (4, systems, cells)
        If a stage answers the cell's rows: their costs, how many are right, and how many are right or wrong where
        what it is measured by is not.
    n : int
        Rows.
    """

    thresholds: list[list[float]]
    reached: np.ndarray
    sums: np.ndarray
    n: int

    @classmethod
    def of(cls, rows: Rows) -> _Cells:
        thresholds = thresholds_of(rows.confidence)
        reached = [np.searchsorted(t, said, "right") for t, said in zip(thresholds, rows.confidence, strict=False)]
        cells, cell = np.unique(np.stack(reached), axis=1, return_inverse=True)
        values = (
            rows.costs.cumsum(axis=0),
            rows.right,
            rows.right & ~rows.whole_right,
            ~rows.right & rows.whole_right,
        )
        cell, size = cell.ravel(), cells.shape[1]
        sums = [[np.bincount(cell, weights=stage, minlength=size) for stage in value] for value in values]
        return cls(thresholds, cells, np.array(sums), rows.confidence.shape[1])

    def point(self, chosen: tuple[int, ...]) -> dict[str, Any]:
        """Return what comes of one threshold a stage, each by its place."""
        is_sure = self.reached > np.array(chosen)[:, None]
        stages = np.vstack([is_sure, np.ones((1, is_sure.shape[1]), dtype=bool)]).argmax(axis=0)
        cost, hits, gains, losses = self.sums[:, stages, np.arange(len(stages))].sum(axis=1).tolist()
        low, high = interval_of(round(hits), self.n)
        less, more = paired_interval(round(gains), round(losses), self.n)
        return {
            "thresholds": [t[place] for t, place in zip(self.thresholds, chosen, strict=True)],
            "cost": cost / self.n,
            "accuracy": hits / self.n,
            "low": low,
            "high": high,
            "difference": (gains - losses) / self.n,
            "difference_low": less,
            "difference_high": more,
            "n": self.n,
        }


def _chosen(points: list[dict[str, Any]], wish: Wish, whole: float) -> dict[str, Any]:
    """Return the point that is wanted; `points` stand cheapest first, and of equal cost the most accurate first."""
    measure = "difference_low" if wish.surely else "difference"
    kept = [whole + point[measure] for point in points]
    wanted = 0.0 if wish.accuracy is None else wish.accuracy * whole
    most = np.inf if wish.cost is None else wish.cost
    cheap = [(point, has) for point, has in zip(points, kept, strict=True) if point["cost"] <= most + _CLOSE]
    if not cheap:
        raise DataError("learn.cascade_cost", came=wish.cost, least=points[0]["cost"])
    if wish.accuracy is None:
        best = max(has for _, has in cheap)
        return next(point for point, has in cheap if has >= best)
    fitting = [point for point, has in cheap if has >= wanted - _CLOSE]
    if fitting:
        return fitting[0]
    possible = max(has for _, has in cheap) / whole if whole else 1.0
    if max(kept) >= wanted - _CLOSE:
        cost = next(point["cost"] for point, has in zip(points, kept, strict=True) if has >= wanted - _CLOSE)
        raise DataError("learn.cascade_both", accuracy=wish.accuracy, cost=wish.cost, possible=possible, least=cost)
    raise DataError("learn.cascade_accuracy", came=wish.accuracy, possible=possible)


def _undominated(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for point in points:  # cheapest first
        if not kept or point["accuracy"] > kept[-1]["accuracy"]:
            kept.append(point)
    return kept


def interval_of(count: int, n: int) -> tuple[float, float]:
    """Return the ends of a share's 95 % interval; those of the whole range where there are no rows."""
    return share_interval(count, n, _LEVEL) if n else (0.0, 1.0)


def paired_interval(gains: int, losses: int, n: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of the difference of two accuracies on the same rows.

    Parameters
    ----------
    gains, losses : int
        Rows that only the first, and only the second has right.
    n : int
        All rows.

    Notes
    -----
    Agresti & Min (2005), "Simple improved confidence intervals for comparing matched proportions": Wald's interval
    after half a row is added to each of the four cells, so that rows without a difference do not say there is none.

    Examples
    --------
    >>> low, high = paired_interval(0, 0, 98)
    >>> round(low, 3), round(high, 3)
    (-0.02, 0.02)
    """
    b, c, total = gains + 0.5, losses + 0.5, n + 2
    middle = (b - c) / total
    half = _Z * np.sqrt(b + c - (b - c) ** 2 / total) / total
    return float(middle - half), float(middle + half)
