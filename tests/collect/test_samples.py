"""What the README of the samples says about the pairs in them."""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources

import pandas as pd
import pytest

from makna.clean.language import language_of
from makna.collect.catalogue import dataset
from makna.core.corpus import normalised
from makna.split.questions import text_groups


def _sample(name: str) -> pd.DataFrame:
    with resources.as_file(resources.files("makna.samples") / name) as path:
        return pd.read_csv(path, dtype=str, keep_default_na=False)


QUESTIONS, CITATIONS = _sample("question-pairs.csv"), _sample("citation-pairs.csv")
SIDES = {"question-pairs": ("question1", "question2"), "citation-pairs": ("text1", "text2")}
TABLES = {"question-pairs": QUESTIONS, "citation-pairs": CITATIONS}


def _pairs(name: str) -> list[tuple[str, str]]:
    first, second = SIDES[name]
    return list(zip(TABLES[name][first], TABLES[name][second], strict=True))


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_whole_and_different(name):
    table, pairs = TABLES[name], _pairs(name)
    assert len(table) == table["id"].nunique() == 300
    assert set(dataset(f"sample-{name}").columns.values()) == set(table.columns)
    assert all(text == text.strip() and normalised(text) for pair in pairs for text in pair)
    assert len({frozenset(map(normalised, pair)) for pair in pairs}) == 300


def test_labels_are_as_many_as_the_readme_says():
    assert QUESTIONS.groupby(["lang", "label"]).size().to_dict() == {
        ("en", "0"): 90, ("en", "1"): 60, ("id", "0"): 90, ("id", "1"): 60,
    }  # fmt: skip
    assert set(QUESTIONS.groupby("topic").size()) == {30}
    assert set(QUESTIONS[QUESTIONS["label"] == "1"].groupby("topic").size()) == {12}
    assert CITATIONS["label"].value_counts().to_dict() == {
        "EQUI": 80, "SIMI": 60, "NOALI": 45, "SPE1": 30, "SPE2": 30, "REL": 30, "OPPO": 25,
    }  # fmt: skip


def test_chained_duplicates_do_not_contradict_the_marks():
    pairs = [tuple(map(normalised, pair)) for pair in _pairs("question-pairs")]
    same = [pair for pair, label in zip(pairs, QUESTIONS["label"], strict=True) if label == "1"]
    unlike = [pair for pair, label in zip(pairs, QUESTIONS["label"], strict=True) if label == "0"]
    # An unlike pair is one more row of groups that are made of the duplicates alone: its sides stand in two of them.
    sides = [(text, text) for pair in unlike for text in pair]
    groups = text_groups(*zip(*same, *sides, strict=True))[len(same) :]
    assert (groups[::2] != groups[1::2]).all()


def test_questions_stand_in_several_pairs_and_in_none_of_the_older_sample():
    pairs = [set(map(normalised, pair)) for pair in _pairs("question-pairs")]
    times = Counter(text for pair in pairs for text in pair)
    assert (len(times), sum(n > 1 for n in times.values()), max(times.values())) == (466, 111, 3)
    assert sum(any(times[text] > 1 for text in pair) for pair in pairs) == 227
    groups = Counter(text_groups(QUESTIONS["question1"], QUESTIONS["question2"]).tolist())
    assert (len(groups), max(groups.values())) == (169, 4)
    older = _sample("questions.csv")
    assert not set(times) & {normalised(text) for side in ("pertanyaan_1", "pertanyaan_2") for text in older[side]}


def test_neither_length_nor_shared_words_give_the_mark_away():
    words = [[set(normalised(text).split()) for text in pair] for pair in _pairs("question-pairs")]
    shared = pd.Series([len(a & b) / len(a | b) for a, b in words])
    is_same = QUESTIONS["label"] == "1"
    right = [((shared >= cut / 20) == is_same).mean() for cut in range(22)]
    assert 0.6 < max(right) < 0.7
    length = pd.Series([sum(len(text.split()) for text in pair) for pair in _pairs("question-pairs")])
    assert abs(length[is_same].median() - length[~is_same].median()) <= 2


def test_texts_are_in_their_language():
    for lang, rows in QUESTIONS.groupby("lang"):
        assert {language_of(text).code for side in SIDES["question-pairs"] for text in rows[side]} == {lang}
    found = Counter(language_of(text).code for pair in _pairs("citation-pairs") for text in pair)
    assert found["en"] / found.total() > 0.98


def test_every_sentence_cites_and_nothing_later_than_its_own_year():
    assert CITATIONS["year"].between("2012", "2023").all()
    for year, pair in zip(CITATIONS["year"], _pairs("citation-pairs"), strict=True):
        for text in pair:
            cited = [int(found) for found in re.findall(r"\b(?:19|20)\d\d\b", text)]
            assert re.search(r"\([^()]*\b\d{4}\)", text), text
            assert max(cited) <= int(year), text
    by_year = pd.crosstab(CITATIONS["year"], CITATIONS["label"], normalize="index").round(2)
    assert by_year["EQUI"].iloc[[0, -1]].tolist() == [0.43, 0.22]
    assert by_year["SIMI"].iloc[[0, -1]].tolist() == [0.14, 0.26]


def test_the_more_specific_sentence_is_not_always_the_longer():
    longer = pd.Series([len(a.split()) > len(b.split()) for a, b in _pairs("citation-pairs")])
    assert longer.groupby(CITATIONS["label"]).mean()[["SPE1", "SPE2"]].round(2).tolist() == [0.6, 0.33]
    rows = [re.sub(r"\b\d{4}\b", "", " ".join(pair)) for pair in _pairs("citation-pairs")]
    has_number = [any(map(str.isdigit, row)) for row in rows]
    by = pd.Series(has_number).groupby(CITATIONS["label"].str.startswith("SPE")).mean().round(2)
    assert by.tolist() == [0.21, 0.73]


def test_essays_are_as_the_readme_says():
    essays, answers = _sample("essays.csv"), _sample("answers.csv")
    assert set(dataset("sample-essays").columns.values()) == set(essays.columns)
    assert set(essays.groupby("soal").size()) == set(essays.groupby("kunci").size()) == {40}
    assert essays["soal"].nunique() == 6
    assert not set(essays["soal"]) & set(answers["soal"])
    assert Counter(essays["nilai"]) == {
        "0.0": 51, "0.5": 18, "1.0": 13, "1.5": 16, "2.0": 18, "2.5": 24, "3.0": 16, "3.5": 17, "4.0": 15, "4.5": 11,
        "5.0": 41,
    }  # fmt: skip
    same = essays.groupby(["soal", essays["jawaban"].map(normalised)])["nilai"].agg(list)
    twice = [set(marks) for marks in same if len(marks) > 1]
    assert sorted(len(marks) for marks in twice) == [1, 1, 1, 1, 2]
    assert {"2.5", "3.0"} in twice
    assert [language_of(text).code for text in essays["jawaban"]].count("en") == 2
