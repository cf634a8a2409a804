"""A table written in chunks: it appears whole under its name at the end, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from makna.collect.disk import FORMATS, format_of, plain_errors, suffix_of
from makna.collect.names import check_columns, listed
from makna.collect.sinks import DelimitedSink, JsonSink, ParquetSink, Sink
from makna.collect.workbook_sink import WorkbookSink
from makna.core.errors import DataError
from makna.core.files import scratch_of


class TableWriter:
    """Writes a table into a file beside the target, and moves it into place when all went well.

    Use as a context manager: leaving it normally puts the file in place; leaving it by an exception removes what was
    written and leaves an existing target as it was.

    Parameters
    ----------
    path : Path
        The target.
    columns : sequence of str
        Column names.
    make_sink : callable
        Path of the file to write → `Sink`.
    """

    def __init__(self, path: Path, columns: Sequence[str], make_sink: Callable[[Path], Sink]) -> None:
        self.path = path
        self.columns = list(columns)
        self.rows = 0
        self._scratch = scratch_of(path)
        try:
            with plain_errors(path):
                self._sink = make_sink(self._scratch)
        except BaseException:
            self._scratch.unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: str | os.PathLike[str], columns: Sequence[str], *, delimiter: str | None = None) -> TableWriter:
        """Open a target: csv and tsv (UTF-8 with a mark, for Excel), xlsx, jsonl or parquet.

        In csv and tsv a text that starts like a formula gets a ``'`` in front and is counted in `guarded`; xlsx, jsonl
        and parquet keep the types. In xlsx a text longer than a cell holds (32,767 characters) is cut and counted in
        `cut`.

        Parameters
        ----------
        path : path
            The target; its ending tells the format. An existing file is replaced at the very end.
        columns : sequence of str
            Column names.
        delimiter : str or None
            Between the cells of csv (default: comma) and tsv (default: tab).

        Raises
        ------
        DataError
            Unknown format, a folder in the way or none to write into, no permission, a column named twice.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> target = pathlib.Path(tempfile.mkdtemp()) / "out.csv"
        >>> with TableWriter.open(target, ["teks", "nilai"]) as writer:
        ...     writer.write(pd.DataFrame({"teks": ["=1+1"], "nilai": [0.5]}))
        >>> writer.rows, writer.guarded, target.read_text(encoding="utf-8-sig").splitlines()
        (1, 1, ['teks,nilai', "'=1+1,0.5"])
        """
        target = Path(path)
        kind = format_of(target)
        if target.name.lower().endswith(".gz"):
            raise DataError("collect.unknown_format", path=str(target), allowed=listed(FORMATS))
        if target.exists() and not target.is_file():
            raise DataError("collect.not_a_file", path=str(target))
        if not target.parent.is_dir():
            raise DataError("collect.no_folder", path=str(target), folder=str(target.parent))
        check_columns(list(columns), str(target))
        return cls(target.resolve(), columns, _sink_maker(kind, target, columns, delimiter))

    @property
    def guarded(self) -> int:
        """Number of cells that got a ``'`` in front."""
        return self._sink.guarded

    @property
    def cut(self) -> int:
        """Number of texts that were cut, because a cell of xlsx can hold no more."""
        return self._sink.cut

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a table with this writer's columns.

        Parameters
        ----------
        frame : DataFrame
            Columns as named when the writer was opened, in the same order.

        Raises
        ------
        DataError
            Disk full, no permission, file too big; for xlsx more rows than a sheet can hold.
        """
        if list(frame.columns) != self.columns:
            raise ValueError(f"columns {list(frame.columns)} are not those of the table, {self.columns}")
        with plain_errors(self.path):
            self._sink.write(frame)
        self.rows += len(frame)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with plain_errors(self.path):
                    self._sink.close()
                    self._scratch.replace(self.path)
        finally:
            self._sink.abort()
            self._scratch.unlink(missing_ok=True)


def _sink_maker(kind: str, target: Path, columns: Sequence[str], delimiter: str | None) -> Callable[[Path], Sink]:
    if kind == "delimited":
        between = delimiter or ("\t" if suffix_of(target) in (".tsv", ".tab") else ",")
        return lambda path: DelimitedSink(path, columns, between)
    if kind == "workbook":
        return lambda path: WorkbookSink(path, columns)
    return JsonSink if kind == "jsonl" else lambda path: ParquetSink(path, columns)
