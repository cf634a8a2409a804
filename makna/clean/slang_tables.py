"""Slang tables: makna's own, the public ones by name, and a user's file; each with its licence and source."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from makna.clean.step import nearest
from makna.core.errors import DataError, RecipeError

OWN = "makna"
_SLANG = ("slang",)
_STANDARD = ("standard", "formal", "baku")
_KIND = ("kind", "category1", "jenis")
_LONGEST_CELL = 131_072  # csv's own limit, which reading a corpus raises for the whole process
_FILES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class PublicTable:
    """Where a public table lies under ``MAKNA_DATA``, and whose it is."""

    file: str
    licence: str
    source: str


PUBLIC = {
    "kamus-alay": PublicTable(
        "slang/colloquial-indonesian-lexicon.csv", "not stated", "https://github.com/nasalsabila/kamus-alay"
    ),
    "new-kamusalay": PublicTable(
        "hate-speech/new_kamusalay.csv",
        "CC BY-NC-SA 4.0",
        "https://github.com/okkyibrohim/id-multi-label-hate-speech-and-abusive-language-detection",
    ),
}


@dataclass(frozen=True)
class SlangTable:
    """A table of slang words and their standard forms.

    Parameters
    ----------
    name : str
        Name in the recipe, or the file's name.
    entries : dict of (str, str)
        Case-folded slang word → standard form (of one or more words) and kind (may be empty).
    licence, source : str
        For the model card.
    """

    name: str
    entries: dict[str, tuple[str, str]]
    licence: str = ""
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON values."""
        entries = {slang: list(value) for slang, value in self.entries.items()}
        return {"name": self.name, "licence": self.licence, "source": self.source, "entries": entries}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild a table from `to_json`."""
        entries = {slang: (standard, kind) for slang, (standard, kind) in data["entries"].items()}
        return cls(data["name"], entries, data["licence"], data["source"])


class _Tabs(csv.excel_tab):
    """Quotation marks are part of slang words (anget"); only a csv file quotes its cells with them."""

    quoting = csv.QUOTE_NONE


def load_table(name: str) -> SlangTable:
    """Load a slang table by its name in a recipe.

    Parameters
    ----------
    name : str
        ``"makna"``, a public table (``"kamus-alay"``, ``"new-kamusalay"``; looked for under ``MAKNA_DATA``), or the
        path of a ``.csv``, ``.tsv`` or ``.txt`` file with the columns ``slang`` and ``standard``, or with two columns
        and no header.

    Raises
    ------
    RecipeError
        No such name.
    DataError
        The table is not where it was looked for, or cannot be used.
    """
    if name == OWN:
        own = Path(str(resources.files("makna.clean") / "tables" / "slang.tsv"))
        return _load(OWN, own, "CC0 1.0", "makna")
    if name in PUBLIC:
        public = PUBLIC[name]
        return _load(name, _public_path(name, public), public.licence, public.source)
    if not name.lower().endswith(_FILES):
        allowed = (OWN, *PUBLIC)
        raise RecipeError("clean.unknown_table", came=name, allowed=", ".join(allowed), nearest=nearest(name, allowed))
    path = Path(name)
    return _load(path.name, path, "", path.name)


def _public_path(name: str, table: PublicTable) -> Path:
    folder = os.environ.get("MAKNA_DATA", "")
    if not folder:
        raise DataError("clean.table_no_folder", name=name, file=table.file, source=table.source)
    return Path(folder) / table.file


def _load(name: str, path: Path, licence: str, source: str) -> SlangTable:
    try:
        stamp = path.stat()
    except OSError:
        raise DataError("clean.table_missing", name=name, path=str(path)) from None
    entries = _read_entries(name, str(path), stamp.st_mtime_ns, stamp.st_size)
    return SlangTable(name, entries, licence, source)


@lru_cache(maxsize=8)
def _read_entries(name: str, path: str, _changed: int, _size: int) -> dict[str, tuple[str, str]]:
    """Read a file once while it does not change: every fold fits its own cleaning."""
    try:
        raw = Path(path).read_bytes()
    except OSError as problem:
        raise DataError("clean.table_unreadable", name=name, path=path, reason=str(problem)) from problem
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    entries = _most_frequent(_rows(name, path, text))
    if not entries:
        raise DataError("clean.table_empty", name=name, path=path)
    return entries


def _rows(name: str, path: str, text: str) -> Iterator[tuple[str, str, str]]:
    first, _, _ = text.partition("\n")
    delimiter = max("\t;,", key=first.count)
    try:
        dialect = _Tabs if delimiter == "\t" else csv.excel
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect, delimiter=delimiter))
        if any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
            raise csv.Error(f"field larger than field limit ({_LONGEST_CELL})")
    except csv.Error as problem:
        raise DataError("clean.table_unreadable", name=name, path=path, reason=str(problem)) from problem
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    slang, standard, kind = (_column(header, names) for names in (_SLANG, _STANDARD, _KIND))
    if slang is None or standard is None:
        # Without a header two columns can only mean one thing; more cannot be guessed.
        if len(header) != 2 or slang is not None or standard is not None:
            raise DataError("clean.table_columns", name=name, path=path, came=", ".join(header)[:200])
        slang, standard, kind = 0, 1, None
    else:
        rows = rows[1:]
    for row in rows:
        if len(row) > max(slang, standard):
            yield row[slang], row[standard], row[kind] if kind is not None and kind < len(row) else ""


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _most_frequent(rows: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    """Return slang → its most frequent standard form and kind; of equally frequent ones the first.

    Left out: words that stand for themselves, empty cells, and slang of several words (tokens are looked up singly).
    """
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for slang, standard, kind in rows:
        key, value = slang.strip().casefold(), " ".join(standard.split())
        if key and value and len(key.split()) == 1:
            counts.setdefault(key, Counter())[value, kind.strip()] += 1
    chosen = {key: _best(found) for key, found in counts.items()}
    return {key: value for key, value in chosen.items() if value[0].casefold() != key}


def _best(found: Counter[tuple[str, str]]) -> tuple[str, str]:
    by_standard: Counter[str] = Counter()
    for (standard, _), count in found.items():
        by_standard[standard] += count
    best = max(by_standard, key=by_standard.__getitem__)
    kinds = {kind: count for (standard, kind), count in found.items() if standard == best}
    return best, max(kinds, key=kinds.__getitem__)
