"""Differences: between systems on the same rows, and between makna's figures and those of papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.cellnames import cell_of, root_of, same_settings, words_of
from makna.report.cells import breakable, chunks, rows_judged, score_cell, system_cell
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name

_METRICS_ACROSS = 4


def comparisons_section(run: Run, locale: Locale) -> Section | None:
    """Return paired differences between systems with interval and McNemar's p; None where none were made."""
    pairs = _pairs(run)
    if not pairs:
        return None
    rivals = {against for _, against, _ in pairs}
    tested = any(_mcnemar(found) is not None for found in pairs.values())
    lead = locale.say("comparisons_lead") + (" " + locale.say("comparisons_mcnemar") if tested else "")
    blocks: list[Any] = [Paragraph(lead)]
    for against in sorted(rivals, key=lambda name: _place(name, [*run.models, *run.baselines])):
        mine = {key: found for key, found in pairs.items() if key[1] == against}
        known = {metric for found in mine.values() for metric in found}
        metrics = [*(metric for metric in run.metrics_found if metric in known)]
        metrics += sorted(known - set(metrics))
        for few in chunks(metrics, _METRICS_ACROSS):
            blocks.append(_comparison_table(run, locale, against, mine, few, tested))
    return Section("comparisons", locale.say("comparisons_title"), blocks)


def _pairs(run: Run) -> dict[tuple[str, str, str], dict[str, dict[str, Any]]]:
    """(system, against, part) → metric → comparison, the best systems first."""
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for row in entries(run.metrics, "comparisons"):
        if isinstance(row, dict):
            key = (str(row.get("system", NOTHING)), str(row.get("against", NOTHING)), str(row.get("part") or run.part))
            found.setdefault(key, {})[str(row.get("metric", ""))] = row
    order = [*run.models, *run.baselines]
    return dict(sorted(found.items(), key=lambda item: (item[0][2] != run.part, _place(item[0][0], order))))


def _comparison_table(
    run: Run,
    locale: Locale,
    against: str,
    pairs: Mapping[tuple[str, str, str], dict[str, dict[str, Any]]],
    metrics: Sequence[str],
    tested: bool,
) -> Table:
    sizes = {key: next((row["n"] for row in found.values() if is_number(row.get("n"))), None)
             for key, found in pairs.items()}  # fmt: skip
    same = len(set(sizes.values())) == 1
    rows: list[list[Cell | str]] = []
    for key, found in pairs.items():
        below = [part_name(key[2], locale)] if key[2] != run.part else []
        below += [] if same else [rows_judged(sizes[key], locale)]
        cells: list[Cell | str] = [system_cell(key[0], locale, *below)]
        for metric in metrics:
            row = found.get(metric, {})
            interval = locale.interval(row.get("low"), row.get("high"))
            cells.append(Cell(locale.difference(row.get("difference")), breakable(interval)))
        rows.append([*cells, *([locale.p_value(_mcnemar(found))] if tested else [])])
    heads = [sentence(locale.metric(metric)) for metric in metrics]
    columns = [locale.say("system"), *heads, *([locale.say("mcnemar")] if tested else [])]
    n = f" ({rows_judged(next(iter(sizes.values())), locale)})" if same else ""
    told = locale.say("comparisons_table", against=against, level=locale.level(run.level), n=n)
    return Table(told, columns, rows, range(1, len(columns)))


def _mcnemar(found: Mapping[str, dict[str, Any]]) -> float | None:
    """McNemar's p, which is the same for all metrics."""
    return next((row["mcnemar_p"] for row in found.values() if is_number(row.get("mcnemar_p"))), None)


def reference_section(run: Run, locale: Locale) -> Section | None:
    """Return figures of papers beside makna's own, and the paper's protocol beside the honest one."""
    given = [item for item in entries(run.metrics, "reference") if isinstance(item, dict)]
    paper = _paper_run(run)
    found = [item for item in given if is_number(item.get("value"))]
    tables = [*_reference_table(run, paper, locale, found), *_protocols_table(run, paper, locale)]
    if not tables:
        return None
    lead = " ".join([*([locale.say("reference_lead")] if found else []), *_protocol_words(run, paper, locale)])
    title = locale.say("reference_title" if found else "protocols_title")
    return Section("reference", title, [Paragraph(lead), *tables])


def _reference_table(run: Run, paper: Run | None, locale: Locale, found: Sequence[dict[str, Any]]) -> Iterator[Table]:
    if found:
        shown = [*(["own_paper"] if paper or run.is_paper else []), *([] if run.is_paper else ["own_honest"])]
        keys = ["system", "paper_value", *shown, "difference"]
        rows = [_reference_row(run, paper, locale, item) for item in found]
        columns = [locale.say(key) for key in keys]
        note = locale.say("reference_note" if paper is None else "reference_note_both", level=locale.level(run.level))
        yield Table(locale.say("reference_table"), columns, rows, range(1, len(columns)), note)


