"""The text step for emoji: dropped, or written in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from makna.clean.step import TextStep, choice, squeeze

_BASE = (
    "\U0001f000-\U0001faff\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u2194-\u2199\u21a9\u21aa"
    "\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
)
_EMOJI = re.compile(
    rf"[{_BASE}][{_BASE}\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*|[0-9#*]\ufe0f?\u20e3|[\ufe0e\ufe0f]"
)
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_UNKNOWN = re.compile(f"[{_BASE}\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f]")


@dataclass(frozen=True)
class Emoji(TextStep):
    """Drop emoji, or write their names in words.

    The names are those of Unicode's CLDR, as ``emoji.demojize`` of the package `emoji` gives them, with spaces in place
    of underscores and without colons. Shades of skin are not named; signs without a name (☆) are dropped.

    Parameters
    ----------
    to : {"drop", "name"}
        Whether emoji vanish or become words.
    language : {"id", "en"}
        Language of the words.

    Examples
    --------
    >>> Emoji().apply("lucu 😂👍🏽 sekali")
    'lucu sekali'
    >>> Emoji(to="name").apply("lucu 😂")
    'lucu wajah gembira berurai air mata'
    >>> Emoji(to="name", language="en").apply("lucu 😂")
    'lucu face with tears of joy'
    """

    to: str = choice("drop", "name")
    language: str = choice("id", "en")

    name: ClassVar[str] = "emoji"
    shorthand: ClassVar[str] = "to"

    def apply(self, text: str) -> str:
        """Return `text` without emoji."""
        if text.isascii():
            return text
        cleaned, count = _EMOJI.subn(self._named if self.to == "name" else " ", text)
        return squeeze(cleaned) if count else text

    def _named(self, match: re.Match[str]) -> str:
        return f" {_names(match[0], self.language)} "


@lru_cache(maxsize=4096)
def _names(run: str, language: str) -> str:
    from emoji import demojize

    named = demojize(_SKIN.sub("", run), delimiters=(" ", " "), language=language)
    return squeeze(_UNKNOWN.sub(" ", named).replace("_", " "))
