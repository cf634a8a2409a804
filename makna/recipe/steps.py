"""Steps of a system as a recipe writes them: reading, checking and writing out every default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError

from makna.core.messages import say
from makna.recipe.registry import AROUND, LEARN, REPRESENT, Kind, all_kinds
from makna.recipe.source import Path, Problem, Source, dotted

UNION = "union"
GRID, RANGE, LOG = "grid", "range", "log"
Step = dict[str, Any]
"""``{"kind": str, "settings": {...}}``, with chains of steps inside it under ``parts``: several of a union (which has
no settings), one of a step that holds representations of single texts; and under ``of`` the systems it is made of."""
_DRAWS = ("random", "tpe")


@dataclass
class Reader:
    """Reads chains of steps, collecting every problem with its line.

    Parameters
    ----------
    inputs, target : str
        Of the task.
    method : str or None
        How settings are chosen; a range needs one that draws.
    """

    source: Source
    problems: list[Problem]
    inputs: str
    target: str
    method: str | None = None

    def add(self, path: Path, message: str) -> None:
        """Note a problem at this path."""
        self.problems.append(Problem(self.source.line(path), dotted(path), message))

    def represent(self, value: Any, path: Path) -> list[Step]:
        """Read a chain of representations."""
        steps = []
        for item, here in self._items(value, path):
            kind, settings = self._one(item, here, [*REPRESENT, UNION])
            if kind == UNION:
                steps.append(self._union(settings, (*here, UNION) if isinstance(item, dict) else here))
            elif kind is not None:
                if self.inputs not in REPRESENT[kind].inputs:
                    self.add(here, say("recipe.wrong_inputs", kind=kind, inputs=self.inputs))
                steps.append(self._representation(kind, settings, (*here, kind)))
        return steps

    def _representation(self, kind: str, given: Any, path: Path) -> Step:
        """Read one representation; what it holds sees single texts."""
        holds = REPRESENT[kind].holds
        if holds is None:
            return {"kind": kind, "settings": self._settings(REPRESENT[kind], kind, given, path)}
        if not isinstance(given, dict) or holds not in given:
            self.add(path, say("recipe.needs_inside", kind=kind, key=holds))
            return {"kind": kind, "settings": {}, "parts": []}
        inside = replace(self, inputs="text").represent(given[holds], (*path, holds))
        settings = {key: value for key, value in given.items() if key != holds}
        return {"kind": kind, "settings": self._settings(REPRESENT[kind], kind, settings, path), "parts": [inside]}

    def learn(self, value: Any, path: Path) -> list[Step]:
        """Read a chain of one learner and its wrappers, adding the wrapper it needs by default."""
        allowed = [name for name, kind in LEARN.items() if self.target in kind.targets]
        steps: list[Step] = []
        for item, here in self._items(value, path):
            kind, settings = self._one(item, here, allowed, among=list(LEARN))
            if kind is None:
                continue
            if self.inputs not in LEARN[kind].inputs:
                self.add(here, say("recipe.wrong_inputs", kind=kind, inputs=self.inputs))
            if LEARN[kind].wraps != bool(steps):
                self.add(here, say("recipe.learn_order", kind=kind))
                continue
            if LEARN[kind].is_declined(settings):
                steps.append({"kind": kind, "settings": {LEARN[kind].main: LEARN[kind].without}})
                continue
            steps.append(self._learner(kind, settings, (*here, kind)))
        if len(steps) == 1 and (then := LEARN[steps[0]["kind"]].then):
            steps.append({"kind": then, "settings": self._settings(LEARN[then], then, {}, path)})
        return steps

    def _learner(self, kind: str, given: Any, path: Path) -> Step:
        """Read one learner; what it is made of is named apart from its settings."""
        members = LEARN[kind].members
        if members is None:
            return {"kind": kind, "settings": self._settings(LEARN[kind], kind, given, path)}
        key = members[0]
        named = given.get(key) if isinstance(given, dict) else None
        names = [named] if isinstance(named, str) else named
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.add(path, say("recipe.needs_members", kind=kind, key=key))
            names = []
        rest = {k: v for k, v in given.items() if k != key} if isinstance(given, dict) else {}
        return {"kind": kind, "settings": self._settings(LEARN[kind], kind, rest, path), "of": names}

    def around(self, name: str, value: Any, path: Path) -> dict[str, Any]:
        """Read the settings of what stands around a chain, every default written out; `true` may take the defaults."""
        kind = AROUND[name]
        if self.inputs not in kind.inputs or self.target not in kind.targets:
            self.add(path, say("recipe.answers_and_keys", key=name))
        return self._settings(kind, name, {} if kind.switch and value is True else value, path)

    def _items(self, value: Any, path: Path) -> Iterable[tuple[Any, Path]]:
        if isinstance(value, list):
            if not value:
                self.add(path, say("recipe.empty_chain"))
            return [(item, (*path, i)) for i, item in enumerate(value)]
        return [(value, path)]

    def _union(self, value: Any, path: Path) -> Step:
        if not isinstance(value, list) or not value:
            self.add(path, say("recipe.union_list"))
            return {"kind": UNION, "parts": []}
        return {"kind": UNION, "parts": [self.represent(part, (*path, i)) for i, part in enumerate(value)]}

    def _one(self, item: Any, path: Path, allowed: list[str], among: list[str] | None = None) -> tuple[str | None, Any]:
        """Return the kind and the settings of one step; (None, None) where there is a problem."""
        if isinstance(item, str):
            kind, settings = item, dict[str, Any]()
        elif isinstance(item, dict) and len(item) == 1:
            kind, settings = next(iter(item.items()))
        elif isinstance(item, dict) and len(item) > 1:
            self.add(path, say("recipe.two_kinds", kinds=", ".join(item)))
            return None, None
        else:
            self.add(path, say("recipe.bad_step", came=repr(item)[:60], allowed=", ".join(allowed)))
            return None, None
        if kind not in allowed:
            here = (*path, kind) if isinstance(item, dict) else path
            if among and kind in among:
                self.add(here, say("recipe.wrong_target", kind=kind, target=self.target, allowed=", ".join(allowed)))
            else:
                self.add(here, say("recipe.unknown_kind", kind=kind, allowed=", ".join(allowed)) + near(kind, allowed))
            return None, None
        return kind, settings

    def _settings(self, kind: Kind, name: str, given: Any, path: Path) -> dict[str, Any]:
        """Check settings against the constructor's annotations; every default is written out."""
        parameters = kind.parameters()
        if given is None:
            given = {}
        if (not isinstance(given, dict) or is_open(given)) and kind.main is not None:
            given = {kind.main: given}
        if not isinstance(given, dict):
            self.add(path, say("recipe.settings_mapping", kind=name, allowed=", ".join(parameters)))
            return {}
        for key in given:
            if key not in parameters:
                self.add(
                    (*path, key),
                    say("recipe.unknown_setting", key=key, kind=name, allowed=", ".join(parameters))
                    + near(key, list(parameters)),
                )
        settings: dict[str, Any] = {}
        for key, parameter in parameters.items():
            if key not in given:
                # Randomness follows the run's seed unless the recipe fixes it.
                settings[key] = None if key == "random_state" else parameter.default
                continue
            settings[key] = self._value(kind, key, given[key], (*path, key))
        return settings

    def _value(self, kind: Kind, key: str, value: Any, path: Path) -> Any:
        if isinstance(value, dict) and set(value) == {GRID}:
            choices = value[GRID]
            if not isinstance(choices, list) or not choices:
                self.add(path, say("recipe.grid_list"))
                return None
            return {GRID: [self._value(kind, key, choice, (*path, GRID, i)) for i, choice in enumerate(choices)]}
        if is_open(value):
            return self._range(kind, key, value, path)
        try:
            return adapter(kind.path, key).validate_python(value)
        except ValidationError as wrong:
            self.add(path, value_problem(wrong, value))
            return None

    def _range(self, kind: Kind, key: str, value: dict[str, Any], path: Path) -> dict[str, Any] | None:
        """Check both ends of a range against the annotation; ends that stay whole numbers make a whole range."""
        ends, log = value[RANGE], value.get(LOG, False)
        if self.method not in _DRAWS:
            self.add(path, say("recipe.range_method", methods=", ".join(_DRAWS)))
        if not isinstance(ends, list) or len(ends) != 2 or not isinstance(log, bool):
            self.add(path, say("recipe.range_form", came=repr(value)[:60]))
            return None
        before = len(self.problems)
        checked = [self._value(kind, key, end, (*path, RANGE, i)) for i, end in enumerate(ends)]
        if len(self.problems) > before:
            return None
        if not all(map(_is_number, checked)):
            self.add(path, say("recipe.range_numbers", key=key))
        elif not checked[0] < checked[1]:
            self.add(path, say("recipe.range_order", low=ends[0], high=ends[1]))
        elif log and checked[0] <= 0:
            self.add(path, say("recipe.range_log", low=ends[0]))
        return {RANGE: checked, LOG: log}


