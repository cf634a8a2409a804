"""Exceptions to the stemmer: makna's own table, and files of the user."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Self

from makna.clean.word_files import read_words
from makna.core.errors import DataError

OWN = "makna"
#: The kind of rows that belong to the rules for colloquial affixes and go with them.
INFORMAL = "informal"
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_STEM = re.compile(r"[a-z0-9-]+(?: [a-z0-9-]+)*")
_SHOWN = 3  # wrong rows in an error


@dataclass(frozen=True)
class StemTable:
    """Words that the stemmer gets wrong, with their stems.

    Parameters
    ----------
    name : str
        ``makna``, or the file's name.
    entries : dict of (str, str)
        Word in lower case → its stem, and the kind of exception (may be empty).
    licence : str
        For the model card.
    """

    name: str
    entries: dict[str, tuple[str, str]]
    licence: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON values."""
        return {"name": self.name, "licence": self.licence, "entries": self.entries}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild a table from `to_json`."""
        return cls(
            data["name"], {word: (stem, kind) for word, (stem, kind) in data["entries"].items()}, data["licence"]
        )


def own_exceptions() -> StemTable:
    """Load the table written for makna."""
    own = Path(str(resources.files("makna.clean") / "tables" / "stem-exceptions.tsv"))
    return StemTable(OWN, _entries(own), "CC0 1.0")


def load_exceptions(name: str) -> StemTable:
    """Load a user's table.

    Parameters
    ----------
    name : str
        Path of a file with the columns ``word`` and ``stem`` (and ``kind``, where it has one), or with two columns and
        no header; tabs, commas or semicolons between them. Of a word that comes twice the later row counts.

    Raises
    ------
    DataError
        The file is missing, cannot be read, has other columns, or has rows that can never be used.
    """
    path = Path(name)
    return StemTable(path.name, _entries(path))


def _entries(path: Path) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    wrong: list[str] = []
    for line, word, stem, kind in _rows(path, read_words(path)):
        word, stem = word.strip().lower(), " ".join(stem.lower().split())
        if _WORD.fullmatch(word) and _STEM.fullmatch(stem):
            found[word] = (stem, kind.strip())
        elif word or stem:
            wrong.append(f"{line} ({word[:30]} → {stem[:30]})")
    if wrong:
        more = f" +{len(wrong) - _SHOWN}" if len(wrong) > _SHOWN else ""
        raise DataError("clean.exceptions_rows", path=str(path), rows=", ".join(wrong[:_SHOWN]) + more)
    if not found:
        raise DataError("clean.exceptions_empty", path=str(path))
    return found


def _rows(path: Path, text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield line number, word, stem and kind."""
    delimiter = max("\t;,", key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as problem:
        raise DataError("clean.words_unreadable", path=str(path), reason=str(problem)) from problem
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    first = 1
    if "word" in header and "stem" in header:
        columns = [header.index("word"), header.index("stem")]
        columns += [header.index("kind")] if "kind" in header else []
        rows, first = rows[1:], 2
    elif len(header) == 2:
        columns = [0, 1]
    else:
        raise DataError("clean.exceptions_columns", path=str(path), came=", ".join(header)[:200])
    for line, row in enumerate(rows, first):
        cells = [row[column] if column < len(row) else "" for column in columns]
        yield line, cells[0], cells[1], cells[2] if len(cells) > 2 else ""
