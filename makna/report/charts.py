"""The kinds of chart a report has, drawn on bare matplotlib figures (no pyplot, no shared state).

Colours are those of Okabe & Ito (Color Universal Design, 2008); every chart can also be read in grey.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from makna.report.language import Locale

BLUE = "#0072B2"
INK = "#333333"
BLACK = "#111111"
QUIET = "#767676"
PALE = "#d9d9d9"
# From dark to light and back, so that neighbours differ in grey too.
SHADES = (BLUE, "#56B4E9", "#F0E442", "#009E73", "#E69F00", "#D55E00", "#CC79A7", "#999999")
WIDTH = 5.0  # inches; still readable when a phone shows it at three quarters
MOST_LABELLED = 15  # classes up to which a matrix has its numbers written in
_DARK = 0.82  # share from which white is easier to read on the shade than black
_LONGEST_NAME = 30
_LONGEST_AXIS = 40

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.parse_math": False,  # a class may be called "$"
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "svg.fonttype": "none",  # text stays text: small, selectable, found by a search
    "svg.hashsalt": "makna",
}


@dataclass(frozen=True)
class Dot:
    """One line of a dot-and-interval chart; `hollow` for a baseline."""

    name: str
    value: float
    low: float | None
    high: float | None
    hollow: bool = False


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the report's style; a character that the font lacks is no reason to warn."""
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def dots(rows: Sequence[Dot], axes: tuple[str, str], locale: Locale, reference: float | None = None) -> Figure:
    """Draw values with their intervals, one below the other.

    Parameters
    ----------
    rows : sequence of Dot
        The first is drawn on top.
    axes : (str, str)
        Names of the value's axis and of the rows.
    locale : Locale
        Language of the numbers.
    reference : float or None
        Value of a vertical line (the best baseline).
    """
    figure, ax = plain_figure(WIDTH, 0.85 + 0.34 * len(rows))
    heights = np.arange(len(rows))[::-1]
    if reference is not None:
        ax.axvline(reference, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    for row, height in zip(rows, heights, strict=True):
        colour = QUIET if row.hollow else BLUE
        if row.low is not None and row.high is not None:
            ends = [row.low, row.high]
            ax.plot(
                ends, [height, height], "|-", color=colour, linewidth=1.6, markersize=9, markeredgewidth=1.4, zorder=2
            )
        face = "white" if row.hollow else colour
        ax.plot([row.value], [height], "o", markersize=4.5, markeredgecolor=colour, markerfacecolor=face, zorder=3)
        place = max(row.value, row.high if row.high is not None else row.value)
        ax.annotate(
            locale.score(row.value), (place, height), (7, 0), textcoords="offset points", va="center", fontsize=8
        )
    ax.set_yticks(heights, [short(row.name) for row in rows])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.margins(x=0.12)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(textwrap.fill(axes[0], _LONGEST_AXIS))
    ax.set_ylabel(axes[1])
    ticks(ax, "x", locale)
    return figure


def bars(counts: Mapping[str, int], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw counts as horizontal bars, with their share of all; `axes` names the counts and the bars."""
    figure, ax = plain_figure(WIDTH, 0.8 + 0.34 * len(counts))
    total = sum(counts.values()) or 1
    heights = np.arange(len(counts))[::-1]
    ax.barh(heights, list(counts.values()), height=0.62, color=BLUE)
    for height, count in zip(heights, counts.values(), strict=True):
        text = f"{locale.whole(count)} ({locale.percent(count / total)})"
        ax.annotate(text, (count, height), (4, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(heights, [short(name) for name in counts])
    ax.set_xlim(0, 1.28 * max([*counts.values(), 1]))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    ticks(ax, "x", locale, whole=True)
    return figure


def shares(outputs: Mapping[str, Mapping[str, int]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw the shares of the classes of several outputs, one divided bar an output."""
    labels = list(dict.fromkeys(label for counts in outputs.values() for label in counts))
    figure, ax = plain_figure(WIDTH, 1.15 + 0.34 * len(outputs))
    heights = np.arange(len(outputs))[::-1]
    totals = np.array([sum(counts.values()) or 1 for counts in outputs.values()])
    left = np.zeros(len(outputs))
    for position, label in enumerate(labels):
        colour = SHADES[position % len(SHADES)]
        widths = np.array([counts.get(label, 0) for counts in outputs.values()]) / totals
        ax.barh(heights, widths, left=left, height=0.66, color=colour, edgecolor="white", label=short(label))
        for height, start, width in zip(heights, left, widths, strict=True):
            if width >= 0.08:
                middle, text = start + width / 2, locale.percent(width, 0)
                ax.text(middle, height, text, ha="center", va="center", fontsize=7.5, color=_readable_on(colour))
        left += widths
    ax.set_yticks(heights, [short(name) for name in outputs])
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: locale.percent(value, 0)))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    figure.legend(loc="outside upper center", ncols=min(len(labels), 4), frameon=False, fontsize=8, handlelength=1.2)
    return figure


