"""Cascades: who is asked, what it costs, and which thresholds are chosen, against the same done by hand."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline, make_pipeline

from makna.core.corpus import is_pairs
from makna.core.errors import DataError
from makna.learn.cascade import Cascade
from makna.learn.cascade_choice import (
    NEVER,
    Rows,
    Wish,
    choose,
    interval_of,
    paired_interval,
    stages_of,
    thresholds_of,
)
from makna.learn.cascade_stages import fit_stages
from makna.learn.linear import LinearSVM, Logistic, Ridge
from makna.learn.scaling import alone, logits_of, together
from makna.represent.counts import Counts
from makna.represent.pairs import OverlapFeatures

rng = np.random.default_rng(4)
_WORDS = np.array(["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "kirim"])
TEXTS = np.array([" ".join(rng.choice(_WORDS, rng.integers(1, 7))) for _ in range(420)], dtype=object)
_TRUE = np.array([("bagus" in text) != ("tidak" in text) for text in TEXTS]) ^ (rng.random(420) < 0.05)
LABELS = np.where(_TRUE, "ya", "bukan").astype(object)
TRAIN, VALID, NEW = slice(0, 250), slice(250, 350), slice(350, 420)
SMALL = make_pipeline(Counts(), Logistic())
LARGE = make_pipeline(Counts(words=(1, 3), weight="binary"), Logistic(C=30))


class Told(ClassifierMixin, BaseEstimator):
    """Says what its texts say: ``id:probability of "1"``; notes the rows it is asked about."""

    def __init__(self, column: int = 0) -> None:
        self.column = column

    def fit(self, X: Any, y: Any) -> Told:
        self.classes_ = np.unique(y)
        self.asked: list[str] = []
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        rows = [f"{a} {b}" for a, b in X.to_numpy()] if is_pairs(X) else X
        self.asked += list(rows)
        p = np.array([float(row.split()[self.column]) for row in rows])
        return np.column_stack([1 - p, p])

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _told(*columns: list[float]) -> np.ndarray:
    return np.array([" ".join(map(str, row)) for row in zip(*columns, strict=True)], dtype=object)


def _cascade(depth: int = 2, **settings: Any) -> Cascade:
    prices = {"prices": [1.0, 10.0, 100.0][:depth], "combine": False}
    return Cascade([(f"s{i}", make_pipeline(Told(i))) for i in range(depth)], **{**prices, **settings})


def _rows(n: int = 400, depth: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return texts that say what systems say, each better than the one before it, and the truth."""
    own = np.random.default_rng(seed)
    truth = own.integers(2, size=n)
    columns = []
    for place in range(depth):
        logit = (2 * truth - 1) * (1.0 + place) + own.normal(scale=1.2, size=n)
        columns.append((1 / (1 + np.exp(-logit))).round(6).tolist())
    return _told(*columns), truth.astype(str).astype(object)


@pytest.mark.parametrize("depth", [2, 3])
def test_each_system_is_asked_only_about_what_is_left(depth: int) -> None:
    X, y = _rows(depth=depth)
    cascade = _cascade(depth, cost={2: 0.5, 3: 0.1}[depth]).fit(X, y, X, y)
    systems = [pipeline[-1] for pipeline in cascade.estimators_]
    for system in systems:
        system.asked = []
    answered = cascade.answer(X[:100])
    for place, system in enumerate(systems):
        assert system.asked == X[:100][answered.stages >= place].tolist()
    spent = np.cumsum([1.0, 10.0, 100.0][:depth]) / [1.0, 10.0, 100.0][depth - 1]
    np.testing.assert_allclose(answered.costs, spent[answered.stages])
    np.testing.assert_array_equal(cascade.stages(X[:100]), answered.stages)
    np.testing.assert_array_equal(cascade.costs(X[:100]), answered.costs)
    assert 0 in answered.stages
    assert len(set(answered.stages)) > 1


