"""Losses against their formulas, and class weights against the figures of Dewi (2025), table 4.11."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from makna.core.errors import DataError
from makna.learn.losses import CLASS_LOSSES, Loss, balanced_weights, class_weights, cross_entropy, focal, squared_error

torch = pytest.importorskip("torch")
rng = np.random.default_rng(4)
LOGITS = rng.normal(scale=3, size=(40, 3)).astype(np.float32)
CODES = rng.integers(3, size=40)
DEWI = ["negatif"] * 1179 + ["netral"] * 2045 + ["positif"] * 7480


def _terms(loss: Any, logits: np.ndarray = LOGITS, codes: np.ndarray = CODES) -> np.ndarray:
    return loss(torch.from_numpy(logits), torch.from_numpy(codes)).numpy()


def _probabilities(logits: np.ndarray = LOGITS) -> np.ndarray:
    power = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def test_weights_of_the_paper_come_by_name_and_from_the_training_part() -> None:
    weights = balanced_weights(DEWI)
    assert {name: round(weight, 4) for name, weight in weights.items()} == {
        "negatif": 3.0263,
        "netral": 1.7447,
        "positif": 0.4770,
    }
    names = np.unique(DEWI)
    np.testing.assert_allclose(list(weights.values()), compute_class_weight("balanced", classes=names, y=DEWI))
    assert class_weights("balanced", DEWI) == weights
    assert sum(weights[label] for label in DEWI) / len(DEWI) == pytest.approx(1)


def test_weights_of_a_mapping_stand_in_the_order_of_the_classes() -> None:
    assert class_weights({"1": 3.0, "0": 0.5}, ["1", "0", "1"]) == {"0": 0.5, "1": 3.0}
    assert list(class_weights({"1": 3, "0": 1}, ["1", "0"]) or {}) == ["0", "1"]
    assert class_weights({"1": 2.0}, ["0", "1"]) == {"0": 1.0, "1": 2.0}
    assert class_weights(None, ["0", "1"]) is None
    with pytest.raises(DataError, match="baik"):
        class_weights({"baik": 2.0}, ["0", "1"])


def test_cross_entropy_is_log_loss() -> None:
    mean = Loss(cross_entropy).mean(LOGITS, CODES)
    assert mean == pytest.approx(log_loss(CODES, _probabilities()), rel=1e-6)
    weights = (0.5, 1.0, 4.0)
    weighed = Loss(cross_entropy, weights).mean(LOGITS, CODES)
    ours = log_loss(CODES, _probabilities(), sample_weight=np.array(weights)[CODES])
    assert weighed == pytest.approx(ours, rel=1e-6)
    theirs = torch.nn.functional.cross_entropy(
        torch.from_numpy(LOGITS), torch.from_numpy(CODES), weight=torch.tensor(weights)
    )
    assert weighed == pytest.approx(float(theirs), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_focal_loss_is_its_formula(gamma: float) -> None:
    p = _probabilities()[np.arange(40), CODES]
    np.testing.assert_allclose(_terms(focal(gamma)), -((1 - p) ** gamma) * np.log(p), rtol=1e-4, atol=1e-7)


def test_focal_loss_without_gamma_is_cross_entropy() -> None:
    np.testing.assert_array_equal(_terms(focal(0.0)), _terms(cross_entropy))
    assert CLASS_LOSSES["cross_entropy"](2.0) is cross_entropy


def test_focal_loss_of_lin_et_al() -> None:
    # "with γ = 2, an example classified with pₜ = 0.9 would have 100× lower loss compared with CE" (section 3.2).
    logits = np.array([[np.log(0.9), np.log(0.1)]], dtype=np.float32)
    code = np.array([0])
    ratio = _terms(cross_entropy, logits, code) / _terms(focal(2.0), logits, code)
    assert ratio[0] == pytest.approx(100, rel=1e-3)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_slope_of_the_focal_loss_is_finite_where_a_row_is_certain(gamma: float) -> None:
    logits = torch.tensor([[60.0, -60.0], [-60.0, 60.0]], requires_grad=True)
    focal(gamma)(logits, torch.tensor([0, 0])).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_squared_error_takes_a_column_and_a_row() -> None:
    said, truth = np.array([[1.0], [3.0]], dtype=np.float32), np.array([2.0, 3.0], dtype=np.float32)
    np.testing.assert_array_equal(_terms(squared_error, said, truth), [1.0, 0.0])
    assert Loss(squared_error).mean(said, truth) == 0.5


def test_losses_are_in_fp32_whatever_the_network_says() -> None:
    said = torch.from_numpy(LOGITS).to(torch.bfloat16)
    assert cross_entropy(said, torch.from_numpy(CODES)).dtype == torch.float32
