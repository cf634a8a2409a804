"""What is read off the epochs of a training: their figures, which is best, when learning becomes learning by heart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from makna.core.class_metrics import class_metrics, confusion
from makna.core.metrics import higher_is_better
from makna.core.number_metrics import NumberRows

TRAIN, VALID = "train", "valid"
CLASS_FIGURES = ("accuracy", "precision_macro", "recall_macro", "f1_macro")
NUMBER_FIGURES = ("mae", "rmse", "pearson")
Figures = dict[str, float | None]
Measure = Callable[[np.ndarray, np.ndarray], Figures]
"""(outputs (n, …), targets (n,)) → figures, None where undefined."""

_CLEARLY = 1.01


def measure_classes(outputs: np.ndarray, targets: np.ndarray) -> Figures:
    """Return accuracy and macro precision, recall and F1 of the classes with the largest outputs.

    Parameters
    ----------
    outputs : ndarray, shape (n, classes)
        Logits.
    targets : ndarray of int, shape (n,)
        Codes of the classes.
    """
    k = outputs.shape[1]
    found = class_metrics(confusion(targets, outputs.argmax(axis=1), k), [str(i) for i in range(k)])
    return {name: _defined(found[name]) for name in CLASS_FIGURES}


def measure_numbers(low: float = 0.0, scale: float = 1.0) -> Measure:
    """Return a measure of numbers that were learned as (number - low) / scale: its figures are in their own unit."""

    def measure(outputs: np.ndarray, targets: np.ndarray) -> Figures:
        truth, said = (np.asarray(side, dtype=float).reshape(-1) * scale + low for side in (targets, outputs))
        found = NumberRows(truth, said).measure(np.ones((1, len(targets))))
        return {name: _defined(found[name][0]) for name in NUMBER_FIGURES}

    return measure


def is_better(by: str, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> bool:
    """Tell whether an epoch's figures are better than the best ones so far.

    Of two that are equal the one with the lower loss is better; a figure that is undefined never is.

    Parameters
    ----------
    by : str
        The figure that counts.
    new, old : mapping
        Figures of the rows judged, `loss` among them; `old` is None before the first.
    """
    if old is None or new[by] is None or old[by] is None:
        return new[by] is not None
    if new[by] == old[by]:
        return bool(new["loss"] < old["loss"])
    return bool((new[by] > old[by]) == (by != "loss" and higher_is_better(by)))


def overfitting(history: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the epoch after which a network learns its training rows by heart, None where it does not.

    It is the epoch with the lowest validation loss, if one comes after it, the last validation loss is more than 1 %
    above it, and the training loss of every later epoch is below its own: from there on, only what was learned of the
    training rows grew.

    Parameters
    ----------
    history : sequence of dict
        Rows with `epoch`, `part` and `loss`.

    Examples
    --------
    >>> losses = {"train": [0.6, 0.4, 0.2, 0.1], "valid": [0.6, 0.5, 0.6, 0.8]}
    >>> overfitting([{"epoch": e + 1, "part": p, "loss": losses[p][e]} for p in losses for e in range(4)])
    2
    """
    train, valid = ([float(row["loss"]) for row in history if row["part"] == part] for part in (TRAIN, VALID))
    if len(valid) < 2:
        return None
    lowest = int(np.argmin(valid))
    rises = lowest < len(valid) - 1 and valid[-1] > _CLEARLY * valid[lowest]
    return lowest + 1 if rises and max(train[lowest + 1 :]) < train[lowest] else None


def sampled(targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows so that every class has as many as the commonest: all of its rows, over and over, the rest drawn.

    Parameters
    ----------
    targets : ndarray of int, shape (n,)
        Codes of the classes.
    rng : Generator
        Draws the rest, anew each epoch.

    Examples
    --------
    >>> sampled(np.array([0, 0, 0, 1]), np.random.default_rng(0)).tolist()
    [0, 1, 2, 3, 3, 3]
    """
    counts = np.bincount(targets)
    most = counts.max()
    chosen = []
    for code in np.flatnonzero(counts):
        rows = np.flatnonzero(targets == code)
        whole, rest = divmod(int(most), len(rows))
        chosen += [np.tile(rows, whole), rng.choice(rows, rest, replace=False)]
    return np.sort(np.concatenate(chosen))


def _defined(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
