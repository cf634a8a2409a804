"""Bytes to lines of text: which encoding a file has, and its lines with nothing in them that a table cannot hold."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from makna.collect.disk import open_bytes, plain_errors
from makna.core.errors import DataError

_BLOCK = 1 << 20
_BOMS = (  # UTF-32 first: its little-endian mark starts with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as Python's surrogateescape marks them
_BEYOND_ASCII = re.compile("[^\0-\x7f\udc80-\udcff]")


def repair(text: str) -> str:
    """Return text in which every lone surrogate is U+FFFD, and every pair of them the character it stands for.

    Examples
    --------
    >>> repair("a\\ud83d") == "a\\ufffd"
    True
    """
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def detect_encoding(path: Path) -> str:
    """Return the encoding of a whole text file.

    A byte-order mark decides; else zero bytes at every second place mean UTF-16; else UTF-8 if all of it is valid, else
    Windows-1252, else Latin-1 (which takes any byte). Where most characters beyond ASCII are UTF-8 and some are not,
    no one encoding is right, and none is taken.

    Parameters
    ----------
    path : Path
        A file, perhaps ``.gz``.

    Raises
    ------
    DataError
        The file cannot be read, or is written in two encodings (with the first line of each).
    """
    with plain_errors(path), open_bytes(path) as stream:
        head = stream.read(4096)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _wide_without_mark(head)
    if wide is not None and _decodes(path, wide):
        return wide
    if _decodes(path, "utf-8"):
        return "utf-8"
    _refuse_mixed(path)
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _refuse_mixed(path: Path) -> None:
    good, bad, lines = _Tally(), _Tally(), 0
    with plain_errors(path), open_bytes(path) as stream:
        while block := stream.read(_BLOCK):
            block += stream.readline()
            text = block.decode("utf-8", "surrogateescape")
            good.add(_BEYOND_ASCII, text, lines)
            bad.add(_ESCAPED, text, lines)
            lines += block.count(b"\n")
    if good.count >= bad.count:
        byte = f"0x{ord(bad.first) - 0xDC00:02X}"
        raise DataError("collect.mixed_encoding", path=str(path), good=good.line, line=bad.line, byte=byte)


class _Tally:
    """How often characters of a kind stand in a text, the first of them and its line."""

    def __init__(self) -> None:
        self.count, self.first, self.line = 0, "", 0

    def add(self, kind: re.Pattern[str], text: str, lines_before: int) -> None:
        found = kind.search(text)
        if found is None:
            return
        if not self.count:
            self.first, self.line = found[0], lines_before + text.count("\n", 0, found.start()) + 1
        self.count += len(kind.findall(text))


def decoded_lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a text file with their ends, surrogates repaired, without a byte-order mark.

    Parameters
    ----------
    path : Path
        A file, perhaps ``.gz``; read in blocks of about 1 MiB.
    encoding : str
        A text encoding known to Python.

    Raises
    ------
    DataError
        The encoding is unknown or does not fit (with the offset of the first bad byte), or a line holds a NUL byte.
    """
    number, kept = 0, ""
    for block in _blocks(path, encoding):
        lines = list(io.StringIO(kept + repair(block), newline=""))
        # The last line may go on in the next block, and a last CR may have its LF there.
        kept = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        for line in lines:
            number += 1
            yield _without_nul(line, path, number)
    for line in io.StringIO(kept, newline=""):
        number += 1
        yield _without_nul(line, path, number)


def _without_nul(line: str, path: Path, number: int) -> str:
    if "\0" in line:
        raise DataError("collect.nul", path=str(path), line=number)
    return line


def _blocks(path: Path, encoding: str) -> Iterator[str]:
    name = _codec(encoding)
    wide = name.startswith(("utf-16", "utf-32"))
    first = True
    with plain_errors(path), open_bytes(path) as stream:
        for text in _wide_blocks(stream, path, name) if wide else _narrow_blocks(stream, path, name):
            yield text.removeprefix("\ufeff") if first else text
            first = False


def _narrow_blocks(stream: BinaryIO, path: Path, name: str) -> Iterator[str]:
    # A block ends with a line, so that no character is cut in two.
    offset = 0
    while block := stream.read(_BLOCK):
        block += stream.readline()
        try:
            yield block.decode(name, _errors(name))
        except UnicodeDecodeError as problem:
            raise _misfit(path, name, offset + problem.start, block[problem.start]) from problem
        offset += len(block)


def _wide_blocks(stream: BinaryIO, path: Path, name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(name)(_errors(name))
    offset = 0
    while True:
        block = stream.read(_BLOCK)
        waiting = len(decoder.getstate()[0])
        try:
            yield decoder.decode(block, final=not block)
        except UnicodeDecodeError as problem:
            raise _misfit(path, name, offset - waiting + problem.start, problem.object[problem.start]) from problem
        if not block:
            return
        offset += len(block)


def _misfit(path: Path, name: str, offset: int, byte: int) -> DataError:
    return DataError("collect.bad_encoding", path=str(path), encoding=name, offset=offset, byte=f"0x{byte:02X}")


def _codec(encoding: str) -> str:
    try:
        "".encode(encoding)  # refuses codecs that are not of text, such as hex
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as problem:
        raise DataError("collect.unknown_encoding", encoding=encoding) from problem
    return "utf-8" if name == "utf-8-sig" else name


def _errors(name: str) -> str:
    return "surrogatepass" if name.startswith("utf-") and name != "utf-7" else "strict"


def _wide_without_mark(head: bytes) -> str | None:
    half = len(head) // 2
    if half == 0:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _decodes(path: Path, name: str) -> bool:
    try:
        for _ in _blocks(path, name):
            pass
    except DataError as problem:
        if problem.key != "collect.bad_encoding":
            raise
        return False
    return True
