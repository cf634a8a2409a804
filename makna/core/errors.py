"""The errors makna raises, each with a message from the catalogue.

A user's error (`UserError`) ends the command line with exit code 2 and a message that says what came, what is allowed
and what to do. Anything else is our fault: exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from makna.core.messages import say


class MaknaError(Exception):
    """Base of every error of makna.

    Parameters
    ----------
    key : str
        Key in the message catalogue, ``"stage.name"``.
    **fields
        Values for the message's placeholders; kept as `fields`.
    """

    def __init__(self, key: str, /, **fields: Any) -> None:
        super().__init__(key)
        self.key = key
        self.fields = fields

    def __str__(self) -> str:
        return say(self.key, **self.fields)

    def __reduce__(self) -> tuple[Any, ...]:
        # Crosses process boundaries (workers) with its fields.
        return (_rebuild, (type(self), self.key, self.fields))


def _rebuild(kind: type[MaknaError], key: str, fields: dict[str, Any]) -> MaknaError:
    return kind(key, **fields)


class UserError(MaknaError, ValueError):
    """What the user gave is wrong: a file, a column, a recipe, a folder (exit code 2)."""


class DataError(UserError):
    """A table that cannot be used as it is."""


class RecipeError(UserError):
    """A recipe with one or more mistakes; `fields["problems"]` is the rendered list."""


class ModelError(UserError):
    """A model folder that is changed, incomplete, unknown or unsafe."""


class MissingPackageError(UserError, ImportError):
    """An optional package is needed and not installed."""


class TrainingError(UserError):
    """Training a network could not go on: its loss is no longer a number, or memory does not suffice."""


class UsageError(UserError):
    """The words of a command do not fit: one too many, too few, or unknown."""


@contextmanager
def noting(notes: Iterable[str]) -> Iterator[None]:
    """Add notes to a user's error, to be shown below it: what was decided before it came to that.

    Parameters
    ----------
    notes : iterable of str
        Sentences in the language in force.

    Examples
    --------
    >>> try:
    ...     with noting(["Sheet 'Data' was read."]):
    ...         raise DataError("core.rows", n=1)
    ... except DataError as problem:
    ...     print(problem.__notes__)
    ["Sheet 'Data' was read."]
    """
    try:
        yield
    except UserError as problem:
        for note in notes:
            problem.add_note(note)
        raise
