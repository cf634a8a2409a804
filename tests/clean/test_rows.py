"""Judging rows: order of the steps, duplicates, conflicts, and the counts of the public hate-speech set."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.clean.rows import RowSettings, judge_rows, row_settings
from makna.clean.text import CleanText
from makna.core.corpus import normalised
from makna.core.errors import DataError, RecipeError
from makna.core.messages import set_language
from makna.core.task import Task

TASK = Task("text", "class")


def table(texts, labels):
    return pd.DataFrame({"id": [f"r{i}" for i in range(len(texts))], "text": texts, "label": labels})


CORPUS = table(
    ["Bagus!", "bagus", "😂", "", "jelek sekali", "Jelek  sekali", "oke", "bagus", "👍", "ya"],
    ["1", "1", "0", "0", "0", "1", None, "1", "0", " "],
)


def kept(result):
    return [f"r{i}" for i in np.flatnonzero(result.kept)]


def test_defaults():
    result = judge_rows(CORPUS, TASK)
    assert kept(result) == ["r0", "r2", "r4", "r8"]
    assert {f"r{i}": name for i, name in enumerate(result.why) if name} == {
        "r1": "duplicates",
        "r3": "empty",
        "r5": "duplicates",
        "r6": "missing_label",
        "r7": "duplicates",
        "r9": "missing_label",
    }
    assert [(s["name"], s["before"], s["after"]) for s in result.steps] == [
        ("empty", 10, 9),
        ("missing_label", 9, 7),
        ("duplicates", 7, 4),
    ]
    assert result.steps[0]["examples"] == [{"id": "r3", "text": ""}]
    assert result.duplicates == {
        "exact": {"groups": 1, "rows": 1},
        "normalised": {"groups": 2, "rows": 3},
        "near": {"threshold": 0.85, "groups": 2, "rows": 3, "examples": []},
    }
    assert result.conflicts == {
        "groups": 1,
        "rows": 2,
        "examples": [{"text": "jelek sekali", "labels": {"0": 1, "1": 1}}],
    }


def test_empty_and_short_are_judged_on_the_cleaned_text():
    cleaned = CleanText(["tweet", "lowercase", "alphanumeric"]).fit_transform(CORPUS["text"])
    result = judge_rows(CORPUS, TASK, RowSettings(min_words=2, duplicates="keep"), cleaned)
    assert kept(result) == ["r4", "r5"]
    assert [(s["name"], s["after"]) for s in result.steps] == [("empty", 7), ("missing_label", 5), ("short", 2)]
    assert result.duplicates["normalised"] == {"groups": 2, "rows": 3}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"duplicates": "first"}, ["r0", "r2", "r4", "r8"]),
        ({"duplicates": "last"}, ["r2", "r5", "r7", "r8"]),
        ({"duplicates": "none"}, ["r2", "r8"]),
        ({"duplicates": "keep"}, ["r0", "r1", "r2", "r4", "r5", "r7", "r8"]),
        ({"duplicates": "first", "by": "exact"}, ["r0", "r1", "r2", "r4", "r5", "r8"]),
        ({"duplicates": "first", "conflicts": "drop"}, ["r0", "r2", "r8"]),
        ({"duplicates": "first", "conflicts": "majority"}, ["r0", "r2", "r8"]),
    ],
)
def test_duplicates_and_conflicts(settings, expected):
    result = judge_rows(CORPUS, TASK, RowSettings(**settings))
    assert kept(result) == expected
    assert result.duplicates == judge_rows(CORPUS, TASK).duplicates


def test_majority_keeps_the_rows_of_the_commonest_label():
    corpus = table(["a", "A", "a!", "b", "b"], ["0", "1", "1", "0", "1"])
    result = judge_rows(corpus, TASK, RowSettings(duplicates="keep", conflicts="majority"))
    assert kept(result) == ["r1", "r2"]
    assert kept(judge_rows(corpus, TASK, RowSettings(conflicts="majority"))) == ["r1"]
    assert [s["name"] for s in result.steps][-1] == "conflicts"
    assert result.conflicts["groups"] == 2


def test_conflicts_are_judged_among_the_rows_that_are_left():
    corpus = table(["a a", "a", "A A", "a!"], ["0", "1", "0", "1"])
    cleaned = ["a a", "a", "a a", ""]
    result = judge_rows(corpus, TASK, RowSettings(duplicates="keep", by="cleaned", conflicts="drop"), cleaned)
    assert kept(result) == ["r0", "r1", "r2"]
    dropped = table(["a", "A"], ["0", "1"])
    assert kept(judge_rows(dropped, TASK, RowSettings(conflicts="drop"), ["a", ""])) == ["r0"]
    corpus = table(["a", "a", "a"], ["0", "1", None])
    assert judge_rows(corpus, TASK).conflicts["rows"] == 2


def test_cleaned_duplicates_are_other_users_same_tweet():
    corpus = table(["@budi hai", "@susi hai", "hai @ani"], ["0", "0", "1"])
    cleaned = CleanText(["tweet"]).fit_transform(corpus["text"])
    result = judge_rows(corpus, TASK, RowSettings(by="cleaned"), cleaned)
    assert kept(result) == ["r0"]
    assert result.duplicates["cleaned"] == {"groups": 1, "rows": 2}
    assert result.duplicates["normalised"] == {"groups": 0, "rows": 0}
    assert result.conflicts["rows"] == 3


def test_pairs_count_both_sides_in_order():
    corpus = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5"],
            "text_a": ["A", "a", "b", "", "a b"],
            "text_b": ["b", "B!", "a", "x", "c d"],
            "label": ["0", "1", "0", "0", "0"],
        }
    )
    task = Task("pair", "class")
    result = judge_rows(corpus, task)
    assert result.kept.tolist() == [True, False, True, False, True]
    assert result.steps[0]["examples"] == [{"id": "4", "text_a": "", "text_b": "x"}]
    assert result.conflicts["examples"] == [{"text_a": "A", "text_b": "b", "labels": {"0": 1, "1": 1}}]
    short = judge_rows(corpus, task, RowSettings(min_words=2), corpus[["text_a", "text_b"]])
    assert short.kept.tolist() == [False, False, False, False, True]


def test_numbers_need_a_finite_score():
    corpus = pd.DataFrame(
        {"id": list("abcde"), "text": ["a", "b", "c", "d", "d"], "score": [1.0, None, np.inf, 2, 2.5]}
    )
    result = judge_rows(corpus, Task("text", "number"), RowSettings(duplicates="keep"))
    assert result.kept.tolist() == [True, False, False, True, True]
    assert result.conflicts["examples"][0]["labels"] == {"2": 1, "2.5": 1}


def test_several_outputs_name_what_differs():
    corpus = pd.DataFrame(
        {"id": ["1", "2", "3"], "text": ["a", "a", "b"], "label_x": ["0", "0", ""], "label_y": ["p", "n", "p"]}
    )
    result = judge_rows(corpus, Task("text", "classes", outputs=("x", "y")))
    assert result.kept.tolist() == [True, False, False]
    assert result.conflicts["examples"][0]["labels"] == {"y=p": 1, "y=n": 1}


WORDS = st.sampled_from(["a", "A", "a!", "b", "b b", "", " ", "😂", "😂 "])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.sampled_from(["0", "1", ""])), max_size=12),
    st.sampled_from(["first", "last", "none", "keep"]),
    st.sampled_from(["normalised", "exact"]),
    st.sampled_from(["keep", "drop", "majority"]),
)
def test_agrees_with_plain_counting(rows, duplicates, by, conflicts):
    result = judge_rows(
        table([t for t, _ in rows], [y for _, y in rows]), TASK, RowSettings(1, duplicates, by, conflicts)
    )
    key = (lambda t: normalised(t) or "\0" + t.strip()) if by == "normalised" else str
    left = [(i, key(t), y) for i, (t, y) in enumerate(rows) if t.strip() and y]

    def labels_of(k):
        return [y for _, other, y in left if other == k]

    def stays(k, y):
        found = labels_of(k)
        if conflicts == "keep" or len(set(found)) < 2:
            return True
        return conflicts == "majority" and 2 * found.count(y) > len(found)

    left = [(i, k) for i, k, y in left if stays(k, y)]
    keys = [k for _, k in left]
    wanted = {
        "keep": lambda n, k: True,
        "none": lambda n, k: keys.count(k) == 1,
        "first": lambda n, k: k not in keys[:n],
        "last": lambda n, k: k not in keys[n + 1 :],
    }[duplicates]
    assert np.flatnonzero(result.kept).tolist() == [i for n, (i, k) in enumerate(left) if wanted(n, k)]
    assert (result.why == "").tolist() == result.kept.tolist()
    json.dumps(result.to_json())


def test_result_shows_itself():
    result = judge_rows(CORPUS, TASK)
    assert result.select(CORPUS)["id"].tolist() == ["r0", "r2", "r4", "r8"]
    assert result.select(CORPUS).index.tolist() == [0, 1, 2, 3]
    assert result.to_json()["rows"] == {"read": 10, "kept": 4}
    assert "Baris yang dipakai: 4 dari 10" in str(result)
    set_language("en")
    try:
        assert "<td>Repeated texts</td><td>3 dropped</td>" in result._repr_html_()
    finally:
        set_language(None)


def test_every_step_that_can_drop_rows_has_a_name_to_show():
    settings = RowSettings(min_words=2, by="cleaned", conflicts="drop", near=0.9)
    assert len(str(judge_rows(CORPUS, TASK, settings)).splitlines()) == 1 + 6 + 4 + 1


@pytest.mark.parametrize(
    "wrong",
    [{"min_words": -1}, {"min_words": True}, {"min_words": "2"}, {"duplicates": "x"}, {"by": 1}, {"conflicts": None}],
)
def test_wrong_settings(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        row_settings(wrong)


def test_unknown_setting_offers_the_nearest():
    with pytest.raises(RecipeError, match=r"min_word'.*'min_words'"):
        row_settings({"min_word": 2})
    assert row_settings(None) == RowSettings()
    assert row_settings({"min_words": 2, "duplicates": "first"}) == RowSettings(2)


def test_missing_columns_and_other_lengths():
    with pytest.raises(DataError, match="label"):
        judge_rows(CORPUS.drop(columns="label"), TASK)
    with pytest.raises(DataError, match="10"):
        judge_rows(CORPUS, TASK, cleaned=["a"])
    with pytest.raises(DataError):
        judge_rows(CORPUS, TASK, cleaned=pd.DataFrame({"text_a": ["a"] * 10, "text_b": ["a"] * 10}))


def test_no_rows():
    result = judge_rows(table([], []), TASK, RowSettings(2, conflicts="drop"))
    assert result.to_json()["rows"] == {"read": 0, "kept": 0}
    assert result.duplicates["exact"] == {"groups": 0, "rows": 0}


@pytest.mark.data
def test_counts_of_the_hate_speech_set():
    folder = os.environ.get("MAKNA_DATA")
    if not folder:
        pytest.skip("MAKNA_DATA is not set")
    data = pd.read_csv(Path(folder, "hate-speech/re_dataset.csv"), encoding="latin-1", dtype=str, keep_default_na=False)
    outputs = tuple(name for name in data.columns if name != "Tweet")
    corpus = data.rename(columns={name: f"label_{name}" for name in outputs} | {"Tweet": "text"})
    corpus = corpus.assign(id=[str(i) for i in range(len(data))], label=data["HS"])
    cleaned = CleanText(["tweet", "lowercase", "alphanumeric"]).fit_transform(corpus["text"])
    hs = judge_rows(corpus, TASK, RowSettings(by="cleaned"), cleaned)
    # Published counts of "normalised" duplicates are those of texts without user masks, addresses and RT: 305.
    assert {by: counts["rows"] for by, counts in hs.duplicates.items()} == {
        "exact": 146,
        "normalised": 215,
        "cleaned": 305,
        "near": 399,
    }
    raw = judge_rows(corpus, TASK)
    assert raw.conflicts["groups"] == 9
    every = judge_rows(corpus, Task("text", "classes", outputs=outputs), cleaned=cleaned)
    assert every.conflicts["groups"] == 31
    assert len(raw.kept) == 13169
