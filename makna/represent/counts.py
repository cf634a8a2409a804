"""Texts as weighted counts of words or characters (bag of n-grams)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_pairs, as_texts, is_pairs
from makna.core.errors import DataError
from makna.core.memo import shared
from makna.core.portable import Portable
from makna.core.tags import TakesTexts
from makna.represent.ngrams import CharGrams, TermIndex, WordGrams

Range = tuple[Annotated[int, Field(ge=1, le=10)], Annotated[int, Field(ge=1, le=10)]]
Weight = Literal["tfidf", "count", "binary"]


class Counts(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """TF-IDF, counts or presence of word or character n-grams.

    Parameters
    ----------
    words : (int, int) or None
        Shortest and longest run of words; a word has at least two letters or digits.
    chars : (int, int) or None
        Shortest and longest run of characters. Exactly one of `words` and `chars` is given; neither means single words.
    weight : {"tfidf", "count", "binary"}
        Weight of a term: tf · idf with idf = ln((1 + n) / (1 + df)) + 1, its count, or 1 (Salton & Buckley 1988, in
        scikit-learn's smoothed form).
    sublinear : bool
        Use 1 + ln(tf) in place of tf.
    min_df : int
        Terms in fewer training rows are left out.
    max_df : float
        Terms in more than this share of the training rows are left out.
    max_features : int or None
        Keep only the commonest terms.
    pairs : {"symmetric", "ordered"}
        For pairs: product and absolute difference of both sides (their order does not matter), or both sides.

    Attributes
    ----------
    vocabulary_ : list of str
        Terms, sorted.
    idf_ : ndarray, shape (terms,)
        Inverse document frequencies, for `weight="tfidf"`.

    Raises
    ------
    DataError
        X has another shape than texts (or pairs); no term is left.

    Examples
    --------
    >>> Counts(words=(1, 1), weight="count").fit_transform(["baik baik saja", "saja"]).toarray()
    array([[0.89442719, 0.4472136 ],
           [0.        , 1.        ]])
    """

    _json: ClassVar[tuple[str, ...]] = ("vocabulary_", "n_sides_")
    _tensors: ClassVar[tuple[str, ...]] = ("idf_",)
    _tuples: ClassVar[tuple[str, ...]] = ("words", "chars")

    def __init__(
        self,
        words: Range | None = None,
        chars: Range | None = None,
        weight: Weight = "tfidf",
        sublinear: bool = False,
        min_df: Annotated[int, Field(ge=1)] = 1,
        max_df: Annotated[float, Field(gt=0, le=1)] = 1.0,
        max_features: Annotated[int, Field(ge=1)] | None = None,
        pairs: Literal["symmetric", "ordered"] = "symmetric",
    ) -> None:
        self.words = words
        self.chars = chars
        self.weight = weight
        self.sublinear = sublinear
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.pairs = pairs

    def prepare(self, X: Any) -> None:
        """Count all texts of a run at once, where work is shared (`makna.core.memo.sharing`); learns nothing."""
        self._table().with_texts([text for side in _sides(X) for text in side])

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the vocabulary and the inverse document frequencies from the training rows.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : None
            Not looked at.
        """
        sides = _sides(X)
        self.n_sides_ = len(sides)
        texts = [text for side in sides for text in side]
        counted = self._table().with_texts(texts)
        counts = counted.rows(texts)
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = self._kept(frequency, counts, len(texts))
        if not len(kept):
            raise DataError("represent.no_terms", n=len(texts), min_df=self.min_df, max_df=self.max_df)
        self.vocabulary_ = [counted.terms[i] for i in kept]
        self._index_: TermIndex | None = None
        self._link_ = _Link(counted, kept)
        if self.weight == "tfidf":
            self.idf_ = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1
        return self

    def transform(self, X: Any) -> sp.csr_matrix:
        """Return weighted counts, rows of length one.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.

        Returns
        -------
        csr_matrix, shape (n, terms) or (n, 2 · terms) for pairs
        """
        check_is_fitted(self, "vocabulary_")
        sides = _sides(X)
        if len(sides) != self.n_sides_:
            raise DataError("core.bad_texts", came=f"{type(X).__name__} {getattr(X, 'shape', '')}")
        matrices = [self._weighted(side) for side in sides]
        if len(matrices) == 1:
            return matrices[0]
        first, second = matrices
        if self.pairs == "ordered":
            return sp.hstack(matrices, format="csr")
        return sp.hstack([first.multiply(second), abs(first - second)], format="csr")

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the terms, as columns of `transform`; those of pairs are marked ``×`` (both sides) and ``≠``."""
        check_is_fitted(self, "vocabulary_")
        names = np.asarray(self.vocabulary_, dtype=object)
        if self.n_sides_ == 1:
            return names
        marks = ("× ", "≠ ") if self.pairs == "symmetric" else ("a: ", "b: ")
        return np.concatenate([mark + names for mark in marks])

    @property
    def _grams(self) -> WordGrams | CharGrams:
        if self.words is not None and self.chars is not None:
            raise DataError("represent.words_or_chars")
        low, high = self.chars or self.words or (1, 1)
        if low > high:
            raise DataError("represent.range", low=low, high=high)
        return CharGrams(low, high) if self.chars else WordGrams(low, high)

    def _table(self) -> CountTable:
        grams = self._grams
        return shared(("counts", grams), lambda: CountTable(grams)) or CountTable(grams)

    def _kept(self, frequency: np.ndarray, counts: sp.csr_matrix, n: int) -> np.ndarray:
        keep = (frequency >= self.min_df) & (frequency <= self.max_df * n) & (frequency > 0)
        kept = np.flatnonzero(keep)
        if self.max_features is not None and len(kept) > self.max_features:
            total = np.asarray(counts.sum(axis=0)).ravel()[kept]
            kept = np.sort(kept[np.argsort(-total, kind="stable")[: self.max_features]])
        return kept

    def _weighted(self, texts: list[str]) -> sp.csr_matrix:
        matrix = self._counted(texts)
        if self.weight == "binary":
            matrix.data[:] = 1.0
        if self.sublinear:
            matrix.data = 1 + np.log(matrix.data)
        if self.weight == "tfidf":
            matrix.data *= self.idf_[matrix.indices]
        return normalize(matrix, copy=False)

    def _counted(self, texts: list[str]) -> sp.csr_matrix:
        link: _Link | None = getattr(self, "_link_", None)
        if link is not None and link.counted.holds(texts):
            return link.rows(texts)
        if getattr(self, "_index_", None) is None:
            self._index_ = self._grams.index(self.vocabulary_)
        assert self._index_ is not None
        return self._index_.count(texts)

    def __getstate__(self) -> dict[str, Any]:
        # The shared table belongs to a run, not to the estimator.
        return {k: v for k, v in super().__getstate__().items() if k not in ("_link_", "_index_")}


@dataclass(frozen=True)
class Counted:
    """Counts of distinct texts over all their terms; never changed once made."""

    row: dict[str, int]
    matrix: sp.csr_matrix
    terms: list[str]

    def holds(self, texts: Sequence[str]) -> bool:
        """Tell whether all these texts have been counted."""
        return all(text in self.row for text in texts)

    def rows(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return the counts of these texts, shape (texts, terms)."""
        return self.matrix[np.fromiter((self.row[t] for t in texts), dtype=np.int64, count=len(texts))]


class CountTable:
    """The texts counted so far; a new text makes all be counted anew, so `Counts.prepare` brings all at once."""

    def __init__(self, grams: WordGrams | CharGrams) -> None:
        self.grams = grams
        self.counted = Counted({}, sp.csr_matrix((0, 0)), [])

    def with_texts(self, texts: Sequence[str]) -> Counted:
        """Return counts that hold all these texts."""
        if not self.counted.holds(texts):
            distinct = list(dict.fromkeys([*self.counted.row, *texts]))
            matrix, terms = self.grams.count(distinct)
            self.counted = Counted({text: i for i, text in enumerate(distinct)}, matrix, terms)
        return self.counted


class _Link:
    """A fitted vocabulary as columns of counted texts."""

    def __init__(self, counted: Counted, kept: np.ndarray) -> None:
        self.counted = counted
        self._place = np.full(len(counted.terms), -1, dtype=np.int32)
        self._place[kept] = np.arange(len(kept), dtype=np.int32)
        self._width = len(kept)

    def rows(self, texts: Sequence[str]) -> sp.csr_matrix:
        counts = self.counted.rows(texts)
        columns = self._place[counts.indices]
        known = columns >= 0
        ends = np.concatenate([[0], np.cumsum(known)])[counts.indptr]
        return sp.csr_matrix((counts.data[known], columns[known], ends), shape=(counts.shape[0], self._width))


def _sides(X: Any) -> tuple[list[str], ...]:
    return as_pairs(X) if is_pairs(X) else (as_texts(X),)
