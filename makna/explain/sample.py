"""A sample of errors to be sorted by hand, and what the sorting gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from makna.collect.files import read_table
from makna.collect.names import hint
from makna.collect.writer import TableWriter
from makna.core.corpus import ID
from makna.core.errors import DataError
from makna.core.messages import LANGUAGES, say
from makna.core.shares import share_of
from makna.core.task import Task
from makna.explain.kinds import KINDS, SortedErrors

FILE = "errors-sample.csv"
BY_RULE = "kind_by_rule"
BY_HAND = "kind_by_hand"


def error_sample(corpus: pd.DataFrame, task: Task, found: SortedErrors, n: int = 50, seed: int = 0) -> pd.DataFrame:
    """Draw errors of any of the systems, to be sorted by hand.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    found : SortedErrors
        From `error_kinds`.
    n : int
        Errors drawn at most.
    seed : int
        Of the draw.

    Returns
    -------
    DataFrame of str
        ``id``, the texts, ``label``, each system's ``answer: NAME`` and ``probability: NAME`` (of its answer, where it
        gives one), the kind by rule in the language in force, and an empty column for the kind by hand; in the order of
        the rows.
    """
    wrong = np.flatnonzero([bool(kind) for kind in found.kinds])
    drawn = np.sort(np.random.default_rng(seed).permutation(wrong)[:n])
    rows = corpus.iloc[found.rows[drawn]]
    columns: dict[str, Any] = {ID: rows[ID].astype(str).tolist()}
    columns |= {column: rows[column].astype(str).tolist() for column in task.text_columns}
    columns["label"] = rows[task.target_columns[0]].astype(str).tolist()
    for name, said in found.said.items():
        columns[f"answer: {name}"] = [str(label) for label in said.prediction[drawn]]
        if said.probability:
            columns[f"probability: {name}"] = [f"{p:.4f}" for p in said.probability[0][drawn].max(axis=1)]
    columns[BY_RULE] = [kind_in_words(found.kinds[i]) for i in drawn]
    columns[BY_HAND] = [""] * len(drawn)
    return pd.DataFrame(columns, dtype=str)


def write_sample(path: Path, sample: pd.DataFrame) -> bool:
    """Write a sample, unless one is there in which somebody has begun to sort.

    Returns
    -------
    bool
        Whether it was written.
    """
    if path.is_file() and _is_begun(path):
        return False
    with TableWriter.open(path, list(sample.columns)) as writer:
        writer.write(sample)
    return True


def read_sorted(path: Path, level: float = 0.95) -> dict[str, Any]:
    """Return what the sorting by hand gives, beside the rules on the same errors.

    Kinds may be written in Indonesian, in English, or as their key (``length``); rows without one are left out.

    Parameters
    ----------
    path : Path
        A sample as `write_sample` makes it, filled in; saved by a spreadsheet as csv or xlsx.
    level : float
        Of the intervals (Wilson).

    Returns
    -------
    dict
        ``n``: rows sorted; ``of``: rows in the file; ``hand`` and ``rule``: kind → n, share, low, high; ``agree``:
        share of rows with the same kind; ``kappa``: Cohen's, None where all rows have one and the same kind.

    Raises
    ------
    DataError
        A column is missing, or a kind is unknown (with its line and the nearest one).
    """
    frame = read_table(path)
    for column in (BY_RULE, BY_HAND):
        if column not in frame:
            raise DataError("explain.no_column", column=column, path=str(path))
    by_hand = [_kind(text, path, line) for line, text in zip(frame.index, frame[BY_HAND], strict=True)]
    by_rule = [_kind(text, path, line) for line, text in zip(frame.index, frame[BY_RULE], strict=True)]
    pairs = [(hand, rule) for hand, rule in zip(by_hand, by_rule, strict=True) if hand and rule]
    hand, rule = ([pair[side] for pair in pairs] for side in (0, 1))
    return {
        "n": len(pairs),
        "of": len(frame),
        "hand": _shares(hand, level),
        "rule": _shares(rule, level),
        "agree": share_of(sum(a == b for a, b in pairs), len(pairs), level),
        "kappa": _kappa(hand, rule),
    }


def kind_in_words(kind: str, lang: str | None = None) -> str:
    """Return a kind's name in a language, the one in force when None."""
    return say(f"explain.kind_{kind}", lang)


def _names() -> Mapping[str, str]:
    """Every name of a kind, case-folded → its key."""
    words = {kind_in_words(kind, lang).casefold(): kind for kind in KINDS for lang in LANGUAGES}
    return {kind: kind for kind in KINDS} | words


def _kind(text: str, path: Path, line: int) -> str:
    names = _names()
    plain = " ".join(text.split()).casefold()
    if plain and plain not in names:
        allowed = [kind_in_words(kind) for kind in KINDS]
        raise DataError("explain.unknown_kind", came=text.strip(), path=str(path), line=line,
                        allowed=", ".join(allowed), hint=hint(plain, names))  # fmt: skip
    return names.get(plain, "")


def _shares(kinds: Sequence[str], level: float) -> dict[str, Any]:
    return {kind: share_of(kinds.count(kind), len(kinds), level) for kind in KINDS}


def _kappa(hand: Sequence[str], rule: Sequence[str]) -> float | None:
    if len({*hand, *rule}) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(hand, rule))


def _is_begun(path: Path) -> bool:
    try:
        frame = read_table(path)
    except DataError:
        return True  # whatever it is, it is not ours to overwrite
    return BY_HAND in frame and bool((frame[BY_HAND].str.strip() != "").any())
