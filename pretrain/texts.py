"""Texts: the form in which two count as the same, runs of words, and what is tidied before learning."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator

_SEPARATORS = re.compile(r"[\W_]+")
_MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"https?://\S+|www\.\S+|\[url\]|xxxurlxxx", re.IGNORECASE), " url "),
    (re.compile(r"\[username\]|xxxuserxxx|(?<!\w)@\w+", re.IGNORECASE), " user "),
    (re.compile(r"\[hashtag\]", re.IGNORECASE), " "),
    (re.compile(r"xxxnumberxxx", re.IGNORECASE), "1"),
    (re.compile(r"\\n|\\r|\\t|[\t\r\n]+"), " "),
    (re.compile(r"\[\d+\]"), ""),  # footnotes of an encyclopaedia
    (re.compile(r"\s-(nya|ku|mu|lah|kah|pun|an)\b"), r"\1"),  # clitics that a tagger took off
    (re.compile(r"(\w)\1{3,}"), r"\1\1\1"),
    (re.compile(r"([^\w\s])\1{3,}"), r"\1\1\1"),
    (re.compile(r"\s+"), " "),
)
_PUNCTUATION = re.compile(r"[^\w\s]|_")


def normalised(text: str) -> str:
    """Return the form in which two texts are the same: NFKC, case folded, all but letters and digits one space."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def key(text: str) -> str:
    """Return the SHA-256 of a text's normalised form."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()


def runs(words: list[str], length: int) -> Iterator[str]:
    """Yield every run of `length` words."""
    for start in range(len(words) - length + 1):
        yield " ".join(words[start : start + length])


def tidy(text: str) -> str:
    """Replace addresses and names by words, drop footnote marks, shorten what is repeated."""
    text = "".join(mark if not "\ud800" <= mark <= "\udfff" else " " for mark in text)
    for pattern, by in _MARKS:
        text = pattern.sub(by, text)
    return text.strip()


def without_punctuation(text: str) -> str:
    """Return letters, digits and spaces alone, as texts are after a study's cleaning."""
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def pieces_of(text: str, most_words: int) -> Iterator[str]:
    """Cut a long text into parts of at most `most_words` words, at ends of sentences where there are some."""
    words = text.split()
    start = 0
    while start < len(words):
        end = min(start + most_words, len(words))
        if end < len(words):
            stops = [at for at in range(start + most_words // 2, end) if words[at][-1] in ".!?"]
            end = stops[-1] + 1 if stops else end
        yield " ".join(words[start:end])
        start = end
