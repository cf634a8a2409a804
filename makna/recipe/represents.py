"""What a system reads texts with: word vectors that are the same wherever a word stands, or vectors in context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from makna.recipe.cells import SystemSpec

STATIC, CONTEXTUAL = "static", "contextual"
_BY_KIND = {
    STATIC: frozenset({"words", "closeness"}),
    CONTEXTUAL: frozenset({"encoder", "finetune", "finetune-regression", "bilstm"}),
}
# A step that takes word vectors, or an encoder, by a setting of this name.
_BY_SETTING = {STATIC: "vectors", CONTEXTUAL: "encoder"}


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
    found = {kind for step in _steps([*spec.represent, *spec.learn]) for kind in _of(step)}
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
    settings = step.get("settings") or {}
    for kind, names in _BY_KIND.items():
        if step.get("kind") in names or settings.get(_BY_SETTING[kind]) is not None:
            yield kind
