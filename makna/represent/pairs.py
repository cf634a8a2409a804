"""What two texts share: a baseline that reads no meaning."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_pairs, normalised
from makna.core.portable import Portable
from makna.core.tags import TakesTexts

NAMES = (
    *("word_jaccard", "word_containment", "word_coverage"),
    *("char_jaccard", "char_cosine"),
    *("same_numbers", "negation_differs"),
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION = re.compile(
    r"\b(?:tidak|tak|bukan|bukanlah|belum|jangan|tanpa|tiada|tdk|gak|ga|gk|nggak|ngga|enggak|engga|kagak|ndak|bkn|blm"
    r"|not|no|never|none|nothing|nobody|nowhere|neither|nor|without|cannot"
    r"|(?:is|are|was|were|do|does|did|has|have|had|ca|could|wo|would|should|must|need|ai)n['’]?t)\b",
    re.IGNORECASE,
)
_GRAM = 3


class OverlapFeatures(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """Overlap of words, characters, numbers and negation of the two sides of a pair, whichever comes first.

    Words are sets of the normalised text (`makna.core.corpus.normalised`); |A∩B| over |A∪B|, over the smaller and over
    the larger set. Characters are runs of three of the normalised text with a space at either end; the Jaccard index of
    their sets and the cosine of their counts. Two empty sides are equal (1), one empty side shares nothing (0). Two
    flags follow: both sides have the same numbers (or none); one side alone has a negation, in Indonesian or English.

    Examples
    --------
    >>> import pandas as pd
    >>> pair = pd.DataFrame({"text_a": ["saya suka"], "text_b": ["saya tidak suka"]})
    >>> OverlapFeatures().fit_transform(pair)[0, [0, 1, 6]].round(3).tolist()
    [0.667, 1.0, 1.0]
    """

    _json: ClassVar[tuple[str, ...]] = ("n_sides_",)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that X holds pairs; nothing is learned.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : None
            Not looked at.
        """
        self.n_sides_ = len(as_pairs(X))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the overlaps, shape (n, 7)."""
        check_is_fitted(self)
        rows = [_overlaps(_Side(a), _Side(b)) for a, b in zip(*as_pairs(X), strict=True)]
        return np.array(rows, dtype=float).reshape(-1, len(NAMES))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns."""
        return np.asarray(NAMES, dtype=object)


class _Side:
    """What is compared of one text."""

    __slots__ = ("grams", "length", "negated", "numbers", "words")

    def __init__(self, text: str) -> None:
        plain = normalised(text)
        self.words = frozenset(plain.split())
        padded = f" {plain} " if plain else ""
        self.grams: dict[str, int] = {}
        for start in range(len(padded) - _GRAM + 1):
            gram = padded[start : start + _GRAM]
            self.grams[gram] = self.grams.get(gram, 0) + 1
        self.length = sum(n * n for n in self.grams.values()) ** 0.5
        self.numbers = frozenset(_NUMBER.findall(text))
        self.negated = _NEGATION.search(text) is not None


def _overlaps(a: _Side, b: _Side) -> tuple[float, ...]:
    shared = len(a.words & b.words)
    smaller, larger = sorted((len(a.words), len(b.words)))
    grams = a.grams.keys() & b.grams.keys()
    product = sum(a.grams[gram] * b.grams[gram] for gram in grams)
    return (
        _share(shared, smaller + larger - shared),
        _share(shared, smaller, larger),
        _share(shared, larger),
        _share(len(grams), len(a.grams) + len(b.grams) - len(grams)),
        _share(product, a.length * b.length, a.length + b.length),
        a.numbers == b.numbers,
        a.negated != b.negated,
    )


def _share(part: float, whole: float, other: float = 0) -> float:
    """Return part / whole; where the whole is nothing, 1 if the other side is nothing too."""
    return part / whole if whole else float(not other)
