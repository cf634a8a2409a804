"""What one cell is as text, and which texts a spreadsheet would take for a formula."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pandas as pd

from makna.collect.encoding import repair

_FORMULA_STARTS = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?%?")


def as_text(value: Any) -> str:
    """Return a cell's value as text; a missing one is the empty text.

    Parameters
    ----------
    value : object
        A text stays as it is (lone surrogates repaired); numbers, dates and truth values are written as in JSON and
        ISO 8601; lists and mappings as JSON.

    Examples
    --------
    >>> as_text("0"), as_text(0), as_text(2.5), as_text(None), as_text(float("nan"))
    ('0', '0', '2.5', '', '')
    """
    if isinstance(value, str):
        return repair(value)
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist"):
        return as_text(value.tolist())
    if isinstance(value, list | tuple | dict):
        return repair(json.dumps(value, ensure_ascii=False, default=as_text))
    return str(value)


def texts_of(column: pd.Series) -> list[str]:
    """Return a column's cells as texts."""
    # Most cells are plain texts; the test before the call halves the time of large tables.
    return [value if type(value) is str and value.isascii() else as_text(value) for value in column.tolist()]


def text_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the same shape in which every cell is text."""
    columns = {name: texts_of(table[name]) for name in table.columns}
    return pd.DataFrame(columns, index=table.index, columns=table.columns, dtype=str)


def looks_like_formula(text: str) -> bool:
    """Tell whether a spreadsheet would run this text: it starts with = + - @, tab or CR and is no plain number.

    Examples
    --------
    >>> [looks_like_formula(text) for text in ("=1+1", "- bagus", "-5", "+3.2", "bagus")]
    [True, True, False, False, False]
    """
    return text[:1] in _FORMULA_STARTS and text != "" and _NUMBER.fullmatch(text) is None


def guarded(texts: Sequence[str]) -> tuple[list[str], int]:
    """Return texts safe to open in a spreadsheet, and how many got a ``'`` in front."""
    safe = ["'" + text if looks_like_formula(text) else text for text in texts]
    return safe, sum(a is not b for a, b in zip(safe, texts, strict=True))
