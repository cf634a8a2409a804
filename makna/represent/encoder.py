"""Texts as the numbers a frozen transformer makes of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Self, get_args

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from makna.core.compute import machine_of
from makna.core.corpus import as_texts
from makna.core.errors import DataError, ModelError
from makna.core.files import plain_os_errors
from makna.core.memo import shared
from makna.core.optional import require
from makna.core.portable import Parts, Portable
from makna.core.tags import TakesTexts
from makna.represent.buckets import pad
from makna.represent.embed import MULTIPLE, Embedding, Pooling, tokenizer_of
from makna.represent.encoder_folder import cargo, fingerprint, shape
from makna.represent.encoder_source import EncoderSource, describe, locate_encoder
from makna.represent.encoder_store import unpacked
from makna.represent.tokens import Long, Tokenised, tokenise
from makna.represent.vectors import WORTH_KEEPING, Shelf, scratch_array, vectors_folder

_VERSION = 1  # of what is kept on disk: another number where the same settings give other vectors
_KEPT_TOGETHER = 8192  # texts, and
_BYTES_TOGETHER = 64_000_000  # bytes that are put on the shelf at once
_IN_MEMORY = 64_000_000  # bytes of flattened pieces that are an ordinary array
_SHOWN_PIECES = 24


class Encoder(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """A pretrained transformer as it is: each text becomes what its last layer makes of it.

    Nothing is learned from the texts. Vectors are kept below the cache folder by text, encoder and settings, so that
    folds, cells and later runs look them up. A saved model names an encoder with a public name and refuses another one
    in its place; an encoder from a folder of the user's own goes into the model.

    Parameters
    ----------
    name : str
        ``minilm``, a folder, or a Hugging Face name.
    pooling : {"mean", "cls", "max", "tokens"}
        Mean over the pieces (Reimers & Gurevych 2019, section 3), the first piece (``[CLS]``), the maximum over the
        pieces, or all pieces one after the other: `max_length` · width numbers in float16, zero where there is none.
    max_length : int
        Longest row of pieces, special ones included; what is cut is counted in `facts_`.
    batch_size : int
        Texts at a time; halved by itself where memory does not suffice.
    layer : int
        Whose output: -1 the last layer, -2 the one before; 0 the embeddings, 1 the first layer.
    long : {"head", "head+tail"}
        What is kept of longer texts.
    normalise : bool
        Bring each vector to length one, as sentence encoders such as minilm are meant to be used; not for "tokens".

    Attributes
    ----------
    facts_ : dict
        The encoder (`describe`), what was cut and is unknown in the training texts (`Tokenised.account`), one text as
        the network sees it, and the precision.
    fingerprint_ : str
        Of the encoder.
    width_ : int
        Numbers of a piece.

    Raises
    ------
    ModelError
        The encoder is nowhere here, broken, or another one than at fitting.
    DataError
        X has another shape than texts, or a setting does not fit the encoder.

    Examples
    --------
    >>> vectors = Encoder("minilm").fit_transform(["harga murah", "murah harganya"])  # doctest: +SKIP
    >>> vectors.shape  # doctest: +SKIP
    (2, 384)
    """

    is_stateless = True

    _json: ClassVar[tuple[str, ...]] = ("kind_", "fingerprint_", "width_", "facts_")

    def __init__(
        self,
        name: Annotated[str, Field(min_length=1)] = "minilm",
        pooling: Pooling = "mean",
        max_length: Annotated[int, Field(ge=4, le=8192)] = 128,
        batch_size: Annotated[int, Field(ge=1)] = 32,
        layer: int = -1,
        long: Long = "head",
        normalise: bool = False,
    ) -> None:
        self.name = name
        self.pooling = pooling
        self.max_length = max_length
        self.batch_size = batch_size
        self.layer = layer
        self.long = long
        self.normalise = normalise

    def check(self) -> None:
        """Refuse settings that do not fit the encoder.

        Raises
        ------
        ModelError
            The encoder is nowhere here.
        DataError
            A setting is not known, or the encoder has no such layer or takes no rows that long.
        """
        self._check(locate_encoder(self.name))

    def prepare(self, X: Any, layers: Sequence[int] | None = None) -> None:
        """Encode all texts of a run at once, so that every fold looks them up; learns nothing.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.
        layers : sequence of int or None
            Those whose output will be asked for; None is this encoder's own. The network runs once for all of them.
        """
        texts = as_texts(X)
        source = locate_encoder(self.name)
        every = [copy.copy(self).set_params(layer=layer) for layer in dict.fromkeys(layers or [self.layer])]
        for one in every:
            one._check(source)
        _shelves(every, source, texts)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the encoder and count what it cannot read of the texts.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.
        y : ignored
            There for scikit-learn.
        """
        texts = as_texts(X)
        source = locate_encoder(self.name)
        self._check(source)
        machine = machine_of(self.name)
        about = describe(source)
        tokenizer = tokenizer_of(source)
        tokens = tokenise(tokenizer, texts, self.max_length, self.long)
        self.kind_ = source.kind
        self.fingerprint_ = source.fingerprint
        self.width_ = int(about["width"])
        self.facts_ = {
            "encoder": about | {"kind": source.kind, "fingerprint": source.fingerprint},
            "tokens": tokens.account(),
            "example": _example(tokenizer, texts, tokens),
            "device": machine.device,
            "precision": machine.precision,
        }
        self._source_: EncoderSource | None = source
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the vectors of texts.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.

        Returns
        -------
        ndarray, shape (n, width) of float32, or (n, max_length · width) of float16
            The second for `pooling="tokens"`; a large one lies in a nameless file and is read-only.
        """
        check_is_fitted(self)
        texts = as_texts(X)
        shelf = self._shelf(self._source(), texts)
        if self.pooling != "tokens":
            rows = shelf.gather(texts)
            return normalize(rows, copy=False) if self.normalise else rows
        size = (len(texts), self.max_length * self.width_)
        flattened = (found.reshape(-1) for found in shelf.each(texts))
        if size[0] * size[1] * shelf.dtype.itemsize > _IN_MEMORY:
            with plain_os_errors(vectors_folder()):
                return scratch_array(size, shelf.dtype, flattened)
        flat = np.zeros(size, dtype=shelf.dtype)
        for row, found in enumerate(flattened):
            flat[row, : len(found)] = found
        return flat

    def pieces(self, X: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the pieces of each text and their vectors, special pieces left out; for `pooling="tokens"`.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.

        Yields
        ------
        ndarray of int, shape (pieces,), and ndarray of float16, shape (pieces, width)
        """
        check_is_fitted(self)
        texts, source = as_texts(X), self._source()
        tokenizer = tokenizer_of(source)
        special = np.array(sorted({*tokenizer.all_special_ids} - {tokenizer.unk_token_id}), dtype=np.int64)
        rows = tokenise(tokenizer, texts, self.max_length, self.long).ids
        for ids, vectors in zip(rows, self._shelf(source, texts).each(texts), strict=True):
            numbers = np.array(ids, dtype=np.int64)
            kept = ~np.isin(numbers, special)
            yield numbers[kept], vectors[kept]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each number."""
        check_is_fitted(self)
        n = self.width_ * (self.max_length if self.pooling == "tokens" else 1)
        return np.array([f"encoder{i}" for i in range(n)], dtype=object)

    def to_parts(self) -> Parts:
        """Return the parts: the encoder's name and fingerprint, and its files where it is the user's own.

        The example of `facts_` is a training text, and stays behind.
        """
        parts = super().to_parts()
        if not hasattr(self, "fingerprint_"):
            return parts
        parts.state["facts_"] = {name: value for name, value in self.facts_.items() if name != "example"}
        if self.kind_ == "folder":
            parts.files = {path.name: path.read_bytes() for path in cargo(self._source().folder)}
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild from parts; an encoder that travelled with them is unpacked, any other must be here and the same."""
        made = super().from_parts(parts)
        if hasattr(made, "fingerprint_"):
            made._source_ = None
            if parts.files:
                folder = unpacked(parts.files, made.fingerprint_)
                made._source_ = EncoderSource(made.name, folder, "folder", fingerprint(folder))
            made._source()
        return made

    def _source(self) -> EncoderSource:
        """Return the encoder, refusing another one than at fitting."""
        if self._source_ is None:
            self._source_ = locate_encoder(self.name)
        if self._source_.fingerprint != self.fingerprint_:
            raise ModelError(
                "represent.encoder_other",
                name=self.name,
                path=str(self._source_.folder),
                came=self._source_.fingerprint[:12],
                allowed=self.fingerprint_[:12],
            )
        return self._source_

    def _check(self, source: EncoderSource) -> None:
        """Refuse settings that do not fit the encoder."""
        for name, came, choices in (("pooling", self.pooling, Pooling), ("long", self.long, Long)):
            if came not in get_args(choices):
                raise DataError("represent.bad_choice", name=name, came=came, allowed=", ".join(get_args(choices)))
        found = shape(source.folder)
        layers, longest = found.layers or 0, found.max_length
        if not -layers - 1 <= self.layer <= layers:
            raise DataError("represent.no_layer", name=self.name, came=self.layer, least=-layers - 1, most=layers)
        if longest is not None and self.max_length > longest:
            raise DataError("represent.too_long", name=self.name, came=self.max_length, most=longest)

    def _shelf(self, source: EncoderSource, texts: Sequence[str]) -> Shelf:
        """Return a shelf that has the vectors of all these texts; those that are new are made now."""
        (shelf,) = _shelves([self], source, texts)
        return shelf

    def _open_shelf(self, source: EncoderSource, on_disk: bool) -> Shelf:
        """Return the shelf of these settings, with what is known already."""
        machine = machine_of(self.name)
        found = shape(source.folder)
        settings = {
            "encoder": source.fingerprint,
            "version": _VERSION,
            "torch": require("torch", self.name).__version__,
            "transformers": require("transformers", self.name).__version__,
            "device": machine.device,
            "precision": machine.precision,
            "pooling": self.pooling,
            "max_length": self.max_length,
            "layer": self.layer,
            "long": self.long,
        }
        dtype = np.float16 if self.pooling == "tokens" else np.float32

        def make(on_disk: bool = True) -> Shelf:
            return Shelf(settings, found.width or 0, dtype, on_disk)

        return shared(("vectors", *settings.values()), make) or make(on_disk)

    def _embedding(self, source: EncoderSource, layers: tuple[int, ...]) -> Embedding:
        longest = shape(source.folder).max_length or self.max_length
        pad_id = tokenizer_of(source).pad_token_id
        return Embedding(source, machine_of(self.name), self.pooling, layers, self.batch_size, pad_id, longest)


