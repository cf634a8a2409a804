"""Fine-tuning: an encoder learns the task itself, all its layers together with a head."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from makna.core.corpus import as_rows
from makna.learn.finetune_fit import FineTuned, class_job, seed_of
from makna.learn.finetune_text import LongTexts, Pair
from makna.learn.fitting import refuse_one_class
from makna.learn.held_back import Holding
from makna.learn.losses import LossName
from makna.learn.networks import Pooling
from makna.learn.optimise import Schedule
from makna.learn.scaling import Scaling, scaled, scaling_of
from makna.learn.settings import ClassWeight, Count, Layers, NotNegative, Pieces, Positive, Seed, Share
from makna.learn.soft import Soft


class ClassFineTuned(FineTuned):
    """The settings of an encoder fine-tuned to classes; see `FineTune`."""

    _json: ClassVar[tuple[str, ...]] = (*FineTuned._json, "classes_", "scaling_")

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
        class_weight: ClassWeight = None,
        loss: LossName = "cross_entropy",
        focal_gamma: NotNegative = 2.0,
        oversample: bool = False,
        freeze: Layers = 0,
        unfreeze_after: Count | None = None,
        patience: Count | None = None,
        keep: Literal["best", "last"] = "best",
        by: Literal["f1_macro", "accuracy", "precision_macro", "recall_macro", "loss"] = "f1_macro",
        calibrate: Scaling = "temperature",
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
        self.class_weight = class_weight
        self.loss = loss
        self.focal_gamma = focal_gamma
        self.oversample = oversample
        self.freeze = freeze
        self.unfreeze_after = unfreeze_after
        self.patience = patience
        self.keep = keep
        self.by = by
        self.calibrate = calibrate
        self.validation = validation
        self.random_state = random_state


class FineTune(ClassFineTuned, ClassifierMixin, BaseEstimator):
    """An encoder fine-tuned to classify one text, or a pair of texts.

    Pieces → encoder → pooling → dropout → dense → softmax (Devlin et al. 2019, section 4.1). All layers learn; AdamW,
    the rate rising and falling in straight lines, rows of like length in a batch, gradients clipped. Figures of the
    validation rows are kept for each epoch, and the best epoch's network is what stays. Its probabilities are the
    softmax of the logits, scaled on the validation rows.

    Where `makna.core.workplace` has a folder, each epoch is kept there: a fit that is killed goes on after its last
    finished epoch and ends with the same figures, and one that ended before returns at once. After Ctrl-C the best
    epoch so far is in force, `interrupted_` says so, and `KeyboardInterrupt` goes on.

    Parameters
    ----------
    encoder : str
        Name or folder (see `makna.represent.encoder_source`).
    epochs : int
        Most passes over the training rows.
    batch_size : int
        Rows at once.
    learning_rate : float
        Highest rate.
    max_length : int
        Most pieces of a row, special ones included.
    long : {"head", "head+tail", "windows"}
        What is done with a longer text: its first pieces are kept; its first and its last in equal parts; or it becomes
        overlapping windows, and the mean of their logits is the text's.
    pooling : {"cls", "mean", "max", "bilstm"}
        How the vectors of a row become one; "cls" takes the first, through the encoder's pooler where it has one;
        "bilstm" reads them with an LSTM of 64 from each end, and joins the mean and the maximum of what both say.
    pair : {"cross", "bi"}
        How two sides are read (single texts do not heed it): in one row, each piece seeing both sides (Devlin et al.
        2019), or each side by itself (Reimers & Gurevych 2019), which is quicker where a side occurs in many pairs.
        Neither gives the same answer for both orders of the sides by itself: `makna.learn.order.Ordered` does.
    warmup : float
        Share of the steps in which the rate rises.
    schedule : {"linear", "constant"}
        Whether the rate then falls in a straight line to 0, or stays.
    weight_decay : float
        Not of biases and layer normalisation.
    clip : float or None
        Longest gradient.
    accumulate : int
        Batches whose gradients make one step.
    dropout : float
        Before the head; the encoder keeps its own.
    class_weight : "balanced", dict of float, or None
        Weight of each class by its name; "balanced": N / (C · nᵢ) of the training rows.
    loss : {"cross_entropy", "focal"}
        What is made small, in both cases weighted by class.
    focal_gamma : float
        How much less the focal loss heeds rows that are right already (Lin et al. 2017); 0 is the cross-entropy.
    oversample : bool
        Repeat rows of rarer classes, drawn anew each epoch, until all classes have as many.
    freeze : int or "all"
        Lowest layers of the encoder that are held still; the embeddings are the first.
    unfreeze_after : int or None
        The last epoch in which they are.
    patience : int or None
        Stop after so many epochs without a better figure.
    keep : {"best", "last"}
        Which epoch's network stays.
    by : {"f1_macro", "accuracy", "precision_macro", "recall_macro", "loss"}
        Figure of the validation rows that says which is best.
    calibrate : {"temperature", "bias"}
        How the validation rows make probabilities of the logits: one temperature (Guo et al. 2017), which never changes
        the answer; or a weight and a bias a class (Platt 1999), for rows whose mix of classes is not that of training.
    validation : float
        Share of the training rows held back to judge epochs, stratified and whole groups, where `fit` is given no
        validation rows; 0 holds none back, and the last epoch stays.
    random_state : int or None
        Seed of the head, the order, dropout and the rows held back; None draws one, and such a fit cannot be resumed.

    Raises
    ------
    DataError
        The training rows have one class only, or texts, labels and settings do not fit each other.
    ModelError
        The encoder is not here; the message says which are, and how to get it.
    TrainingError
        The loss is no longer a finite number (with step and learning rate), or memory does not suffice.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        Labels in the order of the probabilities.
    scaling_ : dict
        ``weight``, what logits are multiplied by (1 without validation rows), and ``bias``, what is added to each.
    """

    def fit(
        self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None, soft: Soft | None = None
    ) -> Self:
        """Fine-tune the encoder.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence, shape (n,)
            Labels.
        X_val, y_val : as X and y, or None
            Rows to judge epochs by. Rows whose label no training row has are left out, and counted in `facts_`.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together.
        soft : Soft or None
            What a teacher says of the rows of X (see `makna.learn.distil`).
        """
        texts, labels = as_rows(X), class_labels(y)
        refuse_one_class(self, labels)
        seed = seed_of(self.random_state)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        split = self._split(texts, labels, (X_val, y_val), Holding(self.validation, seed, codes, groups))
        job = class_job(self.get_params(deep=False), split, self.classes_, soft)
        trained = self._learn(job, seed)
        self.scaling_ = scaling_of(trained.outputs, job.split.valid.targets, len(self.classes_), self.calibrate)
        if trained.interrupted:
            raise KeyboardInterrupt
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of texts, shape (n, classes)."""
        return scaled(self._outputs(X), self.scaling_)

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each text, shape (n,)."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]


def class_labels(y: Any) -> np.ndarray:
    """Return the labels of classes, shape (n,), refusing what is none.

    Raises
    ------
    ValueError
        There are none, they are numbers without steps, or they have more than one column.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    labels = column_or_1d(np.asarray(y), warn=True)
    check_classification_targets(labels)
    return labels
