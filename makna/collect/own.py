"""A user's own data as one table: a file, a file for each part, or a folder; with what was decided on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from makna.collect.disk import plain_errors
from makna.collect.files import join_parts, whole
from makna.collect.folder import SOURCE, open_folder
from makna.collect.stream import AS_FOUND, Reading, TableStream
from makna.core.errors import noting
from makna.core.files import file_hash

_NAMED_FILES = 20


@dataclass(frozen=True)
class OwnTable:
    """A user's own data, read.

    Parameters
    ----------
    table : DataFrame of str
        All rows.
    files : list of dict
        ``name`` and ``sha256`` of what was read; a folder of many files is named as one.
    notes : tuple of str
        What the user should know: which sheet was read, an encoding that was guessed.
    mapping : mapping of str to str
        Columns that are known without being named: those of a folder.
    """

    table: pd.DataFrame
    files: list[dict[str, str]]
    notes: tuple[str, ...]
    mapping: Mapping[str, str]


def read_own(
    source: str | Mapping[str, str],
    *,
    reading: Reading = AS_FOUND,
    folder: bool = False,
) -> OwnTable:
    """Read a user's own data.

    Parameters
    ----------
    source : str or mapping of str to str
        A file, part → file, or a folder.
    reading : Reading
        What is not to be found out.
    folder : bool
        Whether `source` is a folder.

    Raises
    ------
    DataError
        As `read_table`, `read_parts` and `open_folder`.
    """
    mapping = {}
    if isinstance(source, Mapping):
        streams = {part: TableStream.open(path, reading) for part, path in source.items()}
        notes = tuple(note for stream in streams.values() for note in stream.notes)
        files = [_named(stream.path) for stream in streams.values()]
        with noting(notes):
            table = join_parts(streams)
    else:
        stream = open_folder(source, reading) if folder else TableStream.open(source, reading)
        notes = stream.notes
        with noting(notes):
            table = whole(stream)
        files = _of_folder(stream) if folder else [_named(stream.path)]
        if folder and SOURCE in stream.columns:
            mapping = {SOURCE: SOURCE}
    return OwnTable(table, files, notes, mapping)


def _of_folder(stream: TableStream) -> list[dict[str, str]]:
    named = [{**_named(path), "name": path.relative_to(stream.path).as_posix()} for path in stream.files]
    if len(named) <= _NAMED_FILES:
        return named
    everything = "".join(f"{file['sha256']}  {file['name']}\n" for file in named)
    return [{"name": f"{stream.path.name}/", "sha256": hashlib.sha256(everything.encode()).hexdigest()}]


def _named(path: Path) -> dict[str, str]:
    with plain_errors(path):
        return {"name": path.name, "sha256": file_hash(path)}
