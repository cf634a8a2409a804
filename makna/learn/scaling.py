"""What makes probabilities of logits: one temperature, or weights and a bias fitted on rows kept for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from makna.learn.curves import CURVES

FLOOR = 1e-12
_TEMPERATURES = (0.25, 10.0)
Scaling = Literal["temperature", "bias"]


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


_WAYS: dict[str, Callable[[np.ndarray, np.ndarray], Stage]] = {"temperature": alone, "bias": together}


def scaling_of(outputs: np.ndarray | None, codes: np.ndarray, classes: int, how: Scaling) -> dict[str, Any]:
    """Return how a network's logits become probabilities, as JSON values: ``weight`` and ``bias``.

    Parameters
    ----------
    outputs : ndarray, shape (n, classes), or None
        Logits of validation rows; None, and rows of one class, leave logits as they are.
    codes : ndarray of int, shape (n,)
        Codes of their labels.
    classes : int
        All classes.
    how : {"temperature", "bias"}
        One temperature, or a weight and a bias a class.
    """
    if outputs is None or len(np.unique(codes)) < 2:
        return {"weight": 1.0, "bias": [0.0] * classes}
    stage = _WAYS[how](outputs[None].astype(float), codes)
    return {"weight": float(stage.weights[0]), "bias": stage.bias.tolist()}


def scaled(outputs: np.ndarray, scaling: Mapping[str, Any]) -> np.ndarray:
    """Return the probabilities of logits, shape (n, classes)."""
    return softmax(outputs * scaling["weight"] + np.asarray(scaling["bias"]), axis=1)
