from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from makna.core.errors import DataError
from makna.learn.linear import Logistic
from makna.represent.lengths import LengthFeatures
from makna.represent.scale import Standardise

PAIRS = pd.DataFrame({"text_a": ["dua kata", "", "sama"], "text_b": ["satu", "", "sama"]})


def test_texts_have_characters_and_words() -> None:
    found = LengthFeatures().fit_transform(["dua  kata", "", "日本語"])
    np.testing.assert_allclose(found, np.log([[10, 3], [1, 1], [4, 2]]))


def test_pairs_have_sum_difference_and_ratio() -> None:
    model = LengthFeatures().fit(PAIRS)
    named = pd.DataFrame(model.transform(PAIRS), columns=model.get_feature_names_out())
    np.testing.assert_allclose(named["log_sum_chars"], np.log([13, 1, 9]))
    np.testing.assert_allclose(named["log_difference_chars"], np.log([5, 1, 1]))
    np.testing.assert_allclose(named["ratio_chars"], [0.5, 1, 1])
    np.testing.assert_allclose(named["log_sum_words"], np.log([4, 1, 3]))
    np.testing.assert_allclose(named["log_difference_words"], np.log([2, 1, 1]))
    np.testing.assert_allclose(named["ratio_words"], [0.5, 1, 1])


def test_order_of_the_sides_does_not_matter() -> None:
    turned = pd.DataFrame({"text_a": PAIRS["text_b"], "text_b": PAIRS["text_a"]})
    model = LengthFeatures().fit(PAIRS)
    np.testing.assert_array_equal(model.transform(PAIRS), model.transform(turned))


@pytest.mark.parametrize(("fitted", "other"), [(PAIRS, ["a"]), (["a"], PAIRS)])
def test_the_other_shape_than_in_fit_is_refused(fitted: Any, other: Any) -> None:
    with pytest.raises(DataError):
        LengthFeatures().fit(fitted).transform(other)


def test_length_baseline_learns_length() -> None:
    texts = ["pendek", "kata", "teks yang jauh lebih panjang", "ini juga teks yang cukup panjang"] * 5
    y = ["p", "p", "l", "l"] * 5
    model = make_pipeline(LengthFeatures(), Standardise(), Logistic()).fit(texts, y)
    assert model.predict(["x", "satu lagi teks yang tentu saja panjang"]).tolist() == ["p", "l"]
