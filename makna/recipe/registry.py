"""Which words a recipe may use: one line a kind of step. The classes themselves are imported on first use."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

CLASSES = frozenset({"class", "classes"})
NUMBER = frozenset({"number"})
ANY_TARGET = CLASSES | NUMBER
ANY_INPUTS = frozenset({"text", "pair"})


@dataclass(frozen=True)
class Kind:
    """A kind of step.

    Parameters
    ----------
    path : str
        ``"package.module:Class"``.
    inputs : frozenset of str
        Inputs it can take, for steps that take texts.
    targets : frozenset of str
        Targets it can learn, for learners.
    main : str or None
        The parameter meant by the short form ``{kind: value}``.
    then : str or None
        The wrapper added when the recipe names none (a learner without probabilities is calibrated).
    wraps : bool
        Whether it wraps the learner before it (its parameter `estimator`).
    reads_texts : bool
        Whether a learner takes texts themselves, so that its system has no `represent`.
    without : str or None
        The value of `main` by which a recipe does without this wrapper.
    encoder : str or None
        The parameter that names an encoder, whose weights must be at hand.
    holds : str or None
        The key under which it holds a chain of representations of single texts (its parameter `estimator`).
    members : (str, str) or None
        The key under which a recipe names the systems it is made of, and the parameter that gets them.
    switch : bool
        Whether a recipe may write `true` for its defaults, and `false` to do without.
    several : str or None
        ``"package.module:Class"`` of the learner with the same parameters that learns several outputs by itself; others
        get a copy for each.
    """

    path: str
    inputs: frozenset[str] = ANY_INPUTS
    targets: frozenset[str] = ANY_TARGET
    main: str | None = None
    then: str | None = None
    wraps: bool = False
    reads_texts: bool = False
    without: str | None = None
    encoder: str | None = None
    holds: str | None = None
    members: tuple[str, str] | None = None
    switch: bool = False
    several: str | None = None

    @property
    def is_around_all(self) -> bool:
        """Whether it stands around a whole system, cleaning included, and not around the learner alone."""
        return self.wraps and self.members is not None

    @property
    def declined(self) -> tuple[Any, ...]:
        """What a system's key holds where the system does without what it names."""
        return (None, False) if self.switch else (None,)

    @property
    def cls(self) -> Any:
        """The class, imported now."""
        return _import(self.path)

    @property
    def for_outputs(self) -> Any:
        """The class that learns several outputs by itself, None where there is none."""
        return None if self.several is None else _import(self.several)

    def is_declined(self, settings: Any) -> bool:
        """Tell whether these settings of a wrapper say to do without it, as ``calibrate: none`` does."""
        return self.without is not None and settings in (self.without, {self.main: self.without})

    @property
    def type_name(self) -> str:
        """The name of the class in a model folder: ``stage.ClassName``."""
        module, _, name = self.path.partition(":")
        return f"{module.split('.')[1]}.{name}"

    def parameters(self) -> dict[str, inspect.Parameter]:
        """Return the parameters a recipe may set, with their resolved annotations."""
        got = _parameters(self.path)
        return got if self.members is None else {k: v for k, v in got.items() if k != self.members[1]}


REPRESENT: dict[str, Kind] = {
    "closeness": Kind("makna.represent.closeness:Closeness", inputs=frozenset({"pair"}), main="vectors"),
    "alignment": Kind("makna.represent.alignment:Alignment", inputs=frozenset({"pair"}), main="name", encoder="name"),
    "compare": Kind("makna.represent.compare:Compare", inputs=frozenset({"pair"}), holds="of"),
    "counts": Kind("makna.represent.counts:Counts"),
    "encoder": Kind("makna.represent.encoder:Encoder", inputs=frozenset({"text"}), main="name", encoder="name"),
    "lengths": Kind("makna.represent.lengths:LengthFeatures"),
    "overlaps": Kind("makna.represent.pairs:OverlapFeatures", inputs=frozenset({"pair"})),
    "pca": Kind("makna.represent.reduce:PCA", main="size"),
    "standardise": Kind("makna.represent.scale:Standardise"),
    "words": Kind("makna.represent.words:Words", inputs=frozenset({"text"}), main="vectors"),
}

