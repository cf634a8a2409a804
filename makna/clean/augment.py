"""Other ways of writing a text that leave its meaning: informal and standard words and affixes, a word less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np

from makna.clean.sastrawi import root_words
from makna.clean.slang import in_case_of
from makna.clean.slang_tables import OWN, load_table
from makna.clean.stem_rules import StemRules
from makna.clean.stem_tables import own_exceptions
from makna.clean.stopwords import LANGUAGES, own_words

Operation = Literal["slang", "standard", "affix", "drop", "swap"]
DEFAULT: tuple[Operation, ...] = ("slang", "standard", "affix", "drop")
# A word of these kinds says more than its standard form (a region, an insult), so the way back changes the text.
_ONE_WAY = frozenset({"regional", "swear"})
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_SPACES = re.compile(r"\s+")
_NASAL = re.compile(r"me(?=ng[aiueo]|ny[aiueo]|[nm][aiueo])")
_LONGEST = 4  # words of a standard form
_AFTER_NEGATION = 2  # words that a negation may turn round: tidak terlalu bagus
_SECOND = 0.5  # chance of every operation after the first


@dataclass(frozen=True)
class Augmenter:
    """Writes a text another way.

    Parameters
    ----------
    operations : sequence of str
        What may be done. ``"slang"``: standard words become slang by makna's own table read backwards (regional words
        and insults are left out); ``"standard"``: slang becomes standard; ``"affix"``: informal affixes (menulis →
        nulis, gunakan → gunain, barangnya → barang), where makna's stemmer finds the same stem;
        ``"drop"``: words are left out, but no negation and none of the two words after it; ``"swap"``: two
        neighbouring words change places, under the same guard.
    change : float
        Share of the words that can change which do, in (0, 1]; one at least.
    drop : float
        Share of the words that can be left out which are, in (0, 1]; one at least.

    Notes
    -----
    Dropping and swapping words follow Wei & Zou (2019), *EDA: Easy data augmentation techniques*; synonyms are left
    out, because a synonym of a sentiment word seldom has its strength.

    Examples
    --------
    >>> Augmenter(("standard",)).vary("barangnya gak sesuai", np.random.default_rng(0))
    'barangnya tidak sesuai'
    >>> Augmenter(("affix",)).vary("saya mengirim", np.random.default_rng(0))
    'saya ngirim'
    """

    operations: Sequence[Operation] = DEFAULT
    change: float = 0.3
    drop: float = 0.1

    def vary(self, text: str, rng: np.random.Generator) -> str:
        """Return `text` written another way; itself where no operation finds anything to do.

        Parameters
        ----------
        text : str
            A text; it keeps at least one word.
        rng : Generator
            Decides everything, so that the same generator gives the same text.
        """
        order = [self.operations[i] for i in rng.permutation(len(self.operations))]
        words, changed = _Words.of(text), False
        for operation in order:
            if not changed or rng.random() < _SECOND:
                changed = _OPERATIONS[operation](words, self, rng) or changed
        if str(words) != text:
            return str(words)
        # Two operations undid each other: the first that changes something by itself.
        for operation in order:
            words = _Words.of(text)
            _OPERATIONS[operation](words, self, rng)
            if str(words) != text:
                break
        return str(words)


class _Words:
    """A text as words and what stands before, between and after them."""

    def __init__(self, words: list[str], gaps: list[str]) -> None:
        self.words = words
        self.gaps = gaps  # one more than words
        self.is_new = [False] * len(words)

    @classmethod
    def of(cls, text: str) -> _Words:
        """Take a text apart."""
        return cls(_WORD.findall(text), _WORD.split(text))

    def __str__(self) -> str:
        pieces = [piece for pair in zip(self.gaps, self.words, strict=False) for piece in pair]
        return "".join([*pieces, self.gaps[-1]])

    def put(self, start: int, n: int, word: str) -> None:
        """Put one word (or a few, held together) in place of n."""
        self.words[start : start + n] = [in_case_of(self.words[start], word)]
        self.gaps[start + 1 : start + n] = []
        self.is_new[start : start + n] = [True]

    def drop(self, place: int) -> None:
        """Leave a word out."""
        del self.words[place], self.is_new[place]
        around = _SPACES.sub(" ", self.gaps[place] + self.gaps.pop(place + 1))
        around = around.lstrip() if place == 0 else around
        self.gaps[place] = around.rstrip() if place == len(self.words) else around

    def free(self) -> list[int]:
        """Return the places of words that no negation turns round."""
        guarded: set[int] = set()
        for place, word in enumerate(self.words):
            if _has_negation(word):
                guarded |= set(range(place, place + _AFTER_NEGATION + 1))
        return [place for place in range(len(self.words)) if place not in guarded]


def _chosen(n: int, share: float, rng: np.random.Generator) -> list[int]:
    """Return which of n are chosen, in order: each with this chance, one at least."""
    picked = np.flatnonzero(rng.random(n) < share).tolist()
    return picked or [int(rng.integers(n))]


_Span = tuple[int, int, Sequence[str]]
"""Place of the first word, number of words, what may stand in their place."""


def _replace(words: _Words, spans: Sequence[_Span], share: float, rng: np.random.Generator) -> bool:
    """Replace some spans; from the end, so that the places stay right."""
    if not spans:
        return False
    for which in reversed(_chosen(len(spans), share, rng)):
        start, n, choices = spans[which]
        words.put(start, n, choices[int(rng.integers(len(choices)))])
    return True


def _to_slang(words: _Words, settings: Augmenter, rng: np.random.Generator) -> bool:
    forms, place = _slang_of(), 0
    spans: list[_Span] = []
    while place < len(words.words):
        n = next((n for n in range(_LONGEST, 0, -1) if _phrase(words, place, n) in forms), 0)
        if n:
            spans.append((place, n, forms[_phrase(words, place, n)]))
        place += max(n, 1)
    return _replace(words, spans, settings.change, rng)


def _phrase(words: _Words, start: int, n: int) -> str:
    """Return n words as they stand in the table; "" where they are not one run of old words."""
    run = words.words[start : start + n]
    is_run = len(run) == n and set(words.gaps[start + 1 : start + n]) <= {" "}
    return " ".join(run).casefold() if is_run and not any(words.is_new[start : start + n]) else ""


def _to_standard(words: _Words, settings: Augmenter, rng: np.random.Generator) -> bool:
    table = load_table(OWN).entries
    spans = [
        (place, 1, (table[word.casefold()][0],))
        for place, word in enumerate(words.words)
        if word.casefold() in table and not words.is_new[place]
    ]
    return _replace(words, spans, settings.change, rng)


def _to_informal_affix(words: _Words, settings: Augmenter, rng: np.random.Generator) -> bool:
    found = [(place, 1, informal_affixes(word.lower())) for place, word in enumerate(words.words)]
    spans = [span for span in found if span[2] and not words.is_new[span[0]]]
    return _replace(words, spans, settings.change, rng)


def _drop(words: _Words, settings: Augmenter, rng: np.random.Generator) -> bool:
    free = words.free()
    if len(words.words) < 2 or not free:
        return False
    picked = _chosen(len(free), settings.drop, rng)[: len(words.words) - 1]
    for which in reversed(picked):
        words.drop(free[which])
    return True


def _swap(words: _Words, settings: Augmenter, rng: np.random.Generator) -> bool:
    free, held = set(words.free()), words.words
    pairs = [i for i in range(len(held) - 1) if {i, i + 1} <= free and held[i] != held[i + 1]]
    if not pairs:
        return False
    place = pairs[int(rng.integers(len(pairs)))]
    held[place], held[place + 1] = held[place + 1], held[place]
    return True


_OPERATIONS: dict[str, Callable[[_Words, Augmenter, np.random.Generator], bool]] = {
    "slang": _to_slang,
    "standard": _to_standard,
    "affix": _to_informal_affix,
    "drop": _drop,
    "swap": _swap,
}


@cache
def _slang_of() -> dict[str, list[str]]:
    """Return standard form → its slang forms, of makna's own table."""
    forms: dict[str, list[str]] = {}
    for slang, (standard, kind) in load_table(OWN).entries.items():
        if kind not in _ONE_WAY:
            forms.setdefault(standard.casefold(), []).append(slang)
    return forms


