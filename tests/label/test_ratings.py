"""Labels as people write them down: read right, or refused with what is wrong."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from makna.core.errors import DataError, UserError
from makna.label.ratings import RatingSettings, ratings_of_columns, ratings_of_rows


def wide(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


def test_a_wide_table() -> None:
    found = ratings_of_columns(wide(a=["x", " y ", None], b=["y", "y", "x"], c=["", math.nan, "x"]), ["a", "b", "c"])
    assert (found.labels, found.raters) == (("x", "y"), ("a", "b", "c"))
    assert found.codes.tolist() == [[0, 1, -1], [1, 1, -1], [-1, 0, 0]]


def test_a_long_table_is_the_same() -> None:
    rows = [("p", "a", "x"), ("p", "b", "y"), ("q", "b", "y"), ("q", "a", "y"), ("r", "b", "x"), ("r", "a", "")]
    table = pd.DataFrame(rows, columns=["item", "who", "what"])
    found = ratings_of_rows(table.sample(frac=1, random_state=2), "item", "who", "what")
    order = [found.items.index(name) for name in "pqr"]
    raters = [found.raters.index(name) for name in "ab"]
    assert found.codes[np.ix_(order, raters)].tolist() == [[0, 1], [1, 1], [-1, 0]]


def test_numbers_are_in_their_order_and_one_number_is_one_label() -> None:
    found = ratings_of_columns(wide(a=["10", "2", "1,5"], b=["2.0", "2", "10"]), ["a", "b"], RatingSettings("interval"))
    assert found.labels == ("1,5", "2.0", "10") or found.labels == ("1,5", "2", "10")
    assert found.values.tolist() == [1.5, 2.0, 10.0]
    assert found.codes.tolist() == [[2, 1], [1, 1], [0, 2]]


def test_numbers_of_a_workbook_are_labels() -> None:
    found = ratings_of_columns(wide(a=[1, 2.0, None], b=["1", 2, 3]), ["a", "b"])
    assert found.labels == ("1", "2", "3")


def test_words_need_an_order_to_be_ordinal() -> None:
    table = wide(a=["low", "high"], b=["high", "high"])
    with pytest.raises(DataError) as problem:
        ratings_of_columns(table, ["a", "b"], RatingSettings("ordinal"))
    assert problem.value.key == "label.words_on_ordinal"
    found = ratings_of_columns(table, ["a", "b"], RatingSettings("ordinal", order=["low", "mid", "high"]))
    assert (found.labels, found.codes.tolist()) == (("low", "mid", "high"), [[0, 2], [2, 2]])


@pytest.mark.parametrize(
    ("table", "settings", "key"),
    [
        (wide(a=["x"], b=[None]), RatingSettings(), "label.nobody_shares"),
        (wide(a=[None], b=[""]), RatingSettings(), "label.nothing_given"),
        (wide(a=["1", "2"], b=["1", "two"]), RatingSettings("ordinal"), "label.mixed"),
        (wide(a=["1", "2"], b=["1", "two"]), RatingSettings("interval"), "label.mixed"),
        (wide(a=["1"], b=["inf"]), RatingSettings("interval"), "label.mixed"),
        (wide(a=["x"], b=["y"]), RatingSettings("interval"), "label.words_on_interval"),
        (wide(a=["x"], b=["y"]), RatingSettings(order=("x", "z")), "label.not_in_order"),
        (wide(a=[], b=[]), RatingSettings(), "label.nothing_given"),
    ],
)
def test_labels_that_do_not_fit(table: pd.DataFrame, settings: RatingSettings, key: str) -> None:
    with pytest.raises(DataError) as problem:
        ratings_of_columns(table, ["a", "b"], settings)
    assert problem.value.key == key
    assert str(problem.value)


def test_what_is_mixed_is_named_with_its_place() -> None:
    table = wide(a=["1", "2"], b=["1", "dua"]).set_axis([2, 3])
    with pytest.raises(DataError, match=r"'dua' \(3, b\)"):
        ratings_of_columns(table, ["a", "b"], RatingSettings("interval"))


@pytest.mark.parametrize(
    ("raters", "key"),
    [
        (["a"], "label.one_rater"),
        (["a", "a"], "label.rater_twice"),
        (["a", "d"], "collect.missing_column"),
        ([], "label.one_rater"),
    ],
)
def test_columns_that_do_not_fit(raters: list[str], key: str) -> None:
    with pytest.raises(DataError) as problem:
        ratings_of_columns(wide(a=["x"], b=["y"]), raters)
    assert problem.value.key == key


def test_what_means_no_label() -> None:
    table = wide(a=["x", "?"], b=["x", "y"], c=["NA", "y"])
    found = ratings_of_columns(table, ["a", "b", "c"], RatingSettings(missing=("?", "NA")))
    assert found.labels == ("x", "y")
    assert found.codes.tolist() == [[0, 0, -1], [-1, 1, 1]]


def test_a_long_table_that_contradicts_itself() -> None:
    rows = [("p", "a", "x"), ("p", "b", "y"), ("p", "a", "x")]
    columns = ["item", "who", "what"]
    assert ratings_of_rows(pd.DataFrame(rows, columns=columns), *columns).repeated == 1
    for row, key in [
        (("p", "a", "z"), "label.two_labels"),
        (("", "a", "z"), "label.nameless"),
        (("p", None, "z"), "label.nameless"),
    ]:
        with pytest.raises(DataError) as problem:
            ratings_of_rows(pd.DataFrame([*rows, row], columns=columns), *columns)
        assert problem.value.key == key
    with pytest.raises(DataError) as problem:
        ratings_of_rows(pd.DataFrame([row for row in rows if row[1] == "a"], columns=columns), *columns)
    assert problem.value.key == "label.one_rater"


def test_slips_of_the_keyboard() -> None:
    a = ["pos", "neg", "pos", "pso", "neg", "Neg", "pos"]
    b = ["pos", "neg", "pos", "pos", "neg", "neg", "rare"]
    found = ratings_of_columns(wide(a=a, b=b), ["a", "b"]).suspicious
    assert {one.label: one.near for one in found} == {"pso": "pos", "Neg": "neg", "rare": None}
    assert found[0].where == (("3", "a"),)
    assert ratings_of_columns(wide(a=a[:3], b=b[:3]), ["a", "b"]).suspicious == ()


def test_another_spelling_is_a_slip_however_often() -> None:
    found = ratings_of_columns(wide(a=["1", "1", "1", "2"], b=["1.0", "1.0", "1", "2"]), ["a", "b"]).suspicious
    assert [(one.label, one.n, one.near) for one in found] == [("1.0", 2, "1")]


def test_a_mark_given_once_is_no_slip() -> None:
    marks = ["1", "2", "3", "1", "2", "1"]
    assert (
        ratings_of_columns(wide(a=marks, b=[*marks[:-1], "5"]), ["a", "b"], RatingSettings("ordinal")).suspicious == ()
    )


@pytest.mark.parametrize("bad", [{"scale": "ratio"}, {"order": ("a", "b", "a")}])
def test_wrong_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(UserError):
        RatingSettings(**bad)  # type: ignore[arg-type]
