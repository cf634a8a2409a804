"""How long texts are: a baseline that shows what length alone gives away."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_pairs, as_texts, is_pairs
from makna.core.portable import Portable
from makna.core.tags import TakesTexts

_TEXT_NAMES = ("log_chars", "log_words")
_PAIR_NAMES = ("log_sum", "log_difference", "ratio")


class LengthFeatures(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """Lengths in characters and in words (runs without white space).

    A text has log(1 + length). A pair has log(1 + a + b), log(1 + |a - b|) and min(a, b) / max(a, b) (1 where both are
    empty), so that the order of its sides does not matter.

    Examples
    --------
    >>> LengthFeatures().fit_transform(["bagus sekali", ""]).round(3).tolist()
    [[2.565, 1.099], [0.0, 0.0]]
    """

    _json: ClassVar[tuple[str, ...]] = ("n_sides_",)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Note whether X holds texts or pairs.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : None
            Not looked at.
        """
        sides = as_pairs(X) if is_pairs(X) else (as_texts(X),)
        self.n_sides_ = len(sides)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the lengths, shape (n, 2) for texts and (n, 6) for pairs."""
        check_is_fitted(self)
        if self.n_sides_ == 1:
            return np.log1p(_lengths(as_texts(X)))
        a, b = map(_lengths, as_pairs(X))
        longer = np.maximum(a, b)
        ratio = np.divide(np.minimum(a, b), longer, out=np.ones_like(a), where=longer > 0)
        return np.hstack([np.log1p(a + b), np.log1p(np.abs(a - b)), ratio])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns."""
        check_is_fitted(self)
        if self.n_sides_ == 1:
            return np.asarray(_TEXT_NAMES, dtype=object)
        return np.asarray([f"{name}_{unit}" for name in _PAIR_NAMES for unit in ("chars", "words")], dtype=object)


def _lengths(texts: list[str]) -> np.ndarray:
    return np.array([(len(text), len(text.split())) for text in texts], dtype=float).reshape(-1, 2)
