"""The text step for punctuation: dropped, or repeated marks shortened."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from makna.clean.step import TextStep, checked, choice, only_marks, squeeze

# Digits keep the mark between them (1.500, 10:30), a word's own apostrophe vanishes (jum'at, don't).
_INSIDE_NUMBER = re.compile(r"(?<=\d)[.,:/-](?=\d)")
_INSIDE_WORD = re.compile(r"(?<=[^\W\d_])['’`](?=[^\W\d_])")
_SHOUTS = re.compile(r"[!?]{2,}")
_DOTS = re.compile(r"(?:[.…]{2,}|…)(?=([^\W_])?)")
_SAME = re.compile(r"([,;:~*\-])\1+")


@dataclass(frozen=True)
class Punctuation(TextStep):
    """Drop punctuation marks, or shorten repeated ones.

    Dropped marks become a space; the apostrophe inside a word vanishes, and a mark between digits stays. Signs that are
    no punctuation (emoji, ``+``, ``=``, ``Rp``) stay. Shortening leaves each mark of a run once.

    Parameters
    ----------
    to : {"drop", "shorten"}
        What happens.
    keep : str
        Marks that are left alone.

    Examples
    --------
    >>> Punctuation().apply("Bagus!!! (harga 1.500, jum'at)")
    'Bagus harga 1.500 jumat'
    >>> Punctuation(to="shorten").apply("Apa?!?!!! Entah....lah")
    'Apa?! Entah. lah'
    """

    to: str = choice("drop", "shorten")
    keep: str = checked("", lambda value: isinstance(value, str) and only_marks(value), '"!?"')

    name: ClassVar[str] = "punctuation"
    shorthand: ClassVar[str] = "to"

    def apply(self, text: str) -> str:
        """Return `text` with less punctuation."""
        return self._dropped(text) if self.to == "drop" else self._shortened(text)

    def _dropped(self, text: str) -> str:
        text = _INSIDE_WORD.sub(lambda match: match[0] if match[0] in self.keep else "", text)
        inside = {match.start() for match in _INSIDE_NUMBER.finditer(text)}
        kept = "".join(
            character if i in inside or character in self.keep or not _is_mark(character) else " "
            for i, character in enumerate(text)
        )
        return text if kept == text else squeeze(kept)

    def _shortened(self, text: str) -> str:
        text = _SHOUTS.sub(self._each_once, text)
        text = _SAME.sub(self._each_once, text)
        return _DOTS.sub(self._one_dot, text)

    def _each_once(self, match: re.Match[str]) -> str:
        run = match[0]
        return run if set(run) & set(self.keep) else "".join(dict.fromkeys(run))

    def _one_dot(self, match: re.Match[str]) -> str:
        if set(match[0]) & set(self.keep):
            return match[0]
        # "tapi...saya" are two words, and "tapi.saya" would be one.
        return ". " if match[1] else "."


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return character in "`^|~<>\\" or unicodedata.category(character).startswith("P")
