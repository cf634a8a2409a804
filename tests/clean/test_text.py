"""CleanText as an estimator, and what it tells about texts and corpora."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from makna.clean.text import CleanText, explain_text, step_report
from makna.core.errors import DataError, RecipeError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task

PLAIN = ["tweet", "lowercase", "alphanumeric"]
TEXTS = ["RT USER: BAGUUUS!!! 😂", "yg gw suka", "😂😂", "", "yg gw suka", "org2nya baik"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("slang\tstandard\tkind\nyg\tyang\tabbreviation\ngw\tsaya\tpronoun\n", encoding="utf-8")
    return path


@pytest.fixture
def steps(table):
    return [*PLAIN, {"slang": [str(table)]}]


def test_cleans_in_order_and_keeps_every_row(steps):
    out = CleanText(steps).fit_transform(TEXTS)
    assert out.tolist() == ["bagus", "yang saya suka", "", "", "yang saya suka", "org-orgnya baik"]
    assert out.dtype == object


def test_no_steps_change_nothing():
    assert CleanText().fit_transform(TEXTS).tolist() == TEXTS


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, lambda texts: np.array(texts, dtype=object)])
def test_every_sequence_of_texts(steps, kind):
    assert CleanText(steps).fit(kind(TEXTS)).transform(kind(TEXTS)).tolist()[1] == "yang saya suka"


def test_pairs_keep_index_and_order(steps):
    pairs = pd.DataFrame({"text_a": TEXTS, "text_b": TEXTS[::-1]}, index=list("uvwxyz"))
    out = CleanText(steps).fit_transform(pairs)
    assert list(out.columns) == ["text_a", "text_b"]
    assert list(out.index) == list("uvwxyz")
    singles = CleanText(steps).fit_transform(TEXTS).tolist()
    assert out["text_a"].tolist() == singles
    assert out["text_b"].tolist() == singles[::-1]


@pytest.mark.parametrize("X", ["a text", pd.DataFrame({"text": ["a"]}), np.array([["a", "b"]]), [1, 2], [None], None])
def test_refuses_other_shapes(X):
    with pytest.raises(DataError):
        CleanText(PLAIN).fit(X)
    with pytest.raises(DataError):
        CleanText(PLAIN).fit(["a"]).transform(X)


def test_follows_scikit_learn(steps):
    cleaner = CleanText(steps)
    with pytest.raises(NotFittedError):
        cleaner.transform(["a"])
    assert cleaner.fit(TEXTS) is cleaner
    copy = clone(cleaner)
    assert copy.get_params() == cleaner.get_params()
    assert not hasattr(copy, "steps_")
    assert cleaner.set_params(steps=["lowercase"]).fit(TEXTS).transform(["A!"])[0] == "a!"
    assert cleaner.steps == ["lowercase"]


def test_wrong_steps_are_refused_by_fit_not_before():
    cleaner = CleanText(["lowercas"])
    with pytest.raises(RecipeError):
        cleaner.fit(["a"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=20), max_size=8))
def test_a_batch_is_its_rows_one_by_one(texts):
    cleaner = CleanText([*PLAIN, "emoji", "elongation", "html", "numbers", "whitespace"]).fit([])
    together = cleaner.transform(texts + texts)
    assert len(together) == 2 * len(texts)
    assert together.tolist() == [cleaner.transform([text])[0] for text in texts + texts]


def test_each_distinct_text_is_cleaned_once(monkeypatch):
    from makna.clean.steps import Lowercase

    seen = []
    original = Lowercase.apply
    monkeypatch.setattr(Lowercase, "apply", lambda self, text: seen.append(text) or original(self, text))
    CleanText(["lowercase"]).fit_transform(pd.DataFrame({"text_a": ["A", "B", "A"], "text_b": ["KEY"] * 3}))
    assert sorted(seen) == ["A", "B", "KEY"]


def test_saved_model_needs_no_table(tmp_path, table, steps):
    system = Pipeline([("clean", CleanText([*steps, {"elongation": 2}]).fit(TEXTS))])
    expected = system.transform(TEXTS).tolist()
    folder = save_model(SavedModel(system, Task(), {"": ["0", "1"]}), tmp_path / "model", "card")
    table.unlink()
    loaded = load_model(folder, {"clean.CleanText": CleanText, "Pipeline": Pipeline}).system
    assert loaded.transform(TEXTS).tolist() == expected
    assert loaded[0].get_params() == system[0].get_params()
    kept = json.loads((folder / "system/clean/step-4-slang.json").read_text(encoding="utf-8"))["tables"][0]
    assert kept["name"] == "mine.tsv"
    assert kept["entries"]["yg"] == ["yang", "abbreviation"]
    assert {"licence", "source"} <= kept.keys()
    assert loaded[0].tables() == [{"name": "mine.tsv", "licence": "", "source": "mine.tsv"}]
    again = save_model(SavedModel(loaded, Task(), {"": ["0", "1"]}), tmp_path / "again", "card")
    assert (again / "model.json").read_bytes() == (folder / "model.json").read_bytes()


def test_defaults_are_written_into_the_model():
    parts = CleanText(["tweet"]).fit([]).to_parts()
    assert parts.state["resolved"][0]["settings"]["hashtags"] == "words"
    assert parts.settings == {"steps": ["tweet"]}


def test_unfitted_parts():
    made = CleanText.from_parts(CleanText(["tweet"]).to_parts())
    assert made.steps == ["tweet"]
    assert not hasattr(made, "steps_")


def test_explain_gives_each_step_and_each_slang_word(steps):
    found = explain_text("Yg BAGUUUS, gw hati2", steps)
    assert [step["name"] for step in found] == ["tweet", "lowercase", "alphanumeric", "slang"]
    assert all(a["after"] == b["before"] for a, b in pairwise(found))
    assert found[-1]["after"] == CleanText(steps).fit_transform(["Yg BAGUUUS, gw hati2"])[0]
    assert found[0]["changes"] == []
    assert found[-1]["changes"] == [
        {"token": "yg", "to": "yang", "table": "mine.tsv", "kind": "abbreviation"},
        {"token": "gw", "to": "saya", "table": "mine.tsv", "kind": "pronoun"},
        {"token": "hati2", "to": "hati-hati", "table": "reduplication", "kind": "reduplication"},
    ]


def test_report_counts_rows_and_shows_the_first(steps):
    report = step_report(TEXTS, list("abcdef"), steps, examples=1)
    assert [(step["name"], step["changed"]) for step in report] == [
        ("tweet", 2),
        ("lowercase", 1),
        ("alphanumeric", 1),
        ("slang", 3),
    ]
    assert report[3]["examples"] == [{"id": "b", "before": "yg gw suka", "after": "yang saya suka"}]
    json.dumps(report)


def test_report_of_pairs_counts_a_row_once():
    pairs = pd.DataFrame({"text_a": ["A", "b", "c"], "text_b": ["KEY", "B", "c"]})
    (report,) = step_report(pairs, ["1", "2", "3"], ["lowercase"])
    assert report["changed"] == 2
    assert report["examples"][0] == {"id": "1", "before": "A", "after": "a"}
    assert report["examples"][1] == {"id": "2", "before": "B", "after": "b"}


def test_report_shows_long_texts_around_the_change():
    (report,) = step_report(["x" * 50_000 + "A" + "x" * 50_000], ["1"], ["lowercase"])
    example = report["examples"][0]
    assert "A" in example["before"]
    assert "A" not in example["after"]
    assert max(map(len, example.values())) < 300


def test_report_refuses_other_lengths():
    with pytest.raises(DataError, match="2"):
        step_report(["a"], ["1", "2"], ["lowercase"])


def test_what_is_masked_is_not_shown_in_the_report():
    text = "Hub 0812-3456-7890 Ya"
    first, second = step_report([text], ["1"], ["lowercase", "mask"])
    assert first["examples"] == [{"id": "1", "before": "Hub ••••-••••-•••• Ya", "after": "hub ••••-••••-•••• ya"}]
    assert second["examples"] == [{"id": "1", "before": "hub ••••-••••-•••• ya", "after": "hub [TELEPON] ya"}]
