"""Word vectors from a file: found, checked, and laid out once so that later runs read only what they need.

The first reading of a file writes its numbers as one array and its words as a list below the cache folder; from then on
the array is mapped into memory and only the rows asked for are read. The layout is found again by the file's size, its
time and its first and last bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from makna.core.errors import DataError
from makna.core.files import DAY, file_hash, plain_os_errors, replacing, sweep
from makna.represent.vectors import vectors_folder
from makna.represent.word_formats import BINARY, TEXT, VectorFile, write_rows
from makna.represent.word_package import is_packaged, packaged_vectors
from makna.represent.word_vectors import WordVectors

#: Bytes of laid out files that are kept; what was used longest ago goes first.
MOST_BYTES = 8_000_000_000
FORMATS = {".vec": TEXT, ".txt": TEXT, ".bin": BINARY}
"""Ending → how the file is read; ``.gz`` may follow."""

_PICKLED = {
    ".kv": "KeyedVectors.load({path!r})",
    ".wordvectors": "KeyedVectors.load({path!r})",
    ".model": "Word2Vec.load({path!r}).wv",
}
_ALWAYS_PICKLED = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_FASTTEXT_START = (793712314).to_bytes(4, "little")
_UNPACKING = (EOFError, gzip.BadGzipFile, zlib.error)
_LAYOUT = 1  # another number where the same file would be laid out otherwise
_PREFIX = "words-"
_SAMPLE = 1 << 16
_MATRIX, _WORDS, _ABOUT = "matrix.npy", "words.json", "about.json"


def read_vectors(path: str | os.PathLike[str], size: int | None = None) -> WordVectors:
    """Read word vectors from a file.

    Parameters
    ----------
    path : path or "makna-mini"
        Vectors that come as a package, by name; or a file. ``.vec`` or ``.txt``: a line a word, its numbers after it,
        with or without a first line of two counts (the text format of word2vec, fastText and GloVe). ``.bin``: the
        binary format of word2vec. Each may be packed (``.gz``).
    size : int or None
        Numbers that a vector should have; None takes any.

    Returns
    -------
    WordVectors
        Its matrix lies on disk; `origin` has the file's name, its SHA-256 and what was left out.

    Raises
    ------
    DataError
        There is no such file; it is cut short, broken (with the line), of another format or of another width.
    """
    if is_packaged(str(path)):
        return _of_width(packaged_vectors(str(path)), str(path), size)
    source = Path(path).expanduser()
    _check_kind(source)
    folder = vectors_folder() / f"{_PREFIX}{_key(source)}"
    found = _laid_out(folder)
    if found is None:
        with plain_os_errors(folder):
            _lay_out(source, folder)
            _tidy(folder)
        found = _laid_out(folder)
        assert found is not None
    found.origin["file"] = source.name
    return _of_width(found, str(source), size)


def _of_width(found: WordVectors, path: str, size: int | None) -> WordVectors:
    if size is not None and found.width != size:
        raise DataError("represent.vectors_width", path=path, came=found.width, expected=size)
    return found


def _check_kind(source: Path) -> None:
    """Refuse what is no file of vectors, before anything is read."""
    if not source.is_file():
        raise DataError("represent.vectors_missing", path=str(source))
    packed, *rest = [suffix.lower() for suffix in reversed(source.suffixes)] or [""]
    ending = rest[0] if packed == ".gz" and rest else packed
    with plain_os_errors(source), _opened(source) as stream:
        start = _start_of(stream, source)
    if ending in _PICKLED or ending in _ALWAYS_PICKLED or start.startswith(_PICKLE_STARTS):
        loading = _PICKLED.get(ending, "KeyedVectors.load({path!r})").format(path=str(source))
        target = str(source.with_suffix(".vec"))
        raise DataError("represent.vectors_pickled", path=str(source), loading=loading, target=target)
    if start.startswith(_FASTTEXT_START):
        target = str(source.with_suffix(".vec"))
        raise DataError("represent.vectors_fasttext", path=str(source), target=target)
    if ending not in FORMATS:
        raise DataError("represent.vectors_ending", path=str(source), allowed=", ".join(FORMATS))
    if not start.strip():
        raise DataError("represent.vectors_empty", path=str(source))


def _start_of(stream: Any, source: Path) -> bytes:
    try:
        return bytes(stream.read(64))
    except _UNPACKING as problem:
        raise DataError("represent.vectors_packed", path=str(source), reason=str(problem)) from problem


def _key(source: Path) -> str:
    """Return the name of a file's layout: a hash of what tells it from others without reading it whole."""
    about = source.stat()
    digest = hashlib.sha256(f"{_LAYOUT} {about.st_size} {about.st_mtime_ns}".encode())
    with source.open("rb") as stream:
        digest.update(stream.read(_SAMPLE))
        stream.seek(max(0, about.st_size - _SAMPLE))
        digest.update(stream.read(_SAMPLE))
    return digest.hexdigest()[:32]


def _laid_out(folder: Path) -> WordVectors | None:
    """Return the vectors of a layout; None where there is none, or not a whole one."""
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        words = json.loads((folder / _WORDS).read_text("utf-8"))
        matrix = np.load(folder / _MATRIX, mmap_mode="r", allow_pickle=False)
        os.utime(folder / _ABOUT)
    except (OSError, ValueError):
        return None
    if matrix.shape != (len(words), about["width"]) or matrix.dtype != np.float32:
        return None
    return WordVectors(words, matrix, origin=about)


def _lay_out(source: Path, folder: Path) -> None:
    """Read a file whole and write its layout; the folder appears whole or not at all."""
    root = vectors_folder()
    root.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(folder, is_there=lambda: _laid_out(folder) is not None) as scratch:
            scratch.mkdir(0o700)
            with _opened(source) as stream:
                read = FORMATS[_ending(source)](VectorFile(stream, str(source)))
                words, width, repeated = write_rows(read, scratch / _MATRIX, str(source))
            (scratch / _WORDS).write_text(json.dumps(words), "utf-8")
            about = {"words": len(words), "width": width, "repeated": repeated, "sha256": file_hash(source)}
            (scratch / _ABOUT).write_text(json.dumps(about), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
    except _UNPACKING as problem:
        raise DataError("represent.vectors_packed", path=str(source), reason=str(problem)) from problem


def _ending(source: Path) -> str:
    name = source.with_suffix("") if source.suffix.lower() == ".gz" else source
    return name.suffix.lower()


@contextmanager
def _opened(source: Path) -> Iterator[Any]:
    opener: Callable[..., Any] = gzip.open if source.suffix.lower() == ".gz" else open
    with opener(source, "rb") as stream:
        yield stream


def _tidy(kept: Path) -> None:
    """Drop the layouts used longest ago where all together are too big, and what was left half written."""
    sweep(vectors_folder(), DAY)
    aged = []
    for folder in vectors_folder().glob(f"{_PREFIX}*"):
        try:
            used = (folder / _ABOUT).stat().st_mtime
            aged.append((used, sum(f.stat().st_size for f in folder.iterdir()), folder))
        except OSError:
            continue
    total = sum(size for _, size, _ in aged)
    for _, size, folder in sorted(aged):
        if total <= MOST_BYTES:
            return
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)
            total -= size
