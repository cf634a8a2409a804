"""Scores within groups against scipy and scikit-learn, group by group."""

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import cohen_kappa_score

from makna.core.task import Task
from makna.evaluate.resample import ScoreSettings
from makna.evaluate.within import within_groups

MARKS = Task("pair", "number", scale=(0, 5))


def _questions(seed=0, questions=12, answers=20):
    """Marks that depend on the question, and predictions that know nothing but the question."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.choice([0.5, 4.5], questions), answers)
    truth = np.clip(np.round(level + rng.normal(0, 0.6, len(level))), 0, 5)
    said = np.clip(level + rng.normal(0, 0.2, len(level)), 0, 5)
    return truth, said, np.repeat([f"q{i}" for i in range(questions)], answers)


def test_a_high_pooled_correlation_may_be_nothing_within_questions():
    truth, said, group = _questions()
    found = within_groups(MARKS, truth, said, group)
    assert found["pearson"]["pooled"] > 0.9
    assert abs(found["pearson"]["value"]) < 0.2
    assert found["pearson"]["low"] < 0 < found["pearson"]["high"]


def test_means_over_groups_are_those_of_scipy_and_scikit_learn():
    truth, said, group = _questions(3)
    found = within_groups(MARKS, truth, said, group)
    of = [np.flatnonzero(group == name) for name in np.unique(group)]
    assert found["pearson"]["value"] == pytest.approx(np.mean([pearsonr(truth[i], said[i])[0] for i in of]))
    rounded = np.floor(said + 0.5).astype(int)
    kappas = [
        cohen_kappa_score(truth[i].astype(int), rounded[i], labels=list(range(6)), weights="quadratic") for i in of
    ]
    assert found["qwk"]["value"] == pytest.approx(np.mean(kappas))
    assert found["rmse"]["value"] == pytest.approx(np.mean([np.sqrt(np.mean((truth[i] - said[i]) ** 2)) for i in of]))
    assert found["rmse"]["pooled"] == pytest.approx(np.sqrt(np.mean((truth - said) ** 2)))
    assert (found["groups"], found["n"]) == (12, 240)


def test_the_interval_is_that_of_a_mean_of_groups():
    truth, said, group = _questions(1, questions=40)
    found = within_groups(MARKS, truth, said, group, ScoreSettings(resamples=4000))
    values = [np.mean(np.abs(truth[group == name] - said[group == name])) for name in np.unique(group)]
    half = 1.96 * np.std(values) / np.sqrt(len(values))
    assert found["mae"]["high"] - found["mae"]["low"] == pytest.approx(2 * half, rel=0.1)


def test_a_group_without_a_correlation_is_left_out_and_counted():
    found = within_groups(MARKS, [5, 5, 1, 2], [4, 5, 1, 2], ["a", "a", "b", "b"])
    pooled = pytest.approx(pearsonr([5, 5, 1, 2], [4, 5, 1, 2])[0])
    assert found["pearson"] == {"value": 1.0, "low": None, "high": None, "pooled": pooled, "groups": 1}
    assert found["mae"]["groups"] == 2
    nowhere = within_groups(MARKS, [5, 5], [4, 4], ["a", "b"])
    assert (nowhere["pearson"]["value"], nowhere["pearson"]["groups"]) == (None, 0)
