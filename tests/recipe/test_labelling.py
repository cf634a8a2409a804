"""Weak labels in a run: how a recipe asks for them, the gate, and what is kept of the audit."""

from __future__ import annotations

import json
from importlib import resources

import pandas as pd
import pytest
import yaml

from makna.cli.main import run_command
from makna.core.errors import DataError, RecipeError
from makna.core.messages import set_language
from makna.label.audit import paired_difference
from makna.recipe.recipe import load_recipe, resolve
from makna.recipe.runner import RunOptions, run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.written import to_yaml

QUICK = [
    "split.folds=2", "evaluate={metrics: [accuracy], resamples: 100}", "tune=null", "explain=[]",
    "systems={bayes: {represent: counts, learn: naive-bayes}}",
]  # fmt: skip
SAMPLE = "label.inset={lexicon: sample}"
RECIPE = """
collect: {{file: data.csv, text: ulasan}}
split: {{folds: 2}}
label: {label}
systems: {{s: {{represent: counts, learn: naive-bayes}}}}
evaluate: {{resamples: 100}}
report: {{page: false}}
"""
LABEL = ["collect.label=label"]
GOOD = ["barang bagus", "enak sekali", "puas banget", "pelayanan ramah"]
BAD = ["barang rusak", "sangat jelek", "saya kecewa", "tidak puas"]


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


def recipe(tmp_path, label, rows, sets=()):
    """A recipe over a table of one's own."""
    pd.DataFrame(rows).to_csv(tmp_path / "data.csv", index=False)
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE.format(label=label), encoding="utf-8")
    return load_recipe(str(path), sets)


def table(n=10, **more):
    """A table of n good and n bad reviews, told apart by a number."""
    texts = [f"{text} {i}" for i in range(n) for text in (GOOD[i % 4], BAD[i % 4])]
    return {"ulasan": texts, **{name: make(texts) for name, make in more.items()}}


def english(texts):
    return ["good" if text.split(" ")[:-1] in [g.split() for g in GOOD] else "terrible" for text in texts]


