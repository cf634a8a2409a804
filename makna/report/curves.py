"""The learning curve: how scores grow with the number of training rows."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from makna.report.blocks import Cell, Paragraph, Picture, Section, Table, strong
from makna.report.cells import chunks, score_cell
from makna.report.charts import BLUE, INK, WIDTH, plain_figure, short, ticks
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, entries
from makna.report.rows import part_name

MOST_CURVES = 4
NAME = "learning-curve"
# Line, marker and grey value all differ, so that curves can be told apart without colour.
_MANNERS = ((BLUE, "-", "o"), ("#D55E00", "--", "s"), ("#009E73", "-.", "^"), (INK, ":", "D"))
_SYSTEMS_ACROSS = 4
_LONGEST_AXIS = 34


@dataclass(frozen=True)
class Point:
    """One point of a learning curve.

    Parameters
    ----------
    share : float or None
        Share of the training rows, 0 to 1.
    rows : float
        Training rows (the mean, where folds differ).
    score : dict
        ``value``, ``low``, ``high``, ``n``, ``why``.
    """

    share: float | None
    rows: float
    score: dict[str, Any]

    @property
    def value(self) -> float | None:
        """The score, None where it is undefined."""
        value = self.score.get("value")
        return value if is_number(value) else None

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of its interval, None where it has none."""
        low, high = self.score.get("low"), self.score.get("high")
        return (low, high) if is_number(low) and is_number(high) else None


def curve_points(run: Run, system: str) -> list[Point]:
    """Return a system's learning curve of the first metric on the part the report speaks of, fewest rows first."""
    found = []
    for point in entries(run.systems.get(system), "learning_curve"):
        if not isinstance(point, dict) or not is_number(point.get("rows")):
            continue
        if point.get("part", run.part) == run.part and isinstance(point.get(run.primary), dict):
            share = point.get("share")
            found.append(Point(share if is_number(share) else None, point["rows"], point[run.primary]))
    return sorted(found, key=lambda point: point.rows)


def curves_drawn(run: Run) -> dict[str, list[Point]]:
    """Return the curves that the figure shows: those of the best models that have two points or more."""
    curves = {name: [point for point in curve_points(run, name) if point.value is not None] for name in run.models}
    return dict([(name, points) for name, points in curves.items() if len(points) > 1][:MOST_CURVES])


def curve_section(run: Run, locale: Locale) -> Section | None:
    """Return the learning curves in words, as a figure and as a table; None where none was asked for."""
    names = [name for name in run.ranked if curve_points(run, name)]
    if not names:
        return None
    metric = locale.metric(run.primary)
    blocks: list[Any] = [Paragraph(sentence(locale.say("curve_lead", metric=metric)))]
    drawn = curves_drawn(run)
    if drawn:
        level = locale.level(run.level)
        blocks.append(Picture(NAME, sentence(locale.say("curve_figure", metric=metric, level=level))))
        blocks += _in_words(run, locale, *next(iter(drawn.items())))
    for few in chunks(names, _SYSTEMS_ACROSS):
        blocks.append(_table(run, locale, few))
    return Section("curve", locale.say("curve_title"), blocks)


def draw_curves(curves: Mapping[str, Sequence[Point]], axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw scores against training rows, intervals as bands.

    Parameters
    ----------
    curves : mapping of str to sequence of Point
        System → its points, in the order of their rows.
    axes : (str, str)
        Names of the axis of rows and of the score.
    locale : Locale
        Language of the numbers.
    """
    figure, ax = plain_figure(WIDTH, 3.3)
    for (name, points), (colour, line, marker) in zip(curves.items(), _MANNERS, strict=False):
        rows, values = zip(*((point.rows, point.value) for point in points if point.value is not None), strict=True)
        sure = [(point.rows, *point.ends) for point in points if point.ends]
        if sure:
            at, low, high = zip(*sure, strict=True)
            ax.fill_between(at, low, high, color=colour, alpha=0.14, linewidth=0, zorder=1)
            for edge in (low, high):
                ax.plot(at, edge, color=colour, linewidth=0.5, alpha=0.6, zorder=1)
        style: dict[str, Any] = {"color": colour, "linestyle": line, "marker": marker, "label": short(name)}
        ax.plot(rows, values, linewidth=1.6, markersize=5, zorder=3, **style)
    ax.set_xlim(left=0)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(textwrap.fill(axes[1], _LONGEST_AXIS))
    ticks(ax, "x", locale, whole=True)
    ticks(ax, "y", locale)
    across = 2 if max(map(len, curves)) > 18 else 4
    figure.legend(loc="outside upper left", ncols=across, frameon=False, fontsize=8, handlelength=2.8)
    return figure


def _in_words(run: Run, locale: Locale, name: str, points: Sequence[Point]) -> list[Paragraph]:
    """What the last stretch of the best model's curve says about more data."""
    before, last = points[-2:]
    if before.value is None or last.value is None or before.ends is None or last.ends is None:
        return []
    apart = before.ends[1] < last.ends[0] or last.ends[1] < before.ends[0]
    better = run.better(last.value, before.value)
    found = "curve_grows" if apart and better else "curve_falls" if apart else "curve_flat"
    values = {"before": locale.score(before.value), "after": locale.score(last.value)}
    rows = {"few": locale.whole(before.rows), "many": locale.whole(last.rows)}
    return [Paragraph(locale.say(found, system=strong(name), metric=locale.metric(run.primary), **values, **rows))]


def _table(run: Run, locale: Locale, names: Sequence[str]) -> Table:
    curves = {name: {(point.share, point.rows): point for point in curve_points(run, name)} for name in names}
    places = sorted({place for curve in curves.values() for place in curve}, key=lambda place: place[1])
    rows: list[list[Cell | str]] = []
    for share, n in places:
        found = [curves[name].get((share, n)) for name in names]
        cells = [score_cell(point.score, locale) if point else Cell(NOTHING) for point in found]
        held = next((point.score.get("n") for point in found if point), None)
        rows.append([locale.percent(share, 0), locale.whole(n), locale.whole(held), *cells])
    columns = [*(locale.say(key) for key in ("train_share", "train_rows", "n")), *names]
    metric, part = locale.metric(run.primary), part_name(run.part, locale)
    caption = sentence(locale.say("curve_table", metric=metric, part=part))
    return Table(caption, columns, rows, range(len(columns)))
