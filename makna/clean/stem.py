"""The text step that reduces Indonesian words to their stems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from makna.clean.sastrawi import version
from makna.clean.stem_rules import SASTRAWI, StemRules
from makna.clean.stem_tables import StemTable, load_exceptions, own_exceptions
from makna.clean.stem_vocabulary import Vocabulary, vocabulary_of
from makna.clean.step import TextStep, checked, choice
from makna.clean.word_files import is_word_file

# PySastrawi keeps a-z, digits and hyphens of the lower-cased text; ſ and ı pass its pattern, which ignores case.
_WORD = re.compile("[a-z0-9ſı-]+")
_TO_SPACES = {code: " " for code in range(128) if not _WORD.match(chr(code))}
_BLOCK = 16_384  # texts whose words are held at a time


def _words(text: str) -> list[str]:
    lowered = text.lower()
    # The same words, and faster.
    return lowered.translate(_TO_SPACES).split() if lowered.isascii() else _WORD.findall(lowered)


def _valid_files(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(is_word_file, value))


@dataclass(frozen=True)
class Stem(TextStep):
    """Reduce Indonesian words to their stems, by PySastrawi and a table of what it gets wrong.

    The text that comes out has lower-case words of a-z, digits and hyphens, with one space between them, as PySastrawi
    writes it. Each distinct word is stemmed once; stems of earlier runs are kept in the user's cache folder.

    Parameters
    ----------
    exceptions : sequence of str
        Files with the columns ``word`` and ``stem``, see `load_exceptions`; they come before makna's own table.
    table : bool
        Whether makna's own table of exceptions is used.
    informal : bool
        Whether colloquial affixes (dengerin, ngomong, kedengeran) are taken off too.
    loaded : tuple of StemTable or None
        The tables themselves, once loaded.

    Examples
    --------
    >>> Stem().apply("Pelayanannya memuaskan, dengerin penjelasan di Bali!")
    'layan puas dengar jelas di bali'
    """

    exceptions: tuple[str, ...] = checked((), _valid_files, "FILE.csv, FILE.tsv, FILE.txt")
    table: bool = choice(True, False)
    informal: bool = choice(True, False)
    loaded: tuple[StemTable, ...] | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "stem"
    shorthand: ClassVar[str] = "exceptions"
    # What is left of a doubled word, or an exception's stem, may have a stem of its own.
    idempotent: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.exceptions, str):
            object.__setattr__(self, "exceptions", (self.exceptions,))
        elif isinstance(self.exceptions, list):
            object.__setattr__(self, "exceptions", tuple(self.exceptions))
        super().__post_init__()

    def resolve(self) -> Self:
        """Return this step with its tables loaded."""
        if self.loaded is not None:
            return self
        own = (own_exceptions(),) if self.table else ()
        return replace(self, loaded=(*map(load_exceptions, self.exceptions), *own))

    def cargo(self) -> dict[str, Any] | None:
        """Return the tables as JSON values."""
        return {"tables": [table.to_json() for table in self.loaded or ()]}

    def with_cargo(self, cargo: Mapping[str, Any]) -> Self:
        """Return this step with the tables of a model."""
        return replace(self, loaded=tuple(map(StemTable.from_json, cargo["tables"])))

    def sources(self) -> list[dict[str, str]]:
        """Return name, licence and source of the tables and of PySastrawi."""
        sastrawi = {
            "name": f"{SASTRAWI} {version()}",
            "licence": "MIT",
            "source": "https://github.com/har07/PySastrawi",
        }
        return [*({"name": t.name, "licence": t.licence, "source": t.name} for t in self.loaded or ()), sastrawi]

    def apply(self, text: str) -> str:
        """Return the stems of `text`."""
        return self.apply_all([text])[0]

    def apply_all(self, texts: Sequence[str]) -> list[str]:
        """Return the stems of all texts; the words that are new are stemmed together."""
        vocabulary, cleaned = self._vocabulary, []
        for start in range(0, len(texts), _BLOCK):
            rows = [_words(text) for text in texts[start : start + _BLOCK]]
            vocabulary.learn(set().union(*rows))
            cleaned += [" ".join(map(vocabulary.__getitem__, row)) for row in rows]
        return cleaned

    def changes(self, text: str) -> list[dict[str, str]]:
        """Return every word that changes, in order: ``{"token", "to", "table", "kind"}``."""
        found = []
        for word in _words(text):
            stem, table, kind = self._rules.reason(word)
            if stem != word:
                found.append({"token": word, "to": stem, "table": table, "kind": kind})
        return found

    @cached_property
    def _rules(self) -> StemRules:
        return StemRules.of(self.resolve().loaded or (), self.informal)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return vocabulary_of(self._rules)
