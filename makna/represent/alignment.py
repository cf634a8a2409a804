"""How much of one text is found again in the other, piece by piece, by a frozen transformer's vectors in context."""

from __future__ import annotations

import copy
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_pairs
from makna.core.portable import Portable
from makna.core.tags import TakesTexts
from makna.represent.closeness_bags import unit_rows
from makna.represent.encoder import Encoder

_MEASURES = ("recall", "precision", "f1", "low", "middle", "found")
_LIKE = 0.7  # a piece counts as found from this cosine on
_LOW, _MIDDLE = 0.1, 0.5
Layers = Annotated[list[int], Field(min_length=1)]


class Alignment(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """Pairs as how well each piece of one side finds its like among the pieces of the other.

    The first side is what is judged (an answer), the second what it should hold (its key). With s(i, j) the cosine of
    the vectors of piece i of the answer and piece j of the key, and w the weight of a piece, there are six numbers a
    layer (the first three are BERTScore's; Zhang et al. 2020, equations 1–3):

    recall
        Σ_j w_j max_i s(i, j) / Σ_j w_j: how much of the key is in the answer.
    precision
        The same the other way round: how much of the answer is in the key.
    f1
        Their harmonic mean; 0 where their sum is not positive.
    low, middle
        A tenth and a half of the key's pieces have a max_i s(i, j) below it.
    found
        Share of the key's weight whose max_i s(i, j) is above 0.7.

    A piece weighs ln((1 + n) / (1 + df)) + 1, with df of the n distinct texts of the training rows holding it; special
    pieces are left out. All six are 0 where a side has no pieces. Vectors are looked up where they were made before
    (see `Encoder`), and equal pairs are computed once.

    Parameters
    ----------
    name : str
        ``minilm``, a folder, or a Hugging Face name.
    layers : list of int or None
        Whose output, each giving six numbers: -1 the last layer, 0 the embeddings; None is the last one.
    weighted : bool
        Whether rare pieces weigh more; else all weigh 1.
    max_length, batch_size
        As in `Encoder`.

    Attributes
    ----------
    encoder_ : Encoder
        Makes the vectors of pieces.
    weights_ : ndarray
        Weight of each piece by its number; the last is that of higher ones, which no training text has.
    facts_ : dict
        Those of the encoder.

    Raises
    ------
    DataError
        X does not hold pairs, or a setting does not fit the encoder.
    ModelError
        The encoder is nowhere here, broken, or another one than at fitting.

    Examples
    --------
    >>> import pandas as pd
    >>> pair = pd.DataFrame({"text_a": ["last in, first out"], "text_b": ["last in, first out"]})
    >>> Alignment("minilm").fit_transform(pair)[0, :3].round(3)  # doctest: +SKIP
    array([1., 1., 1.])
    """

    _tensors: ClassVar[tuple[str, ...]] = ("weights_",)
    _children: ClassVar[tuple[str, ...]] = ("encoder_",)

    def __init__(
        self,
        name: Annotated[str, Field(min_length=1)] = "minilm",
        layers: Layers | None = None,
        weighted: bool = True,
        max_length: Annotated[int, Field(ge=4, le=8192)] = 128,
        batch_size: Annotated[int, Field(ge=1)] = 32,
    ) -> None:
        self.name = name
        self.layers = layers
        self.weighted = weighted
        self.max_length = max_length
        self.batch_size = batch_size

    def prepare(self, X: Any) -> None:
        """Encode all texts of a run at once, so that every fold looks them up; learns nothing."""
        layers = self._layers()
        self._encoder(layers[0]).prepare(_distinct(X), layers)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the encoder, and count in how many training texts each piece is.

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts.
        y : ignored
            There for scikit-learn.
        """
        texts = _distinct(X)
        *others, last = (self._encoder(layer) for layer in self._layers())
        for other in others:
            other.check()
        self.encoder_ = last.fit(texts)  # layers share all that is learned
        held = np.bincount(np.concatenate([np.unique(numbers) for numbers, _ in self.encoder_.pieces(texts)]))
        held = np.append(held, 0)
        self.weights_ = np.log((1 + len(texts)) / (1 + held)) + 1 if self.weighted else np.ones(len(held))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the numbers of pairs, shape (n, 6 · layers).

        Parameters
        ----------
        X : DataFrame, shape (n, 2)
            Pairs of texts: what is judged, and what it should hold.
        """
        check_is_fitted(self, "weights_")
        pairs = list(zip(*as_pairs(X), strict=True))
        places = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
        beside: dict[str, list[str]] = {}
        for answer, key in places:
            beside.setdefault(key, []).append(answer)
        found = np.zeros((len(places), len(self._layers()), len(_MEASURES)))
        for number, layer in enumerate(self._layers()):
            encoder = copy.copy(self.encoder_).set_params(layer=layer)
            for key, answers in beside.items():
                rows = [places[answer, key] for answer in answers]
                found[rows, number] = self._against(encoder, key, answers)
        return found.reshape(len(places), -1)[[places[pair] for pair in pairs]]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns: the measure, and of which layer."""
        return np.asarray([f"{name} {layer}" for layer in self._layers() for name in _MEASURES], dtype=object)

    @property
    def facts_(self) -> dict[str, Any]:
        """What the encoder has to tell the report."""
        check_is_fitted(self, "encoder_")
        return self.encoder_.facts_

    def _against(self, encoder: Encoder, key: str, answers: list[str]) -> np.ndarray:
        """Return the numbers of answers beside one key, shape (answers, 6)."""
        (wanted, wanted_weights), *given = self._sides(encoder, [key, *answers])
        found = np.zeros((len(answers), len(_MEASURES)))
        if len(wanted):
            for row, (pieces, weights) in enumerate(given):
                if len(pieces):
                    found[row] = _measures(pieces @ wanted.T, weights, wanted_weights)
        return found

    def _sides(self, encoder: Encoder, texts: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the vectors of each text's pieces, of length one, and their weights."""
        return [
            (unit_rows(vectors.astype(np.float32)), self._weights(numbers))
            for numbers, vectors in encoder.pieces(texts)
        ]

    def _weights(self, numbers: np.ndarray) -> np.ndarray:
        return self.weights_[np.minimum(numbers, len(self.weights_) - 1)]

    def _encoder(self, layer: int) -> Encoder:
        return Encoder(self.name, "tokens", self.max_length, self.batch_size, layer)

    def _layers(self) -> list[int]:
        return [-1] if self.layers is None else list(self.layers)


def _measures(likeness: np.ndarray, answer_weights: np.ndarray, key_weights: np.ndarray) -> tuple[float, ...]:
    """Return the six numbers of a pair.

    Parameters
    ----------
    likeness : ndarray, shape (pieces of the answer, pieces of the key)
        Cosines.
    answer_weights, key_weights : ndarray
        Weight of each piece.
    """
    of_key, of_answer = likeness.max(axis=0), likeness.max(axis=1)
    recall = float(np.average(of_key, weights=key_weights))
    precision = float(np.average(of_answer, weights=answer_weights))
    both = recall + precision
    low, middle = np.quantile(of_key, (_LOW, _MIDDLE))
    f1 = 2 * recall * precision / both if both > 0 else 0.0
    return recall, precision, f1, low, middle, float(np.average(of_key > _LIKE, weights=key_weights))


def _distinct(X: Any) -> list[str]:
    first, second = as_pairs(X)
    return list(dict.fromkeys([*first, *second]))
