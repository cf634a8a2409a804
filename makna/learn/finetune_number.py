"""Fine-tuning to a number: an encoder learns a score, all its layers together with a head."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from makna.core.corpus import as_rows
from makna.core.portable import Parts
from makna.learn.finetune_fit import FineTuned, Job, seed_of
from makna.learn.finetune_text import LongTexts, Pair
from makna.learn.fitting import number_target
from makna.learn.held_back import Holding
from makna.learn.networks import Pooling
from makna.learn.number_aims import AIMS, Aim, NumberLoss, aim_again
from makna.learn.optimise import Schedule
from makna.learn.settings import Count, Layers, NotNegative, Pieces, Positive, Seed, Share
from makna.split.plan import strata_of


class FineTuneRegressor(FineTuned, RegressorMixin, BaseEstimator):
    """An encoder fine-tuned to give one text, or a pair of texts, a number.

    As `makna.learn.finetune.FineTune`, with another loss. By the squared error, numbers are learned less their mean
    over their standard deviation, both of the training rows; figures and predictions are in their own unit.

    With ``pooling="bilstm"`` the encoder's vectors go through an LSTM of 64 from each end, and the mean and the maximum
    of what both say of the row's own pieces, joined, through dropout and a dense layer. Two phases are one training:
    with ``freeze="all"`` and ``unfreeze_after=8`` the encoder is held still for eight epochs, at the rate
    `frozen_learning_rate`, and learns with the rest in the others, at `learning_rate`.

    Parameters
    ----------
    encoder, epochs, batch_size, learning_rate, max_length, long, pooling, pair, warmup, weight_decay, clip, accumulate
        As in `FineTune`. Without decay, AdamW is Adam.
    dropout, freeze, unfreeze_after, patience, keep, validation, random_state
        As in `FineTune`; rows are held back by fifths of the numbers.
    loss : {"squared", "ordinal"}
        The squared error, or the cross-entropy of being above each step between the marks of the training rows, whose
        prediction is the expected mark (see `makna.learn.number_aims.Ordered`).
    frozen_learning_rate : float or None
        Highest rate of the epochs in which layers are held still; None: `learning_rate`.
    by : {"rmse", "mae", "pearson", "loss"}
        Figure of the validation rows that says which epoch is best.

    Raises
    ------
    DataError
        A number is not finite, or texts, numbers and settings do not fit each other.
    ModelError
        The encoder is not here.
    TrainingError
        The loss is no longer a finite number, or memory does not suffice.

    Attributes
    ----------
    aim_ : Aim
        What the outputs stand for.
    """

    def __init__(
        self,
        encoder: str = "minilm",
        epochs: Count = 3,
        batch_size: Count = 16,
        learning_rate: Positive = 3e-5,
        max_length: Pieces = 128,
        long: LongTexts = "head",
        pooling: Pooling = "cls",
        pair: Pair = "cross",
        warmup: Share = 0.1,
        schedule: Schedule = "linear",
        weight_decay: NotNegative = 0.01,
        clip: Positive | None = 1.0,
        accumulate: Count = 1,
        dropout: Share = 0.1,
        loss: NumberLoss = "squared",
        freeze: Layers = 0,
        unfreeze_after: Count | None = None,
        frozen_learning_rate: Positive | None = None,
        patience: Count | None = None,
        keep: Literal["best", "last"] = "best",
        by: Literal["rmse", "mae", "pearson", "loss"] = "rmse",
        validation: Share = 0.1,
        random_state: Seed = 0,
    ) -> None:
        self.encoder = encoder
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_length = max_length
        self.long = long
        self.pooling = pooling
        self.pair = pair
        self.warmup = warmup
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.clip = clip
        self.accumulate = accumulate
        self.dropout = dropout
        self.loss = loss
        self.freeze = freeze
        self.unfreeze_after = unfreeze_after
        self.frozen_learning_rate = frozen_learning_rate
        self.patience = patience
        self.keep = keep
        self.by = by
        self.validation = validation
        self.random_state = random_state

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Fine-tune the encoder.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence of float, shape (n,)
            Numbers.
        X_val, y_val : as X and y, or None
            Rows to judge epochs by.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together.
        """
        texts, numbers = as_rows(X), number_target(y)
        seed = seed_of(self.random_state)
        holding = Holding(self.validation, seed, np.asarray(strata_of(numbers)), groups)
        split = self._split(texts, numbers, (X_val, None if y_val is None else number_target(y_val)), holding)
        self.aim_: Aim = AIMS[self.loss].of(split.train.targets)
        split = split.mapped(self.aim_.targets)
        job = Job(split, self.aim_.outputs, self.aim_.loss, self.aim_.measure, start=self.aim_.start)
        trained = self._learn(job, seed)
        if trained.interrupted:
            raise KeyboardInterrupt
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of each text, shape (n,)."""
        outputs = self._outputs(X)
        return self.aim_.numbers(outputs)

    def to_parts(self) -> Parts:
        """Return the parts, with what the outputs stand for."""
        parts = super().to_parts()
        if hasattr(self, "aim_"):
            parts.state["aim"] = self.aim_.to_json()
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the estimator; torch is imported when it is first asked something."""
        made = super().from_parts(parts)
        if "aim" in parts.state:
            made.aim_ = aim_again(made.loss, parts.state["aim"])
        return made
