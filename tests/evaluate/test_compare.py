import json
from math import comb

import numpy as np
import pytest

from makna.core.task import Task
from makna.evaluate.compare import compare, holm, mcnemar
from makna.evaluate.scores import ScoreSettings

LABELS = {"": ["a", "b"]}
CLASS = Task(positive="b")
NUMBER = Task(target="number", scale=(0.0, 5.0))


def two_systems(n, seed=0, shares=(0.8, 0.7)):
    generator = np.random.default_rng(seed)
    truth = generator.choice(["a", "b"], size=n)
    other = np.where(truth == "a", "b", "a")
    # One draw for both, so that they err on the same rows.
    luck = generator.random(n)
    return truth, *(np.where(luck < share, truth, other) for share in shares)


def macro(truth, prediction):
    """Macro-F1 by hand: scikit-learn's takes a second for a thousand resamples."""
    classes = np.union1d(truth, prediction)
    hits = [((truth == c) & (prediction == c)).sum() for c in classes]
    return np.mean([2 * h / ((truth == c).sum() + (prediction == c).sum()) for h, c in zip(hits, classes, strict=True)])


def test_the_difference_and_its_interval_are_those_of_a_naive_paired_bootstrap():
    truth, ours, theirs = two_systems(200)
    found = compare(CLASS, LABELS, truth, ours, theirs, metrics=["f1_macro"], settings=ScoreSettings(resamples=6000))[0]
    assert found["difference"] == pytest.approx(macro(truth, ours) - macro(truth, theirs))
    generator = np.random.default_rng(5)
    naive = []
    for _ in range(1000):
        rows = generator.integers(200, size=200)
        naive.append(macro(truth[rows], ours[rows]) - macro(truth[rows], theirs[rows]))
    expected = np.quantile(naive, [0.025, 0.975])
    assert [found["low"], found["high"]] == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0]))
    assert (found["metric"], found["n"], found["why"]) == ("f1_macro", 200, None)


def test_a_system_against_itself_differs_by_nothing():
    truth, ours, _ = two_systems(50)
    for found in compare(CLASS, LABELS, truth, ours, ours):
        assert (found["difference"], found["low"], found["high"], found["mcnemar_p"]) == (0.0, 0.0, 0.0, 1.0)
        assert not found["metric"].startswith("support_")


def test_turning_the_systems_round_turns_the_signs():
    truth, ours, theirs = two_systems(80)
    settings = ScoreSettings(groups=np.arange(80) // 4)
    for forth, back in zip(
        compare(CLASS, LABELS, truth, ours, theirs, settings=settings),
        compare(CLASS, LABELS, truth, theirs, ours, settings=settings),
        strict=True,
    ):
        assert forth["difference"] == pytest.approx(-back["difference"])
        assert forth["mcnemar_p"] == back["mcnemar_p"]


def test_mcnemar_is_the_binomial_tail_counted_by_hand():
    ours = np.array([True] * 11 + [False] * 3 + [True] * 40)
    theirs = np.array([False] * 11 + [True] * 3 + [True] * 40)
    expected = 2 * sum(comb(14, i) for i in range(4)) / 2**14
    assert mcnemar(ours, theirs) == pytest.approx(expected)
    assert mcnemar(theirs, ours) == pytest.approx(expected)
    assert mcnemar(ours, ours) == 1.0


def test_several_outputs_are_tested_by_output_and_by_row():
    task = Task(target="classes", outputs=("x", "y"))
    truth = np.full((8, 2), "a", dtype=object)
    ours, theirs = truth.copy(), truth.copy()
    theirs[:6, 0] = "b"
    theirs[4:7, 1] = "b"
    found = {entry["metric"]: entry for entry in compare(task, ["a", "b"], truth, ours, theirs)}
    assert found["x/f1_macro"]["mcnemar_p"] == pytest.approx(2 / 2**6)
    assert found["y/f1_macro"]["mcnemar_p"] == pytest.approx(2 / 2**3)
    assert found["accuracy"]["mcnemar_p"] == pytest.approx(2 / 2**7)
    assert found["accuracy"]["difference"] == pytest.approx(9 / 16)


def test_numbers_are_compared_without_mcnemar():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 6, size=100).astype(float)
    noise = generator.normal(size=100)
    settings = ScoreSettings(metrics=["mae", "pearson"])
    found = compare(NUMBER, {}, truth, truth + noise / 2, truth + noise, settings=settings)
    assert [entry["metric"] for entry in found] == ["mae", "pearson"]
    assert found[0]["difference"] == pytest.approx(-np.abs(noise).mean() / 2)
    # The errors of one are twice those of the other, so paired resamples keep the difference below nought.
    assert found[0]["high"] < 0 < found[1]["low"]
    assert found[0]["mcnemar_p"] is None
    json.dumps(found, allow_nan=False)


def test_an_undefined_side_leaves_the_difference_undefined():
    found = compare(NUMBER, {}, [1.0, 2.0, 3.0], [1.0, 2.0, 2.0], [2.0, 2.0, 2.0], metrics=["pearson"])[0]
    expected = {"metric": "pearson", "difference": None, "low": None, "high": None, "n": 3}
    assert found == {**expected, "mcnemar_p": None, "why": "constant"}
    assert compare(CLASS, LABELS, [], [], [], metrics=["accuracy"])[0]["why"] == "no_rows"


def test_the_same_seed_gives_the_same_comparison():
    truth, ours, theirs = two_systems(60)
    runs = [compare(CLASS, LABELS, truth, ours, theirs, settings=ScoreSettings(seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_holm_on_a_worked_example():
    # Four tests: 4 × 0.005, then 3 × 0.01, then 2 × 0.03, and 1 × 0.04 raised to the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.2, float("nan")])
