"""The results in tables and figures: systems, classes, confusion, folds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from makna.report.blocks import Cell, Paragraph, Picture, Section, Table
from makna.report.cells import chunks, rows_judged, score_cell, system_cell, system_words
from makna.report.confusions import confusion_panels
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.naming import per_system
from makna.report.people import rater_rows
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name

_METRICS_ACROSS = 4  # a phone shows as many without scrolling
_SYSTEMS_ACROSS = 5


def systems_section(run: Run, locale: Locale) -> Section | None:
    """Return the comparison of all systems: values, intervals, n, figure."""
    if not run.metrics_found:
        return None
    level = locale.level(run.level)
    note = locale.say("systems_note_folds" if run.folds else "systems_note", level=level)
    blocks: list[Any] = [Paragraph(note)]
    if len(run.shown) < len(run.ranked):
        blocks.append(Paragraph(locale.say("systems_note_cells")))
    if any(run.value(name) is not None for name in run.systems):
        caption = sentence(locale.say("systems_figure", metric=locale.metric(run.primary), level=level))
        blocks.append(Picture("systems", caption))
    blocks += _score_tables(run, locale, run.part, run.metrics_asked, "systems_table")
    others = [name for name in run.metrics_found if name not in run.metrics_asked]
    blocks += _score_tables(run, locale, run.part, others, "other_metrics_table")
    for part in run.parts[1:]:
        blocks += _score_tables(run, locale, part, run.metrics_asked, "systems_table")
    blocks += _output_tables(run, locale)
    return Section("systems", locale.say("systems_title"), blocks)


def classes_section(run: Run, locale: Locale) -> Section | None:
    """Return precision, recall, F1 and support of each class, a table for each model."""
    blocks: list[Any] = []
    for system in run.featured:
        rows = [row for output in run.outputs for row in _class_rows(run, locale, system, output)]
        if rows:
            columns = [locale.say(name) for name in ("class", "precision", "recall", "f1", "support")]
            several = [locale.say("output")] if len(run.outputs) > 1 else []
            numeric = range(1 + len(several), 5 + len(several))
            caption = locale.say("classes_table", system=system, part=part_name(run.part, locale))
            blocks.append(Table(caption, [*several, *columns], rows, numeric))
    if not blocks:
        return None
    lead = [Paragraph(locale.say("classes_lead")), *hidden_systems(run, locale)]
    return Section("per-class", locale.say("classes_title"), [*lead, *blocks])


def confusion_section(run: Run, locale: Locale) -> Section | None:
    """Return the confusion matrices of the models."""
    names = per_system(run, "confusion", lambda system: confusion_panels(run, system))
    if not names:
        return None
    blocks: list[Any] = [Paragraph(locale.say("confusion_lead")), *hidden_systems(run, locale)]
    blocks += [Picture(name, locale.say("confusion_figure", system=system)) for system, name in names.items()]
    return Section("confusion", locale.say("confusion_title"), blocks)


def folds_section(run: Run, locale: Locale) -> Section | None:
    """Return the first metric fold by fold, with fold sizes, mean and standard deviation."""
    names = [name for name in run.shown if entries(run.systems[name], "folds")]
    if not names:
        return None
    metric = locale.metric(run.primary)
    blocks: list[Any] = [Paragraph(sentence(locale.say("folds_lead", metric=metric)))]
    for few in chunks(names, _SYSTEMS_ACROSS):
        columns = [locale.say("fold"), "n", *(system_words(name, locale) for name in few)]
        rows = _fold_rows(run, locale, few)
        blocks.append(Table(sentence(locale.say("folds_table", metric=metric)), columns, rows, range(1, len(columns))))
    return Section("folds", locale.say("folds_title"), blocks)


def _score_tables(run: Run, locale: Locale, part: str, metrics: Sequence[str], caption: str) -> Iterator[Table]:
    for few in chunks(metrics, _METRICS_ACROSS):
        asked = metrics == run.metrics_asked
        names = [name for name in (run.shown if asked else run.ranked) if branch(run.systems[name], "parts", part)]
        sizes = {name: _size(run, name, part, few) for name in names}
        same = len(set(sizes.values())) == 1
        columns = [locale.say("system"), *(sentence(locale.metric(m)) for m in few)]
        rows = [
            _score_row(run, locale, name, part, few, "" if same else rows_judged(sizes[name], locale)) for name in names
        ]
        people = list(rater_rows(run, locale, part, few))
        rows += people
        note = locale.say("systems_table_note") if asked and few[0] == metrics[0] else ""
        note = f"{note} {locale.say('people_note')}" if note and people else note
        n = f" ({rows_judged(sizes[names[0]], locale)})" if same else ""
        told = locale.say(caption, part=part_name(part, locale) + n)
        yield Table(told, columns, rows, range(1, len(columns)), note, folded=not asked)


def _score_row(run: Run, locale: Locale, name: str, part: str, metrics: Sequence[str], n: str) -> list[Cell | str]:
    scores = [run.score(name, metric, part) for metric in metrics]
    below = locale.say("baseline") if run.systems[name].get("baseline") else ""
    best = [_is_best(run, name, metric, part) for metric in metrics]
    cells = [score_cell(score, locale, top) for score, top in zip(scores, best, strict=True)]
    return [system_cell(name, locale, below, n), *cells]


def _size(run: Run, name: str, part: str, metrics: Sequence[str]) -> Any:
    found = [run.score(name, metric, part).get("n") for metric in metrics]
    return next((n for n in found if is_number(n)), None)


def _is_best(run: Run, name: str, metric: str, part: str) -> bool:
    values = {other: run.score(other, metric, part).get("value") for other in run.systems}
    mine = values[name]
    return is_number(mine) and not any(
        is_number(value) and run.better(value, mine, metric) for value in values.values()
    )


def _output_tables(run: Run, locale: Locale) -> Iterator[Table]:
    if len(run.outputs) < 2:
        return
    metric = locale.metric(run.primary)
    for few in chunks(run.ranked, 4):
        rows: list[list[Cell | str]] = [
            [output, *(score_cell(run.score(name, f"{output}/{run.primary}"), locale) for name in few)]
            for output in run.outputs
        ]
        columns = [locale.say("output"), *few]
        caption = sentence(locale.say("outputs_table", metric=metric, part=part_name(run.part, locale)))
        yield Table(caption, columns, rows, range(1, len(columns)))


def _class_rows(run: Run, locale: Locale, system: str, output: str) -> Iterator[list[Cell | str]]:
    prefix = f"{output}/" if output else ""
    scores = branch(run.systems, system, "parts", run.part)
    for label in run.labels(output):
        found = [
            branch(scores, f"{prefix}{family}_{run.class_suffix(label)}") for family in ("precision", "recall", "f1")
        ]
        counted = branch(scores, f"{prefix}support_{label}")
        support = counted.get("pooled", counted.get("value"))  # over folds the value is a mean
        if any(found) or support is not None:
            several = [output] if len(run.outputs) > 1 else []
            yield [*several, label or "∅", *(score_cell(score, locale) for score in found), locale.whole(support)]


def hidden_systems(run: Run, locale: Locale) -> list[Paragraph]:
    """Return how many systems are shown one by one, where they are not all of them."""
    shown, n = len(run.featured), len(run.models)
    if shown == n:
        return []
    cells = len(run.models) > sum(name in run.shown for name in run.models)
    return [Paragraph(locale.say("systems_shown_cells" if cells else "systems_shown", shown=shown, n=n))]


def _fold_rows(run: Run, locale: Locale, names: Sequence[str]) -> list[list[Cell | str]]:
    folds: dict[str, dict[str, Any]] = {}
    sizes: dict[str, Any] = {}
    for name in names:
        for fold in entries(run.systems[name], "folds"):
            if isinstance(fold, dict):
                folds.setdefault(str(fold.get("fold")), {})[name] = fold.get(run.primary)
                sizes.setdefault(str(fold.get("fold")), fold.get("n"))
    rows: list[list[Cell | str]] = [
        [fold, locale.whole(sizes[fold]), *(locale.score(folds[fold].get(name)) for name in names)]
        for fold in sorted(folds, key=lambda fold: (len(fold), fold))
    ]
    columns = [[found[name] for found in folds.values() if is_number(found.get(name))] for name in names]
    means = [locale.score(statistics.fmean(values)) if values else NOTHING for values in columns]
    spread = [locale.score(statistics.stdev(values)) if len(values) > 1 else NOTHING for values in columns]
    rows.append([Cell(locale.say("mean"), emphasised=True), "", *(Cell(text, emphasised=True) for text in means)])
    rows.append([locale.say("standard_deviation"), "", *spread])
    return rows
