"""Marks question by question, the worst first, with the question's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Cell, Table
from makna.report.cells import rows_judged, score_cell
from makna.report.language import Locale, is_number, sentence
from makna.report.reading import Run, branch

_METRICS = ("rmse", "mae", "pearson", "qwk")
_MOST = 100
_MOST_TEXT = 160  # characters of a question


def question_tables(run: Run, locale: Locale) -> Iterator[Table]:
    """Return the best model's scores by group, the largest error first, with mean marks and the group's text."""
    if not run.is_number or not run.models:
        return
    system = run.models[0]
    groups = branch(run.systems[system], "groups", run.part)
    metrics = [metric for metric in _METRICS if any(branch(groups, group, metric) for group in groups)]
    if len(groups) < 2 or not metrics:
        return
    order = sorted(groups, key=lambda group: _worst(branch(groups, group, metrics[0])))
    rows: list[list[Cell | str]] = []
    for group in order[:_MOST]:
        told = branch(groups, group)
        name, *text = _named(run, group)
        means = [locale.number(told.get(key), 2) for key in ("truth", "prediction")]
        cells = [score_cell(branch(told, metric), locale) for metric in metrics]
        rows.append([Cell(name, "\n".join([*text, rows_judged(told.get("n"), locale)])), *means, *cells])
    heads = [sentence(locale.metric(metric)) for metric in metrics]
    columns = [locale.say("question"), locale.say("mean_true"), locale.say("mean_predicted"), *heads]
    note = locale.say("questions_note", level=locale.level(run.level))
    if len(order) > _MOST:
        note += " " + locale.say("shown_of", shown=_MOST, n=locale.whole(len(order)))
    caption = locale.say("questions_table", system=system, metric=locale.metric(metrics[0]))
    yield Table(caption, columns, rows, range(1, len(columns)), note)


def _worst(score: dict[str, Any]) -> tuple[bool, float]:
    value = score.get("value")
    return (False, -value) if is_number(value) else (True, 0.0)


def _named(run: Run, group: str) -> list[str]:
    """A group's name, and its text where that is another."""
    text = str(branch(run.explain, "group_texts").get(group) or "")
    return [_cut(group), *([_cut(text)] if text else [])]


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_TEXT else f"{line[: _MOST_TEXT - 1]}…"
