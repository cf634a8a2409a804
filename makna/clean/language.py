"""Which language a text is in: Indonesian, English, a mixture of both, or neither that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from makna.clean.addresses import URL, USER
from makna.clean.escapes import drop_escapes

Code = Literal["id", "en", "mixed", "unknown"]
CODES: tuple[Code, ...] = ("id", "en", "mixed", "unknown")

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_APOSTROPHE = re.compile(r"['’]")
# Affixes of words that no list has. An ending such as -ing or -an is too common in both languages.
_INDONESIAN = re.compile(
    r"(?:meng|meny|mem[bp]|peng|peny|pem[bp]|ber[bcdgjklmnpst]|ter[bcdgjklnpst]|nge|ng[aiou])\w{2,}"
    r"|(?:ke|pe)\w{3,}an|di\w{3,}(?:kan|in|i)|\w{3,}(?:nya|ny|kan|kah|annya)|\w{2,}(?:uk|ak|uh|ih|ngg\w)"
)
_ENGLISH = re.compile(
    r"\w{2,}(?:tion|sion|ness|ould|ight|ious|ally|ough|ments?|ated|ating|ities|ability|ically|less|ship|ful|ing|ed|ly)s?"
    r"|(?:wh|th|sh|ch)\w{2,}|\w+(?:th|sh|ch|ck|gh|ee\w|oo\w)"
)
_AFFIX = 0.5  # of a word that is listed
_LEAST_KNOWN = 0.1
_LEAST_MIXED = 0.25


@dataclass(frozen=True)
class Language:
    """What is known of the language of a text.

    Parameters
    ----------
    code : {"id", "en", "mixed", "unknown"}
        The language; *mixed* where each of the two has at least two words and a quarter of the words that tell.
    share_id, share_en : float, 0 … 1
        Share of the text's words that are typical of the language; a word known by its affix alone counts half.
    known : float, 0 … 1
        Both shares together.
    """

    code: Code
    share_id: float
    share_en: float
    known: float


def language_of(text: str) -> Language:
    """Tell the language of a text by function words, common everyday words, and affixes.

    User names, addresses and escapes are not looked at. Texts without any word that tells are *unknown*; a third
    language is *unknown* at best, and relatives of Indonesian (Malay, often Javanese) may be taken for it.

    Parameters
    ----------
    text : str
        A raw text.

    Examples
    --------
    >>> language_of("Barangnya bagus banget, makasih ya").code
    'id'
    >>> language_of("What is the best way to learn?").code
    'en'
    >>> language_of("gue sih oke aja, but you should tell them first").code
    'mixed'
    """
    words = _words(text)
    if not words:
        return Language("unknown", 0.0, 0.0, 0.0)
    indonesian, english = _lists()
    weight_id = weight_en = 0.0
    listed_id = listed_en = 0
    for word in words:
        if word in indonesian:
            listed_id += 1
        elif word in english:
            listed_en += 1
        elif _INDONESIAN.fullmatch(word):
            weight_id += _AFFIX
        elif _ENGLISH.fullmatch(word):
            weight_en += _AFFIX
    share_id, share_en = (listed_id + weight_id) / len(words), (listed_en + weight_en) / len(words)
    mixed = min(listed_id, listed_en) >= 2
    return Language(_code(share_id, share_en, mixed), share_id, share_en, share_id + share_en)


def count_languages(texts: Iterable[str]) -> dict[str, int]:
    """Return how many texts are in each language; ``languages`` of the run's ``data.json``.

    Examples
    --------
    >>> count_languages(["apa kabar kamu", "how are you", "..."])
    {'id': 1, 'en': 1, 'mixed': 0, 'unknown': 1}
    """
    counts: dict[str, int] = dict.fromkeys(CODES, 0)
    for text in texts:
        counts[language_of(text).code] += 1
    return counts


@cache
def word_list(language: Literal["id", "en"]) -> frozenset[str]:
    """Return makna's list of function words and common everyday words of a language."""
    path = resources.files("makna.clean") / "tables" / f"words-{language}.txt"
    return frozenset(path.read_text(encoding="utf-8").split())


def _code(share_id: float, share_en: float, mixed: bool) -> Code:
    known = share_id + share_en
    if known < _LEAST_KNOWN or share_id == share_en:
        return "mixed" if mixed else "unknown"
    if mixed and min(share_id, share_en) / known >= _LEAST_MIXED:
        return "mixed"
    return "id" if share_id > share_en else "en"


def _lists() -> tuple[frozenset[str], frozenset[str]]:
    return word_list("id"), word_list("en")


def _words(text: str) -> list[str]:
    text = USER.sub(" ", URL.sub(" ", drop_escapes(text)))
    return [_APOSTROPHE.sub("", word) for word in _WORD.findall(text.casefold()) if len(word) > 1 or word == "i"]
