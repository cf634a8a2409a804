"""The vectors that the words of a network begin with: random, learned from its training texts, or from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

import numpy as np

from makna.represent.word_files import read_vectors
from makna.represent.word_package import PackagedVectors
from makna.represent.word_training import METHODS, WordSettings, learn_vectors
from makna.represent.words import VectorPath

Vectors = Literal["random", "word2vec", "fasttext"] | PackagedVectors | VectorPath
_RANDOM = "random"
_RANDOM_STD = 0.1


@dataclass(frozen=True)
class Asked:
    """What vectors are wanted.

    Parameters
    ----------
    vectors : {"random", "word2vec", "fasttext", "makna-mini"} or path
        Small random ones; CBOW vectors of the training texts (window 5, 10 passes); or those of a package or a file.
    words : sequence of str
        Words that need one.
    size : int
        Numbers of a vector.
    min_count : int
        Words rarer than this in the training texts are none.
    seed : int
        Of all that is drawn.
    """

    vectors: str
    words: Sequence[str]
    size: int
    min_count: int
    seed: int


@dataclass(frozen=True)
class Start:
    """Vectors to begin with.

    Parameters
    ----------
    matrix : ndarray of float32, shape (words, size)
        One for each word asked for.
    facts : dict
        What a report tells of them, as JSON values.
    mark : str
        What they depend on besides texts, settings and seed: a version, or a file's hash.
    """

    matrix: np.ndarray
    facts: dict[str, Any]
    mark: str = ""


def start_of(asked: Asked, texts: Sequence[str]) -> Start:
    """Return the vectors that a network's words begin with.

    A word that a file has no vector for begins with a small random one (Kim 2014, section 3.1).

    Parameters
    ----------
    asked : Asked
        What is wanted.
    texts : sequence of str
        Training texts.

    Raises
    ------
    DataError
        The file cannot be used, or its vectors have another size.
    MissingPackageError
        Vectors are to be learned and gensim is not installed.
    """
    return _STARTS.get(asked.vectors, _from_file)(asked, texts)


def random_vectors(words: int, size: int, seed: int) -> np.ndarray:
    """Return small random vectors, shape (words, size)."""
    return np.random.default_rng(seed).normal(0, _RANDOM_STD, (words, size)).astype(np.float32)


def _random(asked: Asked, texts: Sequence[str]) -> Start:
    return Start(random_vectors(len(asked.words), asked.size, asked.seed), {"vectors": asked.vectors})


def _learned(asked: Asked, texts: Sequence[str]) -> Start:
    facts = {"vectors": asked.vectors, "model": WordSettings.model}
    if not asked.words:
        return Start(np.zeros((0, asked.size), dtype=np.float32), facts)
    settings = WordSettings(asked.vectors, size=asked.size, min_count=asked.min_count, seed=asked.seed)
    return Start(learn_vectors(texts, settings).vectors_of(asked.words)[0], facts, version("gensim"))


def _from_file(asked: Asked, texts: Sequence[str]) -> Start:
    found = read_vectors(asked.vectors, asked.size)
    known, has_one = found.vectors_of(asked.words)
    matrix = np.where(has_one[:, None], known, random_vectors(len(asked.words), asked.size, asked.seed))
    facts = {"vectors": "file", "file": found.origin, "without_vector": int((~has_one).sum())}
    return Start(matrix, facts, found.origin["sha256"])


_STARTS: dict[str, Callable[[Asked, Sequence[str]], Start]] = {
    _RANDOM: _random,
    **dict.fromkeys(METHODS, _learned),
}
