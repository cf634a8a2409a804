from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline

from makna.core.errors import DataError
from makna.learn.bayes import NaiveBayes
from makna.learn.calibrate import Calibrated, folds_of
from makna.learn.kernels import KernelSVM
from makna.learn.linear import LinearSVM, Logistic
from makna.represent.lengths import LengthFeatures

rng = np.random.default_rng(9)
X = rng.normal(size=(150, 4))
TWO = np.where(X[:, 0] + rng.normal(size=150) > 0.3, "1", "0").astype(object)
THREE = np.array(["a", "b", "c"], dtype=object)[np.digitize(X[:, 1] + 0.5 * rng.normal(size=150), [-0.6, 0.6])]
NEW = rng.normal(size=(80, 4))
CV = StratifiedKFold(5, shuffle=True, random_state=0)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("estimator", [LinearSVM(), KernelSVM(), Logistic()])
def test_against_scikit_learn(estimator: Any, method: Any, y: np.ndarray) -> None:
    ours = Calibrated(estimator, method).fit(X, y)
    theirs = CalibratedClassifierCV(estimator, method=method, cv=CV, ensemble=False).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(NEW), theirs.predict_proba(NEW), atol=1e-6)
    assert (ours.predict(NEW) == theirs.predict(NEW)).mean() > 0.98


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_against_scikit_learn_from_probabilities(method: Any, y: np.ndarray) -> None:
    counts, new = np.abs(X), np.abs(NEW)
    ours = Calibrated(NaiveBayes(), method).fit(counts, y)
    theirs = CalibratedClassifierCV(NaiveBayes(), method=method, cv=CV, ensemble=False).fit(counts, y)
    np.testing.assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), atol=1e-6)
    assert not hasattr(ours, "decision_function")


@pytest.mark.skipif(tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8), reason="new in scikit-learn 1.8")
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("estimator", [LinearSVM(), NaiveBayes()])
def test_temperature_against_scikit_learn(estimator: Any, y: np.ndarray) -> None:
    data, new = np.abs(X), np.abs(NEW)
    ours = Calibrated(estimator, "temperature").fit(data, y)
    theirs = CalibratedClassifierCV(estimator, method="temperature", cv=CV, ensemble=False).fit(data, y)
    np.testing.assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), atol=1e-5)


def test_grouped_against_scikit_learn() -> None:
    groups = np.repeat(np.arange(30), 5)
    cv = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(X, THREE, groups))
    ours = Calibrated(LinearSVM(), "sigmoid").fit(X, THREE, groups=groups)
    theirs = CalibratedClassifierCV(LinearSVM(), cv=cv, ensemble=False).fit(X, THREE)
    np.testing.assert_allclose(ours.predict_proba(NEW), theirs.predict_proba(NEW), atol=1e-6)


def test_prediction_is_the_likeliest_class_and_rows_sum_to_one() -> None:
    model = Calibrated(LinearSVM()).fit(X, THREE)
    p = model.predict_proba(NEW)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(NEW), model.classes_[p.argmax(axis=1)])
    np.testing.assert_array_equal(model.decision_function(NEW), LinearSVM().fit(X, THREE).decision_function(NEW))


def test_probabilities_are_calibrated() -> None:
    data = rng.normal(size=(6000, 3))
    truth = rng.uniform(size=6000) < 1 / (1 + np.exp(-2 * data[:, 0]))
    y = np.where(truth, "ya", "tidak")
    p = Calibrated(LinearSVM(), "isotonic", folds=3).fit(data[:3000], y[:3000]).predict_proba(data[3000:])[:, 1]
    for low in np.arange(0, 1, 0.2):
        inside = (p >= low) & (p < low + 0.2)
        assert abs(truth[3000:][inside].mean() - p[inside].mean()) < 0.06


@pytest.mark.parametrize("data", [sp.coo_matrix(X), X.tolist(), pd.DataFrame(X, columns=list("abcd"))])
def test_kinds_of_rows(data: Any) -> None:
    model = Calibrated(LinearSVM(), folds=3).fit(data, TWO)
    expected = Calibrated(LinearSVM(), folds=3).fit(X, TWO)
    np.testing.assert_allclose(model.predict_proba(data), expected.predict_proba(X), atol=1e-6)


def test_texts_and_pairs_as_rows() -> None:
    texts = np.array(["a" * (1 + i % 9) for i in range(60)], dtype=object)
    y = np.where([len(t) > 5 for t in texts], "panjang", "pendek")
    inner = make_pipeline(LengthFeatures(), LinearSVM())
    for rows in (texts, texts.tolist(), pd.DataFrame({"text_a": texts, "text_b": [""] * 60})):
        assert (Calibrated(inner).fit(rows, y).predict(rows) == y).mean() > 0.9


