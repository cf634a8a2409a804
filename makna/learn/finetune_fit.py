"""What fine-tuning to a class and to a number have in common: one fit, and how it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from makna import __version__
from makna.core.compute import Machine, machine_of
from makna.core.corpus import TextRows, as_rows, texts_hash
from makna.core.errors import DataError
from makna.core.optional import require
from makna.core.portable import Parts, Portable, plain
from makna.learn.checkpoints import fit_key
from makna.learn.epochs import Measure, measure_classes, overfitting
from makna.learn.finetune_text import example_of, text_rows
from makna.learn.held_back import Holding, Split, split_of
from makna.learn.losses import CLASS_LOSSES, Loss, class_weights
from makna.learn.networks import PURPOSE, layer_table
from makna.learn.setup import Place, TrainData, Trained, TrainSettings
from makna.learn.soft import Soft, softened
from makna.learn.text_model import Shape, TextModel
from makna.learn.training import train
from makna.represent.encoder_source import EncoderSource, describe, load_network, load_tokenizer, locate_encoder

_TENSOR = "network."
# Parameters that go to the training loop as they are.
_TRAINING = (
    *("epochs", "batch_size", "learning_rate", "warmup", "schedule", "weight_decay", "clip", "accumulate", "freeze"),
    *("unfreeze_after", "frozen_learning_rate", "patience", "by", "keep"),
)


@dataclass(frozen=True)
class Job:
    """What an encoder is to learn.

    Parameters
    ----------
    split : Split
        Rows learned from, and rows it is judged by after each epoch; their targets are codes or numbers.
    outputs : int
        Classes, or 1 for a number.
    loss : Loss
        What is made small.
    measure : callable
        (outputs, targets) → figures.
    oversample : bool
        Repeat rows of rarer classes.
    weights : dict of float or None
        Weight of each class by its label, for the report.
    start : list of float or None
        Thresholds that a head of ordered outputs starts from; None for a plain head.
    """

    split: Split
    outputs: int
    loss: Loss
    measure: Measure
    oversample: bool = False
    weights: dict[str, float] | None = None
    start: list[float] | None = None


class FineTuned(Portable):
    """What the estimators share that fine-tune an encoder; see `FineTune` for the parameters.

    Attributes
    ----------
    model_ : TextModel
        The trained network and its tokenizer.
    history_ : list of dict
        Figures of every epoch, of training and validation rows (see `Trained`).
    facts_ : dict
        What a report tells of the fit.
    interrupted_ : bool
        Whether Ctrl-C ended it; what stands here then is the best epoch until that moment.
    """

    _json: ClassVar[tuple[str, ...]] = ("history_", "interrupted_")

    def to_parts(self) -> Parts:
        """Return settings, weights, configuration and tokenizer; the example text stays out of what is handed on."""
        parts = super().to_parts()
        if hasattr(self, "model_"):
            parts.state["shape"] = asdict(self.model_.shape)
            parts.state["facts"] = plain({name: fact for name, fact in self.facts_.items() if name != "example"})
            parts.tensors |= {f"{_TENSOR}{name}": value for name, value in self.model_.tensors.items()}
            parts.files |= self.model_.files
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the estimator; torch is imported when it is first asked something."""
        made = super().from_parts(parts)
        if "shape" in parts.state:
            tensors = {n.removeprefix(_TENSOR): v for n, v in parts.tensors.items() if n.startswith(_TENSOR)}
            made.model_ = TextModel(Shape(**parts.state["shape"]), tensors, dict(parts.files))
            made.facts_ = parts.state["facts"]
        return made

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        rows = as_rows(X)
        if rows and isinstance(rows[0], tuple) != (self.model_.shape.pair is not None):
            raise DataError("learn.other_inputs", name=type(self).__name__)
        return self.model_.outputs(rows).astype(float)

    def _split(self, texts: TextRows, targets: np.ndarray, given: tuple[Any, Any], holding: Holding) -> Split:
        if not texts:
            raise DataError("learn.no_rows", name=type(self).__name__)
        return split_of(texts, targets, given, holding)

    def _learn(self, job: Job, seed: int) -> Trained:
        """Train on a job and keep what came out of it."""
        params = self.get_params(deep=False)  # type: ignore[attr-defined]
        source = locate_encoder(params["encoder"])
        machine = machine_of(PURPOSE)
        about = describe(source)
        pair = params["pair"] if isinstance(job.split.train.texts[0], tuple) else None
        made_of = {name: params[name] for name in ("pooling", "dropout", "max_length", "long")}
        shape = Shape(job.outputs, **made_of, pair=pair, ordered=job.start is not None)
        if about["max_length"] is not None and shape.max_length > about["max_length"]:
            raise DataError("learn.too_long", name=source.name, came=shape.max_length, allowed=about["max_length"])
        tokenizer = load_tokenizer(source)
        sides = (job.split.train, job.split.valid)
        known, judged = (text_rows(tokenizer, s.texts, shape.reading, s.targets) for s in sides)
        network = _fresh(source, shape, seed)
        if job.start is not None:
            network.head.start(job.start)
        settings = TrainSettings(
            **{n: params[n] for n in _TRAINING if n in params}, oversample=job.oversample, seed=seed
        )
        data = TrainData(known.rows, judged.rows if job.split.origin else None, job.loss, job.measure)
        place = Place.here(machine, _key(type(self).__name__, params, job, source, machine, seed))
        trained = train(network, data, settings, place)
        self.model_ = TextModel.of(network.to("cpu"), tokenizer, shape)
        self.history_ = trained.history
        self.interrupted_ = trained.interrupted
        self.facts_ = {
            "encoder": {**about, "kind": source.kind, "fingerprint": source.fingerprint},
            "tokens": known.tokens,
            "example": example_of(tokenizer, job.split.train.texts, known),
            "layers": layer_table(network, dict(known.rows.batch(known.rows.lengths.argsort()[-2:]))),
            **account(job, trained, machine),
            "settings": {**plain({n: v for n, v in params.items() if n != "encoder"}), **asdict(settings)},
        }
        return trained


