"""`makna init`: a first, commented recipe from a table."""

from __future__ import annotations

from pathlib import Path

from makna.cli.screen import tell
from makna.core.errors import DataError
from makna.core.files import plain_os_errors, write_text
from makna.core.messages import say


def write_recipe(file: str, out: str | None) -> None:
    """Guess the columns, write the recipe, and end with its path on stdout."""
    from makna.collect.files import read_table
    from makna.recipe.guess import commented_recipe, guess_columns

    table = read_table(file)
    target = Path(out) if out else Path(Path(file).stem + ".yaml")
    if target.exists():
        raise DataError("cli.init_exists", path=str(target))
    named = Path(file)
    if not named.is_absolute() and target.parent.resolve() != Path.cwd():
        named = named.resolve()  # a recipe's file names start from the recipe's folder
    with plain_os_errors(target):
        write_text(target, commented_recipe(guess_columns(table), str(named)))
    tell(say("cli.init_next", path=target))
    print(target)  # noqa: T201 (the result's path is what stdout is for)
