"""Word vectors learned from the texts at hand: Word2Vec and FastText, by gensim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from makna.core.errors import DataError
from makna.core.messages import say
from makna.core.optional import require
from makna.core.workplace import workplace
from makna.represent.word_split import words_of
from makna.represent.word_vectors import Grams, WordVectors

PURPOSE = "words"
Algorithm = Literal["cbow", "skipgram"]
_ALGORITHMS: dict[str, int] = {"cbow": 0, "skipgram": 1}
_SENTENCE = 10_000  # gensim reads no more words of one


@dataclass(frozen=True)
class WordSettings:
    """How word vectors are learned.

    Parameters
    ----------
    method : {"word2vec", "fasttext"}
        One vector a word (Mikolov et al. 2013), or the mean of a word's vector and those of its character n-grams
        (Bojanowski et al. 2017).
    model : {"cbow", "skipgram"}
        A word is foretold from the words around it, or they from it.
    size : int
        Numbers of a vector.
    window : int
        Words to either side, at most.
    min_count : int
        Rarer words get no vector.
    negative : int
        Wrong words drawn beside each right one.
    epochs : int
        Passes over the texts.
    learning_rate : float
        At the beginning; it falls in a straight line to 0.0001.
    min_n, max_n : int
        Characters of the shortest and the longest n-gram.
    buckets : int
        Places that n-grams are hashed into.
    seed : int
        Of everything drawn.
    """

    method: str = "word2vec"
    model: Algorithm = "cbow"
    size: int = 100
    window: int = 5
    min_count: int = 1
    negative: int = 5
    epochs: int = 10
    learning_rate: float = 0.025
    min_n: int = 3
    max_n: int = 6
    buckets: int = 200_000
    seed: int = 0


def learn_vectors(texts: Sequence[str], settings: WordSettings) -> WordVectors:
    """Learn a vector for each word of texts.

    One thread learns, so that the same texts and seed give the same bits. Very common words are passed over at random
    (Mikolov et al. 2013, section 2.3). The surrounding workplace is told of every epoch.

    Parameters
    ----------
    texts : sequence of str
        Texts.
    settings : WordSettings
        How.

    Returns
    -------
    WordVectors
        The commonest word first.

    Raises
    ------
    DataError
        No word is left, or the range of n-grams is the wrong way round.
    MissingPackageError
        gensim is not installed.
    """
    models = require("gensim.models", settings.method)
    sentences = [part for text in texts for part in _parts(words_of(text))]
    if settings.min_n > settings.max_n:
        raise DataError("represent.range", low=settings.min_n, high=settings.max_n)
    told = {
        "vector_size": settings.size, "window": settings.window, "min_count": settings.min_count,
        "sg": _ALGORITHMS[settings.model], "negative": settings.negative, "epochs": settings.epochs,
        "alpha": settings.learning_rate, "min_alpha": min(1e-4, settings.learning_rate),
        "seed": settings.seed % 2**31, "workers": 1, "callbacks": [_Teller(settings)],
    }  # fmt: skip
    try:
        return METHODS[settings.method](models, sentences, told, settings)
    except RuntimeError as problem:
        # gensim: "you must first build vocabulary before training the model"
        if "vocabulary" not in str(problem):
            raise
        raise DataError("represent.no_words", n=len(texts), min_count=settings.min_count) from problem


def _word2vec(models: Any, sentences: list[list[str]], told: dict[str, Any], settings: WordSettings) -> WordVectors:
    learned = models.Word2Vec(sentences, **told).wv
    return WordVectors(list(learned.index_to_key), _copied(learned.vectors))


def _fasttext(models: Any, sentences: list[list[str]], told: dict[str, Any], settings: WordSettings) -> WordVectors:
    grams = {"min_n": settings.min_n, "max_n": settings.max_n}
    learned = models.FastText(sentences, **told, **grams, bucket=settings.buckets).wv
    # Most places were never filled: those of n-grams that no word has.
    numbers = np.unique(np.concatenate(learned.buckets_word)).astype(np.int64)
    kept = Grams(numbers, _copied(learned.vectors_ngrams[numbers]), **grams, buckets=settings.buckets)
    return WordVectors(list(learned.index_to_key), _copied(learned.vectors), kept)


METHODS: dict[str, Callable[[Any, list[list[str]], dict[str, Any], WordSettings], WordVectors]] = {
    "word2vec": _word2vec,
    "fasttext": _fasttext,
}
"""Name → (gensim's models, sentences, its settings, ours) → vectors."""


class _Teller:
    """Tells the workplace of every epoch; gensim calls its methods."""

    def __init__(self, settings: WordSettings) -> None:
        self.settings = settings
        self.done = 0

    def on_train_begin(self, model: Any) -> None:
        pass

    def on_epoch_begin(self, model: Any) -> None:
        pass

    def on_epoch_end(self, model: Any) -> None:
        self.done += 1
        settings = self.settings
        said = say("represent.word_epoch", name=settings.method, epoch=self.done, epochs=settings.epochs)
        workplace().listen(said, self.done, settings.epochs)

    def on_train_end(self, model: Any) -> None:
        pass


def _parts(words: list[str]) -> list[list[str]]:
    return [words[start : start + _SENTENCE] for start in range(0, len(words), _SENTENCE)]


def _copied(vectors: np.ndarray) -> np.ndarray:
    return np.array(vectors, dtype=np.float32, order="C")
