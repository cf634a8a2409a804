"""The worst mistakes come first, with the words they hang on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from makna.core.task import Task
from makna.explain.errors import Answers, worst_mistakes

TEXTS = ["baik sekali", "buruk sekali", "tidak baik", "biasa saja", "", "tidak buruk"]
CORPUS = pd.DataFrame({"id": [f"r{i}" for i in range(6)], "text": TEXTS})


def _positive(texts: Sequence[str]) -> list[np.ndarray]:
    """Return the probabilities of ("neg", "pos") by the words in a text."""
    share = np.array([0.5 + 0.42 * ("baik" in t) - 0.3 * ("buruk" in t) - 0.05 * ("tidak" in t) for t in texts])
    return [np.column_stack([1 - share, share])]


def _class_answers(rows: list[int], truth: list[str]) -> Answers:
    probability = _positive([TEXTS[row] for row in rows])
    prediction = np.array(["neg", "pos"], dtype=object)[probability[0].argmax(axis=1)]
    return Answers(np.array(rows), np.array(truth, dtype=object), prediction, probability, _positive)


def test_the_surest_mistake_comes_first() -> None:
    # The system says: .92 pos, .8 neg, .87 pos, .5 neg, .5 neg, .85 neg.
    answers = _class_answers([0, 1, 2, 3, 4, 5], ["pos", "pos", "neg", "pos", "neg", "pos"])
    found = worst_mistakes(CORPUS, Task(), answers, n=10)
    assert [mistake["id"] for mistake in found] == ["r2", "r5", "r1", "r3"]
    assert [mistake["probability"] for mistake in found] == pytest.approx([0.87, 0.85, 0.8, 0.5])
    first = found[0]
    assert (first["text"], first["truth"], first["prediction"]) == ("tidak baik", "neg", "pos")
    assert first["words"] == [["baik", pytest.approx(0.42)]]
    assert found[2]["words"] == [["buruk", pytest.approx(0.3)]]
    assert dict(map(tuple, found[1]["words"])) == {"buruk": pytest.approx(0.3), "tidak": pytest.approx(0.05)}
    assert found[3]["words"] == []
    assert set(first) == {"id", "text", "truth", "prediction", "probability", "words"}
    assert worst_mistakes(CORPUS, Task(), answers, n=2) == found[:2]


def test_equally_sure_mistakes_keep_the_order_of_the_rows() -> None:
    answers = _class_answers([3, 0, 0, 4], ["pos", "neg", "neg", "pos"])
    assert [mistake["id"] for mistake in worst_mistakes(CORPUS, Task(), answers, n=4)] == ["r0", "r0", "r3", "r4"]


def test_rows_are_positions_in_the_corpus() -> None:
    corpus = CORPUS.iloc[::-1].set_index(pd.Index(range(10, 16)))
    answers = Answers(
        np.array([1]), np.array(["pos"], dtype=object), np.array(["neg"], dtype=object), _positive([""]), _positive
    )
    assert worst_mistakes(corpus, Task(), answers)[0]["id"] == "r4"


def test_no_mistake() -> None:
    assert worst_mistakes(CORPUS, Task(), _class_answers([0, 1], ["pos", "neg"])) == []
    numbers = Answers(np.array([0]), np.array([1.0]), np.array([1.0]), [], lambda X: [np.zeros(len(X))])
    for scale in (None, (0.0, 1.0)):
        assert worst_mistakes(CORPUS, Task("text", "number", scale=scale), numbers) == []


def _marks(X: Sequence[str]) -> list[np.ndarray]:
    return [np.array([2.0 + 1.5 * ("baik" in text) - ("buruk" in text) for text in X])]


@pytest.mark.parametrize("size", [1.0, 20.0, 0.2])
def test_numbers_furthest_off_come_first(size: float) -> None:
    rows, truth = [0, 1, 2, 3, 5], np.array([0.0, 3.0, 3.4, 2.0, 1.6])
    said = _marks([TEXTS[row] for row in rows])[0]  # 3.5, 1.0, 3.5, 2.0, 1.0
    answers = Answers(np.array(rows), truth * size, said * size, [], lambda X: [_marks(X)[0] * size])
    task = Task("text", "number", scale=(0.0, 5.0 * size))
    found = worst_mistakes(CORPUS, task, answers, n=10)
    assert [mistake["id"] for mistake in found] == ["r0", "r1", "r5"], "a tenth of the scale off is no mistake yet"
    assert [mistake["difference"] for mistake in found] == pytest.approx([3.5 * size, -2.0 * size, -0.6 * size])
    assert (found[0]["truth"], found[0]["prediction"]) == (0.0, pytest.approx(3.5 * size))
    # A word decided where leaving it out brings the answer nearer to the truth.
    assert found[0]["words"] == [["baik", pytest.approx(1.5 * size)]]
    assert found[1]["words"] == [["buruk", pytest.approx(1.0 * size)]]
    assert set(found[0]) == {"id", "text", "truth", "prediction", "difference", "words"}


def test_numbers_without_a_scale() -> None:
    answers = Answers(np.array([0, 1]), np.array([3.4, 1.0]), np.array([3.5, 1.0]), [], _marks)
    assert [mistake["id"] for mistake in worst_mistakes(CORPUS, Task("text", "number"), answers)] == ["r0"]


def test_of_several_outputs_the_surest_wrong_one_counts() -> None:
    task = Task("text", "classes", outputs=("harga", "mutu"))

    def ask(X: Any) -> list[np.ndarray]:
        price = np.array([0.6 if "murah" in text else 0.3 for text in X])
        return [np.column_stack([1 - price, price]), _positive(X)[0]]

    corpus = CORPUS.assign(text=["murah baik", "murah", "baik", "buruk", "biasa", "murah buruk"])
    rows = np.arange(6)
    probability = ask(corpus["text"])
    names = [np.array(["tidak", "ada"], dtype=object), np.array(["neg", "pos"], dtype=object)]
    columns = [name[p.argmax(axis=1)] for name, p in zip(names, probability, strict=True)]
    truth = np.array(
        [["tidak", "neg"], ["tidak", "neg"], ["tidak", "pos"], ["ada", "neg"], ["tidak", "neg"], ["tidak", "pos"]],
        dtype=object,
    )
    answers = Answers(rows, truth, np.column_stack(columns), probability, ask)
    found = worst_mistakes(corpus, task, answers, n=10)
    assert [(m["id"], m["output"], m["truth"], m["prediction"]) for m in found] == [
        ("r0", "mutu", "neg", "pos"), ("r5", "mutu", "pos", "neg"), ("r3", "harga", "ada", "tidak"),
        ("r1", "harga", "tidak", "ada"),
    ]  # fmt: skip
    assert found[0]["probability"] == pytest.approx(0.92)
    assert found[0]["words"] == [["baik", pytest.approx(0.42)]]
    assert found[3]["words"] == [["murah", pytest.approx(0.3)]]


def test_both_sides_of_a_pair_are_searched() -> None:
    corpus = pd.DataFrame({"id": ["p"], "text_a": ["kucing baik hati"], "text_b": ["anjing baik galak"]})

    def ask(X: pd.DataFrame) -> list[np.ndarray]:
        assert list(X.columns) == ["text_a", "text_b"]
        first, second = X["text_a"].str.contains("kucing"), X["text_b"].str.contains("galak")
        share = 0.5 + 0.1 * first.to_numpy() + 0.3 * second.to_numpy()
        return [np.column_stack([1 - share, share])]

    prediction, truth = np.array(["1"], dtype=object), np.array(["0"], dtype=object)
    answers = Answers(np.array([0]), truth, prediction, ask(corpus[["text_a", "text_b"]]), ask)
    (found,) = worst_mistakes(corpus, Task("pair", "class"), answers)
    assert found["words"] == [["galak", pytest.approx(0.3)], ["kucing", pytest.approx(0.1)]]
    assert (found["text_a"], found["text_b"]) == ("kucing baik hati", "anjing baik galak")
    assert "text" not in found
