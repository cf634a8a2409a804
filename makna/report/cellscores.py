"""The cells of a grid: fold by fold, on average, their confusion matrices and seconds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from makna.report.blocks import Cell, Heading, Paragraph, Picture, Section, Table
from makna.report.cellnames import words_of
from makna.report.cells import chunks, score_cell
from makna.report.confusions import confusion_panels
from makna.report.facts import step_seconds
from makna.report.grid_charts import Band, draw_bands, draw_folds
from makna.report.grids import Grid, Others, grids_of
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.naming import figure_names
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name

_VALUES_ACROSS = 6
_SERIES_ACROSS = 3
_MOST_SERIES = 6
_MOST_LINES = 6
_LEARNER = "learn"  # what a run calls the last step of every system


def cells_section(run: Run, locale: Locale) -> Section | None:
    """Return the cells of each grid by the first metric; None where the run has no grid."""
    grids = grids_of(run)
    if not grids or not run.primary:
        return None
    metric = locale.metric(run.primary)
    blocks: list[Any] = [Paragraph(sentence(locale.say("cells_lead", metric=metric)))]
    pictures = _pictures(run)
    for grid in grids:
        blocks.append(Heading(grid.root))
        if (grid.root, None) in pictures:
            told = {"metric": metric, "setting": grid.across, "level": locale.level(run.level)}
            blocks.append(Picture(pictures[grid.root, None], sentence(locale.say("cells_figure", **told))))
        blocks += _means(run, locale, grid)
        for others in grid.series:
            if (grid.root, others) in pictures:
                words = {"metric": metric, "setting": grid.across, "series": _aside(others, locale)}
                caption = locale.say("cells_folds_figure", **words)
                blocks.append(Picture(pictures[grid.root, others], sentence(caption)))
            blocks += _folds(run, locale, grid, others)
        blocks += _everything(run, locale, grid)
        blocks += _confusions(run, locale, grid)
        blocks += _seconds(run, locale, grid)
    return Section("cells", locale.say("cells_title"), blocks)


def cell_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the means of each grid as one figure, and the folds of each series as another."""
    metric = locale.metric(run.primary)
    found: dict[str, Callable[[], Figure]] = {}
    grids = {grid.root: grid for grid in grids_of(run)}
    for (root, others), name in _pictures(run).items():
        grid = grids[root]
        if others is None:
            axis = locale.say("axis_with_interval", metric=metric, level=locale.level(run.level))
            found[name] = _draw_means(run, grid, (grid.across, axis), locale)
        else:
            found[name] = _draw_folds(run, grid, others, (locale.say("axis_fold"), metric), locale)
    return found


def _pictures(run: Run) -> dict[tuple[str, Others | None], str]:
    """(system, series, or None for the means) → figure name."""
    keys: list[tuple[str, Others | None]] = []
    for grid in grids_of(run):
        numeric = all(map(is_number, grid.values)) and len(grid.values) > 1
        if numeric and len(grid.series) <= _MOST_SERIES and any(_bands(run, grid, others) for others in grid.series):
            keys.append((grid.root, None))
        keys += [(grid.root, others) for others in grid.series if len(_fold_lines(run, grid, others)) > 1]
    plain = {key: ",".join([key[0], *(f"{k}={v:g}" if is_number(v) else f"{k}={v}" for k, v in key[1] or ())])
             for key in keys}  # fmt: skip
    means = figure_names("cells", [plain[key] for key in keys if key[1] is None])
    folds = figure_names("folds", [plain[key] for key in keys if key[1] is not None])
    return {key: (means if key[1] is None else folds)[plain[key]] for key in keys}


def _draw_means(run: Run, grid: Grid, axes: tuple[str, str], locale: Locale) -> Callable[[], Figure]:
    bands = {_of(others, locale) or grid.root: _bands(run, grid, others) for others in grid.series}
    return lambda: draw_bands({name: found for name, found in bands.items() if found}, axes, locale)


def _draw_folds(run: Run, grid: Grid, others: Others, axes: tuple[str, str], locale: Locale) -> Callable[[], Figure]:
    lines = _fold_lines(run, grid, others)
    shown = list(lines)
    if len(shown) > _MOST_LINES:  # the ends and some between
        shown = [shown[i] for i in np.linspace(0, len(shown) - 1, _MOST_LINES).round().astype(int)]
    named = {f"{grid.across} = {locale.setting(value)}": lines[value] for value in shown}
    return lambda: draw_folds(named, axes, locale)


