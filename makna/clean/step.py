"""What a text step is, and how its settings are declared and checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Self

from makna.core.errors import RecipeError
from makna.core.messages import say


@dataclass(frozen=True)
class TextStep(ABC):
    """One step of cleaning, text in and text out; the base of all steps.

    A subclass is a frozen dataclass whose fields are its settings, each made by `choice` or `checked`, so that a wrong
    value is refused when the step is made. `apply` raises on no text at all and does not depend on the locale.
    """

    name: ClassVar[str] = ""
    #: The setting that a bare value stands for: ``{elongation: 2}`` is ``{elongation: {to: 2}}``.
    shorthand: ClassVar[str] = ""
    #: Whether applying the step twice is promised to be the same as applying it once.
    idempotent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for setting in self.declared():
            value = getattr(self, setting)
            rule = type(self).__dataclass_fields__[setting].metadata
            if not rule["valid"](value):
                raise RecipeError(
                    "clean.bad_setting", step=self.name, setting=setting, came=repr(value)[:60], allowed=rule["allowed"]
                )

    def __getstate__(self) -> dict[str, Any]:
        # What is worked out from the settings is not carried between processes (and may hold functions).
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @abstractmethod
    def apply(self, text: str) -> str:
        """Return the cleaned text."""

    def apply_all(self, texts: Sequence[str]) -> list[str]:
        """Return the cleaned texts in order; a step that can share work between texts does it here."""
        return [self.apply(text) for text in texts]

    def changes(self, text: str) -> list[dict[str, str]]:
        """Return which tokens this step would change and why; empty for steps without a table."""
        return []

    def shown(self, text: str) -> str:
        """Return `text` as a report may show it before this step: without what the step is there to hide."""
        return text

    def resolve(self) -> Self:
        """Return this step ready to be applied, with the tables it needs loaded."""
        return self

    def cargo(self) -> dict[str, Any] | None:
        """Return as JSON values what a model must carry besides the settings; None where there is nothing."""
        return None

    def with_cargo(self, cargo: Mapping[str, Any]) -> Self:
        """Return this step ready to be applied, with what `cargo` gave instead of the original tables."""
        return self

    def sources(self) -> list[dict[str, str]]:
        """Return name, licence and source of the tables in use."""
        return []

    @classmethod
    def declared(cls) -> list[str]:
        """Return the names of the settings."""
        return [item.name for item in fields(cls) if item.init and "valid" in item.metadata]

    def settings(self) -> dict[str, Any]:
        """Return every setting with its value, defaults written out."""
        values = {name: getattr(self, name) for name in self.declared()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def choice(default: Any, *others: Any) -> Any:
    """Declare a setting that takes one of these values."""
    options = (default, *others)
    return checked(
        default,
        lambda value: any(type(value) is type(option) and value == option for option in options),
        ", ".join(str(option).lower() if isinstance(option, bool) else str(option) for option in options),
    )


def checked(default: Any, valid: Callable[[Any], bool], allowed: str) -> Any:
    """Declare a setting by a test of its value; `allowed` is what an error says."""
    return field(default=default, metadata={"valid": valid, "allowed": allowed})


def only_marks(value: str) -> bool:
    """Tell whether a setting holds marks alone, neither letters nor digits nor spaces."""
    return not any(character.isalnum() or character.isspace() for character in value)


def squeeze(text: str) -> str:
    """Return `text` with every run of white space made one space and none at the ends."""
    return " ".join(text.split())


def nearest(came: str, allowed: Iterable[str]) -> str:
    """Return the sentence that offers the allowed name nearest to `came`, with a space before it; "" without one."""
    found = get_close_matches(came.lower(), list(allowed), n=1)
    return " " + say("clean.nearest", name=found[0]) if found else ""
