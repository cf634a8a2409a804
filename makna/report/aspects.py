"""Tables of a few things side by side: a column each, a row for each aspect, so that they fit on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from makna.report.blocks import Cell, Table
from makna.report.cells import chunks
from makna.report.language import NOTHING, Locale

_ACROSS = 3

Aspect = tuple[str, Callable[[dict[str, Any]], Cell | str]]
"""What a row is called, and how its value is told."""


def aspect_tables(
    caption: str, things: Mapping[str, dict[str, Any]], aspects: Sequence[Aspect], locale: Locale, note: str = ""
) -> Iterator[Table]:
    """Yield tables with a column for each of a few things; rows that say nothing of any of them are left out.

    Parameters
    ----------
    caption : str
        What they show.
    things : mapping of str to dict
        Head of the column → what is known.
    aspects : sequence of (str, callable)
        Head of the row, and what it tells of a thing.
    locale : Locale
        Language of the table.
    note : str
        A remark below the last one.
    """
    told = [(head, [tell(known) for known in things.values()]) for head, tell in aspects]
    told = [(head, cells) for head, cells in told if any(cell not in ("", NOTHING) for cell in cells)]
    if not told:
        return
    places = list(enumerate(things))
    parts = list(chunks(places, _ACROSS))
    for few in parts:
        rows: list[list[Cell | str]] = [[head, *(cells[place] or NOTHING for place, _ in few)] for head, cells in told]
        columns = [locale.say("aspect"), *(name for _, name in few)]
        yield Table(caption, columns, rows, range(1, len(columns)), note if few is parts[-1] else "")
