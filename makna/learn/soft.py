"""A teacher's probabilities as something to be learned, beside the labels.

A learner of networks gives a student's side of distillation with two lines: its `fit` takes ``soft: Soft | None``, and
hands its job on as ``softened(job, soft)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from makna.core.errors import DataError
from makna.learn.losses import Loss, codes_of, soft_terms

Objective = Literal["kl", "cross_entropy"]
_FLOOR = 1e-12
AnyJob = TypeVar("AnyJob")


@dataclass(frozen=True)
class Soft:
    """What a teacher says of the rows a student is fitted on.

    Parameters
    ----------
    probabilities : ndarray, shape (n, classes)
        Of the rows of `fit` in their order; the classes sorted, as `classes_` has them.
    temperature : float
        T, at which teacher and student are compared; larger brings out what the teacher finds second and third.
    weight : float
        Share of the teacher in what is made small, in [0, 1]; the rest is the labels'.
    objective : {"kl", "cross_entropy"}
        How far the student is from the teacher: the divergence, or the cross-entropy, which is more by the teacher's
        own entropy. They have the same gradient; the figures of the epochs differ.
    """

    probabilities: np.ndarray
    temperature: float = 2.0
    weight: float = 0.5
    objective: Objective = "kl"

    def at_temperature(self) -> np.ndarray:
        """Return the teacher's probabilities at T, shape (n, classes)."""
        return softened_probabilities(self.probabilities, self.temperature)

    def rows(self, codes: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
        """Return targets that a network learns from, shape (n, classes + 4); see `makna.learn.losses.soft_terms`.

        All that is asked of a row stands in the row, so that two trainings that differ in the teacher, the temperature
        or the weight have other targets, and never take each other's checkpoints.

        Parameters
        ----------
        codes : ndarray of int, shape (n,)
            Codes of the labels.
        kept : ndarray of int or None
            Which of the rows of `probabilities` these are, where some were held back.
        """
        teacher = self.at_temperature()
        teacher = teacher if kept is None else teacher[kept]
        if len(teacher) != len(codes):
            raise DataError("learn.soft_rows", came=len(teacher), allowed=len(codes))
        settings = [self.weight, self.temperature, get_args(Objective).index(self.objective)]
        said = np.broadcast_to(settings, (len(codes), len(settings)))
        return np.column_stack([codes, said, teacher]).astype(np.float32)

    def mixed(self, codes: np.ndarray) -> np.ndarray:
        """Return (1 - weight) · label + weight · teacher at T, shape (n, classes): a row's share in each class."""
        teacher = self.at_temperature()
        return (1 - self.weight) * np.eye(teacher.shape[1])[codes] + self.weight * teacher


def softened_probabilities(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the softmax of log p / T.

    Parameters
    ----------
    probabilities : ndarray, shape (n, classes)
        p.
    temperature : float
        T; 1 leaves them as they are.

    Notes
    -----
    Hinton, Vinyals & Dean (2015), "Distilling the knowledge in a neural network", equation 1, with log p for the
    logits, which are the same but for a constant.

    Examples
    --------
    >>> softened_probabilities(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
    [[0.75, 0.25]]
    """
    logits = np.log(np.maximum(np.asarray(probabilities, dtype=float), _FLOOR)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softened(job: AnyJob, soft: Soft | None) -> AnyJob:
    """Return a job of a network (see `makna.learn.finetune_fit.Job`) that learns from a teacher too.

    Its training rows get the targets of `Soft.rows`; rows that it is judged by keep their labels, so that figures of
    epochs are those of a training without a teacher.

    Parameters
    ----------
    job : Job
        Its split has codes of classes.
    soft : Soft or None
        What the teacher says of all rows that `fit` was given; None leaves the job as it is.
    """
    if soft is None:
        return job
    given: Any = job
    train = given.split.train
    targets = soft.rows(train.targets, given.split.kept)
    loss = Loss(soft_terms(given.loss.terms), given.loss.weights)
    measure = given.measure
    return replace(
        given,
        split=replace(given.split, train=replace(train, targets=targets)),
        loss=loss,
        measure=lambda outputs, targets: measure(outputs, codes_of(targets)),
    )
