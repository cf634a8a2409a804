"""The `systems` section of a recipe: each system read, checked, and every default written out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from makna.core.messages import say
from makna.recipe.baselines import RESERVED
from makna.recipe.cells import SystemSpec, has_range, is_made_of_others
from makna.recipe.cleaning import read_clean
from makna.recipe.registry import AROUND, LEARN
from makna.recipe.source import Path
from makna.recipe.steps import Reader, Step, near

SYSTEM_KEYS = ("clean", "represent", "learn", *AROUND, "order", "fold", "on_request", "tune")
ORDERS = ("sorted", "both", "given")
_SWITCHES = {"on_request": False, "tune": True}
_NAME = re.compile(r"[\w][\w.-]*")


@dataclass
class SystemsReader:
    """Reads systems, collecting problems.

    Parameters
    ----------
    reader : Reader
        Reads chains of steps.
    clean : list
        The recipe's own text steps, for systems that name none.
    """

    reader: Reader
    clean: list[Any]

    def read(self, systems: Any) -> list[SystemSpec]:
        """Return the systems that could be read.

        Parameters
        ----------
        systems : object
            The section as written.
        """
        add = self.reader.add
        if not isinstance(systems, dict) or not systems:
            add(("systems",), say("recipe.needs_systems"))
            return []
        made = []
        for name, body in systems.items():
            path = ("systems", name)
            if name in RESERVED:
                add(path, say("recipe.reserved_name", name=name))
            elif not _NAME.fullmatch(name):
                add(path, say("recipe.bad_name", name=name))
            spec = self._one(name, body, path)
            if spec is not None:
                made.append(spec)
        return self._joined(made)

    def _joined(self, specs: list[SystemSpec]) -> list[SystemSpec]:
        """Hand systems that are made of others those they name; they stand before them in the recipe."""
        known: dict[str, SystemSpec] = {}
        for spec in specs:
            members: dict[str, SystemSpec] = {}
            for step in spec.learn:
                for name in step.get("of", []):
                    self._member(name, known, members, ("systems", spec.name, "learn"))
            known[spec.name] = replace(spec, members=members)
        return list(known.values())

    def _member(self, name: str, known: dict[str, SystemSpec], members: dict[str, SystemSpec], path: Path) -> None:
        if name not in known:
            allowed = ", ".join(known) or "-"
            self.reader.add(path, say("recipe.unknown_member", name=name, allowed=allowed) + near(name, list(known)))
        elif known[name].is_open:
            self.reader.add(path, say("recipe.open_member", name=name))
        else:
            members[name] = known[name]

    def _one(self, name: str, body: Any, path: Path) -> SystemSpec | None:
        add = self.reader.add
        if not isinstance(body, dict):
            add(path, say("recipe.section_mapping", came=repr(body)[:60], allowed=", ".join(SYSTEM_KEYS)))
            return None
        for key in body:
            if key not in SYSTEM_KEYS:
                message = say("recipe.unknown_key", key=key, allowed=", ".join(SYSTEM_KEYS))
                add((*path, key), message + near(key, SYSTEM_KEYS))
        own = self.clean
        if "clean" in body:
            own, _ = read_clean(body["clean"] or [], (*path, "clean"), add, allow_rows=False)
        represent, learn = self._chains(body, path)
        given = {key: body[key] for key, kind in AROUND.items() if body.get(key) not in kind.declined}
        around: dict[str, Any] = {key: self.reader.around(key, value, (*path, key)) for key, value in given.items()}
        if is_made_of_others(learn):
            own = []
            for key in ("clean", *AROUND, "order"):
                if body.get(key) is not None:
                    add((*path, key), say("recipe.made_of_others", key=key))
        order = body.get("order")
        if order is not None and order not in ORDERS:
            add((*path, "order"), say("recipe.bad_value", came=repr(order)[:40], allowed=" | ".join(ORDERS)))
            order = None
        if order in ORDERS[:2] and self.reader.inputs != "pair":
            add((*path, "order"), say("recipe.wrong_inputs", kind="order", inputs=self.reader.inputs))
        fold = body.get("fold")
        if fold is not None and (isinstance(fold, bool) or not isinstance(fold, int) or fold < 1):
            add((*path, "fold"), say("recipe.bad_fold", came=repr(fold)[:40]))
            fold = None
        on_request, tune = (self._switch(body, key, default, path) for key, default in _SWITCHES.items())
        spec = SystemSpec(
            name, own, represent, learn, {}, order=order, fold=fold, on_request=on_request, tune=tune, **around
        )
        if not spec.tune and has_range(spec):
            add((*path, "tune"), say("recipe.range_untuned"))
        return spec

    def _chains(self, body: dict[str, Any], path: Path) -> tuple[list[Step], list[Step]]:
        """Return both chains; a learner that reads texts itself has no `represent`, every other one needs it."""
        add = self.reader.add
        if "learn" not in body:
            add(path, say("recipe.needs_key", key="learn"))
        learn = self.reader.learn(body["learn"], (*path, "learn")) if "learn" in body else []
        reads_texts = bool(learn) and LEARN[learn[0]["kind"]].reads_texts
        given = body.get("represent")
        if reads_texts and given:
            add((*path, "represent"), say("recipe.represent_unused", kind=learn[0]["kind"]))
        elif "represent" not in body and not reads_texts:
            add(path, say("recipe.needs_key", key="represent"))
        represent = (
            self.reader.represent(given, (*path, "represent")) if "represent" in body and not reads_texts else []
        )
        return represent, learn

    def _switch(self, body: dict[str, Any], key: str, default: bool, path: Path) -> bool:
        value = body.get(key, default)
        if isinstance(value, bool):
            return value
        allowed = say("recipe.want_bool")
        self.reader.add((*path, key), say("recipe.bad_value", came=repr(value)[:40], allowed=allowed))
        return default
