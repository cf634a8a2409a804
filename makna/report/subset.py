"""Scores on some classes alone, beside those on all."""

from __future__ import annotations

from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.cells import rows_judged, score_cell, system_cell
from makna.report.language import Locale, is_number, sentence
from makna.report.reading import Run, branch
from makna.report.rows import part_name

_MOST_METRICS = 3
_MOST_SUBSETS = 4


def subset_section(run: Run, locale: Locale) -> Section | None:
    """Return the scores on each subset of the classes beside those on all; None without subsets."""
    subsets = list(dict.fromkeys(name for system in run.ranked for name in branch(run.systems[system], "subsets")))
    subsets = [name for name in subsets if any(_scores(run, system, name) for system in run.ranked)][:_MOST_SUBSETS]
    if not subsets:
        return None
    blocks: list[Any] = [Paragraph(locale.say("subset_lead"))]
    for metric in run.metrics_asked[:_MOST_METRICS]:
        if not any(metric in _scores(run, system, name) for system in run.ranked for name in subsets):
            continue
        rows: list[list[Cell | str]] = [
            [
                system_cell(system, locale),
                score_cell(run.score(system, metric), locale),
                *(score_cell(branch(_scores(run, system, name), metric), locale) for name in subsets),
            ]
            for system in run.shown
        ]
        sizes = {name: _rows(run, name, metric, locale) for name in subsets}
        note = "; ".join(f"{name}: {n}" for name, n in sizes.items() if n)
        columns = [locale.say("system"), locale.say("subset_all"), *subsets]
        fields = {"metric": locale.metric(metric), "part": part_name(run.part, locale)}
        blocks.append(
            Table(sentence(locale.say("subset_table", **fields)), columns, rows, range(1, len(columns)), note)
        )
    return Section("subsets", locale.say("subset_title"), blocks)


def _scores(run: Run, system: str, subset: str) -> dict[str, Any]:
    return branch(run.systems[system], "subsets", subset, "parts", run.part)


def _rows(run: Run, subset: str, metric: str, locale: Locale) -> str:
    """How many rows the scores on a subset are of, where all systems were asked of the same."""
    found = {branch(_scores(run, system, subset), metric).get("n") for system in run.ranked} - {None}
    n = next(iter(found)) if len(found) == 1 else None
    return rows_judged(n, locale) if is_number(n) else ""
