"""What the networks over word vectors have in common: one fit, one way to be asked, one way to be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from makna import __version__
from makna.core.compute import Machine, machine_of
from makna.core.corpus import TextRows, as_texts, sides_of
from makna.core.errors import DataError
from makna.core.optional import require
from makna.core.portable import Parts, Portable, plain
from makna.core.tags import TakesTexts
from makna.learn.checkpoints import fit_key
from makna.learn.finetune import class_labels
from makna.learn.finetune_fit import Job, account, class_job, rows_key, seed_of
from makna.learn.fitting import refuse_one_class
from makna.learn.forward import Rows, outputs_of
from makna.learn.held_back import Holding, split_of
from makna.learn.networks import layer_table
from makna.learn.scaling import scaled, scaling_of
from makna.learn.setup import Place, TrainData, Trained, TrainSettings
from makna.learn.soft import Soft
from makna.learn.training import train
from makna.learn.word_rows import with_specials
from makna.learn.word_start import Asked, Start, start_of
from makna.represent.word_split import vocabulary_of

_TENSOR = "network."
_AT_ONCE = 256
_TRAINING = ("epochs", "batch_size", "learning_rate", "patience", "by", "keep")


class TextsAsWords(Protocol):
    """Texts, or pairs of texts, as numbers of words."""

    def whole(self, rows: np.ndarray) -> Mapping[str, Any]:
        """Return a batch of some rows, as long as rows can be."""

    def rows(self, targets: np.ndarray | None = None) -> Rows:
        """Return them as a network takes them."""

    @property
    def unknown_share(self) -> float | None:
        """Unknown words among those kept."""

    def account(self) -> dict[str, Any]:
        """Return what was cut and what is unknown."""

    def example(self, texts: Any) -> dict[str, Any]:
        """Return one text on its way to the network."""


class WordNetwork(TakesTexts, Portable):
    """What the classifiers share that train a network over word vectors.

    A subclass says what it reads (`_read`), how texts become rows (`_as_words`), what network it is (`_new_network`)
    and how it is trained (`_further`). Its parameters are among others those of `_TRAINING`, and `vectors`,
    `vector_size`, `min_count`, `class_weight`, `loss`, `focal_gamma`, `oversample`, `validation`, `random_state`.

    Attributes
    ----------
    tensors_ : dict of ndarray
        Weights of the trained network.
    """

    _json: ClassVar[tuple[str, ...]] = (
        "classes_", "words_", "sides_", "history_", "facts_", "interrupted_", "scaling_",
    )  # fmt: skip
    _purpose: ClassVar[str]

    def _check(self) -> None:
        """Refuse settings that do not fit each other, before anything is learned."""

    def _read(self, X: Any) -> TextRows:
        """Return X as rows, refusing what this network does not take."""
        return as_texts(X)

    def _as_words(self, texts: TextRows) -> TextsAsWords:
        raise NotImplementedError

    def _new_network(self) -> Any:
        raise NotImplementedError

    def _further(self) -> dict[str, Any]:
        """Return settings of the training besides those of `_TRAINING`."""
        raise NotImplementedError

    def fit(
        self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None, soft: Soft | None = None
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2) where pairs are taken
            Texts, or pairs of texts.
        y : sequence, shape (n,)
            Labels.
        X_val, y_val : as X and y, or None
            Rows to judge epochs by. Rows whose label no training row has are left out, and counted in `facts_`.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together.
        soft : Soft or None
            What a teacher says of the rows, to be learned beside the labels.
        """
        texts, labels = self._read(X), class_labels(y)
        if not texts:
            raise DataError("learn.no_rows", name=type(self).__name__)
        self._check()
        refuse_one_class(self, labels)
        params = self._params()
        seed = seed_of(params["random_state"])
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.sides_ = 1 if isinstance(texts[0], str) else 2
        holding = Holding(params["validation"], seed, codes, groups)
        if X_val is not None:
            self._texts(X_val)
        split = split_of(texts, labels, (X_val, y_val), holding)
        job = class_job(params, split, self.classes_, soft)
        trained = self._learn(job, seed)
        self.scaling_ = scaling_of(trained.outputs, job.split.valid.targets, len(self.classes_), "temperature")
        if trained.interrupted:
            raise KeyboardInterrupt
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, shape (n, classes)."""
        check_is_fitted(self, "tensors_")
        texts = self._texts(X)
        if not texts:
            return np.zeros((0, len(self.classes_)))
        machine = machine_of(self._purpose)
        rows = self._as_words(texts).rows()
        outputs = outputs_of(self._network(machine), rows, _AT_ONCE, machine, autocast=False)
        return scaled(outputs.astype(float), self.scaling_)

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each row, shape (n,)."""
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

    def _params(self) -> dict[str, Any]:
        return self.get_params(deep=False)  # type: ignore[attr-defined]

    def _texts(self, X: Any) -> TextRows:
        """Return X as rows, refusing pairs where single texts were learned from, and the other way round."""
        texts = self._read(X)
        if texts and isinstance(texts[0], str) != (self.sides_ == 1):
            raise DataError("learn.other_inputs", name=type(self).__name__)
        return texts

    def _learn(self, job: Job, seed: int) -> Trained:
        """Train on a job and keep what came out of it."""
        machine = machine_of(self._purpose)
        params = {name: value for name, value in self._params().items() if name != "random_state"}
        start = self._start([side for part in sides_of(job.split.train.texts) for side in part or ()], params, seed)
        known, judged = (self._as_words(side.texts) for side in (job.split.train, job.split.valid))
        network = self._fresh(start, seed)
        settings = TrainSettings(
            **{name: params[name] for name in _TRAINING}, **self._further(), oversample=job.oversample, seed=seed
        )
        rows = known.rows(job.split.train.targets)
        valid = judged.rows(job.split.valid.targets) if job.split.origin else None
        place = Place.here(machine, _key(type(self).__name__, params, job, machine, [seed, start.mark]))
        trained = train(network, TrainData(rows, valid, job.loss, job.measure), settings, place)
        network = network.to("cpu")
        self.tensors_ = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
        self._networks: dict[str, Any] = {}
        self.history_ = trained.history
        self.interrupted_ = trained.interrupted
        self.facts_ = {
            "tokens": known.account(),
            "words": {
                "vocabulary": len(self.words_), "min_count": params["min_count"], **start.facts,
                "vector_size": params["vector_size"], "unknown_share_valid": judged.unknown_share,
            },
            "example": known.example(job.split.train.texts),
            "layers": layer_table(network, dict(known.whole(rows.lengths.argsort()[-2:]))),
            **account(job, trained, machine),
            "settings": {**plain(params), **asdict(settings)},
        }  # fmt: skip
        return trained

    def _start(self, texts: Sequence[str], params: dict[str, Any], seed: int) -> Start:
        """Find the words of the training texts, and the vectors they begin with."""
        self.words_ = vocabulary_of(texts, params["min_count"])
        return start_of(
            Asked(params["vectors"], self.words_, params["vector_size"], params["min_count"], seed), texts
        )  # fmt: skip

    def _fresh(self, start: Start, seed: int) -> Any:
        torch = require("torch", self._purpose)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self._new_network()
        with torch.no_grad():
            network.vectors.weight.copy_(torch.from_numpy(with_specials(start.matrix)))
        return network

    def _network(self, machine: Machine) -> Any:
        """Return the trained network on this device, rebuilt on first use."""
        if not hasattr(self, "_networks"):
            self._networks = {}
        if machine.device not in self._networks:
            torch = require("torch", self._purpose)
            with torch.random.fork_rng(devices=[]):
                network = self._new_network()
            network.load_state_dict({name: torch.tensor(value) for name, value in self.tensors_.items()})
            self._networks[machine.device] = network.to(machine.device).eval()
        return self._networks[machine.device]

    def __getstate__(self) -> dict[str, Any]:
        # Crosses processes as what it is kept as.
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name != "_networks"}


def _key(name: str, params: dict[str, Any], job: Job, machine: Machine, further: list[Any]) -> str:
    """Return a hash of all that the result depends on."""
    versions = [__version__, version("torch"), version("numpy")]
    return fit_key(name, params, further, rows_key(job), job.outputs, job.loss.weights, asdict(machine), versions)
