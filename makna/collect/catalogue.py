"""The catalogue of public data: what each set is, where it comes from, and how its files are read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from makna.collect.names import hint, listed
from makna.core.errors import DataError
from makna.core.messages import language
from makna.core.task import Task


@dataclass(frozen=True)
class Join:
    """Columns that another file of the set adds to every row.

    Parameters
    ----------
    path : str
        The other file.
    on : str
        The column both have.
    columns : mapping of str to str
        The other file's column → its name in the joined table.
    """

    path: str
    on: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class FileEntry:
    """One file of a set as the catalogue describes it.

    Parameters
    ----------
    path : str
        Where it lies under ``MAKNA_DATA``; for samples, its name in the package.
    part : str or None
        The part it is, where the set comes in parts.
    role : {"rows", "lookup"}
        Rows of the set, or a table that rows are joined with.
    url : str
        Where it can be downloaded from; empty where no address is certain.
    sha256 : str
        64 hex digits; empty for samples, which belong to the package.
    bytes : int or None
        Size.
    encoding, delimiter : str or None
        How it is written; detected when None.
    header : tuple of str or None
        Column names where the file has no line of them.
    constants : mapping of str to str
        Columns that hold one value throughout.
    join : Join or None
        Columns from another file.
    """

    path: str
    part: str | None = None
    role: Literal["rows", "lookup"] = "rows"
    url: str = ""
    sha256: str = ""
    bytes: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] | None = None
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    join: Join | None = None


@dataclass(frozen=True)
class Dataset:
    """A set of public data, or a sample of the package.

    Parameters
    ----------
    name : str
        Its name in recipes.
    kind : {"dataset", "table", "sample"}
        Rows to learn from, a table of words or lines, or a sample.
    titles, remarks : mapping of str to str
        Language → text.
    source, licence, citation : str
        Where it comes from, under which terms, and what to cite.
    languages : tuple of str
        Languages of its texts.
    files : tuple of FileEntry
        Its files.
    task : Task or None
        What is learned from it by default.
    columns : mapping
        Corpus column → the set's column, or several of them.
    """

    name: str
    kind: Literal["dataset", "table", "sample"]
    titles: Mapping[str, str]
    source: str
    licence: str
    citation: str
    languages: tuple[str, ...]
    files: tuple[FileEntry, ...]
    remarks: Mapping[str, str]
    task: Task | None = None
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def title(self) -> str:
        """The title in the language in force."""
        return self.titles[language()]

    @property
    def notes(self) -> str:
        """What is wrong with it, in the language in force."""
        return self.remarks[language()]


@cache
def datasets() -> Mapping[str, Dataset]:
    """Return every set that makna knows, by name.

    Examples
    --------
    >>> datasets()["hate-speech"].licence
    'CC BY-NC-SA 4.0'
    """
    text = (resources.files("makna.collect") / "catalogue.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _dataset(name, entry) for name, entry in tomllib.loads(text).items()})


def dataset(name: str) -> Dataset:
    """Return one set by its name.

    Raises
    ------
    DataError
        No such set; the nearest name is offered.
    """
    known = datasets()
    if name not in known:
        raise DataError("collect.unknown_dataset", name=name, hint=hint(name, known), known=listed(known))
    return known[name]


def _dataset(name: str, entry: dict[str, Any]) -> Dataset:
    task = Task.from_json({"outputs": [""], **entry["task"]}) if "task" in entry else None
    columns = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.get("columns", {}).items()
    }
    return Dataset(
        name=name,
        kind=entry["kind"],
        titles=entry["title"],
        source=entry["source"],
        licence=entry["licence"],
        citation=entry["citation"],
        languages=tuple(entry["languages"]),
        files=tuple(_file(item) for item in entry["files"]),
        remarks=entry["notes"],
        task=task,
        columns=MappingProxyType(columns),
    )


def _file(item: dict[str, Any]) -> FileEntry:
    header = tuple(item["header"]) if "header" in item else None
    join = Join(**item["join"]) if "join" in item else None
    return FileEntry(**{**item, "header": header, "join": join})