def test_a_row_is_answered_by_the_first_stage_that_is_sure_enough() -> None:
    X, y = _rows()
    cascade = _cascade(cost=0.6).fit(X, y, X, y)
    numbers = np.array([list(map(float, text.split())) for text in X])
    weights = [cascade.weights_[0, 0], cascade.weights_[1, 1]]
    said = [
        softmax(weight * np.log(np.column_stack([1 - p, p])), axis=1)
        for weight, p in zip(weights, numbers.T, strict=True)
    ]
    is_first = said[0].max(axis=1) >= cascade.thresholds_[0]
    np.testing.assert_array_equal(cascade.stages(X), np.where(is_first, 0, 1))
    np.testing.assert_allclose(cascade.predict_proba(X), np.where(is_first[:, None], said[0], said[1]), atol=1e-9)
    assert 0.05 < is_first.mean() < 0.95


def test_the_cheapest_thresholds_that_keep_the_accuracy() -> None:
    own = np.random.default_rng(2)
    confidence = np.vstack([own.uniform(0.5, 1, 60), np.ones(60)])
    right = np.vstack([own.random(60) < confidence[0], own.random(60) < 0.9])
    costs = np.vstack([np.full(60, 0.1), own.uniform(0.5, 1.5, 60)])
    rows = Rows(confidence, right, costs, right[1])
    tried = []
    for threshold in [0.0, *np.sort(confidence[0]), NEVER]:
        is_first = confidence[0] >= threshold
        hits = np.where(is_first, right[0], right[1]).mean()
        spent = np.where(is_first, 0.1, 0.1 + costs[1]).mean()
        tried.append((spent, hits))
    for wanted in (0.9, 0.97, 1.0):
        chosen, _ = choose(rows, Wish(accuracy=wanted))
        cheapest = min(spent for spent, hits in tried if hits >= wanted * right[1].mean() - 1e-12)
        assert chosen["cost"] == pytest.approx(cheapest)
        assert chosen["accuracy"] >= wanted * right[1].mean() - 1e-12
    for most in (0.3, 0.6, 0.9):
        chosen, _ = choose(rows, Wish(cost=most))
        assert chosen["accuracy"] == pytest.approx(max(hits for spent, hits in tried if spent <= most))
        assert chosen["cost"] <= most


def test_the_frontier_goes_from_the_first_alone_to_the_last_alone() -> None:
    X, y = _rows()
    cascade = _cascade().fit(X, y, X, y)
    first, last = cascade.frontier_[0], cascade.frontier_[-1]
    members = cascade.facts_["cascade"]["members"]
    assert (first["cost"], first["accuracy"]) == (pytest.approx(0.1), members[0]["accuracy"])
    assert (last["cost"], last["accuracy"], last["difference"]) == (pytest.approx(1.1), members[1]["accuracy"], 0.0)
    costs = [point["cost"] for point in cascade.frontier_]
    assert costs == sorted(costs)
    assert all(point["low"] <= point["accuracy"] <= point["high"] for point in cascade.frontier_)
    assert all(point["difference_low"] < point["difference"] < point["difference_high"] for point in cascade.frontier_)
    json.dumps(cascade.facts_, allow_nan=False)


def test_the_frontier_of_three_holds_what_no_other_beats() -> None:
    X, y = _rows(depth=3)
    frontier = _cascade(3).fit(X, y, X, y).frontier_
    assert len(frontier) > 3
    for before, after in itertools.pairwise(frontier):
        assert before["cost"] < after["cost"]
        assert before["accuracy"] < after["accuracy"]


def test_each_point_is_what_its_thresholds_do_row_by_row() -> None:
    own = np.random.default_rng(7)
    confidence, right = own.uniform(0.3, 1, (3, 90)).round(2), own.random((3, 90)) < 0.7
    rows = Rows(confidence, right, own.uniform(0.1, 2, (3, 90)), own.random(90) < 0.7)
    _, frontier = choose(rows, Wish(cost=9.0))
    for point in frontier:
        stages = stages_of(confidence, np.array(point["thresholds"]))
        hits = [right[stage, row] for row, stage in enumerate(stages)]
        spent = [rows.costs[: stage + 1, row].sum() for row, stage in enumerate(stages)]
        assert point["accuracy"] == pytest.approx(np.mean(hits))
        assert point["cost"] == pytest.approx(np.mean(spent))
        assert point["difference"] == pytest.approx(np.mean(hits) - rows.whole_right.mean())


