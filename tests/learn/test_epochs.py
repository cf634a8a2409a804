"""Figures of epochs against scikit-learn, and what is read off them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, precision_score, recall_score

from makna.learn.epochs import is_better, measure_classes, measure_numbers, overfitting, sampled

rng = np.random.default_rng(8)


def test_class_figures_are_those_of_scikit_learn() -> None:
    outputs, codes = rng.normal(size=(60, 3)), rng.integers(3, size=60)
    said = outputs.argmax(axis=1)
    found = measure_classes(outputs, codes)
    assert found == pytest.approx(
        {
            "accuracy": accuracy_score(codes, said),
            "precision_macro": precision_score(codes, said, average="macro"),
            "recall_macro": recall_score(codes, said, average="macro"),
            "f1_macro": f1_score(codes, said, average="macro"),
        }
    )


def test_number_figures_are_in_the_numbers_own_unit() -> None:
    truth, said = rng.normal(5, 2, size=30), rng.normal(5, 2, size=30)
    found = measure_numbers(5.0, 2.0)(((said - 5) / 2).astype(np.float32)[:, None], ((truth - 5) / 2))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, said), rel=1e-5)
    assert found["pearson"] == pytest.approx(np.corrcoef(truth, said)[0, 1], rel=1e-4)
    assert measure_numbers()(np.ones((3, 1)), np.arange(3.0))["pearson"] is None


def test_better_is_higher_for_scores_lower_for_losses_and_lower_loss_where_scores_tie() -> None:
    low, high = {"f1_macro": 0.5, "rmse": 0.5, "loss": 0.5}, {"f1_macro": 0.6, "rmse": 0.6, "loss": 0.6}
    assert is_better("f1_macro", high, low)
    assert not is_better("f1_macro", low, high)
    for lower in ("rmse", "loss"):
        assert is_better(lower, low, high)
        assert not is_better(lower, high, low)
    assert is_better("f1_macro", {**high, "loss": 0.1}, high)
    assert not is_better("f1_macro", high, high)
    assert is_better("f1_macro", low, None)
    assert not is_better("f1_macro", {**high, "f1_macro": None}, low)
    assert is_better("f1_macro", low, {**high, "f1_macro": None})


@pytest.mark.parametrize(
    ("train", "valid", "expected"),
    [
        ([0.9, 0.5, 0.3, 0.1], [0.8, 0.6, 0.7, 0.9], 2),
        ([0.9, 0.5, 0.3, 0.1], [0.8, 0.6, 0.9, 0.7], 2),
        ([0.9, 0.5, 0.3], [0.8, 0.7, 0.6], None),
        ([0.9, 0.5, 0.6], [0.8, 0.6, 0.7], None),  # both rise: it diverges, it does not learn by heart
        ([0.9, 0.5, 0.3], [0.8, 0.6, 0.603], None),
        ([0.9, 0.5], [0.6, 0.8], 1),
        ([0.9], [0.6], None),
        ([0.9, 0.5], [], None),
    ],
)
def test_overfitting_is_named_when_it_starts(train: list[float], valid: list[float], expected: int | None) -> None:
    sides = {"train": train, "valid": valid}
    rows = [{"epoch": i + 1, "part": p, "loss": loss} for p, losses in sides.items() for i, loss in enumerate(losses)]
    assert overfitting(rows) == expected


def test_sampled_rows_have_equal_classes_and_miss_none() -> None:
    codes = np.repeat([0, 1, 2], [50, 20, 7])
    rows = sampled(codes, np.random.default_rng(0))
    assert np.bincount(codes[rows]).tolist() == [50, 50, 50]
    assert set(rows) == set(range(77))
    assert np.bincount(rows)[50:70].max() - np.bincount(rows)[50:70].min() == 1
    assert sampled(codes, np.random.default_rng(1)).tolist() != rows.tolist()
