"""The corpus: a pandas table with fixed column names, and the two shapes of X that every estimator takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from makna.core.errors import DataError

if TYPE_CHECKING:
    from makna.core.task import Task

ID = "id"
TEXT = "text"
PAIR = ("text_a", "text_b")
LABEL = "label"
SCORE = "score"
GROUP = "group"
CONTEXT = "context"
PART = "part"
RATER = "rater_"  # how the columns begin that hold what single raters gave

TextRows = list[str] | list[tuple[str, str]]
"""Texts, or pairs of texts, row by row."""

_SEPARATORS = re.compile(r"[\W_]+")


def label_column(output: str) -> str:
    """Return the corpus column of an output: ``label`` or ``label_NAME``."""
    return f"{LABEL}_{output}" if output else LABEL


def normalised(text: str) -> str:
    """Return the form in which two texts count as *normalised duplicates*.

    NFKC, case folding, and everything but letters and digits made one space.

    Examples
    --------
    >>> normalised("BAGUS   sekali!!") == normalised("bagus sekali")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATORS.sub(" ", folded).strip()


def as_texts(X: Any) -> list[str]:
    """Return X as a list of str, refusing every other shape.

    Parameters
    ----------
    X : sequence of str, shape (n,)
        A list, tuple, one-dimensional array or Series.

    Raises
    ------
    DataError
        X is a table, a string, has more dimensions, or holds something that is not a text.
    """
    if isinstance(X, str | bytes | pd.DataFrame | dict) or not hasattr(X, "__len__"):
        raise DataError("core.bad_texts", came=_shape_in_words(X))
    if getattr(X, "ndim", 1) != 1:
        raise DataError("core.bad_texts", came=_shape_in_words(X))
    texts = X.tolist() if hasattr(X, "tolist") else list(X)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError("core.not_text", position=position, kind=type(text).__name__, value=repr(text)[:40])
    return texts


def as_pairs(X: Any) -> tuple[list[str], list[str]]:
    """Return the two sides of X, a two-column table of texts.

    Parameters
    ----------
    X : DataFrame, shape (n, 2)
        First side and second side.

    Raises
    ------
    DataError
        X is not a two-column DataFrame of texts.
    """
    if not isinstance(X, pd.DataFrame) or X.shape[1] != 2:
        raise DataError("core.bad_texts", came=_shape_in_words(X))
    return as_texts(X.iloc[:, 0]), as_texts(X.iloc[:, 1])


def as_rows(X: Any) -> TextRows:
    """Return X as a list of texts, or of (first side, second side) where it holds pairs.

    Raises
    ------
    DataError
        X is neither a one-dimensional sequence of texts nor a two-column table of texts.
    """
    return list(zip(*as_pairs(X), strict=True)) if is_pairs(X) else as_texts(X)


def sides_of(rows: TextRows) -> tuple[list[str], list[str] | None]:
    """Return the first and the second sides of rows from `as_rows`; None for the second where they are single texts."""
    if not rows or isinstance(rows[0], str):
        return list(rows), None  # type: ignore[arg-type]
    first, second = zip(*rows, strict=True)
    return list(first), list(second)


def is_pairs(X: Any) -> bool:
    """Tell whether X holds pairs (a table) rather than single texts."""
    return isinstance(X, pd.DataFrame)


def map_sides(function: Any, X: Any) -> Any:
    """Apply a function on texts (list of str → list of str) to X, single texts or both sides of pairs.

    Returns
    -------
    ndarray of str, shape (n,), or DataFrame, shape (n, 2)
        The same shape as X; a table keeps its index and columns.
    """
    if not is_pairs(X):
        return text_array(function(as_texts(X)))
    sides = [function(side) for side in as_pairs(X)]
    return pd.DataFrame(dict(zip(PAIR, map(text_array, sides), strict=True)), index=X.index)


def text_array(texts: Iterable[str]) -> np.ndarray:
    """Return texts as a one-dimensional object array."""
    texts = list(texts)
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def inputs(corpus: pd.DataFrame, task: Task) -> Any:
    """Return X of a corpus: an object array of str, or a two-column frame for pairs."""
    if task.inputs == "pair":
        return corpus.loc[:, list(PAIR)].reset_index(drop=True)
    return text_array(corpus[TEXT])


def targets(corpus: pd.DataFrame, task: Task) -> np.ndarray:
    """Return y of a corpus: shape (n,) of str or float, or (n, outputs) of str for several outputs."""
    columns = list(task.target_columns)
    if task.is_number:
        return corpus[columns[0]].to_numpy(dtype=float)
    values = corpus[columns].to_numpy(dtype=object)
    return values if task.target == "classes" else values[:, 0]


def take(X: Any, rows: Sequence[int] | np.ndarray) -> Any:
    """Return the rows of X (array or table) at these positions."""
    return X.iloc[rows] if is_pairs(X) else np.asarray(X, dtype=object)[rows]


def texts_hash(X: Any) -> str:
    """Return a hash of X's texts in their order (64 hex digits); X may be rows from `as_rows`."""
    digest = hashlib.sha256()
    first, second = as_pairs(X) if is_pairs(X) else sides_of(X if _are_rows(X) else as_texts(X))
    for side in (first,) if second is None else (first, second):
        for text in side:
            raw = text.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little"))
            digest.update(raw)
        digest.update(b"|")
    return digest.hexdigest()


def _are_rows(X: Any) -> bool:
    return isinstance(X, list) and bool(X) and isinstance(X[0], tuple)


def _shape_in_words(X: Any) -> str:
    shape = getattr(X, "shape", None)
    return f"{type(X).__name__}" + (f" {tuple(shape)}" if shape is not None else "")
