"""What a training is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from makna.core.compute import Machine
from makna.core.workplace import Watch, workplace
from makna.learn.checkpoints import Checkpoints, DiskCheckpoints, MemoryCheckpoints
from makna.learn.epochs import Measure
from makna.learn.forward import Rows
from makna.learn.losses import Loss
from makna.learn.optimise import Freeze, Optimiser


@dataclass(frozen=True)
class TrainSettings:
    """How a network is trained.

    Parameters
    ----------
    epochs : int
        Most passes over the training rows.
    batch_size : int
        Rows at once.
    learning_rate : float
        Highest rate.
    optimiser : {"adamw", "adam", "sgd", "adadelta"}
        See `make_optimiser`.
    schedule : {"linear", "constant"}
        What the rate does after the warm-up: falls to 0, or stays.
    warmup : float
        Share of all steps in which the rate rises from 0.
    weight_decay : float
        Of all weights that have more than one dimension.
    clip : float or None
        Longest gradient; a longer one is shortened to it.
    accumulate : int
        Batches whose gradients make one step.
    oversample : bool
        Repeat rows of rarer classes until all classes have as many.
    freeze : int or "all"
        Lowest layers that are held still.
    unfreeze_after : int or None
        The last epoch in which they are.
    frozen_learning_rate : float or None
        Highest rate of the epochs in which they are, where it is another.
    patience : int or None
        Stop after so many epochs without a better figure.
    keep : {"best", "last"}
        Which epoch's network is kept; without validation rows always the last.
    by : str
        Figure of the validation rows that says what is better.
    seed : int
        Of order and dropout.
    """

    epochs: int = 3
    batch_size: int = 16
    learning_rate: float = 3e-5
    optimiser: Optimiser = "adamw"
    schedule: Literal["linear", "constant"] = "linear"
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float | None = 1.0
    accumulate: int = 1
    oversample: bool = False
    freeze: Freeze = 0
    unfreeze_after: int | None = None
    frozen_learning_rate: float | None = None
    patience: int | None = None
    keep: Literal["best", "last"] = "best"
    by: str = "f1_macro"
    seed: int = 0

    def peak(self, epoch: int) -> float:
        """Return the highest rate of an epoch, from 1."""
        is_free = self.freeze == 0 or (self.unfreeze_after is not None and epoch > self.unfreeze_after)
        return self.learning_rate if is_free or self.frozen_learning_rate is None else self.frozen_learning_rate


@dataclass(frozen=True)
class TrainData:
    """What a network learns from, and what it is judged by.

    Parameters
    ----------
    train : Rows
        Training rows.
    valid : Rows or None
        Rows looked at after each epoch.
    loss : Loss
        What is made small.
    measure : callable
        (outputs, targets) → figures.
    """

    train: Rows
    valid: Rows | None
    loss: Loss
    measure: Measure


@dataclass(frozen=True)
class Place:
    """Where a training runs, and whom it tells.

    Parameters
    ----------
    machine : Machine
        Device, precision and threads.
    checkpoints : Checkpoints
        Keep where it stands.
    listen, watch : callable
        As in `Workplace`.
    """

    machine: Machine
    checkpoints: Checkpoints = field(default_factory=MemoryCheckpoints)
    listen: Callable[[str, int, int], None] = lambda detail, done, total: None
    watch: Watch = lambda epoch, figures: None

    @classmethod
    def here(cls, machine: Machine, key: str) -> Place:
        """Return the place inside the surrounding workplace, with a folder named `key` (see `fit_key`)."""
        around = workplace()
        kept = MemoryCheckpoints() if around.folder is None else DiskCheckpoints(around.folder / key)
        return cls(machine, kept, around.listen, around.watch)


@dataclass(frozen=True)
class Trained:
    """How a training went.

    Parameters
    ----------
    history : list of dict
        One row an epoch and part: `epoch`, `part`, `loss` and figures. Those of the training rows are gathered while
        the epoch runs, dropout on, from networks that change; those of the validation rows after it, dropout off.
    best_epoch : int
        The epoch whose network was kept.
    epochs : int
        Epochs that were finished.
    stopped : str or None
        Why it ended early: "patience", or what the workplace's `watch` said.
    interrupted : bool
        Whether someone pressed Ctrl-C.
    outputs : ndarray or None
        What the kept network said of the validation rows.
    batch_size, accumulate : int
        As they were at the end: halved and doubled where a GPU's memory did not suffice.
    memory_mb : float or None
        Estimate made before the first step.
    """

    history: list[dict[str, Any]]
    best_epoch: int
    epochs: int
    stopped: str | None
    interrupted: bool
    outputs: np.ndarray | None
    batch_size: int
    accumulate: int
    memory_mb: float | None
