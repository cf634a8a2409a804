"""Which rows a system got right, and scores of some of them with their interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from makna.core.corpus import targets
from makna.core.shares import share_interval
from makna.core.task import Task

_DRAWN_AT_ONCE = 1_000_000


class Guesses(Protocol):
    """What a system said of some rows of a corpus.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Row positions in the corpus, ascending.
    prediction : ndarray, shape (n,) or (n, outputs)
        Labels or numbers.
    probability : list of ndarray, shape (n, classes)
        One an output; empty for numbers.
    """

    rows: np.ndarray
    prediction: np.ndarray
    probability: list[np.ndarray]


@dataclass(frozen=True)
class Interval:
    """How intervals are made: level, and for numbers resamples and seed."""

    level: float = 0.95
    resamples: int = 1000
    seed: int = 0


def row_scores(truth: np.ndarray, said: Guesses, task: Task) -> np.ndarray:
    """Return each row's score: 1 for right and 0 for wrong (the share of its outputs), or how far a number is off.

    Parameters
    ----------
    truth : ndarray, shape (rows of the corpus,) or (rows of the corpus, outputs)
        Labels or numbers.
    said : Guesses
        What a system said.
    task : Task
        Inputs and target.
    """
    true = truth[said.rows]
    if task.is_number:
        return np.abs(np.asarray(said.prediction, dtype=float) - true.astype(float))
    right = np.asarray(true == said.prediction, dtype=float)
    return right.mean(axis=1) if right.ndim == 2 else right


def all_scores(corpus: Any, task: Task, said: Mapping[str, Guesses]) -> dict[str, np.ndarray]:
    """Return the row scores of every system, shape (rows of the corpus,); NaN where it was not asked."""
    truth = targets(corpus, task)
    found = {}
    for name, guesses in said.items():
        scores = np.full(len(corpus), np.nan)
        scores[guesses.rows] = row_scores(truth, guesses, task)
        found[name] = scores
    return found


def mean_score(values: np.ndarray, owner: np.ndarray, is_number: bool, interval: Interval) -> dict[str, Any]:
    """Return the mean of some scores with its interval.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Row scores; NaN is left out.
    owner : ndarray of int, shape (n,)
        The row each is of; a row that counts several times (once a token) is one row for the interval.
    is_number : bool
        Whether scores are distances: their interval is a bootstrap of rows, that of a share Wilson's.
    interval : Interval
        Level, resamples and seed.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``, ``n`` (rows) and ``why`` it is None.
    """
    there = ~np.isnan(values)
    values, owner = values[there], owner[there]
    if not len(values):
        return {"value": None, "low": None, "high": None, "n": 0, "why": "no_rows"}
    _, place = np.unique(owner, return_inverse=True)
    sums, times = np.bincount(place, weights=values), np.bincount(place)
    n, value = len(times), float(values.mean())
    if is_number:
        low, high = _bootstrap(sums, times, interval)
    else:
        low, high = share_interval(value * n, n, interval.level)
    return {"value": value, "low": low, "high": high, "n": n, "why": None}


def _bootstrap(sums: np.ndarray, times: np.ndarray, interval: Interval) -> tuple[float | None, float | None]:
    """Return the percentile interval of the mean over resampled rows."""
    if not interval.resamples:
        return None, None
    generator = np.random.default_rng(interval.seed)
    n = len(sums)
    step = max(1, _DRAWN_AT_ONCE // n)
    means = []
    for start in range(0, interval.resamples, step):
        drawn = generator.integers(n, size=(min(step, interval.resamples - start), n))
        means.append(sums[drawn].sum(axis=1) / times[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - interval.level) / 2, (1 + interval.level) / 2])
    return float(low), float(high)