def test_a_wanted_accuracy_and_a_wanted_cost() -> None:
    X, y = _rows(600)
    kept = _cascade(accuracy=0.98).fit(X, y, X, y).facts_["cascade"]
    assert kept["chosen"]["accuracy"] >= 0.98 * kept["members"][1]["accuracy"]
    assert kept["chosen"]["cost"] < 1
    cheap = _cascade(cost=0.4).fit(X, y, X, y)
    assert cheap.facts_["cascade"]["chosen"]["cost"] <= 0.4
    assert cheap.costs(X).mean() <= 0.45
    both = _cascade(accuracy=0.9, cost=0.9).fit(X, y, X, y).facts_["cascade"]
    assert both["chosen"]["accuracy"] >= 0.9 * both["members"][1]["accuracy"]
    assert both["chosen"]["cost"] <= 0.9
    sure = _cascade(accuracy=0.98, surely=True).fit(X, y, X, y).facts_["cascade"]
    assert sure["chosen"]["cost"] > kept["chosen"]["cost"]
    last = sure["members"][1]["accuracy"]
    assert last + sure["chosen"]["difference_low"] >= 0.98 * last


def test_a_cascade_can_be_measured_by_all_systems_together() -> None:
    X, y = _rows(600, depth=3, seed=5)
    prices = [1.0, 10.0, 10.0]
    whole = _cascade(3, prices=prices, combine=True, always=True, against="all").fit(X, y, X, y)
    found = whole.facts_["cascade"]
    assert found["chosen"]["cost"] == pytest.approx(1)
    assert found["chosen"]["difference"] == 0
    np.testing.assert_allclose(whole.costs(X), 1)
    part = _cascade(3, prices=prices, combine=True, cost=0.5, surely=True, against="all").fit(X, y, X, y)
    assert part.facts_["cascade"]["chosen"]["cost"] <= 0.5
    assert part.facts_["cascade"]["wish"]["against"] == "all"
    np.testing.assert_allclose(part.costs(X), (np.cumsum(prices) / sum(prices))[part.stages(X)])
    lucky = _cascade(3, prices=prices, combine=True, cost=0.5, against="all").fit(X, y, X, y)
    chosen = [cascade.facts_["cascade"]["chosen"] for cascade in (part, lucky)]
    assert chosen[0]["difference_low"] >= chosen[1]["difference_low"]
    assert chosen[0]["accuracy"] <= chosen[1]["accuracy"]


def test_the_first_system_is_set_right_where_classes_are_mixed_otherwise() -> None:
    own = np.random.default_rng(3)
    truth = own.integers(2, size=900)
    logit = (2 * truth - 1) + own.normal(scale=0.8, size=900) + 1.5  # thinks that most are of the second class
    logits = np.stack([np.column_stack([-logit / 2, logit / 2])])
    plain = (logits[0].argmax(axis=1) == truth).mean()
    fitted = fit_stages(logits, truth, combine=True, groups=None, seed=0)
    assert (fitted.honest[0].argmax(axis=1) == truth).mean() > plain + 0.1
    kept = fit_stages(logits, truth, combine=False, groups=None, seed=0)
    np.testing.assert_array_equal(kept.honest[0].argmax(axis=1), logits[0].argmax(axis=1))


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"cost": 0.05}, "learn.cascade_cost"),
        ({"accuracy": 1.5}, "learn.cascade_accuracy"),
        ({"accuracy": 1.0, "cost": 0.11}, "learn.cascade_both"),
        ({"accuracy": 1.0, "surely": True}, "learn.cascade_accuracy"),
    ],
)
def test_an_impossible_wish_says_what_is_possible(settings: dict[str, Any], key: str) -> None:
    X, y = _rows()
    with pytest.raises(DataError) as caught:
        _cascade(**settings).fit(X, y, X, y)
    assert caught.value.key == key
    fields = caught.value.fields
    if key == "learn.cascade_cost":
        assert fields["least"] == pytest.approx(0.1)
        assert _cascade(cost=fields["least"]).fit(X, y, X, y).stages(X).max() == 0
    else:
        # What is said to be possible is.
        wish = {**settings, "accuracy": fields["possible"] - 1e-6}
        _cascade(**wish).fit(X, y, X, y)