def is_open(value: Any) -> bool:
    """Tell whether a setting is still to be chosen: a grid or a range."""
    return isinstance(value, dict) and (set(value) == {GRID} or (RANGE in value and set(value) <= {RANGE, LOG}))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@cache
def adapter(path: str, key: str) -> TypeAdapter[Any]:
    """Return the checker of one constructor parameter."""
    kind = next(k for k in all_kinds() if k.path == path)
    annotation = kind.parameters()[key].annotation
    try:
        return TypeAdapter(annotation)
    except PydanticSchemaGenerationError:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))


def value_problem(wrong: ValidationError, value: Any) -> str:
    """Put pydantic's complaint about one value into plain words."""
    told = [error for error in wrong.errors() if error["type"] != "none_required"] or wrong.errors()
    wants = []
    for error in told:
        context: Mapping[str, Any] = error.get("ctx", {})
        kind = error["type"]
        if kind == "literal_error":
            wants.append(str(context["expected"]).replace(" or ", ", "))
        elif kind in _WANTS:
            wants.append(say(f"recipe.want_{_WANTS[kind]}", **{k: v for k, v in context.items() if k != "error"}))
        else:
            wants.append(error["msg"])
    choices = [w.strip("' ") for want in wants for w in want.split(",")]
    hint = near(str(value), choices) if isinstance(value, str) else ""
    return say("recipe.bad_value", came=repr(value)[:60], allowed=" | ".join(dict.fromkeys(wants))) + hint


_WANTS = {
    "int_type": "int", "int_parsing": "int", "int_from_float": "int",
    "float_type": "float", "float_parsing": "float",
    "bool_type": "bool", "bool_parsing": "bool", "string_type": "str",
    "list_type": "list", "tuple_type": "list", "dict_type": "mapping", "model_type": "mapping",
    "greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le",
    "missing": "missing",
}  # fmt: skip


def near(came: str, allowed: Iterable[str]) -> str:
    """Return `` Maksud Anda 'x'?`` for the nearest allowed word, or nothing."""
    match = get_close_matches(came, list(allowed), n=1, cutoff=0.6)
    return " " + say("recipe.did_you_mean", match=match[0]) if match else ""
