"""Training rows with more equal classes: which rows, in which groups, and what stays untouched."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline, make_pipeline

from makna.core.errors import DataError
from makna.learn.balance import Balanced
from makna.learn.calibrate import Calibrated, folds_of
from makna.learn.linear import LinearSVM, Logistic
from makna.learn.outputs import PerOutput
from makna.recipe.steps import adapter
from makna.represent.counts import Counts
from makna.represent.lengths import LengthFeatures

TEXTS = np.array([f"barangnya tidak nomor{i} gambar sesuai" for i in range(24)], dtype=object)
LABELS = np.array(["negatif"] * 14 + ["netral"] * 3 + ["positif"] * 7, dtype=object)
PAIRS = pd.DataFrame({"text_a": TEXTS, "text_b": TEXTS[::-1]})


class Watching(ClassifierMixin, BaseEstimator):
    """Answers the first class and remembers what it was given."""

    def fit(self, X, y, X_val=None, y_val=None, groups=None):
        self.seen_ = {"X": X, "y": y, "X_val": X_val, "y_val": y_val, "groups": groups}
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0], dtype=object)


def seen(method, X=TEXTS, y=LABELS, fit=None, **settings):
    return Balanced(Watching(), method, **settings).fit(X, y, **(fit or {})).estimator_.seen_


def sizes(y):
    return dict(zip(*(part.tolist() for part in np.unique(y, return_counts=True)), strict=True))


many_labels = st.lists(st.sampled_from("abcd"), min_size=1, max_size=40).map(lambda rows: np.array(rows, dtype=object))
shares = st.floats(0.01, 1.0)


@settings(max_examples=200, deadline=None)
@given(many_labels, shares, st.integers(0, 9))
def test_over_copies_rows_evenly(y, share, seed):
    X = np.arange(len(y), dtype=float)[:, None]
    found = seen("over", X, y, share=share, random_state=seed)
    before, largest = sizes(y), max(sizes(y).values())
    assert sizes(found["y"]) == {label: n + round(share * (largest - n)) for label, n in before.items()}
    np.testing.assert_array_equal(found["X"][: len(y)], X)
    rows = found["X"][:, 0].astype(int)
    np.testing.assert_array_equal(found["y"], y[rows])
    times = np.bincount(rows)
    for label in before:
        assert np.ptp(times[y == label]) <= 1


@settings(max_examples=200, deadline=None)
@given(many_labels, shares, st.integers(0, 9))
def test_under_leaves_rows_out_and_two_at_least(y, share, seed):
    X = np.arange(len(y), dtype=float)[:, None]
    found = seen("under", X, y, share=share, random_state=seed)
    rows = found["X"][:, 0].astype(int).tolist()
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(found["y"], y[rows])
    before, smallest = sizes(y), min(sizes(y).values())
    for label, n in sizes(found["y"]).items():
        assert n == min(before[label], max(2, before[label] - round(share * (before[label] - smallest))))
    assert set(sizes(found["y"])) == set(before)


def test_augment_writes_copies_another_way():
    found = seen("augment")
    assert sizes(found["y"]) == dict.fromkeys(["negatif", "netral", "positif"], 14)
    np.testing.assert_array_equal(found["X"][:24], TEXTS)
    copies = found["X"][24:]
    assert len(set(copies)) > 12
    assert not set(copies) & set(TEXTS)
    np.testing.assert_array_equal(found["groups"][24:], [int(text.split("nomor")[1].split()[0]) for text in copies])


def test_augment_counts_the_copies_that_stayed_the_same():
    balanced = Balanced(Watching(), "augment").fit(["zzzzq", "bagus sekali", "bagus amat"], ["a", "b", "b"])
    assert balanced.facts_["balance"]["same"] == 1
    assert balanced.estimator_.seen_["X"].tolist() == ["zzzzq", "bagus sekali", "bagus amat", "zzzzq"]


def test_none_is_the_estimator_itself():
    found = seen("none")
    np.testing.assert_array_equal(found["X"], TEXTS)
    assert found["groups"] is None


@pytest.mark.parametrize("method", ["over", "under", "augment"])
def test_a_seed_decides(method):
    same = [seen(method, random_state=seed)["X"].tolist() for seed in (3, 3, 4)]
    assert same[0] == same[1] != same[2]
    seen(method, random_state=None)


def test_a_seed_decides_how_copies_are_written():
    X, y = ["barangnya tidak sesuai gambar dan penjual lambat"] + ["bagus"] * 3, ["a", "b", "b", "b"]
    found = [seen("augment", X, y, random_state=seed)["X"][4:].tolist() for seed in (3, 3, 4)]
    assert found[0] == found[1] != found[2]
    assert len(set(found[0])) == 2


@pytest.mark.parametrize("method", ["over", "under"])
def test_pairs_and_sparse_rows(method):
    pairs = seen(method, PAIRS)
    assert pairs["X"].columns.tolist() == ["text_a", "text_b"]
    assert len(pairs["X"]) == len(pairs["y"]) == (42 if method == "over" else 9)
    sparse = seen(method, sp.csr_matrix(np.eye(24)))
    rows = sparse["X"].toarray().argmax(axis=1)
    np.testing.assert_array_equal(sparse["y"], LABELS[rows])


def test_copies_are_in_the_group_of_their_row():
    given_groups = np.array([f"toko{i % 5}" for i in range(24)], dtype=object)
    found = seen("over", np.arange(24.0)[:, None], fit={"groups": given_groups})
    np.testing.assert_array_equal(found["groups"], given_groups[found["X"][:, 0].astype(int)])
    of_rows = seen("over", np.arange(24.0)[:, None])
    np.testing.assert_array_equal(of_rows["groups"], of_rows["X"][:, 0].astype(int))
    assert len(seen("under", fit={"groups": given_groups})["groups"]) == 9


def test_calibration_never_holds_out_a_copy_of_a_training_row(monkeypatch):
    parts = []

    def noting(codes, folds, groups=None, random_state=0):
        for train, held in folds_of(codes, folds, groups, random_state):
            parts.append((set(np.asarray(groups)[train]), set(np.asarray(groups)[held])))
            yield train, held

    monkeypatch.setattr("makna.learn.calibrate.folds_of", noting)
    Balanced(make_pipeline(LengthFeatures(), Calibrated(LinearSVM(), folds=3)), "over").fit(TEXTS, LABELS)
    assert len(parts) == 3
    assert not any(train & held for train, held in parts)


def test_watched_rows_pass_through_the_representations_untouched():
    system = Pipeline([("lengths", LengthFeatures()), ("learn", Watching())])
    watched = np.array(["satu", "dua kata"], dtype=object)
    balanced = Balanced(system, "augment").fit(TEXTS, LABELS, X_val=watched, y_val=["netral", "positif"])
    inside = balanced.estimator_.steps[-1][1].seen_
    assert inside["X"].shape[0] == 42
    expected = balanced.estimator_.steps[0][1].transform(watched)
    np.testing.assert_array_equal(np.asarray(inside["X_val"]), np.asarray(expected))
    assert inside["y_val"] == ["netral", "positif"]


def test_a_learner_that_takes_no_groups_gets_none():
    assert Balanced(Logistic(), "over").fit(np.arange(24.0)[:, None], LABELS).classes_.tolist() == [
        "negatif", "netral", "positif",
    ]  # fmt: skip


def test_over_is_the_estimator_fitted_on_the_copied_rows():
    system = make_pipeline(Counts(), LinearSVM())
    balanced = Balanced(system, "over").fit(TEXTS, LABELS)
    rows = seen("over", np.arange(24)[:, None])["X"][:, 0]
    by_hand = clone(system).fit(TEXTS[rows], LABELS[rows])
    np.testing.assert_array_equal(balanced.decision_function(TEXTS), by_hand.decision_function(TEXTS))


def test_facts_are_json():
    balanced = Balanced(Watching(), "under", share=0.5).fit(TEXTS, LABELS)
    assert json.loads(json.dumps(balanced.facts_))["balance"] == {
        "method": "under", "share": 0.5, "before": {"negatif": 14, "netral": 3, "positif": 7},
        "after": {"negatif": 8, "netral": 3, "positif": 5}, "same": 0,
    }  # fmt: skip


def test_what_the_inner_learner_cannot_do_is_not_there():
    assert not hasattr(Balanced(LinearSVM()), "predict_proba")
    assert hasattr(Balanced(LinearSVM()), "decision_function")
    assert hasattr(Balanced(Logistic()), "predict_proba")


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"method": "smote"}, "method"), ({"share": 0.0}, "share"), ({"share": 1.5}, "share"), ({"drop": "x"}, "drop"),
     ({"change": True}, "change"), ({"operations": []}, "operations"), ({"operations": ["synonym"]}, "operations")],
)  # fmt: skip
def test_settings_that_do_not_exist_are_refused(settings, named):
    with pytest.raises(DataError, match=named):
        Balanced(Watching(), **settings).fit(TEXTS, LABELS)


def test_a_share_may_be_one():
    assert Balanced(Watching(), share=1).fit(TEXTS, LABELS).facts_["balance"]["after"]["netral"] == 14


def test_targets_that_are_no_class_are_refused():
    with pytest.raises(DataError, match="balance"):
        Balanced(Watching()).fit(TEXTS, np.linspace(0, 5, 24))
    with pytest.raises(DataError, match="balance"):
        Balanced(PerOutput(Logistic())).fit(np.eye(24), np.column_stack([LABELS, LABELS]))


def test_augment_refuses_pairs_and_numbers():
    with pytest.raises(DataError, match="pasangan"):
        seen("augment", PAIRS)
    with pytest.raises(DataError):
        seen("augment", np.eye(24))


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [("method", "augment", "smote"), ("share", 0.5, 0), ("operations", ["slang", "drop"], ["synonym"]),
     ("change", 1, 2), ("random_state", 3, -1)],
)  # fmt: skip
def test_a_recipe_checks_the_settings(key, good, bad):
    check = adapter("makna.learn.balance:Balanced", key)
    assert check.validate_python(good) == good
    with pytest.raises(ValueError):
        check.validate_python(bad)