def _bands(run: Run, grid: Grid, others: Others) -> list[Band]:
    """The points of a series: value of the setting, mean, and the ends of its interval."""
    found = []
    for value in grid.values:
        name = grid.find(others, value)
        score = run.score(name) if name else {}
        if is_number(score.get("value")):
            low, high = score.get("low"), score.get("high")
            found.append(Band(value, score["value"], (low, high) if is_number(low) and is_number(high) else None))
    return found


def _fold_lines(run: Run, grid: Grid, others: Others) -> dict[Any, list[tuple[str, float]]]:
    """Value of the setting that runs across → (fold, score)."""
    found = {}
    for value in grid.values:
        name = grid.find(others, value)
        points = [(fold, score) for fold, score in _by_fold(run, name).items() if is_number(score)] if name else []
        if len(points) > 1:
            found[value] = points
    return found


def _by_fold(run: Run, system: str) -> dict[str, Any]:
    folds = [fold for fold in entries(run.systems[system], "folds") if isinstance(fold, dict)]
    found = {str(fold.get("fold")): fold.get(run.primary) for fold in folds}
    return {fold: found[fold] for fold in sorted(found, key=lambda fold: (len(fold), fold))}


def _means(run: Run, locale: Locale, grid: Grid) -> Iterator[Table]:
    """A row a value of the setting that runs across, a column a series; the best cell emphasised."""
    best = next((name for name in run.ranked if name in grid.cells), "")
    for few in chunks(grid.series, _SERIES_ACROSS):
        rows: list[list[Cell | str]] = []
        for value in grid.values:
            names = [grid.find(others, value) for others in few]
            cells = [score_cell(run.score(name), locale, name == best) if name else Cell(NOTHING) for name in names]
            rows.append([locale.setting(value), *cells])
        columns = [grid.across, *(_of(others, locale) or sentence(locale.metric(run.primary)) for others in few)]
        n = next((run.score(name).get("n") for name in grid.cells), None)
        told = {"metric": locale.metric(run.primary), "part": part_name(run.part, locale), "n": locale.whole(n)}
        caption = sentence(locale.say("cells_table_folds" if run.folds else "cells_table", **told))
        yield Table(caption, columns, rows, range(len(columns)))


def _folds(run: Run, locale: Locale, grid: Grid, others: Others) -> Iterator[Table]:
    """A row a fold, a column a value, as one table a series."""
    known = {value: _by_fold(run, name) for value in grid.values if (name := grid.find(others, value))}
    known = {value: found for value, found in known.items() if found}
    folds = sorted({fold for found in known.values() for fold in found}, key=lambda fold: (len(fold), fold))
    if len(folds) < 2:
        return
    for few in chunks(list(known), _VALUES_ACROSS):
        rows: list[list[Cell | str]] = [
            [fold, *(locale.score(known[value].get(fold)) for value in few)] for fold in folds
        ]
        numbers = [[score for score in known[value].values() if is_number(score)] for value in few]
        means = [locale.score(statistics.fmean(found)) if found else NOTHING for found in numbers]
        spread = [locale.score(statistics.stdev(found)) if len(found) > 1 else NOTHING for found in numbers]
        rows.append([Cell(text, emphasised=True) for text in (locale.say("mean"), *means)])
        rows.append([locale.say("standard_deviation"), *spread])
        words = {"metric": locale.metric(run.primary), "setting": grid.across, "series": _aside(others, locale)}
        caption = sentence(locale.say("cells_folds_table", **words))
        over = [("", 1), (grid.across, len(few))]
        columns = [locale.say("fold"), *(locale.setting(value) for value in few)]
        yield Table(caption, columns, rows, range(1, len(columns)), over=over)


