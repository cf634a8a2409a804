"""Distillation: students of every kind, against the loss they should have at its lowest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import make_pipeline

from makna.core.errors import DataError
from makna.core.workplace import Workplace, working
from makna.learn.calibrate import Calibrated, folds_of
from makna.learn.distil import Distilled
from makna.learn.finetune import FineTune
from makna.learn.forest import Forest
from makna.learn.linear import LinearSVM, Logistic
from makna.learn.neighbours import Neighbours
from makna.learn.recurrent import Recurrent
from makna.learn.soft import Soft, softened_probabilities
from makna.represent.counts import Counts
from makna.represent.lengths import LengthFeatures
from tests.encoders import kept_encoder

rng = np.random.default_rng(6)
_WORDS = np.array(["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "kirim"])
TEXTS = np.array([" ".join(rng.choice(_WORDS, rng.integers(1, 7))) for _ in range(260)], dtype=object)
LABELS = np.where([("bagus" in t) != ("tidak" in t) for t in TEXTS], "ya", "bukan").astype(object)
THREE = np.array(["a", "b", "c"], dtype=object)[[min(2, len(t.split()) // 3) for t in TEXTS]]
TEACHER = make_pipeline(Counts(words=(1, 3), weight="binary"), Logistic(C=30))
STUDENT = make_pipeline(Counts(), Logistic())


class Fixed(ClassifierMixin, BaseEstimator):
    """Says one thing of all texts of a length, whatever it is taught."""

    def fit(self, X: Any, y: Any) -> Fixed:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        logits = np.array([[len(text) / 10 * (place + 1) for place in range(len(self.classes_))] for text in X])
        return softmax(logits - 2, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Soaked(ClassifierMixin, BaseEstimator):
    """Keeps what it is given to learn from."""

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, soft: Soft | None = None) -> Soaked:
        self.classes_ = np.unique(y)
        self.given = {"X": X, "y": y, "X_val": X_val, "y_val": y_val, "soft": soft}
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.full((X.shape[0], len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X: Any) -> np.ndarray:
        return np.full(X.shape[0], self.classes_[0], dtype=object)


@pytest.mark.parametrize(("temperature", "weight"), [(1.0, 1.0), (2.0, 0.5), (3.0, 0.2)])
def test_a_logistic_student_is_where_its_loss_is_lowest(temperature: float, weight: float) -> None:
    student = make_pipeline(LengthFeatures(), Logistic(C=0.7, max_iter=20000))
    model = Distilled(student, make_pipeline(Fixed()), temperature, weight).fit(TEXTS, LABELS)
    X = model.estimator_[0].transform(TEXTS)
    said = softened_probabilities(Fixed().fit(TEXTS, LABELS).predict_proba(TEXTS), temperature)[:, 1]
    wanted = (1 - weight) * (LABELS == "ya") + weight * said
    learner = model.estimator_[-1]
    wrong = expit(X @ learner.coef_[0] + learner.intercept_[0]) - wanted
    # The slope of Σ cross-entropy + |w|² / 2C is zero there.
    slope = X.T @ wrong + learner.coef_[0] / 0.7
    assert np.abs(slope).max() < 1e-3 * np.abs(X).sum(axis=0).max()
    assert abs(wrong.sum()) < 0.1


def test_without_weight_the_teacher_is_not_heard() -> None:
    model = Distilled(STUDENT, TEACHER, weight=0.0).fit(TEXTS, THREE)
    plain = clone(STUDENT).fit(TEXTS, THREE)
    np.testing.assert_allclose(model.predict_proba(TEXTS), plain.predict_proba(TEXTS), atol=1e-4)


def test_steps_before_the_learner_see_each_row_once() -> None:
    model = Distilled(make_pipeline(Counts(min_df=2), Logistic()), TEACHER).fit(TEXTS, LABELS)
    plain = Counts(min_df=2).fit(TEXTS)
    assert model.estimator_[0].vocabulary_ == plain.vocabulary_
    np.testing.assert_array_equal(model.estimator_[0].idf_, plain.idf_)


def test_a_network_gets_the_teacher_as_it_is() -> None:
    student = make_pipeline(Counts(), Soaked())
    model = Distilled(student, TEACHER, 3.0, 0.4, "cross_entropy")
    model.fit(TEXTS[:200], LABELS[:200], TEXTS[200:], LABELS[200:])
    given = model.estimator_[-1].given
    teacher = clone(TEACHER).fit(TEXTS[:200], LABELS[:200])
    np.testing.assert_array_equal(given["soft"].probabilities, teacher.predict_proba(TEXTS[:200]))
    assert (given["soft"].temperature, given["soft"].weight, given["soft"].objective) == (3.0, 0.4, "cross_entropy")
    assert given["X_val"].shape[0] == 60
    np.testing.assert_array_equal(given["y_val"], LABELS[200:])
    np.testing.assert_array_equal(given["y"], LABELS[:200])


def test_out_of_fold_rows_are_said_by_teachers_that_have_not_seen_them() -> None:
    student = make_pipeline(Counts(), Soaked())
    groups = np.arange(260) // 2
    model = Distilled(student, TEACHER, teacher_rows="out-of-fold", folds=4).fit(TEXTS, LABELS, groups=groups)
    said = model.estimator_[-1].given["soft"].probabilities
    codes = np.unique(LABELS, return_inverse=True)[1]
    for train, held in folds_of(codes, 4, groups, 0):
        assert not set(groups[train]) & set(groups[held])
        expected = clone(TEACHER).fit(TEXTS[train], LABELS[train]).predict_proba(TEXTS[held])
        np.testing.assert_array_equal(said[held], expected)
    in_sample = Distilled(student, TEACHER).fit(TEXTS, LABELS)
    told = [m.facts_["distil"]["accuracy_teacher"] for m in (model, in_sample)]
    assert told[0] <= told[1]


def test_a_row_that_is_never_held_out_has_its_label() -> None:
    y = np.array([*LABELS[:259], "sendiri"], dtype=object)
    model = Distilled(make_pipeline(Counts(), Soaked()), TEACHER, teacher_rows="out-of-fold").fit(TEXTS, y)
    assert model.facts_["distil"]["without_teacher"] == 1
    np.testing.assert_array_equal(model.estimator_[-1].given["soft"].probabilities[-1], [0, 1, 0])


def test_facts_tell_what_was_kept() -> None:
    model = Distilled(STUDENT, TEACHER).fit(TEXTS[:200], LABELS[:200], TEXTS[200:], LABELS[200:])
    told = model.facts_["distil"]
    teacher = clone(TEACHER).fit(TEXTS[:200], LABELS[:200])
    own, other = model.predict(TEXTS[200:]), teacher.predict(TEXTS[200:])
    assert told["valid"] == {
        "teacher": (other == LABELS[200:]).mean(),
        "student": (own == LABELS[200:]).mean(),
        "agreement": (own == other).mean(),
        "n": 60,
    }
    assert told["agreement_train"] == (model.predict(TEXTS[:200]) == teacher.predict(TEXTS[:200])).mean()
    assert told["teacher"] == "counts → logistic"
    handed = clone(model).fit(TEXTS[:200], LABELS[:200], fitted={"teacher": teacher})
    assert handed.facts_["distil"]["valid"] is None
    np.testing.assert_array_equal(handed.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_a_student_of_few_labels_learns_from_a_teacher_of_many() -> None:
    plain = clone(STUDENT).fit(TEXTS[:25], LABELS[:25])
    teacher = clone(TEACHER).fit(TEXTS, LABELS)
    assert (teacher.predict(TEXTS) == LABELS).mean() > 0.95
    student = make_pipeline(Counts(words=(1, 2)), Forest(n_estimators=20))
    model = Distilled(student, TEACHER, 1.0, 1.0).fit(TEXTS, np.roll(LABELS, 1), fitted={"teacher": teacher})
    assert (model.predict(TEXTS) == LABELS).mean() > max(0.9, (plain.predict(TEXTS) == LABELS).mean())


@pytest.mark.parametrize("student", [make_pipeline(Counts(), Calibrated(LinearSVM())), make_pipeline(Neighbours())])
def test_a_student_that_takes_labels_alone_is_refused(student: Any) -> None:
    with pytest.raises(DataError) as caught:
        Distilled(student, TEACHER).fit(TEXTS, LABELS)
    assert caught.value.key == "learn.distil_student"
    assert caught.value.fields["learner"] == type(student[-1]).__name__


def test_a_teacher_without_probabilities_or_of_other_classes_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        Distilled(STUDENT, make_pipeline(Counts(), LinearSVM())).fit(TEXTS, LABELS)
    assert caught.value.key == "learn.member_probabilities"
    other = clone(TEACHER).fit(TEXTS, THREE)
    with pytest.raises(DataError) as caught:
        Distilled(STUDENT, TEACHER).fit(TEXTS, LABELS, fitted={"teacher": other})
    assert caught.value.fields == {"name": "teacher", "came": "a, b, c", "allowed": "bukan, ya"}


@pytest.mark.parametrize(
    "settings", [{"temperature": 0.0}, {"weight": 1.2}, {"teacher_rows": "all"}, {"objective": "mse"}]
)
def test_bad_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(DataError) as caught:
        Distilled(STUDENT, TEACHER, **settings).fit(TEXTS, LABELS)
    assert caught.value.key == "learn.distil_setting"
    assert caught.value.fields["setting"] in settings


def test_one_class_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        Distilled(STUDENT, TEACHER).fit(TEXTS, ["ya"] * 260)
    assert caught.value.key == "learn.one_class"


def test_pairs_with_empty_sides() -> None:
    pairs = pd.DataFrame({"text_a": TEXTS, "text_b": np.roll(TEXTS, 1)})
    pairs.iloc[::5, 1] = ""
    model = Distilled(STUDENT, TEACHER).fit(pairs, LABELS)
    assert np.isfinite(model.predict_proba(pairs)).all()


@pytest.mark.parametrize("held", [0.0, 0.2])
def test_a_network_learns_from_its_teacher(one_thread: None, tmp_path: Path, held: float) -> None:
    pytest.importorskip("torch")
    teacher = clone(TEACHER).fit(TEXTS, LABELS)
    turned = np.where(LABELS == "ya", "bukan", "ya").astype(object)
    said = {}
    for weight in (0.0, 1.0):
        student = Recurrent(
            width=8, vector_size=8, epochs=8, learning_rate=0.03, dropout=0.0, validation=held, keep="last"
        )
        with working(Workplace(folder=tmp_path)):
            # The labels say the opposite of the teacher.
            model = Distilled(student, TEACHER, 2.0, weight).fit(TEXTS, turned, fitted={"teacher": teacher})
        said[weight] = (model.predict(TEXTS) == LABELS).mean()
        assert model.facts_["distil"]["agreement_train"] == pytest.approx(said[weight], abs=0.1)
    # Two trainings that differ in the weight alone do not take each other's checkpoints.
    assert len(list(tmp_path.iterdir())) == 2
    assert said[0.0] < 0.3
    assert said[1.0] > 0.7


@pytest.mark.parametrize("pair", ["cross", "bi"])
def test_an_encoder_on_pairs_learns_from_counts(one_thread: None, pair: Any) -> None:
    pytest.importorskip("torch")
    pairs = pd.DataFrame({"text_a": TEXTS[:40], "text_b": ["", *TEXTS[:39]]})
    student = FineTune(str(kept_encoder("bert")), epochs=1, max_length=16, pair=pair, freeze="all")
    model = Distilled(student, TEACHER, temperature=3.0).fit(pairs, LABELS[:40])
    np.testing.assert_allclose(model.predict_proba(pairs).sum(axis=1), 1)
    plain = clone(student).fit(pairs, LABELS[:40])
    assert not np.array_equal(plain.predict_proba(pairs), model.predict_proba(pairs))
