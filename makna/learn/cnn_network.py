"""The network of `WordsCNN`: word vectors, filters of several widths, their greatest answers, dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from makna.core.optional import require
from makna.learn.word_rows import PAD

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "cnn"
Merge = Literal["channels", "concat"]


@dataclass(frozen=True)
class CNNShape:
    """What a convolutional network over words is made of.

    Parameters
    ----------
    words : int
        Vectors, special ones included.
    vector_size : int
        Values of a vector.
    widths : tuple of int
        Words that a filter sees at once, one group of filters for each.
    filters : int
        Filters of a group.
    sides : {1, 2}
        Texts of a row.
    merge : {"channels", "concat"}
        How two sides become one: their vectors side by side, word by word, as channels of one input; or each read by
        the same filters, and what they found joined.
    hidden : int or None
        Values of the dense layer between; None has none.
    outputs : int
        Classes.
    dropout : float
        Share left out before the last layer while training.
    """

    words: int
    vector_size: int
    widths: tuple[int, ...]
    filters: int
    sides: int
    merge: Merge
    hidden: int | None
    outputs: int
    dropout: float

    @property
    def channels(self) -> int:
        """Values that a filter sees of each word."""
        return self.vector_size * _CHANNELS[self.merge](self.sides)

    @property
    def found(self) -> int:
        """Values that all filters find."""
        return features(self.widths, self.filters, self.sides, self.merge)


_CHANNELS = {"channels": lambda sides: sides, "concat": lambda sides: 1}


def features(widths: tuple[int, ...], filters: int, sides: int, merge: Merge) -> int:
    """Return how many values the filters find in a row.

    Examples
    --------
    >>> features((2, 3, 4), 64, 2, "channels"), features((2, 3, 4), 64, 2, "concat")
    (192, 384)
    """
    return len(widths) * filters * (sides // _CHANNELS[merge](sides))


def cnn_network(shape: CNNShape) -> Any:
    """Return a new network.

    Returns
    -------
    Module
        Takes `ids`, shape (b, words of a text), and `other`, the second sides, where there are two; returns outputs,
        shape (b, outputs). Its layers are named and shaped as in the paper's table (words, values), rows first.

    Notes
    -----
    Kim (2014), "Convolutional neural networks for sentence classification", section 2; no padding at the ends, so that
    a filter of width w gives words − w + 1 answers, of which the greatest stays.
    """
    return _classes()(shape)


@cache
def _classes() -> Any:
    torch = require("torch", PURPOSE)
    nn = torch.nn

    class Conv1d(nn.Conv1d):  # type: ignore[name-defined]
        """Filters along the words; takes and gives (rows, words, values)."""

        def forward(self, vectors: Tensor) -> Tensor:
            return super().forward(vectors.transpose(1, 2)).transpose(1, 2)

    class MaxPooling(nn.Module):  # type: ignore[name-defined]
        """The greatest answer of each filter."""

        def forward(self, answers: Tensor) -> Tensor:
            return answers.amax(dim=1, keepdim=True)

    class Concatenate(nn.Module):  # type: ignore[name-defined]
        """Side by side, in their last dimension."""

        def forward(self, *parts: Tensor) -> Tensor:
            return torch.cat(parts, dim=2)

    class CNN(nn.Module):  # type: ignore[name-defined]
        """See `cnn_network`."""

        def __init__(self, shape: CNNShape) -> None:
            super().__init__()
            self.merge = _MERGES[shape.merge]
            self.vectors = nn.Embedding(shape.words, shape.vector_size, padding_idx=PAD)
            self.channels = Concatenate()
            self.convolutions = nn.ModuleDict(
                {f"width{width}": Conv1d(shape.channels, shape.filters, width) for width in shape.widths}
            )
            self.relu = nn.ReLU()
            self.pooling = MaxPooling()
            self.concatenate = Concatenate()
            self.flatten = nn.Flatten()
            self.hidden = nn.Linear(shape.found, shape.hidden) if shape.hidden else None
            self.dropout = nn.Dropout(shape.dropout)
            self.dense = nn.Linear(shape.hidden or shape.found, shape.outputs)

        def forward(self, ids: Tensor, other: Tensor | None = None) -> Tensor:
            sides = [self.vectors(side) for side in (ids, other) if side is not None]
            found = self.flatten(self.concatenate(*self.merge(self, sides)))
            if self.hidden is not None:
                found = self.relu(self.hidden(found))
            return self.dense(self.dropout(found))

        def read(self, vectors: Tensor) -> list[Tensor]:
            """Return what each group of filters finds, each of shape (rows, 1, filters)."""
            return [self.pooling(self.relu(filters(vectors))) for filters in self.convolutions.values()]

        def layers(self) -> list[Any]:
            """Return the word vectors, which can be held still."""
            return [self.vectors]

    return CNN


def _as_channels(network: Any, sides: list[Tensor]) -> list[Tensor]:
    found: list[Tensor] = network.read(network.channels(*sides) if len(sides) > 1 else sides[0])
    return found


def _one_by_one(network: Any, sides: list[Tensor]) -> list[Tensor]:
    return [found for side in sides for found in network.read(side)]


_MERGES = {"channels": _as_channels, "concat": _one_by_one}
