"""Delimited text (csv, tsv, txt): the dialect of a file, and its rows with the line each stands on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from makna.collect.disk import suffix_of
from makna.collect.encoding import decoded_lines, detect_encoding
from makna.collect.names import check_columns
from makna.core.errors import DataError

CANDIDATES = (",", ";", "\t", "|")
_HEAD_LINES = 500
_LONGEST_CELL = 1 << 26
_NOT_IN_TEXT = "\x1f"  # stands for "no delimiter": one column
_NAMES = {"\\t": "\t", "tab": "\t"}


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Parameters
    ----------
    encoding : str
        Encoding of its bytes.
    delimiter : str or None
        The character between cells; None for a file of one column.
    columns : tuple of str
        Column names, stripped.
    header : bool
        Whether the first line holds the names.
    quotes : bool
        Whether ``"`` encloses cells; not in a ``.txt`` of one column, nor in a table with tabs whose rows are whole
        only if it is part of the text.
    """

    encoding: str
    delimiter: str | None
    columns: tuple[str, ...]
    header: bool = True
    quotes: bool = True


def detect_dialect(
    path: Path, encoding: str | None = None, delimiter: str | None = None, columns: Sequence[str] | None = None
) -> Dialect:
    """Find out how a delimited file is written, from its first lines (the encoding from all of it).

    Parameters
    ----------
    path : Path
        The file.
    encoding, delimiter : str or None
        Known beforehand; detected when None.
    columns : sequence of str or None
        Names of the columns of a file without a header.

    Raises
    ------
    DataError
        Nothing but blank lines, a delimiter of several characters, or a column name that stands twice.
    """
    encoding = encoding or detect_encoding(path)
    first = list(islice(decoded_lines(path, encoding), _HEAD_LINES))
    head = [line for line in first if line.strip()]
    if not head:
        raise DataError("collect.empty_file", path=str(path))
    given = _NAMES.get(delimiter, delimiter) if delimiter else None
    if given is not None and (len(given) != 1 or given in '"\r\n'):
        raise DataError("collect.bad_delimiter", delimiter=delimiter)
    width = len(columns) if columns is not None else None
    found = given or _find_delimiter(head, suffix_of(path), width, cut=len(first) == _HEAD_LINES)
    quotes = found is not None or suffix_of(path) != ".txt"
    names = list(columns) if columns is not None else _header(head, found, quotes, path)
    names = [name.strip() for name in names]
    check_columns(names, str(path))
    dialect = Dialect(encoding, found, tuple(names), columns is None, quotes)
    return _without_quotes(path, dialect) if found == "\t" else dialect


def _header(head: list[str], delimiter: str | None, quotes: bool, path: Path) -> list[str]:
    try:
        return next(_cells(iter(head), delimiter, quotes, path))[1]
    except DataError:
        if delimiter != "\t":
            raise
        return next(_cells(iter(head), delimiter, False))[1]


def _without_quotes(path: Path, dialect: Dialect) -> Dialect:
    """Return the dialect in which all rows are whole: programs that write tabs seldom enclose cells."""
    if not any('"' in line for line in decoded_lines(path, dialect.encoding)) or _is_whole(path, dialect):
        return dialect
    bare = replace(dialect, quotes=False)
    return bare if _is_whole(path, bare) else dialect


def _is_whole(path: Path, dialect: Dialect) -> bool:
    try:
        for _ in rows(path, dialect):
            pass
    except DataError:
        return False
    return True


def rows(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield every row with the line it starts on, counted from 1.

    Blank lines are no rows, except between the rows of a file of one column, where each is an empty cell.

    Parameters
    ----------
    path : Path
        The file.
    dialect : Dialect
        As `detect_dialect` found it.

    Raises
    ------
    DataError
        A row with another number of cells than the header, a quote that is never closed or stands bare inside a
        quoted cell (with the line).
    """
    width = len(dialect.columns)
    skip_header = dialect.header
    blank: list[int] = []
    for line, cells in _cells(decoded_lines(path, dialect.encoding), dialect.delimiter, dialect.quotes, path):
        if not cells or (len(cells) == 1 and width > 1 and not cells[0].strip()):
            if width == 1 and not skip_header:
                blank.append(line)
            continue
        if skip_header:
            skip_header = False
            continue
        if len(cells) != width:
            raise DataError("collect.ragged", path=str(path), line=line, came=len(cells), expected=width)
        yield from ((number, [""]) for number in blank)
        blank.clear()
        yield line, cells


def _cells(
    lines: Iterator[str], delimiter: str | None, quotes: bool, path: Path | None = None
) -> Iterator[tuple[int, list[str]]]:
    if not quotes:
        for number, line in enumerate(lines, start=1):
            text = line.rstrip("\r\n")
            yield number, [] if not text else text.split(delimiter) if delimiter else [text]
        return
    source = _Ending(lines)
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    # Strict but while guessing: a bare quote inside a quoted cell would silently change the text.
    reader = csv.reader(source, delimiter=delimiter or _NOT_IN_TEXT, strict=path is not None)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if path is None:
                return  # while guessing; `rows` will name it
            raise _bad_row(path, start, problem, source.ended) from problem
        yield start, [_NOT_IN_TEXT.join(cells)] if delimiter is None and cells else cells


def _bad_row(path: Path, line: int, problem: csv.Error, ended: bool) -> DataError:
    if ended:
        # The lines ran out inside a row: all from its quote on would be one cell.
        return DataError("collect.open_quote", path=str(path), line=line)
    if "expected after" in str(problem):
        return DataError("collect.bare_quote", path=str(path), line=line)
    return DataError("collect.bad_row", path=str(path), line=line, reason=str(problem))


class _Ending:
    """Lines that remember whether they were asked for more than there are."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ended = False

    def __iter__(self) -> _Ending:
        return self

    def __next__(self) -> str:
        try:
            return next(self._lines)
        except StopIteration:
            self.ended = True
            raise


def _find_delimiter(head: list[str], suffix: str, width: int | None, cut: bool) -> str | None:
    if width == 1:
        return None
    scored = []
    for candidate in CANDIDATES:
        counts = [len(cells) for _, cells in _cells(iter(head), candidate, True)]
        if cut and len(counts) > 1:
            counts.pop()  # the last row may go on behind the head
        expected = width or counts[0]
        if expected > 1:
            body = counts if width else counts[1:]
            share = sum(count == expected for count in body) / max(len(body), 1)
            scored.append((share, expected, candidate))
    usual = "\t" if suffix in (".tsv", ".tab") else ","
    if not scored:
        return usual if width else None
    share, _, best = max(scored)
    if share >= 0.5:
        return best
    # Nothing fits most rows: a text that happens to hold commas, or a broken table, which `rows` will name.
    return None if suffix == ".txt" and not width else usual if any(c == usual for *_, c in scored) else best
