"""The files of a run folder as the report needs them, whatever is missing among the optional ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from makna.core.errors import UserError
from makna.core.metrics import higher_is_better
from makna.report.cellnames import root_of
from makna.report.language import Locale, is_number

MOST_SYSTEMS = 8  # shown one by one; the others stand in the tables
_AVERAGES = ("macro", "weighted", "positive")
CLASS_METRICS = (
    "accuracy",
    *(f"f1_{average}" for average in _AVERAGES),
    *(f"{kind}_{average}" for average in _AVERAGES for kind in ("precision", "recall")),
)
NUMBER_METRICS = ("mae", "rmse", "pearson", "qwk", "spearman", "mse", "within_half", "within_one")
_ILLEGIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000\ue001\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True)
class Run:
    """What a run folder says.

    Parameters
    ----------
    folder : Path
        The run folder.
    metrics, data, manifest, explain, recipe : dict
        Its files, cleaned of characters that cannot be shown; empty where a file is missing.
    """

    folder: Path
    metrics: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    explain: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The study's title, its name, or the folder's."""
        sources = (self.manifest.get("title"), self.recipe.get("title"), self.manifest.get("study"), self.folder.name)
        return next((str(source) for source in sources if source), "makna")

    @property
    def about(self) -> dict[str, Any]:
        """What is known of the data: title, source, licence, citation, notes, files, languages."""
        outer = {key: self.manifest[key] for key in ("licence", "citation") if self.manifest.get(key)}
        return outer | {key: value for key, value in branch(self.manifest, "data").items() if value}

    @property
    def task(self) -> dict[str, Any]:
        """Inputs and target."""
        return branch(self.metrics, "task")

    @property
    def target(self) -> str:
        """What is predicted: class, classes or number."""
        target = self.task.get("target")
        return target if target in ("classes", "number") else "class"

    @property
    def is_number(self) -> bool:
        """Whether a number is predicted."""
        return self.target == "number"

    @property
    def scale(self) -> tuple[float, float] | None:
        """Lowest and highest number, None where the task names none."""
        ends = entries(self.task, "scale")
        return (float(ends[0]), float(ends[1])) if len(ends) == 2 and all(map(is_number, ends)) else None

    @property
    def is_pair(self) -> bool:
        """Whether the inputs are pairs of texts."""
        return self.task.get("inputs") == "pair"

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs; one empty name where there is one."""
        return [str(name) for name in entries(self.task, "outputs")] or [""]

    def labels(self, output: str) -> list[str]:
        """Return the classes of an output, in the order of the confusion matrix."""
        return [str(label) for label in entries(self.metrics, "labels", output)]

    @cached_property
    def systems(self) -> dict[str, dict[str, Any]]:
        """The systems by name, in the order of the file."""
        return {name: system for name, system in branch(self.metrics, "systems").items() if isinstance(system, dict)}

    @cached_property
    def parts(self) -> list[str]:
        """Parts that were scored, the one the report speaks of first."""
        found = dict.fromkeys(part for system in self.systems.values() for part in branch(system, "parts"))
        return sorted(found, key=lambda part: part != "test")

    @property
    def part(self) -> str:
        """The part the report speaks of."""
        return self.parts[0] if self.parts else "test"

    @cached_property
    def metrics_found(self) -> list[str]:
        """Metrics that speak of the whole (no single class, no single output), those asked for first."""
        asked = [str(name) for name in entries(self.recipe, "evaluate", "metrics")]
        usual = NUMBER_METRICS if self.is_number else CLASS_METRICS
        present = {metric for system in self.systems.values() for metric in branch(system, "parts", self.part)}
        if self.task.get("positive") is None:  # else a class by the name of `positive` would pass for an average
            usual = tuple(metric for metric in usual if not metric.endswith("_positive"))
        return [metric for metric in dict.fromkeys([*asked, *usual]) if metric in present]

    @cached_property
    def metrics_asked(self) -> list[str]:
        """The metrics the recipe names; the usual first ones where it names none."""
        asked = [name for name in entries(self.recipe, "evaluate", "metrics") if name in self.metrics_found]
        return [str(name) for name in asked] or self.metrics_found[:3]

    @property
    def primary(self) -> str:
        """The first metric: what systems are ordered by."""
        return self.metrics_asked[0] if self.metrics_asked else ""

    def score(self, system: str, metric: str = "", part: str = "") -> dict[str, Any]:
        """Return a system's score of the first (or this) metric: value, pooled, low, high, n and why."""
        return branch(self.systems, system, "parts", part or self.part, metric or self.primary)

    def value(self, system: str, metric: str = "") -> float | None:
        """Return the value of a score, None where it is undefined."""
        value = self.score(system, metric).get("value")
        return value if is_number(value) else None

    def pooled(self, system: str, metric: str = "") -> float | None:
        """Return the score of all rows together, which its interval is of; None where it is undefined."""
        score = self.score(system, metric)
        value = score.get("pooled", score.get("value"))
        return value if is_number(value) else None

    def best(self, metric: str = "") -> str:
        """Return the system with the best pooled score, an empty name where there is none."""
        known = {name: value for name in self.systems if (value := self.pooled(name, metric)) is not None}
        choose = max if self.higher_is_better(metric) else min
        return choose(known, key=known.__getitem__) if known else ""

    def higher_is_better(self, metric: str = "") -> bool:
        """Tell whether more is better for the first (or this) metric."""
        return higher_is_better((metric or self.primary).rpartition("/")[2])

    def better(self, one: float, other: float, metric: str = "") -> bool:
        """Tell whether a score is better than another."""
        return one > other if self.higher_is_better(metric) else one < other

    @cached_property
    def ranked(self) -> list[str]:
        """All systems, the best first, those without a score last."""
        sign = -1 if self.higher_is_better() else 1

        def key(name: str) -> tuple[bool, float]:
            value = self.value(name)
            return (value is None, 0.0 if value is None else sign * value)

        return sorted(self.systems, key=key)

    @cached_property
    def models(self) -> list[str]:
        """Systems that are no baselines, the best first."""
        return [name for name in self.ranked if not self.systems[name].get("baseline")]

    @cached_property
    def shown(self) -> list[str]:
        """Systems that tables of all systems name: of a grid, which has tables of its own, its best cell alone."""
        roots: set[str] = set()
        kept = []
        for name in self.ranked:
            if root_of(name) not in roots or root_of(name) == name:
                kept.append(name)
            roots.add(root_of(name))
        return kept

    @property
    def featured(self) -> list[str]:
        """The models shown one by one, at most `MOST_SYSTEMS`."""
        return [name for name in self.shown if name in self.models][:MOST_SYSTEMS]

    @cached_property
    def baselines(self) -> list[str]:
        """Trivial baselines, the best first."""
        return [name for name in self.ranked if self.systems[name].get("baseline")]

    @cached_property
    def numbers(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """System → (truth, prediction) from `predictions.parquet`, for a number target; empty where it is missing."""
        return _read_numbers(self) if self.is_number else {}

    @property
    def folds(self) -> int:
        """Number of folds; 0 for parts as given or a hold-out."""
        return max((len(entries(system, "folds")) for system in self.systems.values()), default=0)

    @property
    def level(self) -> float:
        """Share of the bootstrap that intervals hold."""
        level = branch(self.recipe, "evaluate").get("level")
        return float(level) if is_number(level) else 0.95

    def class_suffix(self, label: str) -> str:
        """Return how metrics of this class end; a class called like an average is named apart."""
        taken = label in ("macro", "weighted") or (
            label == "positive" and self.task.get("positive") not in (None, label)
        )
        return f"class_{label}" if taken else label

    @property
    def protocol(self) -> str:
        """Name of the protocol that the run followed."""
        named = [one.get("protocol") for one in (self.manifest, self.recipe)]
        return next((str(name) for name in named if name and isinstance(name, str)), "honest")

    @property
    def is_paper(self) -> bool:
        """Whether the run followed a paper's own protocol, or one of several (``paper-80``)."""
        return self.protocol.partition("-")[0] == "paper"

    @property
    def is_honest(self) -> bool:
        """Whether the run followed the recipe as it stands, under no other protocol."""
        return self.protocol in ("honest", "both", "all")

    def stamp(self, locale: Locale) -> str:
        """Return what stands on every page of a run under another protocol than the honest one."""
        named = locale.say("stamp_protocol", protocol=self.protocol)
        return locale.say("stamp_paper") if self.protocol == "paper" else named


def read_run(folder: Path | str) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder : path
        A folder made by ``makna run``.

    Raises
    ------
    UserError
        There is no `metrics.json`, or a file is not what it should be.
    """
    root = Path(folder)
    if not (root / "metrics.json").is_file():
        raise UserError("report.no_run", path=str(root))
    parsed = {name: _read(root / f"{name}.json", _parse_json) for name in ("metrics", "data", "manifest", "explain")}
    return Run(root, recipe=_read(root / "recipe.yaml", yaml.safe_load), **parsed)


def branch(tree: Any, *keys: str) -> dict[str, Any]:
    """Return the mapping found by following keys, empty where there is none."""
    found = _follow(tree, keys)
    return found if isinstance(found, dict) else {}


def entries(tree: Any, *keys: str) -> list[Any]:
    """Return the list found by following keys, empty where there is none."""
    found = _follow(tree, keys)
    return found if isinstance(found, list) else []


def legible(value: Any) -> Any:
    """Return a tree of JSON values in which every text can be shown: no control characters, no lone surrogates.

    Control characters become their pictures, others a replacement character.

    Examples
    --------
    >>> legible({"a": "x\\x00y"})
    {'a': 'x␀y'}
    """
    if isinstance(value, str):
        return _ILLEGIBLE.sub(_picture, value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {legible(str(key)): legible(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [legible(entry) for entry in value]
    return value


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _follow(tree: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _read_numbers(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = run.folder / "predictions.parquet"
    if not path.is_file():
        return {}
    try:
        table = parquet.read_table(path, columns=["system", "fold", "truth", "prediction"])
        systems = np.asarray(legible(table["system"].to_pylist()), dtype=object)
        truth, prediction = (table[name].cast(pa.float64()).to_numpy() for name in ("truth", "prediction"))
    except (pa.ArrowException, KeyError, OSError):
        return {}
    usable = np.isfinite(truth) & np.isfinite(prediction)
    part = np.asarray([str(fold) for fold in table["fold"].to_pylist()], dtype=object) == run.part
    usable &= part if part.any() else True  # a hold-out names the part where folds have numbers
    return {name: (truth[rows], prediction[rows]) for name in run.systems if (rows := usable & (systems == name)).any()}


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_constant=lambda _: None)


def _read(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = parse(path.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError) as problem:
        raise UserError("report.bad_file", file=path.name, path=str(path.parent), reason=str(problem)) from problem
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError("report.bad_file", file=path.name, path=str(path.parent), reason=type(found).__name__)
    return dict(legible(found))
