"""Word Mover's Distance, exact: the least way that one text's words have to travel to become another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from makna.core.errors import DataError
from makna.core.optional import require
from makna.represent.closeness_bags import Bags, row_products

Listen = Callable[[int, int], None]
"""(pairs done, pairs in all) → nothing."""

PURPOSE = "closeness: wmd"
_MOST_DISTANCES = 8_000_000  # in memory at a time: 64 MB; the words of one pair alone may need more
_MOST_STEPS = 10_000_000  # of the solver; some thousands are usual
_SOLVED = 1  # POT's sign for an optimal plan
_NEAR = 1e-6  # squared distance, as a share of the squared lengths, below which rounding would show
_TOLD_EVERY = 500


def mover_distances(
    bags: Bags, vectors: np.ndarray, first: np.ndarray, second: np.ndarray, alone: float, listen: Listen | None = None
) -> np.ndarray:
    """Return the Word Mover's Distance of pairs of texts (Kusner et al. 2015, equation 1).

    Parameters
    ----------
    bags : Bags
        The texts.
    vectors : ndarray, shape (words, width)
        Vectors of the words of `bags`, between which Euclidean distances are taken.
    first, second : ndarray of int, shape (n,)
        Which text of `bags` stands on either side of each pair.
    alone : float
        The distance of a text with words from one without any; that of two texts without any is 0.
    listen : callable or None
        Told from time to time how many pairs are done.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    DataError
        The solver gave up on a pair.
    MissingPackageError
        POT is not installed.

    Notes
    -----
    Pairs are taken together by the side that has fewer distinct texts (the key, of answers and their keys); each
    distance between two words is computed once for all of them. Of a word that both sides have, as much as both have
    stays where it is: by the triangle inequality no cheaper plan moves it, so only the rest is handed to the solver.
    Counts are multiplied by the other side's length, so that amounts are whole numbers and both sides add up exactly.

    POT's compiled network simplex is called directly. `ot.emd2` calls the same and spends several times as long on
    checking its input and on gradients.
    """
    solve = require("ot.lp.emd_wrap", PURPOSE).emd_c
    lengths = bags.lengths
    has_words = np.stack([lengths[first], lengths[second]]) > 0
    found = np.where(has_words[0] == has_words[1], 0.0, alone)
    moving = np.flatnonzero(has_words.all(axis=0))
    is_second = len(np.unique(second[moving])) <= len(np.unique(first[moving]))
    anchor = second if is_second else first
    moving = moving[np.argsort(anchor[moving], kind="stable")]
    supply, demand = _surplus(bags.counts, lengths, first[moving], second[moving])
    squares, costs = row_products(vectors, vectors), np.zeros(len(moving))
    for start, end in _blocks(anchor[moving], supply, demand):
        own, rows = np.unique(supply.of(start, end), return_inverse=True)
        other, columns = np.unique(demand.of(start, end), return_inverse=True)
        distances = _distances(vectors, squares, own, other).take(rows, axis=0)
        parts = zip(supply.parts(start, end), demand.parts(start, end), strict=True)
        for pair, ((i, j, amounts), (k, m, wanted)) in enumerate(parts, start):
            if j > i:
                need = distances[i:j].take(columns[k:m], axis=1)
                costs[pair] = _least_cost(solve, amounts, wanted, need)
            if listen is not None and (pair + 1) % _TOLD_EVERY == 0:
                listen(pair + 1, len(moving))
    found[moving] = costs / (lengths[first] * lengths[second])[moving]
    return found


@dataclass(frozen=True, eq=False)
class _Amounts:
    """What one side of each pair has more of than the other.

    Parameters
    ----------
    words : ndarray of int
        Words of all pairs, one pair after the other.
    amounts : ndarray of float64
        How much more of each; whole numbers.
    ends : list of int, length pairs + 1
        Where the words of each pair begin and end.
    """

    words: np.ndarray
    amounts: np.ndarray
    ends: list[int]

    @classmethod
    def above_zero(cls, rows: sp.csr_matrix) -> Self:
        """Return what is above zero in each row."""
        kept = rows.data > 0
        ends = np.concatenate([[0], np.cumsum(kept)])[rows.indptr]
        return cls(rows.indices[kept], rows.data[kept], ends.tolist())

    def of(self, start: int, end: int) -> np.ndarray:
        """Return the words of these pairs."""
        return self.words[self.ends[start] : self.ends[end]]

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield of each of these pairs where its words begin and end in `of(start, end)`, and their amounts."""
        ends, amounts = self.ends[start : end + 1], self.amounts
        for i, j in pairwise(ends):
            yield i - ends[0], j - ends[0], amounts[i:j]


def _surplus(
    counts: sp.csr_matrix, lengths: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[_Amounts, _Amounts]:
    """Return what either side of each pair has more of; both add up to the same."""
    rest = sp.diags(lengths[second]) @ counts[first] - sp.diags(lengths[first]) @ counts[second]
    rest = sp.csr_matrix(rest)
    return _Amounts.above_zero(rest), _Amounts.above_zero(-rest)


def _least_cost(solve: Any, supply: np.ndarray, demand: np.ndarray, distances: np.ndarray) -> float:
    _, cost, _, _, code = solve(supply, demand, distances, _MOST_STEPS, 1)
    if code != _SOLVED:
        raise DataError("represent.mover_unsolved", first=len(supply), second=len(demand))
    return float(cost)


def _distances(vectors: np.ndarray, squares: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Euclidean distances between words, shape (own, other).

    Taken from inner products; where two vectors are so near that too few digits would be left, from their difference.
    """
    lengths = squares[own][:, None] + squares[other]
    found = lengths - 2 * (vectors[own] @ vectors[other].T)
    i, j = np.nonzero(found < _NEAR * lengths)
    found[i, j] = ((vectors[own[i]] - vectors[other[j]]) ** 2).sum(axis=1)
    return np.sqrt(found, out=found)


def _blocks(anchor: np.ndarray, supply: _Amounts, demand: _Amounts) -> Iterator[tuple[int, int]]:
    """Yield where the pairs of each anchor begin and end, parted where there are too many words for one table."""
    starts = [0, *(np.flatnonzero(np.diff(anchor)) + 1).tolist(), len(anchor)]
    for first, last in pairwise(starts):
        start = first
        for pair in range(first, last):
            end = pair + 1
            sides = [part.ends[end] - part.ends[start] for part in (supply, demand)]
            if pair > start and sides[0] * sides[1] > _MOST_DISTANCES:
                yield start, pair
                start = pair
        if start < last:
            yield start, last
