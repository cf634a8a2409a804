"""The numbers that say how close two bags of words are: average cosines, smooth inverse frequency, mover's distance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.corpus import as_pairs
from makna.core.messages import say
from makna.core.workplace import workplace
from makna.represent.closeness_bags import Bags, bags_of, row_cosines, row_products, unit_rows
from makna.represent.closeness_mover import mover_distances
from makna.represent.word_split import words_of
from makna.represent.word_vectors import WordVectors

_NOTHING = 1e-9  # share of a vector's length that is rounding, once a direction is removed
_FLAT = 1e-12  # share of the largest eigenvalue below which a direction is rounding


@dataclass(frozen=True, eq=False)
class Learned:
    """What closeness needs to know of the training texts.

    Parameters
    ----------
    vectors : WordVectors
        Vectors of words.
    weights : ndarray, shape (words + 1,)
        Weight of each word; the last is that of a word that no training text has.
    common : ndarray, shape (removed, width)
        Directions of length one, orthogonal to each other, that sif removes.
    unit : bool
        Whether vectors are brought to length one before their distances are taken.
    farthest : float
        Distance of a text with words from one without any.
    """

    vectors: WordVectors
    weights: np.ndarray
    common: np.ndarray
    unit: bool
    farthest: float

    def weights_of(self, bags: Bags) -> np.ndarray:
        """Return the weight of each word of bags; a word that is not known has place -1, which is the last."""
        return self.weights[self.vectors.look_up(bags.words)]


class Columns:
    """Pairs of texts, and the numbers computed of them so far; each is computed when it is first asked for.

    Parameters
    ----------
    learned : Learned
        From the training texts.
    X : DataFrame, shape (n, 2)
        Pairs; equal ones are computed once.
    """

    def __init__(self, learned: Learned, X: Any) -> None:
        pairs = list(zip(*as_pairs(X), strict=True))
        distinct = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
        places = {text: place for place, text in enumerate(dict.fromkeys(text for pair in distinct for text in pair))}
        self._learned = learned
        self._bags = bags_of(list(places), learned.vectors)
        self._sides = np.array([(places[a], places[b]) for a, b in distinct], dtype=np.int64).reshape(-1, 2)
        self._rows = np.array([distinct[pair] for pair in pairs], dtype=np.int64)
        self._found: dict[str, np.ndarray] = {}

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        return int(self._bags.vectors.nbytes + 2 * self._bags.counts.data.nbytes + 8 * len(self._rows))

    def of(self, views: Sequence[str]) -> np.ndarray:
        """Return these numbers of each pair, float64, shape (n, views)."""
        for view in views:
            if view not in self._found:
                self._found[view] = VIEWS[view](self._learned, self._bags, self._sides[:, 0], self._sides[:, 1])
        return np.column_stack([self._found[view] for view in views])[self._rows]


def sif_weights(texts: Sequence[str], vectors: WordVectors, a: float) -> np.ndarray:
    """Return a / (a + p(w)) of each known word, p(w) being its share of all words of the texts.

    Returns
    -------
    ndarray, shape (words + 1,)
        The last is that of p(w) = 0.
    """
    counts = Counter(word for text in texts for word in words_of(text))
    shares = np.array([counts.get(word, 0) for word in vectors.words] + [0]) / max(counts.total(), 1)
    return a / (a + shares)


def common_directions(rows: np.ndarray, n: int) -> np.ndarray:
    """Return the first right singular vectors of rows, not centred.

    Parameters
    ----------
    rows : ndarray, shape (texts, width)
        Vectors of texts.
    n : int
        How many; there are fewer where the rows have fewer directions.

    Returns
    -------
    ndarray, shape (≤ n, width)
    """
    spectrum, directions = np.linalg.eigh(rows.T @ rows)
    order = np.argsort(spectrum)[::-1][:n]
    return np.ascontiguousarray(directions[:, order[spectrum[order] > _FLAT * spectrum.max(initial=0.0)]].T)


def _avgcos(learned: Learned, bags: Bags, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    # The mean of all products is the product of the means.
    means = bags.mean(unit_rows(bags.vectors))
    return row_products(means[first], means[second])


def _centroid(learned: Learned, bags: Bags, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    means = bags.mean(bags.vectors)
    return row_cosines(means[first], means[second])


def _sif(learned: Learned, bags: Bags, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    means = bags.mean(bags.vectors, learned.weights_of(bags))
    left = means.copy()
    for direction in learned.common:
        along = np.einsum("ij,j->i", left, direction)
        left -= along[:, None] * direction
    lengths, whole = (np.linalg.norm(rows, axis=1) for rows in (left, means))
    left[lengths <= _NOTHING * whole] = 0.0
    return row_cosines(left[first], left[second])


def _wmd(learned: Learned, bags: Bags, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    def listen(done: int, total: int) -> None:
        workplace().listen(say("represent.mover_pairs", done=done, total=total), done, total)

    vectors = unit_rows(bags.vectors) if learned.unit else bags.vectors
    return mover_distances(bags, vectors, first, second, learned.farthest, listen)


VIEWS: dict[str, Callable[[Learned, Bags, np.ndarray, np.ndarray], np.ndarray]] = {
    "avgcos": _avgcos,
    "centroid": _centroid,
    "sif": _sif,
    "wmd": _wmd,
}
"""Name → (learned, bags, texts of the first sides, of the second) → a number a pair."""