def _shelves(encoders: Sequence[Encoder], source: EncoderSource, texts: Sequence[str]) -> list[Shelf]:
    """Return a shelf an encoder with the vectors of all these texts; the encoders differ in their layer alone."""
    shelves = [one._open_shelf(source, len(texts) >= WORTH_KEEPING) for one in encoders]
    lacking: dict[tuple[str, ...], list[int]] = {}
    for place, shelf in enumerate(shelves):
        lacking.setdefault(tuple(shelf.missing(texts)), []).append(place)
    for missing, places in lacking.items():
        if missing:
            _fill([shelves[place] for place in places], [encoders[place] for place in places], source, missing)
    return shelves


def _fill(shelves: Sequence[Shelf], encoders: Sequence[Encoder], source: EncoderSource, texts: Sequence[str]) -> None:
    """Put the vectors of texts that none of these shelves has on all of them."""
    first = encoders[0]
    ids = tokenise(tokenizer_of(source), texts, first.max_length, first.long).ids
    embed = first._embedding(source, tuple(one.layer for one in encoders))
    for rows, every in _together(embed(ids)):
        for shelf, arrays in zip(shelves, every, strict=True):
            lengths = np.array([len(array) for array in arrays], dtype=np.int64)
            shelf.add([texts[row] for row in rows], lengths, _within(np.concatenate(arrays), shelf.dtype))
    shelves[0].tidy()


