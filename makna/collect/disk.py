"""Files as the disk gives them: checks before reading, and the system's errors in plain words."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile

from makna.collect.names import hint, listed
from makna.core.errors import DataError
from makna.core.files import key_in_words

FORMATS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".txt": "delimited",
    ".xlsx": "workbook",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_ZIPPED = ".gz"

# What the readers of binary formats raise when bytes in the middle of a file are not what they should be.
_BROKEN = (
    BadZipFile, zlib.error, EOFError, SyntaxError, ValueError, LookupError, TypeError, AttributeError,
    NotImplementedError, OverflowError,
)  # fmt: skip


def suffix_of(path: Path) -> str:
    """Return the ending that tells the format, in lower case and without ``.gz``."""
    name = path.name.lower()
    return Path(name.removesuffix(_ZIPPED)).suffix


def format_of(path: Path) -> str:
    """Return the format of a table from its ending: delimited, workbook, jsonl or parquet.

    Raises
    ------
    DataError
        The ending is not one of a table.
    """
    kind = FORMATS.get(suffix_of(path))
    if kind is None or (path.name.lower().endswith(_ZIPPED) and kind not in ("delimited", "jsonl")):
        raise DataError("collect.unknown_format", path=str(path), allowed=listed(FORMATS))
    return kind


def check_file(path: Path) -> None:
    """Refuse what cannot be read as a file.

    Raises
    ------
    DataError
        Nothing is there, or a folder, or a file without content.
    """
    with plain_errors(path):
        if path.is_dir():
            found = sorted(p.name for p in path.iterdir() if suffix_of(p) in FORMATS)
            raise DataError("collect.is_folder", path=str(path), found=listed(found, 10) or "–")
        if not path.exists():
            siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise DataError("collect.no_file", path=str(path), hint=hint(path.name, siblings))
        if path.is_file() and path.stat().st_size == 0:
            raise DataError("collect.empty_file", path=str(path))


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading bytes; one that ends in ``.gz`` is unpacked on the way."""
    if path.name.lower().endswith(_ZIPPED):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


@contextmanager
def plain_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the system's errors (disk full, no permission, too big) into a `DataError` in plain words.

    Parameters
    ----------
    path : path
        The file that is read or written, named in the message.

    Raises
    ------
    DataError
        In place of any `OSError`; a broken ``.gz`` counts as one.
    """
    try:
        yield
    except (EOFError, zlib.error) as problem:
        raise DataError("collect.broken", path=str(path), reason=str(problem)) from problem
    except OSError as problem:
        key = key_in_words(problem)
        if key is not None:
            raise DataError(key, path=str(path)) from problem
        raise DataError("collect.broken", path=str(path), reason=problem.strerror or str(problem)) from problem


@contextmanager
def broken_bytes(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the readers of binary formats raise over bytes that are not theirs into a `DataError`.

    Parameters
    ----------
    path : path
        The file that is read, named in the message.

    Raises
    ------
    DataError
        In place of any such error; a `DataError` stays as it is.
    """
    try:
        yield
    except DataError:
        raise
    except _BROKEN as problem:
        raise DataError("collect.broken", path=str(path), reason=str(problem)) from problem
