"""The text step for tweets: what the platform and its exports add to the words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from makna.clean.addresses import URL, USER
from makna.clean.emoji import Emoji
from makna.clean.escapes import decode_entities, decode_escapes, drop_escapes, repair_mojibake
from makna.clean.step import TextStep, choice, squeeze
from makna.clean.steps import Elongation

_RETWEET = re.compile(r"^\W*RT(?=\s*:|\s+[^\s\d])|RT(?<!\wRT)(?=\W*(?:USER|[@＠]))")
_HASHTAG = re.compile(r"[#＃](?<![\w#＃][#＃])[#＃]*(\w+)")
# Where a tag of several words is cut: #2019GantiPresiden, #DebatFinalPilkadaJKT, #Freeport51, #sahur_on_the_road.
_CUT = re.compile(
    r"_+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d\d)",
)


def _split_tag(match: re.Match[str]) -> str:
    return f" {_CUT.sub(' ', match[1])} "


# Setting → value → what it does; a value that is missing here leaves the text as it is. The order is the order of work:
# escapes may hide user names, and entities hide marks.
_WORK: dict[str, dict[str | int, Callable[[str], str]]] = {
    "escapes": {"decode": decode_escapes, "drop": drop_escapes},
    "mojibake": {"repair": repair_mojibake},
    "entities": {"decode": decode_entities},
    "urls": {"drop": lambda text: URL.sub(" ", text)},
    "retweets": {"drop": lambda text: _RETWEET.sub(" ", text)},
    "users": {"drop": lambda text: USER.sub(" ", text)},
    "hashtags": {
        "words": lambda text: _HASHTAG.sub(_split_tag, text),
        "join": lambda text: _HASHTAG.sub(r" \1 ", text),
        "drop": lambda text: _HASHTAG.sub(" ", text),
    },
    "emoji": {"drop": Emoji().apply, "name": Emoji(to="name").apply},
    "elongation": {1: Elongation(to=1).apply, 2: Elongation(to=2).apply},
}


@dataclass(frozen=True)
class Tweet(TextStep):
    r"""Drop what Twitter and its exports add: user names, RT, addresses, escapes, entities, emoji, elongation.

    Put it before `lowercase`: the masks ``USER``, ``URL`` and ``RT`` of anonymised sets are known by their capitals.

    Parameters
    ----------
    users : {"drop", "keep"}
        ``@name`` and ``USER``.
    retweets : {"drop", "keep"}
        ``RT`` at the start or before a user; "RT 05" of an address stays.
    urls : {"drop", "keep"}
        Addresses and ``URL``.
    hashtags : {"words", "join", "drop", "keep"}
        ``#GantiPresiden`` as its words, as one word without the mark, not at all, or as it is.
    escapes : {"decode", "drop", "keep"}
        ``\n``, ``\xf0\x9f\x98\x82``, ``\u00e9`` and ``\/`` typed as text.
    mojibake : {"repair", "keep"}
        UTF-8 that was read as Latin-1 (``ðŸ˜‚``), and what is left of it (``ð???``).
    entities : {"decode", "keep"}
        ``&amp;``, ``&gt;`` …
    emoji : {"drop", "name", "keep"}
        As the step `emoji`, with names in Indonesian; for English ones keep them here and put `emoji` after this step.
    elongation : {1, 2, 0}
        As the step `elongation`; 0 leaves repetitions.

    Examples
    --------
    >>> Tweet().apply(r"RT USER: Lucuuu &amp; seru\n\xf0\x9f\x98\x82 #GantiMenu URL")
    ': Lucu & seru Ganti Menu'
    """

    users: str = choice("drop", "keep")
    retweets: str = choice("drop", "keep")
    urls: str = choice("drop", "keep")
    hashtags: str = choice("words", "join", "drop", "keep")
    escapes: str = choice("decode", "drop", "keep")
    mojibake: str = choice("repair", "keep")
    entities: str = choice("decode", "keep")
    emoji: str = choice("drop", "name", "keep")
    elongation: int = choice(1, 2, 0)

    name: ClassVar[str] = "tweet"
    # "htttp://…" is an address only after the letters are shortened: a second round may find more.
    idempotent: ClassVar[bool] = False

    @cached_property
    def _work(self) -> tuple[Callable[[str], str], ...]:
        chosen = ((functions, getattr(self, setting)) for setting, functions in _WORK.items())
        return tuple(functions[value] for functions, value in chosen if value in functions)

    def apply(self, text: str) -> str:
        """Return the words of the tweet."""
        for work in self._work:
            text = work(text)
        return squeeze(text)
