"""What the rules that sort errors look at: lengths, rarest tokens, overlaps, and names or numbers that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.corpus import as_pairs, as_texts, is_pairs, take
from makna.explain.rarity import Rarity, languages_in, stopwords_of
from makna.explain.tokens import cased_words, token_rows, words_of

_MOSTLY = 0.5


@dataclass(frozen=True)
class RowFeatures:
    """What is known of n rows; the fields of pairs are empty for single texts.

    Parameters
    ----------
    words : ndarray of int, shape (n, sides)
        Words of each side.
    rarest : list of str
        Each row's rarest token, of both sides, stop words aside.
    rarity : ndarray of float, shape (n,)
        Mean rarity of each row's tokens; NaN of a row without tokens.
    overlap, content : ndarray of float, shape (n,)
        Jaccard index of the words, and of those that are no stop words.
    differs : list of list of str
        Words that one side alone has.
    swapped : ndarray of bool, shape (n,)
        Whether the sides differ, and only in names or numbers.
    """

    words: np.ndarray
    rarest: list[str]
    rarity: np.ndarray
    overlap: np.ndarray
    content: np.ndarray
    differs: list[list[str]]
    swapped: np.ndarray


def row_features(X: Any, rows: np.ndarray, train: np.ndarray) -> RowFeatures:
    """Return the features of some rows.

    Parameters
    ----------
    X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
        All rows.
    rows : ndarray of int
        Those that are described.
    train : ndarray of int
        Those whose tokens and capitals are counted.
    """
    stop = stopwords_of(languages_in(as_pairs(X)[0] if is_pairs(X) else as_texts(X)))
    rarity = Rarity.over(token_rows(X).without(stop), train)
    rarest, values = _rarest(rarity, rows), rarity.mean()[rows]
    here = take(X, rows)
    if not is_pairs(X):
        words = np.array([[len(words_of(text))] for text in here], dtype=np.int64).reshape(-1, 1)
        none = np.zeros(0)
        return RowFeatures(words, rarest, values, none, none, [], none.astype(bool))
    sides = list(zip(*as_pairs(here), strict=True))
    names = names_in(text for side in as_pairs(take(X, train)) for text in side)
    split = [(words_of(a), words_of(b)) for a, b in sides]
    overlap = np.array([_jaccard(set(a), set(b)) for a, b in split])
    content = np.array([_jaccard(set(a) - stop, set(b) - stop) for a, b in split])
    told = [_difference(a, b, names) for a, b in sides]
    words = np.array([(len(a), len(b)) for a, b in split], dtype=np.int64).reshape(-1, 2)
    swapped = np.array([is_swap for _, is_swap in told], dtype=bool)
    return RowFeatures(words, rarest, values, overlap, content, [differs for differs, _ in told], swapped)


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the words, case-folded, that are capitalised half of the time or more where they begin no sentence.

    Examples
    --------
    >>> sorted(names_in(["I live in Bali.", "The sea of Bali is bali-blue", "Is the sea far?"]))
    ['bali']
    """
    inside: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        for word, is_first in cased_words(text):
            if not is_first and len(word) > 1:
                folded = word.casefold()
                inside[folded] += 1
                capital[folded] += word[0].isupper()
    return frozenset(word for word, n in inside.items() if capital[word] >= _MOSTLY * n)


def _rarest(rarity: Rarity, rows: np.ndarray) -> list[str]:
    tokens, of_token = rarity.tokens, rarity.of_token
    starts = np.r_[0, np.cumsum(tokens.lengths)]
    found = []
    for row in rows:
        codes = tokens.codes[starts[row] : starts[row + 1]]
        found.append(tokens.vocabulary[int(codes[of_token[codes].argmax()])] if len(codes) else "")
    return found


def _difference(a: str, b: str, names: frozenset[str]) -> tuple[list[str], bool]:
    """Return the words that one side alone has, and whether all of them are names or numbers."""
    cased = [cased_words(side) for side in (a, b)]
    counts = [Counter(word.casefold() for word, _ in words) for words in cased]
    # A capital inside a sentence makes a name of a word that the training rows never had inside one.
    here = {word.casefold() for words in cased for word, is_first in words
            if not is_first and len(word) > 1 and word[0].isupper()}  # fmt: skip
    alone = [*(counts[0] - counts[1]), *(counts[1] - counts[0])]
    named = [word in names or word in here or any(mark.isdigit() for mark in word) for word in alone]
    return alone, bool(alone) and all(named)


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def quantile(values: Sequence[float] | np.ndarray, share: float) -> float:
    """Return the value that this share of the values, NaN aside, does not exceed; infinite where none is there."""
    there = np.asarray(values, dtype=float)
    there = there[~np.isnan(there)]
    return float(np.quantile(there, share, method="lower")) if len(there) else float("inf")