def histogram(values: np.ndarray, axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw how often numbers occur; `axes` names the two axes."""
    figure, ax = plain_figure(WIDTH, 2.6)
    distinct = np.unique(values)
    if 1 < len(distinct) <= 15:
        width = 0.8 * float(np.min(np.diff(distinct)))
        ax.bar(distinct, [int(np.sum(values == value)) for value in distinct], width=width, color=BLUE)
    else:
        ax.hist(values, bins=min(20, max(5, int(np.sqrt(len(values))))), color=BLUE, edgecolor="white", linewidth=0.6)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    ticks(ax, "x", locale)
    ticks(ax, "y", locale, whole=True)
    return figure


def matrices(panels: Sequence[tuple[str, Sequence[str], np.ndarray]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw confusion matrices: counts, and shares of each row as shades.

    Parameters
    ----------
    panels : sequence of (title, labels, matrix)
        Rows of a matrix, shape (classes, classes), are the truth.
    axes : (str, str)
        Names of the prediction's and the truth's axis.
    locale : Locale
        Language of the numbers.
    """
    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    most = max(len(labels) for _, labels, _ in panels)
    side = _matrix_side(most) if across == 1 else max(1.3, _matrix_side(most) * 0.62)
    names = 0.75 + 0.055 * max(len(short(label)) for _, labels, _ in panels for label in labels)
    figure = Figure(figsize=(across * (side + names), down * (side + 0.85)), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for position, ax in enumerate(grid.flat):
        if position >= len(panels):
            ax.remove()
            continue
        _matrix(ax, panels[position], locale)
        if position % across == 0:
            ax.set_ylabel(axes[1])
        if position >= len(panels) - across:
            ax.set_xlabel(axes[0])
    return figure


def short(name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a name that fits beside an axis, on one line."""
    line = " ".join(name.split()) or "∅"
    if len(line) <= longest:
        return line
    # The settings of a cell tell it from the others of its grid.
    tail = line[line.index("[") :] if line.endswith("]") and "[" in line else ""
    tail = tail if len(tail) <= longest - 4 else ""
    return f"{line[: longest - 1 - len(tail)]}…{tail}"


def plain_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of this size (inches, at most 14 high) and its axes."""
    figure = Figure(figsize=(width, min(height, 14.0)), layout="constrained")
    return figure, figure.add_subplot()


def ticks(ax: Axes, which: str, locale: Locale, whole: bool = False) -> None:
    """Set at most six ticks on the axis ``"x"`` or ``"y"``, written in the manner of the language."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(6, integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: locale.whole(value) if whole else _tick(value, locale)))


def _tick(value: float, locale: Locale) -> str:
    return locale.setting(float(round(value, 10)) + 0.0)


def _matrix_side(classes: int) -> float:
    """Inches of a matrix: generous cells where numbers are written in, small ones where not."""
    return min(6.0, max(1.9, (0.72 if classes <= 8 else 0.5 if classes <= MOST_LABELLED else 0.16) * classes))


def _matrix(ax: Axes, panel: tuple[str, Sequence[str], np.ndarray], locale: Locale) -> None:
    title, labels, counts = panel
    sums = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, sums, out=np.zeros(counts.shape), where=sums > 0)
    ax.pcolormesh(share, cmap="Blues", vmin=0, vmax=1.15, edgecolors="white", linewidth=1)
    ax.invert_yaxis()
    ax.set_aspect("equal")
    places = np.arange(len(labels)) + 0.5
    crowded = len(labels) > MOST_LABELLED
    size = 5.5 if crowded else 8
    turn = 90 if crowded or max(len(short(label)) for label in labels) > 8 else 0
    ax.set_xticks(places, [short(label, 18) for label in labels], rotation=turn, fontsize=size)
    ax.set_yticks(places, [short(label, 18) for label in labels], fontsize=size)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if title:
        ax.set_title(short(title))
    if not crowded:
        _write_numbers(ax, counts, share, locale)


def _write_numbers(ax: Axes, counts: np.ndarray, share: np.ndarray, locale: Locale) -> None:
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > _DARK else BLACK
        if len(counts) > 8:
            ax.text(column + 0.5, row + 0.5, locale.whole(count), ha="center", va="center", fontsize=7, color=colour)
            continue
        ax.text(column + 0.5, row + 0.42, locale.whole(count), ha="center", va="center", color=colour)
        text = locale.percent(share[row, column])
        ax.text(column + 0.5, row + 0.7, text, ha="center", va="center", fontsize=7, color=colour)


def _readable_on(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"


def heat(
    values: Mapping[tuple[int, int], float | None],
    heads: tuple[Sequence[str], Sequence[str]],
    names: tuple[str, str, str],
    locale: Locale,
    chosen: tuple[int, int] | None = None,
) -> Figure:
    """Draw a number for each pair of two settings, as a shade and in digits.

    Parameters
    ----------
    values : mapping of (row, column) to float or None
        None, or no entry, leaves the place empty.
    heads : (sequence of str, sequence of str)
        Values of the setting down and of the one across.
    names : (str, str, str)
        Names of the axis across, of the axis down, and of the number.
    locale : Locale
        Language of the numbers.
    chosen : (int, int) or None
        The place that is framed.
    """
    table = np.full((len(heads[0]), len(heads[1])), np.nan)
    for place, value in values.items():
        table[place] = np.nan if value is None else value
    side = max(0.62, min(0.95, 4.2 / table.shape[1]))
    figure, ax = plain_figure(1.2 + side * table.shape[1], 1.1 + 0.5 * table.shape[0])
    known = table[np.isfinite(table)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    shade = (table - low) / ((high - low) or 1.0)
    ax.pcolormesh(np.ma.masked_invalid(shade), cmap="Blues", vmin=-0.15, vmax=1.6, edgecolors="white", linewidth=1)
    ax.invert_yaxis()
    ax.set_xticks(np.arange(table.shape[1]) + 0.5, [short(head, 14) for head in heads[1]])
    ax.set_yticks(np.arange(table.shape[0]) + 0.5, [short(head, 14) for head in heads[0]])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for (row, column), value in np.ndenumerate(table):
        ax.text(column + 0.5, row + 0.52, locale.score(value), ha="center", va="center", fontsize=8.5, color=BLACK)
    if chosen is not None:
        frame = Rectangle((chosen[1] + 0.03, chosen[0] + 0.05), 0.94, 0.9, fill=False, edgecolor=INK, linewidth=1.8)
        ax.add_patch(frame)
    ax.set_title(textwrap.fill(names[2], _LONGEST_AXIS), loc="left")
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    return figure
