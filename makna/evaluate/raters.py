"""People against people: how well two raters of the same rows agree, by the metrics that systems are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings
from makna.evaluate.scores import evaluate_part
from makna.evaluate.within import within_groups

_LEAST = 2


def rater_scores(
    task: Task, raters: Mapping[str, Any], groups: Any = None, settings: ScoreSettings | None = None
) -> list[dict[str, Any]]:
    """Score each pair of raters against one another.

    Parameters
    ----------
    task : Task
        What is learned: a number, perhaps with a scale.
    raters : mapping of str to array of float, each of shape (n,)
        Rater → marks; NaN where a rater gave none.
    groups : array, shape (n,), or None
        Name of each row's group, for scores within groups.
    settings : ScoreSettings or None
        Metrics, resamples, level, seed, and `groups` to resample whole. Folds are not used: people learn nothing.

    Returns
    -------
    list of {"raters": [one, other], "n", "scores": {METRIC: {"value", "low", "high", "n", …}}, "within_groups"}
        The pairs that marked at least two rows in common, in the order of the raters. Every metric of numbers is the
        same whichever of the two is taken for the truth.

    Notes
    -----
    Two raters against each other, and a system against the mean of both, are not the same question: the mean is less
    noisy than either, so a system may come closer to it than the raters to each other without being their equal.

    Examples
    --------
    >>> found = rater_scores(Task("pair", "number", scale=(0, 5)), {"me": [5, 3, 0], "other": [4, 3, 1]})
    >>> found[0]["raters"], round(found[0]["scores"]["mae"]["value"], 3)
    (['me', 'other'], 0.667)
    """
    settings = settings or ScoreSettings()
    marks = {name: np.asarray(values, dtype=float) for name, values in raters.items()}
    found = []
    for one, other in combinations(marks, 2):
        both = np.isfinite(marks[one]) & np.isfinite(marks[other])
        if both.sum() < _LEAST:
            continue
        inside = None if settings.groups is None else np.asarray(settings.groups, dtype=object)[both]
        mine = replace(settings, folds=None, groups=inside)
        scores = evaluate_part(task, {}, marks[one][both], marks[other][both], settings=mine).metrics
        told: dict[str, Any] = {"raters": [one, other], "n": int(both.sum()), "scores": scores}
        if groups is not None:
            names = np.asarray(groups, dtype=object)[both]
            told["within_groups"] = within_groups(task, marks[one][both], marks[other][both], names, mine)
        found.append(told)
    return found