def test_all_rows_equally_sure() -> None:
    X = _told([0.8, 0.2] * 50, [0.9, 0.1] * 50)
    y = np.array(["1", "0"] * 50, dtype=object)
    cascade = _cascade(accuracy=1.0).fit(X, y, X, y)
    assert cascade.stages(X).tolist() == [0] * 100
    assert thresholds_of(np.full((2, 9), 0.7)) == [[0.0, NEVER]]


def test_one_class_in_the_validation_rows() -> None:
    X, y = _rows()
    only = y == "1"
    cascade = _cascade(combine=True).fit(X, y, X[only], y[only])
    assert cascade.weights_[0, 0] == cascade.weights_[1, 1] == 1.0
    np.testing.assert_allclose(cascade.predict_proba(X).sum(axis=1), 1)


def test_no_validation_rows_are_refused() -> None:
    X, y = _rows()
    for further in ({"X_val": X[:0], "y_val": y[:0]}, {"X_val": X[:3], "y_val": ["lain"] * 3}):
        with pytest.raises(DataError) as caught:
            _cascade().fit(X, y, **further)
        assert caught.value.key == "learn.cascade_no_rows"
    with pytest.raises(DataError) as caught:
        _cascade(validation=0.0).fit(X, y)
    assert caught.value.key == "learn.cascade_no_rows"
    with pytest.raises(DataError) as caught:
        _cascade().fit(X, y, X)
    assert caught.value.key == "learn.validation_without_labels"


def test_validation_rows_of_other_classes_are_left_out_and_counted() -> None:
    X, y = _rows()
    cascade = _cascade().fit(X, y, X, np.where(np.arange(400) < 7, "lain", y))
    assert cascade.facts_["cascade"]["validation"] == {"rows": 393, "left_out": 7, "origin": "given"}


def test_rows_held_back_are_not_learned_and_groups_stay_together() -> None:
    groups = np.arange(250) // 5
    cascade = Cascade([("small", SMALL), ("large", LARGE)], validation=0.2)
    train, valid = cascade.part(LABELS[TRAIN], groups)
    assert not set(groups[train]) & set(groups[valid])
    assert 35 <= len(valid) <= 65
    inner = clone(cascade).fit(TEXTS[TRAIN], LABELS[TRAIN], groups=groups)
    expected = clone(SMALL).fit(TEXTS[TRAIN][train], LABELS[TRAIN][train])
    np.testing.assert_array_equal(inner.estimators_[0].predict_proba(TEXTS[NEW]), expected.predict_proba(TEXTS[NEW]))
    assert inner.facts_["cascade"]["validation"] == {"rows": len(valid), "left_out": 0, "origin": "inner"}


def test_systems_that_are_fitted_already() -> None:
    plain = Cascade([("small", SMALL), ("large", LARGE)]).fit(TEXTS[TRAIN], LABELS[TRAIN], TEXTS[VALID], LABELS[VALID])
    ready = {"small": clone(SMALL).fit(TEXTS[TRAIN], LABELS[TRAIN])}
    handed = Cascade([("small", SMALL), ("large", LARGE)])
    handed.fit(TEXTS[TRAIN], LABELS[TRAIN], TEXTS[VALID], LABELS[VALID], fitted=ready)
    assert handed.estimators_[0] is ready["small"]
    np.testing.assert_array_equal(handed.predict_proba(TEXTS[NEW]), plain.predict_proba(TEXTS[NEW]))
    with pytest.raises(DataError) as caught:
        handed.fit(TEXTS[TRAIN], LABELS[TRAIN], fitted=ready)
    assert caught.value.key == "learn.cascade_fitted"


