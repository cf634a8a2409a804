"""`makna compare`: the scores of two runs or more, side by side on the screen, as a page or as a table."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.screen import tell
from makna.core.errors import DataError
from makna.core.files import plain_os_errors
from makna.core.messages import language, say

if TYPE_CHECKING:
    from makna.report.blocks import Table

PAGES = (".html", ".htm")


@dataclass(frozen=True)
class CompareWords:
    """The words of the command."""

    runs: tuple[str, ...]
    metrics: tuple[str, ...]
    out: str | None


def compare_runs(words: CompareWords) -> None:
    """Show the runs side by side; with `--out` the table goes to stderr and the file's path to stdout."""
    from makna.report.blocks import spans
    from makna.report.compare_runs import read_runs, side_by_side
    from makna.report.language import Locale
    from makna.report.marks import vectors_sentences

    locale = Locale(language())
    runs = read_runs(words.runs, words.metrics)
    shown = []
    for protocol in runs.protocols:
        title = say("report.way_heading", protocol=protocol) if protocol else ""
        shown.append(_drawn(side_by_side(runs, protocol, locale), title))
    for name, run in runs.own.items():
        for text in vectors_sentences(run, locale):
            shown.append(f"{name}: " + "".join(piece for piece, _ in spans(text)))
    text = "\n".join(shown)
    if words.out is None:
        sys.stdout.write(f"{text}\n")
        return
    tell(text)
    _write(Path(words.out), runs, locale)
    print(words.out)  # noqa: T201 (the result's path is what stdout is for)


def _write(target: Path, runs: object, locale: object) -> None:
    """Write a page where the file's name ends so, else the scores as a table in the format of its ending."""
    from makna.collect.writer import TableWriter
    from makna.report.compare_runs import COLUMNS, Runs, make_compare_page, score_table
    from makna.report.language import Locale

    assert isinstance(runs, Runs)
    assert isinstance(locale, Locale)
    if target.suffix.lower() in PAGES:
        if not target.parent.is_dir():
            raise DataError("collect.no_folder", path=str(target), folder=str(target.parent))
        with plain_os_errors(target):
            make_compare_page(runs, target, locale)
        return
    with TableWriter.open(target, list(COLUMNS)) as writer:
        writer.write(score_table(runs, locale))


def _drawn(table: Table, title: str) -> str:
    """Return a table of the report as text."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table as Drawn

    drawn = Drawn(title=title, title_justify="left", show_lines=False)
    over = [head for head, span in table.over for _ in range(span)]
    for i, (head, name) in enumerate(zip(over, table.columns, strict=True)):
        drawn.add_column(f"{head}\n{name}" if head else name, justify="right" if i in table.numeric else "left")
    for row in table.cells():
        drawn.add_row(*("\n".join(filter(None, [cell.text, cell.below])) for cell in row))
    stream = StringIO()
    width = 30 + 22 * len(table.columns)
    Console(file=stream, markup=False, highlight=False, width=None if sys.stdout.isatty() else width).print(drawn)
    return stream.getvalue().rstrip("\n")
