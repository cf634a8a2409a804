"""The trend: the share of each label by year."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from makna.report.blocks import Cell, Paragraph, Picture, Section, Table, strong
from makna.report.cells import chunks, p_words
from makna.report.charts import BLUE, WIDTH, short, ticks
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries
from makna.report.slices import share_cell

NAME = "trend"
ALPHA = 0.05
_ACROSS = 3
_MOST_PANELS = 12
_LABELS_ACROSS = 8
_HEIGHT = 1.55  # inches of a panel


@dataclass(frozen=True)
class TrendPanel:
    """The shares of one label: (year, share, low, high, rows of the year)."""

    label: str
    points: Sequence[tuple[int, float, float, float, int]]


def trend_section(run: Run, locale: Locale) -> Section | None:
    """Return the share of each label by year, as figure and table; None without years."""
    told = branch(run.explain, "trend")
    years = [year for year in entries(told, "years") if is_number(year)]
    panels = panels_of(run)
    if not years or not panels:
        return None
    level = told.get("level")
    shown = {"level": locale.level(level if is_number(level) else run.level)}
    blocks: list[Any] = [Paragraph(_lead(told, locale)), *_changes(told, panels, locale)]
    if len(years) > 1:
        blocks.append(Picture(NAME, locale.say("trend_figure", **shown)))
    sizes = entries(told, "n")
    classes = {label: entries(told, "classes", label) for label in branch(told, "classes")}
    for few in chunks(list(classes), _LABELS_ACROSS):
        rows: list[list[Cell | str]] = []
        for i, year in enumerate(years):
            n = locale.whole(sizes[i]) if i < len(sizes) else NOTHING
            shares = [classes[label][i] if i < len(classes[label]) else {} for label in few]
            rows.append([str(year), n, *(share_cell(share, locale) for share in shares)])
        columns = [sentence(locale.say("trend_year")), locale.say("n"), *(label or "∅" for label in few)]
        blocks.append(Table(locale.say("trend_table", **shown), columns, rows, range(1, len(columns))))
    return Section(NAME, locale.say("trend_title"), blocks)


def trend_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the figure of the trend: name → a function that draws it."""
    panels = panels_of(run)
    if not panels or max(len(panel.points) for panel in panels) < 2:
        return {}
    axes = (locale.say("trend_year"), locale.say("share"))
    return {NAME: lambda: draw_trend(panels, axes, locale)}


def panels_of(run: Run) -> list[TrendPanel]:
    """Return the labels with their shares, in the order of the classes."""
    told = branch(run.explain, "trend")
    years = entries(told, "years")
    classes = branch(told, "classes")
    found: list[TrendPanel] = []
    for label in [*(label for label in run.labels("") if label in classes), *classes]:
        points: list[tuple[int, float, float, float, int]] = []
        for year, n, share in zip(years, entries(told, "n"), entries(classes, label), strict=False):
            one, low, high = (branch({"": share}, "").get(key) for key in ("share", "low", "high"))
            if is_number(year) and is_number(n) and is_number(one) and is_number(low) and is_number(high):
                points.append((int(year), one, low, high, int(n)))
        if points and label not in [panel.label for panel in found]:
            found.append(TrendPanel(label, points))
    return found[:_MOST_PANELS]


def draw_trend(panels: Sequence[TrendPanel], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw the share of each label against the year, one panel a label, all on the same axes, intervals as bands."""
    across = min(len(panels), _ACROSS)
    down = -(-len(panels) // across)
    figure = Figure(figsize=(WIDTH + 0.3, 0.5 + _HEIGHT * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for position, ax in enumerate(grid.flat):
        if position >= len(panels):
            ax.remove()
            continue
        years, values, low, high, _ = zip(*panels[position].points, strict=True)
        ax.fill_between(years, low, high, color=BLUE, alpha=0.2, linewidth=0)
        ax.plot(years, values, "o-", color=BLUE, markersize=3, linewidth=1.3)
        ax.set_title(short(panels[position].label, 20), loc="left", fontsize=8.5)
        ax.set_ylim(bottom=0)
        ticks(ax, "x", locale, whole=True)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: locale.percent(value, 0)))
        ax.tick_params(labelsize=7)
        if position % across == 0:
            ax.set_ylabel(axes[1])
        if position >= len(panels) - across:
            ax.set_xlabel(axes[0])
            ax.tick_params(axis="x", labelbottom=True, rotation=45)
    return figure


def _lead(told: dict[str, Any], locale: Locale) -> str:
    without = told.get("without")
    text = locale.say("trend_lead", n=locale.whole(sum(n for n in entries(told, "n") if is_number(n))))
    return f"{text} {locale.say('trend_without', n=locale.whole(without))}" if without else text


def _changes(told: dict[str, Any], panels: Sequence[TrendPanel], locale: Locale) -> Iterator[Paragraph]:
    """Labels whose share rises or falls over the years, by the test of explain.json."""
    tests = branch(told, "p")
    if not tests:
        return
    for key, sign in (("trend_rises", 1), ("trend_falls", -1)):
        found = [
            f"{strong(panel.label)} ({p_words(tests[panel.label], locale)})"
            for panel in panels
            # Judged as printed, so that no p of 0.050 is said to be below it.
            if is_number(p := tests.get(panel.label)) and round(p, 3) < ALPHA and _slope(panel) * sign > 0
        ]
        if found:
            yield Paragraph(locale.say(key, labels=locale.listing(found)))
    if not any(is_number(p) and round(p, 3) < ALPHA for p in tests.values()):
        yield Paragraph(locale.say("trend_unchanged"))
    yield Paragraph(locale.say("trend_test"))


def _slope(panel: TrendPanel) -> float:
    """The sign of a straight line through the shares, every year weighing as many rows as it has."""
    years = np.array([point[0] for point in panel.points], dtype=float)
    shares = np.array([point[1] for point in panel.points])
    rows = np.array([point[4] for point in panel.points], dtype=float)
    middle = np.average(years, weights=rows)
    return float(np.sum(rows * (years - middle) * shares))
