from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.dummy import DummyClassifier, DummyRegressor

from makna.core.errors import DataError
from makna.learn.baseline import Majority, MeanScore

Y = np.array(["b", "a", "c", "b", "a", "b"], dtype=object)
TEXTS = np.array(list("uvwxyz"), dtype=object)


@pytest.mark.parametrize(
    "X", [TEXTS, TEXTS.tolist(), pd.DataFrame({"a": TEXTS, "b": TEXTS}), np.zeros((6, 2)), sp.csr_matrix((6, 3))]
)
def test_baselines_take_anything_with_rows(X: Any) -> None:
    oracle = DummyClassifier(strategy="prior").fit(X, Y)
    model = Majority().fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), oracle.predict(X))
    np.testing.assert_allclose(model.predict_proba(X), oracle.predict_proba(X))
    scores = np.array([1.0, 2.0, 4.0, 4.0, 5.0, 5.5])
    np.testing.assert_allclose(MeanScore().fit(X, scores).predict(X), DummyRegressor().fit(X, scores).predict(X))


def test_equally_common_classes_take_the_first() -> None:
    assert Majority().fit(["x"] * 4, ["b", "a", "b", "a"]).predict(["y"]).tolist() == ["a"]


@pytest.mark.parametrize("wrong", ["abcdef", b"abcdef", {"a": 1}])
def test_a_bare_text_is_not_rows(wrong: Any) -> None:
    for model in (Majority(), MeanScore()):
        with pytest.raises(DataError):
            model.fit(wrong, [1] * len(wrong))
        with pytest.raises(DataError):
            type(model)().fit(["a", "b"], [1, 2]).predict(wrong)


def test_unequal_lengths_and_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        Majority().fit(TEXTS, Y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        MeanScore().fit(["a", "b"], [1.0, np.nan])
