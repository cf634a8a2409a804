"""Systems whose names say what they are made of, ``word2vec-domain-sif-svr[epsilon=.1]``, as one compact table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from makna.report.blocks import Cell, Table
from makna.report.cellnames import cell_of, root_of, words_of
from makna.report.language import NOTHING, Locale, sentence
from makna.report.reading import Run
from makna.report.rows import part_name

LEAST = 6
"""Systems from which a compact table is worth its place."""
_SHORTEST = 3  # parts of a name

Grid = dict[tuple[str, str], str]
"""(what is represented and how, what learns) → the system's name."""


def compact_tables(run: Run, locale: Locale) -> Iterator[Table]:
    """Return a table a family of systems: what represents down, what learns across, two metrics in each cell."""
    first, *rest = run.metrics_asked[:2] or [""]
    for grid in compact_grids(run):
        rows_of = list(dict.fromkeys(row for row, _ in grid))
        across = list(dict.fromkeys(column for _, column in grid))
        best = next((name for name in run.ranked if name in grid.values()), "")
        rows: list[list[Cell | str]] = []
        for row in rows_of:
            cells = [_cell(run, locale, grid.get((row, column)), rest, best) for column in across]
            rows.append([" · ".join(row.split("-")), *cells])
        words = {"metric": locale.metric(first), "part": part_name(run.part, locale)}
        note = locale.say("compact_note_two", metric=locale.metric(rest[0])) if rest else ""
        columns = [locale.say("represented"), *(_head(column, locale) for column in across)]
        yield Table(
            sentence(locale.say("compact_table", **words)), columns, rows, range(1, len(columns)), note, folded=False
        )


def compact_grids(run: Run) -> list[Grid]:
    """Return families of systems with equally many parts in their names, whose last part is what learns.

    A family has at least two representations, two learners, and `LEAST` systems.
    """
    parts = {name: root_of(name).split("-") for name in run.systems if not run.systems[name].get("baseline")}
    sizes = Counter(len(found) for found in parts.values() if len(found) >= _SHORTEST)
    grids = []
    for size in sorted(sizes):
        grid: Grid = {}
        for name, found in parts.items():
            if len(found) == size:
                settings = name[len(root_of(name)) :]
                grid["-".join(found[:-1]), found[-1] + settings] = name
        if len(grid) >= LEAST and min(len({key[i] for key in grid}) for i in (0, 1)) > 1:
            grids.append(grid)
    return grids


def _cell(run: Run, locale: Locale, name: str | None, rest: list[str], best: str) -> Cell:
    value = run.pooled(name) if name else None
    if name is None or value is None:
        return Cell(NOTHING)
    below = [locale.score(run.pooled(name, metric)) for metric in rest]
    return Cell(locale.score(value), "\n".join(below), name == best)


def _head(column: str, locale: Locale) -> str:
    settings = words_of(cell_of(column), locale)
    return f"{root_of(column)}, {settings}" if settings else column
