"""Charts of a grid: means with intervals against a setting, and scores fold by fold."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from makna.report.charts import BLUE, INK, WIDTH, plain_figure, short, ticks
from makna.report.language import Locale

# Line, marker and grey value all differ, so that lines can be told apart without colour.
_MANNERS = (
    (BLUE, "-", "o"),
    ("#D55E00", "--", "s"),
    ("#009E73", "-.", "^"),
    (INK, ":", "D"),
    ("#CC79A7", (0, (5, 1)), "v"),
    ("#E69F00", (0, (1, 1)), "P"),
)
_LONGEST_AXIS = 40


@dataclass(frozen=True)
class Band:
    """One point: the value of a setting, the score, and the ends of its interval."""

    at: float
    value: float
    ends: tuple[float, float] | None


def draw_bands(series: Mapping[str, Sequence[Band]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw scores against a setting, intervals as bars beside one another.

    Parameters
    ----------
    series : mapping of str to sequence of Band
        Name → its points, in the order of the setting.
    axes : (str, str)
        Names of the setting and of the score.
    locale : Locale
        Language of the numbers.
    """
    figure, ax = plain_figure(WIDTH, 3.3)
    places = sorted({point.at for points in series.values() for point in points})
    for position, ((name, points), manner) in enumerate(zip(series.items(), _MANNERS, strict=False)):
        shift = 0.07 * (position - (len(series) - 1) / 2)
        xs = [places.index(point.at) + shift for point in points]
        style = _style(manner)
        means = [point.value for point in points]
        ax.plot(xs, means, label=short(name), linewidth=1.5, markersize=5, zorder=3, **style)
        for x, point in zip(xs, points, strict=True):
            if point.ends:
                ax.plot([x, x], point.ends, "_-", color=style["color"], linewidth=1.1, markersize=7, zorder=2)
    ax.set_xticks(range(len(places)), [locale.setting(place) for place in places])
    ax.set_xlabel(axes[0])
    ax.set_ylabel(textwrap.fill(axes[1], _LONGEST_AXIS))
    ticks(ax, "y", locale)
    if any(series):
        _legend(figure, series)
    return figure


def draw_folds(lines: Mapping[str, Sequence[tuple[str, float]]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw scores fold by fold, a line a setting.

    Parameters
    ----------
    lines : mapping of str to sequence of (str, float)
        Name → (fold, score).
    axes : (str, str)
        Names of the axis of folds and of the score.
    locale : Locale
        Language of the numbers.
    """
    figure, ax = plain_figure(WIDTH, 3.3)
    folds = list(dict.fromkeys(fold for points in lines.values() for fold, _ in points))
    folds.sort(key=lambda fold: (len(fold), fold))
    for (name, points), manner in zip(lines.items(), _MANNERS, strict=False):
        xs = [folds.index(fold) for fold, _ in points]
        ax.plot(xs, [score for _, score in points], label=short(name), linewidth=1.4, markersize=4.5, **_style(manner))
    ax.xaxis.set_major_locator(FixedLocator(range(len(folds))))
    ax.set_xticks(range(len(folds)), folds)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(textwrap.fill(axes[1], _LONGEST_AXIS))
    ticks(ax, "y", locale)
    _legend(figure, lines)
    return figure


def _style(manner: tuple[Any, Any, Any]) -> dict[str, Any]:
    return dict(zip(("color", "linestyle", "marker"), manner, strict=True))


def _legend(figure: Figure, named: Mapping[str, Any]) -> None:
    across = 2 if max(map(len, named)) > 18 else 3
    figure.legend(loc="outside upper left", ncols=across, frameon=False, fontsize=8, handlelength=2.8)
