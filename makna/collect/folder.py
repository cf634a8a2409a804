"""A folder as one table: texts in sub-folders named like their classes, or tables of the same columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from makna.collect.cells import text_frame
from makna.collect.disk import FORMATS, plain_errors, suffix_of
from makna.collect.encoding import decoded_lines, detect_encoding
from makna.collect.names import listed
from makna.collect.stream import AS_FOUND, Reading, TableStream
from makna.core.corpus import LABEL, PART, TEXT
from makna.core.errors import DataError
from makna.core.messages import say

SOURCE = "source"
PARTS = ("train", "valid", "test")
_TEXT = ".txt"
_SHOWN = 5


def open_table(path: str | os.PathLike[str], reading: Reading = AS_FOUND) -> TableStream:
    """Open a table, or a folder of texts or tables.

    Parameters
    ----------
    path : path
        A file as for `TableStream.open`, or a folder as for `open_folder`.
    reading : Reading
        What is not to be found out.

    Raises
    ------
    DataError
        As those two.
    """
    return open_folder(path, reading) if Path(path).is_dir() else TableStream.open(path, reading)


def open_folder(path: str | os.PathLike[str], reading: Reading = AS_FOUND) -> TableStream:
    """Open a folder as one table, files in the order of their names.

    ``CLASS/FILE.txt`` gives a row a file with the columns `text`, `label` and `source` (the file);
    ``train/CLASS/FILE.txt`` (also valid, test) a column `part` besides; ``FILE.txt`` texts without labels. Tables (csv,
    tsv, xlsx, jsonl, parquet) lie in the folder itself; they must have the same columns and are joined, with `source`
    added, and `part` where all of them are named train, valid or test. Cells are text.

    Parameters
    ----------
    path : path
        The folder.
    reading : Reading
        What is not to be found out, for all files alike.

    Raises
    ------
    DataError
        There is no such folder, nothing to read in it, texts beside tables, sub-folders of another make, or a file
        that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for label, text in (("negatif", "jelek"), ("positif", "bagus")):
    ...     (folder / label).mkdir()
    ...     _ = (folder / label / "1.txt").write_text(text, encoding="utf-8")
    >>> next(open_folder(folder).chunks()).to_dict("list")
    {'text': ['jelek', 'bagus'], 'label': ['negatif', 'positif'], 'source': ['negatif/1.txt', 'positif/1.txt']}
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError("collect.not_a_folder", path=str(folder))
    with plain_errors(folder):
        files = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and not _hidden(file))
    texts = [file for file in files if suffix_of(file) == _TEXT]
    tables = [file for file in files if suffix_of(file) in FORMATS and file not in set(texts) and file.parent == Path()]
    if texts and tables:
        raise DataError("collect.folder_mixed", path=str(folder), texts=_some(texts), tables=_some(tables))
    if not texts and not tables:
        raise DataError("collect.folder_empty", path=str(folder), found=_some(files) or "–")
    left = [file for file in files if file not in {*texts, *tables}]
    notes = (say("collect.folder_left", n=len(left), files=_some(left)),) if left else ()
    return _of_tables(folder, tables, reading, notes) if tables else _of_texts(folder, texts, reading, notes)


def _hidden(file: Path) -> bool:
    return file.name.startswith((".", "~$")) or file.name.lower() in ("thumbs.db", "desktop.ini")


def _some(files: Iterable[Path]) -> str:
    return listed((file.as_posix() for file in files), _SHOWN)


def _of_texts(folder: Path, files: Sequence[Path], reading: Reading, notes: tuple[str, ...]) -> TableStream:
    depths = {len(file.parts) for file in files}
    in_parts = depths == {3} and {file.parts[0] for file in files} <= set(PARTS)
    if not (depths in ({1}, {2}) or in_parts) or (depths == {2} and {file.parts[0] for file in files} <= set(PARTS)):
        deepest = max(files, key=lambda file: len(file.parts))
        raise DataError("collect.folder_shape", path=str(folder), example=deepest.as_posix(), parts=", ".join(PARTS))
    if depths == {1}:
        notes += (say("collect.folder_no_labels", path=str(folder)),)
    columns = (TEXT, *((LABEL,) if depths != {1} else ()), *((PART,) if in_parts else ()), SOURCE)

    def rows(some: Sequence[Path]) -> pd.DataFrame:
        cells = {
            TEXT: [_whole(folder / file, reading) for file in some],
            LABEL: [file.parts[-2] if len(file.parts) > 1 else "" for file in some],
            PART: [file.parts[0] for file in some],
            SOURCE: [file.as_posix() for file in some],
        }
        return pd.DataFrame({name: cells[name] for name in columns}, dtype=str)

    def batches(size: int) -> Iterator[pd.DataFrame]:
        for start in range(0, len(files), size):
            frame = rows(files[start : start + size])
            frame.index = pd.RangeIndex(start + 1, start + 1 + len(frame), name="row")
            yield frame

    paths = tuple(folder / file for file in files)
    added = tuple(name for name in columns if name in (PART, SOURCE))
    return TableStream(folder, columns, batches, rows=len(files), notes=notes, files=paths, added=added)


def _whole(file: Path, reading: Reading) -> str:
    with plain_errors(file):
        if file.stat().st_size == 0:
            return ""
    return "".join(decoded_lines(file, reading.encoding or detect_encoding(file))).rstrip("\r\n")


def _of_tables(folder: Path, files: Sequence[Path], reading: Reading, notes: tuple[str, ...]) -> TableStream:
    streams = [TableStream.open(folder / file, reading) for file in files]
    first = streams[0].columns
    for stream in streams[1:]:
        if set(stream.columns) != set(first):
            raise different_columns(first, stream.columns, stream.path)
    as_parts = PART not in first and {_stem(file) for file in files} <= set(PARTS)
    added: dict[str, Callable[[Path], str]] = {PART: _stem} if as_parts else {}
    added[SOURCE if SOURCE not in first else f"{SOURCE}_makna"] = Path.as_posix

    def batches(size: int) -> Iterator[pd.DataFrame]:
        done = 0
        for file, stream in zip(files, streams, strict=True):
            for chunk in stream.chunks(size):
                frame = text_frame(chunk)[list(first)]
                for name, value in added.items():
                    frame[name] = value(file)
                frame.index = pd.RangeIndex(done + 1, done + 1 + len(frame), name="row")
                done += len(frame)
                yield frame

    notes += tuple(note for stream in streams for note in stream.notes)
    paths = tuple(stream.path for stream in streams)
    return TableStream(folder, (*first, *added), batches, notes=notes, files=paths, added=tuple(added))


def _stem(file: Path) -> str:
    return file.name.partition(".")[0].lower()


def different_columns(first: Iterable[str], other: Iterable[str], path: str | os.PathLike[str]) -> DataError:
    """Return the error for tables that should have the same columns."""
    first, other = list(first), list(other)
    missing = listed(name for name in first if name not in other)
    extra = listed(name for name in other if name not in first)
    return DataError("collect.parts_differ", path=str(Path(path)), missing=missing or "–", extra=extra or "–")
