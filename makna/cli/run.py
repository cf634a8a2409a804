"""`makna run`: a study or a recipe, from raw file to report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.screen import Stages, tell
from makna.core.errors import UsageError
from makna.core.messages import language, say

if TYPE_CHECKING:
    from makna.recipe.recipe import Recipe


@dataclass(frozen=True)
class RunWords:
    """The words of the command."""

    recipe: str
    data: str | None
    sets: tuple[str, ...]
    only: tuple[str, ...]
    rows: int | None
    out: str | None
    resume: bool
    engine: str = "local"
    accept_weak_labels: bool = False


def run_study(words: RunWords) -> None:
    """Run, show the scores on stderr, and end with the report's path on stdout."""
    if words.resume and words.out is None:
        raise UsageError("cli.resume_needs_out")
    from makna.recipe.api import default_folder
    from makna.recipe.recipe import load_recipe
    from makna.recipe.runner import RunOptions, run_recipe

    recipe = load_recipe(words.recipe, words.sets, words.data)
    folder = Path(words.out) if words.out else default_folder(recipe.name)
    tell(say("cli.run_starts", title=recipe.title, folder=folder))
    _show_licences(recipe)
    try:
        with Stages() as stages:
            options = RunOptions(words.only, words.rows, words.resume, stages, words.engine, words.accept_weak_labels)
            run = run_recipe(recipe, folder, options)
    except KeyboardInterrupt as stop:
        for note in getattr(stop, "__notes__", ()):
            tell(note)
        tell(say("cli.run_interrupted", recipe=words.recipe, folder=folder))
        raise
    for warning in run.manifest["warnings"]:
        tell(warning)
    for skipped in run.manifest["skipped"]:
        tell(say("cli.run_skipped", name=skipped["system"], why=skipped["why"]))
    tell(_summary(run))
    print(run.report if run.report.is_file() else run.folder)  # noqa: T201 (the result's path is what stdout is for)


def _show_licences(recipe: Recipe) -> None:
    """Show the terms of a public set the first time it is used on this computer."""
    from makna.collect.catalogue import dataset
    from makna.collect.licence import first_use

    terms = first_use(dataset(recipe.collect.dataset)) if recipe.collect.dataset else ""
    if terms:
        tell(terms)


def _summary(run: object) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    from makna.recipe.result import Run

    assert isinstance(run, Run)
    scores = run.table()
    shown = Table(title=say("cli.scores_title"), title_justify="left")
    for name in ("system", "part", "metric", "value", "interval"):
        shown.add_column(say(f"cli.column_{name}"), justify="right" if name in ("value", "interval") else "left")
    shown.add_column("n", justify="right")
    before = ""
    for row in scores.to_dict("records"):
        interval = f"{_number(row['low'])} – {_number(row['high'])}"
        name = row["system"] if row["system"] != before else ""
        shown.add_row(name, row["part"], row["metric"], _number(row["value"]), interval, str(row["n"]))
        before = row["system"]
    screen = StringIO()
    Console(file=screen, width=110, markup=False).print(shown)
    return screen.getvalue().rstrip()


def _number(value: float | None) -> str:
    if value is None or value != value:
        return "–"
    text = f"{value:.3f}"
    return text.replace(".", ",") if language() == "id" else text
