"""An LSTM or GRU that reads word vectors in their order, trained from nothing on the rows at hand."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sklearn.base import BaseEstimator, ClassifierMixin

from makna.core.corpus import TextRows, sides_of
from makna.learn.losses import LossName
from makna.learn.recurrent_network import PURPOSE, Cell, RecurrentShape, recurrent_network
from makna.learn.settings import ClassWeight, Count, NotNegative, Positive, Seed, Share
from makna.learn.word_network import WordNetwork
from makna.learn.word_rows import SPECIAL, WordRows
from makna.learn.word_start import Vectors


class Recurrent(WordNetwork, ClassifierMixin, BaseEstimator):
    """A recurrent network over word vectors that classifies one text.

    Words → vectors → LSTM or GRU → last state → dropout → dense → softmax. The vocabulary and the vectors are those of
    the training rows; Adam, rows of like length in a batch, gradients clipped. Figures of the validation rows are kept
    for each epoch, and the best epoch's network is what stays; probabilities are the softmax at one temperature fitted
    on the validation rows. Checkpoints, resuming and Ctrl-C are as in `FineTune`.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        What reads the words.
    bidirectional : bool
        Whether a second one reads from the end; both last states are joined.
    width : int
        Values of the state of each.
    vectors : {"random", "word2vec", "fasttext"} or path
        What word vectors are at first: random, CBOW vectors of the training texts (needs gensim), or those of a file
        (see `makna.represent.word_files.read_vectors`). They go on learning with the rest.
    vector_size : int
        Values of a word's vector; must be that of the file.
    max_words : int
        Words of a text that are read: the first.
    min_count : int
        Words in the training rows less often than this count as unknown.
    epochs : int
        Most passes over the training rows.
    batch_size : int
        Rows at once.
    learning_rate : float
        Rate, the same throughout.
    dropout : float
        Of the word vectors and of the last state.
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
        The training rows have one class only, or texts, labels and settings do not fit each other.
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
    history_, facts_, interrupted_, scaling_
        As in `FineTune`; ``facts_["words"]`` has the size of the vocabulary and the share of unknown words in the
        validation rows.
    """

    _purpose: ClassVar[str] = PURPOSE

    def __init__(
        self,
        cell: Cell = "lstm",
        bidirectional: bool = False,
        width: Count = 64,
        vectors: Vectors = "random",
        vector_size: Count = 100,
        max_words: Count = 50,
        min_count: Count = 1,
        epochs: Count = 20,
        batch_size: Count = 32,
        learning_rate: Positive = 1e-3,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3,
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
        self.cell = cell
        self.bidirectional = bidirectional
        self.width = width
        self.vectors = vectors
        self.vector_size = vector_size
        self.max_words = max_words
        self.min_count = min_count
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.class_weight = class_weight
        self.loss = loss
        self.focal_gamma = focal_gamma
        self.oversample = oversample
        self.patience = patience
        self.keep = keep
        self.by = by
        self.validation = validation
        self.random_state = random_state

    def _as_words(self, texts: TextRows) -> WordRows:
        return WordRows.of(sides_of(texts)[0], self.words_, self.max_words)

    def _new_network(self) -> Any:
        words, outputs = len(self.words_) + SPECIAL, len(self.classes_)
        return recurrent_network(
            RecurrentShape(self.cell, self.bidirectional, self.width, words, self.vector_size, outputs, self.dropout)
        )

    def _further(self) -> dict[str, Any]:
        return {"optimiser": "adam", "schedule": "constant", "warmup": 0.0, "weight_decay": 0.0}