def _confusions(run: Run, locale: Locale, grid: Grid) -> Iterator[Table]:
    """True and false positives and negatives of each cell, as means over the folds where there are folds."""
    several = len(_matrix_rows(run, next(iter(grid.cells)))) > 1
    for others in grid.series:
        rows: list[list[Cell | str]] = []
        for value in grid.values:
            name = grid.find(others, value)
            for position, (label, numbers) in enumerate(_matrix_rows(run, name) if name else []):
                told = [locale.number(number, 1 if run.folds else 0) for number in numbers]
                setting = "" if position else locale.setting(value)
                rows.append([setting, *([label] if several else []), *told])
        if rows:
            heads = [grid.across, *([locale.say("class")] if several else [])]
            note = locale.say("cells_confusion_note", label=run.task.get("positive") or NOTHING)
            note = locale.say("cells_confusion_note_classes") if several else note
            words = {"system": grid.root, "series": _aside(others, locale)}
            caption = locale.say("cells_confusion_folds" if run.folds else "cells_confusion", **words)
            yield Table(caption, [*heads, "TP", "FP", "TN", "FN"], rows, range(len(heads), len(heads) + 4), note)


def _everything(run: Run, locale: Locale, grid: Grid) -> Iterator[Table]:
    """All cells by all metrics that were asked for."""
    names = [name for name in run.ranked if name in grid.cells]
    for few in chunks(run.metrics_asked[1:], _SERIES_ACROSS):
        rows: list[list[Cell | str]] = []
        for name in names:
            cells = [score_cell(run.score(name, metric), locale) for metric in few]
            rows.append([words_of(grid.cells[name], locale), *cells])
        columns = [locale.say("setting"), *(sentence(locale.metric(metric)) for metric in few)]
        caption = locale.say("cells_all", system=grid.root, part=part_name(run.part, locale))
        yield Table(caption, columns, rows, range(1, len(columns)), folded=True)


def _matrix_rows(run: Run, system: str) -> list[tuple[str, tuple[float, ...]]]:
    """(class, (TP, FP, TN, FN)) of a cell, of the positive class alone where there is one."""
    found = []
    folds = len(_by_fold(run, system)) or 1
    positive = run.task.get("positive")
    for output, labels, matrix in confusion_panels(run, system):
        for i, label in enumerate(labels):
            if positive is not None and str(positive) in labels and label != str(positive):
                continue
            tp, row, column = matrix[i, i], matrix[i].sum(), matrix[:, i].sum()
            counts = (tp, column - tp, matrix.sum() - row - column + tp, row - tp)
            name = f"{output}: {label}" if output else label or "∅"
            found.append((name, tuple(float(count) / folds for count in counts)))
    return found


def _seconds(run: Run, locale: Locale, grid: Grid) -> Iterator[Table]:
    """Seconds that the learner of each cell took, over all its fits; the whole system's where steps are not known."""
    kinds = {name: _learner(run, name) for name in grid.cells}
    steps = {name: step_seconds(run, name, _LEARNER).get("fit") for name, kind in kinds.items()}
    whole = {name: _whole_seconds(run, name) for name in grid.cells}
    times = steps if all(map(is_number, steps.values())) else whole
    if not any(map(is_number, times.values())):
        return
    for few in chunks(grid.series, _SERIES_ACROSS):
        rows = [
            [locale.setting(value), *(_time(times, grid.find(others, value), locale) for others in few)]
            for value in grid.values
        ]
        columns = [grid.across, *(_of(others, locale) or locale.say("run_time") for others in few)]
        key = "cells_seconds_step" if times is steps else "cells_seconds"
        caption = locale.say(key, step=next(iter(kinds.values())), system=grid.root)
        yield Table(caption, columns, rows, range(len(columns)))


def _learner(run: Run, system: str) -> str:
    chain = entries(run.systems[system], "params", "learn")
    return str(chain[0].get("kind", "")) if chain and isinstance(chain[0], dict) else _LEARNER


def _whole_seconds(run: Run, system: str) -> float | None:
    told = branch(run.manifest, "seconds", "systems").get(system)
    if isinstance(told, dict):
        known = [value for value in told.values() if is_number(value)]
        return sum(known) if known else None
    return told if is_number(told) else None


def _time(times: dict[str, Any], name: str | None, locale: Locale) -> str:
    return locale.seconds(times.get(name)) if name else NOTHING


def _aside(others: Others, locale: Locale) -> str:
    told = _of(others, locale)
    return f" ({told})" if told else ""


def _of(others: Sequence[tuple[str, Any]], locale: Locale) -> str:
    return words_of(dict(others), locale)
