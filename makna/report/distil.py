"""Distillation: who taught whom, and how."""

from __future__ import annotations

from typing import Any

from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.facts import facts_with, systems_told
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries

_KEY = "distil"
_SETTINGS = ("teacher", "objective", "temperature", "weight", "teacher_rows")
_NAMED = ("objective", "teacher_rows")


def distil_section(run: Run, locale: Locale) -> Section | None:
    """Return the settings of each distilled system, how far it agrees with its teacher, and both scores."""
    found = {name: branch(facts_with(run, name, _KEY), _KEY) for name in systems_told(run, _KEY)}
    found = {name: facts for name, facts in found.items() if facts}
    if not found:
        return None
    metric = locale.metric(run.primary)
    rows: list[list[Cell | str]] = []
    for name, facts in found.items():
        teacher = _teacher(run, name) or str(facts.get("teacher", ""))
        facts = {**facts, "teacher": teacher}
        scores = [locale.score(run.value(system)) if system in run.systems else NOTHING for system in (name, teacher)]
        agree = facts.get("agreement_train")
        rows.append([name, *(_setting(facts, key, locale) for key in _SETTINGS), locale.percent(agree), *scores])
    columns = [
        locale.say("distil_student"),
        *(locale.say(f"distil_{key}") for key in _SETTINGS),
        locale.say("distil_agreement"),
        locale.say("distil_own", metric=metric),
        locale.say("distil_teachers", metric=metric),
    ]
    numeric = (3, 4, 6, 7, 8)
    blocks: list[Any] = [
        Paragraph(locale.say("distil_lead")),
        Table(locale.say("distil_table"), columns, rows, numeric),
    ]
    return Section(_KEY, locale.say("distil_title"), blocks)


def _teacher(run: Run, system: str) -> str | None:
    """Return the name of the system that taught another one."""
    steps = [step for step in entries(run.systems[system], "params", "learn") if isinstance(step, dict)]
    return next((str(step["of"][0]) for step in steps if step.get("of")), None)


def _setting(facts: dict[str, Any], key: str, locale: Locale) -> str:
    value = facts.get(key)
    named = f"distil_{key}_{str(value).replace('-', '_')}"
    if key in _NAMED and locale.knows(named):
        return locale.say(named)
    return NOTHING if value is None else locale.setting(value) if is_number(value) else str(value)
