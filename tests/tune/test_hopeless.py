"""Hopeless trials: the median rule is Optuna's, but looks at finished rounds alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from makna.core.messages import set_language
from makna.tune.hopeless import MedianRule, Watch, looked_at
from makna.tune.outcome import Answer, Curve, Outcome, Trained
from makna.tune.rounds import Listed, search
from makna.tune.search import Judge

optuna = pytest.importorskip("optuna")


def _rule(curves: list[Curve], metric: str = "f1_macro", **further: Any) -> MedianRule:
    return MedianRule(metric, [Outcome(0.0, curves=[[curve]]) for curve in curves], **further)


def _pruned_by_optuna(finished: list[Curve], curve: Curve, direction: str) -> list[bool]:
    """Ask Optuna's MedianPruner after every epoch of `curve`."""
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=0, n_min_trials=3)
    study = optuna.create_study(direction=direction, pruner=pruner)
    for values in finished:
        trial = optuna.trial.create_trial(value=0.0, intermediate_values=values)
        study.add_trial(trial)
    asked = study.ask()
    said = []
    for epoch, value in curve.items():
        asked.report(value, epoch)
        said.append(asked.should_prune())
    return said


@pytest.mark.parametrize("metric", ["f1_macro", "loss"])
@pytest.mark.parametrize("seed", range(25))
def test_as_optunas_median_pruner(metric: str, seed: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng = np.random.default_rng(seed)
    finished = [
        {epoch: float(rng.random()) for epoch in range(1, int(rng.integers(2, 6)))} for _ in range(rng.integers(2, 7))
    ]
    curve = {epoch: float(rng.random()) for epoch in range(1, 6)}
    watch = Watch(_rule(finished, metric), 0)
    said = [watch(epoch, {metric: value}) is not None for epoch, value in curve.items()]
    direction = "minimize" if metric == "loss" else "maximize"
    assert said == _pruned_by_optuna(finished, curve, direction)


def test_the_reason_is_told_in_words_with_its_numbers() -> None:
    set_language("en")
    watch = Watch(_rule([{1: 0.5}, {1: 0.7}, {1: 0.6}]), 0)
    assert watch(1, {"f1_macro": 0.55}) == (
        "stopped at epoch 1: its best f1_macro is 0.5500, worse than the median 0.6000 of 3 trials before it"
    )
    assert Watch(_rule([{1: 0.5}, {1: 0.7}, {1: 0.6}]), 0)(1, {"f1_macro": 0.6}) is None


def test_nothing_is_stopped_by_two_trials_or_where_it_is_not_wanted() -> None:
    assert Watch(_rule([{1: 0.9}, {1: 0.9}]), 0)(1, {"f1_macro": 0.0}) is None
    assert Watch(_rule([{1: 0.9}] * 3, stops=False), 0)(1, {"f1_macro": 0.0}) is None


def test_what_is_not_shown_or_no_number_says_nothing() -> None:
    watch = Watch(_rule([{1: 0.9, 2: 0.9}] * 3), 0)
    assert [watch(1, {"loss": 5.0}), watch(1, {"f1_macro": None}), watch(2, {"f1_macro": float("nan")})] == [None] * 3


def test_each_network_of_each_split_is_measured_against_its_like() -> None:
    before = [Outcome(0.0, curves=[[{1: 0.9}, {1: 0.1}], [{1: 0.5}, {1: 0.5}]])] * 3
    first, second = (Watch(MedianRule("f1_macro", before), split) for split in (0, 1))
    assert first(1, {"f1_macro": 0.4}) is not None
    assert first(1, {"f1_macro": 0.4}) is None  # the second output of the same split
    assert second(1, {"f1_macro": 0.6}) is None
    assert second(1, {"f1_macro": 0.4}) is not None


def test_what_is_looked_at() -> None:
    names = ["f1_macro", "accuracy", "rmse", "pearson", "loss", "f1_weighted", "qwk", "harga/f1_macro"]
    assert [looked_at(name) for name in names] == names[:5] + ["loss"] * 3


class Networks:
    """Candidates are slopes: a network whose score grows by its slope at each of six epochs, if it is let."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def answer(self, slope: float, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        history: list[dict[str, Any]] = []
        for epoch in range(1, 7):
            history.append({"epoch": epoch, "part": "valid", "f1_macro": slope * epoch})
            if watch(epoch, history[-1]):
                break
        self.epochs.append(len(history))
        return Answer(np.full(len(held), history[-1]["f1_macro"]), [Trained(history, stopped=len(history) < 6)])


def _search(slopes: list[float], size: int, stops: bool = True) -> tuple[list[int], list[Outcome]]:
    networks = Networks()
    judge: Judge[float] = Judge(
        [(np.arange(4), np.arange(4, 8))], np.zeros(8), networks.answer, lambda _, said: float(said[0]), "f1_macro"
    )
    trials = search(Listed(slopes, size), judge.outcomes, MedianRule("f1_macro", stops=stops))
    return networks.epochs, [trial.outcome for trial in trials]


def test_the_first_round_is_never_stopped_and_later_ones_know_finished_rounds_alone() -> None:
    slopes = [0.3, 0.2, 0.1, 0.05, 0.01, 0.4]
    epochs, outcomes = _search(slopes, 3)
    assert epochs == [6, 6, 6, 1, 1, 6]
    assert [outcome.why is not None for outcome in outcomes] == [False, False, False, True, True, False]
    assert outcomes[3].score == 0.05  # what it had reached
    assert _search(slopes, 6)[0] == [6] * 6
    assert _search(slopes, 3, stops=False)[0] == [6] * 6
