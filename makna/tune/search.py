"""One trial: a candidate fitted and asked on held-back rows of the training part, never on test rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from makna.core.errors import DataError, TrainingError
from makna.split.plan import folds_of, strata_of
from makna.tune.hopeless import LOSS, MedianRule, Watch
from makna.tune.outcome import Answer, Outcome, mean_epochs

Candidate = TypeVar("Candidate")
AnswerOf = Callable[[Any, np.ndarray, np.ndarray, Watch], Answer]
"""(candidate, training rows, held rows, whom to ask after each epoch) → what it says of the held rows."""
Score = Callable[[np.ndarray, np.ndarray], float | None]
"""(truth, prediction) → score."""


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


@dataclass(frozen=True)
class Judge(Generic[Candidate]):
    """Runs trials: fits candidates on the training rows of every split and scores all held rows together.

    Parameters
    ----------
    splits : sequence of (ndarray, ndarray)
        Training and held row positions.
    y : ndarray
        Truth of every row of the corpus.
    answer : callable
        Fits a candidate on rows, asks it about others, and tells after every epoch of a network how it goes.
    score : callable
        Score of predictions.
    metric : str
        Name of the score; ``loss`` is the validation loss that networks show, in place of a score of predictions.
    """

    splits: Sequence[tuple[np.ndarray, np.ndarray]]
    y: np.ndarray
    answer: AnswerOf
    score: Score
    metric: str

    def outcomes(self, candidates: Sequence[Candidate], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        """Yield each candidate's position and outcome.

        Splits come first, so that candidates share their common steps on the same rows.

        Parameters
        ----------
        candidates : sequence
            What is tried.
        rule : MedianRule
            When a trial is hopeless.

        Raises
        ------
        DataError
            The loss is to choose, and a learner shows none.
        """
        answers: list[list[Answer]] = [[] for _ in candidates]
        diverged: dict[int, Outcome] = {}
        for split, (train, held) in enumerate(self.splits):
            for i, candidate in enumerate(candidates):
                if i not in diverged:
                    try:
                        answers[i].append(self.answer(candidate, train, held, Watch(rule, split)))
                    except TrainingError as problem:
                        diverged[i] = Outcome(None, str(problem), diverged=True)
                if split == len(self.splits) - 1:
                    yield i, diverged[i] if i in diverged else self._outcome(answers[i], rule)

    def _outcome(self, answers: list[Answer], rule: MedianRule) -> Outcome:
        curves = [[rule.curve(network.epochs) for network in answer.networks] for answer in answers]
        # Told anew rather than as it was said: a training that was over before a kill is not watched again.
        whys = [
            rule.why(split, i, curves[split][i])
            for split, answer in enumerate(answers)
            for i, network in enumerate(answer.networks)
            if network.stopped and curves[split][i]
        ]
        epochs = mean_epochs([network.epochs for answer in answers for network in answer.networks])
        return Outcome(self._score(answers), next(filter(None, whys), None), epochs=epochs, curves=curves)

    def _score(self, answers: list[Answer]) -> float | None:
        held = [rows for _, rows in self.splits]
        if self.metric != LOSS:
            return self.score(self.y[np.concatenate(held)], np.concatenate([a.prediction for a in answers]))
        losses = [answer.loss for answer in answers if answer.loss is not None]
        if len(losses) < len(answers):
            raise DataError("tune.no_loss")
        return float(np.average(losses, weights=[len(rows) for rows in held]))