def _together(
    batches: Iterator[tuple[np.ndarray, list[list[np.ndarray]]]],
) -> Iterator[tuple[list[int], list[list[np.ndarray]]]]:
    """Yield batches joined, so that a long job is kept piece by piece in files that are not too many."""
    rows: list[int] = []
    every: list[list[np.ndarray]] = []
    n_bytes = 0
    for batch, found in batches:
        rows += batch.tolist()
        every = [[*before, *arrays] for before, arrays in zip(every or [[]] * len(found), found, strict=True)]
        n_bytes += sum(array.nbytes for arrays in found for array in arrays)
        if len(rows) >= _KEPT_TOGETHER or n_bytes >= _BYTES_TOGETHER:
            yield rows, every
            rows, every, n_bytes = [], [], 0
    if rows:
        yield rows, every


def _within(rows: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return rows in a smaller type, what is too big for it as its biggest number."""
    most = np.finfo(dtype).max
    return np.clip(rows, -most, most).astype(dtype)


def _example(tokenizer: Any, texts: Sequence[str], tokens: Tokenised) -> dict[str, Any] | None:
    """Return one text as the network sees it: the first that is neither empty nor long."""
    lengths = tokens.lengths
    short = (row for row, text in enumerate(texts) if text.strip() and lengths[row] <= _SHOWN_PIECES)
    row = next(short, next((row for row, text in enumerate(texts) if text.strip()), None))
    if row is None:
        return None
    ids, mask = (found[0].tolist() for found in pad(tokens.ids, [row], tokenizer.pad_token_id, MULTIPLE))
    return {"text": texts[row], "pieces": tokenizer.convert_ids_to_tokens(ids), "ids": ids, "mask": mask}
