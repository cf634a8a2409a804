"""Lexicons of weighted words: makna's own small one, InSet by name, and a user's files (word TAB weight)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from makna.collect.catalogue import dataset
from makna.collect.datasets import locate
from makna.collect.names import hint
from makna.core.errors import DataError

INSET, SAMPLE = "inset", "sample"
NAMES = (INSET, SAMPLE)
_SAMPLE_FILE = "lexicon.tsv"
_FILES = (".tsv", ".txt", ".csv")

Clash = Literal["sum", "positive", "negative", "drop"]
"""A word with a positive and a negative weight: their sum, the one, the other, or not a word of the lexicon."""


@dataclass(frozen=True)
class Lexicon:
    """Words, or phrases, with their weights.

    Parameters
    ----------
    weights : dict of str to float
        Case-folded word → weight, positive or negative.
    names : tuple of str
        What was read.
    clashes : int
        Words that had weights of both signs.
    tables : tuple of dict
        ``name``, ``licence`` and ``source`` of each, for the model card.
    """

    weights: dict[str, float]
    names: tuple[str, ...]
    clashes: int
    tables: tuple[dict[str, str], ...] = ()


def load_lexicon(names: str | Sequence[str], clash: Clash = "sum") -> Lexicon:
    """Read lexicons and join them.

    Parameters
    ----------
    names : str or sequence of str
        ``inset`` (3,609 positive and 6,609 negative Indonesian words; looked for as other public data), ``sample``
        (a few words written for makna), or files with a word and its weight a line, parted by a tab; a first line
        without a number is a heading.
    clash : {"sum", "positive", "negative", "drop"}
        What counts for a word that has weights of both signs.

    Raises
    ------
    DataError
        A lexicon is not there, has a line without a number (with the line), or holds no word.
    """
    asked = [names] if isinstance(names, str) else list(names)
    found: list[tuple[str, float]] = []
    tables = []
    for name in asked:
        pairs, table = _named(name)
        found += pairs
        tables.append(table)
    up = _strongest((word, weight) for word, weight in found if weight > 0)
    down = _strongest((word, weight) for word, weight in found if weight < 0)
    weights = dict(up) | dict(down)
    both = up.keys() & down.keys()
    for word in both:
        weights[word] = {"sum": up[word] + down[word], "positive": up[word], "negative": down[word], "drop": 0.0}[clash]
    if clash == "drop":
        weights = {word: weight for word, weight in weights.items() if weight}
    if not weights:
        raise DataError("label.empty_lexicon", names=", ".join(asked))
    return Lexicon(weights, tuple(asked), len(both), tuple(tables))


def _named(name: str) -> tuple[list[tuple[str, float]], dict[str, str]]:
    if name == INSET:
        known = dataset(INSET)
        read = [pair for file in locate(INSET) for pair in read_weights(file.path)]
        return read, {"name": name, "licence": known.licence, "source": known.source}
    if name == SAMPLE:
        path = Path(str(resources.files("makna.samples") / _SAMPLE_FILE))
        return read_weights(path), {"name": name, "licence": "CC0 1.0", "source": "makna"}
    path = Path(name)
    if not path.name.lower().endswith(_FILES):
        raise DataError("label.unknown_lexicon", came=name, allowed=", ".join(NAMES), hint=hint(name, NAMES))
    return read_weights(path), {"name": path.name, "licence": "", "source": path.name}


def read_weights(path: Path) -> list[tuple[str, float]]:
    """Read a file with a word and its weight a line.

    Parameters
    ----------
    path : Path
        Words and weights parted by a tab (a comma or a semicolon where no line has a tab).

    Raises
    ------
    DataError
        The file is missing, or a line but the first has no number.
    """
    try:
        stamp = path.stat()
        return list(_read(path, stamp.st_mtime_ns, stamp.st_size))
    except OSError as problem:
        raise DataError("label.no_lexicon", path=str(path), reason=problem.strerror or str(problem)) from problem


@cache
def _read(path: Path, _changed: int, _size: int) -> tuple[tuple[str, float], ...]:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    mark = next((mark for mark in "\t;," if mark in text), "\t")
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, weight = line.rpartition(mark)
        value = _number(weight)
        if value is None or not word.strip():
            if number == 1:
                continue
            raise DataError("label.bad_weight", path=str(path), line=number, came=line.strip()[:60])
        found.append((" ".join(word.casefold().split()), value))
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _strongest(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return each word's strongest weight: a word that stands twice in a list counts once."""
    kept: dict[str, float] = {}
    for word, weight in pairs:
        if abs(weight) > abs(kept.get(word, 0.0)):
            kept[word] = weight
    return kept
