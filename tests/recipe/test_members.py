"""Systems made of other systems, merged classes, subsets, and what is explained beside them, in a whole run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import makna
from makna.core.errors import DataError, RecipeError
from makna.learn.linear import Logistic
from makna.recipe.merged import Merge
from makna.recipe.recipe import resolve
from makna.recipe.runner import run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.state import RunOptions

QUESTIONS = """
task: {inputs: pair, target: class, positive: "1", symmetric: true}
collect: {dataset: sample-question-pairs}
clean: [lowercase]
split: {holdout: {train: 0.5, valid: 0.25, test: 0.25}, group: texts}
systems:
  small: {represent: overlaps, learn: logistic}
  large:
    represent: {union: [overlaps, {compare: {of: {counts: {chars: [2, 4]}}, by: [cosine, difference]}}]}
    learn: {logistic: {C: 2}}
  taught: {represent: lengths, learn: [logistic, {distil: {teacher: large}}]}
  both: {learn: {cascade: {of: [small, large], cost: 0.6, band: [0.4, 0.6]}}}
evaluate: {metrics: [accuracy, f1_positive], compare: large}
explain: [errors, length, {rarity: {pair: max}}, kinds]
"""
RELATIONS = """
task: {inputs: pair, target: class, swap: {SPE1: SPE2}}
collect: {dataset: sample-citation-pairs}
split: {folds: 3}
systems:
  plain: {represent: {union: [overlaps, lengths]}, learn: {logistic: {class_weight: balanced}}}
evaluate:
  metrics: [f1_macro, accuracy]
  merge: {SPE: [SPE1, SPE2]}
  subsets: {aligned: [EQUI, SIMI, SPE, REL, OPPO]}
