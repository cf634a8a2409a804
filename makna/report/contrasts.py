"""Differences: between systems on the same rows, and between makna's figures and those of papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.cells import score_cell
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name


def comparisons_section(run: Run, locale: Locale) -> Section | None:
    """Return paired differences between systems with interval and McNemar's p."""
    found = sorted(
        (row for row in entries(run.metrics, "comparisons") if isinstance(row, dict)),
        key=lambda row: (
            _place(row.get("system"), [*run.models, *run.baselines]),
            _place(row.get("metric"), run.metrics_found),
        ),
    )
    if not found:
        return None
    tested = any(is_number(row.get("mcnemar_p")) for row in found)
    keys = ["system", "against", "metric", "difference", "interval", "n", *(["mcnemar"] if tested else [])]
    rows = []
    for row in found:
        cells: list[Cell | str] = [str(row.get("system", NOTHING)), str(row.get("against", NOTHING))]
        part = "" if row.get("part", run.part) == run.part else part_name(str(row["part"]), locale)
        cells += [Cell(locale.metric(str(row.get("metric", ""))), part)]
        cells += [locale.difference(row.get("difference")), locale.interval(row.get("low"), row.get("high")) or NOTHING]
        cells += [locale.whole(row.get("n")), *([locale.p_value(row.get("mcnemar_p"))] if tested else [])]
        rows.append(cells)
    table = Table(
        locale.say("comparisons_table"),
        [locale.say(key, level=locale.level(run.level)) for key in keys],
        rows,
        range(3, len(keys)),
    )
    lead = locale.say("comparisons_lead") + (" " + locale.say("comparisons_mcnemar") if tested else "")
    return Section("comparisons", locale.say("comparisons_title"), [Paragraph(lead), table])


def reference_section(run: Run, locale: Locale) -> Section | None:
    """Return figures of papers beside makna's own, under the paper's protocol and under the honest one."""
    given = [item for item in entries(run.metrics, "reference") if isinstance(item, dict)]
    paper = _paper_run(run)
    found = [item for item in given if is_number(item.get("value"))]
    found += _unpublished(run, paper, found)
    if not found:
        return None
    shown = [*(["own_paper"] if paper or run.is_paper else []), *([] if run.is_paper else ["own_honest"])]
    keys = ["system", "metric", "paper_value", *shown, "difference", "source"]
    rows = [_reference_row(run, paper, locale, item) for item in found]
    numeric = range(2, 4 + len(shown))
    table = Table(locale.say("reference_table"), [locale.say(key) for key in keys], rows, numeric, _note(paper, locale))
    lead = " ".join([locale.say("reference_lead"), *_protocol_words(run, paper, locale)])
    return Section("reference", locale.say("reference_title"), [Paragraph(lead), table])


def _paper_run(run: Run) -> Run | None:
    """The systems as scored under the paper's protocol, where the run has them beside its own."""
    systems = branch(run.metrics, "protocols", "paper", "systems")
    return replace(run, metrics={**run.metrics, "systems": systems}) if systems else None


def _unpublished(run: Run, paper: Run | None, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Systems run under both protocols that no paper gives a figure for."""
    told = {_named(run, str(item.get("system", "")), branch(item, "cell")) for item in found}
    both = [name for name in run.models if paper is not None and name in paper.systems and name not in told]
    return [{"system": name, "metric": run.primary} for name in both]


def _protocol_words(run: Run, paper: Run | None, locale: Locale) -> Iterator[str]:
    told = branch(run.metrics, "protocols", "paper")
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


def _note(paper: Run | None, locale: Locale) -> str:
    return locale.say("reference_note" if paper is None else "reference_note_both")


def _reference_row(run: Run, paper: Run | None, locale: Locale, item: dict[str, Any]) -> list[Cell | str]:
    metric, value = str(item.get("metric", "")), item.get("value")
    runs = [*([paper] if paper else []), run]
    scores = [_own_score(one, item, metric) for one in runs]
    own = [score_cell(score, locale) if score else Cell(NOTHING, locale.say("not_run")) for score in scores]
    known = [score.get("value") for score in scores]
    gaps = [locale.difference(v - value) if is_number(v) and is_number(value) else NOTHING for v in known]
    below = locale.say("under_paper", value=gaps[0]) if paper and gaps[0] != NOTHING else ""
    cell = ", ".join(f"{key}={setting}" for key, setting in branch(item, "cell").items())
    system = Cell(str(item.get("system", NOTHING)), cell)
    cells: list[Cell | str] = [
        system,
        locale.metric(metric),
        locale.score(value) if is_number(value) else NOTHING,
        *own,
        Cell(gaps[-1], below),
    ]
    return [*cells, str(item.get("source", ""))]


def _own_score(run: Run, item: dict[str, Any], metric: str) -> dict[str, Any]:
    """The score of the system that a paper's figure names, empty where it was not run."""
    name = _named(run, str(item.get("system", "")), branch(item, "cell"))
    return run.score(name, metric) if name else {}


def _place(item: Any, order: Sequence[str]) -> int:
    return order.index(item) if item in order else len(order)


def _named(run: Run, system: str, cell: dict[str, Any]) -> str:
    """The run's name of a paper's system: its cell ``NAME[key=value]``, else the system as tuned."""
    wanted = {str(key): str(value) for key, value in cell.items()}
    for name in run.systems:
        root, _, inside = name.partition("[")
        settings = dict(pair.split("=", 1) for pair in inside.rstrip("]").split(",") if "=" in pair)
        if root == system and settings == wanted:
            return name
    return system if system in run.systems else ""
