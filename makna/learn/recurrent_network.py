"""The network of `Recurrent`: word vectors, an LSTM or GRU that reads them in order, and a dense layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from makna.core.optional import require
from makna.learn.word_rows import PAD

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "recurrent"
Cell = Literal["lstm", "gru"]
CELLS: dict[str, str] = {"lstm": "LSTM", "gru": "GRU"}
"""Name → class in ``torch.nn``."""


@dataclass(frozen=True)
class RecurrentShape:
    """What a recurrent network is made of.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        What reads (Hochreiter & Schmidhuber 1997; Cho et al. 2014).
    bidirectional : bool
        Whether a second one reads from the end (Schuster & Paliwal 1997).
    width : int
        Values of the state of each.
    words : int
        Vectors, special ones included.
    vector_size : int
        Values of a vector.
    outputs : int
        Classes.
    dropout : float
        Share left out, of the word vectors and of the last state, while training.
    """

    cell: Cell
    bidirectional: bool
    width: int
    words: int
    vector_size: int
    outputs: int
    dropout: float


def recurrent_network(shape: RecurrentShape) -> Any:
    """Return a new network.

    Returns
    -------
    Module
        Takes `ids` and `mask`, shape (b, length), rows padded at their end; returns outputs, shape (b, outputs). What
        stands after a row's end does not change them.
    """
    return _class()(shape)


@cache
def _class() -> Any:
    torch = require("torch", PURPOSE)

    class RecurrentNetwork(torch.nn.Module):  # type: ignore[name-defined]
        """See `recurrent_network`."""

        def __init__(self, shape: RecurrentShape) -> None:
            super().__init__()
            self.vectors = torch.nn.Embedding(shape.words, shape.vector_size, padding_idx=PAD)
            cell = getattr(torch.nn, CELLS[shape.cell])
            self.ahead = cell(shape.vector_size, shape.width, batch_first=True)
            self.back = cell(shape.vector_size, shape.width, batch_first=True) if shape.bidirectional else None
            self.dropout = torch.nn.Dropout(shape.dropout)
            self.head = torch.nn.Linear(shape.width * (2 if shape.bidirectional else 1), shape.outputs)

        def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
            vectors = self.dropout(self.vectors(ids))
            ends = (mask.sum(dim=1) - 1).clamp_min(0)
            states = [_state_at(self.ahead(vectors)[0], ends)]
            if self.back is not None:
                # Each row turned round within its own length, so that padding stays at the end.
                places = (ends.unsqueeze(1) - torch.arange(ids.shape[1], device=ids.device)).clamp_min(0)
                turned = vectors.gather(1, places.unsqueeze(2).expand_as(vectors))
                states.append(_state_at(self.back(turned)[0], ends))
            return self.head(self.dropout(torch.cat(states, dim=1)))

    return RecurrentNetwork


def _state_at(states: Tensor, ends: Tensor) -> Tensor:
    """Return each row's state after its last word, shape (b, width)."""
    places = ends.reshape(-1, 1, 1).expand(-1, 1, states.shape[2])
    return states.gather(1, places).squeeze(1)
