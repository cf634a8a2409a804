"""Rows to be scored that stand among the training rows too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import GROUP, ID, normalised
from makna.core.task import Task
from makna.split.plan import TRAIN, Plan

_EXAMPLES = 5
FOLDS = "folds"


@dataclass(frozen=True)
class Leaks:
    """What leaks between parts, or between a fold's training and test rows.

    Parameters
    ----------
    found : list of dict
        ``kind`` (exact, normalised, near, group), ``parts``, ``rows`` (held rows that leak) and ``examples``.
    rows : dict of ndarray of bool
        Held part → for every row of the corpus whether its text leaks (groups alone do not count).
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, np.ndarray] = field(default_factory=dict)


def find_leaks(corpus: pd.DataFrame, task: Task, plan: Plan, near: np.ndarray | None = None) -> Leaks:
    """Return which held rows are known from the training rows of their fit.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    plan : Plan
        How they are parted.
    near : ndarray of int, shape (n,), or None
        Code of each row's text, equal where texts are near-duplicates.

    Notes
    -----
    A group that stands in several parts although its rows are to be kept together (parts as given) is reported too,
    but its rows are no leaking texts.
    """
    keys = _keys(corpus, task, near)
    if plan.groups is not None:
        keys[GROUP] = plan.groups
    found: list[dict[str, Any]] = []
    leaking: dict[str, np.ndarray] = {}
    for part in dict.fromkeys(name for unit in plan.units for name in unit.held):
        for kind, key in keys.items():
            rows = np.concatenate(
                [_known(key, unit.train, unit.held[part]) for unit in plan.units if part in unit.held]
            )
            if not len(rows):
                continue
            examples = [_example(corpus, task, row) for row in np.sort(rows)[:_EXAMPLES]]
            parts = [FOLDS if plan.by_folds else TRAIN, part]
            found.append({"kind": kind, "parts": parts, "rows": len(rows), "examples": examples})
            if kind != GROUP:
                leaking.setdefault(part, np.zeros(len(corpus), dtype=bool))[rows] = True
    return Leaks(found, leaking)


def shared_groups(corpus: pd.DataFrame, plan: Plan) -> list[dict[str, Any]]:
    """Return how many held rows have a group that the training rows of their fit have too.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    plan : Plan
        How they are parted.

    Returns
    -------
    list of {"part", "rows", "of", "groups"}
        One a held part; empty where rows have no groups, or where these are kept together. Answers to questions that
        are known from training say how well a system marks more answers to these, not to new ones.
    """
    if GROUP not in corpus or plan.groups is not None:
        return []
    groups = np.unique(corpus[GROUP].to_numpy(dtype=object).astype(str), return_inverse=True)[1]
    found = []
    for part in dict.fromkeys(name for unit in plan.units for name in unit.held):
        held = [(unit.train, unit.held[part]) for unit in plan.units if part in unit.held]
        known = np.concatenate([_known(groups, train, rows) for train, rows in held])
        of = sum(len(rows) for _, rows in held)
        found.append({"part": part, "rows": len(known), "of": of, "groups": len(np.unique(groups[known]))})
    return found


def _keys(corpus: pd.DataFrame, task: Task, near: np.ndarray | None) -> dict[str, np.ndarray]:
    keys = {"exact": _codes(corpus, task, str), "normalised": _codes(corpus, task, normalised)}
    if near is not None:
        keys["near"] = near
    return keys


def _known(key: np.ndarray, train: np.ndarray, held: np.ndarray) -> np.ndarray:
    return held[np.isin(key[held], key[train])]


def _codes(corpus: pd.DataFrame, task: Task, form: Any) -> np.ndarray:
    """Return a code a row, equal where both sides are the same; a row without any text is like no other."""
    joined = pd.Series(list(zip(*(corpus[column].map(form) for column in task.text_columns), strict=True)))
    codes = pd.factorize(joined)[0]
    empty = joined.map(lambda sides: not any(side.strip() for side in sides)).to_numpy()
    return np.where(empty, -1 - np.arange(len(codes)), codes)


def _example(corpus: pd.DataFrame, task: Task, row: int) -> dict[str, str]:
    found = corpus.iloc[row]
    return {"id": str(found[ID]), "text": " ⟷ ".join(found[column] for column in task.text_columns)}
