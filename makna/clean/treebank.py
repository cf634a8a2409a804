"""Texts that were cut into Penn Treebank tokens, put together again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from makna.clean.step import TextStep

_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-[LR][RSC]B-"), lambda found: _BRACKETS[found[0]]),
    (re.compile(r"``|''"), '"'),
    (re.compile(r"\b(ca|gon|wan|got|gim|lem) (n't|na|ta|me)\b", re.IGNORECASE), r"\1\2"),
    (re.compile(r"(\w) (n't|'(?:s|re|ve|ll|d|m))\b", re.IGNORECASE), r"\1\2"),
    (re.compile(r"(?<=[^\s]) ([?!.,;:%)\]}])"), r"\1"),
    (re.compile(r"([(\[{$#]) (?=[^\s])"), r"\1"),
)


@dataclass(frozen=True)
class Untokenise(TextStep):
    """Undo Penn Treebank tokens: brackets and quotes as signs, contractions whole, no space before a mark.

    For texts that come as ``Why do n't they -LRB- both -RRB- go ?``; others hardly change. The cut tells a model of
    which set a text is, and words are not those it knows.

    Examples
    --------
    >>> Untokenise().apply("Why do n't they -LRB- both -RRB- go ?")
    "Why don't they (both) go?"
    """

    name: ClassVar[str] = "untokenise"

    def apply(self, text: str) -> str:
        """Return `text` without the marks of tokenising."""
        for pattern, by in _RULES:
            text = pattern.sub(by, text)
        return text
