"""Truth and predictions of one or more systems, reduced to the units that a resample counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from makna.core.class_metrics import confusion, metrics_from_totals
from makna.core.metrics import Labels, combine_outputs, label_codes, labels_by_output, same_length
from makna.core.number_metrics import NumberRows
from makna.core.task import Task


class ScoredRows(Protocol):
    """What a resample needs to know of n rows: the unit of each, and the metrics of weighted units."""

    unit_of_row: np.ndarray
    n_units: int

    def measure(self, weights: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return METRIC → ndarray, shape (b,), of each system under weights of shape (b, units)."""
        ...


class ClassRows:
    """Rows with classes; a unit is a combination of truth and all predictions that occurs.

    Rows of one unit cannot be told apart by any class metric, so a bootstrap over rows is a multinomial over units.

    Parameters
    ----------
    task : Task
        What is learned: a class, or several.
    labels : dict of OUTPUT → sequence of str
        Class names.
    truth : array of str, shape (n,) or (n, outputs)
        Labels.
    predictions : sequence of array, each like `truth`
        Labels given by each system.
    """

    def __init__(self, task: Task, labels: Mapping[str, Sequence[str]], truth: Any, predictions: Sequence[Any]) -> None:
        self.task, self.labels = task, labels
        self.truth = label_codes(task, labels, truth)
        self.predictions = [label_codes(task, labels, prediction) for prediction in predictions]
        same_length(self.truth, *self.predictions)
        first, self.unit_of_row = _distinct(np.hstack([self.truth, *self.predictions]))
        self.n_units = len(first)
        self._counts = [self._count_matrix(prediction, first) for prediction in self.predictions]

    def measure(self, weights: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return METRIC → ndarray, shape (b,), of each system under weights of shape (b, units)."""
        columns = np.ascontiguousarray(np.asarray(weights, dtype=float).T)
        return [self._metrics((counts @ columns).T) for counts in self._counts]

    def confusion(self, system: int = 0) -> dict[str, list[list[int]]]:
        """Return the confusion matrix of each output: rows are the truth, columns the prediction."""
        return {
            output: confusion(self.truth[:, i], self.predictions[system][:, i], len(self.labels[output])).tolist()
            for i, output in enumerate(self.task.outputs)
        }

    def correct(self, system: int = 0) -> np.ndarray:
        """Return which outputs of which rows are right, shape (n, outputs)."""
        return np.equal(self.truth, self.predictions[system])

    def _count_matrix(self, prediction: np.ndarray, first: np.ndarray) -> Any:
        """Return the matrix that turns unit weights into hits, truths and predictions by class, output after output."""
        rows, units, start = [], [], 0
        for i, output in enumerate(self.task.outputs):
            k = len(self.labels[output])
            true, given = self.truth[first, i], prediction[first, i]
            hit = np.flatnonzero(true == given)
            rows += [start + true[hit], start + k + true, start + 2 * k + given]
            units += [hit, np.arange(len(first)), np.arange(len(first))]
            start += 3 * k
        places = (np.concatenate(rows), np.concatenate(units))
        return sp.csr_matrix((np.ones(len(places[0])), places), shape=(start, len(first)))

    def _metrics(self, totals: np.ndarray) -> dict[str, np.ndarray]:
        by_output, start = {}, 0
        for output in self.task.outputs:
            k = len(self.labels[output])
            hits, truth, given = np.split(totals[:, start : start + 3 * k], 3, axis=1)
            by_output[output] = metrics_from_totals(hits, truth, given, self.labels[output], self.task.positive)
            start += 3 * k
        return combine_outputs(self.task, self.labels, by_output)


class NumbersOfSystems:
    """Rows with numbers; every row is a unit of its own.

    Parameters
    ----------
    task : Task
        What is learned: a number, perhaps with a scale.
    truth : array of float, shape (n,)
        Numbers.
    predictions : sequence of array of float, each of shape (n,)
        Numbers given by each system.
    """

    def __init__(self, task: Task, truth: Any, predictions: Sequence[Any]) -> None:
        self._systems = [NumberRows(truth, prediction, task.scale) for prediction in predictions]
        self.n_units = self._systems[0].n
        self.unit_of_row = np.arange(self.n_units)

    def measure(self, weights: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return METRIC → ndarray, shape (b,), of each system under weights of shape (b, units)."""
        return [system.measure(weights) for system in self._systems]


def scored_rows(task: Task, labels: Labels, truth: Any, predictions: Sequence[Any]) -> ClassRows | NumbersOfSystems:
    """Return the rows of one or more systems, ready to be measured and resampled.

    Raises
    ------
    DataError
        Unequal lengths, another shape, a label outside `labels`, a number that is not finite.
    """
    if task.is_number:
        return NumbersOfSystems(task, truth, predictions)
    return ClassRows(task, labels_by_output(task, labels), truth, predictions)


def weights_of(rows: ScoredRows, mask: np.ndarray | None = None) -> np.ndarray:
    """Return the weights that count all rows (or those of a mask) once, shape (1, units)."""
    units = rows.unit_of_row if mask is None else rows.unit_of_row[mask]
    return np.bincount(units, minlength=rows.n_units)[None, :]


def _distinct(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a row of each distinct combination, and the combination of each row."""
    combined = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        # Numbered anew after each column, so that the product never overflows.
        combined = np.unique(combined * (column.max(initial=0) + 1) + column, return_inverse=True)[1]
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    return first, inverse