def test_a_system_of_other_classes_is_refused() -> None:
    ready = {"large": clone(LARGE).fit(TEXTS[TRAIN], np.where(LABELS[TRAIN] == "ya", "yes", "no"))}
    with pytest.raises(DataError) as caught:
        Cascade([("small", SMALL), ("large", LARGE)]).fit(
            TEXTS[TRAIN], LABELS[TRAIN], TEXTS[VALID], LABELS[VALID], fitted=ready
        )
    assert caught.value.fields == {"name": "large", "came": "no, yes", "allowed": "bukan, ya"}


@pytest.mark.parametrize("learner", [LinearSVM(), Ridge()])
def test_a_system_without_probabilities_is_refused_by_name(learner: Any) -> None:
    with pytest.raises(DataError) as caught:
        Cascade([("small", SMALL), ("big", make_pipeline(Counts(), learner))]).fit(TEXTS, LABELS)
    assert caught.value.fields == {"name": "big", "learner": type(learner).__name__}


@pytest.mark.parametrize(
    ("estimators", "key"),
    [
        ([("a", SMALL)], "learn.cascade_few"),
        ([("a", SMALL), ("a", LARGE)], "learn.cascade_names"),
        ([("a", SMALL), ("cost", LARGE)], "learn.cascade_names"),
        ([("a", SMALL), ("b__c", LARGE)], "learn.cascade_names"),
    ],
)
def test_what_is_no_cascade_is_refused(estimators: Any, key: str) -> None:
    with pytest.raises(DataError) as caught:
        Cascade(estimators).fit(TEXTS, LABELS)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"prices": [1.0]}, "learn.cascade_prices"),
        ({"band": (0.7, 0.3)}, "learn.cascade_band"),
        ({"band": (0.3, 0.7), "positive": "mungkin"}, "learn.cascade_positive"),
    ],
)
def test_bad_settings(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(DataError) as caught:
        Cascade([("a", SMALL), ("b", LARGE)], **settings).fit(TEXTS, LABELS)
    assert caught.value.key == key


def test_a_band_is_a_third_answer() -> None:
    X, y = _rows(600)
    cascade = _cascade(cost=0.7, band=(0.35, 0.65), between="mungkin duplikat").fit(X, y, X, y)
    p = cascade.predict_proba(X)[:, 1]
    expected = np.where((p >= 0.35) & (p <= 0.65), "mungkin duplikat", np.where(p > 0.5, "1", "0"))
    np.testing.assert_array_equal(cascade.answers(X), expected)
    np.testing.assert_array_equal(cascade.predict(X), np.where(p > 0.5, "1", "0"))
    told = cascade.facts_["cascade"]["band"]
    assert told["n"] == 600
    assert told["share"] == pytest.approx(told["rows"] / 600)
    assert told["share"] == pytest.approx((expected == "mungkin duplikat").mean(), abs=0.02)
    assert told["accuracy_in"] < told["accuracy_out"]
    turned = _cascade(cost=0.7, band=(0.9, 1.0), positive="0").fit(X, y, X, y)
    np.testing.assert_array_equal(turned.answers(X) == "probable", turned.predict_proba(X)[:, 0] >= 0.9)


def test_two_classes_together_are_a_logistic_regression() -> None:
    own = np.random.default_rng(3)
    codes = own.integers(2, size=120)
    p = 1 / (1 + np.exp(-(2 * codes - 1) - own.normal(size=(3, 120))))
    logits = logits_of(np.stack([1 - p, p], axis=2))
    found = together(logits, codes)
    gaps = (logits[:, :, 1] - logits[:, :, 0]).T
    expected = Logistic().fit(gaps, codes)
    np.testing.assert_allclose(found.weights, expected.coef_[0], atol=1e-3)
    np.testing.assert_allclose(found.bias[1] - found.bias[0], expected.intercept_[0], atol=1e-3)
    np.testing.assert_allclose(found.probabilities(logits), expected.predict_proba(gaps), atol=1e-3)


def test_systems_that_err_apart_answer_together_and_a_useless_one_does_not() -> None:
    own = np.random.default_rng(6)
    codes = own.integers(3, size=900)
    apart = np.stack([softmax(2 * np.eye(3)[codes] + own.normal(scale=1.5, size=(900, 3)), axis=1) for _ in range(2)])
    fitted = fit_stages(logits_of(apart), codes, True, None, 0)
    assert (fitted.stages[1].weights > 0.2).all()
    assert (fitted.honest[1].argmax(1) == codes).mean() > (apart[1].argmax(1) == codes).mean() + 0.03
    same = np.stack([apart[1], apart[1]])
    assert fit_stages(logits_of(same), codes, False, None, 0).stages[1].weights[0] == 0
    few = fit_stages(logits_of(apart[:, :30]), codes[:30], True, None, 0)
    assert few.stages[1].weights[0] == 0


def test_thresholds_are_chosen_by_rows_their_calibration_has_not_seen() -> None:
    own = np.random.default_rng(9)
    codes = np.repeat([0, 1], 40)
    noise = softmax(own.normal(scale=3, size=(2, 80, 2)), axis=2)  # says nothing of the classes
    fitted = fit_stages(logits_of(noise), codes, True, None, 0)
    seen = together(logits_of(noise), codes).probabilities(logits_of(noise))
    loss = [-np.log(said[np.arange(80), codes]).mean() for said in (seen, fitted.honest[1])]
    assert loss[0] < loss[1]
    # A temperature never changes an answer.
    np.testing.assert_array_equal(
        alone(logits_of(noise[:1]), codes).probabilities(logits_of(noise[:1])).argmax(1), noise[0].argmax(1)
    )


def test_pairs_with_empty_sides() -> None:
    pairs = pd.DataFrame({"text_a": TEXTS, "text_b": np.roll(TEXTS, 1)})
    pairs.iloc[::7, 0] = ""
    pairs.iloc[::11, 1] = ""
    overlaps = make_pipeline(OverlapFeatures(), Logistic())
    cascade = Cascade([("overlaps", overlaps), ("counts", SMALL)]).fit(pairs, LABELS)
    both = pd.DataFrame({"text_a": ["", "", "bagus"], "text_b": ["", "bagus", ""]})
    assert np.isfinite(cascade.predict_proba(both)).all()
    assert np.isfinite(cascade.costs(both)).all()
    assert cascade.answer(both.iloc[:0]).probabilities.shape == (0, 2)


def test_parameters_of_the_systems_are_reached_by_name() -> None:
    cascade = Cascade([("small", SMALL), ("large", LARGE)])
    assert cascade.get_params()["large__logistic__C"] == 30
    changed = clone(cascade).set_params(large__logistic__C=2.0, cost=0.5)
    assert changed.get_params()["large__logistic__C"] == 2.0
    assert cascade.get_params()["large__logistic__C"] == 30
    replaced = clone(cascade).set_params(small=Pipeline(LARGE.steps))
    assert len(replaced.estimators[0][1].steps) == 2


@pytest.mark.parametrize(("count", "n"), [(0, 5), (3, 7), (50, 50), (130, 1145)])
def test_the_interval_of_a_share_against_scipy(count: int, n: int) -> None:
    expected = binomtest(count, n).proportion_ci(0.95, "wilson")
    np.testing.assert_allclose(interval_of(count, n), (expected.low, expected.high), atol=1e-9)


def test_the_paired_interval_covers_what_it_should() -> None:
    own = np.random.default_rng(1)
    inside = 0
    for _ in range(2000):
        cells = own.multinomial(200, [0.06, 0.04, 0.9])
        low, high = paired_interval(int(cells[0]), int(cells[1]), 200)
        inside += low <= 0.02 <= high
    assert 0.93 < inside / 2000 < 0.98


def test_an_ensemble_asks_all_systems_about_every_row() -> None:
    texts, labels = ["bagus sekali", "buruk sekali"] * 30, ["baik", "buruk"] * 30
    members = [(name, make_pipeline(Counts(chars=size), Logistic())) for name, size in (("a", (1, 1)), ("b", (1, 3)))]
    ensemble = Cascade(members, always=True).fit(texts, labels)
    answered = ensemble.answer(texts)
    assert (answered.stages == 1).all()
    assert (answered.costs > 1).all()
    assert ensemble.facts_["cascade"]["chosen"]["thresholds"] == [2.0]
