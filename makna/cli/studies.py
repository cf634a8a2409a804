"""`makna studies`: what makna ships, and which of it can run here."""

from __future__ import annotations

import sys

from makna.core.errors import DataError
from makna.core.messages import say


def list_studies() -> None:
    """Show every study with its title, data and whether the data are at hand."""
    from rich.console import Console
    from rich.table import Table

    from makna.collect.catalogue import datasets
    from makna.collect.datasets import locate
    from makna.recipe.recipe import load_recipe, studies

    table = Table(title=say("cli.studies_title"), title_justify="left")
    for name in ("study", "title", "data", "licence", "ready"):
        table.add_column(say(f"cli.column_{name}"))
    missing = False
    for name, title in studies().items():
        dataset = load_recipe(name).collect.dataset or ""
        licence = datasets()[dataset].licence if dataset in datasets() else ""
        try:
            locate(dataset, download=False)
            ready = say("cli.yes")
        except DataError:
            ready, missing = say("cli.no"), True
        table.add_row(name, title, dataset, licence, ready)
    Console(file=sys.stdout, markup=False, width=None if sys.stdout.isatty() else 110).print(table)
    if missing:
        sys.stderr.write(say("cli.studies_missing") + "\n")
