"""Choosing among settings: the best wins, the first of equals, and test rows are never touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError, TrainingError
from makna.tune.hopeless import MedianRule, Watch
from makna.tune.outcome import Answer, Outcome, Trained
from makna.tune.rounds import Listed, Trial, best_of, search
from makna.tune.search import InnerFolds, Judge

Y = np.array(["a", "b"] * 10, dtype=object)
SPLITS = [(np.arange(10), np.arange(10, 14)), (np.arange(4, 14), np.arange(4))]
HELD = np.concatenate([held for _, held in SPLITS])
Says = Callable[[Any, np.ndarray, np.ndarray], np.ndarray]


def _trials(
    candidates: Sequence[Any],
    says: Says,
    score: Any,
    splits: Any = SPLITS,
    y: np.ndarray = Y,
    metric: str = "accuracy",
) -> list[Trial[Any]]:
    """Try candidates in one round."""

    def answer(candidate: Any, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        return Answer(says(candidate, train, held))

    judge: Judge[Any] = Judge(splits, y, answer, score, metric)
    return search(Listed(candidates, len(candidates)), judge.outcomes, MedianRule(metric))


def _choose(scores: list[float | None], metric: str = "f1_macro") -> tuple[Trial[str], list[Trial[str]]]:
    """Choose among candidates with these scores; each candidate predicts its own name."""
    names = [f"c{i}" for i in range(len(scores))]

    def says(name: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        return np.full(len(held), name, dtype=object)

    def score(truth: np.ndarray, prediction: np.ndarray) -> float | None:
        assert len(truth) == len(prediction) == len(HELD)
        return scores[names.index(prediction[0])]

    trials = _trials(names, says, score, metric=metric)
    return best_of(trials, metric), trials


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
    chosen, trials = _choose(scores, metric)
    assert (chosen.candidate, chosen.outcome.score) == (f"c{best}", scores[best])
    assert [(trial.candidate, trial.outcome.score) for trial in trials] == [
        (f"c{i}", value) for i, value in enumerate(scores)
    ]


def test_the_held_rows_of_all_splits_are_scored_together() -> None:
    seen: list[tuple[list[Any], list[Any]]] = []

    def score(truth: np.ndarray, prediction: np.ndarray) -> float:
        seen.append((truth.tolist(), prediction.tolist()))
        return 0.0

    _trials([1, 2], lambda candidate, train, held: held * candidate, score)
    rows = HELD.tolist()
    assert seen == [(Y[rows].tolist(), rows), (Y[rows].tolist(), [2 * row for row in rows])]


def test_candidates_take_turns_on_the_same_rows() -> None:
    # So that what they have in common is still kept when the next one asks for it.
    order: list[tuple[str, int]] = []

    def says(candidate: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        order.append((candidate, int(held[0])))
        return held

    _trials(["x", "y"], says, lambda *_: 0.0)
    assert order == [("x", 10), ("y", 10), ("x", 0), ("y", 0)]


def test_a_trial_that_diverges_is_noted_and_never_chosen() -> None:
    def says(candidate: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        if candidate == "wild" and held[0] == 0:  # on the second split only
            raise TrainingError("core.no_gpu")
        return held

    trials = _trials(["wild", "calm"], says, lambda *_: None)
    why = str(TrainingError("core.no_gpu"))
    assert [trial.outcome for trial in trials] == [Outcome(None, why, diverged=True), Outcome(None, curves=[[], []])]
    assert best_of(trials, "f1_macro").candidate == "calm"
    with pytest.raises(TrainingError) as told:
        best_of(trials[:1], "f1_macro")
    assert told.value.key == "tune.all_diverged"
    assert why in str(told.value)


def test_a_mistake_of_the_users_ends_the_search() -> None:
    def says(candidate: str, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        raise DataError("core.no_gpu")

    with pytest.raises(DataError):
        _trials(["x", "y"], says, lambda *_: 0.0)


@pytest.mark.parametrize(("losses", "expected"), [((0.5, 0.2), 0.5 * 4 / 10 + 0.2 * 6 / 10), ((0.5, None), None)])
def test_the_loss_is_the_mean_over_the_held_rows(losses: tuple[float, float | None], expected: float | None) -> None:
    splits = [(np.arange(10), np.arange(10, 14)), (np.arange(4, 14), np.arange(6))]
    waiting = iter(losses)

    def answer(candidate: Any, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        return Answer(held, [Trained([], next(waiting))])

    judge: Judge[Any] = Judge(splits, Y, answer, lambda *_: 1.0, "loss")
    if expected is None:
        with pytest.raises(DataError) as told:
            list(judge.outcomes(["net"], MedianRule("loss")))
        assert told.value.key == "tune.no_loss"
    else:
        assert next(judge.outcomes(["net"], MedianRule("loss")))[1].score == pytest.approx(expected)


@pytest.mark.parametrize("stopped", [True, False])
def test_only_a_training_that_ended_early_was_stopped(stopped: bool) -> None:
    rows = [{"epoch": 1, "part": "valid", "loss": 2.0}]

    def answer(candidate: Any, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        return Answer(held, [Trained(rows, stopped=stopped)])

    judge: Judge[Any] = Judge(SPLITS, Y, answer, lambda *_: 1.0, "accuracy")
    rule = MedianRule("loss", [Outcome(1.0, curves=[[{1: 0.5}], [{1: 0.5}]])] * 3)
    outcome = next(judge.outcomes(["net"], rule))[1]
    assert (outcome.score, outcome.why is not None) == (1.0, stopped)


def test_the_epochs_of_a_network_are_means_over_the_splits() -> None:
    def answer(candidate: Any, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        high = float(held[0])  # 10 on the first split, 0 on the second, whose network runs one epoch longer
        rows = [{"epoch": 1, "part": "train", "loss": high}, {"epoch": 1, "part": "valid", "loss": high + 1}]
        later = [{"epoch": 2, "part": "valid", "loss": 7.0, "f1_macro": None}] if high == 0 else []
        return Answer(held, [Trained(rows + later)])

    judge: Judge[Any] = Judge(SPLITS, Y, answer, lambda *_: 1.0, "accuracy")
    outcome = next(judge.outcomes(["net"], MedianRule("loss")))[1]
    assert outcome.epochs == [
        {"epoch": 1, "part": "train", "loss": 5.0},
        {"epoch": 1, "part": "valid", "loss": 6.0},
        {"epoch": 2, "part": "valid", "loss": 7.0, "f1_macro": None},
    ]
    assert outcome.curves == [[{1: 11.0}], [{1: 1.0, 2: 7.0}]]
    assert Outcome.from_json(outcome.to_json()) == outcome


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

    def says(candidate: Any, train: np.ndarray, held: np.ndarray) -> np.ndarray:
        touched.update(train.tolist(), held.tolist())
        assert not set(train) & set(held)
        return y[held]

    scored: list[int] = []
    splits = InnerFolds(3, 13, groups).split(rows, y)
    _trials([1, 2], says, lambda truth, _: scored.append(len(truth)) or 0.0, splits, y)
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
