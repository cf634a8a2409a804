"""Scores by group of rows, and in words whether the groups are shown to differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Cell, Listing, Paragraph, Picture, Section, Table, strong
from makna.report.cells import chunks, p_words, rows_judged, score_cell
from makna.report.charts import Dot
from makna.report.language import Locale, is_number, sentence
from makna.report.predicted import predicted_blocks
from makna.report.questions import question_tables
from makna.report.reading import Run, branch

NAME = "groups"
ALPHA = 0.05
SMALL_GROUP = 30  # rows; the figure draws smaller groups hollow
_MOST_GROUPS = 40
_MOST_DRAWN = 25
_SYSTEMS_ACROSS = 3


def groups_section(run: Run, locale: Locale) -> Section | None:
    """Return the first metric by group of rows, with a test of the best models."""
    sizes = group_sizes(run)
    predicted = predicted_blocks(run, locale)
    if not sizes:
        return Section("groups", locale.say("groups_title"), predicted) if predicted else None
    shown = list(sizes)[:_MOST_GROUPS]
    metric = locale.metric(run.primary)
    blocks: list[Any] = [Paragraph(sentence(locale.say("groups_lead", metric=metric)))]
    if len(sizes) > len(shown):
        blocks.append(Paragraph(locale.say("groups_shown", shown=len(shown), n=locale.whole(len(sizes)))))
    blocks += _tests(run, locale)
    if group_dots(run):
        told = {"system": run.models[0], "metric": metric, "level": locale.level(run.level), "least": SMALL_GROUP}
        blocks.append(Picture(NAME, locale.say("groups_figure", **told)))
    for few in chunks([name for name in run.shown if branch(run.systems[name], "groups", run.part)], _SYSTEMS_ACROSS):
        rows = [
            [Cell(group, rows_judged(sizes[group], locale))]
            + [score_cell(branch(run.systems[s], "groups", run.part, group, run.primary), locale) for s in few]
            for group in shown
        ]
        columns = [locale.say("group"), *few]
        blocks.append(Table(sentence(locale.say("groups_table", metric=metric)), columns, rows, range(1, len(columns))))
    return Section("groups", locale.say("groups_title"), [*blocks, *question_tables(run, locale), *predicted])


def group_sizes(run: Run) -> dict[str, float]:
    """Return group → rows, the largest group first."""
    sizes: dict[str, float] = {}
    for name in run.ranked:
        groups = branch(run.systems[name], "groups", run.part)
        for group in groups:
            n = branch(groups, group).get("n")
            sizes.setdefault(group, n if is_number(n) else 0)
    return {group: sizes[group] for group in sorted(sizes, key=lambda group: (-sizes[group], group))}


def group_dots(run: Run) -> list[Dot]:
    """Return the groups of the best model as lines of a dot chart; empty where fewer than two can be drawn."""
    if not run.models:
        return []
    groups = branch(run.systems[run.models[0]], "groups", run.part)
    found = []
    for group, n in group_sizes(run).items():
        score = branch(groups, group, run.primary)
        if is_number(score.get("value")):
            ends = (score.get("low"), score.get("high"))
            low, high = ends if all(map(is_number, ends)) else (None, None)
            found.append(Dot(group or "∅", score["value"], low, high, hollow=n < SMALL_GROUP))
    return found[:_MOST_DRAWN] if len(found) > 1 else []


def group_tests(run: Run, system: str) -> dict[str, dict[str, Any]]:
    """Return output → the test whether groups differ, for the part the report speaks of."""
    found = branch(run.systems, system, "group_test", run.part)
    if "p" in found or "test" in found:
        return {"": found}
    return {output: test for output, test in found.items() if isinstance(test, dict)}


def _tests(run: Run, locale: Locale) -> Iterator[Any]:
    lines = [
        line
        for name in run.featured
        for output, test in group_tests(run, name).items()
        for line in _test_line(locale, f"{name}, {output}" if output else name, test)
    ]
    if lines:
        yield Paragraph(locale.say("group_test_lead"))
        yield Listing(lines)


def _test_line(locale: Locale, name: str, test: dict[str, Any]) -> Iterator[str]:
    p = test.get("p")
    if not is_number(p):
        return
    kind, of = f"group_test_{test.get('test')}", f"group_test_of_{test.get('of')}"
    fields = {
        "system": strong(name),
        "test": locale.say(kind) if locale.knows(kind) else str(test.get("test") or ""),
        "of": locale.say(of) if locale.knows(of) else locale.metric(str(test.get("of") or "")),
        "p": p_words(p, locale),
        "n": locale.whole(test.get("n")),
        "groups": locale.whole(test.get("groups")),
    }
    # Judged as printed, so that no p of 0.050 is said to be below it.
    yield locale.say("group_test_some" if round(p, 3) < ALPHA else "group_test_none", **fields)
