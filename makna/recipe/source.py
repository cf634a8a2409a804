"""A recipe's YAML as plain data, with the line of every key and item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from makna.core.messages import say

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe: where, and what to do about it."""

    line: int | None
    where: str
    message: str

    def __str__(self) -> str:
        place = say("recipe.line", line=self.line) if self.line else ""
        return f"{place}{self.where}: {self.message}" if self.where else f"{place}{self.message}"


@dataclass
class Source:
    """Plain data and where each of its pieces stands.

    Parameters
    ----------
    data : object
        The recipe as dicts, lists and scalars.
    lines : dict
        Path of keys and positions → line, counted from 1.
    problems : list of Problem
        Mistakes of the YAML itself (syntax, a key given twice).
    changed : list of str
        Dotted paths that were changed from outside the file.
    """

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    changed: list[str] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest path above it; None for what the file does not say."""
        if any(dotted(path).startswith(where) for where in self.changed):
            return None
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_yaml(text: str) -> Source:
    """Read YAML text; mistakes are collected, not raised.

    Examples
    --------
    >>> read_yaml("seed: 1\\nclean: [lowercase]").lines[("clean", 0)]
    2
    """
    source = Source()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        reason = getattr(problem, "problem", None) or str(problem)
        line = mark.line + 1 if mark else None
        source.problems.append(Problem(line, "", say("recipe.yaml_syntax", reason=reason)))
        return source
    if node is not None:
        source.data = _construct(node, (), source)
    return source


def _construct(node: yaml.Node, path: Path, source: Source) -> Any:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*path, key)
            if key in made:
                line = key_node.start_mark.line + 1
                source.problems.append(Problem(line, dotted(here), say("recipe.key_twice", key=key)))
            source.lines[here] = key_node.start_mark.line + 1
            made[key] = _construct(value_node, here, source)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*path, i), source) for i, item in enumerate(node.value)]
    return yaml.SafeLoader("").construct_object(node)


def dotted(path: Path) -> str:
    """Return a path as a user writes it: ``systems.counts-svm.learn.svm.C``."""
    return ".".join(str(piece) for piece in path)
