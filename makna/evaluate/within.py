"""Scores within groups: what is left of a correlation when rows of one question are compared with each other alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from makna.core.metrics import same_length
from makna.core.number_metrics import NUMBER_METRICS, NumberRows, range_seen
from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings, group_codes, interval


def within_groups(
    task: Task, truth: Any, prediction: Any, groups: Any, settings: ScoreSettings | None = None
) -> dict[str, Any]:
    """Return the mean over groups of each metric of a number, beside the same metric of all rows pooled.

    Parameters
    ----------
    task : Task
        What is learned: a number, perhaps with a scale.
    truth, prediction : array of float, shape (n,)
        Numbers.
    groups : array, shape (n,)
        Name of each row's group, such as its question.
    settings : ScoreSettings or None
        Resamples, level and seed.

    Returns
    -------
    dict with "groups", "n" and METRIC: {"value", "low", "high", "pooled", "groups"}
        `value` is the plain mean over the groups in which the metric is defined, and `groups` their number: a group
        whose marks are all the same has no correlation. The interval is a percentile bootstrap of groups.

    Notes
    -----
    A pooled correlation also counts how well a system tells easy questions from hard ones, which may be all it does:
    within each question it can be zero, or negative, while the pooled one is high (Simpson 1951).

    Examples
    --------
    >>> found = within_groups(Task("pair", "number"), [0, 1, 4, 5], [1, 0, 5, 4], ["a", "a", "b", "b"])
    >>> found["pearson"]["value"], round(found["pearson"]["pooled"], 2)
    (-1.0, 0.88)
    """
    settings = settings or ScoreSettings()
    same_length(truth, prediction, groups)
    true, given = np.asarray(truth, dtype=float), np.asarray(prediction, dtype=float)
    names, codes = group_codes(groups)
    if len(names) and task.scale is None:
        task = replace(task, scale=range_seen(true))  # one scale for all groups
    pooled = _measure(true, given, task)
    by_group = [_measure(true[codes == i], given[codes == i], task) for i in range(len(names))]
    found: dict[str, Any] = {"groups": len(names), "n": len(true)}
    for name in NUMBER_METRICS:
        values = np.array([one[name] for one in by_group])
        values = values[~np.isnan(values)]
        low, high = _interval(values, settings)
        found[name] = {
            "value": float(values.mean()) if len(values) else None,
            "low": low,
            "high": high,
            "pooled": None if np.isnan(pooled[name]) else pooled[name],
            "groups": len(values),
        }
    return found


def _measure(truth: np.ndarray, prediction: np.ndarray, task: Task) -> dict[str, float]:
    rows = NumberRows(truth, prediction, task.scale)
    return {name: float(value[0]) for name, value in rows.measure(np.ones((1, rows.n))).items()}


def _interval(values: np.ndarray, settings: ScoreSettings) -> tuple[float | None, float | None]:
    """Return the interval of the mean of these values; one value cannot be resampled."""
    if len(values) < 2 or not settings.resamples:
        return None, None
    generator = np.random.default_rng(settings.seed)
    drawn = values[generator.integers(len(values), size=(settings.resamples, len(values)))]
    return interval(drawn.mean(axis=1), settings.level)
