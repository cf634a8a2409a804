"""What answers alike were marked: numbers of a row from the marked answers to the same key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from makna.core.corpus import as_pairs, normalised, text_array
from makna.core.portable import Portable
from makna.core.tags import TakesTexts
from makna.learn.fitting import number_target
from makna.represent.counts import Counts
from makna.represent.encoder import Encoder

WIDTHS = (0.04, 0.12)
"""Differences of likeness over which the weight of a marked answer falls by the factor e."""
_NEAREST = 5
_PRIOR = 3.0  # marked answers that the mean of all marks counts as, beside those of the key
_SAME = 1e-6  # likenesses nearer than this are one
_EACH = len(WIDTHS) + 3


class MarkedAnswers(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """The marks of the training answers to the same key, each weighing more the more it is like the answer.

    Likeness is a cosine: of TF-IDF of runs of two to five characters, and of an encoder's mean vectors where one is
    named. Each gives five numbers a row: the means of the key's marks with weights exp(likeness / 0.04) and
    exp(likeness / 0.12) (Nadaraya 1964; Watson 1964), the mean mark of the five most like it, the mark of the one most
    like it, of several that are equally alike the mean, and how like that one is. Last comes the mean of the key's
    marks, drawn towards the mean of all marks as if three more answers had it. A row without another marked answer to
    its key has the mean of all marks, and the likeness 0.

    Training rows are compared with all others, never with themselves (`beside_training`): what is learned from these
    numbers would otherwise read off the mark it is to say. The model keeps vectors of the answers and their marks, not
    their texts.

    Parameters
    ----------
    encoder : str or None
        Name of an encoder, such as ``minilm``.

    Attributes
    ----------
    keys_ : list of str
        Keys, as `makna.core.corpus.normalised` writes them.
    grams_, vectors_ : sparse and dense matrix, one row a training answer
        By characters and by the encoder, of length one.
    key_of_, marks_ : ndarray, shape (n,)
        Number of each training answer's key, and its mark.
    """

    _json: ClassVar[tuple[str, ...]] = ("keys_",)
    _tensors: ClassVar[tuple[str, ...]] = ("grams_", "vectors_", "key_of_", "marks_")
    _children: ClassVar[tuple[str, ...]] = ("counts_", "encoder_")

    def __init__(self, encoder: str | None = None) -> None:
        self.encoder = encoder

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the vectors of marked answers.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Answers and keys.
        y : sequence of float, shape (n,)
            Marks.
        """
        answers, keys = as_pairs(X)
        self.marks_ = number_target(y)
        check_consistent_length(answers, self.marks_)
        self.keys_, self.key_of_ = numbered_keys(keys)
        texts = text_array(answers)
        self.counts_ = Counts(chars=(2, 5), sublinear=True).fit(texts)
        self.grams_ = self.counts_.transform(texts)
        if self.encoder is not None:
            self.encoder_ = Encoder(self.encoder, normalise=True).fit(texts)
            self.vectors_ = np.asarray(self.encoder_.transform(texts))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the numbers of new answers, shape (n, width).

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Answers and keys; for the rows of `fit` themselves, see `beside_training`.
        """
        check_is_fitted(self, "keys_")
        answers, keys = as_pairs(X)
        texts = text_array(answers)
        spaces = [self.counts_.transform(texts)]
        if self.encoder is not None:
            spaces.append(np.asarray(self.encoder_.transform(texts)))
        return self._numbers(spaces, key_numbers(self.keys_, keys), themselves=False)

    def beside_training(self) -> np.ndarray:
        """Return the numbers of the training answers, each from all others, shape (n, width)."""
        check_is_fitted(self, "keys_")
        return self._numbers(self._spaces(), self.key_of_, themselves=True)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns: those of characters, those of the encoder, and the key's."""
        told = [*(f"mean {width}" for width in WIDTHS), "nearest five", "nearest", "likeness"]
        spaces = ["characters", *([self.encoder] if self.encoder is not None else [])]
        return np.asarray([*(f"{space}: {name}" for space in spaces for name in told), "key"], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _spaces(self) -> list[Any]:
        return [self.grams_] + ([self.vectors_] if self.encoder is not None else [])

    def _numbers(self, spaces: list[Any], key_of: np.ndarray, themselves: bool) -> np.ndarray:
        level = float(self.marks_.mean())
        nothing = [level] * (_EACH - 2) + [level, 0.0]
        found = np.tile([*nothing * len(spaces), level], (len(key_of), 1))
        for key in np.unique(key_of[key_of >= 0]):
            rows, known = np.flatnonzero(key_of == key), np.flatnonzero(self.key_of_ == key)
            others = len(known) - themselves
            if not others:
                continue
            marks = self.marks_[known]
            left_out = marks if themselves else 0.0
            found[rows, -1] = (marks.sum() - left_out + _PRIOR * level) / (others + _PRIOR)
            for place, (space, kept) in enumerate(zip(spaces, self._spaces(), strict=True)):
                likeness = _products(space[rows], kept[known])
                if themselves:  # rows and known are the same, in the same order
                    np.fill_diagonal(likeness, -np.inf)
                found[rows, place * _EACH : (place + 1) * _EACH] = _told(likeness, marks)
        return found


def numbered_keys(keys: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the different keys, as `makna.core.corpus.normalised` writes them, and the number of each row's key."""
    plain = [normalised(key) for key in keys]
    known = sorted(set(plain))
    return known, _places(known, plain)


def key_numbers(known: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """Return the number of each key among those known, -1 where it is new."""
    return _places(known, [normalised(key) for key in keys])


def _places(known: Sequence[str], plain: Sequence[str]) -> np.ndarray:
    number = {key: place for place, key in enumerate(known)}
    return np.array([number.get(key, -1) for key in plain], dtype=np.int64)


def _products(a: Any, b: Any) -> np.ndarray:
    """Return the cosines of rows of length one; each is added up by itself, so none depends on the rows beside it."""
    if sp.issparse(a):
        return np.asarray((a @ b.T).toarray(), dtype=float)
    return np.einsum("ik,jk->ij", a, b, dtype=float)


def _told(likeness: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return five numbers a row; a likeness of minus infinity stands for an answer that is not looked at.

    Parameters
    ----------
    likeness : ndarray, shape (n, marked)
        How like each row is to each marked answer.
    marks : ndarray, shape (marked,)
        Their marks.
    """
    most = likeness.max(axis=1, keepdims=True)
    columns = [_mean(np.exp((likeness - most) / width), marks) for width in WIDTHS]
    few = min(_NEAREST, likeness.shape[1] - int(np.isneginf(likeness[0]).sum()))
    border = np.partition(likeness, -few, axis=1)[:, -few, None]
    columns += [_mean(likeness >= least - _SAME, marks) for least in (border, most)]
    return np.column_stack([*columns, most[:, 0]])


def _mean(weights: np.ndarray, marks: np.ndarray) -> np.ndarray:
    return (weights @ marks) / weights.sum(axis=1)
