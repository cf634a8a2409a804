"""Charts of slices: a score against bins with their sizes behind it, and how often tokens occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from makna.report.charts import BLUE, INK, QUIET, WIDTH, plain_figure, short, ticks
from makna.report.language import Locale

BARS = "#F3D9A4"  # pale orange: lighter than the line in grey too
_ACROSS = 2
_HEIGHT = 2.15  # inches of a panel
_UPRIGHT = 5  # characters of a bin's name, and bins, up to which names stand level


@dataclass(frozen=True)
class SlicePanel:
    """One system's scores in each bin.

    Parameters
    ----------
    name : str
        The system.
    points : sequence of (float, float, float) or None
        Score and the ends of its interval; None of an empty bin.
    """

    name: str
    points: Sequence[tuple[float, float, float] | None]


@dataclass(frozen=True)
class SliceAxes:
    """What all panels share.

    Parameters
    ----------
    bins : sequence of str
        Names of the bins.
    counts : sequence of int
        Entries in each.
    x, score, count : str
        Names of the three axes.
    baseline : SlicePanel or None
        Drawn dashed in every panel.
    """

    bins: Sequence[str]
    counts: Sequence[int]
    x: str
    score: str
    count: str
    baseline: SlicePanel | None = None


def draw_slices(panels: Sequence[SlicePanel], axes: SliceAxes, locale: Locale) -> Figure:
    """Draw each system's score over bins as a line with its interval, sizes of bins as bars on the right axis.

    All panels have the same axes, so that systems can be compared.
    """
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(WIDTH + 0.6, 0.75 + _HEIGHT * down * (1.25 if across == 1 else 1)), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    most = max([*axes.counts, 1])
    for position, ax in enumerate(grid.flat):
        if position >= len(panels):
            ax.remove()
            continue
        behind = _bars(ax, axes, most)
        _line(ax, panels[position], axes)
        ax.set_title(short(panels[position].name, 36), loc="left", fontsize=8.5)
        ticks(ax, "y", locale)
        behind.yaxis.set_major_formatter(FuncFormatter(lambda value, _: locale.whole(value)))
        is_last = position % across == across - 1 or position == len(panels) - 1
        behind.tick_params(axis="y", labelright=is_last, length=3 if is_last else 0, colors=QUIET)
        if is_last:
            behind.set_ylabel(axes.count, color=QUIET)
        if position % across == 0:
            ax.set_ylabel(axes.score)
        if position >= len(panels) - across:
            ax.set_xlabel(axes.x)
            _name_bins(ax, axes.bins, across)
    _legend(figure, axes)
    return figure


def draw_ranks(points: Sequence[tuple[int, int]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw how often the token of each rank occurs, both axes logarithmic (Zipf's plot)."""
    figure, ax = plain_figure(WIDTH, 2.9)
    ranks, counts = zip(*points, strict=True)
    ax.loglog(ranks, counts, "o-", color=BLUE, markersize=3.2, linewidth=1.2)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(10))
        axis.set_major_formatter(FuncFormatter(lambda value, _: locale.whole(value)))
        axis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    return figure


def _bars(ax: Axes, axes: SliceAxes, most: int) -> Any:
    behind = ax.twinx()
    behind.bar(np.arange(len(axes.counts)), axes.counts, width=0.86, color=BARS, linewidth=0, zorder=0)
    behind.set_ylim(0, most * 1.08)
    behind.spines["right"].set_visible(True)
    behind.spines["right"].set_color(QUIET)
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)
    return behind


def _line(ax: Axes, panel: SlicePanel, axes: SliceAxes) -> None:
    if axes.baseline is not None:
        at, values = _there(axes.baseline)[:2]
        ax.plot(at, values, color=INK, linestyle=(0, (4, 2)), linewidth=1.0, zorder=2)
    at, values, low, high = _there(panel)
    ax.fill_between(at, low, high, color=BLUE, alpha=0.22, linewidth=0, zorder=2)
    ax.plot(at, values, "o-", color=BLUE, markersize=3.5, linewidth=1.5, zorder=3)
    ax.set_xlim(-0.6, len(axes.bins) - 0.4)


def _there(panel: SlicePanel) -> tuple[list[float], ...]:
    rows = [(i, *point) for i, point in enumerate(panel.points) if point is not None]
    return tuple(list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])


def _name_bins(ax: Axes, names: Sequence[str], across: int) -> None:
    turned = across > 1 or len(names) > _UPRIGHT or max(map(len, names)) > _UPRIGHT
    every = -(-len(names) // (22 if across > 1 else 40))
    places = list(range(0, len(names), every))
    ax.set_xticks(places, [names[i] for i in places], rotation=90 if turned else 0, fontsize=7)
    ax.tick_params(axis="x", labelbottom=True)


def _legend(figure: Figure, axes: SliceAxes) -> None:
    handles: list[Any] = [Line2D([], [], color=BLUE, marker="o", markersize=3.5, label=axes.score)]
    if axes.baseline is not None:
        handles.append(Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1.0, label=axes.baseline.name))
    handles.append(Patch(color=BARS, label=axes.count))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False, fontsize=8, handlelength=2.2)