def _protocols_table(run: Run, paper: Run | None, locale: Locale) -> Iterator[Table]:
    """The systems that were run under both protocols, by the first metric, with the difference."""
    both = [name for name in run.models if paper is not None and name in paper.systems]
    if paper is None or not both or set(branch(run.metrics, "protocols")) != {"paper"}:
        return  # several protocols have a section of their own
    gaps = {
        (row.get("system"), row.get("metric")): row
        for row in entries(run.metrics, "protocols", "paper", "differences")
        if isinstance(row, dict)
    }
    rows: list[list[Cell | str]] = []
    for name in both:
        theirs, ours = paper.score(name, run.primary), run.score(name)
        before, after = theirs.get("value"), ours.get("value")
        told = gaps.get((name, run.primary), {})
        gap = told.get("difference", after - before if is_number(before) and is_number(after) else None)
        interval = breakable(locale.interval(told.get("low"), told.get("high")))
        cells = [score_cell(score, locale) for score in (theirs, ours)]
        rows.append([system_cell(name, locale), *cells, Cell(locale.difference(gap), interval)])
    columns = [locale.say(key) for key in ("system", "own_paper", "own_honest", "difference")]
    caption = sentence(locale.say("protocols_table", metric=locale.metric(run.primary)))
    yield Table(caption, columns, rows, range(1, 4), locale.say("protocols_note"))


def _paper_run(run: Run) -> Run | None:
    """The systems as scored under the paper's protocol, where the run has them beside its own."""
    systems = branch(run.metrics, "protocols", _paper_name(run), "systems")
    return replace(run, metrics={**run.metrics, "systems": systems}) if systems else None


def _paper_name(run: Run) -> str:
    """The protocol that stands for the paper's: `paper`, else the first that is called after it."""
    named = [name for name in branch(run.metrics, "protocols") if name.partition("-")[0] == "paper"]
    return "paper" if "paper" in named or not named else named[0]


def _protocol_words(run: Run, paper: Run | None, locale: Locale) -> Iterator[str]:
    told = branch(run.metrics, "protocols", _paper_name(run))
    if run.is_paper:
        yield locale.say("reference_is_paper")
    elif paper is None:
        yield locale.say("reference_no_protocol")
    else:
        stages = (f"stage_{name}" for name in entries(told, "differs"))
        named = [locale.say(key).lower() if locale.knows(key) else key.removeprefix("stage_") for key in stages]
        if named:
            yield locale.say("reference_differs", stages=locale.listing(named))
        if told.get("folder"):
            yield locale.say("reference_folder", folder=str(told["folder"]))


def _reference_row(run: Run, paper: Run | None, locale: Locale, item: dict[str, Any]) -> list[Cell | str]:
    metric, value = str(item.get("metric", "")), item["value"]
    runs = [*([paper] if paper else []), run]
    scores = [_own_score(one, item, metric) for one in runs]
    own = [score_cell(score, locale) if score else Cell(NOTHING, locale.say("not_run")) for score in scores]
    known = [score.get("value") for score in scores]
    gaps = [locale.difference(v - value) if is_number(v) else NOTHING for v in known]
    # A published figure has no interval of its own: ours, moved by it.
    ends = [scores[-1].get(key) for key in ("low", "high")]
    below = [breakable(locale.interval(ends[0] - value, ends[1] - value))] if all(map(is_number, ends)) else []
    below += [locale.say("under_paper", value=gaps[0])] if paper and gaps[0] != NOTHING else []
    cell = words_of(branch(item, "cell"), locale)
    told = [cell, locale.metric(metric), str(item.get("source") or "")]
    system = Cell(str(item.get("system", NOTHING)), "\n".join(filter(None, told)))
    return [system, locale.score(value), *own, Cell(gaps[-1], "\n".join(below))]


def _own_score(run: Run, item: dict[str, Any], metric: str) -> dict[str, Any]:
    """The score of the system that a paper's figure names, empty where it was not run."""
    name = _named(run, str(item.get("system", "")), branch(item, "cell"))
    return run.score(name, metric) if name else {}


def _place(item: Any, order: Sequence[str]) -> int:
    return order.index(item) if item in order else len(order)


def _named(run: Run, system: str, cell: dict[str, Any]) -> str:
    """The run's name of a paper's system: its cell ``NAME[key=value]``, else the system as tuned."""
    for name in run.systems:
        if root_of(name) == system and same_settings(cell_of(name), cell):
            return name
    return system if system in run.systems else ""
