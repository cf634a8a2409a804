"""VADER, a lexicon and its rules for English (Hutto and Gilbert 2014), by the library of its authors."""

from __future__ import annotations

import importlib.util
from functools import cache
from types import ModuleType
from typing import Any

from makna.core.optional import require
from makna.label.lexicon import Boost, Score

_MODULE = "vaderSentiment.vaderSentiment"


class VaderScorer:
    """Scores English texts.

    Parameters
    ----------
    boost : {"library", "paper"}
        Boosters such as *very* add 0.293 to the weight of a word, as the library does, or multiply it by 1.293, as
        study 004 writes (equation 2.3); all other rules (capitals, marks, *but*, negation, distance) are the library's.

    Raises
    ------
    MissingPackageError
        vaderSentiment is not installed.
    """

    def __init__(self, boost: Boost = "library") -> None:
        self.boost = boost
        self._analyser = _analyser(boost)

    def score(self, text: str) -> Score:
        """Return the score of an English text."""
        found = self._analyser.polarity_scores(text)
        return Score(float(found["compound"]), found["pos"] > 0, found["neg"] > 0)


@cache
def _analyser(boost: Boost) -> Any:
    library = require(_MODULE, "vader")
    if boost == "library":
        return library.SentimentIntensityAnalyzer()
    return _multiplying(_copy_of(library))


def _copy_of(library: ModuleType) -> ModuleType:
    """Return a second, private copy of the library, so that changing its rules changes nobody else's."""
    assert library.__file__ is not None
    spec = importlib.util.spec_from_file_location("makna_vader_paper", library.__file__)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def _multiplying(library: Any) -> Any:
    """Return an analyser of this copy of the library whose boosters multiply."""
    added, boosters = library.scalar_inc_dec, dict(library.BOOSTER_DICT)
    of_two_words = {words: library.BOOSTER_DICT.pop(words) for words in boosters if " " in words}

    def multiplied(word: str, valence: float, is_cap_diff: bool) -> float:
        by = boosters.get(word.lower(), 0.0)
        # The library's capitals stay in what it adds; the booster's own share is replaced.
        return added(word, valence, is_cap_diff) + by * valence - (by if valence >= 0 else -by)

    class Multiplying(library.SentimentIntensityAnalyzer):
        @staticmethod
        def _special_idioms_check(valence: float, words: list[str], i: int) -> float:
            found = library.SentimentIntensityAnalyzer._special_idioms_check(valence, words, i)
            before = " ".join(words[max(0, i - 3) : i]).lower()
            for pair, by in of_two_words.items():
                if f" {pair} " in f" {before} ":
                    found *= 1 + by
            return found

    library.scalar_inc_dec = multiplied
    return Multiplying()
