from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from makna.core.errors import DataError
from makna.learn.forest import Forest, ForestRegressor

rng = np.random.default_rng(4)
X = rng.normal(size=(80, 4))
CODES = (X[:, 0] * X[:, 1] > 0).astype(int)
Y = CODES.astype(str).astype(object)
SCORES = X[:, 0] ** 2


def test_forests_are_those_of_scikit_learn() -> None:
    ours = Forest(n_estimators=7, max_depth=3, min_samples_leaf=2, max_features=0.5).fit(X, Y)
    theirs = RandomForestClassifier(7, max_depth=3, min_samples_leaf=2, max_features=0.5, random_state=0).fit(X, CODES)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X).astype(str))
    mine = ForestRegressor(n_estimators=7).fit(X, SCORES)
    theirs = RandomForestRegressor(7, random_state=0).fit(X, SCORES)
    np.testing.assert_array_equal(mine.predict(X), theirs.predict(X))


@pytest.mark.parametrize("weight", ["balanced", "balanced_subsample", {"0": 1.0, "1": 9.0}])
def test_weights_of_classes_that_read_as_numbers(weight: Any) -> None:
    by_code = {0: 1.0, 1: 9.0} if isinstance(weight, dict) else weight
    ours = Forest(n_estimators=3, class_weight=weight).fit(X, Y)
    theirs = RandomForestClassifier(3, class_weight=by_code, random_state=0).fit(X, CODES)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.class_weight is weight


def test_weight_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(DataError):
        Forest(n_estimators=2, class_weight={"2": 3.0}).fit(X, Y)


def test_trees_come_back_whole() -> None:
    model = Forest(n_estimators=5).fit(X, Y)
    again = Forest.from_parts(model.to_parts())
    for a, b in zip(model.estimators_, again.estimators_, strict=True):
        assert a.tree_.max_depth == b.tree_.max_depth
        for name in ("children_left", "children_right", "feature", "threshold", "impurity", "value", "n_node_samples"):
            np.testing.assert_array_equal(getattr(a.tree_, name), getattr(b.tree_, name))
    np.testing.assert_array_equal(model.feature_importances_, again.feature_importances_)


@pytest.mark.parametrize(
    ("name", "value"),
    [("left_child", 0), ("right_child", 10**6), ("right_child", -5), ("feature", 4), ("feature", -2)],
)
def test_nodes_that_lead_in_circles_or_out_are_refused(name: str, value: int) -> None:
    parts = ForestRegressor(n_estimators=2).fit(X, SCORES).to_parts()
    parts.tensors[f"node.{name}"][0] = value
    with pytest.raises(ValueError, match="no trees"):
        ForestRegressor.from_parts(parts)


def test_too_few_nodes_are_refused() -> None:
    parts = Forest(n_estimators=2).fit(X, Y).to_parts()
    parts.state["sizes"][0] += 5
    with pytest.raises(ValueError):
        Forest.from_parts(parts)
