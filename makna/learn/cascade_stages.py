"""What a cascade answers after each stage: calibrated probabilities, of one system or of all asked so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from makna.learn.calibrate import folds_of
from makna.learn.curves import CURVES

FLOOR = 1e-12
_FOLDS = 5
_LEAST_ROWS = 50  # fewer say too little of how several systems go together
_TEMPERATURES = (0.25, 10.0)


@dataclass(frozen=True)
class Stage:
    """How the logits of the systems asked so far become probabilities: softmax(Σ weightₛ · logitsₛ + bias).

    Parameters
    ----------
    weights : ndarray, shape (systems so far,)
        One temperature is a weight of 1 / T for the last of them and 0 for the others.
    bias : ndarray, shape (classes,)
        0 where there is a temperature alone.
    """

    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return probabilities, shape (n, classes), of logits, shape (systems so far, n, classes)."""
        return softmax(np.tensordot(self.weights, logits, 1) + self.bias, axis=1)


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
        What all systems asked cost, as a share of asking the last one about a validation row, on average.
    """

    probabilities: np.ndarray
    stages: np.ndarray
    costs: np.ndarray


def logits_of(probabilities: np.ndarray) -> np.ndarray:
    """Return log p, which is the logits but for a constant, shape (n, classes)."""
    return np.log(np.maximum(np.asarray(probabilities, dtype=float), FLOOR))


def alone(logits: np.ndarray, codes: np.ndarray) -> Stage:
    """Fit one temperature of the last system (Guo et al. 2017), which never changes its answer.

    Parameters
    ----------
    logits : ndarray, shape (systems, n, classes)
        Those before the last are not heeded.
    codes : ndarray of int, shape (n,)
        Codes of the labels; where all are of one class, the temperature is 1.
    """
    weights, bias = np.zeros(len(logits)), np.zeros(logits.shape[2])
    weights[-1] = 1.0
    if len(np.unique(codes)) > 1:
        points, _ = CURVES["temperature"].fit(logits[-1], codes, logits.shape[2])
        weights[-1] = 1 / np.clip(points[0, 0], *_TEMPERATURES)
    return Stage(weights, bias)


def together(logits: np.ndarray, codes: np.ndarray) -> Stage:
    """Fit one weight a system and one bias a class: a logistic regression on the logits of all systems.

    Parameters
    ----------
    logits : ndarray, shape (systems, n, classes)
        Of the systems asked so far.
    codes : ndarray of int, shape (n,)
        Codes of the labels.

    Notes
    -----
    Stacking (Wolpert 1992) with as few weights as there can be. The loss is Σ -log p + ½ Σ weight²; for two classes it
    is `makna.learn.linear.Logistic` on the differences of the logits.
    """
    systems, n, classes = logits.shape
    truth, rows = np.eye(classes)[codes], np.arange(n)

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = point[:systems], point[systems:]
        said = log_softmax(np.tensordot(weights, logits, 1) + bias, axis=1)
        wrong = np.exp(said) - truth
        slope = np.concatenate([np.einsum("snk,nk->s", logits, wrong) + weights, wrong.sum(axis=0)])
        return float(weights @ weights / 2 - said[rows, codes].sum()), slope

    start = np.concatenate([np.full(systems, 1 / systems), np.zeros(classes)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-6})
    return Stage(found.x[:systems], found.x[systems:] - found.x[systems:].mean())


def fit_stages(logits: np.ndarray, codes: np.ndarray, combine: bool, groups: np.ndarray | None, seed: int) -> Fitted:
    """Fit every stage of a cascade, and say what it would answer about rows it was not fitted on.

    All systems asked so far answer together only where that is better on rows held out: no less accurate, and with a
    lower loss.

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
        if is_enough and place:
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
