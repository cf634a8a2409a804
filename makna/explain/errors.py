"""The worst mistakes: what a system was surest of and got wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import ID, PAIR, TEXT
from makna.core.task import Task
from makna.explain.words import decisive_words


@dataclass(frozen=True)
class Answers:
    """What a fitted system said of some rows of a corpus, and the system itself.

    Parameters
    ----------
    rows : ndarray of int
        Row positions in the corpus.
    truth, prediction : ndarray, shape (n,) or (n, outputs)
        Labels or numbers.
    probability : list of ndarray
        One an output, shape (n, classes); empty for numbers.
    probabilities_of : callable
        X → probabilities, one array an output (or the numbers).
    """

    rows: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray
    probability: list[np.ndarray]
    probabilities_of: Callable[[Any], list[np.ndarray]]


def worst_mistakes(corpus: pd.DataFrame, task: Task, answers: Answers, n: int = 3) -> list[dict[str, Any]]:
    """Return the mistakes a system was surest of, or the numbers furthest off, with the words that decided.

    A number counts as a mistake when it is off by more than a tenth of the scale (where there is one).

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    answers : Answers
        What the system said; of several outputs the surest wrong one counts.
    n : int
        Mistakes returned at most.

    Returns
    -------
    list of dict
        As ``errors`` in explain.json, worst first.
    """
    if task.is_number:
        off = np.abs(answers.prediction - answers.truth)
        order = [(i, 0) for i in np.argsort(-off, kind="stable")[:n] if off[i] > _tolerated(task)]
    else:
        truth, prediction = _two_d(answers.truth), _two_d(answers.prediction)
        sure = np.stack([p.max(axis=1) for p in answers.probability], axis=1)
        ranked = np.where(truth != prediction, sure, -1.0)
        column = ranked.argmax(axis=1)
        best = ranked.max(axis=1)
        order = [(i, int(column[i])) for i in np.argsort(-best, kind="stable")[:n] if best[i] >= 0]
    return [_mistake(corpus, task, answers, int(i), output) for i, output in order]


def _tolerated(task: Task) -> float:
    low, high = task.scale or (0.0, 0.0)
    return (high - low) / 10


def _mistake(corpus: pd.DataFrame, task: Task, answers: Answers, i: int, output: int) -> dict[str, Any]:
    row = corpus.iloc[answers.rows[i]]
    columns = [TEXT] if task.inputs == "text" else list(PAIR)
    found: dict[str, Any] = {"id": str(row[ID]), **{column: str(row[column]) for column in columns}}
    if task.outputs[output]:
        found["output"] = task.outputs[output]
    if task.is_number:
        truth, said = float(answers.truth[i]), float(answers.prediction[i])
        found |= {"truth": truth, "prediction": said, "difference": said - truth}
        label, sign = None, np.sign(said - truth)
    else:
        label = int(answers.probability[output][i].argmax())
        found |= {
            "truth": str(_two_d(answers.truth)[i, output]),
            "prediction": str(_two_d(answers.prediction)[i, output]),
        }
        found |= {"probability": float(answers.probability[output][i, label])}
        sign = 1.0
    words = []
    for column in columns:

        def answer(texts: Sequence[str], column: str = column) -> np.ndarray:
            return sign * _ask(answers, task, row, column, texts, output, label)

        words += decisive_words(answer, str(row[column]))
    found["words"] = sorted(words, key=lambda w: -w[1])[:5]
    return found


def _ask(
    answers: Answers, task: Task, row: pd.Series, column: str, texts: Any, output: int, label: int | None
) -> np.ndarray:
    """Return the answers to variants of one side of a row."""
    X: Any = np.array(texts, dtype=object)
    if task.inputs == "pair":
        X = pd.DataFrame({side: texts if side == column else [str(row[side])] * len(texts) for side in PAIR})
    said = answers.probabilities_of(X)[output]
    return said if label is None else said[:, label]


def _two_d(values: np.ndarray) -> np.ndarray:
    return values if values.ndim == 2 else values[:, None]
