"""PySastrawi's stemmer, asked for one word at a time and driven faster, with the same answers.

PySastrawi tries some 35 prefix rules, one regular expression each, on every word, and compiles a new regular expression
for every affix it removes. Its `Context` takes the rules from outside, so here it is given the same rules behind a
look at the first three letters, and suffixes are removed by slicing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from typing import Any

#: Versions whose rules are the ones of `_STARTS`; any other is used as it comes.
KNOWN = ("1.2.1",)

# Number of PySastrawi's prefix rule → the first letters it needs; "?" is any letter.
_STARTS = (
    dict.fromkeys((1, 2, 3), "ber")
    | {4: "bel", 5: "be?"}
    | dict.fromkeys((6, 7, 8, 35), "ter")
    | {9: "te?", 10: "me?"}
    | dict.fromkeys((11, 12, 13, 19), "mem")
    | dict.fromkeys((14, 15, 16, 17, 18), "men")
    | dict.fromkeys((20, 32, 34, 36), "pe?")
    | dict.fromkeys((21, 23, 24), "per")
    | dict.fromkeys((25, 26), "pem")
    | dict.fromkeys((27, 28, 29, 30, 31), "pen")
    | {37: "?er", 38: "?el", 39: "?em", 40: "?in", 41: "ku?", 42: "kau"}
)
_DERIVATIONAL = ("isasi", "isme", "kan", "is", "an", "i")
_PARTICLES = ("lah", "kah", "tah", "pun")
_POSSESSIVES = ("nya", "ku", "mu")


def version() -> str:
    """Return the version of PySastrawi that is installed."""
    return metadata.version("PySastrawi")


@lru_cache(maxsize=1)
def root_words() -> frozenset[str]:
    """Return PySastrawi's list of root words."""
    return frozenset(_stemmer().dictionary.words)


@lru_cache(maxsize=1)
def word_stemmer() -> Callable[[str], str]:
    """Return the function that stems one word as PySastrawi's ``create_stemmer().stem`` does.

    The word is lower case and has no characters but letters, digits and hyphens.

    Examples
    --------
    >>> word_stemmer()("keberhasilannya")
    'hasil'
    """
    stem: Callable[[str], str] = _stemmer().stem_word
    return stem


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    stemmer = StemmerFactory().create_stemmer().delegatedStemmer
    if version() in KNOWN:
        stemmer.visitor_provider = _Provider(stemmer.visitor_provider)
    return stemmer


class _Provider:
    """PySastrawi's rules as its `Context` asks for them."""

    def __init__(self, original: Any) -> None:
        from Sastrawi.Stemmer.Context.Removal import Removal

        self._visitors = original.get_visitors()
        self._suffixes = [
            _Suffix(_PARTICLES, "-", "P", Removal),
            _Suffix(_POSSESSIVES, "-", "PP", Removal),
            _Suffix(_DERIVATIONAL, "", "DS", Removal),
        ]
        self._prefixes = [_Prefixes(original.get_prefix_visitors(), Removal)]

    def get_visitors(self) -> Any:
        return self._visitors

    def get_suffix_visitors(self) -> list[Any]:
        return self._suffixes

    def get_prefix_visitors(self) -> list[Any]:
        return self._prefixes


class _Suffix:
    """Remove the first of some endings that fits, and marks that stand before it."""

    def __init__(self, endings: tuple[str, ...], marks: str, kind: str, removal: Any) -> None:
        self._endings, self._marks, self._kind, self._removal = endings, marks, kind, removal

    def visit(self, context: Any) -> None:
        word = context.current_word
        if not word.endswith(self._endings):
            return
        ending = next(ending for ending in self._endings if word.endswith(ending))
        left = word[: -len(ending)].rstrip(self._marks) if self._marks else word[: -len(ending)]
        context.add_removal(self._removal(self, word, left, word[len(left) :], self._kind))
        context.current_word = left


class _Prefixes:
    """Try the prefix rules in PySastrawi's order until one removes something; those that cannot fit are left out."""

    def __init__(self, originals: list[Any], removal: Any) -> None:
        rules = [visitor.disambiguators for visitor in originals[1:]]
        self._rules = [(_starts(rule[0]), rule) for rule in rules]
        self._removal = removal
        self._fitting: dict[str, list[Any]] = {}

    def visit(self, context: Any) -> None:
        word = context.current_word
        if word.startswith(("di", "ke", "se")):
            self._remove(context, word[2:])
            return
        # PySastrawi looks no further than this at root words, nor at words of up to three letters.
        contains = context.dictionary.contains
        if contains(word) or context.process_is_stopped or not word:
            return
        # Of other first letters no rule asks which one it is.
        start = word[:3] if word[0] in "bkmpt" else "?" + word[1:3]
        if start not in self._fitting:
            self._fitting[start] = [rules for pattern, rules in self._rules if _fits(pattern, start)]
        for rules in self._fitting[start]:
            left = None
            for rule in rules:
                left = rule.disambiguate(word)
                if contains(left):
                    break
            if left is not None:
                self._remove(context, left)
                return

    def _remove(self, context: Any, left: str) -> None:
        # Which letters a prefix had is asked of suffixes only.
        context.add_removal(self._removal(self, context.current_word, left, "", "DP"))
        context.current_word = left


def _starts(rule: Any) -> str:
    """Return the first letters that a rule of PySastrawi needs, from its number."""
    return _STARTS[int("".join(filter(str.isdigit, type(rule).__name__)))]


def _fits(pattern: str, start: str) -> bool:
    return all(a in ("?", b) for a, b in zip(pattern, start, strict=False))
