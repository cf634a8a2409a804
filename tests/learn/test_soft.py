"""Soft targets against the formula of Hinton et al. (2015), written out in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from makna.core.errors import DataError
from makna.learn.epochs import measure_classes
from makna.learn.finetune_fit import Job
from makna.learn.forward import Rows
from makna.learn.held_back import Holding, Side, Split, split_of
from makna.learn.losses import Loss, codes_of, cross_entropy, soft_terms
from makna.learn.setup import TrainData, TrainSettings
from makna.learn.soft import Soft, softened, softened_probabilities
from makna.learn.training import train
from tests.learn import networks_for_tests as nets

torch = pytest.importorskip("torch")
rng = np.random.default_rng(8)
N, CLASSES = 30, 3
LOGITS = rng.normal(scale=2, size=(N, CLASSES)).astype(np.float32)
CODES = rng.integers(CLASSES, size=N)
TEACHER = softmax(rng.normal(scale=3, size=(N, CLASSES)), axis=1)


def _terms(soft: Soft, logits: np.ndarray = LOGITS) -> np.ndarray:
    targets = soft.rows(CODES)
    return soft_terms(cross_entropy)(torch.from_numpy(logits), torch.from_numpy(targets)).numpy()


@pytest.mark.parametrize("objective", ["kl", "cross_entropy"])
@pytest.mark.parametrize(("temperature", "weight"), [(1.0, 1.0), (2.0, 0.5), (4.0, 0.3), (3.0, 0.0)])
def test_the_loss_is_the_formula(objective: Any, temperature: float, weight: float) -> None:
    powers = TEACHER ** (1 / temperature)
    teacher = powers / powers.sum(axis=1, keepdims=True)
    student = log_softmax(LOGITS.astype(float) / temperature, axis=1)
    hard = -log_softmax(LOGITS.astype(float), axis=1)[np.arange(N), CODES]
    distance = -(teacher * student).sum(axis=1)
    if objective == "kl":
        distance += (teacher * np.log(teacher)).sum(axis=1)
    expected = (1 - weight) * hard + weight * temperature**2 * distance
    found = _terms(Soft(TEACHER, temperature, weight, objective))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_student_that_says_what_the_teacher_says_has_no_distance() -> None:
    said = np.log(TEACHER).astype(np.float32)
    np.testing.assert_allclose(_terms(Soft(TEACHER, 3.0, 1.0), said), 0, atol=1e-5)


def test_a_teacher_that_is_certain_gives_numbers() -> None:
    certain = np.eye(CLASSES)[CODES]
    for temperature in (1.0, 2.0):
        assert np.isfinite(_terms(Soft(certain, temperature, 1.0))).all()


def test_both_objectives_have_one_gradient() -> None:
    slopes = []
    for objective in ("kl", "cross_entropy"):
        logits = torch.from_numpy(LOGITS).requires_grad_(True)
        targets = torch.from_numpy(Soft(TEACHER, 2.0, 0.7, objective).rows(CODES))  # type: ignore[arg-type]
        soft_terms(cross_entropy)(logits, targets).sum().backward()
        slopes.append(logits.grad.numpy())
    np.testing.assert_allclose(slopes[0], slopes[1], atol=1e-6)


def test_temperature_one_leaves_probabilities_as_they_are() -> None:
    np.testing.assert_allclose(softened_probabilities(TEACHER, 1.0), TEACHER, atol=1e-12)
    wide = softened_probabilities(TEACHER, 5.0)
    assert (wide.max(axis=1) < TEACHER.max(axis=1)).all()
    np.testing.assert_array_equal(wide.argsort(axis=1), TEACHER.argsort(axis=1))


def test_codes_are_judged_by_the_loss_of_labels_alone() -> None:
    loss = Loss(soft_terms(cross_entropy), (1.0, 2.0, 3.0))
    plain = Loss(cross_entropy, (1.0, 2.0, 3.0))
    assert loss.mean(LOGITS, CODES) == plain.mean(LOGITS, CODES)
    rows = Soft(TEACHER, 2.0, 0.0).rows(CODES)
    np.testing.assert_array_equal(codes_of(rows), CODES)
    assert loss.mean(LOGITS, rows) == pytest.approx(plain.mean(LOGITS, CODES), rel=1e-6)


def test_trainings_that_differ_in_any_setting_have_other_targets() -> None:
    made = [
        Soft(TEACHER, *settings).rows(CODES).tobytes()
        for settings in [(2.0, 0.5, "kl"), (2.0, 0.4, "kl"), (2.5, 0.5, "kl"), (2.0, 0.5, "cross_entropy")]
    ]
    assert len(set(made)) == 4


def _job(split: Split) -> Job:
    return Job(split, CLASSES, Loss(cross_entropy), measure_classes)


def test_held_back_rows_keep_their_labels_and_the_others_their_teacher() -> None:
    texts = [f"teks {i}" for i in range(N)]
    split = split_of(texts, CODES, (None, None), Holding(0.2, 0, CODES)).coded(np.arange(CLASSES))
    assert split.kept is not None
    assert len(split.valid.texts) > 0
    job = softened(_job(split), Soft(TEACHER, 1.0, 0.5))
    positions = [int(text.split()[1]) for text in job.split.train.texts]  # type: ignore[union-attr]
    np.testing.assert_allclose(job.split.train.targets[:, 4:], TEACHER[positions], atol=1e-6)
    np.testing.assert_array_equal(job.split.train.targets[:, 0], CODES[positions])
    assert job.split.valid.targets.ndim == 1
    assert softened(_job(split), None).split is split
    assert job.measure(LOGITS[positions], job.split.train.targets) == measure_classes(
        LOGITS[positions], CODES[positions]
    )


def test_a_teacher_of_other_rows_is_refused() -> None:
    split = Split(Side(["a", "b"], np.array([0, 1])), Side([], np.array([], dtype=int)), None)
    with pytest.raises(DataError) as caught:
        softened(_job(split), Soft(TEACHER))
    assert caught.value.fields == {"came": N, "allowed": 2}


def test_a_network_learns_what_the_teacher_says(one_thread: None) -> None:
    plain = nets.data(valid=True)
    # The teacher says the opposite of the labels; with all the weight on it, so does the student.
    opposite = np.eye(2)[1 - plain.train.targets] * 0.9 + 0.05
    said = {}
    for weight in (0.0, 1.0):
        rows = Soft(opposite, 2.0, weight).rows(plain.train.targets)
        learned = Rows(plain.train.batch, plain.train.lengths, rows)
        measure = lambda outputs, targets: measure_classes(outputs, codes_of(targets))  # noqa: E731
        data = TrainData(learned, plain.valid, Loss(soft_terms(cross_entropy)), measure)
        settings = TrainSettings(epochs=12, learning_rate=1e-2, warmup=0.0, keep="last", oversample=True)
        trained = train(nets.layered(), data, settings, nets.Listener().place(nets.Place(nets.CPU).checkpoints))
        said[weight] = trained.history[-1]["accuracy"]
    assert said[0.0] > 0.85
    assert said[1.0] < 0.15
