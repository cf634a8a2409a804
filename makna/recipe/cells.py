"""Grids: a system with `{grid: [...]}` somewhere becomes one cell for each combination."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from makna.recipe.registry import LEARN, REPRESENT
from makna.recipe.steps import GRID, Step


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
    """

    name: str
    clean: list[Any]
    represent: list[Step]
    learn: list[Step]
    cell: dict[str, Any]
    baseline: bool = False

    def params(self) -> dict[str, Any]:
        """Return the system as JSON values."""
        return {"clean": self.clean, "represent": self.represent, "learn": self.learn}

    @property
    def folder(self) -> str:
        """Name of the system's folder: ``NAME--pca-50--kernel-poly`` for a cell."""
        plain = self.name.partition("[")[0]
        return "--".join([plain, *(f"{key}-{value}" for key, value in self.cell.items())])

    @property
    def has_grid(self) -> bool:
        """Whether settings are still to be chosen."""
        return next(_grids(self.represent), None) is not None or next(_grids(self.learn), None) is not None


def cells(spec: SystemSpec) -> list[SystemSpec]:
    """Return one system for each combination of the grids; the system itself where there is none.

    Examples
    --------
    >>> spec = SystemSpec("s", [], [], [{"kind": "svm", "settings": {"C": {"grid": [0.1, 1]}}}], {})
    >>> [cell.name for cell in cells(spec)]
    ['s[C=0.1]', 's[C=1]']
    """
    spots = [*_grids(spec.represent), *_grids(spec.learn)]
    if not spots:
        return [spec]
    made = []
    for values in itertools.product(*(settings[key][GRID] for _, settings, key in spots)):
        chosen = dict(zip(_labels(spots), values, strict=True))
        copied = copy.deepcopy(spec)
        copies = [*_grids(copied.represent), *_grids(copied.learn)]
        for (_, settings, key), value in zip(copies, values, strict=True):
            settings[key] = value
        label = ",".join(f"{key}={value}" for key, value in chosen.items())
        made.append(SystemSpec(f"{spec.name}[{label}]", copied.clean, copied.represent, copied.learn, chosen))
    return made


def _grids(steps: list[Step]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for step in steps:
        if "parts" in step:
            for part in step["parts"]:
                yield from _grids(part)
            continue
        for key, value in step["settings"].items():
            if isinstance(value, dict) and set(value) == {GRID}:
                yield step["kind"], step["settings"], key


def _labels(spots: list[tuple[str, dict[str, Any], str]]) -> list[str]:
    """Return short names of the grids: the parameter, or the kind where the parameter is what the kind is about."""
    names = []
    for kind, _, key in spots:
        main = (REPRESENT.get(kind) or LEARN[kind]).main
        names.append(kind if main == key and kind in REPRESENT else key)
    return [name if names.count(name) == 1 else f"{spots[i][0]}.{name}" for i, name in enumerate(names)]
