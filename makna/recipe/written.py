"""A recipe written out: every default in its place, as data and as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from makna.recipe.cells import SystemSpec
from makna.recipe.explain_section import as_written as explain_as_written
from makna.recipe.registry import LEARN, REPRESENT

if TYPE_CHECKING:
    from makna.recipe.recipe import Recipe


def written_out(recipe: Recipe, sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole recipe with every default, as a recipe file has it.

    Parameters
    ----------
    recipe : Recipe
        Checked and complete.
    sections : dict
        Its sections by name.
    """
    split = sections["split"].model_dump() | {"folds": recipe.split.folds}
    return {
        "title": recipe.title,
        "task": {k: v for k, v in recipe.task.to_json().items() if k != "outputs"}
        | ({"outputs": list(recipe.task.outputs)} if recipe.task.target == "classes" else {}),
        "seed": recipe.seed,
        "collect": recipe.collect.model_dump(exclude_none=True),
        "clean": [*recipe.clean, {"rows": recipe.rows.to_json()}],
        **({"label": recipe.label.model_dump(exclude_none=True)} if recipe.label else {}),
        "split": {k: v for k, v in split.items() if v is not None},
        "systems": {spec.name: _chains(spec) for spec in recipe.systems},
        **({"tune": recipe.tune.model_dump(exclude_none=True)} if recipe.tune else {}),
        "evaluate": recipe.evaluate.model_dump(exclude_none=True),
        "explain": explain_as_written(recipe.explain),
        "report": recipe.report.model_dump(),
        "reference": [item.model_dump() for item in recipe.reference],
        **({"notes": [item.model_dump() for item in recipe.notes]} if recipe.notes else {}),
        "device": recipe.compute.device,
        "precision": recipe.compute.precision,
        **({"threads": recipe.threads} if recipe.threads else {}),
    }


def _chains(spec: SystemSpec) -> dict[str, Any]:
    written: dict[str, Any] = {} if spec.is_made_of_others else {"clean": spec.clean}
    if spec.represent:
        written["represent"] = as_written(spec.represent)
    written["learn"] = as_written(spec.learn)
    further = {**spec.around, "order": spec.order, "fold": spec.fold, "on_request": spec.on_request or None,
               "tune": None if spec.tune else False}  # fmt: skip
    return written | {key: _listed(value) for key, value in further.items() if value is not None}


def as_written(steps: list[Any]) -> list[Any]:
    """Return a chain of steps as a recipe writes it."""
    return [
        {step["kind"]: [as_written(part) for part in step["parts"]] if "settings" not in step
         else {**_inside(step), **_listed(step["settings"])}}
        for step in steps
    ]  # fmt: skip


def _inside(step: dict[str, Any]) -> dict[str, Any]:
    kind = {**REPRESENT, **LEARN}[step["kind"]]
    held = {} if kind.holds is None else {kind.holds: as_written(step["parts"][0])}
    return held if kind.members is None else {**held, kind.members[0]: list(step["of"])}


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def to_yaml(resolved: Mapping[str, Any]) -> str:
    """Return a resolved recipe as YAML text, keys in their order."""
    return yaml.dump(
        dict(resolved), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


class _Plain(yaml.SafeDumper):
    """Writes everything where it stands: no anchors, which few readers know."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
