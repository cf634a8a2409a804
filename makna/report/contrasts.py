"""Differences: between systems on the same rows, and between makna's figures and those of papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.results import part_name, score_cell


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
    """Return figures of papers beside makna's own."""
    rows = []
    for item in entries(run.metrics, "reference"):
        if isinstance(item, dict) and is_number(item.get("value")):
            rows.append(_reference_row(run, locale, item))
    if not rows:
        return None
    keys = ("system", "metric", "paper_value", "own_value", "difference", "inside", "source")
    table = Table(locale.say("reference_table"), [locale.say(key) for key in keys], rows, (2, 3, 4))
    return Section("reference", locale.say("reference_title"), [Paragraph(locale.say("reference_lead")), table])


def _reference_row(run: Run, locale: Locale, item: dict[str, Any]) -> list[Cell | str]:
    metric = str(item.get("metric", ""))
    name = _named(run, str(item.get("system", "")), branch(item, "cell"))
    score = run.score(name, metric) if name else {}
    own, paper = score.get("value"), item["value"]
    difference = locale.difference(own - paper) if is_number(own) else NOTHING
    inside = NOTHING
    if is_number(score.get("low")) and is_number(score.get("high")):
        inside = locale.say("yes" if round(score["low"], 3) <= paper <= round(score["high"], 3) else "no")  # as printed
    cell = ", ".join(f"{key}={value}" for key, value in branch(item, "cell").items())
    system = Cell(str(item.get("system", NOTHING)), cell)
    own_cell = score_cell(score, locale) if name else Cell(NOTHING, locale.say("not_run"))
    return [
        system,
        locale.metric(metric),
        locale.score(paper),
        own_cell,
        difference,
        inside,
        str(item.get("source", "")),
    ]


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
