"""Choosing among settings on held-back rows of the training part, never on test rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from makna.core.metrics import higher_is_better
from makna.split.plan import folds_of, strata_of

Candidate = TypeVar("Candidate")
FitPredict = Callable[[Any, np.ndarray, np.ndarray], np.ndarray]
"""(candidate, training rows, held rows) → predictions of the held rows."""
Score = Callable[[np.ndarray, np.ndarray], float | None]
"""(truth, prediction) → score."""


@dataclass(frozen=True)
class Choice(Generic[Candidate]):
    """What was chosen, and every trial.

    Parameters
    ----------
    best : object
        The candidate with the best score; the first of equals.
    score : float or None
        Its score on the held-back rows.
    trials : list of dict
        ``trial`` (position of the candidate) and ``score``.
    """

    best: Candidate
    score: float | None
    trials: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class InnerFolds:
    """Folds inside the training rows.

    Parameters
    ----------
    folds : int
        Number of folds.
    seed : int
        Seed of the shuffling.
    groups : ndarray or None
        Group of every row of the corpus; rows of a group stay together.
    """

    folds: int
    seed: int
    groups: np.ndarray | None = None

    def split(self, rows: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return (training, held) row positions inside `rows`."""
        groups = None if self.groups is None else self.groups[rows]
        pieces = folds_of(len(rows), self.folds, strata_of(y[rows]), groups, self.seed)
        return [(rows[train], rows[held]) for train, held in pieces]


def choose(
    candidates: Sequence[Candidate],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    y: np.ndarray,
    fit_predict: FitPredict,
    score: Score,
    metric: str,
) -> Choice[Candidate]:
    """Choose the candidate with the best score on the held rows of all splits taken together.

    Parameters
    ----------
    candidates : sequence
        What to choose from.
    splits : sequence of (ndarray, ndarray)
        Training and held row positions.
    y : ndarray
        Truth of every row of the corpus.
    fit_predict : callable
        Fits a candidate on rows and predicts others.
    score : callable
        Score of predictions.
    metric : str
        Name of the score, which tells whether higher is better.

    Returns
    -------
    Choice
    """
    if len(candidates) == 1:
        return Choice(candidates[0], None)
    # Splits come first, so that candidates share their common steps on the same rows.
    guesses: list[list[np.ndarray]] = [[] for _ in candidates]
    for train, held in splits:
        for i, candidate in enumerate(candidates):
            guesses[i].append(fit_predict(candidate, train, held))
    truth = y[np.concatenate([held for _, held in splits])]
    scores = [score(truth, np.concatenate(guess)) for guess in guesses]
    sign = 1 if higher_is_better(metric) else -1
    best = max(range(len(candidates)), key=lambda i: -np.inf if scores[i] is None else sign * scores[i])  # type: ignore[operator]
    trials = [{"trial": i, "score": value} for i, value in enumerate(scores)]
    return Choice(candidates[best], scores[best], trials)