def seed_of(random_state: int | None) -> int:
    """Return the seed, drawn where none is given."""
    return int(np.random.default_rng().integers(2**31)) if random_state is None else int(random_state)


def _fresh(source: EncoderSource, shape: Shape, seed: int) -> Any:
    """Return the encoder with a new head."""
    torch = require("torch", PURPOSE)
    encoder = load_network(source)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return shape.network(encoder)


def class_job(params: Mapping[str, Any], split: Split, classes: np.ndarray, soft: Soft | None) -> Job:
    """Return what a network of classes is to learn.

    Parameters
    ----------
    params : mapping
        Of the estimator: `class_weight`, `loss`, `focal_gamma`, `oversample`.
    split : Split
        Rows with their labels.
    classes : ndarray, shape (classes,)
        Labels of the training rows, sorted.
    soft : Soft or None
        What a teacher says of the rows that `fit` was given.
    """
    weights = class_weights(params["class_weight"], split.train.targets)
    terms = CLASS_LOSSES[params["loss"]](params["focal_gamma"])
    loss = Loss(terms, None if weights is None else tuple(weights.values()))
    told = None if weights is None else {str(label): weight for label, weight in weights.items()}
    job = Job(split.coded(classes), len(classes), loss, measure_classes, params["oversample"], told)
    return softened(job, soft)


def rows_key(job: Job) -> list[list[str]]:
    """Return hashes of the rows of a job, training and validation: texts, and type and values of the targets."""
    return [
        [texts_hash(side.texts), side.targets.dtype.str, hashlib.sha256(side.targets.tobytes()).hexdigest()]
        for side in (job.split.train, job.split.valid)
    ]


def _key(name: str, params: dict[str, Any], job: Job, source: EncoderSource, machine: Machine, seed: int) -> str:
    """Return a hash of all that the result depends on."""
    settings = {name: value for name, value in params.items() if name not in ("encoder", "random_state")}
    versions = [__version__, *(version(package) for package in ("torch", "transformers", "numpy"))]
    return fit_key(
        name,
        settings,
        seed,
        source.fingerprint,
        rows_key(job),
        job.outputs,
        job.loss.weights,
        asdict(machine),
        versions,
    )


def account(job: Job, trained: Trained, machine: Machine) -> dict[str, Any]:
    """Return what a report tells of a training, whichever network it was, as JSON values."""
    split = job.split
    return {
        "weights": job.weights,
        "validation": {"rows": len(split.valid.texts), "left_out": split.left_out, "origin": split.origin},
        "best_epoch": trained.best_epoch,
        "epochs": trained.epochs,
        "stopped": trained.stopped,
        "overfitting": overfitting(trained.history),
        "device": machine.device,
        "precision": machine.precision,
        "batch_size": trained.batch_size,
        "accumulate": trained.accumulate,
        "memory_mb": trained.memory_mb,
    }
