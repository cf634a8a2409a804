"""The text step that turns slang into standard words, token by token, with a reason for each change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

from makna.clean.slang_tables import OWN, SlangTable, load_table
from makna.clean.step import TextStep, checked, choice

#: The name under which `changes` reports what no table but the rule of reduplication changed.
RULE = "reduplication"

# A token is letters and digits; apostrophe, quotation mark or full stop inside it may be part of a slang word (baju'a).
_TOKEN = re.compile(r"[^\W_]+(?:['’\".][^\W_]+)*")
_WORD = re.compile(r"[^\W_]+")
# anak2, org2nya, sok2an, buku²: at least three letters, so that co2 and ps2 stay.
_TWICE = re.compile(
    r"(?P<base>[^\W\d_]{3,})[2²](?P<suffix>(?:an|kan|in|i)?(?:nya|ny|x|ku|mu)?(?:lah|kah|pun)?)", re.IGNORECASE
)
_NYA = re.compile(r"(?:ny|x)(?=$|lah|kah|pun)", re.IGNORECASE)


class Entry(NamedTuple):
    """What stands for a slang word, and why."""

    standard: str
    kind: str
    table: str


def _valid_tables(value: Any) -> bool:
    names = value if isinstance(value, tuple) else ()
    return bool(names) and all(isinstance(name, str) and name.strip() for name in names)


@dataclass(frozen=True)
class Slang(TextStep):
    """Replace slang words by their standard forms, one pass, token by token.

    The word is looked up without regard to case, and its case is kept (``Yg`` → ``Yang``, ``YG`` → ``YANG``). Marks and
    spaces stay where they are. A standard form is not looked up again.

    Parameters
    ----------
    tables : sequence of str
        Names of tables or paths of files, see `load_table`; where several know a word, the first one decides.
    reduplication : bool
        Whether ``hati2`` becomes ``hati-hati`` (and ``org2nya`` ``orang-orangnya``) where no table knows the word.
    loaded : tuple of SlangTable or None
        The tables themselves, once loaded.

    Examples
    --------
    >>> table = SlangTable("mine", {"yg": ("yang", "abbreviation"), "org": ("orang", "abbreviation")})
    >>> Slang(loaded=(table,)).apply("Yg penting org2nya baik!")
    'Yang penting orang-orangnya baik!'
    """

    tables: tuple[str, ...] = checked((OWN,), _valid_tables, "makna, kamus-alay, new-kamusalay, FILE.csv, FILE.tsv")
    reduplication: bool = choice(True, False)
    loaded: tuple[SlangTable, ...] | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "slang"
    shorthand: ClassVar[str] = "tables"
    # A standard form of one table may be slang in another (gw → gue → saya).
    idempotent: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.tables, str):
            object.__setattr__(self, "tables", (self.tables,))
        elif isinstance(self.tables, list):
            object.__setattr__(self, "tables", tuple(self.tables))
        super().__post_init__()

    def resolve(self) -> Self:
        """Return this step with its tables loaded."""
        return self if self.loaded is not None else replace(self, loaded=tuple(map(load_table, self.tables)))

    def cargo(self) -> dict[str, Any] | None:
        """Return the tables as JSON values."""
        return {"tables": [table.to_json() for table in self.loaded or ()]}

    def with_cargo(self, cargo: Mapping[str, Any]) -> Self:
        """Return this step with the tables of a model."""
        return replace(self, loaded=tuple(map(SlangTable.from_json, cargo["tables"])))

    def sources(self) -> list[dict[str, str]]:
        """Return name, licence and source of the tables."""
        return [{"name": t.name, "licence": t.licence, "source": t.source} for t in self.loaded or ()]

    def apply(self, text: str) -> str:
        """Return `text` in standard words."""
        return _TOKEN.sub(self._replaced, text)

    def changes(self, text: str) -> list[dict[str, str]]:
        """Return every changed token in order: ``{"token", "to", "table", "kind"}``."""
        found: list[dict[str, str]] = []
        for token in self._units(text):
            entry = self._find(token)
            if entry is not None:
                to = in_case_of(token, entry.standard)
                found.append({"token": token, "to": to, "table": entry.table, "kind": entry.kind})
        return found

    @cached_property
    def _known(self) -> dict[str, Entry]:
        known: dict[str, Entry] = {}
        for table in reversed(self.loaded if self.loaded is not None else self.resolve().loaded or ()):
            known.update((slang, Entry(*value, table.name)) for slang, value in table.entries.items())
        return known

    def _units(self, text: str) -> list[str]:
        units: list[str] = []
        for token in _TOKEN.findall(text):
            units += [token] if token.casefold() in self._known else _WORD.findall(token)
        return units

    def _replaced(self, match: re.Match[str]) -> str:
        token = match[0]
        if token.casefold() not in self._known and not token.isalnum():
            return _WORD.sub(self._word_replaced, token)
        return self._word_replaced(match)

    def _word_replaced(self, match: re.Match[str]) -> str:
        word = match[0]
        entry = self._find(word)
        return word if entry is None else in_case_of(word, entry.standard)

    def _find(self, word: str) -> Entry | None:
        entry = self._known.get(word.casefold())
        if entry is not None or not self.reduplication:
            return entry
        twice = _TWICE.fullmatch(word) if "2" in word or "²" in word else None
        if twice is None:
            return None
        base = self._known.get(twice["base"].casefold())
        stem = base.standard if base is not None and base.standard.isalpha() else twice["base"].lower()
        suffix = _NYA.sub("nya", twice["suffix"].lower())
        return Entry(f"{stem}-{stem}{suffix}", RULE, base.table if base is not None else RULE)


def in_case_of(word: str, standard: str) -> str:
    """Return `standard` in the case of `word`: ``Yg`` makes ``Yang``, ``YG`` ``YANG``."""
    if word.islower() or not word[0].isupper():
        return standard
    if word.isupper() and len(word) > 1:
        return standard.upper()
    return standard[0].upper() + standard[1:]
