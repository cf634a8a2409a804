"""Counting word and character n-grams.

Character n-grams are counted on arrays of code points: an n-gram is packed into one 64-bit integer, exactly (no
hashing, no collisions), which is two to five times as fast as cutting strings. Alphabets too large to pack are counted
in plain Python, with the same result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp

_TOKEN = re.compile(r"\w\w+")
_SPACES = re.compile(r"\s\s+")
_PACKED_LIMIT = 2**63


class Grams(Protocol):
    """A way to cut texts into terms."""

    def count(self, texts: Sequence[str]) -> tuple[sp.csr_matrix, list[str]]:
        """Return counts, shape (texts, terms), and the terms, sorted."""

    def index(self, terms: Sequence[str]) -> TermIndex:
        """Return the look-up of a fixed vocabulary."""


class TermIndex(Protocol):
    """A fixed vocabulary, ready to count texts with."""

    def count(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return counts, shape (texts, terms); terms outside the vocabulary are left out."""


@dataclass(frozen=True)
class WordGrams:
    """Runs of `low` to `high` words; a word has at least two letters or digits, as in scikit-learn."""

    low: int
    high: int

    def terms_of(self, text: str) -> list[str]:
        """Return the terms of one text, in order, repeated ones repeated."""
        tokens = _TOKEN.findall(text)
        terms = list(tokens) if self.low == 1 else []
        for n in range(max(2, self.low), self.high + 1):
            terms.extend(" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
        return terms

    def count(self, texts: Sequence[str]) -> tuple[sp.csr_matrix, list[str]]:
        """Return counts, shape (texts, terms), and the terms, sorted."""
        return _count_in_python(self, texts)

    def index(self, terms: Sequence[str]) -> TermIndex:
        """Return the look-up of a fixed vocabulary."""
        return DictIndex(self, {term: i for i, term in enumerate(terms)})


@dataclass(frozen=True)
class CharGrams:
    """Runs of `low` to `high` characters; runs of white space count as one space, as in scikit-learn."""

    low: int
    high: int

    def terms_of(self, text: str) -> list[str]:
        """Return the terms of one text, shortest first."""
        text = _SPACES.sub(" ", text)
        return [text[i : i + n] for n in range(self.low, self.high + 1) for i in range(len(text) - n + 1)]

    def count(self, texts: Sequence[str]) -> tuple[sp.csr_matrix, list[str]]:
        """Return counts, shape (texts, terms), and the terms, sorted."""
        points = _CodePoints(texts)
        alphabet = np.unique(points.codes)
        if len(alphabet) ** self.high >= _PACKED_LIMIT:
            return _count_in_python(self, texts)
        letters = np.searchsorted(alphabet, points.codes)
        blocks, terms = [], []
        for n in range(self.low, self.high + 1):
            keys, rows = points.packed(letters, len(alphabet), n)
            distinct, first, columns = np.unique(keys, return_index=True, return_inverse=True)
            blocks.append(_counts(rows, columns, (len(texts), len(distinct))))
            terms.extend(points.slices(first, n))
        matrix = sp.hstack(blocks, format="csr") if blocks else sp.csr_matrix((len(texts), 0))
        order = np.array(sorted(range(len(terms)), key=terms.__getitem__), dtype=np.int64)
        return _reorder(matrix, order), [terms[i] for i in order]

    def index(self, terms: Sequence[str]) -> TermIndex:
        """Return the look-up of a fixed vocabulary."""
        alphabet = np.unique(_CodePoints(terms, fold_spaces=False).codes)
        if len(alphabet) ** self.high >= _PACKED_LIMIT:
            return DictIndex(self, {term: i for i, term in enumerate(terms)})
        return PackedIndex(self, list(terms), alphabet)


@dataclass(frozen=True)
class DictIndex:
    """A vocabulary looked up term by term."""

    grams: WordGrams | CharGrams
    columns: dict[str, int]

    def count(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return counts, shape (texts, terms)."""
        rows: list[int] = []
        found: list[int] = []
        for row, text in enumerate(texts):
            known = [self.columns[t] for t in self.grams.terms_of(text) if t in self.columns]
            rows.extend([row] * len(known))
            found.extend(known)
        return _counts(np.array(rows, dtype=np.int64), np.array(found, dtype=np.int64), (len(texts), len(self.columns)))


@dataclass(frozen=True)
class PackedIndex:
    """A vocabulary of character n-grams looked up as packed integers."""

    grams: CharGrams
    terms: list[str]
    alphabet: np.ndarray
    _tables: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def count(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return counts, shape (texts, terms)."""
        shape = (len(texts), len(self.terms))
        points = _CodePoints(texts)
        base = len(self.alphabet)
        if not base or not len(points.codes):
            return sp.csr_matrix(shape)
        letters = np.minimum(np.searchsorted(self.alphabet, points.codes), base - 1)
        known = self.alphabet[letters] == points.codes
        rows_found, columns_found = [], []
        for n, (keys_of_terms, columns) in self._by_length.items():
            keys, rows = points.packed(letters, base, n, known)
            place = np.minimum(np.searchsorted(keys_of_terms, keys), len(keys_of_terms) - 1)
            hit = keys_of_terms[place] == keys
            rows_found.append(rows[hit])
            columns_found.append(columns[place[hit]])
        return _counts(np.concatenate(rows_found), np.concatenate(columns_found), shape)

    @property
    def _by_length(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        if not self._tables:
            lengths = np.fromiter(map(len, self.terms), dtype=np.int64, count=len(self.terms))
            for n in np.unique(lengths).tolist():
                columns = np.flatnonzero(lengths == n)
                codes = _CodePoints([self.terms[i] for i in columns], fold_spaces=False).codes
                letters = np.searchsorted(self.alphabet, codes).reshape(-1, n)
                keys = _pack([letters[:, j] for j in range(n)], len(self.alphabet))
                order = np.argsort(keys)
                self._tables[n] = (keys[order], columns[order])
        return self._tables


class _CodePoints:
    """Texts laid end to end as code points, with their row numbers."""

    def __init__(self, texts: Sequence[str], fold_spaces: bool = True) -> None:
        folded = [_SPACES.sub(" ", t) for t in texts] if fold_spaces else list(texts)
        self.joined = "".join(folded)
        self.codes = np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self.lengths = np.fromiter(map(len, folded), dtype=np.int64, count=len(folded))

    @cached_property
    def rows(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)

    @cached_property
    def left(self) -> np.ndarray:
        """Characters from each position to the end of its text, itself included."""
        ends = np.cumsum(self.lengths)
        return np.repeat(ends, self.lengths) - np.arange(len(self.codes))

    def packed(
        self, letters: np.ndarray, base: int, n: int, known: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the packed n-grams and their row numbers; n-grams with unknown letters are left out."""
        valid = self.left >= n
        if known is not None:
            for j in range(n):
                valid[: max(0, len(valid) - j)] &= known[j:]
        starts = np.flatnonzero(valid)
        return _pack([letters[starts + j] for j in range(n)], base), self.rows[starts]

    def slices(self, first: np.ndarray, n: int) -> list[str]:
        """Return the strings that begin among the n-grams' starts at these places."""
        starts = np.flatnonzero(self.left >= n)[first]
        return [self.joined[i : i + n] for i in starts.tolist()]


def _pack(letters: list[np.ndarray], base: int) -> np.ndarray:
    key = letters[0].astype(np.int64)
    for letter in letters[1:]:
        key = key * base + letter
    return key


def _counts(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _reorder(matrix: sp.csr_matrix, order: np.ndarray) -> sp.csr_matrix:
    place = np.empty(len(order), dtype=matrix.indices.dtype)
    place[order] = np.arange(len(order), dtype=matrix.indices.dtype)
    moved = sp.csr_matrix((matrix.data, place[matrix.indices], matrix.indptr), shape=matrix.shape)
    moved.sort_indices()
    return moved


def _count_in_python(grams: WordGrams | CharGrams, texts: Sequence[str]) -> tuple[sp.csr_matrix, list[str]]:
    place: dict[str, int] = {}
    columns: list[int] = []
    values: list[int] = []
    ends = [0]
    for text in texts:
        for term, n in Counter(grams.terms_of(text)).items():
            columns.append(place.setdefault(term, len(place)))
            values.append(n)
        ends.append(len(columns))
    pieces = (np.array(values, dtype=float), np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32))
    matrix = sp.csr_matrix(pieces, shape=(len(texts), len(place)))
    terms = list(place)
    order = np.array(sorted(range(len(terms)), key=terms.__getitem__), dtype=np.int64)
    return _reorder(matrix, order), [terms[i] for i in order]
