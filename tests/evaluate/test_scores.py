import json

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import confusion_matrix

from makna.core.errors import UserError
from makna.core.metrics import metric_names
from makna.core.task import Task
from makna.evaluate.resample import interval
from makna.evaluate.scores import ScoreSettings, evaluate_part

LABELS = {"": ["a", "b", "c"]}
CLASS = Task()
NUMBER = Task(target="number", scale=(0.0, 5.0))
SEVERAL = Task(target="classes", outputs=("x", "y"))


def predicted(n, share=0.7, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.choice(["a", "b", "c"], size=n, p=[0.5, 0.3, 0.2])
    return truth, np.where(generator.random(n) < share, truth, generator.choice(["a", "b", "c"], size=n))


def numbers(n, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 11, size=n) / 2
    return truth, truth + generator.normal(size=n)


def naive_interval(measure, truth, prediction, groups=None, resamples=1500):
    generator = np.random.default_rng(99)
    values = []
    rows_of = [np.flatnonzero(groups == g) for g in np.unique(groups)] if groups is not None else np.arange(len(truth))
    for _ in range(resamples):
        drawn = generator.integers(len(rows_of), size=len(rows_of))
        rows = np.concatenate([rows_of[g] for g in drawn]) if groups is not None else drawn
        values.append(measure(truth[rows], prediction[rows]))
    return np.quantile(values, [0.025, 0.975])


def macro(truth, prediction):
    """Macro-F1 by hand: scikit-learn's takes a second for a thousand resamples."""
    classes = np.union1d(truth, prediction)
    hits = [((truth == c) & (prediction == c)).sum() for c in classes]
    return np.mean([2 * h / ((truth == c).sum() + (prediction == c).sum()) for h, c in zip(hits, classes, strict=True)])


def assert_same_interval(entry, expected):
    # A percentile of 1,500 resamples moves by some hundredths of the interval's width.
    width = expected[1] - expected[0]
    assert [entry["low"], entry["high"]] == pytest.approx(expected, abs=0.08 * width)


@pytest.mark.parametrize("n", [30, 300])
def test_the_interval_is_that_of_a_naive_bootstrap(n):
    truth, prediction = predicted(n)
    found = evaluate_part(
        CLASS, LABELS, truth, prediction, settings=ScoreSettings(metrics=["f1_macro"], resamples=6000)
    )
    assert list(found.metrics) == ["f1_macro"]
    assert found.metrics["f1_macro"]["pooled"] == pytest.approx(macro(truth, prediction))
    assert_same_interval(found.metrics["f1_macro"], naive_interval(macro, truth, prediction, resamples=1000))


@pytest.mark.parametrize(
    ("metric", "measure"),
    [("spearman", lambda x, y: spearmanr(x, y).statistic), ("pearson", lambda x, y: pearsonr(x, y).statistic)],
)
def test_the_interval_of_numbers_is_that_of_a_naive_bootstrap(metric, measure):
    truth, prediction = numbers(60)
    found = evaluate_part(NUMBER, {}, truth, prediction, settings=ScoreSettings(resamples=6000))
    assert list(found.metrics) == metric_names(NUMBER, {})
    assert found.confusion == {}
    assert_same_interval(found.metrics[metric], naive_interval(measure, truth, prediction))


def test_whole_groups_are_resampled():
    generator = np.random.default_rng(3)
    groups = np.repeat(np.arange(25), generator.integers(5, 25, size=25))
    easy = generator.random(25)[groups]
    truth = np.where(generator.random(len(groups)) < 0.5, "a", "b")
    prediction = np.where(generator.random(len(groups)) < easy, truth, "c")

    def accuracy(x, y):
        return (x == y).mean()

    loose = evaluate_part(CLASS, LABELS, truth, prediction, settings=ScoreSettings(["accuracy"], 6000))
    whole = evaluate_part(CLASS, LABELS, truth, prediction, settings=ScoreSettings(["accuracy"], 6000, groups=groups))
    assert_same_interval(whole.metrics["accuracy"], naive_interval(accuracy, truth, prediction, groups, 3000))
    width = [scores.metrics["accuracy"]["high"] - scores.metrics["accuracy"]["low"] for scores in (loose, whole)]
    assert width[1] > 1.5 * width[0]
    x = (truth == "a") + easy
    number = evaluate_part(NUMBER, {}, x, x + easy, settings=ScoreSettings(["mae"], 6000, groups=groups))
    expected = naive_interval(lambda a, b: np.abs(a - b).mean(), x, x + easy, groups, 3000)
    assert_same_interval(number.metrics["mae"], expected)


def test_a_single_group_resamples_its_rows():
    truth, prediction = predicted(50)
    alone = evaluate_part(CLASS, LABELS, truth, prediction, settings=ScoreSettings(groups=["g"] * 50))
    assert alone == evaluate_part(CLASS, LABELS, truth, prediction)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(300):
        right = np.random.default_rng(seed).random(200) < 0.7
        settings = ScoreSettings(["accuracy"], resamples=400, seed=seed)
        entry = evaluate_part(CLASS, LABELS, ["a"] * 200, np.where(right, "a", "b"), settings=settings)
        covered += entry.metrics["accuracy"]["low"] <= 0.7 <= entry.metrics["accuracy"]["high"]
    assert 0.91 <= covered / 300 <= 0.98


def test_value_is_the_mean_over_folds_and_pooled_the_score_of_all_rows():
    truth, prediction = predicted(61)
    folds = np.arange(61) % 3 + 1
    found = evaluate_part(CLASS, LABELS, truth, prediction, settings=ScoreSettings(folds=folds))
    by_fold = [macro(truth[folds == fold], prediction[folds == fold]) for fold in (1, 2, 3)]
    assert [fold["fold"] for fold in found.folds] == [1, 2, 3]
    assert [fold["n"] for fold in found.folds] == [21, 20, 20]
    assert [fold["f1_macro"] for fold in found.folds] == pytest.approx(by_fold)
    assert found.metrics["f1_macro"]["value"] == pytest.approx(np.mean(by_fold))
    assert found.metrics["f1_macro"]["pooled"] == pytest.approx(macro(truth, prediction))
    assert found.metrics["f1_macro"]["n"] == 61
    assert found.confusion[""] == confusion_matrix(truth, prediction, labels=LABELS[""]).tolist()


def test_folds_where_a_metric_is_undefined_are_left_out_of_the_mean():
    truth = ["a", "c", "a", "b"]
    found = evaluate_part(CLASS, LABELS, truth, ["c", "c", "a", "b"], settings=ScoreSettings(folds=[1, 1, 2, 2]))
    assert [fold["f1_c"] for fold in found.folds] == [pytest.approx(2 / 3), None]
    assert found.metrics["f1_c"]["value"] == pytest.approx(2 / 3)


def test_a_fold_constant_has_a_pooled_correlation_but_no_value():
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    found = evaluate_part(NUMBER, {}, truth, [3.5, 3.5, 1.5, 1.5], settings=ScoreSettings(folds=[1, 1, 2, 2]))
    entry = found.metrics["pearson"]
    assert entry["pooled"] == pytest.approx(pearsonr(truth, [3.5, 3.5, 1.5, 1.5]).statistic)
    assert {key: entry[key] for key in ("value", "low", "high", "why")} == {
        "value": None, "low": None, "high": None, "why": "constant",
    }  # fmt: skip


def test_a_support_is_a_count_without_doubt():
    truth, prediction = predicted(40)
    found = evaluate_part(CLASS, LABELS, truth, prediction, settings=ScoreSettings(folds=np.arange(40) % 2))
    count = float((truth == "b").sum())
    entry = found.metrics["support_b"]
    assert [entry[key] for key in ("value", "pooled", "low", "high")] == [count] * 4


def test_the_undefined_says_why():
    found = evaluate_part(CLASS, LABELS, ["a", "b"], ["a", "b"]).metrics["f1_c"]
    assert found == {"value": None, "pooled": None, "low": None, "high": None, "n": 2, "why": "absent"}
    empty = evaluate_part(CLASS, LABELS, [], [])
    assert empty.metrics["accuracy"]["why"] == "no_rows"
    assert empty.confusion == {"": [[0] * 3] * 3}
    assert evaluate_part(NUMBER, {}, [], []).metrics["mae"]["why"] == "no_rows"
    assert evaluate_part(NUMBER, {}, [1.0, 1.0], [1.0, 1.0]).metrics["qwk"]["why"] == "one_class"


def test_outputs_stay_paired_when_rows_are_resampled():
    truth, prediction = predicted(200)
    labels = {"x": LABELS[""], "y": LABELS[""]}
    both = np.stack([truth, truth], axis=1), np.stack([prediction, prediction], axis=1)
    found = evaluate_part(SEVERAL, labels, *both, settings=ScoreSettings(["f1_macro"], 6000)).metrics
    assert list(found) == ["f1_macro", "x/f1_macro", "y/f1_macro"]
    # The same output twice: a mean of unpaired outputs would have an interval narrower by √2.
    assert found["f1_macro"] == found["x/f1_macro"] == found["y/f1_macro"]
    assert_same_interval(found["f1_macro"], naive_interval(macro, truth, prediction, resamples=1000))


def test_each_output_has_a_confusion_matrix():
    truth = np.array([["a", "0"], ["b", "1"]], dtype=object)
    found = evaluate_part(SEVERAL, {"x": ["a", "b"], "y": ["0", "1"]}, truth, truth[::-1])
    assert found.confusion == {"x": [[0, 1], [1, 0]], "y": [[0, 1], [1, 0]]}
    assert found.metrics["y/support_1"]["value"] == 1.0


@pytest.mark.parametrize("groups", [None, np.arange(80) % 9])
def test_the_same_seed_gives_the_same_bytes(groups):
    truth, prediction = predicted(80)
    x, y = numbers(80)

    def written(seed):
        settings = ScoreSettings(seed=seed, resamples=200, folds=np.arange(80) % 4, groups=groups)
        found = [
            evaluate_part(CLASS, LABELS, truth, prediction, settings=settings),
            evaluate_part(NUMBER, {}, x, y, settings=settings),
        ]
        return json.dumps([vars(scores) for scores in found], allow_nan=False)

    assert written(1) == written(1)
    assert written(1) != written(2)


def test_without_resamples_there_is_no_interval():
    entry = evaluate_part(CLASS, LABELS, ["a"], ["a"], settings=ScoreSettings(resamples=0)).metrics["accuracy"]
    assert (entry["value"], entry["low"], entry["high"]) == (1.0, None, None)
    assert interval(np.array([np.nan]), 0.95) == (None, None)
    assert interval(np.array([np.nan, 2.0]), 0.95) == (2.0, 2.0)


def test_wrong_settings_are_refused():
    with pytest.raises(UserError, match="f1_macro"):
        evaluate_part(CLASS, LABELS, ["a"], ["a"], settings=ScoreSettings(["f1_makro"]))
    with pytest.raises(UserError, match="2, 1"):
        evaluate_part(CLASS, LABELS, ["a"], ["a"], settings=ScoreSettings(folds=[1, 2]))
    with pytest.raises(UserError, match="2, 1"):
        evaluate_part(CLASS, LABELS, ["a"], ["a"], settings=ScoreSettings(groups=[1, 2]))
    with pytest.raises(ValueError, match="level"):
        ScoreSettings(level=95)
