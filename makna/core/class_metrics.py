"""Class metrics from confusion matrices, for many matrices at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_KINDS = ("precision", "recall", "f1")


def class_metric_names(labels: Sequence[str], positive: str | None = None) -> list[str]:
    """Return the metrics of one output with classes, in their fixed order.

    A class that is called like an average (``macro``, ``weighted``, or ``positive`` where `positive` is another class)
    is named ``class_macro`` and so on: ``f1_class_macro``.
    """
    suffixes = [suffix for suffix, _ in _suffixes(labels, positive)]
    scores = [f"{kind}_{suffix}" for kind in _KINDS for suffix in suffixes]
    return ["accuracy", *scores, *(f"support_{label}" for label in labels)]


def class_metrics(matrices: np.ndarray, labels: Sequence[str], positive: str | None = None) -> dict[str, np.ndarray]:
    """Return every class metric of confusion matrices.

    Parameters
    ----------
    matrices : ndarray, shape (..., k, k)
        Counts; rows are the truth, columns the prediction.
    labels : sequence of str, length k
        Class names.
    positive : str or None
        The class of the ``_positive`` metrics.

    Returns
    -------
    dict of METRIC → ndarray, shape (...)
        NaN where undefined.

    Notes
    -----
    As scikit-learn with ``zero_division=0``. ``macro`` is the mean over the classes that occur in the truth or in the
    prediction of *that* matrix, also when the matrix is a bootstrap resample: the resampled statistic is the reported
    one. Metrics of a class that occurs in neither are NaN. Without rows everything but ``support_*`` is NaN.

    Examples
    --------
    >>> class_metrics(np.array([[2, 1], [0, 1]]), ["no", "yes"])["accuracy"].item()
    0.75
    """
    counts = np.asarray(matrices, dtype=float)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return metrics_from_totals(hits, counts.sum(axis=-1), counts.sum(axis=-2), labels, positive)


def metrics_from_totals(
    hits: np.ndarray, truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str], positive: str | None = None
) -> dict[str, np.ndarray]:
    """Return every class metric of the counts that a confusion matrix comes down to (see `class_metrics`).

    Parameters
    ----------
    hits, truth, predicted : ndarray of float, shape (..., k)
        Diagonal, row sums and column sums of the matrices.
    labels : sequence of str, length k
        Class names.
    positive : str or None
        The class of the ``_positive`` metrics.
    """
    n = truth.sum(axis=-1)
    present = (truth + predicted) > 0
    by_kind = {
        "precision": np.where(present, _ratio(hits, predicted), np.nan),
        "recall": np.where(present, _ratio(hits, truth), np.nan),
        "f1": np.where(present, _ratio(2 * hits, truth + predicted), np.nan),
    }
    empty = n == 0
    metrics = {"accuracy": np.where(empty, np.nan, _ratio(hits.sum(axis=-1), n))}
    for kind, values in by_kind.items():
        for suffix, which in _suffixes(labels, positive):
            if which == "macro":
                metrics[f"{kind}_{suffix}"] = mean_defined(values)
            elif which == "weighted":
                weighted = _ratio((np.nan_to_num(values) * truth).sum(axis=-1), n)
                metrics[f"{kind}_{suffix}"] = np.where(empty, np.nan, weighted)
            else:
                metrics[f"{kind}_{suffix}"] = values[..., which]
    metrics.update({f"support_{label}": truth[..., i] for i, label in enumerate(labels)})
    return metrics


def confusion(truth: np.ndarray, prediction: np.ndarray, k: int) -> np.ndarray:
    """Return the confusion matrix of label positions: rows are the truth, columns the prediction.

    Examples
    --------
    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    return np.bincount(truth * k + prediction, minlength=k * k).reshape(k, k)


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without the NaN, NaN where nothing is left."""
    there = ~np.isnan(values)
    counts = there.sum(axis=-1)
    sums = np.where(there, values, 0.0).sum(axis=-1)
    return np.where(counts > 0, _ratio(sums, counts), np.nan)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=np.asarray(below) != 0)


def _suffixes(labels: Sequence[str], positive: str | None) -> list[tuple[str, Any]]:
    """Return (suffix, "macro" | "weighted" | class position) in the order of the names."""
    found: list[tuple[str, Any]] = [("macro", "macro"), ("weighted", "weighted")]
    if positive is not None and positive in labels:
        found.append(("positive", list(labels).index(positive)))
    taken = {"macro", "weighted"} | ({"positive"} if positive not in (None, "positive") else set())
    for i, label in enumerate(labels):
        if label == "positive" == positive:
            continue  # the same number under the same name
        suffix = label
        while suffix in taken:
            suffix = f"class_{suffix}"
        taken.add(suffix)
        found.append((suffix, i))
    return found
