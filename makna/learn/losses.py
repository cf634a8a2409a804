"""What training makes small: the loss of each row, and how much a row weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from makna.core.errors import DataError
from makna.core.optional import require

if TYPE_CHECKING:
    from torch import Tensor

LossName = Literal["cross_entropy", "focal"]
Terms = Callable[["Tensor", "Tensor"], "Tensor"]
"""(outputs (n, …), targets (n,)) → loss of each row, shape (n,), in fp32."""


@dataclass(frozen=True)
class Loss:
    """A loss that is the weighted mean of its rows' own losses, Σ wᵢ lᵢ / Σ wᵢ.

    Kept in two parts, so that batches of a step, or all rows of an epoch, add up to exactly this mean.

    Parameters
    ----------
    terms : callable
        (outputs, targets) → loss of each row.
    weights : tuple of float or None
        Weight of each class, by code; None weighs all rows alike.
    """

    terms: Terms
    weights: tuple[float, ...] | None = None

    def row_weights(self, targets: np.ndarray) -> np.ndarray:
        """Return the weight of each row, shape (n,), from its target."""
        if self.weights is None:
            return np.ones(len(targets))
        return np.asarray(self.weights, dtype=float)[codes_of(targets)]

    def mean(self, outputs: Any, targets: np.ndarray) -> float:
        """Return the loss of these rows as one number.

        Parameters
        ----------
        outputs : ndarray, shape (n, classes) or (n,)
            What the network says.
        targets : ndarray, shape (n,), or (n, classes + 4)
            Codes of classes, or numbers; or rows of `soft_terms`.
        """
        torch = require("torch", "loss")
        weights = self.row_weights(targets)
        terms = self.terms(torch.from_numpy(np.ascontiguousarray(outputs)), torch.from_numpy(targets)).double().numpy()
        return float((weights * terms).sum() / weights.sum())


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return -log pₜ of each row, p the softmax of its outputs and t its class."""
    functional = require("torch.nn.functional", "loss")
    return functional.cross_entropy(outputs.float(), targets, reduction="none")


def focal(gamma: float) -> Terms:
    """Return the focal loss: -(1 - pₜ)^γ log pₜ of each row, which lets rows that are right already count little.

    Parameters
    ----------
    gamma : float
        γ; 0 is the cross-entropy.

    Notes
    -----
    Lin, Goyal, Girshick, He & Dollár (2017), "Focal loss for dense object detection", equation 4; with class weights,
    which are their αₜ, equation 5.
    """

    def terms(outputs: Tensor, targets: Tensor) -> Tensor:
        loss = cross_entropy(outputs, targets)
        # 1 - pₜ, without the loss of digits near pₜ = 1; the slope of x^γ at 0 is infinite for γ < 1.
        wrong = -(-loss).expm1()
        return wrong.clamp_min(1e-12).pow(gamma) * loss if gamma else loss

    return terms


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return (output - target)² of each row."""
    return (outputs.float().reshape(targets.shape) - targets.float()).square()


SOFT_SETTINGS = 4


def soft_terms(hard: Terms) -> Terms:
    """Return (1 - w) · (the loss of the label) + w · T² · (how far the student is from the teacher), of each row.

    Parameters
    ----------
    hard : callable
        The loss of the labels.

    Returns
    -------
    callable
        Takes outputs, shape (n, classes), and targets, shape (n, classes + 4): code of the label; w; T; 0 for the
        divergence KL(teacher ‖ student) or 1 for the cross-entropy H(teacher, student); and the teacher's probabilities
        at T. The student is taken at T too. Targets that are codes alone are judged by `hard` alone.

    Notes
    -----
    Hinton, Vinyals & Dean (2015), section 2: T² keeps the share of the teacher's gradient when T changes.
    """

    def terms(outputs: Tensor, targets: Tensor) -> Tensor:
        if targets.ndim == 1:
            return hard(outputs, targets)
        torch = require("torch", "loss")
        codes, teacher = targets[:, 0].long(), targets[:, SOFT_SETTINGS:]
        weight, temperature, is_cross = targets[:, 1:SOFT_SETTINGS].unbind(1)
        student = torch.log_softmax(outputs.float() / temperature[:, None], dim=1)
        own = torch.special.entr(teacher).sum(1)
        distance = -(teacher * student).sum(1) - torch.where(is_cross > 0, 0.0, own)
        return (1 - weight) * hard(outputs, codes) + weight * temperature.square() * distance

    return terms


def codes_of(targets: np.ndarray) -> np.ndarray:
    """Return the codes of the labels, shape (n,), of targets that are codes or rows of `soft_terms`."""
    return targets if targets.ndim == 1 else targets[:, 0].astype(np.int64)


CLASS_LOSSES: dict[str, Callable[[float], Terms]] = {
    "cross_entropy": lambda gamma: cross_entropy,
    "focal": focal,
}
"""Name → (γ → loss of each row)."""


def balanced_weights(labels: Sequence[Any] | np.ndarray) -> dict[Any, float]:
    """Return the weight of each class by its label, N / (C · nᵢ): rare classes weigh more, and all rows 1 on average.

    Parameters
    ----------
    labels : sequence, shape (N,)
        Label of each training row; other rows must not be counted.

    Examples
    --------
    >>> balanced_weights(["baik", "baik", "baik", "buruk"])
    {'baik': 0.6666666666666666, 'buruk': 2.0}
    """
    counts = Counter(np.asarray(labels, dtype=object).tolist())
    total = sum(counts.values())
    return {label: total / (len(counts) * counts[label]) for label in sorted(counts)}


def class_weights(
    asked: Literal["balanced"] | Mapping[Any, float] | None, labels: Sequence[Any] | np.ndarray
) -> dict[Any, float] | None:
    """Return the weight of each class by its label, in the order of the labels; None where all weigh alike.

    Parameters
    ----------
    asked : "balanced", mapping of label to float, or None
        A class that the mapping does not name weighs 1.
    labels : sequence, shape (n,)
        Label of each training row.

    Raises
    ------
    DataError
        The mapping names a class that the training rows have not, and misses one they have.
    """
    if asked is None:
        return None
    if isinstance(asked, str):
        return balanced_weights(labels)
    there = sorted(set(np.asarray(labels, dtype=object).tolist()))
    unknown = [label for label in asked if label not in there]
    if unknown and any(label not in asked for label in there):
        came, allowed = (", ".join(map(str, names)) for names in (unknown, there))
        raise DataError("learn.class_weight", came=came, allowed=allowed)
    return {label: float(asked.get(label, 1.0)) for label in there}
