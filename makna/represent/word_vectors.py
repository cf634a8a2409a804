"""Words and their vectors, with what it takes to give a vector to a word that was never seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

# FNV-1a of 32 bits, as fastText computes it: a byte counts as a signed one.
_FNV_START, _FNV_PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF
_SIGN = 0xFFFFFF00


@dataclass(frozen=True, eq=False)
class Grams:
    """Vectors of the character n-grams of known words (Bojanowski et al. 2017, section 3.2).

    Parameters
    ----------
    numbers : ndarray of int64, shape (g,)
        Hashes of n-grams, modulo `buckets`, ascending: only those that a known word has.
    matrix : ndarray of float32, shape (g, width)
        Their vectors.
    min_n, max_n : int
        Characters of the shortest and the longest n-gram; ``<`` and ``>`` at either end of a word count.
    buckets : int
        What hashes are taken modulo of.
    """

    numbers: np.ndarray
    matrix: np.ndarray
    min_n: int
    max_n: int
    buckets: int

    def vector_of(self, word: str) -> np.ndarray | None:
        """Return the mean of the vectors of a word's n-grams; None where none of them is known.

        n-grams that no known word has say nothing here; gensim gives them the random vectors they began with.
        """
        numbers = np.array([gram_hash(gram) % self.buckets for gram in grams_of(word, self.min_n, self.max_n)])
        if not len(numbers) or not len(self.numbers):
            return None
        places = np.searchsorted(self.numbers, numbers).clip(max=len(self.numbers) - 1)
        known = places[self.numbers[places] == numbers]
        return self.matrix[known].mean(axis=0) if len(known) else None


def grams_of(word: str, min_n: int, max_n: int) -> Iterator[str]:
    """Yield the character n-grams of a word.

    Examples
    --------
    >>> list(grams_of("dua", 3, 4))
    ['<du', '<dua', 'dua', 'dua>', 'ua>']
    """
    whole = f"<{word}>"
    for start in range(len(whole)):
        for end in range(start + min_n, min(start + max_n, len(whole)) + 1):
            # The signs of beginning and end alone say nothing.
            if end - start > 1 or 0 < start < len(whole) - 1:
                yield whole[start:end]


def gram_hash(gram: str) -> int:
    """Return fastText's hash of an n-gram (FNV-1a, 32 bits)."""
    value = _FNV_START
    for byte in gram.encode("utf-8", "surrogatepass"):
        value ^= byte if byte < 0x80 else byte | _SIGN
        value = value * _FNV_PRIME & _MASK
    return value


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and a vector for each.

    Parameters
    ----------
    words : list of str
        Words, each once; those of a file in the file's order, which mostly is the commonest first.
    matrix : ndarray of float32, shape (words, width)
        Their vectors; it may lie on disk.
    grams : Grams or None
        Where there are, words that are not known have vectors too.
    origin : dict
        Where they come from, as JSON values: a file's name, its SHA-256, how many words it has.

    Examples
    --------
    >>> vectors = WordVectors(["satu", "dua"], np.eye(2, dtype=np.float32))
    >>> vectors.look_up(["dua", "tiga"]).tolist()
    [1, -1]
    """

    words: list[str]
    matrix: np.ndarray
    grams: Grams | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self.matrix.shape[1])

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each word stands."""
        return {word: place for place, word in enumerate(self.words)}

    def look_up(self, words: Iterable[str]) -> np.ndarray:
        """Return where words stand, shape (m,); -1 for one that is not known."""
        return np.fromiter((self.places.get(word, -1) for word in words), dtype=np.int64)

    def vectors_of(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of words, and which of them have one.

        Parameters
        ----------
        words : sequence of str, shape (m,)
            Words; one that is not known gets a vector from its n-grams where there are some.

        Returns
        -------
        vectors : ndarray of float32, shape (m, width)
            Zeros for a word without one.
        has_one : ndarray of bool, shape (m,)
            Which are not.
        """
        places = self.look_up(words)
        has_one = places >= 0
        found = np.zeros((len(words), self.width), dtype=np.float32)
        found[has_one] = self.matrix[places[has_one]]
        if self.grams is not None:
            for row in np.flatnonzero(~has_one).tolist():
                vector = self.grams.vector_of(words[row])
                if vector is not None:
                    found[row], has_one[row] = vector, True
        return found, has_one

    def only(self, places: Sequence[int] | np.ndarray) -> Self:
        """Return the words at these places alone, their vectors in memory."""
        matrix = np.ascontiguousarray(self.matrix[np.asarray(places, dtype=np.int64)], dtype=np.float32)
        return type(self)([self.words[place] for place in places], matrix, self.grams, self.origin)
