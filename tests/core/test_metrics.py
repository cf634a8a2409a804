import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_recall_fscore_support

from makna.core.class_metrics import class_metrics
from makna.core.errors import DataError, UserError
from makna.core.messages import set_language
from makna.core.metrics import check_metric, higher_is_better, metric_names, score, why_undefined
from makna.core.number_metrics import NumberRows, range_seen, whole_marks
from makna.core.task import Task

LABELS = ["a", "b", "c", "d"]
CLASS = Task(target="class")
NUMBER = Task(target="number", scale=(0.0, 5.0))
SEVERAL = Task(target="classes", outputs=("price", "taste"), positive="1")


@pytest.fixture
def english():
    set_language("en")
    yield
    set_language(None)


def rows_of(matrix):
    truth, prediction = np.indices(matrix.shape).reshape(2, -1)
    times = matrix.ravel()
    names = np.array(LABELS)
    return names[np.repeat(truth, times)], names[np.repeat(prediction, times)]


matrices = (
    st.integers(1, 4).flatmap(lambda k: arrays(int, (k, k), elements=st.integers(0, 4))).filter(lambda m: m.sum())
)


@settings(max_examples=80, deadline=None)
@given(matrices)
def test_class_metrics_are_those_of_scikit_learn(matrix):
    truth, prediction = rows_of(matrix)
    labels = LABELS[: len(matrix)]
    found = class_metrics(matrix, labels, positive="a")
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, prediction))
    for average in ("macro", "weighted"):
        expected = precision_recall_fscore_support(truth, prediction, average=average, zero_division=0)
        got = [found[f"{kind}_{average}"] for kind in ("precision", "recall", "f1")]
        assert got == pytest.approx(expected[:3])
    by_class = precision_recall_fscore_support(truth, prediction, labels=labels, zero_division=0)
    for i, label in enumerate(labels):
        assert found[f"support_{label}"] == by_class[3][i]
        if label in truth or label in prediction:
            got = [found[f"{kind}_{label}"] for kind in ("precision", "recall", "f1")]
            assert got == pytest.approx([column[i] for column in by_class[:3]])
        else:
            assert np.isnan(found[f"f1_{label}"])
    np.testing.assert_equal(found["f1_positive"], found["f1_a"])


def test_many_matrices_at_once_equal_one_by_one():
    many = np.random.default_rng(0).integers(0, 3, size=(5, 2, 3, 3))
    together = class_metrics(many, LABELS[:3])
    for place in np.ndindex(5, 2):
        for name, value in class_metrics(many[place], LABELS[:3]).items():
            np.testing.assert_allclose(together[name][place], value)


def test_no_rows_leave_only_the_support():
    found = class_metrics(np.zeros((2, 2), int), ["a", "b"])
    assert {name for name, value in found.items() if not np.isnan(value)} == {"support_a", "support_b"}


def test_computed_names_are_the_announced_ones_in_the_same_order():
    task = Task(target="class", positive="yes")
    assert list(class_metrics(np.eye(2), ["no", "yes"], "yes")) == metric_names(task, ["no", "yes"])
    averages = ("macro", "weighted", "positive", "no", "yes")
    scores = [f"{kind}_{of}" for kind in ("precision", "recall", "f1") for of in averages]
    assert metric_names(task, {"": ["no", "yes"]}) == ["accuracy", *scores, "support_no", "support_yes"]


def test_classes_called_like_averages_keep_a_name_of_their_own():
    matrix = np.array([[3, 1], [0, 2]])
    found = class_metrics(matrix, ["macro", "positive"], positive="macro")
    assert found["f1_positive"] == found["f1_class_macro"] == pytest.approx(6 / 7)
    assert found["f1_class_positive"] == pytest.approx(4 / 5)
    assert class_metrics(matrix, ["negative", "positive"])["f1_positive"] == pytest.approx(4 / 5)
    assert class_metrics(matrix, ["negative", "positive"], "positive")["f1_positive"] == pytest.approx(4 / 5)


