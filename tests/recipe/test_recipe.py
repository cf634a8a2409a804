"""A recipe is checked whole before anything runs."""

from __future__ import annotations

import textwrap

import pytest

from makna.core.errors import RecipeError
from makna.core.messages import set_language
from makna.recipe.recipe import load_recipe, resolve, studies
from makna.recipe.source import read_yaml
from makna.recipe.written import to_yaml

GOOD = """
title: A study
task: {inputs: text, target: class}
collect: {file: reviews.csv, text: ulasan, label: label}
clean: [lowercase, {rows: {min_words: 2}}]
split: {folds: 5}
systems:
  s: {represent: counts, learn: {svm: {C: 1}}}
"""


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


def problems(text: str) -> str:
    with pytest.raises(RecipeError) as error:
        resolve(read_yaml(textwrap.dedent(text)), "mine")
    return str(error.value)


def test_all_mistakes_are_all_listed_with_lines_and_nearest_matches():
    told = problems(
        """\
        title: A study
        task: {inputs: text, target: klass}
        collect: {file: reviews.csv, text: ulasan, lable: label}
        clean: [lowercse]
        split: {folds: 1}
        systems:
          s:
            represent: {counts: {wrods: [1, 2]}}
            learn: {svn: {C: 1}}
        """
    )
    assert "has 6 mistake(s)" in told  # each once, and nothing that only follows from another
    for line, came, near in [
        (2, "klass", "class"),
        (3, "lable", "label"),
        (4, "lowercse", "lowercase"),
        (8, "wrods", "words"),
        (9, "svn", "svm"),
    ]:
        found = [row for row in told.splitlines() if f"line {line}:" in row and came in row]
        assert found, f"line {line}: {came}\n{told}"
        assert near in found[0].rpartition("Did you mean")[2], found[0]
    assert any("line 5: split.folds" in row and "at least 2" in row for row in told.splitlines())


def test_a_good_recipe_writes_out_every_default_and_resolves_to_itself():
    first = resolve(read_yaml(GOOD), "mine")
    text = to_yaml(first.resolved)
    assert "max_df: 1.0" in text
    assert "calibrate" in text
    assert resolve(read_yaml(text), "mine").resolved == first.resolved


@pytest.mark.parametrize("name", list(studies()))
def test_shipped_studies_are_valid_and_resolve_to_themselves(name):
    first = load_recipe(name)
    assert resolve(read_yaml(to_yaml(first.resolved)), name).resolved == first.resolved


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("systems: {s: {represent: {counts: {}, lengths: {}}, learn: svm}}", "counts, lengths"),
        ("systems: {s: {represent: counts, learn: ridge}}", "cannot learn the target 'class'"),
        ("systems: {s: {represent: overlaps, learn: svm}}", "needs pairs"),
        ("systems: {s: {represent: counts, learn: [svm, svm]}}", "out of place"),
        ("systems: {s: {represent: counts, learn: {svm: {C: -1}}}}", "greater than 0"),
        ("systems: {s: {represent: counts, learn: {svm: {C: {grid: []}}}}}", "list of values"),
        ("systems: {s: {represent: counts, learn: {svm: {C: {grid: [1, two]}}}}}", "a number"),
        ("systems: {s: {represent: counts}}", "no 'learn'"),
        ("systems: {majority: {represent: counts, learn: svm}}", "makna's own baselines"),
        ("systems: {a/b: {represent: counts, learn: svm}}", "letters, digits"),
        ("systems: {}", "at least one system"),
        ("evaluate: {compare: other}", "no system 'other'"),
        ("evaluate: {metrics: [f1_macr]}", "Did you mean 'f1_macro'?"),
        ("evaluate: {metrics: [f1_positive]}", "positive class"),
        ("tune: {by: rmse}", "unknown metric 'rmse'"),
        ("split: {folds: 5, parts: given}", "one of folds, holdout and parts"),
        ("split: {holdout: {train: 0.5, test: 0.3}}", "add up to 1"),
        ("collect: {}", "there are no data"),
        ("collect: {file: a.csv, text: t}", "name the column(s) label"),
        ("collect: {file: a.csv, dataset: smsa, text: t, label: l}", "one of dataset, file, files, folder and site"),
        ("clean: [{rows: {min_word: 2}}]", "min_words"),
        ("clean: [{rows: {}}, rows]", "stands once"),
        ("seed: -1", "at least 0"),
        ("explain: [wrds]", "Did you mean 'words'?"),
        ("reference: [{system: s, metric: f1_macro, valu: 1}]", "Did you mean 'value'?"),
    ],
)
def test_each_mistake_is_told_in_plain_words(change, told):
    key = change.partition(":")[0]
    kept = "\n".join(
        row for row in GOOD.splitlines() if not row.startswith((key, "  s:" if key == "systems" else "\0"))
    )
    found = problems(f"{kept}\n{change}\n")
    assert told in found, found
    assert "1." in found
    assert "line" in found


def test_yaml_mistakes_name_their_line():
    assert "line 4" in problems("title: a\nsystems:\n  s: [1, 2\nseed: 1\n")
    assert "written twice" in problems(GOOD + "\nsplit: {folds: 3}\n")
    assert "mapping of keys" in problems("- a\n- b\n")
    assert "mapping of keys" in problems("")


def test_an_unknown_study_is_answered_with_the_nearest():
    with pytest.raises(RecipeError, match="Did you mean 'hate-speech'"):
        load_recipe("hate-speach")
    with pytest.raises(RecipeError, match="no study or recipe"):
        load_recipe("nowhere.yaml")


def test_set_changes_a_setting_anywhere():
    recipe = load_recipe("sample-tweets", ["systems.counts-svm.learn.svm.C=3", "split.folds=4", "seed=7"])
    assert recipe.systems[0].learn[0]["settings"]["C"] == 3.0
    assert (recipe.split.folds, recipe.seed) == (4, 7)
    with pytest.raises(RecipeError, match="no 'counts-svn'"):
        load_recipe("sample-tweets", ["systems.counts-svn.learn.svm.C=3"])
    with pytest.raises(RecipeError, match="PATH=VALUE"):
        load_recipe("sample-tweets", ["seed"])


def test_a_mistake_of_set_is_not_blamed_on_a_line_of_the_file():
    with pytest.raises(RecipeError) as error:
        load_recipe("sample-tweets", ["split.folds=1"])
    assert "1. split.folds:" in str(error.value)


def test_file_names_start_from_the_recipes_folder(tmp_path):
    (tmp_path / "words.tsv").write_text("slang\tstandard\nmantul\tmantap betul\n")
    (tmp_path / "mine.yaml").write_text(GOOD.replace("[lowercase,", "[lowercase, {slang: [words.tsv]},"))
    recipe = load_recipe(str(tmp_path / "mine.yaml"))
    assert recipe.collect.file == str(tmp_path / "reviews.csv")
    assert recipe.clean[1]["slang"]["tables"] == [str(tmp_path / "words.tsv")]


def test_indonesian_and_english_differ():
    english = problems("systems: {}")
    set_language("id")
    assert problems("systems: {}") != english
