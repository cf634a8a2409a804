"""Choosing among settings: the best wins, the first of equals, and test rows are never touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.tune.search import Choice, InnerFolds, choose

Y = np.array(["a", "b"] * 10, dtype=object)
SPLITS = [(np.arange(10), np.arange(10, 14)), (np.arange(4, 14), np.arange(4))]
HELD = np.concatenate([held for _, held in SPLITS])


def _choose(scores: list[float | None], metric: str = "f1_macro") -> Choice[str]:
    """Choose among candidates with these scores; each candidate predicts its own name."""
    names = [f"c{i}" for i in range(len(scores))]

    def fit_predict(name: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        return np.full(len(held), name, dtype=object)

    def score(truth: np.ndarray, prediction: np.ndarray) -> float | None:
        assert len(truth) == len(prediction) == len(HELD)
        return scores[names.index(prediction[0])]

    return choose(names, SPLITS, Y, fit_predict, score, metric)


@pytest.mark.parametrize(
    ("scores", "metric", "best"),
    [
        ([0.2, 0.9, 0.5], "f1_macro", 1),
        ([0.2, 0.9, 0.9], "accuracy", 1),
        ([0.5, 0.5, 0.5], "accuracy", 0),
        ([0.2, 0.9, 0.1], "rmse", 2),
        ([0.2, 0.1, 0.1], "mae", 1),
        ([3.0, 1.0, 2.0], "mse", 1),
        ([0.2, 0.9, 0.1], "pearson", 1),
        ([-0.5, -0.9], "spearman", 0),
        ([None, -0.9, None], "pearson", 1),
        ([None, 99.0], "rmse", 1),
        ([None, None], "f1_macro", 0),
    ],
)
def test_the_best_is_chosen(scores: list[float | None], metric: str, best: int) -> None:
    choice = _choose(scores, metric)
    assert choice.best == f"c{best}"
    assert choice.score == scores[best]
    assert choice.trials == [{"trial": i, "score": value} for i, value in enumerate(scores)]


def test_one_candidate_needs_no_trial() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("there is nothing to choose")

    choice = choose(["only"], SPLITS, Y, never, never, "f1_macro")
    assert choice == Choice("only", None, [])


def test_the_held_rows_of_all_splits_are_scored_together() -> None:
    seen: list[tuple[list[Any], list[Any]]] = []

    def score(truth: np.ndarray, prediction: np.ndarray) -> float:
        seen.append((truth.tolist(), prediction.tolist()))
        return 0.0

    choose([1, 2], SPLITS, Y, lambda candidate, train, held: held * candidate, score, "accuracy")
    rows = HELD.tolist()
    assert seen == [(Y[rows].tolist(), rows), (Y[rows].tolist(), [2 * row for row in rows])]


def test_candidates_take_turns_on_the_same_rows() -> None:
    # So that what they have in common is still kept when the next one asks for it.
    order: list[tuple[str, int]] = []

    def fit_predict(candidate: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        order.append((candidate, int(held[0])))
        return held

    choose(["x", "y"], SPLITS, Y, fit_predict, lambda *_: 0.0, "accuracy")
    assert order == [("x", 10), ("y", 10), ("x", 0), ("y", 0)]


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("numbers", [True, False])
def test_only_training_rows_are_ever_touched(grouped: bool, numbers: bool) -> None:
    n = 60
    rng = np.random.default_rng(0)
    y = rng.random(n) if numbers else rng.choice(np.array(["a", "b"], dtype=object), n)
    test = np.arange(1, n, 4)
    rows = np.setdiff1d(np.arange(n), test)
    groups = np.arange(n) // 4 if grouped else None
    touched: set[int] = set()

    def fit_predict(candidate: Any, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        touched.update(train.tolist(), held.tolist())
        assert not set(train) & set(held)
        return y[held]

    scored: list[int] = []
    splits = InnerFolds(3, 13, groups).split(rows, y)
    choose([1, 2], splits, y, fit_predict, lambda truth, _: scored.append(len(truth)) or 0.0, "accuracy")
    assert touched == set(rows)
    assert scored == [len(rows)] * 2


def test_inner_folds_keep_groups_together_and_classes_alike() -> None:
    rows = np.setdiff1d(np.arange(90), np.arange(0, 90, 5))
    y = np.array(["jarang" if i % 6 == 1 else "sering" for i in range(90)], dtype=object)
    groups = np.arange(90) // 2
    splits = InnerFolds(3, 1, groups).split(rows, y)
    assert sorted(np.concatenate([held for _, held in splits])) == rows.tolist()
    for train, held in splits:
        assert sorted([*train, *held]) == rows.tolist()
        assert not set(groups[train]) & set(groups[held])
        assert abs((y[held] == "jarang").sum() - (y[rows] == "jarang").sum() / 3) <= 1


def test_inner_folds_follow_the_seed() -> None:
    rows, y = np.arange(20), Y

    def held(seed: int) -> list[list[int]]:
        return [part.tolist() for _, part in InnerFolds(4, seed).split(rows, y)]

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_too_few_groups_for_inner_folds() -> None:
    with pytest.raises(DataError) as error:
        InnerFolds(3, 0, np.repeat([0, 1], 10)).split(np.arange(20), Y)
    assert error.value.key == "split.too_few"


def test_inner_folds_of_several_outputs() -> None:
    y = np.column_stack([Y, np.array(["x"] * 5 + ["y"] * 15)]).astype(object)
    splits = InnerFolds(5, 0).split(np.arange(20), y)
    assert sorted(np.concatenate([held for _, held in splits])) == list(range(20))
