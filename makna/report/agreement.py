"""Marks predicted beside true ones: each system's plot, how often each mark is given, and the error of each mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from makna.report.blocks import Cell, Paragraph, Picture, Section, Table
from makna.report.cells import breakable, chunks, system_words
from makna.report.language import NOTHING, Locale, sentence
from makna.report.mark_charts import Marks, MeanOfMark, marks_of, predicted_true, spread
from makna.report.naming import per_system
from makna.report.reading import Run
from makna.report.results import hidden_systems
from makna.report.slice_charts import SliceAxes, SlicePanel, draw_slices

SPREAD, BY_MARK = "mark-shares", "errors-by-mark"
_SYSTEMS_ACROSS = 4
_TRIVIAL = "mean"


def agreement_section(run: Run, locale: Locale) -> Section | None:
    """Return predicted against true marks, the shares of marks, and errors by mark; None without predictions."""
    names = per_system(run, "agreement", run.numbers.__contains__)
    if not names:
        return None
    level = locale.level(run.level)
    blocks: list[Any] = [Paragraph(locale.say("agreement_lead", level=level)), *hidden_systems(run, locale)]
    for system, name in names.items():
        n = locale.whole(len(run.numbers[system][0]))
        blocks.append(Picture(name, locale.say("agreement_figure", system=system, n=n)))
    n = locale.whole(len(_alike(run)[0][1][0]))
    blocks.append(Picture(SPREAD, locale.say("mark_shares_figure", n=n)))
    blocks.append(Picture(BY_MARK, locale.say("errors_by_mark_figure", level=level)))
    blocks += _table(run, locale)
    return Section("agreement", locale.say("agreement_title"), blocks)


def agreement_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the figures of marks: name → a function that draws it."""
    axes = tuple(locale.say(key) for key in ("axis_true_number", "axis_predicted_number", "axis_rows"))
    legend = (locale.say("mean_of_mark"), locale.say("perfect"))

    def draw(system: str) -> Callable[[], Figure]:
        truth, said = run.numbers[system]
        marks = marks_of(truth, run.scale)
        means = means_by_mark(truth, said, marks, run.level)
        return lambda: predicted_true(truth, said, means, marks, (axes[0], axes[1], axes[2]), locale, legend)

    names = per_system(run, "agreement", run.numbers.__contains__)
    found = {name: draw(system) for system, name in names.items()}
    if found:
        found[SPREAD] = lambda: _draw_spread(run, locale)
        found[BY_MARK] = lambda: _draw_errors(run, locale)
    return found


def means_by_mark(truth: np.ndarray, values: np.ndarray, marks: Marks, level: float) -> list[MeanOfMark]:
    """Return the mean of values over the rows of each true mark, with its normal interval; marks without rows are out.

    Parameters
    ----------
    truth, values : ndarray of float, shape (n,)
        True marks, and what is averaged.
    marks : Marks
        Steps of the true marks.
    level : float
        Share that the interval holds; one row has the whole line for an interval, so its ends are itself.

    Examples
    --------
    >>> truth = np.array([0.0, 0.0, 5.0])
    >>> [one.mean for one in means_by_mark(truth, np.array([1.0, 2.0, 4.0]), Marks(0, 5, 1), 0.95)]
    [1.5, 4.0]
    """
    places = marks.of(truth)
    z = NormalDist().inv_cdf((1 + level) / 2)
    found = []
    for place, mark in enumerate(marks.centres):
        some = values[places == place]
        if len(some):
            half = z * float(some.std(ddof=1)) / len(some) ** 0.5 if len(some) > 1 else 0.0
            mean = float(some.mean())
            found.append(MeanOfMark(float(mark), len(some), mean, mean - half, mean + half))
    return found


def _alike(run: Run) -> list[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    """The systems shown one by one that judged the same rows as the best of them."""
    there = [(name, run.numbers[name]) for name in run.featured if name in run.numbers]
    return [(name, pair) for name, pair in there if np.array_equal(pair[0], there[0][1][0])]


def _draw_spread(run: Run, locale: Locale) -> Figure:
    systems = _alike(run)
    truth = systems[0][1][0]
    axes = (locale.say("axis_number"), locale.say("axis_share"), locale.say("true_numbers"))
    return spread([(name, said) for name, (_, said) in systems], truth, marks_of(truth, run.scale), axes, locale)


def _draw_errors(run: Run, locale: Locale) -> Figure:
    systems = _alike(run)
    truth = systems[0][1][0]
    marks = marks_of(truth, run.scale)
    panels = [_panel(name, *pair, marks, run.level) for name, pair in systems]
    base = run.numbers.get(_TRIVIAL)
    same = base is not None and np.array_equal(base[0], truth)
    counts = [int(n) for n in np.bincount(marks.of(truth), minlength=len(marks.centres))]
    names = [locale.setting(float(round(mark, 6))) for mark in marks.centres]
    axis, score = locale.say("axis_true_number"), sentence(locale.metric("mae"))
    baseline = _panel(_TRIVIAL, *base, marks, run.level) if base is not None and same else None
    return draw_slices(panels, SliceAxes(names, counts, axis, score, locale.say("axis_rows"), baseline), locale)


def _panel(name: str, truth: np.ndarray, said: np.ndarray, marks: Marks, level: float) -> SlicePanel:
    means = {one.mark: one for one in means_by_mark(truth, np.abs(said - truth), marks, level)}
    there = [means.get(float(mark)) for mark in marks.centres]
    return SlicePanel(name, [None if one is None else (one.mean, max(one.low, 0.0), one.high) for one in there])


def _table(run: Run, locale: Locale) -> Iterator[Table]:
    """Errors by mark: the mean absolute error with its interval, and below it how much is said too much or little."""
    systems = _alike(run)
    marks = marks_of(systems[0][1][0], run.scale)
    for few in chunks(systems, _SYSTEMS_ACROSS):
        far = [{m.mark: m for m in means_by_mark(t, np.abs(p - t), marks, run.level)} for _, (t, p) in few]
        bias = [{m.mark: m for m in means_by_mark(t, p - t, marks, run.level)} for _, (t, p) in few]
        rows: list[list[Cell | str]] = []
        for mark in map(float, marks.centres):
            if mark in far[0]:
                cells = [_cell(one.get(mark), two.get(mark), locale) for one, two in zip(far, bias, strict=True)]
                rows.append([locale.setting(round(mark, 6)), locale.whole(far[0][mark].n), *cells])
        columns = [sentence(locale.say("axis_true_number")), "n", *(system_words(name, locale) for name, _ in few)]
        note = locale.say("errors_by_mark_note", level=locale.level(run.level))
        caption = sentence(locale.say("errors_by_mark_table", metric=locale.metric("mae")))
        yield Table(caption, columns, rows, range(len(columns)), note)


def _cell(far: MeanOfMark | None, bias: MeanOfMark | None, locale: Locale) -> Cell:
    if far is None or bias is None:
        return Cell(NOTHING)
    interval = breakable(locale.interval(max(far.low, 0.0), far.high)) if far.n > 1 else ""
    told = locale.say("bias", value=locale.difference(bias.mean, 2))
    return Cell(locale.score(far.mean), "\n".join(filter(None, [interval, told])))
