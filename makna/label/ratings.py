"""Labels of several annotators on the same items: read from a table, checked, and put into one matrix."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from makna.collect.cells import as_text
from makna.collect.names import hint, listed, missing_column, nearest
from makna.core.errors import DataError, UserError

Scale = Literal["nominal", "ordinal", "interval"]
SCALES: tuple[Scale, ...] = ("nominal", "ordinal", "interval")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_SHOWN = 5
_ENOUGH_FOR_TYPOS = 10


@dataclass(frozen=True)
class RatingSettings:
    """How labels are read.

    Parameters
    ----------
    scale : {"nominal", "ordinal", "interval"}
        Names without order, ordered names or marks, or numbers whose distances count.
    order : sequence of str
        All labels that may be given, lowest first; empty: those that occur, numbers by size, names by the alphabet.
    missing : sequence of str
        Cells that mean "no label"; an empty cell always does.

    Raises
    ------
    UserError
        No such scale, or a label stands twice in `order`.
    """

    scale: Scale = "nominal"
    order: Sequence[str] = ()
    missing: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise UserError(
                "label.bad_scale", came=self.scale, allowed=", ".join(SCALES), hint=hint(self.scale, SCALES)
            )
        twice = [label for label, n in Counter(self.order).items() if n > 1]
        if twice:
            raise UserError("label.order_twice", labels=listed(twice))


@dataclass(frozen=True)
class Suspicious:
    """A label that may be a slip of the keyboard.

    Parameters
    ----------
    label : str
        As it stands in the table.
    n : int
        How often it was given.
    near : str or None
        The commoner label that it resembles.
    where : tuple of (item, rater)
        The first places where it stands.
    """

    label: str
    n: int
    near: str | None
    where: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"label": self.label, "n": self.n, "near": self.near, "where": [list(place) for place in self.where]}


@dataclass(frozen=True, eq=False)
class Ratings:
    """Labels given by raters to items.

    Parameters
    ----------
    codes : ndarray of int, shape (items, raters)
        Position in `labels`, -1 where a rater gave none.
    labels : tuple of str
        All labels, in their order.
    raters, items : tuple of str
        Names.
    scale : {"nominal", "ordinal", "interval"}
        How labels relate.
    values : ndarray of float, shape (labels,)
        The number of each label on an interval scale, else its position.
    suspicious : tuple of Suspicious
        Labels that may be slips of the keyboard; they count all the same.
    repeated : int
        Labels given twice by the same rater to the same item, and counted once.
    """

    codes: np.ndarray
    labels: tuple[str, ...]
    raters: tuple[str, ...]
    items: tuple[str, ...]
    scale: Scale
    values: np.ndarray
    suspicious: tuple[Suspicious, ...] = ()
    repeated: int = field(default=0)


def ratings_of_columns(
    table: pd.DataFrame, raters: Sequence[str], settings: RatingSettings | None = None
) -> Ratings:  # fmt: skip
    """Read a wide table: one row an item, one column a rater.

    Parameters
    ----------
    table : DataFrame, shape (items, columns)
        Cells are texts, numbers or missing.
    raters : sequence of str
        Columns of the raters, at least two.
    settings : RatingSettings or None
        Scale, order, and what means "no label".

    Raises
    ------
    DataError
        Fewer than two raters, one named twice, no such column, no rows, no label at all, labels that do not fit the
        scale, or no item with labels from two raters.

    Examples
    --------
    >>> table = pd.DataFrame({"ani": ["pos", "neg", ""], "budi": ["pos", "pos", "neg"]})
    >>> found = ratings_of_columns(table, ["ani", "budi"])
    >>> found.labels, found.codes.tolist()
    (('neg', 'pos'), [[1, 1], [0, 1], [-1, 0]])
    """
    for name in raters:
        if name not in table.columns:
            raise missing_column(name, "--raters", table.columns)
    if len(set(raters)) < len(raters):
        raise DataError("label.rater_twice", raters=listed(name for name, n in Counter(raters).items() if n > 1))
    if len(raters) < 2:
        raise DataError("label.one_rater", came=listed(raters))
    cells = np.array([[label_text(cell) for cell in table[name].tolist()] for name in raters], dtype=object).T
    items = tuple(str(place) for place in table.index)
    return _ratings(cells.reshape(len(table), len(raters)), items, tuple(raters), settings or RatingSettings())


def ratings_of_rows(
    table: pd.DataFrame, item: str, rater: str, label: str, settings: RatingSettings | None = None
) -> Ratings:  # fmt: skip
    """Read a long table: one row a label.

    Parameters
    ----------
    table : DataFrame, shape (labels, columns)
        Cells are texts, numbers or missing.
    item, rater, label : str
        Columns.
    settings : RatingSettings or None
        Scale, order, and what means "no label".

    Raises
    ------
    DataError
        As `ratings_of_columns`; also a row without item or rater, or two labels of one rater for one item that differ.

    Examples
    --------
    >>> rows = [("a", "ani", "1"), ("a", "budi", "2"), ("b", "ani", "1")]
    >>> found = ratings_of_rows(pd.DataFrame(rows, columns=["id", "who", "mark"]), "id", "who", "mark")
    >>> found.items, found.codes.tolist()
    (('a', 'b'), [[0, 1], [0, -1]])
    """
    for name, option in ((item, "--item"), (rater, "--rater"), (label, "--label")):
        if name not in table.columns:
            raise missing_column(name, option, table.columns)
    settings = settings or RatingSettings()
    columns = [[label_text(cell).strip() for cell in table[name].tolist()] for name in (item, rater, label)]
    given: dict[tuple[str, str], str] = {}
    repeated = 0
    for place, one, who, what in zip(table.index, *columns, strict=True):
        if not one or not who:
            raise DataError("label.nameless", line=place, column=rater if one else item)
        if _is_missing(what, settings):
            given.setdefault((one, who), "")
            continue
        before = given.get((one, who), "")
        if before and before != what:
            raise DataError("label.two_labels", item=one, rater=who, first=before, second=what, line=place)
        repeated += bool(before)
        given[one, who] = what
    items = tuple(dict.fromkeys(one for one, _ in given))
    raters = tuple(dict.fromkeys(who for _, who in given))
    if len(raters) < 2:
        raise DataError("label.one_rater", came=listed(raters))
    row, column = ({name: i for i, name in enumerate(names)} for names in (items, raters))
    cells = np.full((len(items), len(raters)), "", dtype=object)
    for (one, who), what in given.items():
        cells[row[one], column[who]] = what
    return _ratings(cells, items, raters, settings, repeated)


def label_text(cell: Any) -> str:
    """Return a cell as a label: a whole number without the point that pandas gives it beside missing cells.

    Examples
    --------
    >>> label_text(2.0), label_text(2.5), label_text(None), label_text("2.0")
    ('2', '2.5', '', '2.0')
    """
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else as_text(cell)


def _is_missing(cell: str, settings: RatingSettings) -> bool:
    return not cell.strip() or cell.strip() in settings.missing


def _ratings(
    cells: Any, items: tuple[str, ...], raters: tuple[str, ...], settings: RatingSettings, repeated: int = 0
) -> Ratings:
    stripped = ((place, str(cell).strip()) for place, cell in np.ndenumerate(cells))
    given = {(place[0], place[1]): cell for place, cell in stripped if not _is_missing(cell, settings)}
    if not given:
        raise DataError("label.nothing_given", raters=listed(raters))
    by_count = Counter(given.values())
    places = {label: place for place, label in reversed(given.items())}
    named = {label: (items[i], raters[j]) for label, (i, j) in places.items()}
    labels, code_of, values = _label_order(by_count, named, settings)
    codes = np.full(cells.shape, -1)
    for place, label in given.items():
        codes[place] = code_of[label]
    if not ((codes >= 0).sum(axis=1) >= 2).any():
        raise DataError("label.nobody_shares", items=len(items), raters=listed(raters))
    slips = _suspicious(by_count, given, (items, raters), settings)
    return Ratings(codes, labels, raters, items, settings.scale, values, slips, repeated)


def _label_order(
    by_count: Counter[str], where: dict[str, tuple[str, str]], settings: RatingSettings
) -> tuple[tuple[str, ...], dict[str, int], np.ndarray]:
    """Return the labels in order, label as written → position, and the value of each position."""
    order = [label.strip() for label in settings.order]
    strange = [label for label in by_count if order and label not in order]
    if strange:
        shown = listed(f"'{label}'{_place(where[label])}" for label in strange[:_SHOWN])
        raise DataError("label.not_in_order", labels=shown, n=len(strange), allowed=listed(order))
    numbers = {label: number_of(label) for label in order or by_count}
    if settings.scale == "interval" or (settings.scale == "ordinal" and not order):
        _refuse_words(numbers, where, settings.scale)
        if not order:
            # "1" and "1.0" are the same mark.
            first: dict[float, str] = {}
            for label, number in numbers.items():
                first.setdefault(number, label)
            values = np.array(sorted(first))
            position = {number: i for i, number in enumerate(values.tolist())}
            labels = tuple(first[number] for number in values.tolist())
            codes = {label: position[number] for label, number in numbers.items()}
            return labels, codes, values if settings.scale == "interval" else np.arange(len(labels), dtype=float)
        values = np.array([numbers[label] for label in order])
        return tuple(order), {label: i for i, label in enumerate(order)}, values
    if order:
        labels = tuple(order)
    elif all(map(math.isfinite, numbers.values())):
        labels = tuple(sorted(by_count, key=lambda label: (numbers[label], label)))
    else:
        labels = tuple(sorted(by_count))
    return labels, {label: i for i, label in enumerate(labels)}, np.arange(len(labels), dtype=float)


def _refuse_words(numbers: dict[str, float], where: dict[str, tuple[str, str]], scale: Scale) -> None:
    words = [label for label, number in numbers.items() if not math.isfinite(number)]
    if not words:
        return
    shown = listed(f"'{label}'{_place(where.get(label))}" for label in words[:_SHOWN])
    if len(words) < len(numbers):
        raise DataError("label.mixed", scale=scale, labels=shown, n=len(words))
    raise DataError(f"label.words_on_{scale}", labels=shown, n=len(words))


def _place(place: tuple[str, str] | None) -> str:
    return f" ({', '.join(place)})" if place else ""


def number_of(label: str) -> float:
    """Return the number a label stands for, with point or comma; NaN where it is a word.

    Examples
    --------
    >>> number_of("2,5"), number_of("1e3"), number_of("dua"), number_of("inf")
    (2.5, 1000.0, nan, nan)
    """
    found = float(label.replace(",", ".")) if _NUMBER.fullmatch(label) else math.nan
    return found if math.isfinite(found) else math.nan


def _suspicious(
    by_count: Counter[str],
    given: dict[tuple[int, int], str],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    settings: RatingSettings,
) -> tuple[Suspicious, ...]:
    """Return names that stand once, and rarer spellings of another name; where there is an order there are none."""
    if settings.order or settings.scale != "nominal":
        return ()
    common = [label for label, n in by_count.most_common() if n > 1]
    found = []
    for label, n in by_count.items():
        others = [other for other in common if other != label and by_count[other] > n]
        same = next((other for other in others if _folded(other) == _folded(label)), None)
        once = n == 1 and len(given) >= _ENOUGH_FOR_TYPOS and math.isnan(number_of(label))
        if same is None and not once:
            continue
        items, raters = names
        where = [(items[i], raters[j]) for (i, j), what in given.items() if what == label][:_SHOWN]
        found.append(Suspicious(label, n, same or nearest(label, others), tuple(where)))
    return tuple(found)


def _folded(label: str) -> str:
    number = number_of(label)
    return str(number) if math.isfinite(number) else " ".join(label.casefold().replace("_", " ").split())
