"""Texts as the vectors of their words, made one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.corpus import as_texts
from makna.core.errors import DataError
from makna.core.portable import Parts, Portable, plain
from makna.core.tags import TakesTexts
from makna.represent.word_files import read_vectors
from makna.represent.word_package import PackagedVectors
from makna.represent.word_split import vocabulary_of, words_of
from makna.represent.word_training import METHODS, Algorithm, WordSettings, learn_vectors
from makna.represent.word_vectors import Grams, WordVectors

# What is not a method's name is a path, and a path has an ending or a folder: a slip is seen before anything runs.
VectorPath = Annotated[str, Field(pattern=r"[./\\]")]
Vectors = Literal["word2vec", "fasttext"] | PackagedVectors | VectorPath
Pooling = Literal["mean", "max", "idf", "tokens"]
_Count = Annotated[int, Field(ge=1)]
_SHOWN = 10


class Words(TakesTexts, Portable, TransformerMixin, BaseEstimator):
    """A text becomes one vector: the mean of its words' vectors, their greatest values, or all of them in a row.

    Word vectors are learned from the training texts (Word2Vec or FastText, by gensim, one thread, the same bits for the
    same seed), or come from a file. Words are written as the text has them; lower-casing is a step of cleaning. A text
    without a known word is zeros.

    A fitted step keeps its vectors and needs neither gensim nor the file any more. Of a file it keeps those of the
    training texts' words and, for words that come later, the first ones of the file (the commonest, as files are
    written) until there are `most_words` in all. FastText gives words it has not seen the mean vector of those of their
    n-grams that known words have; the vectors of these n-grams are kept too, a few times as many as words.

    Parameters
    ----------
    vectors : {"word2vec", "fasttext", "makna-mini"} or path
        How they are learned, a package's by name, or a file (see `makna.represent.word_files.read_vectors`).
    model : {"cbow", "skipgram"}
        Whether a word is foretold from its neighbours, or they from it (Mikolov et al. 2013).
    size : int
        Numbers of a vector; must be that of the file.
    window : int
        Words to either side that count as neighbours, at most.
    min_count : int
        Words rarer than this in the training texts get no vector.
    negative : int
        Wrong words drawn beside each right one.
    epochs : int
        Passes over the training texts.
    learning_rate : float
        Of the first step; it falls to 0.0001.
    min_n, max_n : int
        Characters of the shortest and the longest n-gram of FastText.
    buckets : int
        Places that FastText hashes n-grams into; while it learns, each takes 4 · `size` bytes.
    pooling : {"mean", "max", "idf", "tokens"}
        Mean of the words' vectors; greatest value of each number; mean weighted by ln((1 + n) / (1 + n_w)) + 1, n_w of
        the n training texts having the word; or the vectors of the first `max_words` words one after the other, zeros
        for words without one and after the last.
    max_words : int
        For "tokens" alone.
    most_words : int
        Words of a file that are kept, unless the training texts have more.
    random_state : int or None
        Seed of what is learned; None draws one.

    Attributes
    ----------
    words_ : list of str
        Words with a vector.
    facts_ : dict
        ``{"words": {...}}``: what vectors these are, how many words and tokens the training texts have, and how many
        of them have no vector.

    Raises
    ------
    DataError
        X has another shape than texts, no word is left, or the file cannot be used (the message says why).
    MissingPackageError
        Vectors are to be learned and gensim is not installed.

    Examples
    --------
    >>> step = Words(size=8, random_state=1).fit(["harga murah", "murah sekali", "harga mahal"])
    >>> step.transform(["harga mahal sekali", "?"]).shape
    (2, 8)
    >>> float(abs(step.transform(["?"])).max())
    0.0
    """

    _json: ClassVar[tuple[str, ...]] = ("words_", "facts_", "grams_")
    _tensors: ClassVar[tuple[str, ...]] = ("matrix_", "idf_", "gram_numbers_", "gram_matrix_")

    def __init__(
        self,
        vectors: Vectors = "word2vec",
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
        pooling: Pooling = "mean",
        max_words: _Count = 50,
        most_words: Annotated[int, Field(ge=0)] = 50_000,
        random_state: Annotated[int, Field(ge=0)] | None = 0,
    ) -> None:
        self.vectors = vectors
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
        self.pooling = pooling
        self.max_words = max_words
        self.most_words = most_words
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn word vectors, or take them from the file.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.
        y : ignored
            There for scikit-learn.
        """
        texts = as_texts(X)
        if self.pooling not in _POOLINGS:
            raise DataError("represent.bad_choice", name="pooling", came=self.pooling, allowed=", ".join(_POOLINGS))
        found = self._learned(texts) if self.vectors in METHODS else self._from_file(texts)
        self.words_, self.matrix_ = found.words, found.matrix
        self._keep_grams(found.grams)
        self._vectors_ = found
        if self.pooling == "idf":
            self.idf_ = _idf([words_of(text) for text in texts], found)
        self.facts_ = {"words": self._account(texts, found)}
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the vectors of texts.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            Texts.

        Returns
        -------
        ndarray of float32, shape (n, size); (n, max_words · size) for `pooling="tokens"`
        """
        check_is_fitted(self, "matrix_")
        rows = [words_of(text) for text in as_texts(X)]
        return _POOLINGS[self.pooling](self, rows, self.word_vectors())

    def word_vectors(self) -> WordVectors:
        """Return the words and their vectors."""
        check_is_fitted(self, "matrix_")
        if not hasattr(self, "_vectors_"):
            grams = None
            if self.grams_ is not None:
                grams = Grams(self.gram_numbers_, self.gram_matrix_, **self.grams_)
            self._vectors_ = WordVectors(self.words_, self.matrix_, grams)
        return self._vectors_

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return a name for each number."""
        check_is_fitted(self, "matrix_")
        n = self.matrix_.shape[1] * (self.max_words if self.pooling == "tokens" else 1)
        return np.array([f"words{i}" for i in range(n)], dtype=object)

    def to_parts(self) -> Parts:
        """Return the parts; unknown words of the training texts, which may be names, stay behind."""
        parts = super().to_parts()
        if hasattr(self, "facts_"):
            told = {name: value for name, value in self.facts_["words"].items() if name != "unknown_examples"}
            parts.state["facts_"] = plain({"words": told})
        return parts

    def _learned(self, texts: Sequence[str]) -> WordVectors:
        seed = int(np.random.default_rng().integers(2**31)) if self.random_state is None else int(self.random_state)
        shared = ("model", "size", "window", "min_count", "negative", "epochs", "learning_rate")
        params = {name: getattr(self, name) for name in (*shared, "min_n", "max_n", "buckets")}
        return learn_vectors(texts, WordSettings(self.vectors, seed=seed, **params))

    def _from_file(self, texts: Sequence[str]) -> WordVectors:
        whole = read_vectors(self.vectors, self.size)
        own = whole.look_up(vocabulary_of(texts, self.min_count))
        own = own[own >= 0]
        room = max(0, self.most_words - len(own))
        first = np.setdiff1d(np.arange(min(len(whole.words), self.most_words)), own)[:room]
        return whole.only(np.sort(np.concatenate([own, first])))

    def _keep_grams(self, grams: Grams | None) -> None:
        self.grams_ = None
        for name in ("gram_numbers_", "gram_matrix_", "idf_"):
            self.__dict__.pop(name, None)
        if grams is not None:
            self.grams_ = {"min_n": grams.min_n, "max_n": grams.max_n, "buckets": grams.buckets}
            self.gram_numbers_, self.gram_matrix_ = grams.numbers, grams.matrix

    def _account(self, texts: Sequence[str], found: WordVectors) -> dict[str, Any]:
        """Return what a report tells, as JSON values."""
        rows = [words_of(text) for text in texts]
        counts = Counter(word for row in rows for word in row)
        unknown = Counter({word: n for word, n in counts.items() if word not in found.places})
        tokens = counts.total()
        learned = {"model": self.model} if self.vectors in METHODS else {"file": found.origin}
        return {
            "vectors": self.vectors if self.vectors in METHODS else "file",
            **learned,
            "size": found.width,
            "vocabulary": len(found.words),
            "grams": 0 if found.grams is None else len(found.grams.numbers),
            "rows": len(texts),
            "rows_without": sum(all(word not in found.places for word in row) for row in rows),
            "tokens": tokens,
            "types": len(counts),
            "unknown_share": unknown.total() / tokens if tokens else None,
            "unknown_types": len(unknown),
            "unknown_examples": [word for word, _ in unknown.most_common(_SHOWN)],
            "pooling": self.pooling,
        }

    def __getstate__(self) -> dict[str, Any]:
        # Crosses processes as what it is kept as.
        return {name: value for name, value in super().__getstate__().items() if name != "_vectors_"}


