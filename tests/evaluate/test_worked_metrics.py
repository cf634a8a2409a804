"""Confusion matrices printed in two papers, through makna's metrics; and where their own tables do not fit together.

Dewi (2025): appendix G, tables 4.10 to 4.15. Verdikha, Habid and Latipah: tables 2 to 6.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from makna.core.class_metrics import class_metrics
from makna.core.metrics import score
from makna.core.task import Task
from makna.evaluate.groups import group_test
from makna.evaluate.resample import ScoreSettings
from makna.evaluate.scores import evaluate_part

TASK = Task(target="class")
CLASSES = ["negatif", "netral", "positif"]
MATRIX = np.array([[208, 16, 28], [10, 401, 28], [15, 38, 1559]])  # rows are the truth (table G.1)
TEST_ROWS = 2294
# precision, recall, F1, support (table 4.14)
TABLE_4_14 = {
    "negatif": (0.86, 0.83, 0.84, 252),
    "netral": (0.92, 0.91, 0.92, 439),
    "positif": (0.97, 0.97, 0.97, 1603),
}
MAKEUP, SKINCARE = np.array([130, 213, 802]), np.array([113, 223, 813])  # predicted (table 4.15)

# PCA components → TP, FP, TN, FN: means over ten folds (tables 4 and 5), and the means of weighted F1 (table 6).
LINEAR = {50: (390, 114, 642, 165), 40: (358, 133, 623, 198), 30: (351, 139, 617, 204), 20: (343, 158, 598, 212)}
LINEAR |= {10: (344, 157, 599, 211)}
POLY = {50: (390, 114, 642, 165), 40: (384, 119, 637, 171), 30: (374, 123, 634, 181), 20: (363, 135, 621, 192)}
POLY |= {10: (336, 131, 625, 219)}
TABLE_6 = {"linear": {10: 0.716, 20: 0.715, 30: 0.735, 40: 0.745, 50: 0.749}}
TABLE_6 |= {"poly": {10: 0.728, 20: 0.748, 30: 0.766, 40: 0.777, 50: 0.785}}
# Weighted F1 of folds 1 to 10 with 10, 20, 30, 40 and 50 components (table 2, linear kernel).
TABLE_2 = [
    [0.694, 0.692, 0.710, 0.723, 0.730], [0.713, 0.709, 0.726, 0.738, 0.743], [0.708, 0.707, 0.728, 0.728, 0.733],
    [0.718, 0.727, 0.742, 0.740, 0.753], [0.722, 0.710, 0.736, 0.748, 0.750], [0.726, 0.730, 0.753, 0.766, 0.775],
    [0.722, 0.721, 0.723, 0.741, 0.740], [0.714, 0.706, 0.740, 0.741, 0.737], [0.715, 0.715, 0.745, 0.759, 0.766],
    [0.731, 0.731, 0.747, 0.765, 0.769],
]  # fmt: skip


def rows_of(matrix, labels):
    """Return truth and prediction with this confusion matrix."""
    truth, prediction = np.indices(matrix.shape).reshape(2, -1)
    names = np.array(labels, dtype=object)
    return names[np.repeat(truth, matrix.ravel())], names[np.repeat(prediction, matrix.ravel())]


@pytest.fixture(scope="module")
def scores():
    truth, prediction = rows_of(MATRIX, CLASSES)
    settings = ScoreSettings(resamples=0)
    return evaluate_part(TASK, {"": CLASSES}, truth, prediction, settings=settings)


def value(scores, metric):
    return scores.metrics[metric]["value"]


# Dewi 2025, appendix G


def test_appendix_g_by_class(scores):
    printed = {"negatif": (0.89, 0.83, 0.86), "netral": (0.88, 0.91, 0.90), "positif": (0.97, 0.97, 0.97)}
    for label, expected in printed.items():
        found = [round(value(scores, f"{kind}_{label}"), 2) for kind in ("precision", "recall", "f1")]
        assert found == list(expected), label


def test_appendix_g_macro_and_weighted(scores):
    kinds = ("precision", "recall", "f1")
    assert [round(value(scores, f"{kind}_macro"), 2) for kind in kinds] == [0.91, 0.90, 0.91]
    assert [round(value(scores, f"{kind}_weighted"), 4) for kind in kinds] == [0.9414, 0.9414, 0.9412]


def test_the_confusion_matrix_comes_back(scores):
    assert scores.confusion[""] == MATRIX.tolist()


def test_one_score_and_all_matrices_agree_with_it(scores):
    truth, prediction = rows_of(MATRIX, CLASSES)
    for metric in ("accuracy", "f1_macro", "f1_weighted", "recall_negatif"):
        assert score(TASK, CLASSES, truth, prediction, metric) == value(scores, metric)
        assert class_metrics(MATRIX, CLASSES)[metric] == pytest.approx(value(scores, metric))


def test_the_matrix_has_nine_rows_more_than_the_test_part(scores):
    assert MATRIX.sum() == TEST_ROWS + 9
    assert [value(scores, f"support_{label}") for label in CLASSES] == [252, 439, 1603 + 9]


def test_the_accuracy_is_divided_by_the_wrong_number_of_rows(scores):
    assert value(scores, "accuracy") == pytest.approx(0.9414, abs=5e-5)
    assert np.trace(MATRIX) / TEST_ROWS == pytest.approx(0.9451, abs=5e-5)  # printed .95


def test_the_papers_formula_of_accuracy_counts_every_error_twice(scores):
    errors = MATRIX.sum() - np.trace(MATRIX)
    by_equation_2_25 = np.trace(MATRIX) / (np.trace(MATRIX) + errors + errors)
    assert by_equation_2_25 == pytest.approx(0.8893, abs=5e-5)
    assert value(scores, "accuracy") - by_equation_2_25 == pytest.approx(0.0521, abs=5e-5)


def test_table_4_14_does_not_come_from_the_matrix(scores):
    kinds = ("precision", "recall", "f1")
    right = {label: [round(value(scores, f"{kind}_{label}"), 2) for kind in kinds] for label in CLASSES}
    wrong = {label: np.subtract(TABLE_4_14[label][:3], right[label]) for label in CLASSES}
    assert wrong["negatif"] == pytest.approx([-0.03, 0, -0.02])
    assert wrong["netral"] == pytest.approx([0.04, 0, 0.02])
    assert wrong["positif"] == pytest.approx([0, 0, 0])


def test_the_averages_of_table_4_14_are_not_those_of_its_rows():
    precision, recall, f1, support = np.array(list(TABLE_4_14.values())).T
    assert round(precision.mean(), 2) == 0.92  # printed .91, as the matrix has it
    assert [round(np.average(kind, weights=support), 2) for kind in (precision, f1)] == [0.95, 0.95]  # printed .94
    assert [round(recall.mean(), 2), round(f1.mean(), 2)] == [0.90, 0.91]


def test_the_predicted_totals_of_the_matrix_are_not_those_of_table_4_15():
    assert MATRIX.sum(axis=0).tolist() == [233, 455, 1615]
    assert (MAKEUP + SKINCARE).tolist() == [243, 436, 1615]
    assert (MAKEUP + SKINCARE).sum() == TEST_ROWS


def test_more_negative_reviews_of_make_up_than_of_skin_care_are_not_shown():
    n = np.array([MAKEUP.sum(), SKINCARE.sum()])
    negative = np.array([MAKEUP[0], SKINCARE[0]])
    shares, pooled = negative / n, negative.sum() / n.sum()
    assert shares == pytest.approx([0.114, 0.098], abs=5e-4)
    z = (shares[0] - shares[1]) / math.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    assert z == pytest.approx(1.18, abs=0.005)
    # Whether groups differ in the share of right answers; here "right" is a predicted complaint.
    groups = np.repeat(["Makeup", "Skincare"], n)
    counts = np.stack([negative, n - negative], axis=1).ravel()
    said = np.repeat(np.array(["negatif", "lain"] * 2, dtype=object), counts)
    found = group_test(TASK, ["negatif", "lain"], np.full(n.sum(), "negatif"), said, groups)
    assert found["test"] == "chi2"
    assert found["p"] == pytest.approx(2 * norm.sf(z), abs=1e-9)
    assert found["p"] == pytest.approx(0.237, abs=5e-4)


def test_the_share_of_rows_lost_in_cleaning_is_printed_too_small():
    assert pytest.approx(0.0063, abs=5e-5) == (15_389 - 15_292) / 15_389  # table 4.4: 0,61 %


def test_the_last_gap_between_the_losses_is_printed_too_large_and_grows_again():
    train, valid = np.array([0.4458, 0.2431, 0.1853]), np.array([0.3346, 0.2445, 0.1960])  # table 4.13: 3e-5, batch 8
    assert abs(train - valid) == pytest.approx([0.1112, 0.0014, 0.0107])  # the text: from .1112 to .0113, ever smaller


# Verdikha, Habid and Latipah


def metrics_of(counts):
    tp, fp, tn, fn = counts
    return class_metrics(np.array([[tn, fp], [fn, tp]]), ["0", "1"], positive="1")


def test_tables_4_and_5_repeat_one_row():
    assert LINEAR[50] == POLY[50]
    assert [size for size in LINEAR if LINEAR[size] == POLY[size]] == [50]


def test_the_best_matrix_gives_three_f1_of_which_the_paper_means_the_weighted():
    found = metrics_of(POLY[50])
    printed = {"accuracy": 0.787, "f1_macro": 0.779, "f1_positive": 0.737, "f1_weighted": 0.785}
    assert {name: round(float(found[name]), 3) for name in printed} == pytest.approx(printed, abs=1.1e-3)
    assert TABLE_6["poly"][50] == pytest.approx(float(found["f1_weighted"]), abs=1e-3)


@pytest.mark.parametrize(("kernel", "matrices"), [("linear", LINEAR), ("poly", POLY)])
def test_every_matrix_but_the_repeated_one_gives_table_6(kernel, matrices):
    for size, counts in matrices.items():
        wrong = float(metrics_of(counts)["f1_weighted"]) - TABLE_6[kernel][size]
        if (kernel, size) == ("linear", 50):
            assert wrong == pytest.approx(0.0365, abs=5e-5)  # the polynomial kernel's matrix
        else:
            assert abs(wrong) < 1.1e-3, size


def test_table_2_gives_the_means_of_table_6():
    means = np.mean(TABLE_2, axis=0)
    assert means == pytest.approx(list(TABLE_6["linear"].values()), abs=1e-3)


def test_fifty_components_are_not_the_best_in_every_fold_nor_ten_the_worst():
    scores = np.array(TABLE_2)
    assert (np.flatnonzero(scores.argmax(axis=1) != 4) + 1).tolist() == [7, 8]
    assert (np.flatnonzero(scores[:, 1] < scores[:, 0]) + 1).tolist() == [1, 2, 3, 5, 7, 8]
    assert scores.mean(axis=0).argmin() == 1


def test_the_classes_do_not_sum_to_the_tweets():
    assert 13_169 - (5_561 + 7_604) == 4  # the set itself has 7,608 tweets without hate speech
