"""How one word is stemmed: exceptions first, then PySastrawi, then colloquial affixes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from makna import __version__
from makna.clean.informal import enclitics, informal_root
from makna.clean.sastrawi import root_words, version, word_stemmer
from makna.clean.stem_tables import INFORMAL, StemTable

SASTRAWI = "PySastrawi"
#: Raise it when this module, `informal` or `sastrawi` answers otherwise than before: kept stems are then not used.
EDITION = 1


class Stemmed(NamedTuple):
    """The stem of a word, the table that decided (or `SASTRAWI`), and the kind of its row."""

    stem: str
    table: str = SASTRAWI
    kind: str = ""


@dataclass(frozen=True)
class StemRules:
    """What decides the stem of a word.

    Parameters
    ----------
    known : mapping
        Word → stem, table and kind: the exceptions.
    informal : bool
        Whether colloquial affixes are taken off where PySastrawi knows no stem.

    Examples
    --------
    >>> rules = StemRules({"bali": Stemmed("bali", "makna", "name")})
    >>> [rules.stem(word) for word in ("pelayanannya", "bali", "balinya", "dengerin")]
    ['layan', 'bali', 'bali', 'dengar']
    """

    known: Mapping[str, Stemmed]
    informal: bool = True

    @classmethod
    def of(cls, tables: Sequence[StemTable], informal: bool) -> Self:
        """Return the rules of some tables; where several know a word, the first one decides."""
        known: dict[str, Stemmed] = {}
        for table in reversed(tables):
            for word, (stem, kind) in table.entries.items():
                if informal or kind != INFORMAL:
                    known[word] = Stemmed(stem, table.name, kind)
        return cls(known, informal)

    def stem(self, word: str) -> str:
        """Return the stem of a word in lower case, of letters, digits and hyphens."""
        return self.reason(word).stem

    def reason(self, word: str) -> Stemmed:
        """Return the stem of a word and what decided it."""
        found = self.known.get(word)
        if found is not None:
            return found
        roots = root_words()
        # PySastrawi takes doubled words apart even where they stand in its list (kupu-kupu).
        if word in roots and "-" not in word:
            return Stemmed(word)
        for left in enclitics(word):
            if left in self.known:
                return self.known[left]
        stem = word_stemmer()(word)
        if stem in roots:
            return self.known.get(stem, Stemmed(stem))
        root = informal_root(word, roots.__contains__, self._stems) if self.informal else None
        return Stemmed(stem) if root is None else Stemmed(root, "makna", INFORMAL)

    @cached_property
    def key(self) -> str:
        """A hash of all that decides: versions of makna and PySastrawi, settings, exceptions."""
        parts = [EDITION, __version__, version(), self.informal, sorted(self._stems.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return what another process needs to stem alike."""
        return {"stems": self._stems, "informal": self.informal}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild rules that stem alike; tables and kinds are not carried."""
        return cls({word: Stemmed(stem) for word, stem in data["stems"].items()}, data["informal"])

    @cached_property
    def _stems(self) -> dict[str, str]:
        return {word: found.stem for word, found in self.known.items()}
