"""Marks through a recipe: half marks, blends, a second key, and learners of numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import makna
from makna.core.errors import RecipeError
from makna.core.task import Task
from makna.learn.blend import Blend
from makna.learn.bounded import Bounded
from makna.learn.second_key import SecondKey
from makna.recipe.build import build
from makna.recipe.cells import cells
from makna.recipe.recipe import resolve
from makna.recipe.runner import run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.state import RunOptions

MARKS = """
task: {inputs: pair, target: number, scale: [0, 5], step: 0.5}
collect: {dataset: sample-answers}
clean: [lowercase]
split: {folds: 3, group: true}
systems:
  straight: {represent: overlaps, learn: linear}
  smooth: {represent: {union: [overlaps, lengths]}, learn: {ridge: {alpha: 3}}}
  tubes: {represent: overlaps, learn: {svr: {epsilon: {grid: [0.1, 0.5]}, loss: epsilon_insensitive}}, tune: false}
  second: {represent: overlaps, learn: linear, second_key: mean}
  both: {learn: {blend: {of: [straight, smooth], folds: 3}}}
evaluate: {metrics: [rmse, pearson]}
"""


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_recipe(resolve(read_yaml(MARKS), "study"), tmp_path_factory.mktemp("marks") / "run", RunOptions())


def _facts(run: Any, system: str) -> dict[str, Any]:
    told = json.loads((run.folder / "explain.json").read_text("utf-8"))["steps"][system]
    return {key: value for step in told for key, value in step["facts"].items()}


def test_every_answer_is_a_half_mark_on_the_scale(marked: Any) -> None:
    said = pd.read_parquet(marked.folder / "predictions.parquet")
    made = said[~said["system"].isin(["mean", "length", "overlap"])]
    assert set(made["system"]) == {"straight", "smooth", "tubes[epsilon=0.1]", "tubes[epsilon=0.5]", "second", "both"}
    marks = made["prediction"].to_numpy(dtype=float)
    np.testing.assert_array_equal(marks * 2, (marks * 2).round())
    assert marks.min() >= 0
    assert marks.max() <= 5
    asked = pd.DataFrame({"text_a": ["entah", "a b c"], "text_b": ["a b c", "a b c"]})
    for system in ("second", "both"):
        again = makna.load(marked.model_folder(system)).predict(asked)["prediction"].to_numpy(dtype=float)
        np.testing.assert_array_equal(again * 2, (again * 2).round())


def test_a_blend_and_a_second_key_tell_what_they_did(marked: Any) -> None:
    blend = _facts(marked, "both")["blend"]
    assert [member["name"] for member in blend["members"]] == ["straight", "smooth"]
    assert all(member["weight"] >= 0 for member in blend["members"])
    second = _facts(marked, "second")["second_key"]
    assert 0 < second["with_second"] <= second["keys"]
    assert second["repeated"] > 0


def test_the_recipe_comes_back_as_it_was_read(marked: Any) -> None:
    again = resolve(read_yaml((marked.folder / "recipe.yaml").read_text("utf-8")), "again")
    first = resolve(read_yaml(MARKS), "first")
    assert [spec.params() for spec in again.systems] == [spec.params() for spec in first.systems]
    assert again.task == first.task
    assert Task.from_json(first.task.to_json()) == first.task
    before = {key: value for key, value in first.task.to_json().items() if key != "step"}
    assert Task.from_json(before).step is None


def test_what_is_rounded_is_the_answer_and_not_what_it_is_made_of() -> None:
    recipe = resolve(read_yaml(MARKS), "study")
    specs = {spec.name: spec for spec in recipe.systems}
    blend = build(specs["both"], recipe.task, 13).steps[-1][1]
    assert isinstance(blend, Bounded)
    assert isinstance(blend.estimator, Blend)
    assert blend.step == 0.5
    assert [member.steps[-1][1].step for _, member in blend.estimator.estimators] == [None, None]
    second = build(specs["second"], recipe.task, 13).steps[-1][1]
    assert isinstance(second.estimator, SecondKey)
    assert (second.step, second.estimator.answer, second.estimator.random_state) == (0.5, "mean", 13)
    assert not isinstance(second.estimator.estimator.steps[-1][1], Bounded)


@pytest.mark.parametrize(("written", "answer"), [("true", "key"), ("max", "max"), ("{answer: mean}", "mean")])
def test_a_second_key_may_be_written_short(written: str, answer: str) -> None:
    (spec,) = resolve(
        read_yaml(MARKS), "s", [f"systems={{a: {{represent: overlaps, learn: linear, second_key: {written}}}}}"]
    ).systems
    assert spec.second_key is not None
    assert spec.second_key["answer"] == answer


def test_a_second_key_may_be_left_out_and_be_a_grid() -> None:
    system = "systems={a: {represent: overlaps, learn: linear, second_key: WHAT}}"
    (off,) = resolve(read_yaml(MARKS), "s", [system.replace("WHAT", "false")]).systems
    assert off.second_key is None
    (grid,) = resolve(read_yaml(MARKS), "s", [system.replace("WHAT", "{grid: [key, max]}")]).systems
    assert [cell.name for cell in cells(grid)] == ["a[second_key=key]", "a[second_key=max]"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("task.step=0", "0"),
        ("task.step=9", "scale"),
        ("systems.second.second_key=other", "key.*mean.*max"),
        ("systems.both.second_key=true", "second_key"),
        ("systems.both.learn.blend.of=[straight, smoth]", "smoth.*smooth"),
        ("systems.both.learn.blend.of=[straight, tubes]", "tubes"),
        ("systems.both.learn.blend.rows=all", "validation.*folds"),
        ("systems.smooth.learn={finetune-regression: {pooling: gru}}", "bilstm"),
    ],
)
def test_mistakes_are_named(change: str, words: str) -> None:
    with pytest.raises(RecipeError, match=rf"(?s){words}"):
        resolve(read_yaml(MARKS), "s", [change])


def test_a_step_needs_a_scale_and_a_second_key_needs_marks() -> None:
    with pytest.raises(RecipeError, match=r"step: 0\.5"):
        resolve(read_yaml(MARKS.replace("scale: [0, 5], ", "")), "s")
    single = "collect: {dataset: sample-reviews}\nsystems: {a: {represent: counts, learn: svm, second_key: true}}"
    with pytest.raises(RecipeError, match="second_key"):
        resolve(read_yaml(single), "s")
