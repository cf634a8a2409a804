"""What repeats: duplicates, equal texts with different labels, rows known from training, and what they do to scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Case, Cases, Cell, Heading, Paragraph, Section, Table, strong
from makna.report.cells import score_cell
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import MOST_SYSTEMS, Run, branch, entries
from makna.report.rows import example_text, mappings, part_name

_MOST_EXAMPLES = 3
_FOLDS = "folds"


def repeats_section(run: Run, locale: Locale) -> Section | None:
    """Return duplicates, conflicting labels, and leaks with the scores they would spoil."""
    blocks = [*_duplicates(run, locale), *_conflicts(run, locale), *_leaks(run, locale), *_scores(run, locale)]
    return Section("repeats", locale.say("repeats_title"), blocks) if blocks else None


def leak_kind(leak: dict[str, Any], locale: Locale) -> str:
    """Return in words how rows of two parts are the same."""
    kind = str(leak.get("kind", ""))
    return locale.say(f"leak_{kind}") if locale.knows(f"leak_{kind}") else kind


def leak_parts(leak: dict[str, Any], locale: Locale) -> str:
    """Return in words between which parts rows leak."""
    parts = [str(part) for part in entries(leak, "parts")]
    if parts[:1] == [_FOLDS]:
        return locale.say("leak_folds")
    return locale.listing(part_name(part, locale) for part in parts)


def leaks_found(run: Run) -> list[dict[str, Any]]:
    """Return the kinds of leak that have rows."""
    return [leak for leak in mappings(run, "leaks") if leak.get("rows")]


def duplicates_kept(run: Run) -> float:
    """Return how many rows repeat another one (normalised) and were not dropped."""
    dropped = any("duplicates" in str(step.get("name")) for step in mappings(run, "steps"))
    rows = branch(run.data, "duplicates", "normalised").get("rows")
    return rows if is_number(rows) and not dropped else 0


def _duplicates(run: Run, locale: Locale) -> Iterator[Any]:
    found = branch(run.data, "duplicates")
    rows = [
        [locale.say(f"duplicates_{kind}"), *(locale.whole(branch(found, kind).get(key)) for key in ("groups", "rows"))]
        for kind in ("exact", "normalised", "cleaned", "near")
        if branch(found, kind)
    ]
    if rows:
        columns = [locale.say(key) for key in ("kind", "duplicate_groups", "duplicate_rows")]
        yield Table(locale.say("duplicates_table"), columns, rows, (1, 2), locale.say("duplicates_note"))


def _conflicts(run: Run, locale: Locale) -> Iterator[Any]:
    found = branch(run.data, "conflicts")
    if not found:
        return
    yield Heading(locale.say("conflicts_heading"))
    if not found.get("groups"):
        yield Paragraph(locale.say("conflicts_none"))
        return
    counts = {key: locale.whole(found.get(key)) for key in ("groups", "rows")}
    yield Paragraph(locale.say("conflicts_text", **counts))
    cases = [
        Case(
            [(locale.say("text"), example_text(example, locale))],
            [(label or "∅", locale.say("times", n=locale.whole(n))) for label, n in branch(example, "labels").items()],
        )
        for example in entries(found, "examples")[:_MOST_EXAMPLES]
        if isinstance(example, dict)
    ]
    if cases:
        yield Cases(cases)


def _leaks(run: Run, locale: Locale) -> Iterator[Any]:
    leaks = leaks_found(run)
    if not leaks and (run.folds or "leaks" not in run.data):
        # A run that did not look for leaks between folds: duplicates are what would leak.
        if duplicates_kept(run):
            yield Heading(locale.say("leaks_heading"))
            yield Paragraph(locale.say("leaks_folds"))
        return
    yield Heading(locale.say("leaks_heading"))
    left_out = run.data.get("left_out")
    if left_out:
        yield Paragraph(locale.say("left_out", n=locale.whole(left_out)))
    if not leaks:
        yield Paragraph(locale.say("leaks_none"))
        return
    rows = [[leak_kind(leak, locale), leak_parts(leak, locale), locale.whole(leak["rows"])] for leak in leaks]
    columns = [locale.say(key) for key in ("kind", "between", "rows")]
    note = locale.say("leaks_note") if len({leak.get("kind") for leak in leaks}) > 1 else ""
    yield Table(locale.say("leaks_table"), columns, rows, (2,), note)
    # The kinds contain one another, so that their examples are often the same rows.
    told: dict[str, Case] = {}
    for leak in leaks:
        for example in entries(leak, "examples")[:_MOST_EXAMPLES]:
            if isinstance(example, dict) and str(example.get("id")) not in told:
                name, text = str(example.get("id", "")), example_text(example, locale)
                told[name] = Case([(leak_kind(leak, locale), text)], [("id", name)])
    if told:
        yield Cases(list(told.values())[: 2 * _MOST_EXAMPLES])


def _scores(run: Run, locale: Locale) -> Iterator[Any]:
    """The scores of the same predictions with and without the rows that leak."""
    for part in run.parts:
        names = [name for name in run.ranked if branch(run.systems[name], "without_leaks", part, run.primary)]
        if not names:
            continue
        metric, where = locale.metric(run.primary), part_name(part, locale)
        yield from _scores_words(run, locale, part, [name for name in names if name in run.models])
        columns = [
            locale.say(key) for key in ("system", "n", "with_leaks", "n_without_leaks", "without_leaks", "difference")
        ]
        rows = [_scores_row(run, locale, name, part) for name in names[: 2 * MOST_SYSTEMS]]
        caption = sentence(locale.say("without_leaks_table", metric=metric, part=where))
        note = locale.say("without_leaks_note") if run.folds else ""
        yield Table(caption, columns, rows, range(1, len(columns)), note)


def _scores_words(run: Run, locale: Locale, part: str, models: list[str]) -> Iterator[Paragraph]:
    for name in models[:1]:
        whole, rest = (_overall(score) for score in _both(run, name, part))
        if is_number(whole.get("value")) and is_number(rest.get("value")):
            values = {"with_": locale.score(whole["value"]), "without": locale.score(rest["value"])}
            metric = locale.metric(run.primary)
            yield Paragraph(locale.say("without_leaks_text", system=strong(name), metric=metric, **values))


def _scores_row(run: Run, locale: Locale, name: str, part: str) -> list[Cell | str]:
    whole, rest = (_overall(score) for score in _both(run, name, part))
    with_, without = whole.get("value"), rest.get("value")
    difference = locale.difference(without - with_) if is_number(with_) and is_number(without) else NOTHING
    cells: list[Cell | str] = [name]
    for score in (whole, rest):
        cells += [locale.whole(score.get("n")), score_cell(score, locale)]
    return [*cells, difference]


def _both(run: Run, name: str, part: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return run.score(name, part=part), branch(run.systems[name], "without_leaks", part, run.primary)


def _overall(score: dict[str, Any]) -> dict[str, Any]:
    """The score of all rows pooled: a mean over folds has no counterpart where rows are left out."""
    pooled = score.get("pooled")
    return score | {"value": pooled} if is_number(pooled) else score
