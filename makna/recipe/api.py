"""`makna.run`: a study from Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from makna.recipe.recipe import Recipe, load_recipe
from makna.recipe.result import Run
from makna.recipe.runner import run_recipe
from makna.recipe.state import RunOptions


def run(
    recipe: str | Recipe,
    *,
    data: str | None = None,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    options: RunOptions | None = None,
) -> Run:
    """Run a study or a recipe.

    Parameters
    ----------
    recipe : str or Recipe
        Name of a study, path of a ``.yaml`` file, or a recipe.
    data : str or None
        A table to use in place of the recipe's own.
    sets : sequence of str
        Changes, ``PATH=VALUE``.
    out : path or None
        The run folder; ``runs/STUDY-TIME`` when None.
    options : RunOptions or None
        Which systems, how many rows, whether to resume.

    Returns
    -------
    Run
        Shows itself in a notebook.

    Raises
    ------
    UserError
        Something of the user's is wrong; the message says what to do.
    """
    found = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, sets, data)
    return run_recipe(found, out or default_folder(found.name), options)


def default_folder(name: str) -> Path:
    """Return a new folder name, ``runs/STUDY-TIME``."""
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
