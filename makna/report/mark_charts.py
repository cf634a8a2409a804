"""Charts of marks: predicted against true ones, and how often each mark is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from makna.report.charts import BLUE, INK, WIDTH, plain_figure, short, ticks
from makna.report.language import Locale
from makna.report.slice_charts import BARS

MEAN = "#D55E00"
FEW = 150  # rows up to which every one is a dot
_COLUMNS, _LINES = 10, 20  # of the scale, at most
_ACROSS = 2
_LEAST = 5  # rows of a mark from which their mean is drawn


@dataclass(frozen=True)
class Marks:
    """A scale divided into steps around marks.

    Parameters
    ----------
    low, high : float
        Ends of the scale.
    step : float
        Width of a step; the first one is centred on `low`.
    """

    low: float
    high: float
    step: float

    @property
    def centres(self) -> np.ndarray:
        """The marks that steps are centred on."""
        return self.low + self.step * np.arange(round((self.high - self.low) / self.step) + 1)

    @property
    def edges(self) -> np.ndarray:
        """Where steps begin and end."""
        centres = self.centres
        return np.append(centres - self.step / 2, centres[-1] + self.step / 2)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the step that each value is in."""
        places = np.floor((values - self.low) / self.step + 0.5 + 1e-9).astype(int)
        return np.clip(places, 0, len(self.centres) - 1)


@dataclass(frozen=True)
class MeanOfMark:
    """What a system says of the rows with one true mark: the mark, rows, mean, and the ends of its interval."""

    mark: float
    n: int
    mean: float
    low: float
    high: float


def marks_of(truth: np.ndarray, scale: tuple[float, float] | None, most: int = _COLUMNS) -> Marks:
    """Return the steps that true marks fall into: the marks themselves where they are few, else parts of the scale.

    Examples
    --------
    >>> marks_of(np.array([0.0, 2.5, 3.0, 5.0]), (0, 5)).step, marks_of(np.array([1.0, 2.0, 4.0]), (0, 5)).step
    (0.5, 1.0)
    """
    low, high = scale or (float(truth.min()), float(truth.max()))
    low, high = min(low, float(truth.min())), max(high, float(truth.max()))
    width = (high - low) or 1.0
    gaps = np.diff(np.unique(truth))
    finest = float(gaps.min()) if len(gaps) else width
    # Whole parts of the scale, so that its upper end is the centre of a step too.
    return Marks(low, low + width, width / min(most, max(1, int(width / finest + 1e-9))))


def predicted_true(
    truth: np.ndarray, prediction: np.ndarray, means: Sequence[MeanOfMark], marks: Marks, axes: tuple[str, str, str],
    locale: Locale, legend: tuple[str, str],
) -> Figure:  # fmt: skip
    """Draw predicted against true marks: counts as shades (few rows as dots), the mean of each mark, the diagonal.

    Parameters
    ----------
    truth, prediction : ndarray of float, shape (n,)
        Marks.
    means : sequence of MeanOfMark
        What is said on average of rows with each true mark.
    marks : Marks
        Steps of the true marks.
    axes : (str, str, str)
        Names of the true marks' axis, of the predicted ones' and of the counts.
    locale : Locale
        Language of the numbers.
    legend : (str, str)
        What the means and what the diagonal are called.
    """
    figure, ax = plain_figure(4.6, 4.2)
    low, high = min(marks.low, float(prediction.min())), max(marks.high, float(prediction.max()))
    lines = Marks(low, high, (high - low) / _LINES)
    if len(truth) <= FEW:
        shift = np.random.default_rng(0).uniform(-0.28, 0.28, len(truth)) * marks.step
        ax.plot(truth + shift, prediction, "o", markersize=4, color=BLUE, alpha=0.45, markeredgewidth=0, zorder=2)
    else:
        counts = np.histogram2d(truth, prediction, bins=(marks.edges, lines.edges))[0]
        # The square root of a count, so that single rows stay to be seen beside hundreds.
        norm = PowerNorm(0.5, vmin=0, vmax=max(counts.max(), 4) * 1.25)
        shades = ax.pcolormesh(marks.edges, lines.edges, np.ma.masked_equal(counts.T, 0), cmap="Blues", norm=norm)
        bar = figure.colorbar(shades, ax=ax, fraction=0.045, pad=0.02)
        bar.set_label(axes[2])
        bar.outline.set_visible(False)
        bar.locator = MaxNLocator(5, integer=True)
        bar.formatter = FuncFormatter(lambda value, _: locale.whole(value))
        bar.update_ticks()
    ends = (min(marks.edges[0], lines.edges[0]), max(marks.edges[-1], lines.edges[-1]))
    ax.plot(ends, ends, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
    shown = [mean for mean in means if mean.n >= _LEAST]
    places = [mean.mark for mean in shown]
    ax.vlines(places, [mean.low for mean in shown], [mean.high for mean in shown], color=MEAN, linewidth=1.6, zorder=4)
    ax.plot(places, [mean.mean for mean in shown], "o-", color=MEAN, markersize=5, linewidth=1.0, zorder=5,
            markeredgecolor="white", markeredgewidth=0.8)  # fmt: skip
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    ticks(ax, "x", locale)
    ticks(ax, "y", locale)
    _name(figure, legend)
    return figure


def spread(
    panels: Sequence[tuple[str, np.ndarray]], truth: np.ndarray, marks: Marks, axes: tuple[str, str, str],
    locale: Locale,
) -> Figure:  # fmt: skip
    """Draw how often each mark is given in truth (bars) and by each system (line).

    Parameters
    ----------
    panels : sequence of (str, ndarray)
        Systems and their predictions of the same rows.
    truth : ndarray of float, shape (n,)
        True marks.
    marks : Marks
        Steps of the marks.
    axes : (str, str, str)
        Names of the marks' axis, of the share's, and of the true marks.
    locale : Locale
        Language of the numbers.
    """
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(WIDTH + 0.4, 0.75 + 1.9 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    true = _shares(truth, marks)
    for position, ax in enumerate(grid.flat):
        if position >= len(panels):
            ax.remove()
            continue
        name, said = panels[position]
        ax.bar(marks.centres, true, width=0.9 * marks.step, color=BARS, linewidth=0)
        ax.stairs(_shares(said, marks), marks.edges, color=BLUE, linewidth=1.5, baseline=None)
        ax.set_title(short(name, 36), loc="left", fontsize=8.5)
        _as_shares(ax, locale)
        if position % across == 0:
            ax.set_ylabel(axes[1])
        if position >= len(panels) - across:
            ax.set_xlabel(axes[0])
            ax.tick_params(axis="x", labelbottom=True)
    handles = [
        Patch(color=BARS, label=axes[2]),
        Line2D([], [], color=BLUE, linewidth=1.5, label=locale.say("predicted")),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False, fontsize=8, handlelength=1.8)
    return figure


def _shares(values: np.ndarray, marks: Marks) -> np.ndarray:
    return np.bincount(marks.of(values), minlength=len(marks.centres)) / len(values)


def _as_shares(ax: Axes, locale: Locale) -> None:
    ticks(ax, "x", locale)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))  # half marks rather than thirds of the scale
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: locale.percent(value, 0)))


def _name(figure: Figure, legend: tuple[str, str]) -> None:
    handles = [
        Line2D([], [], color=MEAN, marker="o", markersize=5, linewidth=1.0, label=legend[0]),
        Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label=legend[1]),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False, fontsize=8, handlelength=2.2)
