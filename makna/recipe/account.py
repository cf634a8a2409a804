"""The account of the rows that a study uses: classes by group and part, the commonest words, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import GROUP, SCORE, as_pairs, as_texts, is_pairs
from makna.core.task import Task

_COMMON = 20


def classes(corpus: pd.DataFrame, task: Task, rows: np.ndarray) -> dict[str, dict[str, int]]:
    """Return the number of rows of each class, by output."""
    some = corpus.iloc[rows]
    return {
        output: dict(sorted(Counter(some[column]).items()))
        for output, column in zip(task.outputs, task.target_columns, strict=True)
    }


def class_table(
    corpus: pd.DataFrame, task: Task, parts: Mapping[str, np.ndarray]
) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Return output → part → group → class → rows; empty for numbers.

    Parameters
    ----------
    corpus : DataFrame
        The rows kept.
    task : Task
        Inputs and target.
    parts : mapping of str to ndarray of int
        Part → row positions; with none, all rows are the part ``all``.
    """
    if task.is_number:
        return {}
    groups = corpus[GROUP].to_numpy(dtype=object) if GROUP in corpus else np.full(len(corpus), "", dtype=object)
    table: dict[str, Any] = {}
    for output, column in zip(task.outputs, task.target_columns, strict=True):
        labels = corpus[column].to_numpy(dtype=object)
        for part, rows in (parts or {"all": np.arange(len(corpus))}).items():
            counts = Counter(zip(groups[rows], labels[rows], strict=True))
            for (group, label), n in sorted(counts.items()):
                table.setdefault(output, {}).setdefault(part, {}).setdefault(str(group), {})[str(label)] = n
    return table


def common_words(
    cleaned: Any, y: np.ndarray, task: Task, stop_words: frozenset[str], n: int = _COMMON
) -> dict[str, dict[str, list[list[Any]]]]:
    """Return output → class → the commonest words of its texts with their counts; empty for numbers.

    Parameters
    ----------
    cleaned : sequence of str or DataFrame
        Texts after the recipe's cleaning.
    y : ndarray, shape (n,) or (n, outputs)
        Labels.
    task : Task
        Inputs and target.
    stop_words : frozenset of str
        Words left out.
    n : int
        Words a class.
    """
    if task.is_number:
        return {}
    words = [[w for w in text.split() if w not in stop_words and len(w) > 1] for text in joined_texts(cleaned)]
    columns = y if y.ndim == 2 else y[:, None]
    found: dict[str, dict[str, list[list[Any]]]] = {}
    for j, output in enumerate(task.outputs):
        by_class: dict[str, Counter[str]] = {}
        for label, some in zip(columns[:, j], words, strict=True):
            by_class.setdefault(str(label), Counter()).update(some)
        found[output] = {
            label: [[word, count] for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]]
            for label, counts in sorted(by_class.items())
        }
    return found


def joined_texts(X: Any) -> list[str]:
    """Return one text a row; the sides of a pair with a space between."""
    if not is_pairs(X):
        return as_texts(X)
    return [f"{a} {b}" for a, b in zip(*as_pairs(X), strict=True)]


def numbers(values: np.ndarray) -> dict[str, Any]:
    """Return count, mean, standard deviation, range and histogram of a number target."""
    counts, edges = np.histogram(values, bins=min(20, max(5, len(np.unique(values)))))
    return {
        "n": len(values),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "low": float(values.min()),
        "high": float(values.max()),
        "histogram": {"counts": counts.tolist(), "edges": edges.tolist()},
    }


def lengths(X: Any) -> dict[str, float]:
    """Return mean, median, 95th percentile and maximum of the words a row has (both sides of a pair)."""
    words = np.array([len(text.split()) for text in joined_texts(X)])
    return {
        "mean": float(words.mean()),
        "median": float(np.median(words)),
        "p95": float(np.quantile(words, 0.95)),
        "longest": int(words.max()),
    }


def parts_of(corpus: pd.DataFrame, task: Task, parts: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Return rows, and classes where there are classes, of each part."""
    return {
        name: {"rows": len(rows), **({} if task.is_number else {"classes": classes(corpus, task, rows)})}
        for name, rows in parts.items()
    }


def target_account(corpus: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Return ``numbers`` for a number target, ``classes`` for the others."""
    if task.is_number:
        return {"numbers": numbers(corpus[SCORE].to_numpy(dtype=float))}
    return {"classes": classes(corpus, task, np.arange(len(corpus)))}
