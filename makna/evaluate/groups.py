"""Scores by group of rows (question, product type, author), and whether the groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import chi2_contingency

from makna.core.metrics import Labels, label_codes, labels_by_output, same_length
from makna.core.number_metrics import range_seen
from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings, group_codes
from makna.evaluate.scores import evaluate_part

PERMUTATIONS = 1999
# Cochran's rule: below this expected count the chi-square distribution is not to be trusted.
_LEAST_EXPECTED = 5


def group_scores(
    task: Task,
    labels: Labels,
    truth: Any,
    prediction: Any,
    groups: Any,
    metrics: Sequence[str] | None = None,
    settings: ScoreSettings | None = None,
) -> dict[str, dict[str, Any]]:
    """Score each group of rows by itself.

    Parameters
    ----------
    task : Task
        What is learned.
    labels : dict of OUTPUT → list of str
        Class names; empty for numbers.
    truth, prediction : array, shape (n,), or (n, outputs) for several outputs
        Labels, or numbers.
    groups : array, shape (n,)
        Name of each row's group; a missing one counts as ``""``.
    metrics : sequence of str or None
        Metrics to keep; those of `settings`, or all, when None.
    settings : ScoreSettings or None
        Resamples, level, seed, and `groups` to resample whole. A group here that lies in one group there has an
        interval of its rows. Folds are not used: a group has too few rows in one.

    Returns
    -------
    dict of GROUP → {"n", METRIC: {"value", "low", "high", "n", "why"}}
        Groups in the order of their names; of numbers also ``truth`` and ``prediction``, their means.

    Raises
    ------
    UserError
        An unknown metric or label, unequal lengths, or a number that is not finite.

    Examples
    --------
    >>> found = group_scores(Task(), ["a", "b"], ["a", "b"], ["a", "a"], ["x", "y"], ["accuracy"])
    >>> {group: scores["accuracy"]["value"] for group, scores in found.items()}
    {'x': 1.0, 'y': 0.0}
    """
    settings = settings or ScoreSettings()
    same_length(truth, prediction, groups)
    names, codes = group_codes(groups)
    if task.is_number and task.scale is None and len(codes):
        task = replace(task, scale=range_seen(truth))  # one scale for all groups
    kind = float if task.is_number else object
    true, given = np.asarray(truth, dtype=kind), np.asarray(prediction, dtype=kind)
    found = {}
    for i, name in enumerate(names):
        mask = codes == i
        inside = None if settings.groups is None else np.asarray(settings.groups, dtype=object)[mask]
        kept = settings.metrics if metrics is None else metrics
        mine = replace(settings, metrics=kept, folds=None, groups=inside)
        scores = evaluate_part(task, labels, true[mask], given[mask], settings=mine).metrics
        entries = {metric: {k: v for k, v in entry.items() if k != "pooled"} for metric, entry in scores.items()}
        means = {"truth": float(true[mask].mean()), "prediction": float(given[mask].mean())} if task.is_number else {}
        found[name] = {"n": int(mask.sum()), **means, **entries}
    return found


def group_test(
    task: Task, labels: Labels, truth: Any, prediction: Any, groups: Any, *, seed: int = 0
) -> dict[str, Any]:
    """Test whether groups differ in accuracy (classes) or mean absolute error (numbers).

    Parameters
    ----------
    task : Task
        What is learned.
    labels : dict of OUTPUT → list of str
        Class names; empty for numbers.
    truth, prediction : array, shape (n,), or (n, outputs) for several outputs
        Labels, or numbers.
    groups : array, shape (n,)
        Name of each row's group.
    seed : int
        Seed of the permutations.

    Returns
    -------
    dict with "test", "of", "p", "groups", "n", "why"
        `test` is ``"chi2"`` (Pearson's, without continuity correction) for one class output where every expected count
        is at least 5, else ``"permutation"``; `of` is ``"accuracy"`` or ``"mae"``; with fewer than two groups `test`
        and `p` are None and `why` is ``"one_group"`` (``"no_rows"`` without rows).

    Notes
    -----
    The permutation test takes the sum of squares between groups of the rows' values (right or wrong, the share of
    right outputs, the absolute error) and compares it with `PERMUTATIONS` random assignments of rows to groups;
    p = (1 + as large) / (1 + permutations), so it is never 0. Both tests take rows as independent.

    Examples
    --------
    >>> right, wrong = ["a"] * 20, ["b"] * 20
    >>> group_test(Task(), ["a", "b"], ["a"] * 40, right + wrong, ["x"] * 20 + ["y"] * 20)["test"]
    'chi2'
    """
    same_length(truth, prediction, groups)
    values = _row_values(task, labels, truth, prediction)
    names, codes = group_codes(groups)
    about = {"of": "mae" if task.is_number else "accuracy", "groups": len(names), "n": len(values)}
    if len(names) < 2:
        return {"test": None, **about, "p": None, "why": "one_group" if names else "no_rows"}
    if task.target == "class":
        right = np.bincount(codes, weights=values)
        table = np.stack([right, np.bincount(codes) - right])
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / len(values)
        if expected.min() >= _LEAST_EXPECTED:
            p = float(chi2_contingency(table, correction=False).pvalue)
            return {"test": "chi2", **about, "p": p, "why": None}
    return {"test": "permutation", **about, "p": _permutation_p(values, codes, seed), "why": None}


def _row_values(task: Task, labels: Labels, truth: Any, prediction: Any) -> np.ndarray:
    """Return each row's absolute error, or its share of right outputs, shape (n,)."""
    if task.is_number:
        return np.abs(np.asarray(prediction, dtype=float) - np.asarray(truth, dtype=float))
    known = labels_by_output(task, labels)
    return (label_codes(task, known, truth) == label_codes(task, known, prediction)).mean(axis=1)


def _permutation_p(values: np.ndarray, codes: np.ndarray, seed: int) -> float:
    sizes = np.bincount(codes)
    centred = values - values.mean()

    def between(shuffled: np.ndarray) -> float:
        return float((np.bincount(codes, weights=shuffled) ** 2 / sizes).sum())

    generator = np.random.default_rng(seed)
    # Equal sums in another order may differ in the last bits.
    seen = between(centred) * (1 - 1e-9)
    larger = sum(between(generator.permutation(centred)) >= seen for _ in range(PERMUTATIONS))
    return (1 + larger) / (1 + PERMUTATIONS)
