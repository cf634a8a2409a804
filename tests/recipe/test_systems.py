"""What a system may say of itself: its chains, its balance, and when it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from makna.core.errors import RecipeError
from makna.core.messages import set_language
from makna.learn.finetune_outputs import FineTuneOutputs
from makna.learn.outputs import PerOutput
from makna.recipe.build import build
from makna.recipe.cells import cells
from makna.recipe.recipe import Recipe, resolve
from makna.recipe.source import read_yaml
from makna.recipe.written import to_yaml

HEAD = "collect: {dataset: sample-reviews, text: ulasan, label: label}\nsystems:\n"
COUNTS = "represent: {counts: {words: [1, 1]}}, learn: "


def _recipe(*systems: str) -> Recipe:
    return resolve(read_yaml(HEAD + "".join(f"  {system}\n" for system in systems)), "r")


def _problems(*systems: str) -> str:
    set_language("en")
    with pytest.raises(RecipeError) as raised:
        _recipe(*systems)
    return str(raised.value)


def test_a_learner_that_reads_texts_has_no_representation() -> None:
    (spec,) = _recipe("a: {learn: {finetune: minilm}}").systems
    assert spec.represent == []
    assert spec.learn[0]["settings"]["encoder"] == "minilm"
    assert "take 'represent' out" in _problems("a: {" + COUNTS + "{finetune: minilm}}")
    assert "represent" in _problems("a: {learn: svm}")


def test_an_encoder_learns_several_outputs_at_once() -> None:
    systems = "a: {learn: {finetune: minilm}}", "b: {" + COUNTS + "svm}"
    task = replace(_recipe(*systems).task, target="classes", outputs=("harga", "mutu"))
    together, apart = (build(spec, task, 1)[-1] for spec in _recipe(*systems).systems)
    assert isinstance(together, FineTuneOutputs)
    assert (together.encoder, together.random_state) == ("minilm", 1)
    assert isinstance(apart, PerOutput)


def test_balance_wraps_all_that_learns() -> None:
    recipe = _recipe("a: {clean: [lowercase], " + COUNTS + "svm, balance: over}")
    system = build(recipe.systems[0], recipe.task, 5)
    assert [name for name, _ in system.steps] == ["clean", "learn"]
    balanced = system.steps[-1][1]
    assert [name for name, _ in balanced.estimator.steps] == ["counts", "learn"]
    assert (balanced.method, balanced.random_state) == ("over", 5)
    assert "over" in _problems("a: {" + COUNTS + "svm, balance: ovr}")


def test_calibration_can_be_left_out() -> None:
    recipe = _recipe("a: {" + COUNTS + "[{svm: {C: 3}}, {calibrate: none}]}", "b: {" + COUNTS + "svm}")
    plain, calibrated = (build(spec, recipe.task, 1).steps[-1][1] for spec in recipe.systems)
    assert not hasattr(plain, "predict_proba")
    assert hasattr(calibrated, "estimator")


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("fold", "0", "fold"),
        ("fold", "true", "fold"),
        ("on_request", "maybe", "true or false"),
        ("tune", "3", "true or false"),
        ("folds", "2", "'fold'"),
    ],
)
def test_a_wrong_switch_is_told(key: str, value: str, word: str) -> None:
    said = _problems("a: {" + COUNTS + f"svm, {key}: {value}" + "}")
    assert word in said
    assert "line 3" in said


def test_written_out_and_read_again() -> None:
    recipe = _recipe(
        "a: {" + COUNTS + "[{svm: {C: {grid: [1, 3]}}}, {calibrate: none}], balance: under, fold: 2, tune: false}",
        "b: {learn: {finetune: {encoder: minilm, epochs: 1}}, on_request: true}",
    )
    again = resolve(read_yaml(to_yaml(recipe.resolved)), "r")
    assert again.systems == recipe.systems
    assert again.resolved == recipe.resolved
    assert [cell.fold for cell in cells(recipe.systems[0])] == [2, 2]
