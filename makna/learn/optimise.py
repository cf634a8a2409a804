"""How weights are moved: optimisers, the learning rate's rise and fall, layers that are held still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from makna.core.errors import DataError
from makna.core.optional import require

Optimiser = Literal["adamw", "adam", "sgd", "adadelta"]
Schedule = Literal["linear", "constant"]
Freeze = int | Literal["all"]

_ADAM = {"fused": True}
_OPTIMISERS: dict[str, tuple[str, dict[str, Any]]] = {
    "adamw": ("AdamW", _ADAM),
    "adam": ("Adam", _ADAM),
    "sgd": ("SGD", {}),
    "adadelta": ("Adadelta", {}),
}
# Numbers kept for each weight.
MOMENTS = {"adamw": 2, "adam": 2, "sgd": 0, "adadelta": 2}


def make_optimiser(network: Any, name: Optimiser, learning_rate: float, weight_decay: float) -> Any:
    """Return an optimiser of all weights, frozen ones included, so that they can be thawed later.

    Biases and the scales of layer normalisation (all that has one dimension) are not decayed (Devlin et al. 2019 train
    BERT so).

    Parameters
    ----------
    network : Module
        What is trained.
    name : {"adamw", "adam", "sgd", "adadelta"}
        AdamW: Loshchilov & Hutter (2019), the decay apart from the gradient; the others add it to the gradient.
    learning_rate : float
        Highest rate.
    weight_decay : float
        Share of a weight that goes, times the rate, at each step.
    """
    torch = require("torch", "optimiser")
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    kind, settings = _OPTIMISERS[name]
    return getattr(torch.optim, kind)([group for group in groups if group["params"]], lr=learning_rate, **settings)


def rate_at(step: int, steps: int, warmup: float) -> float:
    """Return which share of the learning rate is in force: a straight rise from 0, then a straight fall to 0.

    Parameters
    ----------
    step : int
        Steps made so far.
    steps : int
        Steps of the whole training.
    warmup : float
        Share of the steps in which the rate rises.

    Examples
    --------
    >>> [rate_at(step, 10, 0.2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def constant_rate(step: int, steps: int, warmup: float) -> float:
    """Return 1 after the straight rise of the first share of the steps."""
    rising = round(warmup * steps)
    return min(1.0, (step + 1) / rising) if rising else 1.0


SCHEDULES: dict[str, Callable[[int, int, float], float]] = {"linear": rate_at, "constant": constant_rate}


def set_frozen(network: Any, freeze: Freeze, unfreeze_after: int | None, epoch: int) -> None:
    """Hold the lowest layers still, or let them go, as this epoch wants it.

    Parameters
    ----------
    network : Module
        Its method `layers` gives its layers, lowest first; a network without it has none.
    freeze : int or "all"
        How many of them are held.
    unfreeze_after : int or None
        The last epoch in which they are.
    epoch : int
        From 1.

    Raises
    ------
    DataError
        The network has fewer layers.
    """
    layers = network.layers() if hasattr(network, "layers") else []
    held = len(layers) if isinstance(freeze, str) else freeze
    if held > len(layers):
        raise DataError("learn.freeze", came=freeze, allowed=len(layers))
    is_free = unfreeze_after is not None and epoch > unfreeze_after
    for place, layer in enumerate(layers):
        layer.requires_grad_(is_free or place >= held)