# fmt: off
LEARN: dict[str, Kind] = {
    "majority": Kind("makna.learn.baseline:Majority", targets=CLASSES),
    "mean": Kind("makna.learn.baseline:MeanScore", targets=NUMBER),
    "svm": Kind("makna.learn.svm:SVM", targets=CLASSES, then="calibrate"),
    "kernel-svm": Kind("makna.learn.kernels:KernelSVM", targets=CLASSES, then="calibrate", main="kernel"),
    "logistic": Kind("makna.learn.linear:Logistic", targets=CLASSES),
    "naive-bayes": Kind("makna.learn.bayes:NaiveBayes", targets=CLASSES),
    "neighbours": Kind("makna.learn.neighbours:Neighbours", targets=CLASSES),
    "forest": Kind("makna.learn.forest:Forest", targets=CLASSES),
    "linear": Kind("makna.learn.linear:LeastSquares", targets=NUMBER),
    "ridge": Kind("makna.learn.linear:Ridge", targets=NUMBER),
    "svr": Kind("makna.learn.linear:LinearSVR", targets=NUMBER),
    "kernel-svr": Kind("makna.learn.kernels:KernelSVR", targets=NUMBER, main="kernel"),
    "forest-regression": Kind("makna.learn.forest:ForestRegressor", targets=NUMBER),
    "finetune": Kind("makna.learn.finetune:FineTune", targets=CLASSES, main="encoder", reads_texts=True,
                     encoder="encoder", several="makna.learn.finetune_outputs:FineTuneOutputs"),
    "finetune-regression": Kind("makna.learn.finetune_number:FineTuneRegressor", targets=NUMBER, main="encoder",
                                reads_texts=True, encoder="encoder"),
    "cnn": Kind("makna.learn.cnn:WordsCNN", targets=CLASSES, main="vectors", reads_texts=True),
    "recurrent": Kind("makna.learn.recurrent:Recurrent", targets=CLASSES, inputs=frozenset({"text"}), main="cell",
                      reads_texts=True),
    "calibrate": Kind("makna.learn.calibrate:Calibrated", targets=CLASSES, main="method", wraps=True, without="none"),
    "cascade": Kind("makna.learn.cascade:Cascade", targets=CLASSES, reads_texts=True, members=("of", "estimators")),
    "blend": Kind("makna.learn.blend:Blend", targets=NUMBER, reads_texts=True, members=("of", "estimators")),
    "distil": Kind("makna.learn.distil:Distilled", targets=CLASSES, wraps=True, members=("teacher", "teacher")),
}
# fmt: on

# How a system answers alike whichever side of a pair comes first: its key `order`.
SORTED_SIDES = Kind("makna.learn.order:SortedSides")
ORDERED = Kind("makna.learn.order:Ordered", main="how", wraps=True)

# What stands around a system's whole chain, by the system's key; the innermost first.
# fmt: off
AROUND: dict[str, Kind] = {
    # How training rows are resampled or augmented.
    "balance": Kind("makna.learn.balance:Balanced", main="method", wraps=True),
    # What is told of training answers to the same key.
    "per_key": Kind("makna.learn.per_key:PerKey", inputs=frozenset({"pair"}), targets=NUMBER, wraps=True, switch=True,
                    encoder="encoder"),
    # How answers are learned beside a second key.
    "second_key": Kind("makna.learn.second_key:SecondKey", inputs=frozenset({"pair"}), targets=NUMBER, wraps=True,
                       switch=True, main="answer"),
}
# fmt: on

# Parts of a system that no recipe names by itself.
INNER: tuple[Kind, ...] = (
    *AROUND.values(),
    SORTED_SIDES,
    ORDERED,
    Kind("makna.clean.text:CleanText"),
    Kind("makna.learn.outputs:PerOutput"),
    *(Kind(kind.several) for kind in LEARN.values() if kind.several),
    Kind("makna.learn.bounded:Bounded"),
    Kind("makna.learn.marked:MarkedAnswers"),
    Kind("makna.learn.linear:LinearSVM"),
)


def all_kinds() -> list[Kind]:
    """Return every kind of step."""
    return [*REPRESENT.values(), *LEARN.values(), *INNER]


class ClassTable(Mapping[str, Any]):
    """Type name in a model folder → class, imported when asked for."""

    def __init__(self) -> None:
        self._paths = {kind.type_name: kind.path for kind in all_kinds()}
        self._plain = {"Pipeline": Pipeline, "FeatureUnion": FeatureUnion}

    def __getitem__(self, name: str) -> Any:
        if name in self._plain:
            return self._plain[name]
        return _import(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter([*self._plain, *self._paths])

    def __len__(self) -> int:
        return len(self._plain) + len(self._paths)


def _import(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


@cache
def _parameters(path: str) -> dict[str, inspect.Parameter]:
    constructor = _import(path).__init__
    hints = typing.get_type_hints(constructor, include_extras=True)
    found = inspect.signature(constructor).parameters
    return {
        name: parameter.replace(annotation=hints.get(name, Any))
        for name, parameter in found.items()
        if name not in ("self", "estimator") and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
