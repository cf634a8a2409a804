"""A user's table with predictions added: which columns are read, how the new ones are named, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from makna.collect.disk import plain_errors
from makna.collect.folder import open_table
from makna.collect.names import hint, listed, missing_column
from makna.collect.stream import AS_FOUND, Reading
from makna.collect.writer import TableWriter
from makna.core.corpus import is_pairs
from makna.core.errors import DataError, noting
from makna.core.messages import say
from makna.core.model_folder import SavedModel

_SUFFIX = "_makna"


class Predicts(Protocol):
    """What a table's rows are given to: a `Model`, or another engine with the same columns."""

    saved: SavedModel

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `predict`."""

    def inputs(self, chunk: pd.DataFrame, columns: Sequence[str]) -> Any:
        """Return X of a table."""

    def predict(self, X: Any) -> pd.DataFrame:
        """Return predictions."""


@dataclass(frozen=True)
class PredictSummary:
    """What was written.

    Parameters
    ----------
    out : Path
        The table.
    rows : int
        Rows read, and as many written.
    text_columns : tuple of str
        The user's columns that were read.
    added : tuple of str
        The new columns, under the names they got.
    renamed : dict of str
        New columns whose name was taken → the name they got.
    empty : int
        Rows whose text (of a pair: a side) is empty; they have a prediction all the same.
    guarded : int
        Cells that got a ``'`` in front, so that a spreadsheet does not run them.
    counts : dict
        Output → class → rows with that prediction; empty for numbers.
    cut : int
        Texts that were cut, because a cell of xlsx can hold no more.
    notes : tuple of str
        How the table was read: which sheet, an encoding that was guessed.
    """

    out: Path
    rows: int
    text_columns: tuple[str, ...]
    added: tuple[str, ...]
    renamed: Mapping[str, str]
    empty: int
    guarded: int
    counts: Mapping[str, Mapping[str, int]]
    cut: int = 0
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [
            *self.notes,
            say("serve.predicted", rows=self.rows, path=str(self.out), columns=", ".join(self.text_columns)),
        ]
        said += [say("serve.renamed", name=name, given=given) for name, given in self.renamed.items()]
        if self.empty:
            said.append(say("serve.empty_texts", n=self.empty))
        if self.guarded:
            said.append(say("serve.guarded", n=self.guarded))
        if self.cut:
            said.append(say("serve.cut", n=self.cut))
        return "\n".join(said)


def predict_table(
    model: Predicts,
    path: Path,
    out: Path,
    *,
    text: str | Sequence[str] | None,
    chunk: int,
    progress: Callable[[int, int | None], None] | None,
    reading: Reading = AS_FOUND,
) -> PredictSummary:
    """Write a table with predictions added; parameters as those of `Model.predict_file`.

    Raises
    ------
    DataError
        The table cannot be read or written, or has no column to read.
    """
    stream = open_table(path, reading)
    with noting(stream.notes):
        read = text_columns(model.saved, stream.columns, text)
        names = free_names(model.columns, stream.columns)
        _refuse_same(path, out)
        delimiter = stream.delimiter if path.suffix.lower() == out.suffix.lower() else None
        tally = _Tally(model.saved)
        with TableWriter.open(out, [*stream.columns, *names], delimiter=delimiter) as writer:
            for rows in stream.chunks(chunk):
                X = model.inputs(rows, read)
                result = model.predict(X)
                tally.add(X, result)
                result.columns = pd.Index(names)
                result.index = rows.index
                writer.write(pd.concat([rows, result], axis=1))
                if progress is not None:
                    progress(writer.rows, stream.rows)
    renamed = {name: given for name, given in zip(model.columns, names, strict=True) if name != given}
    return PredictSummary(
        out, writer.rows, tuple(read), tuple(names), renamed, tally.empty, writer.guarded, tally.counts(),
        writer.cut, stream.notes,
    )  # fmt: skip


class _Tally:
    """Counts empty texts and predictions on the way."""

    def __init__(self, saved: SavedModel) -> None:
        outputs = () if saved.task.is_number else saved.task.outputs
        self.empty = 0
        self._labels = saved.labels
        self._counters: dict[str, Counter[str]] = {output: Counter() for output in outputs}

    def add(self, X: Any, result: pd.DataFrame) -> None:
        self.empty += _count_empty(X)
        for output, counter in self._counters.items():
            counter.update(result[_prediction(output)].tolist())

    def counts(self) -> dict[str, dict[str, int]]:
        return {output: {label: c[label] for label in self._labels[output]} for output, c in self._counters.items()}


def text_columns(saved: SavedModel, columns: Sequence[str], text: str | Sequence[str] | None = None) -> list[str]:
    """Return the columns of a table that a model reads: those asked for, else those saved with it, else the usual.

    Parameters
    ----------
    saved : SavedModel
        Its task says how many; its `columns` are the names it was trained with.
    columns : sequence of str
        Columns of the table.
    text : str, sequence of str, or None
        What the user asked for.

    Raises
    ------
    DataError
        None of them is there; or another number of columns was asked for.
    """
    needed = saved.task.text_columns
    if text is not None:
        asked = [text] if isinstance(text, str) else list(text)
        if len(asked) != len(needed):
            raise DataError("serve.text_count", came=listed(asked), expected=len(needed))
        for name, purpose in zip(asked, needed, strict=True):
            if name not in columns:
                raise missing_column(name, purpose, columns)
        return asked
    trained = [saved.columns.get(name, name) for name in needed]
    for names in (trained, list(needed)):
        if all(name in columns for name in names):
            return names
    looked = dict.fromkeys([*trained, *needed])
    near = next((said for said in (hint(name, columns) for name in looked if name not in columns) if said), "")
    raise DataError("serve.no_text_column", looked=listed(looked), hint=near, columns=listed(columns))


def free_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Return names that are not taken, with a suffix where they are.

    Examples
    --------
    >>> free_names(["prediction", "probability_1"], ["text", "prediction"])
    ['prediction_makna', 'probability_1']
    """
    used = set(taken)
    free = []
    for name in names:
        given, number = name, 1
        while given in used:
            given = f"{name}{_SUFFIX}" + (f"_{number}" if number > 1 else "")
            number += 1
        used.add(given)
        free.append(given)
    return free


def _prediction(output: str) -> str:
    return f"prediction_{output}" if output else "prediction"


def _count_empty(X: Any) -> int:
    sides = [X.iloc[:, 0], X.iloc[:, 1]] if is_pairs(X) else [X]
    return sum(any(not text.strip() for text in row) for row in zip(*sides, strict=True))


def _refuse_same(path: Path, out: Path) -> None:
    with plain_errors(out):
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise DataError("serve.inside_folder", path=str(out), folder=str(path))
        if out.exists() and out.samefile(path):
            raise DataError("serve.same_file", path=str(out))
