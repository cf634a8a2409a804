"""Files of words that a user brings along: exceptions to the stemmer, stop words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from makna.core.errors import DataError

# A recipe's paths with these endings start from the recipe's folder.
_ENDINGS = (".csv", ".tsv", ".txt")


def is_word_file(value: Any) -> bool:
    """Tell whether a setting names a file of words."""
    return isinstance(value, str) and value.lower().endswith(_ENDINGS)


def read_words(path: Path) -> str:
    """Return the text of a file of words: UTF-8, else Latin-1.

    Raises
    ------
    DataError
        The file is missing or cannot be read.
    """
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        raise DataError("clean.words_missing", path=str(path)) from None
    except OSError as problem:
        raise DataError("clean.words_unreadable", path=str(path), reason=str(problem)) from problem
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
