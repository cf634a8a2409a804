"""The trivial systems that run in every study, so that every score stands beside what costs nothing."""

from __future__ import annotations

from typing import Any

from makna.core.task import Task
from makna.recipe.cells import SystemSpec
from makna.recipe.registry import LEARN, REPRESENT
from makna.recipe.steps import Step

RESERVED = frozenset({"majority", "mean", "length", "overlap", "chosen"})


def baselines(task: Task) -> list[SystemSpec]:
    """Return majority or mean, length alone and, for pairs, overlap alone."""
    trivial = "mean" if task.is_number else "majority"
    specs = [
        SystemSpec(trivial, [], [_step("lengths")], [_step(trivial)], {}, baseline=True),
        SystemSpec("length", [], [_step("lengths"), _step("standardise")], _linear(task), {}, baseline=True),
    ]
    if task.inputs == "pair":
        features = [_step("overlaps"), _step("standardise")]
        specs.append(SystemSpec("overlap", [], features, _linear(task), {}, baseline=True))
    return specs


def _linear(task: Task) -> list[Step]:
    return [_step("ridge" if task.is_number else "logistic")]


def _step(kind: str) -> dict[str, Any]:
    defaults = {**REPRESENT, **LEARN}[kind].parameters()
    return {"kind": kind, "settings": {name: parameter.default for name, parameter in defaults.items()}}
