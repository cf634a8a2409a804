"""What came of one trial, as JSON values can hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]
"""What a network showed after each epoch: ``epoch`` (from 1), ``part`` (train, valid) and figures."""
Curve = dict[int, float]
"""Epoch → one figure of the validation rows."""


@dataclass(frozen=True)
class Trained:
    """What a network inside a candidate told of its training.

    Parameters
    ----------
    epochs : list of dict
        Row by row.
    loss : float or None
        Of the validation rows at the epoch that is kept.
    stopped : bool
        Whether it ended before its last epoch.
    """

    epochs: Rows
    loss: float | None = None
    stopped: bool = False


@dataclass(frozen=True)
class Answer:
    """What one fit of a candidate said.

    Parameters
    ----------
    prediction : ndarray, shape (held rows,) or (held rows, outputs)
        Of the held rows.
    networks : list of Trained
        Every network inside the candidate: one, or one an output; empty for other learners.
    """

    prediction: np.ndarray
    networks: list[Trained] = field(default_factory=list)

    @property
    def loss(self) -> float | None:
        """The mean of the networks' losses; None where there is no network, or one shows no loss."""
        losses = [network.loss for network in self.networks if network.loss is not None]
        return float(np.mean(losses)) if losses and len(losses) == len(self.networks) else None


@dataclass(frozen=True)
class Outcome:
    """What came of one trial.

    Parameters
    ----------
    score : float or None
        On all held rows together; None where it is undefined or the trial diverged.
    why : str or None
        Why the trial was stopped early, or could not go on.
    diverged : bool
        Whether it could not go on; such a trial is never chosen.
    epochs : list of dict
        ``epoch``, ``part`` and figures, each the mean over the splits.
    curves : list of list of dict
        Split by split, for every network in it, the figure by which hopeless trials are known.
    """

    score: float | None
    why: str | None = None
    diverged: bool = False
    epochs: Rows = field(default_factory=list)
    curves: list[list[Curve]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values; floats keep every bit."""
        curves = [[[[epoch, value] for epoch, value in curve.items()] for curve in split] for split in self.curves]
        return {"score": self.score, "why": self.why, "diverged": self.diverged, "epochs": self.epochs,
                "curves": curves}  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Outcome:
        """Return the outcome that was kept.

        Examples
        --------
        >>> outcome = Outcome(0.9, curves=[[{1: 0.5}]])
        >>> Outcome.from_json(outcome.to_json()) == outcome
        True
        """
        curves = [[{int(epoch): value for epoch, value in curve} for curve in split] for split in kept["curves"]]
        return cls(kept["score"], kept["why"], kept["diverged"], kept["epochs"], curves)


def mean_epochs(fits: Sequence[Rows]) -> Rows:
    """Return the rows of several fits as one: every figure the mean over the fits that came to that epoch.

    Parameters
    ----------
    fits : sequence of list of dict
        Rows with ``epoch``, ``part`` and figures.

    Examples
    --------
    >>> mean_epochs([[{"epoch": 1, "part": "valid", "loss": 1.0}], [{"epoch": 1, "part": "valid", "loss": 2.0}]])
    [{'epoch': 1, 'part': 'valid', 'loss': 1.5}]
    """
    gathered: dict[tuple[int, str], Rows] = {}
    for rows in fits:
        for row in rows:
            gathered.setdefault((row["epoch"], row["part"]), []).append(row)
    merged = []
    for (epoch, part), rows in sorted(gathered.items(), key=lambda item: item[0][0]):
        names = dict.fromkeys(name for row in rows for name in row if name not in ("epoch", "part"))
        figures = {name: _mean([row.get(name) for row in rows]) for name in names}
        merged.append({"epoch": epoch, "part": part, **figures})
    return merged


def _mean(values: list[Any]) -> Any:
    known = [value for value in values if isinstance(value, int | float)]
    return float(np.mean(known)) if known else None
