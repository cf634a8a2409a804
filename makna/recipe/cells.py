"""Open settings: `{grid: [...]}` and `{range: [...]}`, and the cells that a system becomes with them filled in."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from makna.recipe.registry import AROUND, LEARN, REPRESENT
from makna.recipe.steps import GRID, LOG, RANGE, Step, is_open
from makna.tune.space import Choices, Range, Space


@dataclass(frozen=True)
class SystemSpec:
    """A system as data: what its Pipeline is built from.

    Parameters
    ----------
    name : str
        Name in the recipe, with the cell's settings in brackets where it is a cell.
    clean : list
        Text steps as a recipe writes them.
    represent, learn : list of Step
        Chains of steps.
    cell : dict
        Settings chosen from grids.
    baseline : bool
        Whether makna added it as a trivial baseline.
    balance : dict or None
        How training rows are resampled or augmented.
    second_key : dict or None
        How answers are learned beside a second key.
    per_key : dict or None
        What is told of training answers to the same key.
    order : {"sorted", "both", "given"} or None
        How a pair's sides are shown to it; None: as the task asks for.
    members : dict of SystemSpec
        Systems of the recipe that it is made of, by name.
    fold : int or None
        The one fold (from 1) it runs on; None runs on all.
    on_request : bool
        Whether it runs only when it is asked for by name.
    tune : bool
        Whether the best of its cells is chosen where the recipe tunes; else every cell is reported.
    """

    name: str
    clean: list[Any]
    represent: list[Step]
    learn: list[Step]
    cell: dict[str, Any]
    baseline: bool = False
    balance: dict[str, Any] | None = None
    order: str | None = None
    members: dict[str, SystemSpec] = field(default_factory=dict)
    fold: int | None = None
    on_request: bool = False
    tune: bool = True
    second_key: dict[str, Any] | None = None
    per_key: dict[str, Any] | None = None

    def params(self) -> dict[str, Any]:
        """Return the system as JSON values."""
        further = {**self.around, "order": self.order}
        members = {name: spec.params() for name, spec in self.members.items()}
        return {
            **{"clean": self.clean, "represent": self.represent, "learn": self.learn},
            **{key: value for key, value in further.items() if value is not None},
            **({"members": members} if members else {}),
        }

    @property
    def around(self) -> dict[str, dict[str, Any]]:
        """What stands around the chain, by its key: its settings, the innermost first."""
        return {name: given for name in AROUND if (given := getattr(self, name)) is not None}

    @property
    def folder(self) -> str:
        """Name of the system's folder: ``NAME--pca-50--kernel-poly`` for a cell."""
        plain = self.name.partition("[")[0]
        return "--".join([plain, *(f"{key}-{value}" for key, value in self.cell.items())])

    @property
    def base(self) -> str:
        """Name in the recipe, without the cell."""
        return self.name.partition("[")[0]

    @property
    def is_made_of_others(self) -> bool:
        """Whether it is nothing but other systems put together, which clean the texts each in its way."""
        return is_made_of_others(self.learn)

    @property
    def is_open(self) -> bool:
        """Whether settings are still to be chosen."""
        return bool(_spots(self))


def is_made_of_others(learn: Sequence[Step]) -> bool:
    """Tell whether a chain of learners is nothing but other systems put together."""
    return any(kind.members and not kind.wraps for kind in (LEARN[step["kind"]] for step in learn))


def cells(spec: SystemSpec) -> list[SystemSpec]:
    """Return one system for each combination of the grids; the system itself where there is none.

    Examples
    --------
    >>> spec = SystemSpec("s", [], [], [{"kind": "svm", "settings": {"C": {"grid": [0.1, 1]}}}], {})
    >>> [cell.name for cell in cells(spec)]
    ['s[C=0.1]', 's[C=1]']
    """
    open_ = space(spec)
    if not open_:
        return [spec]
    combinations = itertools.product(*(_values(values) for values in open_.values()))
    return [filled(spec, dict(zip(open_, values, strict=True))) for values in combinations]


