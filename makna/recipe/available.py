"""Which systems can run here: their encoders must be at hand before any work begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from makna.core.errors import MissingPackageError, ModelError, RecipeError
from makna.core.messages import say
from makna.core.optional import require
from makna.recipe.cells import SystemSpec
from makna.recipe.recipe import Recipe
from makna.recipe.registry import AROUND, LEARN, REPRESENT
from makna.recipe.steps import GRID, Step, near


def runnable(recipe: Recipe, only: Sequence[str]) -> tuple[list[SystemSpec], list[dict[str, str]]]:
    """Return the systems that run, and those that do not with the reason.

    Parameters
    ----------
    recipe : Recipe
        A checked recipe.
    only : sequence of str
        Names asked for; all systems when empty, but for those that run on request.

    Raises
    ------
    RecipeError
        A name is unknown.
    ModelError, MissingPackageError
        A system that was asked for, by name or by the user's own recipe, lacks its encoder or a package.
    """
    names = [spec.name for spec in recipe.systems]
    for name in only:
        if name not in names:
            raise RecipeError("recipe.unknown_system", name=name, allowed=", ".join(names) + "." + near(name, names))
    wanted, skipped = [], []
    for spec in recipe.systems:
        if only and spec.name not in only:
            continue
        if spec.on_request and not only:
            skipped.append({"system": spec.name, "why": say("recipe.on_request", name=spec.name)})
            continue
        try:
            _check(spec)
        except (ModelError, MissingPackageError) as problem:
            if only or not recipe.shipped:
                raise
            skipped.append({"system": spec.name, "why": str(problem)})
            continue
        wanted.append(spec)
    return wanted, skipped


def encoders_of(spec: SystemSpec) -> list[str]:
    """Return the names of the encoders a system uses, all values of a grid included."""
    around = [{"kind": kind, "settings": settings} for kind, settings in spec.around.items()]
    own = _encoders([*spec.represent, *spec.learn, *around])
    return list(dict.fromkeys([*own, *(name for member in spec.members.values() for name in encoders_of(member))]))


def is_network(spec: SystemSpec) -> bool:
    """Tell whether a system has a neural network in it."""
    own = bool(encoders_of(spec)) or any(LEARN[step["kind"]].reads_texts for step in spec.learn)
    return own or any(map(is_network, spec.members.values()))


def _check(spec: SystemSpec) -> None:
    names = encoders_of(spec)
    if not names:
        return
    for package in ("torch", "transformers"):
        require(package, spec.name)
    from makna.represent.encoder_source import locate_encoder

    for name in names:
        locate_encoder(name)


def _encoders(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        for part in step.get("parts", []):
            yield from _encoders(part)
        kind = {**REPRESENT, **LEARN, **AROUND}.get(step["kind"])
        if kind is not None and kind.encoder is not None:
            value = step.get("settings", {}).get(kind.encoder)
            named = value[GRID] if isinstance(value, dict) else [value]
            yield from (name for name in named if name is not None)
