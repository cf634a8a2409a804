"""Learning within keys and marks of answers alike, against least squares with a column a key and hand calculations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from makna.core.errors import DataError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task
from makna.learn.linear import LeastSquares, Ridge
from makna.learn.marked import MarkedAnswers
from makna.learn.per_key import PerKey
from makna.recipe.registry import ClassTable
from makna.represent.counts import Counts
from makna.represent.pairs import OverlapFeatures


class Numbers(TransformerMixin, BaseEstimator):
    """Reads the numbers an answer consists of."""

    def __init__(self, sparse: bool = False) -> None:
        self.sparse = sparse

    def fit(self, X: Any, y: Any = None) -> Numbers:
        return self

    def transform(self, X: Any) -> Any:
        rows = np.array([[float(word) for word in text.split()] for text in X["text_a"]])
        return sp.csr_matrix(rows) if self.sparse else rows


class Level(RegressorMixin, BaseEstimator):
    """Keeps what it is fitted on; says the first feature."""

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Level:
        self.X_, self.y_, self.X_val_, self.y_val_, self.groups_ = X, y, X_val, y_val, groups
        return self

    def predict(self, X: Any) -> np.ndarray:
        return X[:, 0]


def _rows(n: int = 60, keys: int = 4, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs, marks, features and the number of each row's key; keys differ in features and in marks."""
    rng = np.random.default_rng(seed)
    of = rng.integers(keys, size=n)
    features = np.round(rng.normal(size=(n, 2)) + of[:, None], 3)
    marks = features @ [1.0, -0.5] - 2.0 * of + rng.normal(scale=0.1, size=n)
    texts = [" ".join(map(str, row)) for row in features]
    return pd.DataFrame({"text_a": texts, "text_b": [f"Kunci {k}!" for k in of]}), marks, features, of


def _pairs(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["text_a", "text_b"])


def test_slopes_within_keys_are_those_of_least_squares_with_a_column_for_each_key() -> None:
    X, y, features, of = _rows()
    model = PerKey(make_pipeline(Numbers(), LeastSquares()), shrink=0).fit(X, y)
    oracle = LinearRegression(fit_intercept=False).fit(np.hstack([features, np.eye(4)[of]]), y)
    assert model.estimator_.steps[-1][1].coef_ == pytest.approx(oracle.coef_[:2])
    assert model.predict(X) == pytest.approx(oracle.predict(np.hstack([features, np.eye(4)[of]])))


def test_a_new_key_is_judged_against_the_mean_of_all_keys_each_counting_once() -> None:
    X, y, features, of = _rows()
    model = PerKey(make_pipeline(Numbers(), LeastSquares())).fit(X, y)
    slopes = model.estimator_.steps[-1][1].coef_
    of_keys = [(features[of == k].mean(axis=0), y[of == k].mean()) for k in range(4)]
    middle, level = (np.mean([pair[i] for pair in of_keys], axis=0) for i in (0, 1))
    said = model.predict(_pairs(("1.0 2.0", "kunci baru")))
    assert said == pytest.approx([(np.array([1.0, 2.0]) - middle) @ slopes + level])


def test_a_known_key_weighs_more_the_more_rows_it_has() -> None:
    X, y, *_ = _rows()
    answers = _pairs(("0.5 0.5", "kunci 2"), ("0.5 0.5", "kunci baru"))

    def said(shrink: float) -> np.ndarray:
        return PerKey(make_pipeline(Numbers(), LeastSquares()), shrink=shrink).fit(X, y).predict(answers)

    own, (half, new) = said(0)[0], said(float((X["text_b"] == "Kunci 2!").sum()))
    assert half == pytest.approx((own + new) / 2)
    assert own != pytest.approx(new, abs=0.1)


def test_sparse_features_stay_as_they_are_and_marks_are_moved() -> None:
    X, y, features, of = _rows()
    model = PerKey(make_pipeline(Numbers(sparse=True), Level())).fit(X, y)
    learner = model.estimator_.steps[-1][1]
    assert np.array_equal(learner.X_.toarray(), features)
    assert [learner.y_[of == k].mean() for k in range(4)] == pytest.approx([0.0] * 4, abs=1e-12)


def test_watched_rows_are_told_as_new_rows_are() -> None:
    X, y, features, of = _rows()
    model = PerKey(make_pipeline(Numbers(), Level()))
    watched = _pairs(("1.0 2.0", "KUNCI 1"), ("1.0 2.0", "lain"))
    model.fit(X, y, X_val=watched, y_val=[3.0, 3.0], groups=of)
    learner = model.estimator_.steps[-1][1]
    assert learner.X_val_[0] == pytest.approx(np.array([1.0, 2.0]) - features[of == 1].mean(axis=0))
    assert learner.y_val_ == pytest.approx([3.0 - y[of == 1].mean(), 3.0 - model.levels_.mean()])
    assert learner.groups_ is of


