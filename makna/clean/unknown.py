"""The words that no dictionary knows, so that a user sees what a slang table of their own could add."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from makna.clean.language import language_of, word_list
from makna.clean.sastrawi import root_words
from makna.clean.slang_tables import OWN, load_table
from makna.clean.stem_rules import StemRules
from makna.clean.stem_tables import own_exceptions
from makna.core.corpus import as_texts

_WORD = re.compile(r"[^\W\d_]{3,}")
_SHOWN = 60  # characters of an example


def unknown_words(texts: Sequence[str], n: int = 50) -> list[tuple[str, int, str]]:
    """Return the commonest words that are neither Indonesian nor everyday English, as far as makna can tell.

    Known are the words of makna's slang table on either side, makna's lists of everyday words, and PySastrawi's root
    words, with everything that the step `stem` leads to one of these. Texts in English are left out: makna has no
    dictionary of English. Names of people and places are unknown words too.

    Parameters
    ----------
    texts : sequence of str, shape (m,)
        Texts, best after cleaning.
    n : int
        How many words.

    Returns
    -------
    list of (str, int, str)
        Word in lower case, how often it stands there, and where it stands first; the commonest first.

    Raises
    ------
    DataError
        `texts` is no sequence of texts.

    Examples
    --------
    >>> unknown_words(["barangnya cigax bgt", "cigax dan murah"])
    [('cigax', 2, 'barangnya cigax bgt')]
    """
    counts: Counter[str] = Counter()
    where: dict[str, str] = {}
    for text in as_texts(texts):
        if language_of(text).code == "en":
            continue
        for match in _WORD.finditer(text):
            word = match[0].lower()
            counts[word] += 1
            if word not in where:
                where[word] = _around(text, match.start(), match.end())
    known = _known()
    found: list[tuple[str, int, str]] = []
    # Commonest first and only as many as needed: stemming every word of a large corpus takes long.
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(found) == n:
            break
        if word not in known and _stem(word) not in known:
            found.append((word, count, where[word]))
    return found


@cache
def _known() -> frozenset[str]:
    table = load_table(OWN).entries
    standard = {word for value, _ in table.values() for word in _WORD.findall(value)}
    return frozenset({*table, *standard, *word_list("id"), *word_list("en"), *root_words()})


def _stem(word: str) -> str:
    return _rules().stem(word) if word.isascii() else word


@cache
def _rules() -> StemRules:
    return StemRules.of((own_exceptions(),), informal=True)


def _around(text: str, start: int, end: int) -> str:
    first = max(0, start - _SHOWN // 3)
    last = max(end, first + _SHOWN)
    return ("…" if first else "") + " ".join(text[first:last].split()) + ("…" if last < len(text) else "")
