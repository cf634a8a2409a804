"""What the fitted steps of a system say of themselves, from explain.json and manifest.json."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from makna.report.language import is_number
from makna.report.reading import Run, branch, entries


def facts_with(run: Run, system: str, key: str) -> dict[str, Any]:
    """Return the facts of a system's first step that has this entry, empty where none has."""
    return next((facts for _, facts in steps_of(run, system) if facts.get(key) not in (None, {}, [])), {})


def steps_of(run: Run, system: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kind and the facts of each step of a system that has facts."""
    for step in entries(run.explain, "steps", system):
        if isinstance(step, dict) and isinstance(step.get("facts"), dict):
            yield str(step.get("step", "")), step["facts"]


def systems_told(run: Run, *keys: str) -> list[str]:
    """Return the systems with a step that has one of these entries, the best first."""
    told = [*run.ranked, *(name for name in branch(run.explain, "steps") if name not in run.systems)]
    return [name for name in told if any(facts_with(run, name, key) for key in keys)]


def step_seconds(run: Run, system: str, kind: str) -> dict[str, float]:
    """Return the seconds of a system's steps of a kind: ``fit``, ``transform`` and the number of ``fits``."""
    total: dict[str, float] = {}
    for step, times in branch(run.manifest, "seconds", "steps", system).items():
        if re.fullmatch(rf"{re.escape(kind)}(-\d+)?", step):  # a chain with two of a kind numbers them
            for key, value in branch({"": times}, "").items():
                if is_number(value):
                    total[key] = total.get(key, 0) + value
    return total
