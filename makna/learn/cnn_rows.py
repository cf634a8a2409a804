"""Texts, or pairs of texts, as rows of a fixed number of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from makna.core.corpus import TextRows, sides_of
from makna.core.optional import require
from makna.learn.forward import Rows
from makna.learn.word_rows import PAD, WordRows
from makna.represent.buckets import pad
from makna.represent.word_split import words_of

if TYPE_CHECKING:
    from torch import Tensor

_NAMES = ("ids", "other")


@dataclass(frozen=True)
class FixedRows:
    """Texts or pairs as numbers of words, all equally long.

    Parameters
    ----------
    sides : tuple of WordRows
        One for single texts, two for pairs.
    max_words : int
        Words of each side: longer ones are cut, shorter ones padded at their end.
    widest : int
        Words that the widest filter sees. A row's end is padded by so many in a batch of short rows, and not to
        `max_words`: filters that see padding alone all say the same, and one of them is enough for the greatest value.
    """

    sides: tuple[WordRows, ...]
    max_words: int
    widest: int

    @classmethod
    def of(cls, texts: TextRows, vocabulary: Sequence[str], max_words: int, widest: int) -> FixedRows:
        """Look the words of texts or pairs up (see `WordRows.of`)."""
        sides = [side for side in sides_of(texts) if side is not None]
        return cls(tuple(WordRows.of(side, vocabulary, max_words) for side in sides), max_words, widest)

    def rows(self, targets: np.ndarray | None = None) -> Rows:
        """Return them as a network takes them."""
        lengths = self.lengths()
        return Rows(_Batches(self), lengths, np.zeros(len(lengths)) if targets is None else targets)

    def lengths(self) -> np.ndarray:
        """Return the words of each row's longer side, shape (n,)."""
        sides = [np.fromiter(map(len, side.ids), dtype=np.int64, count=len(side.ids)) for side in self.sides]
        return np.max(sides, axis=0)

    def whole(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        """Return a batch of some rows padded to `max_words`."""
        return _batch(self, rows, self.max_words)

    @property
    def unknown_share(self) -> float | None:
        """Unknown words among those kept; None without words."""
        kept = sum(int(np.minimum(side.lengths_before, self.max_words).sum()) for side in self.sides)
        return sum(side.unknown for side in self.sides) / kept if kept else None

    def account(self) -> dict[str, Any]:
        """Return what was cut and what is unknown, as JSON values; a row is cut where one of its sides is."""
        lengths = np.stack([side.lengths_before for side in self.sides])
        return {
            "rows": lengths.shape[1],
            "cut": int((lengths > self.max_words).any(axis=0).sum()),
            "max_length": self.max_words,
            "longest": int(lengths.max(initial=0)),
            "unknown_share": self.unknown_share,
            "pieces_per_word": 1.0,
        }

    def example(self, texts: TextRows) -> dict[str, Any]:
        """Return a row of middle length on its way to the network; of a pair the words of its first side."""
        lengths = np.minimum(sum(side.lengths_before for side in self.sides), self.max_words * len(self.sides))
        middle = int(np.argsort(lengths, kind="stable")[len(lengths) // 2])
        chosen = texts[middle]
        first, text = (chosen, chosen) if isinstance(chosen, str) else (chosen[0], " ⟷ ".join(chosen))
        kept, empty = words_of(first)[: self.max_words], self.max_words - len(words_of(first)[: self.max_words])
        return {
            "text": text,
            "pieces": [*kept, *["[PAD]"] * empty],
            "ids": [*self.sides[0].ids[middle][: len(kept)], *[PAD] * empty],
            "mask": [*[1] * len(kept), *[0] * empty],
        }


@dataclass(frozen=True)
class _Batches:
    """Makes batches of rows of words, no wider than it takes."""

    fixed: FixedRows

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        longest = max(len(side.ids[row]) for side in self.fixed.sides for row in rows)
        return _batch(self.fixed, rows, min(self.fixed.max_words, longest + self.fixed.widest))


def _batch(fixed: FixedRows, rows: np.ndarray, width: int) -> Mapping[str, Tensor]:
    torch = require("torch", "cnn")
    made = {}
    for name, side in zip(_NAMES, fixed.sides, strict=False):
        ids = np.full((len(rows), width), PAD, dtype=np.int64)
        short = pad(side.ids, rows, PAD)[0]
        ids[:, : short.shape[1]] = short
        made[name] = torch.from_numpy(ids)
    return made
