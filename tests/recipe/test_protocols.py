"""Several protocols of one study: what a recipe may ask for, and what stands side by side."""

import json

import numpy as np
import pandas as pd
import pytest

import makna
from makna.core.errors import RecipeError
from makna.recipe import runner
from makna.recipe.data import gather
from makna.recipe.recipe import load_recipe, resolve
from makna.recipe.runner import run_recipe
from makna.recipe.source import read_yaml

STUDY = """
task: {inputs: pair, target: number, scale: [0, 5]}
collect: {file: answers.csv, text_a: answer, text_b: key, score: mark, group: question, context: text, raters: {me: me, other: other}}
clean: [{rows: {duplicates: keep}}]
split: {folds: 3}
systems:
  overlaps: {represent: overlaps, learn: {ridge: {alpha: 1}}}
  more: {represent: {union: [overlaps, lengths]}, learn: {ridge: {alpha: 1}}}
evaluate: {metrics: [rmse, pearson], resamples: 100}
report: {page: false}
explain: [errors]
protocols:
  random: {split: {folds: 3, group: false}}
  paper-80:
    split: {holdout: {train: 0.8, valid: 0.1, test: 0.1}, group: false}
    systems: {overlaps: {represent: overlaps, learn: {ridge: {alpha: 1}}}}
"""  # noqa: E501


def _answers(folder):
    """Sixty answers to six questions; two raters, whose mean is the mark."""
    rng = np.random.default_rng(0)
    words = ["akar", "daun", "batang", "bunga", "buah", "biji", "cahaya", "air", "tanah", "udara"]
    rows = []
    for i in range(60):
        question = i % 6
        key = words[question : question + 5]
        n = int(rng.integers(0, 6))
        me, other = np.clip([n, n + rng.integers(-1, 2)], 0, 5)
        answer = " ".join([*key[:n], *rng.choice(words, 3)])
        rows.append([answer, " ".join(key), (me + other) / 2, f"q{question}", f"Soal {question}?", me, other])
    table = pd.DataFrame(rows, columns=["answer", "key", "mark", "question", "text", "me", "other"])
    table.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yaml").write_text(STUDY)
    return folder / "study.yaml"


def _resolved(text):
    return resolve(read_yaml(STUDY + text), "study")


@pytest.mark.parametrize(
    ("asked", "ways"),
    [
        ("honest", ["honest"]),
        ("random", ["random"]),
        ("all", ["honest", "random", "paper-80"]),
        ("[honest, paper-80]", ["honest", "paper-80"]),
        ("[paper-80, honest, paper-80]", ["paper-80", "honest"]),
    ],
)
def test_a_recipe_names_its_protocols(asked, ways):
    made = _resolved(f"protocol: {asked}")
    assert [made.protocol, *(other.protocol for other in made.beside)] == ways
    known = {"honest": (3, None, None), "random": (3, None, False), "paper-80": (None, 0.8, False)}
    for one in (made, *made.beside):
        assert (one.split.folds, (one.split.holdout or {}).get("train"), one.split.group) == known[one.protocol]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("protocol: papper-80", "Maksud Anda 'paper-80'"),
        ("protocol: [honest, other]", "'other'.*honest, both, all, random, paper-80"),
        ("protocol: both", "'paper'"),
        ("protocol: []", "protocol"),
        ("protocol: [1]", "protocol"),
        ("protocol: {a: b}", "protocol"),
        ("  all: {split: {folds: 2}}", "protocols.all"),
        ("  Paper 80: {split: {folds: 2}}", "Paper 80"),
        ("  wrong: {task: {inputs: text}}", "task"),
    ],
)
def test_a_wrong_protocol_is_told_with_what_is_allowed(text, message):
    with pytest.raises(RecipeError, match=message):
        _resolved(text)


def test_mistakes_inside_any_protocol_that_runs_are_found():
    with pytest.raises(RecipeError, match="folds"):
        _resolved("  third: {split: {folds: 1}}\nprotocol: all")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ways")
    return run_recipe(load_recipe(str(_answers(folder)), ["protocol=all"]), folder / "run")


