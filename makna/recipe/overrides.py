"""Changes from the command line: ``--set systems.counts-svm.learn.svm.C=1``."""

from __future__ import annotations

from typing import Any

import yaml

from makna.core.errors import RecipeError
from makna.recipe.steps import near


def override(data: dict[str, Any], change: str) -> None:
    """Apply one change to a recipe's data, in place.

    Parameters
    ----------
    data : dict
        The recipe as read.
    change : str
        ``PATH=VALUE``; the value is YAML. A list of steps is entered by the name of one of its steps.

    Raises
    ------
    RecipeError
        The change is not of that form, or a step of its path does not exist (a new key at its end may be added).

    Examples
    --------
    >>> data = {"systems": {"s": {"learn": [{"svm": {"C": 1}}, "calibrate"]}}}
    >>> override(data, "systems.s.learn.svm.C=0.3")
    >>> data["systems"]["s"]["learn"][0]
    {'svm': {'C': 0.3}}
    """
    where, equals, text = change.partition("=")
    keys = where.strip().split(".")
    if not equals or not all(keys):
        raise RecipeError("recipe.bad_set", came=change)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise RecipeError("recipe.bad_set", came=change) from problem
    here: Any = data
    for i, key in enumerate(keys[:-1]):
        here = _enter(here, key, change, ".".join(keys[:i]) or "recipe")
    last = keys[-1]
    if isinstance(here, list):
        place = _find(here, last, change, ".".join(keys[:-1]))
        here[place] = {last: value} if not isinstance(here[place], dict) else {**here[place], last: value}
    else:
        here[last] = value


def _enter(here: Any, key: str, change: str, where: str) -> Any:
    if isinstance(here, list):
        place = _find(here, key, change, where)
        if key.isdigit():
            return here[place]
        if isinstance(here[place], str):
            here[place] = {key: {}}
        return _filled(here[place], key)
    if key not in here:
        if where == "recipe":
            here[key] = {}
        else:
            raise _no_such(key, here, change, where)
    return _filled(here, key)


def _filled(holder: dict[str, Any], key: str) -> Any:
    """Return the value under a key; a name standing alone or nothing becomes a mapping that can be filled."""
    if isinstance(holder[key], str):
        holder[key] = {holder[key]: {}}
    elif not isinstance(holder[key], dict | list):
        holder[key] = {}
    return holder[key]


def _find(steps: list[Any], key: str, change: str, where: str) -> int:
    if key.isdigit() and int(key) < len(steps):
        return int(key)
    for i, step in enumerate(steps):
        if step == key or (isinstance(step, dict) and key in step):
            return i
    names = [name for step in steps for name in (step if isinstance(step, dict) else [step])]
    raise _no_such(key, names, change, where)


def _no_such(key: str, names: Any, change: str, where: str) -> RecipeError:
    allowed = [str(name) for name in names]
    return RecipeError(
        "recipe.set_path", came=change, key=key, where=where, allowed=", ".join(allowed) + "." + near(key, allowed)
    )