MARKED = ["abc", "abc", "abd", "xyz", "lain"]
KEYS = ["A", "a.", "A", "A", "B"]
ANSWERS = _pairs(*zip(MARKED, KEYS, strict=True))
MARKS = np.array([5.0, 4.0, 2.0, 0.0, 3.0])


def test_marks_of_answers_alike_are_those_of_a_hand_calculation() -> None:
    step = MarkedAnswers().fit(ANSWERS, MARKS)
    found = step.transform(_pairs(("abc", "a"), ("abc", "C")))
    grams = Counts(chars=(2, 5), sublinear=True).fit(MARKED)
    vectors = grams.transform(MARKED[:4]).toarray()
    likeness = vectors @ vectors[0]
    weights = np.exp(likeness / 0.04), np.exp(likeness / 0.12)
    # The two most alike are marked 5 and 4; of all marks the mean is 2.8, and of those of the key 11 / 4.
    expected = [*(w @ MARKS[:4] / w.sum() for w in weights), 11 / 4, 4.5, 1.0, (11 + 3 * 2.8) / 7]
    assert found[0] == pytest.approx(expected)
    assert found[1] == pytest.approx([2.8, 2.8, 2.8, 2.8, 0.0, 2.8])


def test_a_training_answer_is_never_compared_with_itself() -> None:
    step = MarkedAnswers().fit(ANSWERS, MARKS)
    found = step.beside_training()
    for row in range(len(MARKED)):
        others = [other for other in range(len(MARKED)) if other != row]
        alone = MarkedAnswers().fit(ANSWERS, MARKS)  # the same weights of runs, without the row
        alone.grams_, alone.key_of_, alone.marks_ = alone.grams_[others], alone.key_of_[others], alone.marks_[others]
        told = alone.transform(ANSWERS[row : row + 1])[0]
        # The mean of all marks is that of all training rows, for the row itself too.
        if KEYS[row] != "B":
            assert found[row, :5] == pytest.approx(told[:5])
    assert found[4] == pytest.approx([2.8, 2.8, 2.8, 2.8, 0.0, 2.8])


def test_its_own_mark_changes_nothing_for_a_row_but_the_mean_of_all() -> None:
    changed = MARKS.copy()
    changed[2], changed[4] = 5.0, 0.0  # the mean of all stays
    before, after = (MarkedAnswers().fit(ANSWERS, marks).beside_training() for marks in (MARKS, changed))
    assert after[2] == pytest.approx(before[2])
    assert after[0] != pytest.approx(before[0])


def test_marked_answers_make_a_difference_where_overlap_tells_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    words = {True: ["fotosintesis daun", "daun hijau", "klorofil daun"], False: ["akar tanah", "batang kayu"]}
    right = rng.random(80) < 0.5
    answers = [str(rng.choice(words[bool(r)])) for r in right]
    X, y = _pairs(*((answer, "tempat memasak") for answer in answers)), np.where(right, 5.0, 0.0)
    plain = make_pipeline(OverlapFeatures(), Ridge())
    model = PerKey(plain, within=False, marked=True).fit(X.iloc[:60], y[:60])
    assert np.abs(model.predict(X.iloc[60:]) - y[60:]).max() < 0.5
    assert np.abs(PerKey(plain).fit(X.iloc[:60], y[:60]).predict(X.iloc[60:]) - y[60:]).mean() > 1.5

    task = Task(inputs="pair", target="number")
    save_model(SavedModel(make_pipeline(model), task, {}), tmp_path / "model", "card")
    assert np.array_equal(load_model(tmp_path / "model", ClassTable()).system.predict(X), model.predict(X))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "model").rglob("*") if path.is_file())
    assert b"fotosintesis daun" not in kept


def test_facts_tell_the_keys_and_how_their_marks_differ() -> None:
    X, y, _, of = _rows()
    facts = PerKey(make_pipeline(Numbers(), LeastSquares())).fit(X, y).facts_["per_key"]
    means = [y[of == k].mean() for k in range(4)]
    assert (facts["keys"], facts["rows"], facts["fewest"]) == (4, 60, int(np.bincount(of).min()))
    assert (facts["lowest"], facts["highest"]) == pytest.approx((min(means), max(means)))
    json.dumps(facts)


def test_marked_answers_need_features_to_stand_beside() -> None:
    with pytest.raises(DataError, match="represent"):
        PerKey(Level(), marked=True).fit(*_rows()[:2])
    with pytest.raises(DataError):
        PerKey(make_pipeline(Numbers(), Level())).fit(["satu", "dua"], [1.0, 2.0])
