"""Vectors of texts that are known already: in memory while a run lasts, on disk for the next one.

A shelf holds what one encoder, used in one way, makes of single texts: one row of numbers a text, or one a piece. What
is kept is never needed: a file that is missing, broken or cannot be written means that texts are encoded anew. Files
are written whole or not at all and never changed, so that several processes may use a shelf at a time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from makna.collect.datasets import cache_folder
from makna.core.files import DAY, replacing, sweep
from makna.represent.encoder_folder import tensor_places

#: Bytes kept at most, over all encoders; what was used longest ago goes first.
MOST_BYTES = 6_000_000_000
#: New texts that are worth a file; single predictions neither write nor look on disk.
WORTH_KEEPING = 64
_LEAST_FREE = 1_000_000_000  # bytes left on the disk for others
_KEY_BYTES = 16
# What may be wrong with a folder or a file in it.
_TROUBLE = (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError)


@dataclass(frozen=True)
class _Chunk:
    """Vectors that were made together; `rows` may lie on disk."""

    rows: np.ndarray
    path: Path | None


class Shelf:
    """Vectors of texts, found by the text.

    Parameters
    ----------
    settings : mapping
        All that the vectors depend on besides the text, as JSON values; it names the folder.
    width : int
        Numbers in a row.
    dtype : dtype
        Of the numbers.
    on_disk : bool
        Whether to look on disk and keep there.
    """

    def __init__(self, settings: Mapping[str, Any], width: int, dtype: Any, on_disk: bool = True) -> None:
        told = repr(sorted(settings.items())).encode()
        self.width = width
        self.dtype = np.dtype(dtype)
        self.on_disk = on_disk
        self._name = hashlib.sha256(told).hexdigest()[:32]
        self._chunks: list[_Chunk] = []
        self._places: dict[bytes, tuple[int, int, int]] = {}  # key → chunk, first row, number of rows
        self._is_read = False

    @property
    def folder(self) -> Path:
        """Where the files of this shelf are."""
        return vectors_folder() / self._name

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Return the distinct texts that have no vectors yet, in their order."""
        self._read()
        return [text for text in dict.fromkeys(texts) if _key(text) not in self._places]

    def add(self, texts: Sequence[str], lengths: np.ndarray, rows: np.ndarray) -> None:
        """Put vectors on the shelf.

        Parameters
        ----------
        texts : sequence of str, shape (n,)
            The texts.
        lengths : ndarray of int, shape (n,)
            Rows of each text.
        rows : ndarray, shape (sum of lengths, width)
            Their rows, below each other.
        """
        keys = [_key(text) for text in texts]
        rows = np.ascontiguousarray(rows, dtype=self.dtype)
        chunk = self._write(keys, lengths, rows) if self.on_disk and len(texts) >= WORTH_KEEPING else None
        self._take(chunk or _Chunk(rows, None), keys, lengths)

    def gather(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of texts that have one row each, shape (n, width); all must be on the shelf."""
        places = np.array([self._places[_key(text)] for text in texts], dtype=np.int64).reshape(-1, 3)
        found = np.empty((len(texts), self.width), dtype=self.dtype)
        for number in np.unique(places[:, 0]):
            here = places[:, 0] == number
            found[here] = self._chunks[number].rows[places[here, 1]]
        return found

    def each(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yield the rows of each text, shape (rows, width); all must be on the shelf."""
        for text in texts:
            number, first, count = self._places[_key(text)]
            yield self._chunks[number].rows[first : first + count]

    def tidy(self) -> None:
        """Drop what was used longest ago where all shelves together are too big."""
        if self.on_disk:
            tidy(vectors_folder(), MOST_BYTES)

    def _take(self, chunk: _Chunk, keys: Sequence[bytes], lengths: np.ndarray) -> None:
        number = len(self._chunks)
        self._chunks.append(chunk)
        starts = np.concatenate([[0], np.cumsum(lengths)]).tolist()
        for key, first, after in zip(keys, starts, starts[1:], strict=False):
            self._places.setdefault(key, (number, first, after - first))

    def _read(self) -> None:
        if self._is_read or not self.on_disk:
            return
        self._is_read = True
        try:
            paths = sorted(self.folder.glob("*.safetensors"))
        except _TROUBLE:
            return
        for path in paths:
            try:
                keys, lengths, rows = self._open(path)
            except OSError:  # not to be read just now
                continue
            except _TROUBLE:
                _drop(path)
                continue
            self._take(_Chunk(rows, path), keys, lengths)
            _touch(path)

    def _open(self, path: Path) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """Read a file's keys and leave its rows on disk; raises where a bit is not as it was written."""
        with safe_open(path, "numpy") as stored:
            keys, lengths = stored.get_tensor("keys"), stored.get_tensor("lengths")
            told = (stored.metadata() or {}).get("sha256")
        start, shape = tensor_places(path)["rows"]
        rows: np.ndarray = np.memmap(path, dtype=self.dtype, mode="r", offset=start, shape=tuple(shape))
        is_whole = keys.shape == (len(lengths), _KEY_BYTES) and rows.shape == (int(lengths.sum()), self.width)
        if not is_whole or told != _checksum(keys, lengths, rows):
            raise ValueError(path)
        return [key.tobytes() for key in keys], lengths, rows

    def _write(self, keys: Sequence[bytes], lengths: np.ndarray, rows: np.ndarray) -> _Chunk | None:
        """Write a file and return its rows as they lie on disk; None where that cannot be."""
        names = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, _KEY_BYTES)
        lengths = np.ascontiguousarray(lengths, dtype=np.int32)
        checksum = _checksum(names, lengths, rows)
        path = self.folder / f"{checksum[:32]}.safetensors"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < rows.nbytes + _LEAST_FREE:
                return None
            data = save({"keys": names, "lengths": lengths, "rows": rows}, metadata={"sha256": checksum})
            with replacing(path) as scratch:
                scratch.touch(0o600)  # what was read is the user's own
                scratch.write_bytes(data)
            return _Chunk(self._open(path)[2], path)
        except _TROUBLE:
            return None


def vectors_folder() -> Path:
    """Return where vectors are kept, below the user's cache folder (``MAKNA_CACHE``)."""
    return cache_folder() / "vectors"


def scratch_array(shape: tuple[int, int], dtype: Any, rows: Iterable[np.ndarray]) -> np.ndarray:
    """Return an array that lies in a nameless file, so that it need not fit into memory; the file goes with it.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    dtype : dtype
        Of the numbers.
    rows : iterable of ndarray
        What the rows begin with; the rest of each is zero, and takes no room on most disks.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """
    dtype = np.dtype(dtype)
    vectors_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=vectors_folder()) as stream:
        stream.truncate(shape[0] * shape[1] * dtype.itemsize)
        for number, row in enumerate(rows):
            stream.seek(number * shape[1] * dtype.itemsize)
            stream.write(np.ascontiguousarray(row, dtype=dtype).tobytes())
        stream.flush()
        return np.memmap(stream, dtype=dtype, mode="r", shape=shape)


def tidy(root: Path, most: int) -> None:
    """Drop the files used longest ago until the rest take at most `most` bytes, and what was left half written."""
    try:
        aged = sorted(((stat := path.stat()).st_mtime, stat.st_size, path) for path in root.glob("*/*.safetensors"))
    except OSError:
        return
    sweep(root, DAY)
    total = sum(size for _, size, _ in aged)
    for _, size, path in aged:
        if total <= most:
            return
        _drop(path)
        total -= size


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _checksum(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return


def _drop(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