def test_the_rarest_class_limits_the_folds() -> None:
    codes = np.array([0] * 20 + [1] * 3)
    found = list(folds_of(codes, 5))
    assert len(found) == 3
    assert all(set(codes[train]) == set(codes[held]) == {0, 1} for train, held in found)


@pytest.mark.parametrize("groups", [None, np.arange(24) // 2])
def test_a_class_with_one_row_is_never_held_out(groups: Any) -> None:
    codes = np.array([0] * 12 + [1] * 11 + [2])
    seen = []
    for train, held in folds_of(codes, 5, groups):
        assert set(codes[train]) == {0, 1, 2}
        assert not set(train) & set(held)
        assert len(train) + len(held) == 24
        if groups is not None:
            assert not set(groups[train]) & set(groups[held])
        seen += held.tolist()
    assert len(seen) == len(set(seen))
    assert 23 not in seen
    assert set(range(22)) - set(seen) <= ({22} if groups is not None else set())


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("tail", [["c"], ["c", "c"], ["c", "d"], ["c", "d", "d"]])
def test_rare_classes_are_fitted(method: Any, tail: list[str]) -> None:
    y = np.array(["a", "b"] * 20 + tail, dtype=object)
    rows = np.vstack([X[:40], 9 + X[: len(tail)]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Calibrated(LinearSVM(), method).fit(rows, y)
    p = model.predict_proba(rows)
    assert p.shape == (len(y), len(set(y)))
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_every_class_with_one_row() -> None:
    model = Calibrated(LinearSVM()).fit([[0.0], [1.0]], ["a", "b"])
    assert model.predict([[0.0], [1.0]]).tolist() == ["a", "b"]


def test_one_group_alone_is_not_heeded() -> None:
    one = Calibrated(LinearSVM()).fit(X, TWO, groups=["sama"] * 150)
    np.testing.assert_array_equal(one.points_, Calibrated(LinearSVM()).fit(X, TWO).points_)


def test_one_class_is_refused_with_its_name() -> None:
    with pytest.raises(DataError) as caught:
        Calibrated(LinearSVM()).fit(X, ["tunggal"] * 150)
    assert caught.value.fields == {"name": "LinearSVM", "label": "tunggal", "n": 150}


def test_unknown_method_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        Calibrated(LinearSVM(), "beta").fit(X, TWO)  # type: ignore[arg-type]
    assert "sigmoid" in str(caught.value)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps the rows of every fit."""

    fits: list[set[int]] = []

    def fit(self, X: Any, y: Any) -> Recorder:
        self.classes_ = np.unique(y)
        self.fits.append({int(v) for v in X[:, 0]})
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        self.fits.append({-int(v) - 1 for v in X[:, 0]})
        return X[:, 0]


def test_curve_sees_only_rows_that_were_held_out() -> None:
    Recorder.fits = []
    rows = np.arange(40.0)[:, None]
    groups = np.arange(40) // 2
    Calibrated(Recorder(), folds=4).fit(rows, np.where(np.arange(40) % 4 < 2, "a", "b"), groups=groups)
    trained, judged = Recorder.fits[2::2], Recorder.fits[3::2]
    assert len(trained) == 4
    for rows_in, rows_out in zip(trained, judged, strict=True):
        assert not {row // 2 for row in rows_in} & {(-row - 1) // 2 for row in rows_out}
    assert set().union(*judged) == {-i - 1 for i in range(40)}


def test_groups_are_routed_through_a_pipeline() -> None:
    groups = np.repeat(np.arange(30), 5)
    step = Pipeline([("learn", Calibrated(LinearSVM()))]).fit(X, TWO, learn__groups=groups)["learn"]
    expected = Calibrated(LinearSVM()).fit(X, TWO, groups=groups).points_
    np.testing.assert_array_equal(step.points_, expected)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = Pipeline([("learn", Calibrated(LinearSVM()).set_fit_request(groups=True))])
        np.testing.assert_array_equal(routed.fit(X, TWO, groups=groups)["learn"].points_, expected)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("weight", [None, "balanced"])
def test_by_default_calibration_never_changes_the_answer(y: np.ndarray, weight: Any) -> None:
    plain = LinearSVM(class_weight=weight).fit(X, y)
    calibrated = Calibrated(LinearSVM(class_weight=weight)).fit(X, y)
    np.testing.assert_array_equal(calibrated.predict(NEW), plain.predict(NEW))
