"""Metrics: their names, which way is better, and one score of some rows."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from makna.core.class_metrics import class_metric_names, class_metrics, confusion, mean_defined
from makna.core.errors import DataError, UserError
from makna.core.number_metrics import NUMBER_METRICS, NumberRows
from makna.core.task import Task

Labels = Sequence[str] | Mapping[str, Sequence[str]]

_LOWER_IS_BETTER = frozenset({"mae", "mse", "rmse", "loss"})


def metric_names(task: Task, labels: Labels) -> list[str]:
    """Return the metrics of a task, in their fixed order.

    Parameters
    ----------
    task : Task
        What is learned.
    labels : sequence of str, or dict of OUTPUT → sequence of str
        Class names; ignored for numbers. With several outputs the plain names (means over outputs) come first, then
        ``OUTPUT/METRIC``. A class has a plain name where every output knows it (the positive class: where any does).

    Examples
    --------
    >>> metric_names(Task(target="class"), ["no", "yes"])[:5]
    ['accuracy', 'precision_macro', 'precision_weighted', 'precision_no', 'precision_yes']
    """
    if task.is_number:
        return list(NUMBER_METRICS)
    known = labels_by_output(task, labels)
    if task.target == "class":
        return class_metric_names(known[task.outputs[0]], task.positive)
    named = [f"{output}/{name}" for output in task.outputs for name in class_metric_names(known[output], task.positive)]
    return _mean_names(task, known) + named


def higher_is_better(metric: str) -> bool:
    """Tell whether a higher value of the metric is a better one.

    Examples
    --------
    >>> higher_is_better("f1_macro"), higher_is_better("rmse")
    (True, False)
    """
    return metric not in _LOWER_IS_BETTER


def check_metric(name: str, task: Task, labels: Labels) -> None:
    """Refuse a metric that the task does not have.

    Parameters
    ----------
    name : str
        Metric as the user wrote it.
    task : Task
        What is learned.
    labels : sequence of str, or dict of OUTPUT → sequence of str
        Class names.

    Raises
    ------
    UserError
        No such metric; the message has the allowed names and the nearest match.
    """
    names = metric_names(task, labels)
    if name in names:
        return
    several = task.target == "classes"
    allowed = (_mean_names(task, labels_by_output(task, labels)) if several else names) + (
        [f"{output}/…" for output in task.outputs] if several else []
    )
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        raise UserError("evaluate.bad_metric_near", came=name, allowed=", ".join(allowed), near=near[0])
    raise UserError("evaluate.bad_metric", came=name, allowed=", ".join(allowed))


def score(task: Task, labels: Labels, truth: Any, prediction: Any, metric: str) -> float | None:
    """Return one metric of these rows, None where it is undefined.

    Parameters
    ----------
    task : Task
        What is learned.
    labels : sequence of str, or dict of OUTPUT → sequence of str
        Class names.
    truth, prediction : array, shape (n,), or (n, outputs) for several outputs
        Labels, or numbers.
    metric : str
        One of `metric_names`; with several outputs ``f1_macro`` is the mean over outputs, ``OUTPUT/f1_macro`` one.

    Raises
    ------
    UserError
        No such metric, a label outside `labels`, a number that is not finite, or unequal lengths.

    Examples
    --------
    >>> score(Task(target="class"), ["no", "yes"], ["no", "yes", "yes"], ["no", "no", "yes"], "recall_yes")
    0.5
    """
    check_metric(metric, task, labels)
    if task.is_number:
        rows = NumberRows(truth, prediction, task.scale)
        return _defined(rows.measure(np.ones((1, rows.n)))[metric][0])
    known = labels_by_output(task, labels)
    codes = [label_codes(task, known, values) for values in (truth, prediction)]
    same_length(*codes)
    by_output = {
        output: class_metrics(
            confusion(codes[0][:, i], codes[1][:, i], len(known[output])), known[output], task.positive
        )
        for i, output in enumerate(task.outputs)
    }
    return _defined(combine_outputs(task, known, by_output)[metric])


def combine_outputs(
    task: Task, labels: Mapping[str, Sequence[str]], by_output: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Return the metrics of all outputs under their names (see `metric_names`).

    A plain metric of several outputs is the mean over the outputs for which it is defined.
    """
    if task.target == "class":
        return dict(by_output[task.outputs[0]])
    metrics = {
        name: mean_defined(np.stack([found[name] for found in by_output.values() if name in found], axis=-1))
        for name in _mean_names(task, labels)
    }
    for output in task.outputs:
        metrics.update({f"{output}/{name}": values for name, values in by_output[output].items()})
    return metrics


def why_undefined(metric: str, n: int) -> str:
    """Return why a metric of n rows is undefined: ``no_rows``, ``constant``, ``one_class`` or ``absent``.

    ``constant``: a correlation with numbers that are all the same; ``one_class``: kappa where truth and prediction are
    one and the same mark; ``absent``: the class occurs neither in the truth nor in the prediction.
    """
    if n == 0:
        return "no_rows"
    return {"pearson": "constant", "spearman": "constant", "qwk": "one_class"}.get(metric, "absent")


def labels_by_output(task: Task, labels: Labels) -> dict[str, list[str]]:
    """Return the class names by output, whichever way they were given."""
    if isinstance(labels, Mapping):
        return {output: list(labels[output]) for output in task.outputs}
    return {output: list(labels) for output in task.outputs}


def label_codes(task: Task, labels: Mapping[str, Sequence[str]], values: Any) -> np.ndarray:
    """Return labels as positions in the label lists.

    Parameters
    ----------
    task : Task
        What is learned: a class, or several.
    labels : dict of OUTPUT → sequence of str
        Class names.
    values : array of str, shape (n,), or (n, outputs) for several outputs
        Labels.

    Returns
    -------
    ndarray of int, shape (n, outputs)

    Raises
    ------
    DataError
        A label that the list of its output does not have, or another shape.
    """
    table = np.asarray(values, dtype=object)
    table = table.reshape(-1, 1) if table.ndim == 1 and task.target == "class" else table
    table = table.reshape(0, len(task.outputs)) if table.size == 0 else table
    if table.ndim != 2 or table.shape[1] != len(task.outputs):
        raise DataError("evaluate.bad_shape", came=str(np.shape(values)), outputs=len(task.outputs))
    codes = np.empty(table.shape, dtype=np.int64)
    for column, output in enumerate(task.outputs):
        position = {label: i for i, label in enumerate(labels[output])}
        codes[:, column] = [position.get(value, -1) for value in table[:, column].tolist()]
        if (codes[:, column] < 0).any():
            strange = table[int(np.argmin(codes[:, column])), column]
            raise DataError("evaluate.unknown_label", came=repr(strange), allowed=", ".join(labels[output]))
    return codes


def same_length(*arrays: Any) -> int:
    """Return the common length of arrays, refusing unequal ones with a `DataError`."""
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise DataError("evaluate.unequal_lengths", came=", ".join(map(str, lengths)))
    return lengths[0]


def _mean_names(task: Task, labels: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the metrics that are averaged over outputs: supports are not."""
    every = [labels[output] for output in task.outputs]
    seen = list(dict.fromkeys(label for names in every for label in names))
    shared = [label for label in seen if label == task.positive or all(label in names for names in every)]
    return [name for name in class_metric_names(shared, task.positive) if not name.startswith("support_")]


def _defined(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
