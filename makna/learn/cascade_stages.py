"""What a cascade answers after each stage: calibrated probabilities, of one system or of all asked so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.learn.calibrate import folds_of
from makna.learn.scaling import FLOOR, Stage, alone, together

_FOLDS = 5
_LEAST_ROWS = 50  # fewer say too little of how several systems go together


@dataclass(frozen=True)
class Judged:
    """Rows that thresholds are chosen by, and where they come from."""

    X: Any
    labels: np.ndarray
    groups: Any
    origin: str


@dataclass(frozen=True)
class Fitted:
    """The stages of a cascade, fitted on validation rows.

    Parameters
    ----------
    stages : list of Stage
        Fitted on all of these rows: what new rows are answered by.
    honest : ndarray, shape (systems, n, classes)
        Probabilities of these rows from stages that were fitted without them: what thresholds are chosen by.
    """

    stages: list[Stage]
    honest: np.ndarray


@dataclass(frozen=True)
class Answered:
    """What a cascade says of rows.

    Parameters
    ----------
    probabilities : ndarray, shape (n, classes)
        Of the stage that answered.
    stages : ndarray of int, shape (n,)
        Which it was, from 0.
    costs : ndarray, shape (n,)
        What all systems asked cost, as a share of what the cascade is measured by, on average.
    """

    probabilities: np.ndarray
    stages: np.ndarray
    costs: np.ndarray


def fit_stages(logits: np.ndarray, codes: np.ndarray, combine: bool, groups: np.ndarray | None, seed: int) -> Fitted:
    """Fit every stage of a cascade, and say what it would answer about rows it was not fitted on.

    All systems asked so far answer together only where that is better on rows held out: no less accurate, and with a
    lower loss. Of the first system alone that means a weight and a bias a class in place of one temperature: the
    classes may be mixed otherwise than in the rows it learned from.

    Parameters
    ----------
    logits : ndarray, shape (systems, n, classes)
        What each system says of the validation rows.
    codes : ndarray of int, shape (n,)
        Codes of the labels.
    combine : bool
        Whether systems may answer together.
    groups : ndarray or None
        Rows of one group are held out together.
    seed : int
        Seed of the folds.
    """
    folds = list(folds_of(codes, _FOLDS, groups, seed))
    sizes = np.bincount(codes, minlength=logits.shape[2])
    is_enough = combine and len(codes) >= _LEAST_ROWS and sizes.min() > 1
    stages, honest = [], []
    for place in range(len(logits)):
        so_far = logits[: place + 1]
        stage, said = alone(so_far, codes), _held_out(alone, so_far, codes, folds)
        if is_enough:
            other = _held_out(together, so_far, codes, folds)
            if _is_better(other, said, codes):
                stage, said = together(so_far, codes), other
        stages.append(stage)
        honest.append(said)
    return Fitted(stages, np.stack(honest))


def _held_out(
    fit: Callable[[np.ndarray, np.ndarray], Stage],
    logits: np.ndarray,
    codes: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Return probabilities from stages fitted without the row; rows that are never held out have them from all."""
    said = fit(logits, codes).probabilities(logits)
    for train, held in folds:
        said[held] = fit(logits[:, train], codes[train]).probabilities(logits[:, held])
    return said


def _is_better(new: np.ndarray, old: np.ndarray, codes: np.ndarray) -> bool:
    rows = np.arange(len(codes))
    hits = [(said.argmax(axis=1) == codes).sum() for said in (new, old)]
    losses = [-np.log(np.maximum(said[rows, codes], FLOOR)).sum() for said in (new, old)]
    return bool(hits[0] >= hits[1] and losses[0] < losses[1])
