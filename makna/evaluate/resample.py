"""Bootstrap: the same seeded resamples of rows, or of whole groups, for everything that is measured together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from makna.core.metrics import same_length
from makna.evaluate.rows import ScoredRows

# Weights held at once; a resample of 13,000 rows with numbers takes about 1 MB.
_WEIGHTS_AT_ONCE = 500_000


@dataclass(frozen=True, eq=False)
class ScoreSettings:
    """How scores are computed.

    Parameters
    ----------
    metrics : sequence of str or None
        Metrics to keep; all when None. With several outputs a plain name keeps its ``OUTPUT/METRIC`` too.
    resamples : int
        Bootstrap resamples; 0 leaves the intervals out.
    level : float
        Share of the resamples that an interval holds.
    seed : int
        Seed of the resamples.
    folds : array of int, shape (n,), or None
        Fold in which each row was predicted.
    groups : array, shape (n,), or None
        Group of each row, where whole groups are resampled (cluster bootstrap). A single group cannot be resampled
        whole: its rows are.

    Raises
    ------
    ValueError
        `resamples` is negative or `level` is not between 0 and 1.
    """

    metrics: Sequence[str] | None = None
    resamples: int = 1000
    level: float = 0.95
    seed: int = 0
    folds: Any = None
    groups: Any = None

    def __post_init__(self) -> None:
        if self.resamples < 0 or not 0 < self.level < 1:
            raise ValueError(f"resamples ≥ 0 and 0 < level < 1; got {self.resamples} and {self.level}")


def resample(rows: ScoredRows, names: Sequence[str], settings: ScoreSettings) -> list[dict[str, np.ndarray]]:
    """Return the metrics of bootstrap resamples, for each system of `rows` on the same resamples.

    Parameters
    ----------
    rows : ScoredRows
        Rows of one or more systems.
    names : sequence of str
        Metrics to keep.
    settings : ScoreSettings
        Number of resamples, seed and groups.

    Returns
    -------
    list of dict of METRIC → ndarray, shape (resamples,)
        NaN where a metric is undefined on a resample.

    Notes
    -----
    The ordinary bootstrap (Efron & Tibshirani 1993, chapter 6), and its cluster form, in which whole groups are drawn
    with replacement and a resample may be longer or shorter than the data.
    """
    chunks = [rows.measure(weights) for weights in _weights(rows, settings)]
    systems = len(chunks[0]) if chunks else 0
    return [{name: np.concatenate([chunk[i][name] for chunk in chunks]) for name in names} for i in range(systems)]


def interval(values: np.ndarray, level: float) -> tuple[float | None, float | None]:
    """Return the percentile interval of resampled values, leaving out undefined ones; (None, None) if none is left.

    Examples
    --------
    >>> interval(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    there = values[~np.isnan(values)]
    if not len(there):
        return None, None
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _weights(rows: ScoredRows, settings: ScoreSettings) -> Iterator[np.ndarray]:
    """Yield weights of shape (resamples of this chunk, units)."""
    n = len(rows.unit_of_row)
    if n == 0:
        return
    generator = np.random.default_rng(settings.seed)
    draw = _draw_groups if settings.groups is not None else _draw_rows
    members = None
    if settings.groups is not None:
        same_length(settings.groups, rows.unit_of_row)
        members = _group_members(rows, settings.groups)
        draw = _draw_rows if members.shape[0] < 2 else draw
    step = max(1, _WEIGHTS_AT_ONCE // n)
    for start in range(0, settings.resamples, step):
        yield draw(rows, members, generator, min(step, settings.resamples - start))


def _draw_rows(rows: ScoredRows, members: Any, generator: np.random.Generator, size: int) -> np.ndarray:
    n, units = len(rows.unit_of_row), rows.n_units
    if units * 8 <= n:
        # Few units: one multinomial draw stands for n draws of a row.
        return generator.multinomial(n, np.bincount(rows.unit_of_row, minlength=units) / n, size=size)
    drawn = rows.unit_of_row[generator.integers(n, size=(size, n))]
    return _count(drawn, units)


def _draw_groups(rows: ScoredRows, members: Any, generator: np.random.Generator, size: int) -> np.ndarray:
    groups = members.shape[0]
    times = _count(generator.integers(groups, size=(size, groups)), groups)
    return (members.T @ times.T).T


def _group_members(rows: ScoredRows, groups: Any) -> Any:
    """Return how many rows of each unit each group has, a sparse matrix (groups, units)."""
    group_of_row = group_codes(groups)[1]
    places = (group_of_row, rows.unit_of_row)
    return sp.csr_matrix((np.ones(len(group_of_row)), places), shape=(group_of_row.max() + 1, rows.n_units))


def group_codes(groups: Any) -> tuple[list[str], np.ndarray]:
    """Return the names of groups, sorted, and the position of each row's group; a missing name is ``""``."""
    names = ["" if name is None or name != name else str(name) for name in np.asarray(groups, dtype=object).tolist()]
    distinct, codes = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return distinct.tolist(), codes


def _count(drawn: np.ndarray, cells: int) -> np.ndarray:
    """Count the values 0 … cells - 1 in each row of `drawn`."""
    offsets = np.arange(len(drawn))[:, None] * cells
    return np.bincount((drawn + offsets).ravel(), minlength=len(drawn) * cells).reshape(len(drawn), cells)
