"""Two systems on the same rows: paired bootstrap of the difference, McNemar's exact test, Holm's adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from makna.core.metrics import Labels, why_undefined
from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings, interval, resample
from makna.evaluate.rows import ClassRows, scored_rows, weights_of
from makna.evaluate.scores import is_support, kept_metrics, plain


def compare(
    task: Task,
    labels: Labels,
    truth: Any,
    prediction: Any,
    against: Any,
    *,
    metrics: Sequence[str] | None = None,
    settings: ScoreSettings | None = None,
) -> list[dict[str, Any]]:
    """Compare a system with another on the same rows.

    Parameters
    ----------
    task : Task
        What is learned.
    labels : dict of OUTPUT → list of str
        Class names; empty for numbers.
    truth, prediction, against : array, shape (n,), or (n, outputs) for several outputs
        Truth, and what the two systems predicted.
    metrics : sequence of str or None
        Metrics to compare; those of `settings`, or all, when None. Supports are left out: they never differ.
    settings : ScoreSettings or None
        Resamples, level, seed and groups; folds are not used.

    Returns
    -------
    list of {"metric", "difference", "low", "high", "n", "mcnemar_p", "why"}
        `difference` is the pooled score of `prediction` minus that of `against`, None where either is undefined
        (`why` says so); the interval is a percentile bootstrap in which both systems see the same resamples.
        `mcnemar_p` is None for numbers.

    Raises
    ------
    UserError
        An unknown metric or label, unequal lengths, or a number that is not finite.

    Notes
    -----
    McNemar's test speaks of the share of right rows, whatever the metric beside it; for a plain metric of several
    outputs a row is right when all its outputs are. It takes rows as independent: where rows come in groups, trust
    the interval, which resamples whole groups.

    Examples
    --------
    >>> found = compare(Task(), ["a", "b"], ["a", "b", "b"], ["a", "b", "b"], ["a", "b", "a"], metrics=["accuracy"])
    >>> round(found[0]["difference"], 3), found[0]["mcnemar_p"]
    (0.333, 1.0)
    """
    settings = settings or ScoreSettings()
    wanted = settings.metrics if metrics is None else metrics
    names = [name for name in kept_metrics(task, labels, wanted) if not is_support(name)]
    rows = scored_rows(task, labels, truth, [prediction, against])
    n = len(rows.unit_of_row)
    ours, theirs = rows.measure(weights_of(rows))
    resampled = resample(rows, names, settings)
    p_values = _mcnemar_by_output(rows, task) if isinstance(rows, ClassRows) else {}
    found = []
    for name in names:
        difference = plain(ours[name][0] - theirs[name][0])
        low, high = None, None
        if resampled and difference is not None:
            low, high = interval(resampled[0][name] - resampled[1][name], settings.level)
        p = p_values.get(next((output for output in task.outputs if output and name.startswith(f"{output}/")), ""))
        why = why_undefined(name, n) if difference is None else None
        entry = {"metric": name, "difference": difference, "low": low, "high": high, "n": n}
        found.append({**entry, "mcnemar_p": p, "why": why})
    return found


def mcnemar(correct: np.ndarray, against: np.ndarray) -> float:
    """Return the exact two-sided p-value of McNemar's test (McNemar 1947; binomial form).

    Parameters
    ----------
    correct, against : ndarray of bool, shape (n,)
        Rows which each system got right.

    Examples
    --------
    >>> mcnemar(np.array([True] * 5 + [False]), np.array([False] * 5 + [False]))
    0.0625
    """
    only_ours = int((correct & ~against).sum())
    only_theirs = int((against & ~correct).sum())
    if only_ours + only_theirs == 0:
        return 1.0
    return float(binomtest(only_ours, only_ours + only_theirs, 0.5).pvalue)


def holm(pvalues: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in the given order (Holm 1979).

    Parameters
    ----------
    pvalues : sequence of float
        p-values of one family of tests.

    Raises
    ------
    ValueError
        Something is not between 0 and 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(pvalues, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p-values lie between 0 and 1; got {list(pvalues)}")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return [float(value) for value in adjusted]


def _mcnemar_by_output(rows: ClassRows, task: Task) -> dict[str, float]:
    """Return p by output; under ``""`` that of rows which are right in every output."""
    ours, theirs = rows.correct(0), rows.correct(1)
    by_output = {output: mcnemar(ours[:, i], theirs[:, i]) for i, output in enumerate(task.outputs)}
    return {**by_output, "": mcnemar(np.asarray(ours.all(axis=1)), np.asarray(theirs.all(axis=1)))}
