"""The encoders of a run: what each is made of, and the layers of the networks built on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from makna.report.aspects import Aspect, aspect_tables
from makna.report.blocks import Cell, Paragraph, Section, Table
from makna.report.facts import facts_with, systems_told
from makna.report.grids import grids_of
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import MOST_SYSTEMS, Run, branch, entries

_FEW_LAYERS = 16
_COUNTS = ("layers", "width", "heads", "vocabulary", "parameters", "max_length")


def encoders_section(run: Run, locale: Locale) -> Section | None:
    """Return the encoders side by side, and the layers of each network; None where there is neither."""
    encoders = encoders_used(run)
    blocks: list[Any] = []
    if encoders:
        blocks.append(Paragraph(locale.say("encoders_lead")))
        blocks += aspect_tables(
            locale.say("encoders_table"), encoders, _aspects(locale), locale, locale.say("encoders_note")
        )
    blocks += _layer_tables(run, locale)
    return Section("encoders", locale.say("encoders_title"), blocks) if blocks else None


def encoders_used(run: Run) -> dict[str, dict[str, Any]]:
    """Return the encoders of a run by name, each with what is known of it and the systems that use it."""
    found: dict[str, dict[str, Any]] = {}
    for system in systems_told(run, "encoder"):
        known = branch(facts_with(run, system, "encoder"), "encoder")
        name = str(known.get("name") or NOTHING)
        entry = found.setdefault(name, {**known, "systems": []})
        entry["systems"].append(system)
    roots = {cell: f"{grid.root}[…]" for grid in grids_of(run) for cell in grid.cells}
    for entry in found.values():
        entry["systems"] = list(dict.fromkeys(roots.get(system, system) for system in entry["systems"]))
    return found


def _aspects(locale: Locale) -> list[Aspect]:
    def where(known: dict[str, Any]) -> Cell | str:
        kind = f"encoder_from_{known.get('kind')}"
        print_ = str(known.get("fingerprint") or "")
        below = f"SHA-256 {print_[:12]}…" if print_ else ""
        return Cell(locale.say(kind), below) if locale.knows(kind) else str(known.get("kind") or "")

    def count(key: str) -> Aspect:
        return locale.say(f"encoder_{key}"), lambda known: _count(known.get(key), locale)

    return [
        (locale.say("kind"), lambda known: str(known.get("type") or "")),
        *(count(key) for key in _COUNTS),
        (locale.say("encoder_where"), where),
        (locale.say("encoder_systems"), lambda known: ", ".join(known["systems"])),
    ]


def _count(value: Any, locale: Locale) -> Cell | str:
    if not is_number(value):
        return ""
    millions = locale.say("millions", n=locale.number(value / 1e6, 1)) if value >= 1e6 else ""
    return Cell(locale.whole(value), millions)


def _layer_tables(run: Run, locale: Locale) -> Iterator[Table]:
    """The layers of each network, once where several have the same."""
    told: list[Any] = []
    for system in systems_told(run, "layers")[:MOST_SYSTEMS]:
        layers = [layer for layer in entries(facts_with(run, system, "layers"), "layers") if isinstance(layer, dict)]
        if layers and layers not in told:
            told.append(layers)
            rows = [_layer_row(layer, locale) for layer in layers]
            columns = [locale.say(key) for key in ("layer", "shape_in", "shape_out", "parameters")]
            caption = locale.say("layers_table", system=system)
            yield Table(caption, columns, rows, (3,), locale.say("layers_note"), folded=len(rows) > _FEW_LAYERS)


def _layer_row(layer: Mapping[str, Any], locale: Locale) -> list[Cell | str]:
    told, size = layer.get("times"), layer.get("parameters")
    times = told if is_number(told) else 1
    total = locale.say("layer_total", n=locale.whole(size * times)) if times > 1 and is_number(size) and size else ""
    kind = f"{layer.get('type') or ''}{f' × {locale.whole(times)}' if times > 1 else ''}"
    return [
        Cell(str(layer.get("name", NOTHING)), kind),
        _shape(layer.get("input")),
        _shape(layer.get("shape")),
        Cell(locale.whole(size), total),
    ]


def _shape(shape: Any) -> str:
    if isinstance(shape, list):
        return f"({', '.join(map(str, shape))})"
    return NOTHING if shape is None else str(shape)
