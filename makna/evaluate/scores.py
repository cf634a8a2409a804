"""Scores of one part: value, pooled value and bootstrap interval of every metric, folds and confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from makna.core.metrics import Labels, check_metric, metric_names, same_length, why_undefined
from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings as ScoreSettings
from makna.evaluate.resample import interval, resample
from makna.evaluate.rows import ClassRows, ScoredRows, scored_rows, weights_of

Scores = dict[str, dict[str, Any]]


@dataclass
class PartScores:
    """Scores of one part, as JSON values.

    Parameters
    ----------
    metrics : dict of METRIC → {"value", "pooled", "low", "high", "n", "why"}
        In the order of `metric_names`.
    folds : list of {"fold", "n", METRIC…}
        Scores by fold; empty without folds.
    confusion : dict of OUTPUT → list of list of int
        Rows are the truth, columns the prediction; empty for numbers.
    """

    metrics: Scores
    folds: list[dict[str, Any]] = field(default_factory=list)
    confusion: dict[str, list[list[int]]] = field(default_factory=dict)


def evaluate_part(
    task: Task, labels: Labels, truth: Any, prediction: Any, *, settings: ScoreSettings | None = None
) -> PartScores:
    """Score predictions, with a percentile bootstrap interval of the pooled rows.

    Parameters
    ----------
    task : Task
        What is learned.
    labels : dict of OUTPUT → list of str
        Class names, in the order of the confusion matrices; empty for numbers.
    truth, prediction : array, shape (n,), or (n, outputs) for several outputs
        Labels, or numbers.
    settings : ScoreSettings or None
        Metrics, resamples, level, seed, folds and groups.

    Raises
    ------
    UserError
        An unknown metric or label, unequal lengths, or a number that is not finite.

    Notes
    -----
    `pooled` is the score of all rows together. `value` is the mean over folds where there are folds (a fold in which a
    metric is undefined is left out of the mean), else `pooled`. The interval is that of the pooled rows; with several
    outputs rows are resampled whole, so outputs stay paired. A resample on which a metric is undefined is left out.
    A support is a count of the rows, not an estimate: its interval is the count itself, and folds do not change it.

    Examples
    --------
    >>> scores = evaluate_part(Task(), {"": ["no", "yes"]}, ["no", "yes", "yes"], ["no", "no", "yes"])
    >>> scores.confusion
    {'': [[1, 0], [1, 1]]}
    >>> scores.metrics["recall_yes"]["value"]
    0.5
    """
    settings = settings or ScoreSettings()
    names = kept_metrics(task, labels, settings.metrics)
    rows = scored_rows(task, labels, truth, [prediction])
    n = len(rows.unit_of_row)
    pooled = rows.measure(weights_of(rows))[0]
    folds = _fold_scores(rows, names, settings.folds)
    resampled = resample(rows, names, settings)
    metrics = {}
    for name in names:
        spread = interval(resampled[0][name], settings.level) if resampled else (None, None)
        metrics[name] = _entry(name, n, plain(pooled[name][0]), [fold[name] for fold in folds], spread)
    return PartScores(metrics, folds, rows.confusion() if isinstance(rows, ClassRows) else {})


def kept_metrics(task: Task, labels: Labels, wanted: Sequence[str] | None) -> list[str]:
    """Return the wanted metrics in their fixed order, with the ``OUTPUT/METRIC`` of a plain name; all when None.

    Raises
    ------
    UserError
        A wanted metric does not exist.
    """
    names = metric_names(task, labels)
    if wanted is None:
        return names
    for name in wanted:
        check_metric(name, task, labels)
    outputs = task.outputs if task.target == "classes" else ()
    keep = {*wanted, *(f"{output}/{name}" for output in outputs for name in wanted)}
    return [name for name in names if name in keep]


def is_support(name: str) -> bool:
    """Tell whether a metric is a count of rows (``support_CLASS``, ``OUTPUT/support_CLASS``)."""
    return name.startswith("support_") or "/support_" in name


def plain(value: Any) -> float | None:
    """Return a Python float, None for NaN."""
    return None if np.isnan(value) else float(value)


def _entry(
    name: str, n: int, pooled: float | None, folds: Sequence[float | None], spread: tuple[float | None, float | None]
) -> dict[str, Any]:
    there = [value for value in folds if value is not None]
    if is_support(name):
        value, spread = pooled, (pooled, pooled)
    elif folds:
        value = float(np.mean(there)) if there else None
    else:
        value = pooled
    low, high = spread if value is not None else (None, None)
    why = why_undefined(name, n) if value is None else None
    return {"value": value, "pooled": pooled, "low": low, "high": high, "n": n, "why": why}


def _fold_scores(rows: ScoredRows, names: Sequence[str], folds: Any) -> list[dict[str, Any]]:
    if folds is None:
        return []
    same_length(folds, rows.unit_of_row)
    fold_of_row = np.asarray(folds)
    found = []
    for fold in np.unique(fold_of_row):
        mask = fold_of_row == fold
        measured = rows.measure(weights_of(rows, mask))[0]
        found.append({"fold": int(fold), "n": int(mask.sum()), **{name: plain(measured[name][0]) for name in names}})
    return found
