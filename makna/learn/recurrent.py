"""An LSTM or GRU that reads word vectors in their order, trained from nothing on the rows at hand."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from makna import __version__
from makna.core.compute import Machine, machine_of
from makna.core.corpus import as_texts, texts_hash
from makna.core.errors import DataError
from makna.core.optional import require
from makna.core.portable import Parts, Portable, plain
from makna.learn.checkpoints import fit_key
from makna.learn.epochs import measure_classes
from makna.learn.finetune import class_labels, temperature_of
from makna.learn.finetune_fit import Job, account, seed_of
from makna.learn.fitting import refuse_one_class
from makna.learn.forward import outputs_of
from makna.learn.held_back import Holding, split_of
from makna.learn.losses import CLASS_LOSSES, Loss, LossName, class_weights
from makna.learn.networks import layer_table
from makna.learn.recurrent_network import Cell, RecurrentShape, recurrent_network
from makna.learn.settings import ClassWeight, Count, NotNegative, Positive, Seed, Share
from makna.learn.setup import Place, TrainData, Trained, TrainSettings
from makna.learn.training import train
from makna.learn.word_rows import PURPOSE, SPECIAL, VECTORS, Vectors, WordRows, vocabulary_of, with_specials

_TENSOR = "network."
_AT_ONCE = 256
_TRAINING = ("epochs", "batch_size", "learning_rate", "patience", "by", "keep")


@dataclass(frozen=True)
class _Ready:
    """What a training needs: both sides as numbers of words, and the network before its first step."""

    known: WordRows
    judged: WordRows
    network: Any
    shape: RecurrentShape


class Recurrent(Portable, ClassifierMixin, BaseEstimator):
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
    vectors : {"random", "word2vec"}
        What word vectors are at first: random, or CBOW vectors of the training texts (needs gensim). They go on
        learning with the rest.
    vector_size : int
        Values of a word's vector.
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
        torch (or gensim) is not installed.
    TrainingError
        The loss is no longer a finite number, or memory does not suffice.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        Labels in the order of the probabilities.
    words_ : list of str
        Known words, the commonest first.
    history_, facts_, interrupted_, temperature_
        As in `FineTune`; ``facts_["words"]`` has the size of the vocabulary and the share of unknown words in the
        validation rows.
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_", "words_", "history_", "facts_", "interrupted_", "temperature_")

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

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.
        y : sequence, shape (n,)
            Labels.
        X_val, y_val : sequence of str and of labels, or None
            Rows to judge epochs by. Rows whose label no training row has are left out, and counted in `facts_`.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together.
        """
        texts, labels = as_texts(X), class_labels(y)
        if not texts:
            raise DataError("learn.no_rows", name=type(self).__name__)
        refuse_one_class(self, labels)
        seed = seed_of(self.random_state)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        split = split_of(texts, labels, (X_val, y_val), Holding(self.validation, seed, codes, groups))
        weights = class_weights(self.class_weight, split.train.targets)
        loss = Loss(CLASS_LOSSES[self.loss](self.focal_gamma), None if weights is None else tuple(weights.values()))
        told = None if weights is None else {str(label): weight for label, weight in weights.items()}
        split = split.coded(self.classes_)
        trained = self._learn(Job(split, len(self.classes_), loss, measure_classes, self.oversample, told), seed)
        self.temperature_ = temperature_of(trained.outputs, split.valid.targets, len(self.classes_))
        if trained.interrupted:
            raise KeyboardInterrupt
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of texts, shape (n, classes)."""
        check_is_fitted(self, "tensors_")
        texts = as_texts(X)
        if not texts:
            return np.zeros((0, len(self.classes_)))
        machine = machine_of(PURPOSE)
        rows = WordRows.of(texts, self.words_, self.max_words).rows()
        outputs = outputs_of(self._network(machine), rows, _AT_ONCE, machine, autocast=False)
        return softmax(outputs.astype(float) / self.temperature_, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each text, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def to_parts(self) -> Parts:
        """Return settings, words and weights; the example text stays out of what is handed on."""
        parts = super().to_parts()
        if hasattr(self, "tensors_"):
            parts.state["facts_"] = plain({name: fact for name, fact in self.facts_.items() if name != "example"})
            parts.tensors |= {f"{_TENSOR}{name}": value for name, value in self.tensors_.items()}
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the estimator; torch is imported when it is first asked something."""
        made = super().from_parts(parts)
        tensors = {n.removeprefix(_TENSOR): v for n, v in parts.tensors.items() if n.startswith(_TENSOR)}
        if tensors:
            made.tensors_ = tensors
        return made

    def _learn(self, job: Job, seed: int) -> Trained:
        """Train on a job and keep what came out of it."""
        machine = machine_of(PURPOSE)
        params = {name: value for name, value in self.get_params(deep=False).items() if name != "random_state"}
        ready = self._ready(job, seed)
        given = {name: params[name] for name in _TRAINING}
        settings = TrainSettings(
            **given, optimiser="adam", schedule="constant", warmup=0.0, weight_decay=0.0,
            oversample=job.oversample, seed=seed,
        )  # fmt: skip
        valid = ready.judged.rows(job.split.valid.targets) if job.split.origin else None
        rows = ready.known.rows(job.split.train.targets)
        place = Place.here(machine, _key(params, job, machine, seed))
        trained = train(ready.network, TrainData(rows, valid, job.loss, job.measure), settings, place)
        network = ready.network.to("cpu")
        self.tensors_ = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
        self._networks: dict[str, Any] = {}
        self.history_ = trained.history
        self.interrupted_ = trained.interrupted
        self.facts_ = {
            "tokens": ready.known.account(),
            "words": {
                "vocabulary": len(self.words_), "min_count": self.min_count, "vectors": self.vectors,
                "vector_size": self.vector_size, "unknown_share_valid": ready.judged.unknown_share,
            },
            "example": ready.known.example(job.split.train.texts),
            "layers": layer_table(network, dict(rows.batch(rows.lengths.argsort()[-2:]))),
            **account(job, trained, machine),
            "settings": {**plain(params), **asdict(settings)},
        }  # fmt: skip
        return trained

    def _ready(self, job: Job, seed: int) -> _Ready:
        torch = require("torch", PURPOSE)
        texts = job.split.train.texts
        self.words_ = vocabulary_of(texts, self.min_count)
        known, judged = (WordRows.of(s.texts, self.words_, self.max_words) for s in (job.split.train, job.split.valid))
        first = with_specials(VECTORS[self.vectors](texts, self.words_, self.vector_size, seed))
        shape = self._shape()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = recurrent_network(shape)
        with torch.no_grad():
            network.vectors.weight.copy_(torch.from_numpy(first))
        return _Ready(known, judged, network, shape)

    def _shape(self) -> RecurrentShape:
        words, outputs = len(self.words_) + SPECIAL, len(self.classes_)
        return RecurrentShape(
            self.cell, self.bidirectional, self.width, words, self.vector_size, outputs, self.dropout
        )  # fmt: skip

    def _network(self, machine: Machine) -> Any:
        """Return the trained network on this device, rebuilt on first use."""
        if not hasattr(self, "_networks"):
            self._networks = {}
        if machine.device not in self._networks:
            torch = require("torch", PURPOSE)
            with torch.random.fork_rng(devices=[]):
                network = recurrent_network(self._shape())
            network.load_state_dict({name: torch.tensor(value) for name, value in self.tensors_.items()})
            self._networks[machine.device] = network.to(machine.device).eval()
        return self._networks[machine.device]

    def __getstate__(self) -> dict[str, Any]:
        # Crosses processes as what it is kept as.
        return {name: value for name, value in super().__getstate__().items() if name != "_networks"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _key(params: dict[str, Any], job: Job, machine: Machine, seed: int) -> str:
    """Return a hash of all that the result depends on."""
    sides = [
        [texts_hash(side.texts), hashlib.sha256(side.targets.tobytes()).hexdigest()]
        for side in (job.split.train, job.split.valid)
    ]
    versions = [__version__, version("torch"), version("numpy")]
    versions += [version("gensim")] if params["vectors"] != "random" else []
    return fit_key("Recurrent", params, seed, sides, job.outputs, job.loss.weights, asdict(machine), versions)
