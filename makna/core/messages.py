"""The message catalogue: everything a user reads on screen, in Indonesian and English.

Messages live in `core/catalogue/STAGE.toml`, one table a message with the keys `id` and `en`; placeholders are those of
`str.format`. The language is Indonesian unless `MAKNA_LANG` or `set_language` says otherwise.
"""

from __future__ import annotations

import os
import tomllib
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("id", "en")
_chosen: ContextVar[str | None] = ContextVar("makna_language", default=None)


def language() -> str:
    """Return the language in force: ``"id"`` or ``"en"``."""
    chosen = _chosen.get() or os.environ.get("MAKNA_LANG", "id")[:2].lower()
    return chosen if chosen in LANGUAGES else "id"


def set_language(code: str | None) -> None:
    """Choose the language for this context; None goes back to `MAKNA_LANG`.

    Parameters
    ----------
    code : {"id", "en"} or None
        Two-letter code.
    """
    if code is not None and code not in LANGUAGES:
        raise ValueError(f"language is one of {', '.join(LANGUAGES)}; got {code!r}")
    _chosen.set(code)


@cache
def catalogue(stage: str) -> dict[str, dict[str, str]]:
    """Return the messages of one stage: name → language → text."""
    path = resources.files("makna.core") / "catalogue" / f"{stage}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(key: str, /, lang: str | None = None, **fields: Any) -> str:
    """Render one message.

    Parameters
    ----------
    key : str
        ``"stage.name"``.
    lang : {"id", "en"} or None
        Language; the one in force when None.
    **fields
        Values of the message's placeholders.

    Raises
    ------
    KeyError
        No such message.

    Examples
    --------
    >>> say("core.rows", lang="en", n=3)
    '3 rows'
    """
    stage, _, name = key.partition(".")
    return catalogue(stage)[name][lang or language()].format(**fields)