explain: [trend]
"""


def _run(text: str, folder: Path, **options: Any) -> Any:
    return run_recipe(resolve(read_yaml(text), "study"), folder / "run", RunOptions(**options))


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    fits: list[int] = []
    plain = Logistic.fit
    with pytest.MonkeyPatch.context() as patch:

        def counting(self: Any, X: Any, y: Any, **further: Any) -> Any:
            fits.append(X.shape[1])
            return plain(self, X, y, **further)

        counting.__signature__ = __import__("inspect").signature(plain)  # type: ignore[attr-defined]
        patch.setattr(Logistic, "fit", counting)
        run = _run(QUESTIONS, tmp_path_factory.mktemp("questions"))
    return run, fits


def test_members_are_fitted_once_for_all_that_are_made_of_them(questions: Any) -> None:
    _, fits = questions
    widest = max(fits)
    assert fits.count(widest) == 1  # `large` alone, its place in the cascade, and as a teacher


def test_a_cascade_tells_who_answered_and_what_it_cost(questions: Any) -> None:
    run, _ = questions
    facts = _facts(run, "both")["cascade"]
    assert [member["name"] for member in facts["members"]] == ["small", "large"]
    assert facts["chosen"]["cost"] <= 0.6 + 1e-9
    table = makna.load(run.model_folder("both")).predict(
        pd.DataFrame({"text_a": ["apa itu saham?"], "text_b": ["saham itu apa?"]})
    )
    assert list(table.columns) == [
        "prediction", "probability_0", "probability_1", "answered_by", "cost", "answer"
    ]  # fmt: skip
    assert table["answered_by"][0] in ("small", "large")


def test_a_changed_cascade_takes_its_members_from_what_was_saved(
    questions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = questions
    shutil.copytree(run.folder, tmp_path / "run")
    changed = QUESTIONS.replace("cost: 0.6", "cost: 0.9")
    whole = run_recipe(resolve(read_yaml(changed), "study"), tmp_path / "anew", RunOptions())

    def fit(*_: Any, **__: Any) -> None:
        raise AssertionError("a system is fitted again")

    monkeypatch.setattr(Logistic, "fit", fit)
    again = _run(changed, tmp_path, resume=True)
    assert _facts(again, "both")["cascade"]["wish"]["cost"] == 0.9
    assert again.metrics["systems"]["both"] == whole.metrics["systems"]["both"]


def test_a_member_whose_saved_model_is_broken_is_fitted_again(questions: Any, tmp_path: Path) -> None:
    run, _ = questions
    shutil.copytree(run.folder, tmp_path / "run")
    (tmp_path / "run" / "models" / "large" / "model.json").write_text("{")
    again = _run(QUESTIONS.replace("cost: 0.6", "cost: 0.9"), tmp_path, resume=True)
    assert _facts(again, "both")["cascade"]["wish"]["cost"] == 0.9


def test_a_taught_system_says_by_whom(questions: Any) -> None:
    run, _ = questions
    assert _facts(run, "taught")["distil"]["weight"] == 0.5


def test_slices_and_kinds_of_error_are_kept(questions: Any) -> None:
    run, _ = questions
    told = json.loads((run.folder / "explain.json").read_text("utf-8"))
    assert set(told["slices"]["length"]["systems"]) >= {"majority", "length", "small", "large", "both"}
    assert {"kinds", "slices"} <= told.keys()
    assert "large" in told["kinds"]["systems"]
    assert (run.folder / "errors-sample.csv").is_file()


def test_the_resolved_recipe_is_the_same_recipe(questions: Any) -> None:
    run, _ = questions
    text = (run.folder / "recipe.yaml").read_text("utf-8")
    again = resolve(read_yaml(text), "again")
    first = resolve(read_yaml(QUESTIONS), "first")
    assert [spec.params() for spec in again.systems] == [spec.params() for spec in first.systems]
    assert (again.task, again.explain, again.split) == (first.task, first.explain, first.split)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("systems.both.learn.cascade.of=[small, lrge]", "lrge.*small, large.*large"),
        ("systems.both.learn.cascade.of=[]", "cascade"),
        ("systems.small.learn={logistic: {C: {grid: [1, 2]}}}", "small"),
        ("systems.small.order=backwards", "sorted"),
        ("systems.both.clean=[lowercase]", "clean"),
        ("systems.large.represent={compare: {by: [cosine]}}", "of"),
        ("explain=[lenght]", "length"),
        ("explain=[{rarity: {pair: median}}]", "median.*mean"),
    ],
)
def test_a_mistake_in_what_is_made_of_others_is_told_with_what_is_allowed(change: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        resolve(read_yaml(QUESTIONS), "study", [change])


@pytest.fixture(scope="module")
def relations(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return _run(RELATIONS, tmp_path_factory.mktemp("relations"))


def test_directions_are_learned_apart_and_scored_as_one(relations: Any) -> None:
    metrics = relations.metrics
    assert metrics["labels"][""] == ["EQUI", "NOALI", "OPPO", "REL", "SIMI", "SPE"]
    predictions = pd.read_parquet(relations.folder / "predictions.parquet")
    assert set(predictions["truth"]) == set(metrics["labels"][""])
    sums = predictions[[f"probability_{name}" for name in metrics["labels"][""]]].sum(axis=1)
    np.testing.assert_allclose(sums, 1)
    model = makna.load(relations.model_folder("plain"))
    assert "SPE1" in model.labels[""]


def test_a_subset_is_scored_on_its_rows_as_a_choice_between_its_classes(relations: Any) -> None:
    predictions = pd.read_parquet(relations.folder / "predictions.parquet").query("system == 'plain'")
    classes = ["EQUI", "OPPO", "REL", "SIMI", "SPE"]
    inside = predictions[predictions["truth"].isin(classes)]
    chosen = inside[[f"probability_{name}" for name in classes]].to_numpy().argmax(axis=1)
    right = float((np.array(classes)[chosen] == inside["truth"]).mean())
    told = relations.metrics["systems"]["plain"]["subsets"]["aligned"]["parts"]["test"]["accuracy"]
    assert told["pooled"] == pytest.approx(right)
    assert told["n"] == len(inside) == 255


def test_the_trend_of_the_years_is_kept(relations: Any) -> None:
    told = json.loads((relations.folder / "explain.json").read_text("utf-8"))
    assert told["trend"]["years"][0] == 2012


def test_what_cannot_be_merged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SPE3"):
        _run(RELATIONS.replace("[SPE1, SPE2]", "[SPE1, SPE3]"), tmp_path)
    with pytest.raises(DataError, match="SPEC"):
        _run(RELATIONS.replace("SIMI, SPE, REL", "SIMI, SPEC, REL"), tmp_path / "other")
    with pytest.raises(DataError, match="'b'"):
        Merge({"x": ["a", "b"], "y": ["b"]}).check(["a", "b"])


def _facts(run: Any, system: str) -> dict[str, Any]:
    told = json.loads((run.folder / "explain.json").read_text("utf-8"))
    return next(step["facts"] for step in told["steps"][system] if step["step"] == "learn")
