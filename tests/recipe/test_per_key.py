"""`per_key` and `alignment` in a recipe."""

from __future__ import annotations

import pytest

from makna.core.errors import RecipeError
from makna.learn.per_key import PerKey
from makna.recipe.available import encoders_of
from makna.recipe.build import build
from makna.recipe.cells import SystemSpec, cells
from makna.recipe.recipe import resolve
from makna.recipe.source import read_yaml

RECIPE = """
task: {inputs: pair, target: number, scale: [0, 5]}
collect: {dataset: sample-answers, text_a: jawaban, text_b: kunci, score: nilai, group: soal}
systems: {a: {represent: [overlaps, standardise], learn: ridge, per_key: WHAT}}
"""


def _specs(what: str) -> list[SystemSpec]:
    return list(resolve(read_yaml(RECIPE.replace("WHAT", what)), "s").systems)


def test_a_key_written_short_takes_the_defaults_and_stands_inside_the_scale() -> None:
    recipe = resolve(read_yaml(RECIPE.replace("WHAT", "true")), "s")
    (spec,) = recipe.systems
    assert spec.per_key == {"within": True, "marked": False, "encoder": None, "shrink": 3.0}
    learner = build(spec, recipe.task, 0).steps[-1][1]
    assert isinstance(learner.estimator, PerKey)
    assert [name for name, _ in learner.estimator.estimator.steps] == ["overlaps", "standardise", "learn"]
    assert encoders_of(spec) == []


def test_it_may_be_left_out_name_an_encoder_and_be_a_grid() -> None:
    (off,) = _specs("false")
    assert off.per_key is None
    (named,) = _specs("{marked: true, encoder: minilm}")
    assert encoders_of(named) == ["minilm"]
    (grid,) = _specs("{marked: {grid: [true, false]}}")
    assert [cell.name for cell in cells(grid)] == ["a[marked=True]", "a[marked=False]"]


@pytest.mark.parametrize("what", ["{shrink: -1}", "{inside: true}", "often"])
def test_what_is_wrong_is_told(what: str) -> None:
    with pytest.raises(RecipeError):
        _specs(what)


def test_it_is_for_marks_beside_a_key() -> None:
    single = "collect: {dataset: sample-reviews}\nsystems: {a: {represent: counts, learn: svm, per_key: true}}"
    with pytest.raises(RecipeError, match="per_key"):
        resolve(read_yaml(single), "s")


def test_alignment_names_its_encoder() -> None:
    written = RECIPE.replace("[overlaps, standardise]", "{alignment: minilm}").replace("WHAT", "false")
    (spec,) = resolve(read_yaml(written), "s").systems
    assert encoders_of(spec) == ["minilm"]