def space(spec: SystemSpec) -> Space:
    """Return the open settings of a system by their short names, each with what it may be."""
    spots = _spots(spec)
    return dict(zip(_labels(spots), (_possible(settings[key]) for _, settings, key in spots), strict=True))


def has_range(spec: SystemSpec) -> bool:
    """Tell whether a setting is a range, so that there is no end to a system's cells."""
    return any(isinstance(values, Range) for values in space(spec).values())


def filled(spec: SystemSpec, cell: Mapping[str, Any]) -> SystemSpec:
    """Return a system with its open settings filled in.

    Parameters
    ----------
    spec : SystemSpec
        With open settings; it is left as it is.
    cell : mapping
        A value for each name of its `space`.
    """
    copied = copy.deepcopy(spec)
    spots = _spots(copied)
    for name, (_, settings, key) in zip(_labels(spots), spots, strict=True):
        settings[key] = cell[name]
    label = ",".join(f"{key}={value}" for key, value in cell.items())
    return replace(copied, name=f"{spec.name}[{label}]", cell=dict(cell))


def found_again(candidates: Sequence[SystemSpec], name: str, cell: Mapping[str, Any]) -> SystemSpec:
    """Return the candidate of this name, or that becomes it with a cell filled in.

    Parameters
    ----------
    candidates : sequence of SystemSpec
        What a system is chosen from.
    name : str
        Of the system that was chosen.
    cell : mapping
        Its settings, as JSON has kept them.
    """
    for spec in candidates:
        if spec.name == name:
            return spec
    spec = next(spec for spec in candidates if spec.is_open and name.startswith(f"{spec.name}["))
    open_ = space(spec)
    return filled(spec, {key: next((v for v in _values(open_[key]) if _same(v, value)), value)
                         for key, value in cell.items()})  # fmt: skip


def samples(spec: SystemSpec) -> list[SystemSpec]:
    """Return systems without open settings in which every choice of every grid occurs, a range at its low end."""
    open_ = {name: _values(values) for name, values in space(spec).items()}
    if not open_:
        return [spec]
    first = {name: values[0] for name, values in open_.items()}
    changes = [{name: value} for name, values in open_.items() for value in values[1:]]
    return [filled(spec, first | change) for change in ({}, *changes)]


def _values(values: Choices | Range) -> tuple[Any, ...]:
    return values.values if isinstance(values, Choices) else (values.low,)


def _same(value: Any, kept: Any) -> bool:
    """Tell whether a value is what JSON has kept: a tuple comes back as a list."""
    return bool(json.dumps(value) == json.dumps(kept))


def _possible(value: dict[str, Any]) -> Choices | Range:
    if GRID in value:
        return Choices(tuple(value[GRID]))
    low, high = value[RANGE]
    return Range(low, high, value[LOG], whole=isinstance(low, int) and isinstance(high, int))


def _spots(spec: SystemSpec) -> list[tuple[str, dict[str, Any], str]]:
    """Return kind, settings and name of every open setting."""
    wrappers = [{"kind": kind, "settings": settings} for kind, settings in spec.around.items()]
    return [*_open(spec.represent), *_open(spec.learn), *_open(wrappers)]


def _open(steps: list[Step]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for step in steps:
        for part in step.get("parts", []):
            yield from _open(part)
        for key, value in step.get("settings", {}).items():
            if is_open(value):
                yield step["kind"], step["settings"], key


def _labels(spots: list[tuple[str, dict[str, Any], str]]) -> list[str]:
    """Return short names of open settings: the parameter, or the kind where the parameter is what it is about."""
    kinds = {**LEARN, **REPRESENT, **AROUND}
    names = [kind if kinds[kind].main == key and kind not in LEARN else key for kind, _, key in spots]
    return [name if names.count(name) == 1 else f"{spots[i][0]}.{name}" for i, name in enumerate(names)]
