"""Curves of training: a score on the training and on the validation rows against the epoch."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from makna.report.charts import BLUE, QUIET, WIDTH, ticks
from makna.report.language import Locale

_MANNERS: Any = ((BLUE, "-", "o"), ("#D55E00", "--", "s"))
_ACROSS = 2
_SIDE = 2.1  # inches of a small panel
_LONGEST_TITLE = 42


@dataclass(frozen=True)
class Panel:
    """One pair of curves.

    Parameters
    ----------
    title : str
        Above it; empty for none.
    curves : mapping of str to sequence of (int, float)
        Part → (epoch, score).
    chosen : int or None
        The epoch that is marked.
    """

    title: str
    curves: Mapping[str, Sequence[tuple[int, float]]]
    chosen: int | None = None


def draw_panels(panels: Sequence[Panel], axes: tuple[str, str], marked: str, locale: Locale) -> Figure:
    """Draw curves over epochs, one panel large, several small and on the same scale.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    axes : (str, str)
        Names of the axis of epochs and of the score.
    marked : str
        What the marked epoch is called.
    locale : Locale
        Language of the numbers.
    """
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    size = (WIDTH, 3.1) if len(panels) == 1 else (WIDTH, 0.5 + _SIDE * down * 0.85)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for position, ax in enumerate(grid.flat):
        if position >= len(panels):
            ax.remove()
            continue
        _draw(ax, panels[position])
        ticks(ax, "x", locale, whole=True)
        ticks(ax, "y", locale)
        if position % across == 0:
            ax.set_ylabel(textwrap.fill(axes[1], 30))
        if position >= len(panels) - across:
            ax.set_xlabel(axes[0])
            ax.tick_params(axis="x", labelbottom=True)
    names = list(dict.fromkeys(name for panel in panels for name in panel.curves))
    handles = [
        Line2D([], [], color=colour, linestyle=line, marker=marker, markersize=5, label=name)
        for name, (colour, line, marker) in zip(names, _MANNERS, strict=False)
    ]
    if any(panel.chosen is not None for panel in panels):
        handles.append(Line2D([], [], color=QUIET, linestyle=(0, (1, 2)), linewidth=1.4, label=marked))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False, fontsize=8, handlelength=2.6)
    return figure


def _draw(ax: Axes, panel: Panel) -> None:
    if panel.chosen is not None:
        ax.axvline(panel.chosen, color=QUIET, linewidth=1.4, linestyle=(0, (1, 2)), zorder=1)
    for points, (colour, line, marker) in zip(panel.curves.values(), _MANNERS, strict=False):
        if points:
            epochs, values = zip(*points, strict=True)
            ax.plot(epochs, values, color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.5, zorder=2)
    if panel.title:
        ax.set_title(textwrap.fill(panel.title, _LONGEST_TITLE), fontsize=7, loc="left")
    ax.margins(x=0.05, y=0.1)
