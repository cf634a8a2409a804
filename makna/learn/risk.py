"""Which marks may stand, with a promise about their errors, and which a teacher has to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from makna.core.errors import DataError

_THRESHOLDS = 10


@dataclass(frozen=True)
class Promise:
    """What is promised about the marks that are kept.

    Parameters
    ----------
    rate : float, 0 … 1
        Highest share of wrong marks among the kept ones, in expectation.
    tolerance : float
        A mark is wrong if it is off by more than this, in units of the scale.
    certainty : float or None, 0 … 1
        None: the promise holds on average over classes. A number: it holds with this probability for the class at
        hand, which takes more marked answers.
    """

    rate: float = 0.1
    tolerance: float = 1.0
    certainty: float | None = None

    def check(self) -> None:
        """Refuse a promise that cannot be meant.

        Raises
        ------
        DataError
            A rate or certainty that is not between 0 and 1, a tolerance below 0.
        """
        if not 0 < self.rate < 1:
            raise DataError("learn.promise_rate", came=self.rate)
        if not self.tolerance >= 0:
            raise DataError("learn.promise_tolerance", came=self.tolerance)
        if self.certainty is not None and not 0 < self.certainty < 1:
            raise DataError("learn.promise_certainty", came=self.certainty)


@dataclass(frozen=True)
class Known:
    """Rows whose true mark is known, each marked by a system that had not seen that mark.

    Parameters
    ----------
    doubt : ndarray, shape (n,)
        The larger, the less sure; infinite for a row that may never be kept.
    wrong : ndarray of bool, shape (n,)
        Whether the system's mark was off by more than the tolerance.
    weight : ndarray, shape (n,), or None
        How many new rows each stands for, where they do not mix as the new rows do; None: one each.
    """

    doubt: np.ndarray
    wrong: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Kept:
    """Which new rows are kept.

    Parameters
    ----------
    rows : ndarray of bool, shape (m,)
        True: the mark stands. False: to be read.
    limit : float
        The largest doubt that is kept; minus infinity where nothing is.
    expected : float or None
        Share of wrong marks among the known rows within the limit; None where there are none.
    among : int
        How many known rows that are.
    """

    rows: np.ndarray
    limit: float
    expected: float | None
    among: int


def keep(known: Known, doubt: Any, promise: Promise, weight: Any = None) -> Kept:
    """Choose the new marks that may stand so that few of them are wrong.

    Parameters
    ----------
    known : Known
        The calibration rows, exchangeable with the new ones (a random part of the class was marked, not the best).
    doubt : array, shape (m,)
        Doubt of the new rows, by the same measure.
    promise : Promise
        What is promised.
    weight : array, shape (m,), or None
        Weights of the new rows, where the known have some.

    Returns
    -------
    Kept
        All rows up to one doubt are kept; without a known row none is.

    Notes
    -----
    The error rate *among the kept* is not monotone in the threshold, so plain conformal risk control (Angelopoulos et
    al. 2022) bounds only the share of rows that are kept and wrong, which keeping nothing brings to 0 and which is no
    promise to somebody who looks at the kept marks. "This mark is wrong" is a hypothesis about a new row, though, and
    keeping it means rejecting that. Conformal selection (Jin & Candès 2023, "Selection by prediction with conformal
    p-values", theorem 3, with the clipped score) gives each new row the p-value ::

        p_j = (w_j + Σ w_i [i known, wrong, doubt_i ≤ doubt_j]) / (w_j + Σ w_i)

    and keeps by Benjamini and Hochberg at level `promise.rate`: the expected share of wrong marks among the kept (0
    where none is kept) is at most that rate, for any system, any doubt and any number of known rows. Weights that
    differ (Jin & Candès 2023, "Model-free selective inference under covariate shift") make it approximate. It works
    from few rows: with 20 known rows and a rate of 0.1, half of a class is kept if no wrong mark is among the surest.

    With a `certainty` the rate holds with that probability, by *learn then test* (Angelopoulos et al. 2021; the
    binomial tail as in Geifman & El-Yaniv 2017) over ten thresholds taken from the new rows, with Bonferroni's
    correction; below some 44 known rows (rate 0.1, certainty 0.9) it keeps nothing, whatever the system.

    Examples
    --------
    >>> doubt = np.arange(20) / 20
    >>> kept = keep(Known(doubt, doubt > 0.6), doubt + 0.01, Promise(rate=0.1))
    >>> int(kept.rows.sum()), kept.expected
    (13, 0.0)
    """
    promise.check()
    new = np.asarray(doubt, dtype=float)
    if not len(new) or not len(known.doubt):
        return Kept(np.zeros(len(new), dtype=bool), -np.inf, None, 0)
    choose = _selected if promise.certainty is None else _tested
    rows = choose(known, new, promise, np.ones(len(new)) if weight is None else np.asarray(weight, dtype=float))
    rows &= np.isfinite(new)
    limit = float(new[rows].max()) if rows.any() else -np.inf
    inside = known.doubt <= limit
    among = int(inside.sum())
    weights = _weights(known)[inside]
    expected = float(np.average(known.wrong[inside], weights=weights)) if among and weights.sum() > 0 else None
    return Kept(rows, limit, expected, among)


def p_values(known: Known, doubt: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the conformal p-value of "this new mark is wrong" for each new row, shape (m,).

    Examples
    --------
    >>> known = Known(np.array([0.1, 0.2, 0.3]), np.array([False, True, False]))
    >>> p_values(known, np.array([0.15, 0.2]), np.ones(2)).tolist()
    [0.25, 0.5]
    """
    weights = _weights(known)
    order = np.argsort(known.doubt, kind="stable")
    wrong_up_to = np.concatenate([[0.0], np.cumsum((weights * known.wrong)[order])])
    below = wrong_up_to[np.searchsorted(known.doubt[order], doubt, side="right")]
    return (weight + below) / (weight + weights.sum())


def _selected(known: Known, new: np.ndarray, promise: Promise, weight: np.ndarray) -> np.ndarray:
    p = p_values(known, new, weight)
    ranked = np.sort(p)
    passing = np.flatnonzero(ranked <= promise.rate * np.arange(1, len(p) + 1) / len(p))
    return p <= ranked[passing[-1]] if len(passing) else np.zeros(len(p), dtype=bool)


def _tested(known: Known, new: np.ndarray, promise: Promise, weight: np.ndarray) -> np.ndarray:
    assert promise.certainty is not None
    finite = new[np.isfinite(new)]
    if not len(finite):
        return np.zeros(len(new), dtype=bool)
    limits = np.quantile(finite, np.arange(1, _THRESHOLDS + 1) / _THRESHOLDS, method="inverted_cdf")
    inside = known.doubt <= limits[:, None]
    chance = binom.cdf((inside & known.wrong).sum(axis=1), inside.sum(axis=1), promise.rate)
    passing = np.flatnonzero((chance <= (1 - promise.certainty) / _THRESHOLDS) & inside.any(axis=1))
    return new <= limits[passing[-1]] if len(passing) else np.zeros(len(new), dtype=bool)


def _weights(known: Known) -> np.ndarray:
    return np.ones(len(known.doubt)) if known.weight is None else known.weight