def people(texts):
    return ["positif" if word == "good" else "negatif" for word in english(texts)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A run that learned the labels of the sample lexicon, with gold labels for all rows."""
    return run_recipe(load_recipe("sample-reviews", [*QUICK, SAMPLE]), tmp_path_factory.mktemp("weak") / "run")


def test_labels_above_the_majority_are_learned(sample):
    found = sample.data["weak_labels"]
    assert found["gold"]["verdict"] == "above"
    assert (found["used"], found["accepted"], found["rows"]) == (True, False, sample.data["rows"]["kept"])
    assert set(found["balance"]) == {"negatif", "netral", "positif"}
    learned = sample.data["classes"][""]
    assert learned == {name: share["n"] for name, share in found["balance"].items()}
    truth = sample.predictions.query("system == 'bayes'")["truth"].value_counts().to_dict()
    assert truth == learned


def test_the_audit_counts_what_it_should(sample):
    gold = sample.data["weak_labels"]["gold"]
    counts = gold["confusion"]["counts"]
    place = gold["confusion"]["labels"].index(gold["majority"]["label"])
    right, both = sum(counts[i][i] for i in range(3)), counts[place][place]
    usual = sum(counts[place])
    assert gold["difference"] == paired_difference(both, right - both, usual - both, gold["n"] - right - usual + both)


def test_systems_are_held_against_people_too(sample):
    told = json.loads((sample.folder / "explain.json").read_text("utf-8"))["gold"]
    assert set(told) == {"bayes", "majority", "length"}
    answers = sample.predictions.query("system == 'bayes'").set_index("id")["prediction"]
    people_say = pd.read_csv(str(resources.files("makna.samples") / "reviews.csv"), dtype=str, keep_default_na=False)
    people_say.index = [str(i) for i in range(1, len(people_say) + 1)]
    known = people_say["label"].reindex(answers.index)
    assert told["bayes"]["agreement"]["value"] == pytest.approx((known == answers).mean())


def test_the_report_and_the_card_say_so(sample):
    page = sample.report.read_text("utf-8")
    assert 'id="weak-labels"' in page
    card = (sample.model_folder("bayes") / "README.md").read_text("utf-8")
    assert "aturan atau mesin" in card or "rules or a machine" in card
    assert "sample (CC0 1.0)" in card


def test_labels_not_above_the_majority_are_refused(tmp_path):
    asked = load_recipe("sample-reviews", [*QUICK, "label.inset={lexicon: sample, rules: sum}"])
    with pytest.raises(DataError) as wrong:
        run_recipe(asked, tmp_path / "run")
    assert wrong.value.key == "label.unclear"
    text = str(wrong.value)
    assert wrong.value.fields["agreement"] in text
    assert wrong.value.fields["majority"] in text
    assert "--accept-weak-labels" in text
    assert not (tmp_path / "run").exists()
    run = run_recipe(asked, tmp_path / "run", RunOptions(accept_weak_labels=True))
    assert run.data["weak_labels"]["accepted"]
    assert "--accept-weak-labels" in run.report.read_text("utf-8")


def test_labels_that_nobody_judged_are_refused(tmp_path):
    asked = recipe(tmp_path, "{inset: {lexicon: sample}}", table())
    with pytest.raises(DataError) as wrong:
        run_recipe(asked, tmp_path / "run")
    assert wrong.value.key == "label.not_judged"
    run = run_recipe(asked, tmp_path / "run", RunOptions(accept_weak_labels=True))
    assert run.data["weak_labels"]["gold"] is None
    assert run.data["classes"][""] == {"negative": 10, "positive": 10}


def test_vader_reads_the_translated_column(tmp_path):
    def some(texts):
        return [label if i < 12 else "" for i, label in enumerate(people(texts))]

    asked = recipe(tmp_path, "{vader: {translate: inggris}, gold: manusia}", table(inggris=english, manusia=some))
    run = run_recipe(asked, tmp_path / "run")
    found = run.data["weak_labels"]
    assert (found["source"], found["gold"]["n"], found["gold"]["agreement"]["value"]) == ("vader", 12, 1)
    assert run.data["classes"][""] == {"negatif": 10, "positif": 10}
    assert run.manifest["warnings"] == []
    assert run.manifest["seconds"]["label"] >= 0


def test_vader_on_indonesian_is_told(tmp_path):
    rows = {"ulasan": [f"{text} dan saya tidak tahu apa itu" for text in table()["ulasan"]]}
    rows["label"] = people(table()["ulasan"])
    with pytest.raises(DataError):
        run_recipe(recipe(tmp_path, "{vader: {}}", rows), tmp_path / "run")
    run = run_recipe(recipe(tmp_path, "{vader: {}, use: false}", rows, LABEL), tmp_path / "run")
    assert "VADER reads English" in run.manifest["warnings"][0]
    assert run.data["weak_labels"]["used"] is False
    assert run.data["classes"][""] == {"negatif": 10, "positif": 10}


def test_a_missing_column_of_translations_is_named(tmp_path):
    with pytest.raises(DataError) as wrong:
        run_recipe(recipe(tmp_path, "{vader: {translate: english}}", table(inggris=english)), tmp_path / "run")
    assert wrong.value.key == "collect.missing_column"
    assert "'english'" in str(wrong.value)


def test_text_steps_before_the_lexicon(tmp_path):
    rows = {"ulasan": [f"{word} {i}" for i in range(10) for word in ("baguuuuus", "jeleeeeek")]}
    rows["label"] = ["positive", "negative"] * 10
    plain = recipe(tmp_path, "{inset: {lexicon: sample}, use: false}", rows, LABEL)
    assert run_recipe(plain, tmp_path / "a").data["weak_labels"]["coverage"]["n"] == 0
    cleaned = recipe(tmp_path, "{inset: {lexicon: sample, after: [tweet, slang]}, use: false}", rows, LABEL)
    assert run_recipe(cleaned, tmp_path / "b").data["weak_labels"]["coverage"]["n"] == 20


def test_the_resolved_recipe_is_the_same_again(tmp_path):
    asked = recipe(tmp_path, "{inset: {lexicon: [sample, kata.tsv], after: [lowercase]}, gold: g}", table())
    assert asked.resolved["label"]["inset"]["lexicon"] == ["sample", str((tmp_path / "kata.tsv").resolve())]
    again = resolve(read_yaml(to_yaml(asked.resolved)), "mine")
    assert again.label == asked.label
    assert again.resolved == asked.resolved
    assert yaml.safe_load(to_yaml(asked.resolved))["label"]["use"] is True


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("{}", "name exactly one labeller: vader, inset"),
        ("{vader: {}, inset: {}}", "name exactly one labeller: vader, inset"),
        ("{vader: {boost: twice}}", "label.vader.boost"),
        ("{inset: {after: [lowercse]}}", "label.inset.after.0"),
        ("{vader: {translate: a, translator: b}}", "choose one"),
        ("{inset: {treshold: 0.1}}", "label.inset.treshold"),
        ("{inset: {treshold: 0.1}}", "'threshold'"),
        ("{inset: {classes: {good: x}}}", "label.inset.classes.good"),
        ("inset", "label"),
    ],
)
def test_mistakes_of_the_section(tmp_path, label, told):
    with pytest.raises(RecipeError) as wrong:
        recipe(tmp_path, label, table())
    assert told in str(wrong.value)
    assert "4" in str(wrong.value).split(told)[0]  # its line


def test_weak_labels_are_for_classes_of_texts():
    with pytest.raises(RecipeError, match="one text and one class"):
        load_recipe("sample-questions", ["label.inset={}"])


def test_the_command_refuses_and_accepts(tmp_path, capsys):
    words = ["run", "sample-reviews", *(word for change in QUICK for word in ("--set", change))]
    words += ["--set", "label.inset={lexicon: sample, rules: sum}", "--lang", "en", "--out", str(tmp_path / "run")]
    assert run_command(words) == 2
    assert "are not shown to be better" in capsys.readouterr().err
    assert run_command([*words, "--accept-weak-labels"]) == 0


@pytest.mark.data
def test_inset_on_smsa_is_below_the_majority_and_not_learned(tmp_path):
    asked = load_recipe("smsa", ["label.inset={rules: sum}", "tune=null", "collect.dataset=smsa"])
    with pytest.raises(DataError) as wrong:
        run_recipe(asked, tmp_path / "run", RunOptions(rows=3000))
    assert wrong.value.key == "label.below"
    assert 0.40 < float(wrong.value.fields["agreement"]) < 0.47
    assert 0.56 < float(wrong.value.fields["majority"]) < 0.61
    assert not (tmp_path / "run").exists()
