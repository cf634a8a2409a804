"""Texts as rows of whole words for a network that reads them in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from makna.core.optional import require
from makna.learn.forward import Rows
from makna.represent.buckets import pad
from makna.represent.word_split import words_of

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "words"
PAD, UNKNOWN = 0, 1
SPECIAL = 2  # numbers before the first word's


@dataclass(frozen=True)
class WordRows:
    """Texts as numbers of words.

    Parameters
    ----------
    ids : list of list of int
        Numbers of each text's first words; a text without words is one padding.
    lengths_before : ndarray of int, shape (n,)
        Words of each text before cutting.
    unknown : int
        Kept words that the vocabulary has not.
    max_words : int
        What texts were cut to.
    """

    ids: list[list[int]]
    lengths_before: np.ndarray
    unknown: int
    max_words: int

    @classmethod
    def of(cls, texts: Sequence[str], vocabulary: Sequence[str], max_words: int) -> WordRows:
        """Look the words of texts up.

        Parameters
        ----------
        texts : sequence of str, shape (n,)
            Texts.
        vocabulary : sequence of str
            Known words; their numbers begin at `SPECIAL`.
        max_words : int
            Words of a text that are kept: the first.
        """
        number = {word: SPECIAL + place for place, word in enumerate(vocabulary)}
        words = [words_of(text) for text in texts]
        ids = [[number.get(word, UNKNOWN) for word in row[:max_words]] or [PAD] for row in words]
        unknown = sum(row.count(UNKNOWN) for row in ids)
        return cls(ids, np.array([len(row) for row in words], dtype=np.int64), unknown, max_words)

    def rows(self, targets: np.ndarray | None = None) -> Rows:
        """Return them as a network takes them, padded batch by batch."""
        lengths = np.fromiter(map(len, self.ids), dtype=np.int64, count=len(self.ids))
        return Rows(_Batches(self.ids), lengths, np.zeros(len(self.ids)) if targets is None else targets)

    def whole(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        """Return a batch of some rows."""
        return self.rows().batch(rows)

    @property
    def unknown_share(self) -> float | None:
        """Unknown words among those kept; None without words."""
        kept = int(np.minimum(self.lengths_before, self.max_words).sum())
        return self.unknown / kept if kept else None

    def account(self) -> dict[str, Any]:
        """Return what was cut and what is unknown, as JSON values (see `Tokenised.account`)."""
        return {
            "rows": len(self.ids),
            "cut": int((self.lengths_before > self.max_words).sum()),
            "max_length": self.max_words,
            "longest": int(self.lengths_before.max(initial=0)),
            "unknown_share": self.unknown_share,
            "pieces_per_word": 1.0,
        }

    def example(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return a text of middle length on its way to the network, padded as in a batch with the longest."""
        lengths = np.array([len(row) for row in self.ids])
        middle, longest = int(np.argsort(lengths, kind="stable")[len(lengths) // 2]), int(lengths.max())
        kept = words_of(texts[middle])[: self.max_words]
        empty = longest - len(kept)
        return {
            "text": texts[middle],
            "pieces": [*kept, *["[PAD]"] * empty],
            "ids": [*self.ids[middle], *[PAD] * (longest - lengths[middle])],
            "mask": [*[1] * len(kept), *[0] * empty],
        }


@dataclass(frozen=True)
class _Batches:
    """Makes batches of rows of words, padded to the longest of the batch."""

    ids: list[list[int]]

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        torch = require("torch", PURPOSE)
        ids, mask = pad(self.ids, rows, PAD)
        return {"ids": torch.from_numpy(ids), "mask": torch.from_numpy(mask)}


def with_specials(vectors: np.ndarray) -> np.ndarray:
    """Return vectors with those of padding and of unknown words before them: zeros, which say nothing."""
    return np.concatenate([np.zeros((SPECIAL, vectors.shape[1]), dtype=np.float32), vectors])
