"""Words of a text as they are written, for everything that has a vector for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are written; a hyphen or apostrophe inside belongs to the word.

    Examples
    --------
    >>> words_of("Barangnya bagus-bagus, don't worry!")
    ['Barangnya', 'bagus-bagus', "don't", 'worry']
    """
    return _WORD.findall(text)


def vocabulary_of(texts: Sequence[str], min_count: int) -> list[str]:
    """Return the words that occur at least so often, the commonest first, equal ones in alphabetical order."""
    counts = Counter(chain.from_iterable(map(words_of, texts)))
    kept = [word for word, n in counts.items() if n >= min_count]
    return sorted(kept, key=lambda word: (-counts[word], word))
