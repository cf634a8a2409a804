"""File names of figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from makna.report.reading import Run


def figure_name(kind: str, system: str) -> str:
    """Return the file name of a system's figure.

    Examples
    --------
    >>> figure_name("confusion", "encoder[pca=50,kernel=poly]")
    'confusion-encoder--pca-50--kernel-poly'
    """
    plain = system.replace("[", "--").replace(",", "--").replace("=", "-").replace("]", "")
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_.+-]', '_', plain)[:80]}"


def figure_names(kind: str, systems: Iterable[str]) -> dict[str, str]:
    """Return system → figure name, no two the same."""
    names: dict[str, str] = {}
    for system in systems:
        name = figure_name(kind, system)
        names[system] = f"{name}-{len(names) + 1}" if name in names.values() else name
    return names


def per_system(run: Run, kind: str, usable: Callable[[str], Any]) -> dict[str, str]:
    """Return system → figure name for the models shown one by one that have what the figure needs."""
    return figure_names(kind, [name for name in run.featured if usable(name)])
