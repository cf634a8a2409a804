"""How a network learns a number: against worked numbers and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn.number_aims import MOST_MARKS, Ordered, Standardised, aim_again

torch = pytest.importorskip("torch")
MARKS = np.array([0.0, 1.0, 1.0, 2.5, 5.0, 5.0, 5.0, 5.0])


def test_standardised_numbers_come_back_exactly() -> None:
    aim = Standardised.of(MARKS)
    targets = aim.targets(MARKS)
    assert abs(targets.mean()) < 1e-6
    assert targets.std() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(aim.numbers(targets[:, None].astype(float)), MARKS, atol=1e-6)
    assert Standardised.of(np.full(4, 3.0)).scale == 1.0


def test_the_loss_is_the_cross_entropy_of_each_step() -> None:
    aim = Ordered.of(MARKS)
    assert aim.marks == (0.0, 1.0, 2.5, 5.0)
    assert aim.above == (7 / 8, 5 / 8, 4 / 8)
    outputs = np.array([[2.0, -1.0, 0.5], [0.3, 0.0, -3.0]], dtype=np.float32)
    truth = np.array([1.0, 5.0])
    steps = np.array([[1, 0, 0], [1, 1, 1]])
    p = 1 / (1 + np.exp(-outputs.astype(float)))
    expected = -np.where(steps == 1, np.log(p), np.log(1 - p)).mean(axis=1)
    found = aim.loss.terms(torch.from_numpy(outputs), torch.from_numpy(aim.targets(truth)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_number_between_two_marks_is_learned_as_it_is() -> None:
    aim = Ordered.of(MARKS)
    # A quarter of the way from 1 to 2.5: the loss is least where the expected mark is that number.
    logits = np.array([[20.0, np.log(0.25 / 0.75), -20.0]], dtype=np.float32)
    assert aim.numbers(logits)[0] == pytest.approx(1.375, abs=1e-6)
    variable = torch.tensor(logits, requires_grad=True)
    aim.loss.terms(variable, torch.from_numpy(aim.targets(np.array([1.375])))).sum().backward()
    assert variable.grad is not None
    assert variable.grad.abs().max() < 1e-6


def test_expected_marks_stay_on_the_scale_and_rise_with_the_outputs() -> None:
    aim = Ordered.of(MARKS)
    rng = np.random.default_rng(0)
    said = aim.numbers(rng.normal(0, 9, (99, 3)))
    assert said.min() >= 0
    assert said.max() <= 5
    shifted = np.linspace(-30, 30, 61)[:, None] + np.array(aim.start)
    marks = aim.numbers(shifted)
    assert (np.diff(marks) > 0).all()
    assert marks[0] == pytest.approx(0, abs=1e-6)
    assert marks[-1] == pytest.approx(5, abs=1e-6)


def test_the_start_answers_the_mean_of_the_training_rows() -> None:
    aim = Ordered.of(MARKS)
    assert aim.numbers(np.array([aim.start]))[0] == pytest.approx(MARKS.mean())
    assert np.isfinite(Ordered(aim.marks, (1.0, 0.5, 0.0)).start).all()


def test_figures_are_in_marks() -> None:
    aim = Ordered.of(MARKS)
    outputs = np.array([aim.start, aim.start])
    found = aim.measure(outputs, np.array([MARKS.mean() + 1, MARKS.mean() - 1]))
    assert found["mae"] == pytest.approx(1)
    assert found["pearson"] is None


@pytest.mark.parametrize("numbers", [np.full(3, 2.0), np.arange(MOST_MARKS + 1.0)])
def test_a_scale_needs_marks_and_not_too_many(numbers: np.ndarray) -> None:
    with pytest.raises(DataError):
        Ordered.of(numbers)


@pytest.mark.parametrize("loss", ["squared", "ordinal"])
def test_aims_come_back_from_what_is_kept(loss: str) -> None:
    from makna.learn.number_aims import AIMS

    aim = AIMS[loss].of(MARKS)
    assert aim_again(loss, aim.to_json()) == aim  # type: ignore[arg-type]
