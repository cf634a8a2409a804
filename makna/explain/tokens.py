"""Texts as rows of tokens: words, or the pieces of an encoder's tokenizer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.corpus import as_pairs, as_texts, is_pairs
from makna.explain.settings import Unit

# Letters and digits; a hyphen or an apostrophe inside belongs to the word, as for stop words.
WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_SENTENCE = re.compile(r'[.?!:"“(\n]')
_NO_LIMIT = 1_000_000


@dataclass(frozen=True)
class TokenRows:
    """The tokens of n rows, both sides of a pair one after the other.

    Parameters
    ----------
    codes : ndarray of int, shape (tokens,)
        Token numbers, row by row.
    lengths : ndarray of int, shape (n,)
        Tokens of each row.
    vocabulary : list of str
        Token of each number.
    whole : ndarray of int, shape (n,)
        Length of each row as it is reported: its tokens, special pieces included.
    """

    codes: np.ndarray
    lengths: np.ndarray
    vocabulary: list[str]
    whole: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Row of each token, shape (tokens,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def without(self, dropped: Iterable[str]) -> TokenRows:
        """Return the rows without these tokens; `whole` stays."""
        out = frozenset(dropped)
        kept = np.array([token not in out for token in self.vocabulary], dtype=bool)
        here = kept[self.codes] if len(self.codes) else np.zeros(0, dtype=bool)
        lengths = np.bincount(self.owner[here], minlength=len(self.lengths))
        return TokenRows(self.codes[here], lengths, self.vocabulary, self.whole)

    def counts(self, rows: np.ndarray) -> np.ndarray:
        """Return how often each token occurs in these rows, shape (vocabulary,)."""
        wanted = np.zeros(len(self.lengths), dtype=bool)
        wanted[rows] = True
        return np.bincount(self.codes[wanted[self.owner]], minlength=len(self.vocabulary))


def words_of(text: str) -> list[str]:
    """Return the words of a text, case-folded.

    Examples
    --------
    >>> words_of("Apa-apa saja, DON’T!")
    ['apa-apa', 'saja', "don't"]
    """
    return WORD.findall(_plain(text).casefold())


def cased_words(text: str) -> list[tuple[str, bool]]:
    """Return the words of a text as written, each with whether it begins a sentence.

    Examples
    --------
    >>> cased_words("Is Bali far? Yes.")
    [('Is', True), ('Bali', False), ('far', False), ('Yes', True)]
    """
    plain = _plain(text)
    found: list[tuple[str, bool]] = []
    end = 0
    for match in WORD.finditer(plain):
        between = plain[end : match.start()]
        is_first = not found or (between != " " and _SENTENCE.search(between) is not None)
        found.append((match[0], is_first))
        end = match.end()
    return found


def token_rows(X: Any, unit: Unit = "words", encoder: str = "minilm") -> TokenRows:
    """Return the tokens of texts or pairs.

    Parameters
    ----------
    X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
        Texts or pairs.
    unit : {"words", "pieces"}
        Words as `words_of` finds them, or pieces.
    encoder : str
        Whose pieces.

    Raises
    ------
    ModelError
        The encoder is not here.
    """
    sides = as_pairs(X) if is_pairs(X) else (as_texts(X),)
    return _UNITS[unit](sides, encoder)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def _in_words(sides: Sequence[Sequence[str]], encoder: str) -> TokenRows:
    numbers: dict[str, int] = {}
    codes: list[int] = []
    lengths = []
    for row in zip(*sides, strict=True):
        found = [numbers.setdefault(word, len(numbers)) for text in row for word in words_of(text)]
        codes += found
        lengths.append(len(found))
    n = np.array(lengths, dtype=np.int64)
    return TokenRows(np.array(codes, dtype=np.int64), n, list(numbers), n)


def _in_pieces(sides: Sequence[Sequence[str]], encoder: str) -> TokenRows:
    from makna.represent.embed import tokenizer_of
    from makna.represent.encoder_source import locate_encoder
    from makna.represent.tokens import tokenise

    tokenizer = tokenizer_of(locate_encoder(encoder))
    told = tokenise(tokenizer, sides[0], _NO_LIMIT, pair=sides[1] if len(sides) > 1 else None)
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    kept = [[piece for piece in row if piece not in special] for row in told.ids]
    codes = np.array([piece for row in kept for piece in row], dtype=np.int64)
    numbers, codes = np.unique(codes, return_inverse=True)
    names = [str(piece) for piece in tokenizer.convert_ids_to_tokens(numbers.tolist())]
    lengths = np.array([len(row) for row in kept], dtype=np.int64)
    return TokenRows(codes.reshape(-1), lengths, names, told.lengths_before)


_UNITS = {"words": _in_words, "pieces": _in_pieces}
