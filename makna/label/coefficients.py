"""Coefficients of agreement, each for many weightings of the items at once, so that a bootstrap costs one product.

`counts` has shape (units, labels): how many raters gave a unit each label. `weights` has shape (resamples, units): how
often a unit stands in a resample; one row of ones gives the coefficient itself. A unit may stand for several items
with the same labels. Everywhere a coefficient is NaN where it is undefined: no unit with two labels, or only one label
in use, so that agreement by chance is certain.

References
----------
Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37-46.
Cohen, J. (1968). Weighted kappa. Psychological Bulletin 70, 213-220.
Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin 76, 378-382.
Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British
Journal of Mathematical and Statistical Psychology 61, 29-48.
Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th edition: units with unequal numbers of labels.
Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. Also: Content analysis, 4th edition (2018), ch. 12.
"""

from __future__ import annotations

import numpy as np

from makna.label.ratings import Scale

_NONE = 1e-12


def observed(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of agreeing pairs of labels, averaged over units with two labels or more.

    Fleiss (1971): the mean of P_i = Σ_k r_ik (r_ik - 1) / (r_i (r_i - 1)).

    Examples
    --------
    >>> observed(np.array([[2, 0], [1, 1]]), np.ones((1, 2))).tolist()
    [0.5]
    """
    given = counts.sum(axis=1)
    paired = given > 1
    pairs = np.where(paired, given * (given - 1), 1)
    agree = np.where(paired, (counts * (counts - 1)).sum(axis=1) / pairs, 0.0)
    return _ratio(weights @ agree, weights @ paired.astype(float))


def fleiss(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Fleiss' kappa (1971); units with unequal numbers of labels as in Gwet (2014, chapter 2).

    Examples
    --------
    >>> fleiss(np.array([[2, 0], [0, 2], [1, 1]]), np.ones((1, 3))).round(3).tolist()
    [0.333]
    """
    chance = (_shares(counts, weights) ** 2).sum(axis=1)
    return _beyond(observed(counts, weights), chance)


def gwet(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Gwet's AC1 (2008); every column of `counts` is a label that could have been given.

    Examples
    --------
    >>> table = np.array([[2, 0], [1, 1], [0, 2]])  # 118 + 5 + 2 + 0 units: Gwet (2008)
    >>> gwet(table, np.array([[118.0, 7.0, 0.0]])).round(4).tolist()
    [0.9408]
    """
    labels = counts.shape[1]
    if labels < 2:
        return np.full(len(weights), np.nan)
    shares = _shares(counts, weights)
    chance = (shares * (1 - shares)).sum(axis=1) / (labels - 1)
    return _beyond(observed(counts, weights), chance)


def alpha(counts: np.ndarray, weights: np.ndarray, scale: Scale, values: np.ndarray) -> np.ndarray:
    """Return Krippendorff's alpha = 1 - D_o / D_e (2011); units with one label are left out.

    Parameters
    ----------
    counts : ndarray, shape (units, labels)
        Labels in their order.
    weights : ndarray, shape (resamples, units)
        How often each unit counts.
    scale : {"nominal", "ordinal", "interval"}
        Difference between two labels: 1; the labels given between them, both ends half (so it follows the resample);
        or the squared difference of their values.
    values : ndarray, shape (labels,)
        Used on an interval scale.

    Notes
    -----
    The ordinal difference is (R_c - R_k)² with mid-ranks R_c = Σ_{g<c} n_g + n_c / 2, so both metrics with squares
    have closed sums over a unit, and no matrix of coincidences is needed.

    Examples
    --------
    >>> alpha(np.array([[2, 0], [0, 2], [1, 1]]), np.ones((1, 3)), "nominal", np.arange(2.0)).round(3).tolist()
    [0.444]
    """
    given = counts.sum(axis=1)
    usable = counts * (given > 1)[:, None]
    by_label = weights @ usable
    total = by_label.sum(axis=1)
    per_pair = 1 / np.maximum(given - 1, 1)
    if scale == "nominal":
        apart = (given**2 - (counts**2).sum(axis=1)) * per_pair * (given > 1)
        seen, expected = weights @ apart, total**2 - (by_label**2).sum(axis=1)
    else:
        ranks = np.cumsum(by_label, axis=1) - by_label / 2
        marks = ranks if scale == "ordinal" else np.broadcast_to(values, by_label.shape)
        within = given[:, None] * (usable @ (marks**2).T) - (usable @ marks.T) ** 2
        seen = 2 * (weights * (within * per_pair[:, None]).T).sum(axis=1)
        sums = (by_label * marks).sum(axis=1)
        # The sum over all pairs, taken about the mean, keeps its digits.
        middle = _ratio(sums, total)[:, None]
        expected = 2 * total * (by_label * (marks - middle) ** 2).sum(axis=1)
    varied = (by_label > 0).sum(axis=1) > 1
    return 1 - _ratio(seen * (total - 1), np.where(varied, expected, 0.0))


def cohen(first: np.ndarray, second: np.ndarray, weights: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
    """Return Cohen's kappa of two raters: plain (1960), or weighted by squared distances of `values` (1968).

    Parameters
    ----------
    first, second : ndarray, shape (units, labels)
        What each said of a unit, as shares that sum to 1: one label, or the labels of several others. Units that
        either left out are rows of zeros in both.
    weights : ndarray, shape (resamples, units)
        How often each unit counts.
    values : ndarray, shape (labels,), or None
        Labels as numbers; None for plain kappa.

    Examples
    --------
    >>> eye = np.eye(2)
    >>> cohen(eye[[0, 0, 1, 1]], eye[[0, 0, 1, 0]], np.ones((1, 4))).tolist()
    [0.5]
    """
    n = weights @ first.sum(axis=1)
    one, other = weights @ first, weights @ second
    if values is None:
        seen = n - weights @ (first * second).sum(axis=1)
        expected = n - _ratio((one * other).sum(axis=1), n)
    else:
        # About the middle and of size 1, squares keep their digits.
        marks = values - values.mean()
        marks = marks / (np.abs(marks).max() or 1.0)
        squares = first @ marks**2 + second @ marks**2 - 2 * (first @ marks) * (second @ marks)
        seen = weights @ squares
        expected = one @ marks**2 + other @ marks**2 - 2 * _ratio((one @ marks) * (other @ marks), n)
    return 1 - _ratio(seen, expected, n)


def specific(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return each label's own agreement, shape (resamples, labels): given one such label, the chance of a second.

    Fleiss (1971): Σ_i r_ik (r_ik - 1) / Σ_i r_ik (r_i - 1).

    Examples
    --------
    >>> specific(np.array([[2, 0], [1, 1]]), np.ones((1, 2))).round(3).tolist()
    [[0.667, 0.0]]
    """
    others = counts.sum(axis=1, keepdims=True) - 1
    return _ratio(weights @ (counts * (counts - 1)), weights @ (counts * others))


def each_label(counts: np.ndarray, label: int) -> np.ndarray:
    """Return counts of one label against all others, shape (units, 2)."""
    return np.column_stack([counts[:, label], counts.sum(axis=1) - counts[:, label]])


def _shares(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean share of each label over units with any label, shape (resamples, labels)."""
    given = counts.sum(axis=1, keepdims=True)
    return _ratio(weights @ (counts / np.maximum(given, 1)), (weights @ (given > 0).astype(float)))


def _beyond(seen: np.ndarray, chance: np.ndarray) -> np.ndarray:
    return _ratio(seen - chance, 1 - chance, np.ones_like(chance))


def _ratio(above: np.ndarray, below: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """Divide; NaN where the divisor is nothing (beside `size`, where rounding could leave a trace of it)."""
    nothing = np.abs(below) <= (0 if size is None else _NONE * np.abs(size))
    return np.where(nothing, np.nan, above / np.where(nothing, 1, below))
