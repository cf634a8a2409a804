from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chi2

from makna.core.task import Task
from makna.evaluate.groups import PERMUTATIONS, group_scores, group_test
from makna.evaluate.scores import ScoreSettings, evaluate_part

LABELS = {"": ["a", "b"]}
NUMBER = Task(target="number")


def test_each_group_is_scored_as_a_part_of_its_own():
    generator = np.random.default_rng(0)
    truth, prediction = generator.choice(["a", "b"], size=(2, 90))
    groups = np.array(["books", "toys", None], dtype=object)[np.arange(90) % 3]
    settings = ScoreSettings(resamples=200, folds=np.arange(90) % 2)
    found = group_scores(Task(), LABELS, truth, prediction, groups, ["f1_macro"], settings)
    assert list(found) == ["", "books", "toys"]
    toys = groups == "toys"
    alone = evaluate_part(Task(), LABELS, truth[toys], prediction[toys], settings=ScoreSettings(["f1_macro"], 200))
    expected = alone.metrics["f1_macro"]
    del expected["pooled"]
    assert found["toys"] == {"n": 30, "f1_macro": expected}


def test_groups_of_numbers_share_one_scale():
    # In the second group alone the truth ends at 1, but the study's marks reach 5.
    truth, prediction = [0.0, 5.0, 0.0, 1.0], [0.0, 5.0, 0.0, 3.0]
    found = group_scores(NUMBER, {}, truth, prediction, ["p", "p", "q", "q"], ["qwk"])
    # Marks (0, 0), (1, 3): 1 - (2 · 4) / (2 · 10 - 2 · 1 · 3)
    assert found["q"]["qwk"]["value"] == pytest.approx(1 - 8 / 14)


def test_a_group_that_is_one_cluster_still_has_an_interval():
    generator = np.random.default_rng(1)
    truth, prediction = generator.choice(["a", "b"], size=(2, 60))
    questions = np.repeat(["q1", "q2", "q3"], 20)
    found = group_scores(Task(), LABELS, truth, prediction, questions, ["accuracy"], ScoreSettings(groups=questions))
    for scores in found.values():
        assert scores["accuracy"]["low"] < scores["accuracy"]["value"] < scores["accuracy"]["high"]


def test_large_groups_are_tested_by_chi_square():
    right = np.repeat([True, False, True, False], [40, 10, 25, 25])
    groups = np.repeat(["x", "y"], 50)
    found = group_test(Task(), LABELS, ["a"] * 100, np.where(right, "a", "b"), groups)
    # By hand: n (ad - bc)² / (row and column sums)
    statistic = 100 * (40 * 25 - 10 * 25) ** 2 / (50 * 50 * 65 * 35)
    expected = {"test": "chi2", "of": "accuracy", "groups": 2, "n": 100, "why": None}
    assert found == {**expected, "p": pytest.approx(chi2.sf(statistic, 1))}


def test_small_groups_are_tested_by_permutation():
    # Three right against three wrong: 2 of the 20 ways to share them out are as far apart.
    found = group_test(Task(), LABELS, ["a"] * 6, ["a"] * 3 + ["b"] * 3, ["x"] * 3 + ["y"] * 3)
    assert found["test"] == "permutation"
    assert found["p"] == pytest.approx(0.1, abs=0.025)


def test_numbers_are_tested_on_the_absolute_error():
    errors = np.array([0.1, -0.2, 0.3, -2.0, 2.1, 2.2])
    found = group_test(NUMBER, {}, np.zeros(6), errors, ["x"] * 3 + ["y"] * 3, seed=4)
    assert (found["test"], found["of"]) == ("permutation", "mae")
    assert found["p"] == pytest.approx(0.1, abs=0.025)
    assert found == group_test(NUMBER, {}, np.zeros(6), errors, ["x"] * 3 + ["y"] * 3, seed=4)
    assert found != group_test(NUMBER, {}, np.zeros(6), errors, ["x"] * 3 + ["y"] * 3, seed=5)


def test_the_permutation_p_is_the_share_of_all_ways_to_share_out_the_rows():
    errors = np.array([2.0, 1.6, 0.1, 0.4, 1.1, 0.9, 0.2])

    def between(names):
        parts = [errors[[name == group for name in names]] for group in "xyz"]
        return sum(len(part) * (part.mean() - errors.mean()) ** 2 for part in parts)

    every = [between(names) for names in set(permutations("xyyzzzz"))]
    assert len(every) == 105
    expected = np.mean([value >= between("xyyzzzz") - 1e-12 for value in every])
    found = group_test(NUMBER, {}, np.zeros(7), errors, list("xyyzzzz"))
    assert found["p"] == pytest.approx(expected, abs=0.04)


def test_groups_without_a_difference_have_p_one_and_a_clear_one_has_the_least():
    assert group_test(Task(), LABELS, ["a"] * 6, ["a"] * 6, list("xxxyyy"))["p"] == 1.0
    errors = np.repeat([0.0, 1.0], 30)
    assert group_test(NUMBER, {}, np.zeros(60), errors, np.repeat(["x", "y"], 30))["p"] == 1 / (1 + PERMUTATIONS)


def test_the_permutation_p_is_uniform_where_groups_do_not_differ():
    small = 0
    for seed in range(100):
        errors = np.random.default_rng(seed).normal(size=30)
        small += group_test(NUMBER, {}, np.zeros(30), errors, np.arange(30) % 3, seed=seed)["p"] <= 0.2
    assert 10 <= small <= 32


def test_several_outputs_are_tested_on_the_share_of_right_outputs():
    task = Task(target="classes", outputs=("u", "v"))
    truth = np.full((6, 2), "a", dtype=object)
    prediction = truth.copy()
    prediction[3:, 1] = "b"
    found = group_test(task, ["a", "b"], truth, prediction, list("xxxyyy"))
    assert (found["test"], found["of"]) == ("permutation", "accuracy")
    assert found["p"] == pytest.approx(0.1, abs=0.025)


def test_fewer_than_two_groups_cannot_differ():
    found = group_test(Task(), LABELS, ["a", "b"], ["a", "a"], ["x", "x"])
    assert (found["test"], found["p"], found["why"]) == (None, None, "one_group")
    assert group_test(Task(), LABELS, [], [], [])["why"] == "no_rows"
    assert group_scores(Task(), LABELS, [], [], []) == {}