def _mean(step: Words, rows: list[list[str]], vectors: WordVectors) -> np.ndarray:
    return _weighted(rows, vectors, lambda places: np.ones(len(places)))


def _by_idf(step: Words, rows: list[list[str]], vectors: WordVectors) -> np.ndarray:
    # The last one is that of a word that no training text has.
    return _weighted(rows, vectors, lambda places: step.idf_[places])


def _weighted(rows: list[list[str]], vectors: WordVectors, weigh: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the weighted mean of each row's words that have a vector; each row is added up by itself, word by word."""
    distinct = list(dict.fromkeys(word for row in rows for word in row))
    found, has_one = vectors.vectors_of(distinct)
    weights = np.where(has_one, weigh(vectors.look_up(distinct)), 0.0)
    column = {word: place for place, word in enumerate(distinct)}
    mixed = np.zeros((len(rows), vectors.width), dtype=np.float32)
    for number, row in enumerate(rows):
        columns = [column[word] for word in row]
        total = weights[columns].sum()
        if total > 0:
            mixed[number] = (weights[columns] / total) @ found[columns]
    return mixed


def _max(step: Words, rows: list[list[str]], vectors: WordVectors) -> np.ndarray:
    greatest = np.zeros((len(rows), vectors.width), dtype=np.float32)
    for number, row in enumerate(rows):
        found, has_one = vectors.vectors_of(row)
        if has_one.any():
            greatest[number] = found[has_one].max(axis=0)
    return greatest


def _tokens(step: Words, rows: list[list[str]], vectors: WordVectors) -> np.ndarray:
    flat = np.zeros((len(rows), step.max_words, vectors.width), dtype=np.float32)
    for number, row in enumerate(rows):
        kept = row[: step.max_words]
        flat[number, : len(kept)] = vectors.vectors_of(kept)[0]
    return flat.reshape(len(rows), -1)


_POOLINGS: dict[str, Callable[[Words, list[list[str]], WordVectors], np.ndarray]] = {
    "mean": _mean,
    "max": _max,
    "idf": _by_idf,
    "tokens": _tokens,
}


def _idf(rows: list[list[str]], vectors: WordVectors) -> np.ndarray:
    """Return ln((1 + n) / (1 + n_w)) + 1 of each known word, shape (words + 1,); the last is that of n_w = 0."""
    having = np.zeros(len(vectors.words) + 1)
    for row in rows:
        places = np.unique(vectors.look_up(row))
        having[places[places >= 0]] += 1
    return np.log((1 + len(rows)) / (1 + having)) + 1
