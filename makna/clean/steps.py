"""The plain text steps: case, alphanumeric, HTML, numbers, elongation, white space."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from makna.clean.escapes import decode_entities
from makna.clean.step import TextStep, checked, choice, only_marks, squeeze


@dataclass(frozen=True)
class Lowercase(TextStep):
    """Lower case by Unicode's rules, the same under every locale.

    Turkish İ becomes a plain i: `str.lower` alone leaves a combining dot behind, and with it a new word.

    Examples
    --------
    >>> Lowercase().apply("İSTANBUL Keren")
    'istanbul keren'
    """

    name: ClassVar[str] = "lowercase"

    def apply(self, text: str) -> str:
        """Return `text` in lower case."""
        return text.replace("İ", "i").lower()


@dataclass(frozen=True)
class Alphanumeric(TextStep):
    """Keep letters and digits; everything else becomes one space.

    A combining mark belongs to its letter and stays with it; the underscore is no letter.

    Parameters
    ----------
    keep : str
        Marks that stay too, such as ``"!?"``.

    Examples
    --------
    >>> Alphanumeric(keep="!").apply("bagus_sekali, kak!!! (100%)")
    'bagus sekali kak!!! 100'
    """

    keep: str = checked("", lambda value: isinstance(value, str) and only_marks(value), '"!?"')

    name: ClassVar[str] = "alphanumeric"
    shorthand: ClassVar[str] = "keep"

    @cached_property
    def _others(self) -> re.Pattern[str]:
        underscore = "" if "_" in self.keep else "|_"
        return re.compile(rf"(?:[^\w{re.escape(self.keep)}]{underscore})+")

    def apply(self, text: str) -> str:
        """Return the letters, digits and kept marks of `text`."""
        by = " " if text.isascii() else _space_after_marks
        return self._others.sub(by, text).strip()


@dataclass(frozen=True)
class Html(TextStep):
    """Decode entities and drop tags, comments, scripts and style sheets.

    ``3 < 5`` is no tag. Tags inside a line (``<b>``, ``<span>`` …) vanish, others become a space.

    Examples
    --------
    >>> Html().apply("<p>ba<b>gus</b> &amp; murah<br>3 < 5</p>")
    'bagus & murah 3 < 5'
    """

    name: ClassVar[str] = "html"
    # A tag taken apart by another tag may be whole in the second round.
    idempotent: ClassVar[bool] = False

    def apply(self, text: str) -> str:
        """Return the words of `text`."""
        if "<" not in text and "&" not in text:
            return text
        text = decode_entities(text)
        for opening, closing in _BLOCKS:
            text = _drop_blocks(text, opening, closing)
        return squeeze(_TAG.sub(" ", _INLINE_TAG.sub("", text)))


@dataclass(frozen=True)
class Numbers(TextStep):
    """Drop numbers, or put one token in place of each.

    Parameters
    ----------
    token : str
        What stands for a number; nothing by default.
    keep_years : bool
        Whether 1900 … 2099 stay.
    inside_words : bool
        Whether digits inside words (``hati2``, ``50rb``) go too.

    Examples
    --------
    >>> Numbers(keep_years=True).apply("harga 1.500,50 di 2010 untuk 3 anak2")
    'harga di 2010 untuk anak2'
    """

    token: str = checked("", lambda value: isinstance(value, str) and not re.search(r"[\s\d]", value), '"", "ANGKA"')
    keep_years: bool = choice(False, True)
    inside_words: bool = choice(False, True)

    name: ClassVar[str] = "numbers"

    def apply(self, text: str) -> str:
        """Return `text` without its numbers."""
        pattern = _DIGITS if self.inside_words else _NUMBER_OR_WORD
        cleaned = pattern.sub(self._replaced, text)
        return text if cleaned == text else squeeze(cleaned)

    def _replaced(self, match: re.Match[str]) -> str:
        found = match[0]
        if not _DIGITS.fullmatch(found) or (self.keep_years and _YEAR.fullmatch(found)):
            return found
        return f" {self.token} "


@dataclass(frozen=True)
class Elongation(TextStep):
    """Shorten characters that are repeated three times or more, upper and lower case alike.

    Digits and white space are never touched, nor are ``www.`` and the Roman numerals that end in ``III``.

    Parameters
    ----------
    to : {1, 2}
        How many are left: 1 gives the written word more often (``baguuus`` → ``bagus``), 2 keeps words that have a
        double letter (``maaaf`` → ``maaf``).

    Examples
    --------
    >>> Elongation().apply("baguuuus bangeeet!!! 10000 Pasal XVIII")
    'bagus banget! 10000 Pasal XVIII'
    """

    to: int = choice(1, 2)

    name: ClassVar[str] = "elongation"
    shorthand: ClassVar[str] = "to"

    def apply(self, text: str) -> str:
        """Return `text` with its repetitions shortened."""
        return _REPEATED.sub(self._shortened, text)

    def _shortened(self, match: re.Match[str]) -> str:
        if match[1].isnumeric() or (match[0] == "III" and _ends_roman(match)):
            return match[0]
        return match[0][: self.to]


@dataclass(frozen=True)
class Whitespace(TextStep):
    """Make every run of white space one space, with none at the ends; zero-width characters vanish."""

    name: ClassVar[str] = "whitespace"

    def apply(self, text: str) -> str:
        """Return `text` with single spaces."""
        return squeeze(text if text.isascii() else _ZERO_WIDTH.sub("", text))


_BLOCKS = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE))
    for opening, closing in (
        (r"<!--", r"-->"),
        (r"<script\b[^<>]*>", r"</script\s*>"),
        (r"<style\b[^<>]*>", r"</style\s*>"),
    )
)
_INLINE_TAG = re.compile(r"</?(?:a|b|em|font|i|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAG = re.compile(r"<[/!]?[A-Za-z][^<>]*>")

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")
# Words are matched too and put back: a pattern that only looks for numbers would read "1,1,1,1,…x" again and again.
_NUMBER_OR_WORD = re.compile(r"\w+(?:(?<=\d)[.,](?=\d)\w+)*")

_REPEATED = re.compile(r"(?!www\.)([^\d\s])\1{2,}", re.IGNORECASE)
_ROMAN = re.compile(r"(?:X{0,3}|XL|LX{0,3}|XC)V?III")
_ZERO_WIDTH = re.compile("[\u200b\u2060\ufeff]")


def _space_after_marks(match: re.Match[str]) -> str:
    # Variation selectors and enclosing keycaps are marks too, but belong to emoji.
    run, end = match[0], 0
    if match.start() > 0:
        while (
            end < len(run) and unicodedata.category(run[end]) in ("Mn", "Mc") and not "\ufe00" <= run[end] <= "\ufe0f"
        ):
            end += 1
    return run[:end] + (" " if end < len(run) else "")


def _drop_blocks(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    # A loop rather than one lazy pattern: with many openings and no closing that would take quadratic time.
    kept, position = [], 0
    while start := opening.search(text, position):
        end = closing.search(text, start.end())
        if end is None:
            break
        kept += [text[position : start.start()], " "]
        position = end.end()
    return "".join(kept) + text[position:]


def _ends_roman(match: re.Match[str]) -> bool:
    text, start, end = match.string, match.start(), match.end()
    if end < len(text) and text[end].isalnum():
        return False
    # No Roman numeral below 100 has more than 8 letters (LXXXVIII).
    first = start
    while first > 0 and start - first < 6 and text[first - 1].isalnum():
        first -= 1
    return _ROMAN.fullmatch(text, first, end) is not None
