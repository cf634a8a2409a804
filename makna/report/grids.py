"""The systems of a run that are cells of one grid, as rows and columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from makna.report.cellnames import cell_of, in_order, plain, root_of
from makna.report.language import is_number
from makna.report.reading import Run, branch

Others = tuple[tuple[str, Any], ...]
"""Values of all settings but the one that runs across."""


@dataclass(frozen=True)
class Grid:
    """The cells of one system.

    Parameters
    ----------
    root : str
        The system's name.
    cells : mapping of str to mapping
        Name of a cell → its settings.
    across : str
        The setting whose values run across: numbers before words, many values before few.
    """

    root: str
    cells: Mapping[str, Mapping[str, Any]]
    across: str

    @property
    def values(self) -> list[Any]:
        """Values of the setting that runs across."""
        return in_order(cell[self.across] for cell in self.cells.values() if self.across in cell)

    @property
    def series(self) -> list[Others]:
        """Combinations of all other settings; one empty one where there is no other setting."""
        return list(dict.fromkeys(self._others(cell) for cell in self.cells.values()))

    def find(self, others: Others, value: Any) -> str | None:
        """Return the cell with these settings, None where it was not run."""
        for name, cell in self.cells.items():
            if self._others(cell) == others and cell.get(self.across) == value:
                return name
        return None

    def _others(self, cell: Mapping[str, Any]) -> Others:
        return tuple((key, value) for key, value in cell.items() if key != self.across)


def grids_of(run: Run) -> list[Grid]:
    """Return the grids of a run that have two cells or more, the one with the best cell first."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in run.ranked:
        cell = branch(run.systems[name], "cell") or cell_of(name)
        if cell and root_of(name) != name:
            found.setdefault(root_of(name), {})[name] = {key: plain(value) for key, value in cell.items()}
    # In the order of the file, so that the settings keep the order of the recipe.
    ordered = {root: {name: cells[name] for name in run.systems if name in cells} for root, cells in found.items()}
    return [Grid(root, cells, _across(cells)) for root, cells in ordered.items() if len(cells) > 1]


def _across(cells: Mapping[str, Mapping[str, Any]]) -> str:
    values: dict[str, set[Any]] = {}
    for cell in cells.values():
        for key, value in cell.items():
            values.setdefault(key, set()).add(value)

    def rank(key: str) -> tuple[bool, int]:
        return (len(values[key]) > 1 and all(map(is_number, values[key])), len(values[key]))

    return max(values, key=rank)
