"""What is learned: inputs (one text or a pair) and target (a class, several classes or a number)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from makna.core.corpus import PAIR, SCORE, TEXT, label_column

Inputs = Literal["text", "pair"]
Target = Literal["class", "classes", "number"]


@dataclass(frozen=True)
class Task:
    """Inputs × target of a study.

    Parameters
    ----------
    inputs : {"text", "pair"}
        One text, or two texts that are related.
    target : {"class", "classes", "number"}
        One class, one class for each of several outputs, or a number.
    outputs : tuple of str
        Names of the outputs; ``("",)`` where there is one.
    positive : str or None
        The class that precision, recall and F1 ``_positive`` speak of.
    scale : (float, float) or None
        Lowest and highest number a prediction may take.
    symmetric : bool
        Whether the order of a pair's sides means nothing, so that it must not change the answer.
    swap : tuple of (str, str)
        Classes that change places when the sides do; the order then means nothing for all others.
    step : float or None
        Distance between two marks of the scale, counted from its low end; None: any number on it.

    Examples
    --------
    >>> Task("text", "class", positive="1").target_columns
    ('label',)
    >>> Task("text", "classes", outputs=("price", "quality")).target_columns
    ('label_price', 'label_quality')
    """

    inputs: Inputs = "text"
    target: Target = "class"
    outputs: tuple[str, ...] = ("",)
    positive: str | None = None
    scale: tuple[float, float] | None = None
    symmetric: bool = False
    swap: tuple[tuple[str, str], ...] = ()
    step: float | None = None

    @property
    def is_number(self) -> bool:
        """Whether the target is a number."""
        return self.target == "number"

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Corpus columns that hold the inputs."""
        return (TEXT,) if self.inputs == "text" else PAIR

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Corpus columns that hold the truth, one an output."""
        if self.is_number:
            return (SCORE,)
        return tuple(label_column(name) for name in self.outputs)

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON values."""
        lists = {"outputs": list(self.outputs), "scale": list(self.scale) if self.scale else None}
        return {**asdict(self), **lists, "swap": dict(self.swap)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Task:
        """Rebuild a task from `to_json`."""
        scale = data.get("scale")
        read = {"outputs": tuple(data["outputs"]), "scale": tuple(scale) if scale else None}
        return cls(**{**data, **read, "swap": tuple(data.get("swap", {}).items())})
