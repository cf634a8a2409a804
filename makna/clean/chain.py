"""The registry of text steps, and how a list in a recipe becomes steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from makna.clean.addresses import Urls, Users
from makna.clean.emoji import Emoji
from makna.clean.escapes import Escapes
from makna.clean.mask import Mask
from makna.clean.punctuation import Punctuation
from makna.clean.slang import Slang
from makna.clean.stem import Stem
from makna.clean.step import TextStep, nearest
from makna.clean.steps import Alphanumeric, Elongation, Html, Lowercase, Numbers, Whitespace
from makna.clean.stopwords import Stopwords
from makna.clean.treebank import Untokenise
from makna.clean.tweet import Tweet
from makna.core.errors import RecipeError

#: Name in a recipe → class. A new kind of step is one line here.
STEPS: dict[str, type[TextStep]] = {
    step.name: step
    for step in (
        *(Lowercase, Alphanumeric, Tweet, Html, Numbers, Emoji, Elongation, Whitespace, Slang),
        *(Punctuation, Urls, Users, Escapes, Mask, Untokenise),
        *(Stem, Stopwords),
    )
}


def make_steps(steps: Sequence[Any] | None) -> tuple[TextStep, ...]:
    """Turn the steps of a recipe into text steps with checked settings; nothing is loaded yet.

    Parameters
    ----------
    steps : sequence or None
        Names, one-key mappings ``{name: {setting: value}}`` or ``{name: value}``, or steps that are made already.

    Raises
    ------
    RecipeError
        No such step or setting, or a value that is not allowed.

    Examples
    --------
    >>> [step.name for step in make_steps(["tweet", {"elongation": 2}])]
    ['tweet', 'elongation']
    """
    if steps is None:
        return ()
    if isinstance(steps, str | bytes | Mapping) or not isinstance(steps, Sequence):
        raise RecipeError("clean.bad_steps", came=repr(steps)[:80])
    return tuple(map(make_step, steps))


def make_step(item: Any) -> TextStep:
    """Turn one entry of a recipe's list into a text step, see `make_steps`."""
    if isinstance(item, TextStep):
        return item
    name, value = _name_and_value(item)
    if name not in STEPS:
        raise RecipeError("clean.unknown_step", came=name, allowed=", ".join(STEPS), nearest=nearest(name, STEPS))
    kind = STEPS[name]
    settings = _settings(kind, value)
    for setting in settings:
        if setting not in kind.declared():
            raise RecipeError(
                "clean.unknown_setting",
                step=name,
                came=setting,
                allowed=", ".join(kind.declared()) or "-",
                nearest=nearest(str(setting), kind.declared()),
            )
    return kind(**settings)


def resolve_steps(steps: Sequence[Any] | None) -> tuple[TextStep, ...]:
    """Turn the steps of a recipe into text steps that are ready, with their tables loaded.

    Raises
    ------
    RecipeError
        As `make_steps`.
    DataError
        A table is missing or cannot be used.
    """
    return tuple(step.resolve() for step in make_steps(steps))


def _name_and_value(item: Any) -> tuple[str, Any]:
    if isinstance(item, str):
        return item, None
    if isinstance(item, Mapping) and len(item) == 1:
        name, value = next(iter(item.items()))
        if isinstance(name, str):
            return name, value
    raise RecipeError("clean.bad_step", came=repr(item)[:80])


def _settings(kind: type[TextStep], value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if not kind.shorthand:
        raise RecipeError("clean.bad_settings", step=kind.name, came=repr(value)[:60])
    return {kind.shorthand: value}
