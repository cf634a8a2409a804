"""Tables on the screen, as text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import StringIO


def drawn(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text: as wide as the terminal, or as its columns where there is none.

    Parameters
    ----------
    title : str
        Above the table.
    heads : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    stream = StringIO()
    width = None if sys.stdout.isatty() else 40 + 28 * len(heads)
    Console(file=stream, markup=False, highlight=False, width=width).print(table)
    return stream.getvalue().rstrip("\n")
