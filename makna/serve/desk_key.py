"""Which parts of a key an answer covers, and which it misses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from makna.clean.language import language_of
from makna.clean.stem import Stem
from makna.clean.stopwords import own_words
from makna.core.corpus import normalised

# Where one statement of a key ends and the next begins: marks, list signs, and words that join clauses.
_BREAKS = re.compile(
    r"[.;:!?\n•]+(?=\s|$)|\s[-–—]\s|,\s|\s\(|\)\s|(?:^|\s)\d+[.)]\s"
    r"|\b(?:sehingga|karena|sebab|agar|supaya|sedangkan|tetapi|serta|dan|lalu|kemudian|maka|yaitu|sekaligus"
    r"|and|but|because|so that|which|while|whereas|then|therefore)\b",
    re.IGNORECASE,
)
_GRAM = 3
_ALIKE = 0.6
_COVERED = 0.5


@dataclass(frozen=True)
class Part:
    """One statement of a key.

    Parameters
    ----------
    text : str
        As it stands in the key.
    words : tuple of str
        Its content words as stems, those of the question left out where the key has others.
    """

    text: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """What an answer has of its key.

    Parameters
    ----------
    covered, missed : tuple of str
        Parts of the key, as they stand there.
    share : float, 0 … 1
        Of the key's content words, how many the answer has; 0 where the key has none.
    """

    covered: tuple[str, ...]
    missed: tuple[str, ...]
    share: float


class Key:
    """A key in its parts, against which answers are held.

    Parameters
    ----------
    text : str
        The key.
    question : str
        The question, whose words are no merit of an answer; may be empty.

    Examples
    --------
    >>> key = Key("Tumbuhan menyerap karbon dioksida dan melepaskan oksigen.", "Apa guna tumbuhan?")
    >>> found = key.held_against("pohon itu mengeluarkan oksigen dari daun")
    >>> found.covered, found.missed
    (('melepaskan oksigen',), ('Tumbuhan menyerap karbon dioksida',))
    """

    def __init__(self, text: str, question: str = "") -> None:
        self.text = text
        self.language = language_of(text).code
        self._asked = frozenset(content_words(question, self.language))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The key's parts; what only repeats the question is none, unless nothing else is there."""
        texts: list[str] = []
        for piece in _BREAKS.split(self.text):
            piece = " ".join(piece.split()).strip(" ,.;:-–—()")
            if not piece:
                continue
            if content_words(piece, self.language) or not texts:
                texts.append(piece)
            else:
                texts[-1] = f"{texts[-1]} {piece}"
        found = [Part(text, tuple(dict.fromkeys(content_words(text, self.language)))) for text in dict.fromkeys(texts)]
        own = [Part(part.text, tuple(word for word in part.words if word not in self._asked)) for part in found]
        told = tuple(part for part in own if part.words)
        return told or tuple(part for part in found if part.words)

    @cached_property
    def words(self) -> frozenset[str]:
        """All content words of the key as stems, those of the question left out where others remain."""
        words = frozenset(content_words(self.text, self.language))
        return (words - self._asked) or words

    def held_against(self, answer: str) -> Coverage:
        """Return which parts an answer covers: at least half of a part's content words, or words spelt much alike."""
        known = frozenset(content_words(answer, self.language))
        covered: list[str] = []
        missed: list[str] = []
        for part in self.parts:
            hits = sum(has_word(word, known) for word in part.words)
            (covered if hits >= _COVERED * len(part.words) else missed).append(part.text)
        share = sum(has_word(word, known) for word in self.words) / len(self.words) if self.words else 0.0
        return Coverage(tuple(covered), tuple(missed), share)


def has_word(word: str, known: frozenset[str]) -> bool:
    """Tell whether a word, or one spelt much alike (Dice of its letter triples ≥ 0.6), is among known ones.

    Examples
    --------
    >>> has_word("fotosintesis", frozenset({"fotosintesa"})), has_word("air", frozenset({"udara"}))
    (True, False)
    """
    if word in known:
        return True
    if len(word) < 5 or any(map(str.isdigit, word)):
        return False
    grams = _grams(word)
    for other in known:
        if abs(len(other) - len(word)) <= 3 and len(other) >= 4:
            theirs = _grams(other)
            if 2 * len(grams & theirs) >= _ALIKE * (len(grams) + len(theirs)):
                return True
    return False


def content_words(text: str, language: str) -> list[str]:
    """Return the words of a text that say something, as stems where the language is Indonesian.

    Parameters
    ----------
    text : str
        A text.
    language : {"id", "en", "mixed", "unknown"}
        English is not stemmed; words spelt much alike are taken as the same.

    Examples
    --------
    >>> content_words("Tumbuhan itu menyerap air dari tanah", "id")
    ['tumbuh', 'serap', 'air', 'tanah']
    """
    return list(_content(text, language == "en"))


@lru_cache(maxsize=65_536)
def _content(text: str, is_english: bool) -> tuple[str, ...]:
    stop = _stop_words()
    words = [word for word in normalised(text).split() if word not in stop]
    if is_english:
        return tuple(word for word in words if len(word) > 1 or word.isdigit())
    stems = _stemmed(words)
    return tuple(stem for stem in stems if stem not in stop and (len(stem) > 1 or stem.isdigit()))


def _stemmed(words: Sequence[str]) -> list[str]:
    # A word of other letters than a-z is left as it is: the stemmer would drop it.
    return [(_stem().apply(word) if word.isascii() else word) or word for word in words]


@lru_cache(maxsize=1)
def _stem() -> Stem:
    return Stem().resolve()


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    # Negations stay: "tidak menyerap" is not "menyerap".
    lists = [own_words(language) for language in ("id", "en")]
    return frozenset(word for words in lists for word, is_negation in words.items() if not is_negation)


@lru_cache(maxsize=65_536)
def _grams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[i : i + _GRAM] for i in range(len(padded) - _GRAM + 1))
