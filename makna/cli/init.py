"""`makna init`: a first, commented recipe from a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.screen import tell
from makna.core.errors import DataError, noting
from makna.core.files import plain_os_errors, write_text
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.collect.stream import Reading


def write_recipe(file: str, out: str | None, reading: Reading) -> None:
    """Guess the columns, write the recipe, and end with its path on stdout."""
    from makna.collect.files import whole
    from makna.collect.folder import open_table
    from makna.recipe.guess import commented_recipe, guess_columns

    stream = open_table(file, reading)
    named = Path(file)
    target = Path(out) if out else Path((named.resolve().name if named.is_dir() else named.stem) + ".yaml")
    with noting(stream.notes):
        if target.exists():
            raise DataError("cli.init_exists", path=str(target))
        # What a folder adds is known: where a row comes from is no text, and its part no label.
        guess = guess_columns(whole(stream).drop(columns=list(stream.added)))
    for note in stream.notes:
        tell(note)
    if not named.is_absolute() and target.parent.resolve() != Path.cwd():
        named = named.resolve()  # a recipe's file names start from the recipe's folder
    more = {"sheet": reading.sheet, "encoding": reading.encoding, "delimiter": reading.delimiter}
    source = {"folder" if named.is_dir() else "file": str(named), **{k: v for k, v in more.items() if v is not None}}
    with plain_os_errors(target):
        write_text(target, commented_recipe(guess, source))
    tell(say("cli.init_next", path=target))
    print(target)  # noqa: T201 (the result's path is what stdout is for)
