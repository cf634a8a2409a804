"""The `explain` section of a recipe, read and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from makna.core.messages import say
from makna.explain.settings import SECTIONS, WORDS
from makna.recipe.source import Path
from makna.recipe.steps import near, value_problem

Asked = dict[str, Any]
"""Word of ``explain`` → its settings; None for words without settings."""
DEFAULT = ("words", "errors")


def read_explain(value: Any, add: Callable[[Path, str], None]) -> Asked:
    """Return what is to be explained.

    Parameters
    ----------
    value : object
        The section as written: words, those with settings as ``{word: {setting: value}}``.
    add : callable
        Notes a problem: (path, message).
    """
    if value is None:
        return dict.fromkeys(DEFAULT)
    found: Asked = {}
    items = value if isinstance(value, list) else [value]
    for i, item in enumerate(items):
        word, given = next(iter(item.items())) if isinstance(item, dict) and len(item) == 1 else (item, None)
        if not isinstance(word, str) or word not in WORDS:
            message = say("recipe.bad_value", came=repr(item)[:60], allowed=" | ".join(WORDS))
            add(("explain", i), message + near(str(word), WORDS))
        elif word in SECTIONS:
            found[word] = _settings(word, given, ("explain", i, word), add)
        elif given is not None:
            add(("explain", i), say("recipe.settings_mapping", kind=word, allowed="-"))
        else:
            found[word] = None
    return found


def _settings(word: str, given: Any, path: Path, add: Callable[[Path, str], None]) -> Any:
    """Return the settings of a word, each checked against its type."""
    made = SECTIONS[word]
    types = get_type_hints(made, include_extras=True)
    if given is not None and not isinstance(given, dict):
        add(path, say("recipe.settings_mapping", kind=word, allowed=", ".join(types)))
        return made()
    found = {}
    for key, value in (given or {}).items():
        if key not in types:
            message = say("recipe.unknown_setting", key=key, kind=word, allowed=", ".join(types))
            add((*path, key), message + near(str(key), types))
            continue
        try:
            found[key] = TypeAdapter(types[key]).validate_python(value)
        except ValidationError as wrong:
            add((*path, key), value_problem(wrong, value))
    return made(**found)


def as_written(asked: Asked) -> list[Any]:
    """Return the section as a recipe writes it, every default in its place."""
    return [word if settings is None else {word: asdict(settings)} for word, settings in asked.items()]
