"""What a system reads texts with: word vectors that are the same wherever a word stands, or vectors in context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from makna.recipe.cells import SystemSpec
from makna.recipe.registry import AROUND, LEARN, REPRESENT

STATIC, CONTEXTUAL = "static", "contextual"
_VECTORS = "vectors"
"""The setting of all steps that take word vectors."""


def represents(spec: SystemSpec) -> list[str]:
    """Return what kinds of vectors a system stands on: ``static``, ``contextual``, both or none, as its steps tell.

    Parameters
    ----------
    spec : SystemSpec
        A system; one that is made of others stands on what they stand on.

    Examples
    --------
    >>> represents(SystemSpec("a", [], [{"kind": "words", "settings": {}}], [{"kind": "ridge", "settings": {}}], {}))
    ['static']
    """
    around = [{"kind": name, "settings": settings} for name, settings in spec.around.items()]
    found = {kind for step in _steps([*spec.represent, *spec.learn, *around]) for kind in _of(step)}
    for member in spec.members.values():
        found.update(represents(member))
    return [kind for kind in (STATIC, CONTEXTUAL) if kind in found]


def _steps(chain: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """Yield every step, also those inside unions and inside steps that hold representations."""
    for step in chain:
        if isinstance(step, dict):
            yield step
            yield from _steps(step.get("parts", ()))
        elif isinstance(step, list | tuple):
            yield from _steps(step)


def _of(step: dict[str, Any]) -> Iterable[str]:
    kind = {**REPRESENT, **LEARN, **AROUND}.get(step["kind"])
    parameters = kind.parameters() if kind is not None else {}  # a union has none
    for found, setting in ((STATIC, _VECTORS), (CONTEXTUAL, kind.encoder if kind is not None else None)):
        parameter = parameters.get(setting or "")
        if parameter is not None and (step.get("settings") or {}).get(setting, parameter.default) is not None:
            yield found