def test_several_outputs_have_means_and_their_own():
    labels = {"price": ["0", "1"], "taste": ["0", "1", "2"]}
    truth = np.array([["0", "0"], ["1", "2"], ["1", "1"], ["0", "2"]], dtype=object)
    given = np.array([["0", "0"], ["1", "1"], ["0", "1"], ["0", "2"]], dtype=object)
    names = metric_names(SEVERAL, labels)
    assert names[0] == "accuracy"
    assert "f1_2" not in names
    assert "support_0" not in names
    assert {"f1_1", "f1_positive", "price/f1_positive", "taste/f1_2", "taste/support_2"} <= set(names)
    of_each = [score(SEVERAL, labels, truth, given, f"{output}/f1_macro") for output in SEVERAL.outputs]
    for i, value in enumerate(of_each):
        expected = precision_recall_fscore_support(truth[:, i], given[:, i], average="macro", zero_division=0)[2]
        assert value == pytest.approx(expected)
    assert score(SEVERAL, labels, truth, given, "f1_macro") == pytest.approx(np.mean(of_each))


def test_a_mean_over_outputs_leaves_out_the_undefined_ones():
    labels = {"price": ["0", "1"], "taste": ["0", "1"]}
    truth = np.array([["1", "0"], ["0", "0"]], dtype=object)
    assert score(SEVERAL, labels, truth, truth, "taste/f1_positive") is None
    assert score(SEVERAL, labels, truth, truth, "f1_positive") == 1.0


def test_score_without_rows_is_none():
    assert score(CLASS, ["a", "b"], [], [], "accuracy") is None
    assert score(NUMBER, {}, [], [], "mae") is None
    assert score(SEVERAL, ["0", "1"], [], [], "f1_macro") is None
    assert why_undefined("accuracy", 0) == "no_rows"
    assert [why_undefined(name, 3) for name in ("f1_a", "pearson", "qwk")] == ["absent", "constant", "one_class"]


def test_direction():
    assert [name for name in metric_names(NUMBER, {}) if not higher_is_better(name)] == ["mae", "mse", "rmse"]
    assert all(higher_is_better(name) for name in metric_names(SEVERAL, ["0", "1"]))


@pytest.mark.parametrize(
    ("name", "task", "labels", "parts"),
    [
        ("f1_macor", CLASS, ["a", "b"], ["'f1_macor'", "did you mean 'f1_macro'", "accuracy"]),
        ("mae", CLASS, ["a", "b"], ["'mae'", "f1_b"]),
        ("f1_macro", NUMBER, {}, ["pearson"]),
        ("price/f1_makro", SEVERAL, ["0", "1"], ["did you mean 'price/f1_macro'", "taste/…"]),
    ],
)
def test_an_unknown_metric_is_refused_with_what_is_allowed(english, name, task, labels, parts):
    with pytest.raises(UserError) as caught:
        check_metric(name, task, labels)
    for part in parts:
        assert part in str(caught.value)


def test_known_metrics_pass():
    for task, labels in ((CLASS, LABELS), (NUMBER, {}), (SEVERAL, ["0", "1"])):
        for name in metric_names(task, labels):
            check_metric(name, task, labels)


def test_what_cannot_be_scored_is_refused_by_name():
    with pytest.raises(DataError, match="'z'"):
        score(CLASS, ["a", "b"], ["a", "z"], ["a", "b"], "accuracy")
    with pytest.raises(DataError, match="2, 3"):
        score(CLASS, ["a", "b"], ["a", "b"], ["a", "b", "b"], "accuracy")
    with pytest.raises(DataError, match="nan"):
        score(NUMBER, {}, [1.0, 2.0], [1.0, float("nan")], "mae")
    with pytest.raises(DataError, match="1, 2"):
        score(NUMBER, {}, [1.0], [1.0, 2.0], "mae")
    with pytest.raises(DataError, match=r"\(2, 1\)"):
        score(SEVERAL, ["0", "1"], [["0"], ["1"]], [["0"], ["1"]], "accuracy")


