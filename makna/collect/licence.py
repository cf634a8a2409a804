"""Terms of public data, shown before a set is used for the first time on a computer."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from makna.collect.catalogue import Dataset
from makna.collect.datasets import cache_folder
from makna.core.files import write_json
from makna.core.messages import say

_SEEN = "licences-shown.json"


def first_use(found: Dataset) -> str:
    """Return title, source, licence and citation of a set that was not used here before, and note that it is now.

    Parameters
    ----------
    found : Dataset
        A set of the catalogue.

    Returns
    -------
    str
        What to show; empty for samples, and for a set whose terms were shown before under the same licence. Where the
        note cannot be written, the terms are simply shown again.
    """
    if found.kind == "sample":
        return ""
    path = cache_folder() / _SEEN
    seen = _seen(path)
    if seen.get(found.name) == found.licence:
        return ""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {**seen, found.name: found.licence})
    return say(
        "collect.first_use",
        name=found.name,
        title=found.title,
        source=found.source,
        licence=found.licence,
        citation=found.citation,
    )


def _seen(path: Path) -> dict[str, str]:
    try:
        seen = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return seen if isinstance(seen, dict) else {}
