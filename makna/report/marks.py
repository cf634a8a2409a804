"""Marks in words: bands, people against people, and what is left within a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.evaluate.bands import BANDS, SCALE, band_of
from makna.report.blocks import Cell, Heading, Paragraph, Section, Table, strong
from makna.report.cells import breakable, system_cell
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.people import rater_pairs
from makna.report.protocols import other_runs
from makna.report.reading import Run, branch, entries

_WITHIN = ("pearson", "spearman", "qwk", "rmse")
_MOST_SYSTEMS = 12
STATIC, CONTEXTUAL = "static", "contextual"


def marks_section(run: Run, locale: Locale) -> Section | None:
    """Return which kind of vectors won, scores within questions beside pooled ones, and bands; None for classes."""
    if not run.is_number or not run.metrics_found:
        return None
    blocks: list[Any] = [*_vectors(run, locale), *_within(run, locale), *_bands(run, locale)]
    return Section("marks", locale.say("marks_title"), blocks) if blocks else None


def vectors_sentences(run: Run, locale: Locale) -> Iterator[str]:
    """Say which of static and contextual vectors won, where, and whether the difference is outside its interval.

    One sentence a protocol, of the first metric.
    """
    for name, way in {run.protocol: run, **other_runs(run)}.items():
        for row in entries(way.metrics, "static_contextual"):
            if isinstance(row, dict) and row.get("metric") == run.primary and row.get("part") == way.part:
                yield _vectors_sentence(way, locale, name, row)


def _vectors_sentence(run: Run, locale: Locale, protocol: str, row: dict[str, Any]) -> str:
    gap, low, high = (row.get(key) for key in ("difference", "low", "high"))
    if not (is_number(gap) and is_number(low) and is_number(high)):
        return locale.say("vectors_unmeasured", protocol=strong(protocol))
    won = CONTEXTUAL if run.better(gap, 0.0) else STATIC
    lost = STATIC if won == CONTEXTUAL else CONTEXTUAL
    clear = low > 0 or high < 0
    groups = branch(row, "groups")
    told = (
        locale.say("vectors_groups", n=locale.whole(groups.get(won)), of=locale.whole(groups.get("of")))
        if groups
        else ""
    )
    return locale.say(
        "vectors_won" if clear else "vectors_tied",
        protocol=strong(protocol),
        won=locale.say(f"vectors_of_{won}"),
        lost=locale.say(f"vectors_of_{lost}"),
        system=strong(str(row.get(won))),
        other=strong(str(row.get(lost))),
        metric=locale.metric(str(row.get("metric"))),
        difference=locale.difference(gap if won == CONTEXTUAL else -gap),
        interval=locale.interval(*((low, high) if won == CONTEXTUAL else (-high, -low))),
        n=locale.whole(row.get("n")),
        groups=told,
    )


def _vectors(run: Run, locale: Locale) -> Iterator[Any]:
    sentences = list(vectors_sentences(run, locale))
    if not sentences:
        return
    yield Heading(locale.say("vectors_heading"))
    for text in sentences:
        yield Paragraph(text)
    of = (
        branch(next(row for row in entries(run.metrics, "static_contextual")), "of")
        if entries(run.metrics, "static_contextual")
        else {}
    )
    if of:
        counts = {kind: locale.whole(of.get(kind)) for kind in (STATIC, CONTEXTUAL)}
        yield Paragraph(locale.say("vectors_note", level=locale.level(run.level), **counts))


def _within(run: Run, locale: Locale) -> Iterator[Any]:
    """Pooled scores beside the mean over groups: r may be high because questions differ, not because answers do."""
    names = [name for name in run.shown if branch(run.systems[name], "within_groups", run.part)][:_MOST_SYSTEMS]
    told = {name: branch(run.systems[name], "within_groups", run.part) for name in names}
    told = {name: found for name, found in told.items() if (found.get("groups") or 0) > 1}
    if not told:
        return
    groups = next(iter(told.values()))["groups"]
    yield Heading(locale.say("within_heading"))
    yield Paragraph(locale.say("within_lead", groups=locale.whole(groups)))
    rows: list[list[Cell | str]] = []
    for name, found in told.items():
        below = locale.say("baseline") if run.systems[name].get("baseline") else ""
        rows.append([system_cell(name, locale, below), *_pairs(found, locale)])
    for pair in rater_pairs(run, run.part):
        if branch(pair, "within_groups"):
            people = locale.listing(map(str, entries(pair, "raters")))
            rows.append([Cell(locale.say("people"), people), *_pairs(branch(pair, "within_groups"), locale)])
    over = [("", 1), *((sentence(locale.metric(metric)), 2) for metric in _WITHIN)]
    columns = [locale.say("system"), *([locale.say("all_rows"), locale.say("per_group")] * len(_WITHIN))]
    note = locale.say("within_note", level=locale.level(run.level))
    yield Table(locale.say("within_table"), columns, rows, range(1, len(columns)), note, over=over)


def _pairs(found: dict[str, Any], locale: Locale) -> Iterator[Cell]:
    for metric in _WITHIN:
        one = branch(found, metric)
        yield Cell(locale.score(one.get("pooled")))
        below = [breakable(locale.interval(one.get("low"), one.get("high")))]
        if one.get("groups") != found.get("groups"):
            below.append(locale.say("of_groups", n=locale.whole(one.get("groups"))))
        yield Cell(locale.score(one.get("value")), "\n".join(filter(None, below)))


def _bands(run: Run, locale: Locale) -> Iterator[Any]:
    """The bands of a published study in words, for systems and for people."""
    if run.scale != SCALE or not run.models:
        return
    metrics = [metric for metric in BANDS if metric in run.metrics_found]
    rows: list[list[Cell | str]] = []
    for name in [*run.featured, *run.baselines[:1]]:
        values = [_pooled(run.score(name, metric)) for metric in metrics]
        rows.append(
            [system_cell(name, locale), *(_banded(*pair, locale) for pair in zip(metrics, values, strict=True))]
        )
    for pair in rater_pairs(run, run.part):
        values = [_pooled(branch(pair, "scores", metric)) for metric in metrics]
        people = Cell(locale.say("people"), locale.listing(map(str, entries(pair, "raters"))))
        rows.append([people, *(_banded(*pair, locale) for pair in zip(metrics, values, strict=True))])
    yield Heading(locale.say("bands_heading"))
    yield Paragraph(locale.say("bands_lead"))
    columns = [locale.say("system"), *(sentence(locale.metric(metric)) for metric in metrics)]
    yield Table(locale.say("bands_table"), columns, rows, range(1, len(columns)), _bounds(metrics, locale))


def _pooled(score: dict[str, Any]) -> float | None:
    value = score.get("pooled", score.get("value"))
    return value if is_number(value) else None


def _banded(metric: str, value: float | None, locale: Locale) -> Cell:
    if value is None:
        return Cell(NOTHING)
    return Cell(locale.score(value), locale.say(f"band_{band_of(metric, value)}"))


def _bounds(metrics: list[str], locale: Locale) -> str:
    """The bounds of the bands in one line."""
    told = []
    for metric in metrics:
        sign = "≥" if metric == "pearson" else "<"
        bounds = ", ".join(
            f"{sign}\u202f{locale.setting(bound)} {locale.say(f'band_{word}')}" for bound, word in BANDS[metric]
        )
        told.append(f"{locale.metric(metric)}: {bounds}")
    return "; ".join(told) + "."
