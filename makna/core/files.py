"""Writing files so that an interrupted or full disk leaves the old one whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from makna.core.errors import DataError

_IN_WORDS = {
    errno.ENOSPC: "core.disk_full",
    errno.EDQUOT: "core.disk_full",
    errno.EFBIG: "core.file_too_big",
    errno.EACCES: "core.no_permission",
    errno.EPERM: "core.no_permission",
    errno.EROFS: "core.no_permission",
}


def key_in_words(problem: OSError) -> str | None:
    """Return the message for a full disk, a file too big or a missing permission; None for any other problem."""
    return _IN_WORDS.get(problem.errno or 0)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all (UTF-8).

    Raises
    ------
    OSError
        As the system says; the old file is untouched.
    """
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all; floats keep every bit, NaN is refused."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file (64 hex digits)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))


def os_error_in_words(problem: BaseException) -> str | None:
    """Return what a full disk or a missing permission means, in plain words; None for any other problem."""
    if not isinstance(problem, OSError):
        return None
    key = key_in_words(problem)
    return None if key is None else str(DataError(key, path=str(problem.filename or "")))


@contextmanager
def plain_os_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the system's complaints about a full disk or missing permission into plain words.

    Raises
    ------
    DataError
        In place of an `OSError` that the user can do something about.
    """
    try:
        yield
    except OSError as problem:
        key = key_in_words(problem)
        if key is None:
            raise
        raise DataError(key, path=str(problem.filename or path)) from problem
