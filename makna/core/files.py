"""Writing files so that an interrupted or full disk leaves the old one whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from makna.core.errors import DataError

DAY = 86_400.0
_SCRATCH = re.compile(r"\..+\.[0-9a-f]{8}\.part", re.DOTALL)
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


def scratch_of(path: Path) -> Path:
    """Return a new hidden place beside `path`, to write what takes its place when it is whole."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def is_scratch(path: Path) -> bool:
    """Tell whether a name is one of `scratch_of`."""
    return _SCRATCH.fullmatch(path.name) is not None


@contextmanager
def replacing(path: Path, is_there: Callable[[], bool] = lambda: False) -> Iterator[Path]:
    """Give the place to write a file or folder to, which takes the place of `path` when the block ends well.

    Parameters
    ----------
    path : Path
        The target.
    is_there : callable
        Asked where the target cannot be replaced: whether another process has made the same one meanwhile.

    Raises
    ------
    OSError
        As the system says; what was there before is untouched.
    """
    scratch = scratch_of(path)
    try:
        yield scratch
        try:
            scratch.replace(path)
        except OSError:
            if not is_there():
                raise
    finally:
        _remove(scratch)


def sweep(folder: Path, older: float = 0) -> None:
    """Remove what a killed process had begun to write in a folder and the folders in it.

    Parameters
    ----------
    folder : Path
        Where to look.
    older : float
        Seconds that must have gone by since, where another process may be writing there now.
    """
    try:
        left = [path for path in folder.rglob(".*") if is_scratch(path)]
    except OSError:  # another process removes a folder meanwhile
        return
    for path in left:
        try:
            if path.stat().st_mtime <= time.time() - older:
                _remove(path)
        except OSError:  # gone meanwhile, or not ours to remove
            continue


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all (UTF-8).

    Raises
    ------
    OSError
        As the system says; the old file is untouched.
    """
    with replacing(path) as scratch:
        scratch.write_bytes(text.encode("utf-8", "surrogatepass"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all; floats keep every bit, NaN is refused."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
