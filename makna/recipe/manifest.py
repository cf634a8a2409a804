"""manifest.json: where, when and with what a run took place, how long each piece took, and what was skipped."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any

import numpy as np

from makna import __version__
from makna.core.compute import machine_of
from makna.core.files import write_json
from makna.recipe.available import is_network
from makna.recipe.machine import machine, packages
from makna.recipe.recipe import Recipe
from makna.recipe.state import RunState


def write_manifest(state: RunState) -> None:
    """Write what is known so far."""
    assert state.gathered is not None
    meter, recipe = state.meter, state.recipe
    systems = {k.removeprefix("system:"): v for k, v in meter.seconds.items() if k.startswith("system:")}
    peaks = {k.removeprefix("system:"): v for k, v in meter.peak_mb.items() if k.startswith("system:")}
    stages = {k: round(v, 3) for k, v in meter.seconds.items() if not k.startswith("system:")}
    write_json(
        state.folder / "manifest.json",
        {
            "makna": __version__,
            "study": recipe.name,
            "title": recipe.title,
            "protocol": recipe.protocol,
            "seed": recipe.seed,
            "started": state.started,
            "finished": now(),
            "resumed": state.options.resume,
            "rows_asked": state.options.rows,
            "only": list(state.options.only),
            "engine": state.options.engine,
            **_where(recipe, any(is_network(candidate) for _, some in state.systems for candidate in some)),
            "data": state.gathered.origin,
            "warnings": state.gathered.warnings,
            "seconds": {
                **stages,
                "systems": {name: round(s, 3) for name, s in systems.items()},
                "steps": {run.spec.name: _step_seconds(run.units) for run in state.runs if run.units},
            },
            "peak_memory_mb": {
                "run": round(meter.peak_mb.get("run", 0.0), 1),
                "systems": {name: round(mb, 1) for name, mb in peaks.items()},
            },
            "skipped": state.skipped,
        },
    )


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _where(recipe: Recipe, has_networks: bool) -> dict[str, Any]:
    where: dict[str, Any] = {
        "python": platform.python_version(),
        "packages": packages(),
        "machine": machine(),
        "device": "cpu",
        "precision": np.dtype(float).name,
        "threads": recipe.threads or 1,
    }
    if has_networks:
        found = machine_of(recipe.title)
        where |= {"device": found.device, "precision": found.precision}
        where["threads_of_networks"] = found.threads
    return where


def _step_seconds(units: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Add up what each step cost over all fits of a system."""
    total: dict[str, dict[str, float]] = {}
    for unit in units.values():
        for step, seconds in unit.get("seconds", {}).items():
            mine = total.setdefault(step, {})
            for what, value in seconds.items():
                mine[what] = round(mine.get(what, 0) + value, 4)
    return total
