"""A convolutional network over word vectors, for one text or a pair of texts."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, ClassifierMixin

from makna.core.corpus import TextRows, as_rows
from makna.core.errors import DataError
from makna.learn.cnn_network import PURPOSE, CNNShape, Merge, cnn_network, features
from makna.learn.cnn_rows import FixedRows
from makna.learn.losses import LossName
from makna.learn.optimise import Optimiser
from makna.learn.settings import ClassWeight, Count, NotNegative, Positive, Seed, Share
from makna.learn.word_network import WordNetwork
from makna.learn.word_rows import SPECIAL
from makna.learn.word_start import Vectors

Hidden = Count | Literal["sqrt"]
Widths = Annotated[tuple[Count, ...], Field(min_length=1)]


class WordsCNN(WordNetwork, ClassifierMixin, BaseEstimator):
    """A convolutional network over word vectors that classifies one text, or a pair of texts.

    Words → vectors → filters of several widths with ReLU → the greatest answer of each filter → (dense, ReLU) → dropout
    → dense → softmax (Kim 2014). Every text is as long: longer ones are cut, and counted in `facts_`, shorter ones are
    padded with zeros. The vocabulary and the vectors are those of the training rows; words that come later are unknown,
    one vector for all. Epochs, figures, temperature, checkpoints, resuming and Ctrl-C are as in `FineTune`.

    With two sides the vectors of the words at the same place are channels of one input (``merge: channels``), or the
    same filters read each side and what they find is joined (``merge: concat``). Neither gives the same answer for both
    orders of the sides by itself: `makna.learn.order.Ordered` does.

    Parameters
    ----------
    vectors : {"random", "word2vec", "fasttext"} or path
        What word vectors are at first: random, CBOW vectors of the training texts (needs gensim), or those of a file
        (see `makna.represent.word_files.read_vectors`).
    vector_size : int
        Values of a word's vector; must be that of the file.
    train_vectors : bool
        Whether they go on learning with the rest.
    max_words : int
        Words of each text, at least as many as the widest filter sees.
    min_count : int
        Words in the training rows less often than this count as unknown.
    widths : list of int
        Words that a filter sees at once, one group of filters for each.
    filters : int
        Filters of a group.
    merge : {"channels", "concat"}
        How two sides become one; single texts do not heed it.
    hidden : int, "sqrt" or None
        Values of a dense layer between; "sqrt": √(what the filters find · classes), rounded; None has none.
    dropout : float
        Before the last layer.
    optimiser : {"adam", "sgd", "adadelta", "adamw"}
        What moves the weights; the rate stays the same throughout.
    learning_rate : float
        Rate.
    weight_decay : float
        Share of a weight that goes, times the rate, at each step; not of biases. Without it "adamw" is "adam".
    epochs : int
        Most passes over the training rows.
    batch_size : int
        Rows at once.
    class_weight : "balanced", dict of float, or None
        Weight of each class by its name; "balanced": N / (C · nᵢ) of the training rows.
    loss : {"cross_entropy", "focal"}
        What is made small, in both cases weighted by class.
    focal_gamma : float
        How much less the focal loss heeds rows that are right already; 0 is the cross-entropy.
    oversample : bool
        Repeat rows of rarer classes, drawn anew each epoch, until all classes have as many.
    patience : int or None
        Stop after so many epochs without a better figure.
    keep : {"best", "last"}
        Which epoch's network stays.
    by : {"f1_macro", "accuracy", "precision_macro", "recall_macro", "loss"}
        Figure of the validation rows that says which is best.
    validation : float
        Share of the training rows held back to judge epochs where `fit` is given none; 0 holds none back.
    random_state : int or None
        Seed of vectors, weights, order, dropout and the rows held back; None draws one.

    Raises
    ------
    DataError
        The training rows have one class only, texts, labels and settings do not fit each other, or the file of vectors
        cannot be used.
    MissingPackageError
        torch, or gensim where vectors are learned first, is not installed.
    TrainingError
        The loss is no longer a finite number, or memory does not suffice.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        Labels in the order of the probabilities.
    words_ : list of str
        Known words, the commonest first.
    sides_ : int
        Texts of a row: 1 or 2.
    history_, facts_, interrupted_, scaling_
        As in `FineTune`; ``facts_["layers"]`` has the shapes that each layer takes and gives.

    Notes
    -----
    With two sides, 50 words, vectors of 100, widths 2, 3 and 4 and 64 filters the shapes are those of the published
    citation study: (49, 64), (48, 64), (47, 64), each pooled to (1, 64), joined to 192; its equation 2 gives
    √(192 · 6) = 34 hidden values where its text says 192, and its table has none.
    """

    _purpose: ClassVar[str] = PURPOSE
    _tuples: ClassVar[tuple[str, ...]] = ("widths",)

    def __init__(
        self,
        vectors: Vectors = "random",
        vector_size: Count = 100,
        train_vectors: bool = True,
        max_words: Count = 50,
        min_count: Count = 1,
        widths: Widths = (2, 3, 4),
        filters: Count = 64,
        merge: Merge = "channels",
        hidden: Hidden | None = None,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5,
        optimiser: Optimiser = "adam",
        learning_rate: Positive = 1e-3,
        weight_decay: NotNegative = 0.0,
        epochs: Count = 100,
        batch_size: Count = 32,
        class_weight: ClassWeight = None,
        loss: LossName = "cross_entropy",
        focal_gamma: NotNegative = 2.0,
        oversample: bool = False,
        patience: Count | None = None,
        keep: Literal["best", "last"] = "best",
        by: Literal["f1_macro", "accuracy", "precision_macro", "recall_macro", "loss"] = "f1_macro",
        validation: Share = 0.1,
        random_state: Seed = 0,
    ) -> None:
        self.vectors = vectors
        self.vector_size = vector_size
        self.train_vectors = train_vectors
        self.max_words = max_words
        self.min_count = min_count
        self.widths = widths
        self.filters = filters
        self.merge = merge
        self.hidden = hidden
        self.dropout = dropout
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.loss = loss
        self.focal_gamma = focal_gamma
        self.oversample = oversample
        self.patience = patience
        self.keep = keep
        self.by = by
        self.validation = validation
        self.random_state = random_state

    def _check(self) -> None:
        if max(self.widths) > self.max_words:
            raise DataError("learn.cnn_widths", came=max(self.widths), allowed=self.max_words)

    def _read(self, X: Any) -> TextRows:
        return as_rows(X)

    def padded_to(self, X: Any) -> np.ndarray:
        """Return how many words each row is padded to where it is asked about alone, shape (n,)."""
        lengths = self._as_words(self._read(X)).lengths()
        return np.minimum(self.max_words, lengths + max(self.widths))

    def _as_words(self, texts: TextRows) -> FixedRows:
        return FixedRows.of(texts, self.words_, self.max_words, max(self.widths))

    def _new_network(self) -> Any:
        widths = tuple(dict.fromkeys(self.widths))
        words, classes = len(self.words_) + SPECIAL, len(self.classes_)
        found = features(widths, self.filters, self.sides_, self.merge)
        hidden = round((found * classes) ** 0.5) if isinstance(self.hidden, str) else self.hidden
        shape = CNNShape(
            words, self.vector_size, widths, self.filters, self.sides_, self.merge, hidden, classes, self.dropout
        )
        return cnn_network(shape)

    def _further(self) -> dict[str, Any]:
        return {
            "optimiser": self.optimiser,
            "schedule": "constant",
            "warmup": 0.0,
            "weight_decay": self.weight_decay,
            "freeze": 0 if self.train_vectors else 1,
        }
