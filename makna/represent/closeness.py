"""How close the two texts of a pair are by the vectors of their words: AvgCos, SIF and Word Mover's Distance."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_pairs
from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.core.tags import TakesTexts
from makna.represent.closeness_bags import bags_of
from makna.represent.closeness_views import VIEWS, Columns, Learned, common_directions, sif_weights
from makna.represent.word_training import Algorithm
from makna.represent.words import Vectors, Words

View = Literal["avgcos", "centroid", "sif", "wmd"]
Views = Annotated[list[View], Field(min_length=1)]
PAPER: tuple[View, ...] = ("avgcos", "sif", "wmd")
_Count = Annotated[int, Field(ge=1)]
_FITTED = ("words_", "weights_", "common_", "farthest_", "told_")


class Closeness(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """Pairs as up to four numbers: how close the words of one side are to those of the other.

    avgcos
        Mean of the cosines of all pairs of a word of one side and a word of the other.
    centroid
        Cosine of the mean vectors of the sides: the other reading of "average cosine", for some define it so.
    sif
        Cosine of the sides' vectors by smooth inverse frequency (Arora et al. 2017, algorithm 1): the mean of
        a / (a + p(w)) · v_w over a side's words, p(w) being the share of w among the words of the training texts, less
        its projection on the `common` first right singular vectors of those means over the training texts.
    wmd
        Word Mover's Distance, exact (Kusner et al. 2015): a distance, 0 for the same words, unlike the other three.

    None of them depends on which side comes first, or on the order of words. Vectors are learned from both sides of
    the training rows, or read from a file (see `Words`); so are p(w) and what is common. Each distinct text counts once
    there, for a key stands in as many rows as it has answers. Words without a vector are dropped. A cosine with a side
    that has no words left is 0; the distance of two such sides is 0, that of one of them from a text with words is
    twice the length of the longest vector, which no two of them are farther apart: 2 for vectors of length one.

    Parameters
    ----------
    vectors : {"word2vec", "fasttext"} or path
        How word vectors are learned, or a file.
    by : list of {"avgcos", "centroid", "sif", "wmd"} or None
        The numbers, in this order; None is avgcos, sif, wmd.
    model, size, window, min_count, negative, epochs, learning_rate, min_n, max_n, buckets, most_words
        As in `Words`.
    sif_a : float
        How soon the weight of a word falls with its share: it is one half where p(w) = a.
    common : int
        Directions that all texts have in common, which sif removes.
    wmd_unit : bool
        Bring vectors to length one before their distances are taken, as gensim's `wmdistance` does by default.
    random_state : int or None
        Seed of what is learned; None draws one.

    Attributes
    ----------
    words_ : Words
        The word vectors.
    weights_ : ndarray, shape (words + 1,)
        a / (a + p(w)) of each word; the last is that of a word that no training text has, 1.
    common_ : ndarray, shape (removed, width)
        What sif removes, of length one and orthogonal to each other.
    farthest_ : float
        Distance of a text with words from one without any.
    facts_ : dict
        ``{"words": {...}, "closeness": {...}}``: the facts of `words_`, and how many pairs have an empty side.

    Raises
    ------
    DataError
        X does not hold pairs, a number is unknown or none is named, no word is left, or the file cannot be used.
    MissingPackageError
        Vectors are to be learned without gensim, or "wmd" without POT.

    Examples
    --------
    >>> import pandas as pd
    >>> pairs = pd.DataFrame({"text_a": ["data disimpan", "tidak tahu"], "text_b": ["data disimpan", "data disimpan"]})
    >>> closeness = Closeness(by=["centroid"], size=8, random_state=1).fit(pairs)
    >>> float(closeness.transform(pairs)[0, 0].round(6))
    1.0
    """

    _json: ClassVar[tuple[str, ...]] = ("farthest_", "told_")
    _tensors: ClassVar[tuple[str, ...]] = ("weights_", "common_")
    _children: ClassVar[tuple[str, ...]] = ("words_",)

    def __init__(
        self,
        vectors: Vectors = "word2vec",
        by: Views | None = None,
        model: Algorithm = "cbow",
        size: _Count = 100,
        window: _Count = 5,
        min_count: _Count = 1,
        negative: _Count = 5,
        epochs: _Count = 10,
        learning_rate: Annotated[float, Field(gt=0)] = 0.025,
        min_n: _Count = 3,
        max_n: _Count = 6,
        buckets: _Count = 200_000,
        most_words: Annotated[int, Field(ge=0)] = 50_000,
        sif_a: Annotated[float, Field(gt=0)] = 0.001,
        common: Annotated[int, Field(ge=0)] = 1,
        wmd_unit: bool = True,
        random_state: Annotated[int, Field(ge=0)] | None = 0,
    ) -> None:
        self.vectors = vectors
        self.by = by
        self.model = model
        self.size = size
        self.window = window
        self.min_count = min_count
        self.negative = negative
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.min_n = min_n
        self.max_n = max_n
        self.buckets = buckets
        self.most_words = most_words
        self.sif_a = sif_a
        self.common = common
        self.wmd_unit = wmd_unit
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn word vectors, the weights of words and what is common to all texts.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : ignored
            There for scikit-learn.
        """
        self._views()
        first, second = as_pairs(X)
        texts = list(dict.fromkeys([*first, *second]))
        own, known = self.get_params(deep=False), Words().get_params(deep=False)
        self.words_ = Words(**{name: value for name, value in own.items() if name in known}).fit(texts)
        vectors = self.words_.word_vectors()
        self.weights_ = sif_weights(texts, vectors, self.sif_a)
        bags = bags_of(texts, vectors)
        known_weights = self.weights_[vectors.look_up(bags.words)]
        self.common_ = common_directions(bags.mean(bags.vectors, known_weights), self.common)
        longest = np.linalg.norm(np.asarray(vectors.matrix, dtype=float), axis=1).max(initial=0.0)
        self.farthest_ = 2.0 if self.wmd_unit else 2.0 * float(longest)
        empty = {text for text, length in zip(texts, bags.lengths.tolist(), strict=True) if not length}
        self.told_ = {
            "pairs": len(first),
            "texts": len(texts),
            "empty_first": sum(text in empty for text in first),
            "empty_second": sum(text in empty for text in second),
        }
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the numbers of pairs; equal pairs are computed once.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.

        Returns
        -------
        ndarray of float64, shape (n, len(by))
        """
        return self._columns(X).of(self._views())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns: those of `by`."""
        return np.asarray(self._views(), dtype=object)

    @property
    def facts_(self) -> dict[str, Any]:
        """What a report tells of the fit."""
        check_is_fitted(self, "words_")
        words = {name: value for name, value in self.words_.facts_["words"].items() if name != "pooling"}
        return {"words": words, "closeness": {"by": self._views(), **self.told_, "removed": len(self.common_)}}

    def family(self) -> Closeness:
        """Return the unfitted step that stands for every choice of numbers; its transform computes them on demand."""
        return _Family(**self.get_params(deep=False) | {"by": None})

    def member_of(self, fitted: Closeness) -> Closeness:
        """Return the fitted step with these numbers out of a fitted family; they share what was learned."""
        made = Closeness(**self.get_params(deep=False))
        for name in _FITTED:
            setattr(made, name, getattr(fitted, name))
        made._views()
        return made

    def narrow(self, transformed: Columns) -> np.ndarray:
        """Return these numbers of what the family made of rows, shape (n, len(by))."""
        return transformed.of(self._views())

    def _columns(self, X: Any) -> Columns:
        check_is_fitted(self, "words_")
        learned = (self.words_.word_vectors(), self.weights_, self.common_, self.wmd_unit, self.farthest_)
        return Columns(Learned(*learned), X)

    def _views(self) -> list[str]:
        views: list[str] = list(PAPER if self.by is None else self.by)
        for view in views or [""]:
            if view not in VIEWS:
                raise DataError("represent.bad_choice", name="by", came=view or "[]", allowed=", ".join(VIEWS))
        return views


class _Family(Closeness):
    """Every choice of numbers, each computed when a member asks for it."""

    def transform(self, X: Any) -> Any:
        return self._columns(X)
