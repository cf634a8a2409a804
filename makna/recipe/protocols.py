"""A paper's own protocol beside the honest one: the same recipe with some of its sections replaced."""

from __future__ import annotations

import copy

from makna.recipe.source import Source

HONEST, PAPER, BOTH = "honest", "paper", "both"
KEYS = ("protocol", "protocols")


def paper_of(source: Source) -> Source | None:
    """Return the recipe under the paper's protocol: sections under ``protocols: {paper: …}`` replace the others.

    Parameters
    ----------
    source : Source
        A recipe as read.

    Returns
    -------
    Source or None
        With lines that point into the section ``protocols``; None where the recipe describes no such protocol.
    """
    described = source.data.get("protocols")
    changes = described.get(PAPER) if isinstance(described, dict) else None
    if not isinstance(changes, dict) or not changes:
        return None
    data = {key: copy.deepcopy(value) for key, value in source.data.items() if key not in KEYS} | copy.deepcopy(changes)
    kept = {path: line for path, line in source.lines.items() if not path or path[0] not in changes}
    moved = {path[2:]: line for path, line in source.lines.items() if path[:2] == ("protocols", PAPER)}
    return Source(data, {**kept, **moved}, [], list(source.changed))
