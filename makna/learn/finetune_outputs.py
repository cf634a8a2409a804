"""Fine-tuning to several outputs: one encoder learns them all, each with a part of the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_rows
from makna.core.errors import DataError
from makna.core.optional import require
from makna.core.portable import Parts
from makna.learn.epochs import CLASS_FIGURES, Figures, Measure, measure_classes
from makna.learn.finetune import ClassFineTuned
from makna.learn.finetune_fit import Job, seed_of
from makna.learn.fitting import refuse_one_class
from makna.learn.held_back import Holding, Split
from makna.learn.losses import CLASS_LOSSES, Loss, Terms, class_weights
from makna.learn.outputs import SeveralOutputs, output_table, side_by_side
from makna.learn.scaling import scaled, scaling_of

if TYPE_CHECKING:
    from torch import Tensor


class FineTuneOutputs(ClassFineTuned, SeveralOutputs, BaseEstimator):
    """An encoder fine-tuned to several classes of one text or pair: one for each output, such as an aspect.

    As `makna.learn.finetune.FineTune`, whose parameters it has, with one dense layer for all outputs and a softmax for
    each; the loss of a row, and each figure of an epoch, is the mean of those of its outputs. So n outputs cost what
    one does, where `makna.learn.outputs.PerOutput` would fine-tune n encoders. An output with one class only among the
    training rows always gets that class.

    Parameters
    ----------
    encoder, epochs, batch_size, learning_rate, …
        As in `FineTune`. ``class_weight="balanced"`` weighs the classes of each output by itself; rows are held back by
        the output whose commonest class is rarest.

    Raises
    ------
    DataError
        Each output has one class only, rows are to be repeated by class (`oversample`), or texts, labels and settings
        do not fit each other.
    ModelError
        The encoder is not here.
    TrainingError
        The loss is no longer a finite number, or memory does not suffice.

    Attributes
    ----------
    classes_ : list of ndarray
        Labels of each output, in the order of its probabilities.
    scaling_ : list of dict
        As in `FineTune`, for each output.
    """

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Fine-tune the encoder.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence, shape (n, outputs)
            Labels.
        X_val, y_val : as X and y, or None
            Rows to judge epochs by. Rows with a label that no training row has are left out, and counted in `facts_`.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together.
        """
        if self.oversample:
            raise DataError("learn.oversample_outputs")
        texts, labels = as_rows(X), output_table(y)
        seed = seed_of(self.random_state)
        holding = Holding(self.validation, seed, _strata(labels), groups)
        split = self._split(texts, labels, (X_val, None if y_val is None else output_table(y_val)), holding)
        columns = [np.unique(column) for column in split.train.targets.T]
        if all(len(classes) == 1 for classes in columns):
            refuse_one_class(self, split.train.targets[:, 0])
        self.classes_ = columns
        job = self._job(split)
        trained = self._learn(job, seed)
        said = [None] * len(columns) if trained.outputs is None else self._parts(trained.outputs)
        self.scaling_ = [
            scaling_of(part, codes, len(classes), self.calibrate)
            for part, codes, classes in zip(said, job.split.valid.targets.T, self.classes_, strict=True)
        ]
        if trained.interrupted:
            raise KeyboardInterrupt
        return self

    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """Return probabilities of texts, one array of shape (n, classes) an output."""
        check_is_fitted(self, "model_")
        parts = self._parts(self._outputs(X))
        return [scaled(part, scaling) for part, scaling in zip(parts, self.scaling_, strict=True)]

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each output, shape (n, outputs), as objects."""
        found = self.predict_proba(X)
        return side_by_side([classes[part.argmax(axis=1)] for classes, part in zip(self.classes_, found, strict=True)])

    def to_parts(self) -> Parts:
        """Return the parts, with the labels of each output."""
        parts = super().to_parts()
        if hasattr(self, "classes_"):
            parts.state["kinds"] = ["object" if c.dtype.kind == "O" else c.dtype.str for c in self.classes_]
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the estimator; torch is imported when it is first asked something."""
        made = super().from_parts(parts)
        if "kinds" in parts.state:
            kinds = parts.state["kinds"]
            made.classes_ = [np.array(c, dtype=np.dtype(k)) for c, k in zip(made.classes_, kinds, strict=True)]
        return made

    def _job(self, split: Split) -> Job:
        """Return what the network is to learn: all outputs side by side."""
        sizes = [len(classes) for classes in self.classes_]
        weights = [class_weights(self.class_weight, column) for column in split.train.targets.T]
        terms = CLASS_LOSSES[self.loss](self.focal_gamma)
        plain = [None if found is None else tuple(found.values()) for found in weights]
        loss = Loss(output_terms(terms, sizes, plain))
        return Job(_coded(split, self.classes_), sum(sizes), loss, measure_outputs(sizes))

    def _parts(self, outputs: np.ndarray) -> list[np.ndarray]:
        """Return the logits of each output."""
        return np.split(outputs, np.cumsum([len(classes) for classes in self.classes_])[:-1], axis=1)


def output_terms(terms: Terms, sizes: Sequence[int], weights: Sequence[tuple[float, ...] | None]) -> Terms:
    """Return the mean over outputs of the weighted loss of each.

    Parameters
    ----------
    terms : callable
        The loss of one output.
    sizes : sequence of int
        Classes of each output; one of a single class adds nothing.
    weights : sequence of tuple of float, or of None
        Weight of each class of each output.

    Returns
    -------
    callable
        Takes outputs, shape (n, Σ sizes), and codes, shape (n, outputs); returns shape (n,).
    """

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        torch = require("torch", "loss")
        found = []
        for logits, codes, weight in zip(outputs.split(list(sizes), dim=1), targets.unbind(1), weights, strict=True):
            own = terms(logits, codes)
            found.append(own if weight is None else own * torch.tensor(weight, device=own.device)[codes])
        return torch.stack(found).mean(dim=0)

    return mean


def measure_outputs(sizes: Sequence[int]) -> Measure:
    """Return a measure of several outputs: each figure is the mean over the outputs that have more than one class."""

    def measure(outputs: np.ndarray, targets: np.ndarray) -> Figures:
        parts = np.split(outputs, np.cumsum(sizes)[:-1], axis=1)
        found = [
            measure_classes(part, codes) for part, codes in zip(parts, targets.T, strict=True) if part.shape[1] > 1
        ]
        return {name: _mean([figures[name] for figures in found]) for name in CLASS_FIGURES}

    return measure


def _mean(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return float(np.mean(known)) if known else None


def _strata(labels: np.ndarray) -> np.ndarray:
    codes = [np.unique(column, return_inverse=True)[1] for column in labels.T]
    return min(codes, key=lambda column: np.bincount(column).max() if len(column) else 0)


def _coded(split: Split, columns: Sequence[np.ndarray]) -> Split:
    """Return the split with codes for labels; validation rows with another label are left out."""
    pairs = zip(split.valid.targets.T, columns, strict=True)
    known = np.all([np.isin(column, classes) for column, classes in pairs], axis=0)
    return split.recoded(known, lambda table: _codes(table, columns))


def _codes(table: np.ndarray, columns: Sequence[np.ndarray]) -> np.ndarray:
    codes = [np.searchsorted(classes, column) for column, classes in zip(table.T, columns, strict=True)]
    return np.stack(codes, axis=1).astype(np.int64)
