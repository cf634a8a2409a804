"""People against people, and the words of the bands."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from makna.core.task import Task
from makna.evaluate.bands import BANDS, band_of
from makna.evaluate.raters import rater_scores
from makna.evaluate.resample import ScoreSettings

MARKS = Task("pair", "number", scale=(0, 5))


def test_two_raters_agree_as_scipy_says_whichever_comes_first():
    rng = np.random.default_rng(0)
    one = rng.integers(0, 6, 200).astype(float)
    other = np.clip(one + rng.integers(-1, 2, 200), 0, 5)
    group = np.repeat(list("abcde"), 40)
    settings = ScoreSettings(groups=group, resamples=200)
    (found,) = rater_scores(MARKS, {"me": one, "other": other}, group, settings)
    (turned,) = rater_scores(MARKS, {"other": other, "me": one}, group, settings)
    assert found["scores"]["pearson"]["value"] == pytest.approx(pearsonr(one, other)[0])
    assert found["scores"]["within_one"]["value"] == 1.0
    assert found["scores"]["mae"]["low"] < found["scores"]["mae"]["value"] < found["scores"]["mae"]["high"]
    for metric, score in found["scores"].items():
        assert turned["scores"][metric]["value"] == pytest.approx(score["value"])
    assert found["within_groups"]["groups"] == 5


def test_rows_that_one_of_them_did_not_mark_are_left_out():
    marks = {"a": [1, 2, np.nan, 4], "b": [1, np.nan, 3, 4], "c": [np.nan, np.nan, 3, np.nan]}
    (found,) = rater_scores(MARKS, marks)
    assert (found["raters"], found["n"], found["scores"]["mae"]["value"]) == (["a", "b"], 2, 0.0)


@pytest.mark.parametrize(
    ("metric", "value", "word"),
    [
        *[("mae", 0.199, "very_good"), ("mae", 0.2, "good"), ("mae", 0.4, "poor")],
        *[("mse", 0.049, "very_good"), ("mse", 0.099, "fair"), ("mse", 0.1, "poor")],
        *[("rmse", 0.299, "very_good"), ("rmse", 0.499, "good"), ("rmse", 0.5, "poor")],
        *[("pearson", 0.8, "very_good"), ("pearson", 0.6, "good"), ("pearson", 0.4, "acceptable")],
        *[("pearson", 0.399, "poor"), ("spearman", 0.9, None)],
    ],
)
def test_a_score_falls_in_the_studys_band(metric, value, word):
    assert band_of(metric, value) == word


def test_the_bands_disagree_with_one_another():
    bound = BANDS["rmse"][0][0] - 1e-9
    assert (band_of("rmse", bound), band_of("mse", bound**2)) == ("very_good", "fair")
