"""The user's columns onto the corpus' fixed ones; labels stay strings exactly as in the file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from makna.collect.cells import texts_of
from makna.collect.names import listed, missing_column
from makna.collect.stream import LINE
from makna.core.corpus import ID, PART, SCORE
from makna.core.errors import DataError
from makna.core.messages import say
from makna.core.task import Task

_SHOWN = 5
_JOINT = " / "
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def to_corpus(
    table: pd.DataFrame,
    task: Task,
    mapping: Mapping[str, str | Sequence[str]],
    *,
    ids: Sequence[str] | None = None,
    classes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return a table as a corpus: fixed column names, labels as strings, scores as numbers.

    Parameters
    ----------
    table : DataFrame
        As `read_table` gives it.
    task : Task
        Which text and target columns are needed.
    mapping : mapping of str to str or sequence of str
        Corpus column → the user's column. A column the task needs and that is not named here is looked for under its
        corpus name; `group` (or any other but texts and targets) may be several columns, joined. A column named
        ``part`` that nothing else uses is taken along.
    ids : sequence of str or None
        Row ids; when None those of ``mapping["id"]``, else "1", "2", … by position.
    classes : mapping of str to str or None
        Raw label → class, where they differ (``{"1": "negatif"}``).

    Returns
    -------
    DataFrame
        `id`, texts, targets, then what else was mapped; index 0 … n − 1. Missing labels are '' (scores: NaN) and left
        to whoever judges rows; `count_unlabelled` counts them.

    Raises
    ------
    DataError
        A column is missing (the nearest match is offered), a score is not a number or outside the task's scale (with
        the lines), a label has no class in `classes`, or an id stands twice.

    Examples
    --------
    >>> table = pd.DataFrame({"ulasan": ["bagus", "jelek"], "bintang": ["5", "1"]})
    >>> to_corpus(table, Task(), {"text": "ulasan", "label": "bintang"}).to_dict("list")
    {'id': ['1', '2'], 'text': ['bagus', 'jelek'], 'label': ['5', '1']}
    """
    needed = (*task.text_columns, *task.target_columns)
    columns: dict[str, list[str] | list[float]] = {ID: _ids(table, mapping, ids)}
    for name in needed:
        user = mapping.get(name, name)
        if not isinstance(user, str):
            raise DataError("collect.one_column", purpose=name, columns=listed(user))
        cells = _cells(table, user, name)
        if name == SCORE and task.is_number:
            columns[name] = _scores(table, user, cells, task.scale)
        elif name in task.target_columns:
            columns[name] = to_classes(user, cells, classes)
        else:
            columns[name] = cells
    for name, users in mapping.items():
        if name not in (*needed, ID):
            columns[name] = _joined(table, users, name)
    if PART in table.columns and PART not in mapping and PART not in _used(mapping, needed):
        columns[PART] = texts_of(table[PART])
    kinds = {name: float if name == SCORE and task.is_number else str for name in columns}
    return pd.DataFrame({name: pd.Series(cells, dtype=kinds[name]) for name, cells in columns.items()})


def count_unlabelled(corpus: pd.DataFrame, task: Task) -> dict[str, int]:
    """Return the number of rows without a target, by corpus column.

    Examples
    --------
    >>> count_unlabelled(pd.DataFrame({"text": ["a", "b"], "label": ["1", ""]}), Task())
    {'label': 1}
    """
    counts = {}
    for name in task.target_columns:
        column = corpus[name]
        counts[name] = int(column.isna().sum() if task.is_number else (column == "").sum())
    return counts


def _used(mapping: Mapping[str, str | Sequence[str]], needed: Sequence[str]) -> set[str]:
    used = {name for name in needed if name not in mapping}
    for users in mapping.values():
        used.update([users] if isinstance(users, str) else users)
    return used


def _cells(table: pd.DataFrame, user: str, purpose: str) -> list[str]:
    if user not in table.columns:
        raise missing_column(user, purpose, (str(name) for name in table.columns if name != PART))
    return texts_of(table[user])


def _joined(table: pd.DataFrame, users: str | Sequence[str], purpose: str) -> list[str]:
    if isinstance(users, str):
        return _cells(table, users, purpose)
    sides = [_cells(table, user, purpose) for user in users]
    return [_JOINT.join(cells) for cells in zip(*sides, strict=True)]


def _ids(table: pd.DataFrame, mapping: Mapping[str, str | Sequence[str]], ids: Sequence[str] | None) -> list[str]:
    if ids is not None:
        found = [str(name) for name in ids]
        if len(found) != len(table):
            raise DataError("collect.ids_count", came=len(found), expected=len(table))
    elif ID in mapping:
        found = _joined(table, mapping[ID], ID)
    else:
        return [str(position) for position in range(1, len(table) + 1)]
    counts = pd.Series(found, dtype=str).value_counts()
    twice = counts[counts > 1]
    if len(twice):
        raise DataError("collect.duplicate_ids", n=len(twice), examples=_quoted(map(str, twice.index[:_SHOWN])))
    return found


def to_classes(user: str, cells: Sequence[str], classes: Mapping[str, str] | None) -> list[str]:
    """Return the class of each cell, '' where it is empty.

    Parameters
    ----------
    user : str
        The column, for the message.
    cells : sequence of str
        As read.
    classes : mapping of str to str or None
        Raw label → class; None: as they are.

    Raises
    ------
    DataError
        A label has no class.
    """
    labels = ["" if not cell.strip() else cell for cell in cells]
    if classes is None:
        return labels
    by_raw = {str(raw): str(name) for raw, name in classes.items()}
    unknown = pd.Series([label for label in labels if label and label not in by_raw], dtype=str).value_counts()
    if len(unknown):
        came = listed((f"'{value}' ({count})" for value, count in unknown.items()), limit=10)
        raise DataError("collect.unknown_labels", column=user, came=came, known=_quoted(by_raw))
    return [by_raw[label] if label else "" for label in labels]


def _scores(table: pd.DataFrame, user: str, cells: list[str], scale: tuple[float, float] | None) -> list[float]:
    texts = [cell.strip() for cell in cells]
    scores = [float(text) if _NUMBER.fullmatch(text) else math.nan for text in texts]
    bad = [i for i, text in enumerate(texts) if text and not math.isfinite(scores[i])]
    if bad:
        raise DataError("collect.bad_scores", column=user, n=len(bad), examples=_examples(table, cells, bad))
    if scale is not None:
        low, high = scale
        outside = [i for i, value in enumerate(scores) if value < low or value > high]
        if outside:
            examples = _examples(table, cells, outside)
            raise DataError("collect.outside_scale", column=user, n=len(outside), low=low, high=high, examples=examples)
    return scores


def _examples(table: pd.DataFrame, cells: list[str], positions: list[int]) -> str:
    """The first of these cells, each with its line where the reader noted it, else with its row."""
    shown = []
    for i in positions[:_SHOWN]:
        place = say("collect.at_line", n=table.index[i]) if table.index.name == LINE else say("collect.at_row", n=i + 1)
        shown.append(f"{place}: '{cells[i][:40]}'")
    return ", ".join(shown)


def _quoted(values: Iterable[str]) -> str:
    return listed((f"'{value}'" for value in values), limit=10)
