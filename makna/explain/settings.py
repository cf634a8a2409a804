"""What is explained, and how: the settings of ``explain`` in a recipe, checked against these types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

Unit = Literal["words", "pieces"]
PairRarity = Literal["mean", "max", "token"]
Language = Literal["id", "en"]
Width = Annotated[float, Field(gt=0)] | None
Least = Annotated[int, Field(ge=1)]
Part = Annotated[float, Field(gt=0, lt=1)]
Whole = Annotated[int, Field(ge=0)]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class LengthSettings:
    """How scores by length are made.

    Parameters
    ----------
    unit : {"words", "pieces"}
        What is counted, both sides of a pair together: words, or the pieces of an encoder's tokenizer with its special
        ones (the *sequence length* of an encoder).
    encoder : str
        Whose pieces.
    width : float or None
        Of a bin; a readable one, for about a dozen bins, when None.
    least : int
        Rows that the first and the last bin have at least; smaller ones are joined to their neighbour.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT
    unit: Unit = "words"
    encoder: str = "minilm"
    width: Width = None
    least: Least = 30


@dataclass(frozen=True)
class RaritySettings:
    """How scores by token rarity are made.

    Parameters
    ----------
    pair : {"mean", "max", "token"}
        How a row's rarity is made of its tokens, those of both sides together: their mean, the rarest one's, or not at
        all: every token counts by itself with the correctness of its row.
    stopwords : {"drop", "keep"}
        Whether stop words are left out before tokens are counted.
    languages : tuple of {"id", "en"}
        Whose stop words; those that a tenth of the texts or more are in when empty.
    unit : {"words", "pieces"}
        What a token is.
    encoder : str
        Whose pieces.
    width : float or None
        Of a bin; a readable one, for about a dozen bins, when None.
    least : int
        Rows that the first and the last bin have at least.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT
    pair: PairRarity = "mean"
    stopwords: Literal["drop", "keep"] = "drop"
    languages: tuple[Language, ...] = ()
    unit: Unit = "words"
    encoder: str = "minilm"
    width: Width = None
    least: Least = 30


@dataclass(frozen=True)
class KindSettings:
    """Where the rules that sort errors draw their lines.

    Parameters
    ----------
    systems : tuple of str
        Whose errors are sorted; the caller's choice when empty.
    long : float
        A row is long where it has more words than this share of all rows.
    uneven : float
        Sides differ much where the shorter has at most this share of the longer one's words…
    apart : int
        …and at least so many words fewer.
    rare : float
        A row is rare where the mean rarity of its words, stop words aside, is above that of this share of all rows.
    same : float
        Jaccard index of the words from which two texts have much in common.
    other : float
        Jaccard index of the words that are no stop words up to which they have little in common.
    short : int
        Words of the longer side up to which a pair is short.
    sure : float
        Probability from which an answer is sure.
    band : float
        An answer is near the border where its probability is less than twice this above the next one's (0.05: between
        0.45 and 0.55 for two classes).
    sample : int
        Errors in the sample that is sorted by hand.
    examples : int
        Examples of a kind at most.
    paper : mapping of str to float
        Published shares by kind, to stand beside.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT
    systems: tuple[str, ...] = ()
    long: Part = 0.9
    uneven: Part = 0.5
    apart: Whole = 5
    rare: Part = 0.9
    same: Part = 0.6
    other: Part = 0.5
    short: Least = 10
    sure: Part = 0.9
    band: Part = 0.05
    sample: Least = 50
    examples: Whole = 3
    paper: Mapping[str, Annotated[float, Field(ge=0, le=1)]] = field(default_factory=dict)


@dataclass(frozen=True)
class SliceSettings:
    """What slices need to know; a part that is None is not made.

    Parameters
    ----------
    length : LengthSettings or None
        Scores by length.
    rarity : RaritySettings or None
        Scores by token rarity.
    level : float
        Of the intervals.
    resamples : int
        Bootstrap resamples, for numbers.
    seed : int
        Of the resamples.
    """

    length: LengthSettings | None = LengthSettings()
    rarity: RaritySettings | None = RaritySettings()
    level: float = 0.95
    resamples: int = 1000
    seed: int = 0


SECTIONS: Mapping[str, type[LengthSettings] | type[RaritySettings] | type[KindSettings]] = {
    "length": LengthSettings,
    "rarity": RaritySettings,
    "kinds": KindSettings,
}
"""The words of ``explain`` that take settings; `pydantic.TypeAdapter` checks values against these classes."""
WORDS = ("words", "errors", *SECTIONS, "trend")
"""All that ``explain`` may name."""
