"""Weak labels by a lexicon: a text's score on a scale from −1 to 1, cut into positive, neutral and negative."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from makna.core.corpus import as_texts

POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"
POLARITIES = (POSITIVE, NEUTRAL, NEGATIVE)
BOOST = 0.293
"""What a booster such as *very* adds to a word's weight (Hutto and Gilbert 2014); study 004 multiplies by 1 + 0.293."""
NEGATION = -0.74
"""What a negation multiplies a word's weight by."""
THRESHOLD = 0.05
"""From this score on a text is positive, from its negative down negative (study 004, equation 2.6)."""
_ALPHA = 15.0
_SAME = {
    POSITIVE: ("positive", "positif", "pos"),
    NEUTRAL: ("neutral", "netral", "neut", "neu"),
    NEGATIVE: ("negative", "negatif", "neg"),
}

Boost = Literal["library", "paper"]
"""Boosters: added, as the vaderSentiment library does, or multiplied, as study 004's equation 2.3 does."""


@dataclass(frozen=True)
class Score:
    """What a lexicon says of one text.

    Parameters
    ----------
    compound : float
        From −1 to 1.
    positive, negative : bool
        Whether the text has a positive, a negative word of the lexicon.
    """

    compound: float
    positive: bool
    negative: bool


class Scorer(Protocol):
    """Scores one text at a time."""

    def score(self, text: str) -> Score:
        """Return the score of a text."""


@dataclass(frozen=True)
class Naming:
    """How scores become labels.

    Parameters
    ----------
    threshold : float
        Scores from here on are positive, from its negative down negative, neutral between.
    classes : mapping of str to str
        Polarity → class; a polarity that is not named keeps its own name.
    abstain : bool
        Whether a text without a word of the lexicon gets no label rather than the neutral one.

    Examples
    --------
    >>> Naming(classes={"positive": "positif"}).label(Score(0.05, True, False))
    'positif'
    >>> Naming().label(Score(0.0499, True, False)), Naming(abstain=True).label(Score(0.0, False, False))
    ('neutral', '')
    """

    threshold: float = THRESHOLD
    classes: Mapping[str, str] = field(default_factory=dict)
    abstain: bool = False

    def label(self, score: Score) -> str:
        """Return the class of a score, '' where it abstains."""
        if self.abstain and not (score.positive or score.negative):
            return ""
        if score.compound >= self.threshold:
            return self.classes.get(POSITIVE, POSITIVE)
        if score.compound <= -self.threshold:
            return self.classes.get(NEGATIVE, NEGATIVE)
        return self.classes.get(NEUTRAL, NEUTRAL)


@dataclass(frozen=True)
class WeakLabels:
    """The labels of many texts.

    Parameters
    ----------
    labels : list of str
        One a text; '' where there is none.
    compounds : ndarray of float, shape (n,)
        Scores from −1 to 1; NaN where the text was empty.
    covered : ndarray of bool, shape (n,)
        Whether the text has a word of the lexicon.
    mixed : ndarray of bool, shape (n,)
        Whether it has a positive and a negative one.
    """

    labels: list[str]
    compounds: np.ndarray
    covered: np.ndarray
    mixed: np.ndarray


def normalise(total: float, alpha: float = _ALPHA) -> float:
    """Return a sum of weights on a scale from −1 to 1: x / √(x² + α) (study 004, equation 2.5).

    Parameters
    ----------
    total : float
        Sum of the weights of a text's words.
    alpha : float
        Above 0; 15 in VADER.

    Examples
    --------
    >>> round(normalise(1.9), 4), round(normalise(1.9 * 1.293), 4), round(normalise(1.9 + 0.293), 4)
    (0.4404, 0.5356, 0.4927)
    """
    return total / math.sqrt(total * total + alpha)


def boosted(weight: float, by: float, boost: Boost) -> float:
    """Return a weight made stronger (`by` above 0) or weaker, added or multiplied; its sign decides the direction.

    Examples
    --------
    >>> boosted(-2, 0.293, "library"), boosted(-2, 0.293, "paper")
    (-2.293, -2.586)
    """
    return weight * (1 + by) if boost == "paper" else weight + math.copysign(by, weight) * (1 if by > 0 else -1)


def label_texts(scorer: Scorer, texts: Sequence[str], naming: Naming) -> WeakLabels:
    """Label texts; equal texts are scored once, and an empty text gets no label.

    Parameters
    ----------
    scorer : Scorer
        What scores a text.
    texts : sequence of str, shape (n,)
        Texts in the language of the lexicon.
    naming : Naming
        How scores become labels.

    Raises
    ------
    DataError
        `texts` are not texts.
    """
    rows = as_texts(texts)
    found = {text: scorer.score(text) for text in dict.fromkeys(rows) if text.strip()}
    nothing = Score(math.nan, False, False)
    scores = [found.get(text, nothing) for text in rows]
    return WeakLabels(
        ["" if score is nothing else naming.label(score) for score in scores],
        np.array([score.compound for score in scores], dtype=float),
        np.array([score.positive or score.negative for score in scores], dtype=bool),
        np.array([score.positive and score.negative for score in scores], dtype=bool),
    )


def class_names(known: Iterable[str]) -> dict[str, str]:
    """Return polarity → class for the classes whose name says which they are, in English or Indonesian.

    Parameters
    ----------
    known : iterable of str
        Classes of a gold sample.

    Examples
    --------
    >>> class_names(["Negatif", "netral", "positif", "1"])
    {'positive': 'positif', 'neutral': 'netral', 'negative': 'Negatif'}
    """
    by_folded = {name.strip().casefold(): name for name in known}
    pairs = ((polarity, [by_folded[word] for word in words if word in by_folded]) for polarity, words in _SAME.items())
    return {polarity: names[0] for polarity, names in pairs if names}
