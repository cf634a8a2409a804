"""Rows of one part that stand in another part too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import GROUP, ID, normalised
from makna.core.task import Task
from makna.split.plan import TRAIN

_EXAMPLES = 5


def find_leaks(corpus: pd.DataFrame, task: Task, parts: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return, for each held part, which of its rows are known from the training part.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    parts : dict of ndarray of int
        Part → row positions.

    Returns
    -------
    list of dict
        ``kind`` (exact, normalised, group), ``parts``, ``rows`` (of the held part) and ``examples``.
    """
    if TRAIN not in parts:
        return []
    keys = {"exact": _joined(corpus, task, str), "normalised": _joined(corpus, task, normalised)}
    if GROUP in corpus:
        keys["group"] = corpus[GROUP].to_numpy(dtype=object)
    leaks = []
    for held, rows in parts.items():
        if held == TRAIN:
            continue
        for kind, key in keys.items():
            known = set(key[parts[TRAIN]])
            found = [row for row in rows if key[row] in known]
            if found:
                examples = [_example(corpus, task, row) for row in found[:_EXAMPLES]]
                leaks.append({"kind": kind, "parts": [TRAIN, held], "rows": len(found), "examples": examples})
    return leaks


def _joined(corpus: pd.DataFrame, task: Task, form: Any) -> np.ndarray:
    sides = [corpus[column].map(form) for column in task.text_columns]
    joined = np.empty(len(corpus), dtype=object)
    joined[:] = list(zip(*sides, strict=True))
    return joined


def _example(corpus: pd.DataFrame, task: Task, row: int) -> dict[str, str]:
    found = corpus.iloc[row]
    return {"id": str(found[ID]), "text": " ⟷ ".join(found[column] for column in task.text_columns)}
