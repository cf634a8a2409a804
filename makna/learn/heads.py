"""What may stand between an encoder and its outputs: an LSTM that reads its vectors, and a head of ordered marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from makna.core.optional import require

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "finetune"
LSTM_WIDTH = 64
_LOWEST = -1e9
# Thresholds are kept as so many times less than they are, or the small rates of an encoder would hardly move them.
_GAIN = 100.0


def mean_of(vectors: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of a row's vectors, padding left out, shape (b, width)."""
    weights = mask.unsqueeze(-1).float()
    return (vectors.float() * weights).sum(1) / weights.sum(1)


def max_of(vectors: Tensor, mask: Tensor) -> Tensor:
    """Return the greatest value of each place in a row's vectors, padding left out, shape (b, width)."""
    return vectors.float().masked_fill(mask.unsqueeze(-1) == 0, _LOWEST).amax(1)


def lstm_pool(size: int, width: int = LSTM_WIDTH) -> Any:
    """Return what makes one vector of a row's vectors: two LSTMs, one from each end, then mean ⊕ maximum.

    Parameters
    ----------
    size : int
        Values of a vector.
    width : int
        Values of each LSTM's state.

    Returns
    -------
    Module
        Takes what an encoder says, vectors of shape (b, length, size), and `mask`, shape (b, length), rows padded at
        their end; returns shape (b, 4 · width). What stands after a row's end does not change it.
    """
    return _pool_class()(size, width)


@cache
def _pool_class() -> Any:
    torch = require("torch", PURPOSE)

    class LSTMPool(torch.nn.Module):  # type: ignore[name-defined]
        """See `lstm_pool`."""

        def __init__(self, size: int, width: int) -> None:
            super().__init__()
            self.ahead = torch.nn.LSTM(size, width, batch_first=True)
            self.back = torch.nn.LSTM(size, width, batch_first=True)
            self.width = 4 * width

        def forward(self, said: Any, mask: Tensor) -> Tensor:
            vectors = said.last_hidden_state.to(self.ahead.weight_ih_l0.dtype)
            # Each row turned round within its own length, so that padding stays at the end; and turned back.
            ends = (mask.sum(dim=1, keepdim=True) - 1).clamp_min(0)
            places = (ends - torch.arange(mask.shape[1], device=mask.device)).clamp_min(0)
            states = torch.cat([self.ahead(vectors)[0], _at(self.back(_at(vectors, places))[0], places)], dim=2)
            return torch.cat([mean_of(states, mask), max_of(states, mask)], dim=1)

    return LSTMPool


def _at(vectors: Tensor, places: Tensor) -> Tensor:
    return vectors.gather(1, places.unsqueeze(2).expand(-1, -1, vectors.shape[2]))


def ordered_head(size: int, steps: int) -> Any:
    """Return a dense layer to one number and a threshold for each step of a scale: logits of being above the step.

    All steps share the weights, so a row that is likelier above one step is likelier above every other (Cao, Mirjalili
    & Raschka 2020, "Rank consistent ordinal regression for neural networks", equation 4; the proportional odds of
    McCullagh 1980).

    Parameters
    ----------
    size : int
        Values of a vector.
    steps : int
        Marks of the scale less one.

    Returns
    -------
    Module
        Takes shape (b, size), returns shape (b, steps). Its method `start` sets the thresholds.
    """
    return _head_class()(size, steps)


@cache
def _head_class() -> Any:
    torch = require("torch", PURPOSE)

    class OrderedHead(torch.nn.Module):  # type: ignore[name-defined]
        """See `ordered_head`."""

        def __init__(self, size: int, steps: int) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1, size))
            self.bias = torch.nn.Parameter(torch.zeros(steps))

        def start(self, logits: Sequence[float]) -> None:
            """Set the thresholds to these logits, the highest first."""
            with torch.no_grad():
                self.bias.copy_(torch.tensor(logits) / _GAIN)

        def forward(self, vectors: Tensor) -> Tensor:
            return vectors @ self.weight.T + _GAIN * self.bias

    return OrderedHead


def new_head(size: int, outputs: int, ordered: bool) -> Any:
    """Return a head for vectors of `size` values: outputs of their own, or steps of one scale; its bias is 0."""
    head = _HEADS[ordered](size, outputs)
    require("torch", PURPOSE).nn.init.zeros_(head.bias)
    return head


_HEADS: dict[bool, Callable[[int, int], Any]] = {
    False: lambda size, outputs: require("torch", PURPOSE).nn.Linear(size, outputs),
    True: ordered_head,
}
