"""Cleaning step by step, in one table: rows dropped and texts changed, each with an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.rows import LONGEST_EXAMPLE, example_text, mappings, shortened

_ROWS = "rows"
_COLUMNS = ("step", "rows_before", "rows_dropped", "rows_after", "changed")


def cleaning_section(run: Run, locale: Locale) -> Section | None:
    """Return every cleaning step in the order it ran, with what it did and one example."""
    drops, texts = mappings(run, "steps"), mappings(run, "text_steps")
    if not (drops or texts):
        return None
    rows: list[list[Cell | str]] = []
    beneath: dict[int, list[tuple[str, str]]] = {}
    for step in steps_in_order(run):
        told = list(_example(step, locale))
        if told:
            beneath[len(rows)] = told
        rows.append(_text_row(run, locale, step) if "changed" in step else _drop_row(locale, step))
    if drops:
        rows.append(_total_row(drops, locale))
    columns = [locale.say(key) for key in _COLUMNS]
    note = locale.say("cleaning_note") if texts else ""
    table = Table(locale.say("cleaning_table"), columns, rows, (1, 2, 3, 4), note, beneath=beneath)
    lead = [Paragraph(locale.say("cleaning_lead"))] if texts else []
    return Section("cleaning", locale.say("cleaning_title"), [*lead, table])


def steps_in_order(run: Run) -> list[dict[str, Any]]:
    """Return text steps and steps that drop rows as they ran: rows are judged where the recipe's `rows` stands.

    Without `rows` in the recipe they are judged on the text as cleaned by all steps.
    """
    drops, texts = mappings(run, "steps"), mappings(run, "text_steps")
    clean = entries(run.recipe, "clean")
    places = [i for i, item in enumerate(clean) if item == _ROWS or (isinstance(item, dict) and list(item) == [_ROWS])]
    before = places[0] if places else len(texts) if clean else 0
    return [*texts[:before], *drops, *texts[before:]]


def step_name(step: dict[str, Any], locale: Locale) -> str:
    """Return a cleaning step's name in words, with the recipe's word for it."""
    name = str(step.get("name", ""))
    return f"{locale.say(f'step_{name}')} ({name})" if locale.knows(f"step_{name}") else name


def _drop_row(locale: Locale, step: dict[str, Any]) -> list[Cell | str]:
    before, after = step.get("before"), step.get("after")
    gone = _gone(before, after, locale)
    return [step_name(step, locale), locale.whole(before), gone, locale.whole(after), ""]


def _text_row(run: Run, locale: Locale, step: dict[str, Any]) -> list[Cell | str]:
    changed, kept = step.get("changed"), branch(run.data, "rows").get("kept")
    share = locale.percent(changed / kept) if is_number(changed) and is_number(kept) and kept else ""
    return [step_name(step, locale), "", "", "", Cell(locale.whole(changed), share)]


def _total_row(drops: list[dict[str, Any]], locale: Locale) -> list[Cell | str]:
    before, after = drops[0].get("before"), drops[-1].get("after")
    gone = _gone(before, after, locale)
    cells = [locale.say("all_steps"), locale.whole(before), gone.text, locale.whole(after), ""]
    return [Cell(text, gone.below if i == 2 else "", emphasised=True) for i, text in enumerate(cells)]


def _gone(before: Any, after: Any, locale: Locale) -> Cell:
    """Rows dropped, over their share of the rows before; two decimals, as small shares are usual."""
    if not (is_number(before) and is_number(after)):
        return Cell(NOTHING)
    gone = before - after
    return Cell(locale.whole(gone), locale.percent(gone / before, 2) if gone and before else "")


def _example(step: dict[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    example = next((item for item in entries(step, "examples") if isinstance(item, dict)), None)
    if example is None:
        return
    if "changed" in step:
        for key in ("before", "after"):
            yield locale.say(key), shortened(example.get(key), locale, LONGEST_EXAMPLE)
    else:
        yield locale.say("dropped"), example_text(example, locale)
