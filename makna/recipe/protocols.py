"""Protocols beside the honest one, a paper's or any other: the same recipe with some of its sections replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from makna.core.messages import say
from makna.recipe.source import Path, Source
from makna.recipe.steps import near

HONEST, PAPER, BOTH, ALL = "honest", "paper", "both", "all"
KEYS = ("protocol", "protocols")
_WORDS = (HONEST, BOTH, ALL)
"""What `protocol` may be whatever a recipe describes; no protocol may be called so."""


def described(source: Source) -> list[str]:
    """Return the names of the protocols that a recipe describes, in its order."""
    found = source.data.get("protocols")
    changes = found if isinstance(found, dict) else {}
    return [str(name) for name, sections in changes.items() if isinstance(sections, dict) and sections]


def wanted(source: Source, add: Callable[[Path, str], None]) -> list[str]:
    """Return the protocols that a recipe asks for; the first is the run's own, the others stand beside it.

    Parameters
    ----------
    source : Source
        A recipe as read.
    add : callable
        Notes a problem: (path, message).

    Returns
    -------
    list of str
        What is no name, or a list of names, counts as ``honest`` here: the section itself says what is wrong with it.
    """
    asked, known = source.data.get("protocol"), described(source)
    for name in known:
        if name in _WORDS:
            add(("protocols", name), say("recipe.protocol_word", name=name, words=", ".join(_WORDS)))
    several: dict[Any, list[str]] = {ALL: [HONEST, *known], BOTH: [HONEST, PAPER]}
    names = several.get(asked, [asked]) if isinstance(asked, str) else asked
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return [HONEST]
    unknown = [name for name in names if name != HONEST and name not in known]
    if (unknown or asked == ALL) and not known:
        add(("protocol",), say("recipe.no_protocol"))
    elif unknown:
        allowed = [*_WORDS, *known]
        came = ", ".join(unknown)
        add(
            ("protocol",),
            say("recipe.unknown_protocol", came=came, allowed=", ".join(allowed)) + near(unknown[0], allowed),
        )
    return list(dict.fromkeys(name for name in names if name not in unknown)) or [HONEST]


def variant(source: Source, name: str) -> Source:
    """Return the recipe under a protocol: sections under ``protocols: {NAME: …}`` replace the others.

    Parameters
    ----------
    source : Source
        A recipe as read.
    name : str
        ``honest``, or a protocol that the recipe describes.

    Returns
    -------
    Source
        With lines that point into the section ``protocols``.
    """
    if name == HONEST:
        return source
    changes = source.data["protocols"][name]
    data = {key: copy.deepcopy(value) for key, value in source.data.items() if key not in KEYS} | copy.deepcopy(changes)
    kept = {path: line for path, line in source.lines.items() if not path or path[0] not in changes}
    moved = {path[2:]: line for path, line in source.lines.items() if path[:2] == ("protocols", name)}
    return Source(data, {**kept, **moved}, [], list(source.changed))
