"""The JSON Schema of a recipe, for editors: completion and red underlines while writing.

``python -m makna.recipe.json_schema`` prints it; `recipe.schema.json` beside this file is its output.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from makna.clean.chain import STEPS
from makna.clean.rows import RowSettings
from makna.explain.settings import SECTIONS as EXPLAINED
from makna.explain.settings import WORDS
from makna.recipe.registry import AROUND, LEARN, REPRESENT, Kind
from makna.recipe.sections import PLAIN, SECTIONS
from makna.recipe.steps import GRID, LOG, RANGE, UNION
from makna.recipe.systems import ORDERS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema: sections, cleaning steps and every kind of step with its settings.

    Examples
    --------
    >>> "systems" in json_schema()["required"]
    True
    """
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name, annotation in {**SECTIONS, **PLAIN}.items():
        properties[name] = _lifted(TypeAdapter(annotation).json_schema(), definitions)
    properties["explain"] = _explain(definitions)
    properties["clean"] = {"type": "array", "items": {"$ref": "#/$defs/clean-step"}}
    properties["systems"] = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/system"}}
    definitions["clean-step"] = _clean_step()
    definitions["represent-step"] = _one_of({name: _settings(kind) for name, kind in REPRESENT.items()} | _union())
    definitions["learn-step"] = _one_of({name: _settings(kind) for name, kind in LEARN.items()})
    definitions["represent"] = _chain("represent-step")
    definitions["learn"] = _chain("learn-step")
    definitions["system"] = {
        "type": "object",
        "required": ["learn"],
        "additionalProperties": False,
        "properties": {
            "clean": properties["clean"],
            "represent": {"$ref": "#/$defs/represent"},
            "learn": {"$ref": "#/$defs/learn"},
            **{name: _switched(kind) for name, kind in AROUND.items()},
            "order": {"enum": [*ORDERS, None]},
            "fold": {"type": ["integer", "null"], "minimum": 1},
            "on_request": {"type": "boolean"},
            "tune": {"type": "boolean"},
        },
    }
    return {
        "$schema": _DRAFT,
        "title": "makna recipe",
        "type": "object",
        "required": ["collect", "systems"],
        "additionalProperties": False,
        "properties": properties,
        "$defs": definitions,
    }


def _switched(kind: Kind) -> dict[str, Any]:
    """Return the schema of a system's key: settings, and `true` or `false` where it is a switch."""
    return {"anyOf": [{"type": "boolean"}, _settings(kind)]} if kind.switch else _settings(kind)


def _settings(kind: Kind) -> dict[str, Any]:
    """Return the schema of a kind's settings: a mapping, each value alone or as a grid; or the main value alone."""
    values = {name: _value(parameter.annotation) for name, parameter in kind.parameters().items()}
    if kind.without is not None and kind.main is not None:
        values[kind.main] = {"anyOf": [{"const": kind.without}, values[kind.main]]}
    if kind.holds is not None:
        values[kind.holds] = {"$ref": "#/$defs/represent"}
    if kind.members is not None:
        names = {"type": "array", "minItems": 1, "items": {"type": "string"}}
        values[kind.members[0]] = {"anyOf": [{"type": "string"}, names]}
    mapping = {"type": ["object", "null"], "additionalProperties": False, "properties": values}
    return {"anyOf": [mapping, values[kind.main]]} if kind.main else mapping


def _value(annotation: Any) -> dict[str, Any]:
    """Return the schema of a value, of a grid of values, and of a range where it may be a number."""
    schema = TypeAdapter(annotation).json_schema()
    ways = {GRID: {"type": "array", "items": schema, "minItems": 1}}
    found = [schema, {"type": "object", "required": [GRID], "additionalProperties": False, "properties": ways}]
    if _takes_numbers(schema):
        ends = {RANGE: {"type": "array", "items": schema, "minItems": 2, "maxItems": 2}, LOG: {"type": "boolean"}}
        found.append({"type": "object", "required": [RANGE], "additionalProperties": False, "properties": ends})
    return {"anyOf": found}


def _takes_numbers(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    return kinds in ("number", "integer") or any(map(_takes_numbers, schema.get("anyOf", [])))


def _one_of(kinds: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one step: a name, or a mapping with one name."""
    names = sorted(name for name in kinds if name != UNION)
    mapping = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"anyOf": [{"enum": names}, {**mapping, "properties": kinds}]}


def _union() -> dict[str, Any]:
    return {UNION: {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/represent"}}}


def _chain(step: str) -> dict[str, Any]:
    one = {"$ref": f"#/$defs/{step}"}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _clean_step() -> dict[str, Any]:
    settings: dict[str, Any] = {name: {} for name in STEPS}
    rows: dict[str, Any] = {name: {} for name in RowSettings.__dataclass_fields__}
    settings["rows"] = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {**rows, "after": {"type": "array", "items": {"$ref": "#/$defs/clean-step"}}},
    }
    return _one_of(settings)


def _explain(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what is explained: words, some of them with settings."""
    settings = {}
    for word, made in EXPLAINED.items():
        schema = _lifted(TypeAdapter(made).json_schema(), definitions)
        settings[word] = {**schema, "type": ["object", "null"], "additionalProperties": False}
    mapping = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"type": "array", "items": {"anyOf": [{"enum": list(WORDS)}, {**mapping, "properties": settings}]}}


def _lifted(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Move pydantic's own definitions to the top, where its references look for them."""
    definitions.update(schema.pop("$defs", {}))
    return schema


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1, ensure_ascii=False))  # noqa: T201
