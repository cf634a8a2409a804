from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.multioutput import MultiOutputClassifier

from makna.core.errors import DataError
from makna.learn.baseline import Majority
from makna.learn.calibrate import Calibrated
from makna.learn.linear import LinearSVM, Logistic
from makna.learn.outputs import PerOutput

rng = np.random.default_rng(6)
X = rng.normal(size=(60, 3))
Y = np.column_stack([np.where(X[:, 0] > 0, "1", "0"), np.digitize(X[:, 1], [-0.5, 0.5]).astype(str)]).astype(object)


def test_against_scikit_learn() -> None:
    ours, theirs = PerOutput(Logistic()).fit(X, Y), MultiOutputClassifier(Logistic()).fit(X, Y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    for a, b in zip(ours.predict_proba(X), theirs.predict_proba(X), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [c.tolist() for c in ours.classes_] == [["0", "1"], ["0", "1", "2"]]
    assert ours.predict(X).dtype == object
    assert ours.score(X, Y) == pytest.approx((ours.predict(X) == Y).mean())


def test_a_constant_output_always_gets_its_class() -> None:
    y = np.column_stack([Y[:, 0], ["tetap"] * 60]).astype(object)
    model = PerOutput(Calibrated(LinearSVM())).fit(X, y)
    assert set(model.predict(X)[:, 1]) == {"tetap"}
    assert model.predict_proba(X)[1].tolist() == [[1.0]] * 60
    assert isinstance(model.estimators_[1], Majority)
    assert model.classes_[1].tolist() == ["tetap"]
    assert (model.predict(X)[:, 0] == Y[:, 0]).mean() > 0.9


def test_groups_are_handed_on() -> None:
    groups = np.repeat(np.arange(12), 5)
    model = PerOutput(Calibrated(LinearSVM(), folds=4)).fit(X, Y, groups=groups)
    for place, one in enumerate(model.estimators_):
        alone = Calibrated(LinearSVM(), folds=4).fit(X, Y[:, place], groups=groups)
        np.testing.assert_array_equal(one.points_, alone.points_)
        assert not np.array_equal(one.points_, Calibrated(LinearSVM(), folds=4).fit(X, Y[:, place]).points_)
    # A classifier that knows no groups is not given any.
    PerOutput(Logistic()).fit(X, Y, groups=groups)


def test_works_in_cross_validation() -> None:
    found = cross_val_predict(PerOutput(Logistic()), X, Y, cv=GroupKFold(3), groups=np.arange(60) % 6)
    assert found.shape == Y.shape


@pytest.mark.parametrize("y", [Y[:, 0], Y[:, :0], Y[:, :, None]])
def test_other_shapes_of_target_are_refused(y: np.ndarray) -> None:
    with pytest.raises(DataError) as caught:
        PerOutput(Logistic()).fit(X, y)
    assert caught.value.fields["shape"] == y.shape