marks = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 3)), min_size=2, max_size=30)


@settings(max_examples=80, deadline=None)
@given(marks)
def test_weighted_rows_measure_as_repeated_rows(rows):
    truth, quarters, weights = (np.array(column) for column in zip(*rows, strict=True))
    truth, prediction = truth.astype(float), quarters / 4
    found = {name: values[0] for name, values in NumberRows(truth, prediction, (0, 5)).measure(weights[None]).items()}
    x, y = np.repeat(truth, weights), np.repeat(prediction, weights)
    if not len(x):
        assert all(np.isnan(value) for value in found.values())
        return
    difference = np.abs(x - y)
    assert found["mae"] == pytest.approx(difference.mean())
    assert found["mse"] == pytest.approx((difference**2).mean())
    assert found["rmse"] == pytest.approx(math.sqrt((difference**2).mean()))
    assert found["within_half"] == pytest.approx((difference <= 0.5).mean())
    assert found["within_one"] == pytest.approx((difference <= 1).mean())
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert found["pearson"] == pytest.approx(pearsonr(x, y).statistic, abs=1e-9)
        assert found["spearman"] == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)
    else:
        assert np.isnan(found["pearson"])
        assert np.isnan(found["spearman"])
    # (2 * quarters + 4) // 8 is the nearest whole mark, halves up, in whole numbers.
    rounded = (2 * np.repeat(quarters, weights) + 4) // 8
    if len({*x, *rounded}) > 1:
        expected = cohen_kappa_score(x.astype(int), rounded, labels=range(6), weights="quadratic")
        assert found["qwk"] == pytest.approx(expected)
    else:
        assert np.isnan(found["qwk"])


def test_a_constant_that_is_no_binary_fraction_is_still_constant():
    truth = np.array([0.1, 0.7, 2.3, 4.9])
    assert score(NUMBER, {}, truth, np.full(4, 2.9166666666), "pearson") is None
    assert score(NUMBER, {}, truth + 1e6, truth + 1e6, "pearson") == pytest.approx(1.0)


def test_qwk_clips_to_the_scale_or_to_the_range_of_the_truth():
    truth, prediction = [0, 1, 2, 3, 3], [-4.0, 1.2, 2.5, 9.0, 3.1]
    whole = cohen_kappa_score(truth, [0, 1, 3, 3, 3], weights="quadratic")
    assert score(Task(target="number"), {}, truth, prediction, "qwk") == pytest.approx(whole)
    wide = cohen_kappa_score(truth, [0, 1, 3, 5, 3], labels=range(6), weights="quadratic")
    assert score(NUMBER, {}, truth, prediction, "qwk") == pytest.approx(wide)
    assert score(NUMBER, {}, [2, 2], [2.0, 2.2], "qwk") is None
    assert score(NUMBER, {}, [2, 2], [3.0, 3.2], "qwk") == 0.0


def test_halves_round_up_and_edges_count_as_within():
    assert whole_marks(np.array([0.5, 1.5, 2.5, 2.4999]), (0, 5)).tolist() == [1, 2, 3, 2]
    assert range_seen([0.5, 3.2]) == (1, 3)
    assert score(NUMBER, {}, [0.1, 1.0], [0.6, 1.6], "within_half") == 0.5
    assert score(NUMBER, {}, [0.1, 1.0], [1.1, 2.1], "within_one") == 0.5


def test_copies_of_one_row_have_no_correlation_whatever_rounding_leaves():
    values = np.random.default_rng(0).random(200) * 5
    rows = NumberRows(values, values[::-1])
    found = rows.measure(3 * np.eye(200))
    assert np.isnan(found["pearson"]).all()
    assert np.isnan(found["spearman"]).all()
    assert not np.isnan(found["mae"]).any()
