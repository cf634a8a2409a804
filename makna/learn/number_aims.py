"""How a network learns a number: standardised, or as steps of a scale of marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from makna.core.errors import DataError
from makna.core.optional import require
from makna.learn.epochs import Figures, Measure, measure_numbers
from makna.learn.losses import Loss, squared_error

if TYPE_CHECKING:
    from torch import Tensor

NumberLoss = Literal["squared", "ordinal"]
MOST_MARKS = 101
_RAREST = 1e-3


class Aim(Protocol):
    """What a network is to give for a number."""

    @property
    def outputs(self) -> int:
        """How many outputs it has."""

    @property
    def start(self) -> list[float] | None:
        """Thresholds that its head starts from; None for a plain head."""

    @property
    def loss(self) -> Loss:
        """What is made small."""

    @property
    def measure(self) -> Measure:
        """(outputs, targets) → figures in the unit of the numbers."""

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers as the loss takes them, float32, shape (n,)."""

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the numbers that outputs stand for, shape (n,)."""

    def to_json(self) -> dict[str, Any]:
        """Return the settings it is rebuilt from by `aim_again`."""


@dataclass(frozen=True)
class Standardised:
    """A number less the mean of the training rows, over their standard deviation, by the squared error."""

    mean: float
    scale: float

    outputs = 1
    start = None

    @classmethod
    def of(cls, numbers: np.ndarray) -> Standardised:
        """Return what is learned of these training numbers."""
        return cls(float(numbers.mean()), float(numbers.std()) or 1.0)

    @property
    def loss(self) -> Loss:
        """The squared error."""
        return Loss(squared_error)

    @property
    def measure(self) -> Measure:
        """Figures in the unit of the numbers."""
        return measure_numbers(self.mean, self.scale)

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """Return standardised numbers."""
        return ((numbers - self.mean) / self.scale).astype(np.float32)

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return numbers in their own unit."""
        return outputs[:, 0] * self.scale + self.mean

    def to_json(self) -> dict[str, Any]:
        """Return `mean` and `scale`."""
        return {"mean": self.mean, "scale": self.scale}


@dataclass(frozen=True)
class Ordered:
    """A mark as K - 1 questions, one a step of the scale: is it above this step?

    The loss is the mean over the steps of the binary cross-entropy of σ(f + bₖ), f and all bₖ learned (Cao, Mirjalili &
    Raschka 2020, "Rank consistent ordinal regression for neural networks", equation 6). A number between two marks is
    above the step between them by its share of the way, so that nothing is rounded. The prediction is the expected
    mark, m₁ + Σₖ (mₖ₊₁ - mₖ) σ(f + bₖ): it never leaves the scale.

    Parameters
    ----------
    marks : tuple of float
        Marks of the scale, rising.
    above : tuple of float
        Share of the training rows above each step; the bₖ start from their logits.

    Raises
    ------
    DataError
        Fewer than two marks, or more than a scale has.

    Examples
    --------
    >>> scale = Ordered.of(np.array([0.0, 1.0, 3.0, 3.0]))
    >>> scale.marks, scale.above
    ((0.0, 1.0, 3.0), (0.75, 0.5))
    >>> scale.numbers(np.array([[9.0, -9.0], [0.0, 0.0]])).round(2).tolist()
    [1.0, 1.5]
    """

    marks: tuple[float, ...]
    above: tuple[float, ...]

    @classmethod
    def of(cls, numbers: np.ndarray) -> Ordered:
        """Return what is learned of these training numbers; every number among them is a mark."""
        marks = np.unique(numbers)
        if not 2 <= len(marks) <= MOST_MARKS:
            raise DataError("learn.ordinal_marks", n=len(marks), most=MOST_MARKS)
        return cls(tuple(marks.tolist()), tuple((numbers[:, None] > marks[:-1]).mean(axis=0).tolist()))

    @property
    def outputs(self) -> int:
        """Steps of the scale."""
        return len(self.marks) - 1

    @property
    def start(self) -> list[float]:
        """Logits of the shares of training rows above each step."""
        shares = np.clip(self.above, _RAREST, 1 - _RAREST)
        return np.log(shares / (1 - shares)).tolist()

    @property
    def loss(self) -> Loss:
        """The mean cross-entropy of the steps."""
        marks = self.marks

        def terms(outputs: Tensor, targets: Tensor) -> Tensor:
            functional = require("torch.nn.functional", "loss")
            low, high = (_like(part, outputs) for part in (marks[:-1], marks[1:]))
            steps = ((targets.float().reshape(-1, 1) - low) / (high - low)).clamp(0, 1)
            return functional.binary_cross_entropy_with_logits(outputs.float(), steps, reduction="none").mean(1)

        return Loss(terms)

    @property
    def measure(self) -> Measure:
        """Figures of the expected marks."""

        def measure(outputs: np.ndarray, targets: np.ndarray) -> Figures:
            return measure_numbers()(self.numbers(outputs), targets)

        return measure

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """Return the numbers as they are."""
        return numbers.astype(np.float32)

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return expected marks."""
        from scipy.special import expit

        return self.marks[0] + expit(np.asarray(outputs, dtype=float)) @ np.diff(self.marks)

    def to_json(self) -> dict[str, Any]:
        """Return `marks` and `above`."""
        return {"marks": list(self.marks), "above": list(self.above)}


AIMS: dict[str, Any] = {"squared": Standardised, "ordinal": Ordered}
"""Name of a loss → what is learned by it."""


def aim_again(loss: NumberLoss, told: dict[str, Any]) -> Aim:
    """Return an aim from its `to_json`."""
    made: Aim = AIMS[loss](**{name: tuple(v) if isinstance(v, list) else v for name, v in told.items()})
    return made


def _like(values: Sequence[float], outputs: Tensor) -> Tensor:
    return require("torch", "loss").tensor(values, dtype=outputs.float().dtype, device=outputs.device)
