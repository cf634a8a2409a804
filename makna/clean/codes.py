"""Rows as numbers that are equal where the texts are: counting, grouping and dropping repeated ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import normalised


def row_key(text: str) -> str:
    """Return what two texts share that are the same when normalised.

    Texts without a letter or digit (emoji, marks) normalise to nothing; they are the same only if they look the same.
    """
    return normalised(text) or f"\0{text.strip()}"


def codes_of(sides: Sequence[Sequence[Hashable]]) -> np.ndarray:
    """Return an integer a row, equal where all sides are equal, in order of first appearance.

    Examples
    --------
    >>> codes_of([["a", "b", "a"]]).tolist()
    [0, 1, 0]
    """
    known: dict[Hashable, int] = {}
    rows = zip(*sides, strict=True)
    return np.array([known.setdefault(row, len(known)) for row in rows], dtype=np.int64)


def groups_of(codes: np.ndarray) -> list[np.ndarray]:
    """Return the positions of every code that occurs more than once, in order of first appearance."""
    if not len(codes):
        return []
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return sorted((members for members in np.split(order, cuts) if len(members) > 1), key=lambda group: int(group[0]))


def count_of(codes: np.ndarray) -> dict[str, int]:
    """Return the number of groups of equal codes, and of rows beyond the first of each."""
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, dtype=int)
    more = sizes[sizes > 1]
    return {"groups": len(more), "rows": int((more - 1).sum())}


def repeated(codes: np.ndarray, among: np.ndarray, which: str) -> np.ndarray:
    """Return which of the rows `among` go so that of equal ones the ``first``, the ``last`` or ``none`` stays."""
    keep: Any = False if which == "none" else which
    bad = np.zeros(len(codes), dtype=bool)
    rows = np.flatnonzero(among)
    bad[rows] = pd.Series(codes[rows]).duplicated(keep=keep).to_numpy()
    return bad
