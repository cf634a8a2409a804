"""Regressors joined by weights from rows they did not learn from."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline

from makna.core.errors import DataError
from makna.learn.baseline import Majority
from makna.learn.blend import Blend
from makna.learn.bounded import Bounded
from makna.learn.linear import Ridge
from makna.represent.counts import Counts
from makna.represent.lengths import LengthFeatures

WORDS = np.array(["satu", "dua", "tiga", "empat", "lima", "enam", "tujuh"])
rng = np.random.default_rng(0)
CHOSEN = rng.random((60, 7)) < 0.4
TEXTS = [" ".join(WORDS[row]) for row in CHOSEN]
MARKS = CHOSEN @ np.arange(7.0) + rng.normal(0, 0.5, 60)
GROUPS = np.repeat(np.arange(12), 5)


class Told(RegressorMixin, BaseEstimator):
    """Says the number of each text that it holds, whatever it was fitted on; counts its fits."""

    fits = 0

    def __init__(self, numbers: Any = None) -> None:
        self.numbers = numbers

    def fit(self, X: Any, y: Any) -> Told:
        type(self).fits += 1
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.array([self.numbers[text] for text in X])


def _told(values: np.ndarray) -> Pipeline:
    return Pipeline([("learn", Told({f"t{i}": float(v) for i, v in enumerate(values)}))])


def _named(*columns: np.ndarray) -> tuple[list[tuple[str, Pipeline]], list[str]]:
    return [(f"m{i}", _told(column)) for i, column in enumerate(columns)], [f"t{i}" for i in range(len(columns[0]))]


def _systems() -> list[tuple[str, Any]]:
    return [
        ("words", make_pipeline(Counts(), Ridge())),
        ("chars", make_pipeline(Counts(chars=(1, 3)), Ridge())),
        ("length", make_pipeline(LengthFeatures(), Ridge())),
    ]


def test_weights_are_those_of_non_negative_least_squares_and_an_intercept() -> None:
    a, b, c = rng.normal(size=(3, 40))
    y = 2 * a + 0.5 * b - 0.7 * c + 3 + rng.normal(0, 0.1, 40)
    systems, texts = _named(a, b, c)
    blend = Blend(systems).fit(texts, y)
    columns = np.column_stack([a, b, c])
    expected, _ = nnls(columns - columns.mean(axis=0), y - y.mean())
    np.testing.assert_allclose(blend.weights_, expected, atol=1e-8)
    assert blend.weights_[2] == 0
    np.testing.assert_allclose(blend.predict(texts).mean(), y.mean())
    assert blend.intercept_ == pytest.approx(y.mean() - columns.mean(axis=0) @ expected)


def test_weights_come_from_what_copies_say_that_did_not_see_the_row() -> None:
    blend = Blend(_systems(), folds=4).fit(TEXTS, MARKS)
    honest = blend.facts_["blend"]["members"][0]["rmse"]
    seen = np.sqrt(np.mean((blend.estimators_[0].predict(np.array(TEXTS, dtype=object)) - MARKS) ** 2))
    assert honest > 1.1 * seen
    assert blend.facts_["blend"]["rows"] == 60
    assert (blend.facts_["blend"]["origin"], blend.facts_["blend"]["folds"]) == ("folds", 4)


def test_a_member_that_learns_its_rows_by_heart_gets_little_weight() -> None:
    class ByHeart(Told):
        def fit(self, X: Any, y: Any) -> ByHeart:
            self.known_ = dict(zip(X, y, strict=True))
            return self

        def predict(self, X: Any) -> np.ndarray:
            return np.array([self.known_.get(text, crc32(text.encode()) % 5) for text in X], dtype=float)

    texts = [f"{text} {i}" for i, text in enumerate(TEXTS)]
    blend = Blend([("heart", Pipeline([("learn", ByHeart())])), _systems()[0]]).fit(texts, MARKS)
    assert blend.weights_[0] < 0.3
    assert blend.weights_[1] > 0.6


def test_rows_of_a_group_are_held_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from makna.learn import blend as module

    shared: list[set[int]] = []
    plain = module.folds_of

    def noted(*arguments: Any) -> Any:
        for train, held in plain(*arguments):
            shared.append(set(GROUPS[train]) & set(GROUPS[held]))
            yield train, held

    monkeypatch.setattr(module, "folds_of", noted)
    Blend(_systems()).fit(TEXTS, MARKS, groups=GROUPS)
    assert shared == [set()] * 5
    assert len(list(GroupKFold(5).split(TEXTS, groups=GROUPS))) == 5


def test_members_fitted_elsewhere_are_taken_and_validation_rows_give_the_weights() -> None:
    a, b = rng.normal(size=(2, 40))
    y = 3 * a + b
    systems, texts = _named(a, b)
    Told.fits = 0
    fitted = {name: system.fit(texts, y) for name, system in systems}
    Told.fits = 0
    blend = Blend(systems).fit(texts, y, texts[:9], y[:9], fitted=fitted)
    assert Told.fits == 0
    assert blend.estimators_[0] is fitted["m0"]
    assert (blend.facts_["blend"]["origin"], blend.facts_["blend"]["rows"]) == ("given", 9)
    np.testing.assert_allclose(blend.weights_, [3, 1])
    by_folds = Blend(systems, rows="folds", folds=3).fit(texts, y, texts[:9], y[:9], fitted=fitted)
    assert Told.fits == 6
    assert by_folds.facts_["blend"]["rows"] == 40


def test_a_scale_around_a_blend_hands_its_members_on() -> None:
    systems, texts = _named(*rng.normal(size=(2, 20)))
    bounded = Bounded(Blend(systems), 0, 1)
    assert list(bounded.members()) == ["m0", "m1"]
    assert not hasattr(Bounded(Ridge(), 0, 1), "members")
    fitted = {name: system.fit(texts, np.zeros(20)) for name, system in systems}
    made = bounded.fit(texts, rng.random(20), fitted=fitted)
    assert made.estimator_.estimators_[1] is fitted["m1"]


def test_few_rows_and_few_groups_get_fewer_folds() -> None:
    two = Blend(_systems()).fit(TEXTS[:10], MARKS[:10], groups=np.repeat(["a", "b"], 5))
    assert two.facts_["blend"]["folds"] == 2
    one = Blend(_systems()).fit(TEXTS[:10], MARKS[:10], groups=np.repeat("a", 10))
    assert one.facts_["blend"]["folds"] == 5


@pytest.mark.parametrize(
    ("systems", "rows"),
    [
        (_systems()[:1], 60),
        ([_systems()[0], _systems()[0]], 60),
        ([_systems()[0], ("rows", _systems()[1][1])], 60),
        ([_systems()[0], ("kind", make_pipeline(Counts(), Majority()))], 60),
        (_systems(), 1),
    ],
)
def test_what_cannot_be_joined_is_refused(systems: list[tuple[str, Any]], rows: int) -> None:
    with pytest.raises(DataError):
        Blend(systems).fit(TEXTS[:rows], MARKS[:rows].round())


def test_validation_rows_without_numbers_are_refused() -> None:
    with pytest.raises(DataError):
        Blend(_systems()).fit(TEXTS, MARKS, TEXTS[:3])