@cache
def negations() -> frozenset[str]:
    """Return the words that turn a sentence round, with the slang forms that hold one (gak, gabisa, krg)."""
    own = {word for language in LANGUAGES for word, is_negation in own_words(language).items() if is_negation}
    table = load_table(OWN).entries.items()
    return frozenset(own | {slang for slang, (standard, _) in table if own & set(standard.split())})


def _has_negation(word: str) -> bool:
    plain = word.casefold().replace("’", "'")
    return any(piece in negations() for piece in (plain, *_WORD.findall(plain)))


@cache
def _rules() -> StemRules:
    return StemRules.of((own_exceptions(),), informal=True)


@lru_cache(maxsize=50_000)
def informal_affixes(word: str) -> tuple[str, ...]:
    """Return the informal forms of a word with standard affixes; none where its stem would change.

    Parameters
    ----------
    word : str
        In lower case.

    Examples
    --------
    >>> [informal_affixes(word) for word in ("mengirim", "menggunakan", "makan")]
    [('ngirim',), ('gunakan', 'gunain', 'nggunain'), ()]
    """
    roots = root_words()
    if word in roots or not word.isalpha() or not word.isascii():
        return ()
    root = _rules().stem(word)
    if root not in roots or _has_negation(root):
        return ()
    # A form that is itself another root is another word: membantu, mantu.
    forms = [form for form in dict.fromkeys(_forms(word)) if form == root or form not in roots]
    return tuple(form for form in forms if form != word and _rules().stem(form) == root)


def _forms(word: str) -> Iterator[str]:
    """Yield what may be an informal form; the stemmer tells which are."""
    without = [word.removeprefix(prefix) for prefix in ("meng", "mem", "men", "me") if word.startswith(prefix)]
    if _NASAL.match(word):
        without.insert(0, word[2:])
    if word.startswith("menc"):
        without.append("ny" + word[4:])
    for form in (*without, word):
        if form != word:
            yield form
        if form.endswith("kan") and not form.endswith("ikan"):
            yield form[:-3] + "in"
    if word.endswith("nya"):
        yield from (word[:-3], word[:-1])
