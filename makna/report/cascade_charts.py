"""The chart of a cascade: accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from makna.report.charts import BLUE, INK, WIDTH, plain_figure, short, ticks
from makna.report.language import Locale

ORANGE = "#D55E00"
LOG_FROM = 20  # times that the dearest costs of the cheapest, from which the axis is logarithmic
_MOST_BARS = 12  # of the frontier that have their interval drawn


@dataclass(frozen=True)
class CostPoint:
    """Accuracy at a cost, with the ends of its interval; a name where it is a system."""

    cost: float
    value: float
    ends: tuple[float, float] | None
    name: str = ""


@dataclass(frozen=True)
class CostWords:
    """What the axes and the marks are called."""

    cost: str
    accuracy: str
    frontier: str
    member: str
    chosen: str


def draw_frontier(
    members: Sequence[CostPoint],
    frontier: Sequence[CostPoint],
    chosen: CostPoint | None,
    words: CostWords,
    locale: Locale,
) -> Figure:
    """Draw what thresholds give as a line, the systems alone as squares with their names, and what was chosen."""
    figure, ax = plain_figure(WIDTH, 3.5)
    line = sorted(frontier, key=lambda point: point.cost)
    if line:
        costs, values = [point.cost for point in line], [point.value for point in line]
        ax.plot(costs, values, "-", color=BLUE, linewidth=1.4, zorder=2)
        few = np.unique(np.linspace(0, len(line) - 1, _MOST_BARS).round().astype(int))
        for i in few:
            _interval(ax, line[i], BLUE, 0.45)
        ax.plot([costs[i] for i in few], [values[i] for i in few], "o", color=BLUE, markersize=3.2, zorder=3)
    for point in members:
        _interval(ax, point, INK, 0.8)
        ax.plot([point.cost], [point.value], "s", color=INK, markersize=5.5, zorder=4)
    if chosen is not None:
        _interval(ax, chosen, ORANGE, 1.0)
        ax.plot([chosen.cost], [chosen.value], "*", color=ORANGE, markersize=12, markeredgecolor="white", zorder=5)
    spread = [point.cost for point in (*members, *line, *([chosen] if chosen else []))]
    _cost_axis(ax, spread, locale)
    _names(ax, members)
    ticks(ax, "y", locale)
    ax.set_xlabel(words.cost)
    ax.set_ylabel(words.accuracy)
    handles = [
        Line2D([], [], color=BLUE, marker="o", markersize=3.2, linewidth=1.4, label=words.frontier),
        Line2D([], [], color=INK, marker="s", markersize=5.5, linestyle="", label=words.member),
    ]
    if chosen is not None:
        handles.append(Line2D([], [], color=ORANGE, marker="*", markersize=10, linestyle="", label=words.chosen))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False, fontsize=8)
    return figure


def _interval(ax: Axes, point: CostPoint, colour: str, alpha: float) -> None:
    if point.ends is not None:
        ax.vlines([point.cost], *point.ends, color=colour, linewidth=1.1, alpha=alpha, zorder=2)


def _cost_axis(ax: Axes, costs: Sequence[float], locale: Locale) -> None:
    positive = [cost for cost in costs if cost > 0]
    if positive and len(positive) == len(costs) and max(positive) / min(positive) > LOG_FROM:
        ax.set_xscale("log")
        ax.set_xlim(min(positive) / 1.8, max(positive) * 1.8)
        ax.xaxis.set_major_locator(LogLocator(10, numticks=5))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _power_words(value, locale)))
        return
    ax.set_xlim(left=0)
    ax.margins(x=0.1)
    ticks(ax, "x", locale)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share_words(value, locale)))


def share_words(cost: float, locale: Locale) -> str:
    """Return a cost as per cent of the dearest system's, with as many decimals as it needs.

    Examples
    --------
    >>> share_words(0.25, Locale("en")), share_words(0.00042, Locale("en"))
    ('25%', '0.042%')
    """
    decimals = 0 if cost >= 0.1 or cost <= 0 else min(4, int(np.ceil(-np.log10(cost))) - 2 + (cost < 0.01))
    return locale.percent(cost, max(0, decimals))


def _power_words(cost: float, locale: Locale) -> str:
    """Return a power of ten as per cent, without figures that say nothing."""
    return locale.percent(cost, max(0, round(-np.log10(cost)) - 2))


def _names(ax: Axes, members: Sequence[CostPoint]) -> None:
    """Name each system to its right: below it, but the dearest above, and of two that cost alike the better one."""
    order = sorted(members, key=lambda point: point.cost)
    for i, point in enumerate(order):
        alike = [other for other in order if other is not point and point.cost / 2 < other.cost < 2 * point.cost]
        is_above = all(other.value < point.value for other in alike) if alike else i == len(order) - 1 and i > 0
        ax.annotate(short(point.name, 26), (point.cost, point.value), (8, 4 if is_above else -11),
                    textcoords="offset points", ha="left", fontsize=8, color=INK)  # fmt: skip
    ax.margins(y=0.1)
