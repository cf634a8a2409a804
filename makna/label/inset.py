"""Scores of Indonesian texts by a lexicon of weighted words (InSet's format), with makna's own rules.

The rules follow VADER's idea (Hutto and Gilbert 2014), with Indonesian words. Texts are read in lower case, word by
word; the longest phrase of the lexicon counts, and punctuation or a contrast word ends what a modifier reaches.

1. A *negation* (``tidak``, ``bukan``, ``kurang``, ``nggak``, …) up to three words before a word of the lexicon
   multiplies its weight by −0.74.
2. A *booster* right before (``sangat bagus``, also across a negation) or right after it (``bagus sekali``, ``bagus
   banget``) makes it stronger by 0.293, a *dampener* (``agak``, ``cukup``, ``lumayan``, ``sedikit``) weaker by as much:
   added, as VADER's library does, or multiplied, as study 004 does.
3. After a contrast word (``tapi``, ``namun``, …) weights count 1.5 times, before it half.
4. Negations, boosters, dampeners and contrast words have no weight of their own, whatever the lexicon says.

``rules="sum"`` leaves all of this out: the plain sum of weights, which is how InSet's authors and most theses use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from makna.label.lexicon import BOOST, NEGATION, Boost, Score, boosted, normalise
from makna.label.weights import Lexicon


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = _words(
    "tidak tak tdk tidaklah takkan bukan bkn bukanlah jangan jgn belum blm tanpa kurang krg "
    "nggak ngga enggak engga gak ga gk kagak kaga ndak ndk nda ogah"
)
BEFORE = _words(
    "sangat sgt sungguh amat teramat terlalu paling super lebih makin semakin begitu bener benar "
    "benar-benar bener-bener sangat-sangat"
)
AFTER = _words("sekali skali banget bgt bngt bener amat pisan poll pol abis sangat")
DAMPENERS = _words("agak sedikit dikit cukup lumayan hampir kira-kira sekadar")
CONTRASTS = _words("tapi tetapi namun cuma sayangnya padahal melainkan")
SILENT = NEGATIONS | BEFORE | AFTER | DAMPENERS | CONTRASTS
REACH = 3
"""How many words before a word of the lexicon a negation may stand."""
_PIECE = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[.,;:!?()\n]")
_BREAKS = frozenset(".,;:!?()\n")

Rules = Literal["full", "sum"]


class InsetScorer:
    """Scores texts by the weights of their words.

    Parameters
    ----------
    lexicon : Lexicon
        Words and weights.
    boost : {"library", "paper"}
        Boosters add 0.293 to a weight or multiply it by 1.293.
    rules : {"full", "sum"}
        With negation, boosters, dampeners and contrast, or the plain sum of weights.

    Examples
    --------
    >>> scorer = InsetScorer(Lexicon({"bagus": 2.0, "rusak": -3.0}, ("own",), 0))
    >>> scorer.total("tidak bagus"), scorer.total("bagus sekali"), scorer.total("agak rusak")
    (-1.48, 2.293, -2.707)
    >>> scorer.total("bagus tapi rusak")
    -3.5
    """

    def __init__(self, lexicon: Lexicon, boost: Boost = "library", rules: Rules = "full") -> None:
        self.boost = boost
        self.rules = rules
        phrases = {tuple(_pieces(word)): weight for word, weight in lexicon.weights.items()}
        silent = {(word,) for word in SILENT} if rules == "full" else set()
        self._weights = {words: weight for words, weight in phrases.items() if words and words not in silent}
        self._longest: dict[str, int] = {}
        """First word → words of the longest phrase that begins with it."""
        for first, *rest in self._weights:
            self._longest[first] = max(self._longest.get(first, 1), 1 + len(rest))

    def score(self, text: str) -> Score:
        """Return the score of an Indonesian text."""
        weights = self.weights(text)
        return Score(normalise(sum(weights)), any(w > 0 for w in weights), any(w < 0 for w in weights))

    def total(self, text: str) -> float:
        """Return the sum of the weights of a text, before it is put on the scale from −1 to 1."""
        return sum(self.weights(text))

    def weights(self, text: str) -> list[float]:
        """Return the weight of each word of the lexicon that stands in a text, as the rules change it."""
        words = list(_pieces(text))
        found = list(self._found(words))
        if self.rules == "sum":
            return [weight for _, _, weight in found]
        changed = [(start, self._changed(words, start, end, weight)) for start, end, weight in found]
        turn = next((i for i, word in enumerate(words) if word in CONTRASTS), None)
        if turn is None:
            return [weight for _, weight in changed]
        return [weight * (0.5 if start < turn else 1.5) for start, weight in changed]

    def _found(self, words: list[str]) -> Iterator[tuple[int, int, float]]:
        """Yield start, end and weight of the phrases of the lexicon, the longest at each place."""
        i = 0
        while i < len(words):
            for n in range(min(self._longest.get(words[i], 0), len(words) - i), 0, -1):
                weight = self._weights.get(tuple(words[i : i + n]))
                if weight is not None:
                    yield i, i + n, weight
                    i += n
                    break
            else:
                i += 1

    def _changed(self, words: list[str], start: int, end: int, weight: float) -> float:
        before = _clause_before(words, start)
        near = next((word for word in before if word not in NEGATIONS), "")
        after = words[end] if end < len(words) else ""
        changes = [(near in BEFORE, BOOST), (near in DAMPENERS, -BOOST), (after in AFTER, BOOST)]
        for is_there, by in changes:
            if is_there and weight:
                weight = boosted(weight, by, self.boost)
        return weight * NEGATION ** sum(word in NEGATIONS for word in before)


def _pieces(text: str) -> list[str]:
    return _PIECE.findall(text.casefold())


def _clause_before(words: list[str], start: int) -> list[str]:
    """Return the words before a place, the nearest first, as far as a modifier reaches."""
    found: list[str] = []
    for word in reversed(words[max(0, start - REACH) : start]):
        if word in _BREAKS or word in CONTRASTS:
            break
        found.append(word)
    return found
