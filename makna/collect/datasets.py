"""Public data by name: found in MAKNA_DATA, in the cache or by download, checked, and read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pandas as pd

from makna.collect.catalogue import Dataset, FileEntry, dataset
from makna.collect.disk import plain_errors
from makna.collect.files import read_table
from makna.collect.names import listed
from makna.core.corpus import PART
from makna.core.errors import DataError
from makna.core.files import file_hash
from makna.core.messages import say
from makna.core.task import Task


@dataclass(frozen=True)
class DataFile:
    """A file of a set that was found on this machine.

    Parameters
    ----------
    path : Path
        Where it is.
    entry : FileEntry
        What the catalogue says of it (encoding, delimiter, header, role).
    sha256 : str
        Of the file as it is, 64 hex digits.
    changed : bool
        Whether that differs from the catalogue; scores may then differ from published ones.
    """

    path: Path
    entry: FileEntry
    sha256: str
    changed: bool = False

    @property
    def part(self) -> str | None:
        """The part this file is, None where the set has none."""
        return self.entry.part

    @property
    def warning(self) -> str:
        """What to tell the user about a changed file; empty otherwise."""
        return say("collect.changed_file", path=str(self.path)) if self.changed else ""


@dataclass(frozen=True)
class Collected:
    """A set as a table, and how its columns map onto the corpus.

    Parameters
    ----------
    table : DataFrame of str
        All rows; a part column where the set comes in parts.
    mapping : mapping
        Corpus column → column of `table`, or several: for `to_corpus`.
    task : Task or None
        What is learned from it by default.
    files : tuple of DataFile
        What was read.
    dataset : Dataset
        Title, source, licence and citation.
    """

    table: pd.DataFrame
    mapping: Mapping[str, str | Sequence[str]]
    task: Task | None
    files: tuple[DataFile, ...]
    dataset: Dataset


def offline() -> bool:
    """Tell whether the network must not be used (``MAKNA_OFFLINE``)."""
    return os.environ.get("MAKNA_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def cache_folder() -> Path:
    """Return the user's folder for downloaded data (``MAKNA_CACHE``, else where the system keeps caches)."""
    chosen = os.environ.get("MAKNA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("makna")) / "data"


def locate(name: str, *, download: bool = True) -> list[DataFile]:
    """Find the files of a set: samples in the package, others in MAKNA_DATA, in the cache, else by download.

    Parameters
    ----------
    name : str
        Name in the catalogue.
    download : bool
        Whether a file that is nowhere here may be downloaded.

    Returns
    -------
    list of DataFile
        In the catalogue's order. A file whose checksum differs has ``changed=True``; it is not refused.

    Raises
    ------
    DataError
        No such set, or a file that is nowhere: what it is, its licence, where it was looked for, how to get it.

    Examples
    --------
    >>> [file.path.name for file in locate("sample-reviews")]
    ['reviews.csv']
    """
    found = dataset(name)
    return [_locate_file(found, entry, download) for entry in found.files]


def read_dataset(name: str) -> Collected:
    """Read a whole set: its parts below each other, looked-up columns joined.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Raises
    ------
    DataError
        As `locate` and `read_table`; or a row has nothing to be joined with.
    """
    found = dataset(name)
    files = tuple(locate(name))
    by_path = {file.entry.path: file for file in files}
    tables = []
    for file in files:
        if file.entry.role == "rows":
            table = _read(file)
            for column, value in file.entry.constants.items():
                table[column] = value
            tables.append((file, _joined(table, file, by_path)))
    mapping: dict[str, str | Sequence[str]] = dict(found.columns)
    if any(file.part for file, _ in tables):
        # A set may use the word itself: CASA has an aspect named part.
        column = PART if all(PART not in table for _, table in tables) else f"{PART}_makna"
        mapping[PART] = column
        for file, table in tables:
            table[column] = file.part or ""
    return Collected(pd.concat([table for _, table in tables]), mapping, found.task, files, found)


def _read(file: DataFile) -> pd.DataFrame:
    entry = file.entry
    return read_table(file.path, encoding=entry.encoding, delimiter=entry.delimiter, columns=entry.header)


def _joined(table: pd.DataFrame, file: DataFile, by_path: Mapping[str, DataFile]) -> pd.DataFrame:
    join = file.entry.join
    if join is None:
        return table
    other = _read(by_path[join.path]).set_index(join.on)
    missing = sorted(set(table[join.on]) - set(other.index))
    if missing:
        raise DataError("collect.no_match", path=str(file.path), column=join.on, values=listed(missing, 10))
    for column, new_name in join.columns.items():
        table[new_name] = table[join.on].map(other[column])
    return table


def _locate_file(found: Dataset, entry: FileEntry, download: bool) -> DataFile:
    if found.kind == "sample":
        path = Path(str(resources.files("makna.samples") / entry.path))
        if not path.is_file():
            raise DataError("collect.sample_missing", name=found.name, path=str(path))
        return DataFile(path, entry, _sha256(path))
    folder = os.environ.get("MAKNA_DATA")
    places = [Path(folder).expanduser() / entry.path] if folder else []
    places.append(cache_folder() / entry.path)
    for path in places:
        if path.is_file():
            checksum = _sha256(path)
            return DataFile(path, entry, checksum, checksum != entry.sha256)
    if entry.url and download and not offline():
        return DataFile(_download(found, entry), entry, entry.sha256)
    raise _absent(found, entry, folder, places)


def _absent(found: Dataset, entry: FileEntry, folder: str | None, places: list[Path]) -> DataError:
    """What the set is, where it was looked for, and the way to it that is open."""
    looked = listed(str(path) for path in places)
    if not folder:
        looked = f"{looked}; {say('collect.no_data_folder')}"
    how = "collect.get_online" if entry.url else "collect.get_by_hand"
    return DataError(
        "collect.dataset_absent",
        name=found.name,
        title=found.title,
        licence=found.licence,
        file=entry.path,
        looked=looked,
        how=say(how, source=found.source, file=entry.path),
    )


def _download(found: Dataset, entry: FileEntry) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # its own notes are not in the user's language
    target = cache_folder() / entry.path
    try:
        with plain_errors(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(entry.url, known_hash=f"sha256:{entry.sha256}", fname=target.name, path=target.parent)
    except DataError:
        raise
    except (OSError, ValueError) as problem:  # no network, no such address, or other bytes than expected
        how = say("collect.get_by_hand", source=found.source, file=entry.path)
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise DataError("collect.download_failed", name=found.name, url=entry.url, reason=reason, how=how) from problem
    return target


def _sha256(path: Path) -> str:
    with plain_errors(path):
        return file_hash(path)
