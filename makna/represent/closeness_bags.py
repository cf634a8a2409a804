"""Texts as bags of words that have a vector: how often each word stands in each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, compress

import numpy as np
import scipy.sparse as sp

from makna.represent.word_split import words_of
from makna.represent.word_vectors import WordVectors


@dataclass(frozen=True, eq=False)
class Bags:
    """Bags of words and the vectors of all their words.

    Parameters
    ----------
    words : list of str
        Distinct words of all texts that have a vector, in alphabetical order.
    vectors : ndarray of float64, shape (words, width)
        Their vectors.
    counts : csr_matrix of float64, shape (texts, words)
        How often each word stands in each text. The words of a row are in alphabetical order, so that what is added up
        over a row has the same bits whatever texts are beside it.
    """

    words: list[str]
    vectors: np.ndarray
    counts: sp.csr_matrix

    @property
    def lengths(self) -> np.ndarray:
        """Words with a vector of each text, repeated ones counted each time, shape (texts,)."""
        return np.asarray(self.counts.sum(axis=1)).ravel()

    def mean(self, vectors: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the mean over the words of each text; zeros for a text without any.

        Parameters
        ----------
        vectors : ndarray, shape (words, width)
            What is averaged.
        weights : ndarray, shape (words,), or None
            What each word is multiplied by first; the sum is divided by the number of words all the same.

        Returns
        -------
        ndarray, shape (texts, width)
        """
        counts = self.counts
        if weights is not None:
            data = counts.data * weights[counts.indices]
            counts = sp.csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)
        return np.asarray(counts @ vectors) / np.maximum(self.lengths, 1)[:, None]


def bags_of(texts: Sequence[str], vectors: WordVectors) -> Bags:
    """Return the bags of words of texts; words without a vector are dropped.

    Examples
    --------
    >>> bags = bags_of(["dua satu dua", "tiga"], WordVectors(["satu", "dua"], np.eye(2, dtype=np.float32)))
    >>> bags.words, bags.counts.toarray().tolist()
    (['dua', 'satu'], [[2.0, 1.0], [0.0, 0.0]])
    """
    rows = [words_of(text) for text in texts]
    flat = list(chain.from_iterable(rows))
    words = sorted(set(flat))
    found, has_one = vectors.vectors_of(words)
    places = dict(zip(words, range(len(words)), strict=True))
    columns = np.fromiter(map(places.__getitem__, flat), dtype=np.int64, count=len(flat))
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    # One number for each word of each text, so that all are counted by sorting them once.
    entries, times = np.unique((owners * len(words) + columns)[has_one[columns]], return_counts=True)
    texts_of, columns = np.divmod(entries, max(len(words), 1))
    ends = np.searchsorted(texts_of, np.arange(len(rows) + 1))
    left = np.cumsum(has_one) - 1
    shape = (len(rows), int(has_one.sum()))
    counts = sp.csr_matrix((times.astype(float), left[columns], ends), shape=shape)
    return Bags(list(compress(words, has_one)), found[has_one].astype(float), counts)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length one; zeros stay zeros."""
    lengths = np.sqrt(row_products(vectors, vectors))[:, None]
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def row_cosines(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the cosine of each pair of rows, shape (n,); 0 where one of them is all zeros."""
    return row_products(unit_rows(u), unit_rows(v))


def row_products(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the inner product of each pair of rows, shape (n,); each is added up by itself."""
    return np.einsum("ij,ij->i", u, v)