def test_protocols_on_the_same_rows_read_them_once(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(runner, "gather", lambda recipe, folder: read.append(folder) or gather(recipe, folder))
    run = run_recipe(load_recipe(str(_answers(tmp_path)), ["protocol=all"]), tmp_path / "run")
    assert read == [run.folder]
    assert len(run.metrics["protocols"]) == 2
    for name in ("random", "paper-80"):
        told = json.loads((run.folder / f"protocol-{name}" / "data.json").read_text("utf-8"))
        assert told["rows"] == run.data["rows"]


def test_every_protocol_has_its_own_run_and_its_scores_beside(both):
    ways = both.metrics["protocols"]
    assert list(ways) == ["random", "paper-80"]
    for name, told in ways.items():
        alone = makna.Run(both.folder / f"protocol-{name}")
        assert alone.manifest["protocol"] == name
        for system, scores in told["systems"].items():
            assert scores["parts"] == alone.metrics["systems"][system]["parts"]
    assert ways["random"]["differs"] == ["split"]
    assert ways["paper-80"]["differs"] == ["split", "systems"]
    assert set(ways["paper-80"]["systems"]) == {"overlaps", "mean", "length", "overlap"}


def test_the_leak_is_counted_where_questions_are_not_kept_together(both):
    ways = both.metrics["protocols"]
    assert "shared_groups" not in both.data
    assert ways["random"]["shared_groups"] == [{"part": "test", "rows": 60, "of": 60, "groups": 6}]
    assert [one["part"] for one in ways["paper-80"]["shared_groups"]] == ["valid", "test"]


def test_folds_of_the_same_rows_are_compared_in_pairs_and_hold_outs_are_not(both):
    ways = both.metrics["protocols"]
    rows = {(row["system"], row["metric"]): row for row in ways["random"]["differences"]}
    for system in ("overlaps", "more"):
        mine = both.metrics["systems"][system]["parts"]["test"]["rmse"]["pooled"]
        theirs = ways["random"]["systems"][system]["parts"]["test"]["rmse"]["pooled"]
        row = rows[system, "rmse"]
        assert row["difference"] == pytest.approx(mine - theirs)
        assert row["low"] <= row["difference"] <= row["high"]
    assert ways["paper-80"]["differences"] == []


def test_only_the_protocols_that_know_a_system_run_it(both, tmp_path):
    from makna.recipe.runner import RunOptions

    recipe = load_recipe(str(both.folder.parent / "study.yaml"), ["protocol=all"])
    run = run_recipe(recipe, tmp_path / "run", RunOptions(only=("more",)))
    assert list(run.metrics["protocols"]) == ["random"]
    assert "more" in run.metrics["protocols"]["random"]["systems"]


def test_raters_and_scores_within_questions_stand_in_metrics(both):
    table = pd.read_csv(both.folder.parent / "answers.csv")
    (pair,) = both.metrics["raters"]["test"]
    assert (pair["raters"], pair["n"]) == (["me", "other"], 60)
    assert pair["scores"]["mae"]["value"] == pytest.approx((table["me"] - table["other"]).abs().mean())
    within = both.metrics["systems"]["overlaps"]["within_groups"]["test"]
    said = both.predictions.query("system == 'overlaps'")
    groups = table["question"].to_numpy()[said["id"].astype(int) - 1]
    errors = (said["truth"] - said["prediction"]) ** 2
    assert within["rmse"]["value"] == pytest.approx(np.sqrt(errors.groupby(groups).mean()).mean())
    one = both.metrics["systems"]["overlaps"]["groups"]["test"]["q0"]
    assert one["truth"] == pytest.approx(table.loc[table["question"] == "q0", "mark"].mean())
    assert {"mae", "rmse", "pearson", "qwk"} <= set(one)


def test_the_text_of_a_question_goes_into_explain_json(both):
    import json

    explain = json.loads((both.folder / "explain.json").read_text("utf-8"))
    assert explain["group_texts"]["q3"] == "Soal 3?"
