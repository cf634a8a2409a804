"""The formats that word vectors come in, read row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from makna.core.errors import DataError

_LONGEST_WORD = 4096  # bytes
_AT_ONCE = 4096  # rows
_MOST_NUMBERS = 10_000  # of a vector
_GREATEST = float(np.finfo(np.float32).max)
_WRITTEN = frozenset(b"0123456789.-+eE \r\n")
_DOUBT = 60  # characters of a line that are shown


@dataclass(frozen=True)
class VectorFile:
    """An open file of word vectors, and its path for messages."""

    stream: Any
    path: str


@dataclass(frozen=True)
class Read:
    """A file under way: how long a vector is, how many the file says it has, and its rows one by one."""

    width: int
    told: int | None
    rows: Iterator[tuple[str, np.ndarray]]


def TEXT(file: VectorFile) -> Read:  # noqa: N802
    """Read the text format of word2vec, fastText and GloVe."""
    first = file.stream.readline()
    counts = _counts(first)
    if counts is not None:
        return Read(counts[1], counts[0], _lines(file, counts[1], 2))
    width = first.rstrip(b"\r\n ").count(b" ")
    if not 1 <= width <= _MOST_NUMBERS or _numbers(first.rstrip(b"\r\n ").split(b" ")[1:]) is None:
        raise DataError("represent.vectors_format", path=file.path, line=_shown(first))
    return Read(width, None, _lines(file, width, 1, first))


def BINARY(file: VectorFile) -> Read:  # noqa: N802
    """Read the binary format of word2vec: two counts, then each word, a space and its numbers (float32)."""
    first = file.stream.readline(_LONGEST_WORD)
    counts = _counts(first)
    if counts is None:
        raise DataError("represent.vectors_format", path=file.path, line=_shown(first))
    return Read(counts[1], counts[0], _records(file, *counts))


def write_rows(read: Read, target: Path, path: str) -> tuple[list[str], int, int]:
    """Write the vectors of a file as one array; a word's first vector counts.

    Parameters
    ----------
    read : Read
        The file under way.
    target : Path
        Where the array goes (``.npy``, float32).
    path : str
        Of the file, for messages.

    Returns
    -------
    words : list of str
        Words, each once.
    width : int
        Numbers of a vector.
    repeated : int
        Rows left out because their word stood there before.

    Raises
    ------
    DataError
        There are fewer rows than the file says, or more, or none.
    """
    words: dict[str, None] = {}
    waiting: list[np.ndarray] = []
    repeated = 0
    with target.open("wb") as stream:
        start = _write_header(stream, 0, read.width)
        for word, vector in read.rows:
            if word in words:
                repeated += 1
                continue
            words[word] = None
            waiting.append(vector)
            if len(waiting) == _AT_ONCE:
                stream.write(np.stack(waiting).tobytes())
                waiting.clear()
        if waiting:
            stream.write(np.stack(waiting).tobytes())
        found = len(words) + repeated
        if not found:
            raise DataError("represent.vectors_empty", path=path)
        if read.told is not None and read.told != found:
            raise DataError("represent.vectors_count", path=path, told=read.told, found=found)
        stream.seek(0)
        # numpy leaves room in a header, so that the number of rows may grow.
        assert _write_header(stream, len(words), read.width) == start
    return list(words), read.width, repeated


def _write_header(stream: Any, rows: int, width: int) -> int:
    about = {"descr": "<f4", "fortran_order": False, "shape": (rows, width)}
    np.lib.format.write_array_header_1_0(stream, about)
    return int(stream.tell())


def _counts(line: bytes) -> tuple[int, int] | None:
    """Return the number of words and of numbers that a first line tells; None where it is not such a line."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    words, width = map(int, fields)
    return (words, width) if 1 <= width <= _MOST_NUMBERS else None


def _lines(file: VectorFile, width: int, number: int, first: bytes = b"") -> Iterator[tuple[str, np.ndarray]]:
    """Yield word and vector of each line; `number` is that of the next one, which `first` is where it was read."""
    blank = 0
    line = first or file.stream.readline()
    while line:
        fields = line.rstrip(b"\r\n ").split(b" ")
        if fields == [b""]:
            blank += 1  # at the end of a file nobody minds
        else:
            vector = _numbers(fields[-width:]) if len(fields) > width and not blank else None
            # A word may have spaces in it, but what stands before the numbers must not be one more number.
            if vector is None or (len(fields) > width + 1 and _numbers(fields[-width - 1 : -width]) is not None):
                is_last = not line.endswith(b"\n") and not file.stream.read(1)
                key = "represent.vectors_last_line" if is_last else "represent.vectors_line"
                raise DataError(key, path=file.path, n=number, expected=width, came=_shown(line))
            yield b" ".join(fields[:-width]).decode("utf-8", "replace"), vector
        line = file.stream.readline()
        number += 1


def _records(file: VectorFile, words: int, width: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield word and vector of each record of a binary file."""
    size, held, place = 4 * width, b"", 0
    for number in range(1, words + 1):
        end = held.find(b" ", place)
        while end < 0 or len(held) < end + 1 + size:
            if end < 0 and len(held) - place > _LONGEST_WORD:
                raise DataError("represent.vectors_record", path=file.path, n=number)
            more = file.stream.read(max(1 << 20, size))
            if not more:
                if len(held[place:].strip()):
                    raise DataError("represent.vectors_cut", path=file.path, told=words, n=number)
                return
            held, place = held[place:] + more, 0
            end = held.find(b" ")
        if number == 1 and _WRITTEN.issuperset(held[end + 1 : end + 1 + size]):
            # Numbers in words: the text format under another ending.
            raise DataError("represent.vectors_format", path=file.path, line=_shown(held))
        vector = np.frombuffer(held, dtype="<f4", count=width, offset=end + 1)
        if not np.isfinite(vector).all():
            raise DataError("represent.vectors_record", path=file.path, n=number)
        yield held[place:end].lstrip(b"\r\n").decode("utf-8", "replace"), vector
        place = end + 1 + size
    if (held[place:] + file.stream.read(64)).strip():
        raise DataError("represent.vectors_count", path=file.path, told=words, found=words + 1)


def _numbers(fields: list[bytes]) -> np.ndarray | None:
    """Return fields as finite numbers; None where one is none."""
    try:
        values = [float(field) for field in fields]
    except ValueError:
        return None
    return np.array(values, dtype=np.float32) if all(abs(value) < _GREATEST for value in values) else None


def _shown(line: bytes) -> str:
    text = line[: 4 * _DOUBT].decode("utf-8", "replace").strip()
    return text if len(text) <= _DOUBT else f"{text[:_DOUBT]}…"
