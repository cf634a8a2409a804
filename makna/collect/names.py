"""Names as people mistype them: the nearest match is offered, never applied."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from makna.core.errors import DataError
from makna.core.messages import say


def nearest(name: str, options: Iterable[str]) -> str | None:
    """Return the option most like `name`, None where none is alike.

    Examples
    --------
    >>> nearest("Ulasn", ["ulasan", "rating"])
    'ulasan'
    """
    by_folded = {option.strip().casefold(): option for option in reversed(list(options))}
    found = difflib.get_close_matches(name.strip().casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def hint(name: str, options: Iterable[str]) -> str:
    """Return the sentence that offers the nearest match, empty where there is none."""
    near = nearest(name, options)
    return say("collect.nearest", nearest=near) if near is not None else ""


def listed(names: Iterable[str], limit: int = 30) -> str:
    """Return names as one line, cut after `limit` of them.

    Examples
    --------
    >>> listed(["a", "b", "c"], limit=2)
    'a, b, … (+1)'
    """
    names = list(names)
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, … (+{len(names) - limit})"


def check_columns(names: list[str], where: str) -> None:
    """Refuse column names that stand twice, and more than one column without a name.

    Raises
    ------
    DataError
        Names each of them, or counts the columns without a name.
    """
    unnamed = [position for position, name in enumerate(names, start=1) if not name]
    if len(unnamed) > 1:
        raise DataError("collect.unnamed_columns", path=where, positions=listed(map(str, unnamed), 10))
    seen: set[str] = set()
    twice = [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
    if twice:
        doubled = listed(f"'{name}'" for name in dict.fromkeys(twice))
        raise DataError("collect.duplicate_columns", path=where, columns=doubled)


def missing_column(name: str, purpose: str, columns: Iterable[str]) -> DataError:
    """Return the error for a column that is not in the table.

    Parameters
    ----------
    name : str
        The column asked for.
    purpose : str
        What it is for: a corpus column.
    columns : iterable of str
        The columns there are.
    """
    columns = list(columns)
    return DataError(
        "collect.missing_column", name=name, purpose=purpose, hint=hint(name, columns), columns=listed(columns)
    )
