"""Settings that are drawn: ranges and the ways to choose, as a recipe writes them."""

from __future__ import annotations

import textwrap
from typing import Any

import jsonschema
import pytest
import yaml

from makna.core.errors import RecipeError
from makna.core.messages import set_language
from makna.recipe.cells import filled, found_again, has_range, samples, space
from makna.recipe.json_schema import json_schema
from makna.recipe.recipe import Recipe, resolve
from makna.recipe.source import read_yaml
from makna.recipe.written import to_yaml
from makna.tune.space import Choices, Range

RECIPE = """\
collect: {{file: reviews.csv, text: ulasan, label: label}}
tune: {tune}
systems:
  s:
    represent: {{counts: {represent}}}
    learn: {learn}
"""
DRAWN = "{method: tpe}"


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


def _recipe(learn: str = "svm", represent: str = "{words: [1, 1]}", tune: str = DRAWN) -> Recipe:
    return resolve(read_yaml(textwrap.dedent(RECIPE).format(tune=tune, represent=represent, learn=learn)), "mine")


def _told(**parts: str) -> str:
    with pytest.raises(RecipeError) as error:
        _recipe(**parts)
    return str(error.value)


def _space(**parts: str) -> dict[str, Any]:
    return dict(space(_recipe(**parts).systems[0]))


def test_a_range_is_whole_where_the_parameter_is() -> None:
    assert _space(represent="{min_df: {range: [1, 5]}}") == {"min_df": Range(1, 5, whole=True)}
    assert _space(learn="{svm: {C: {range: [1, 5]}}}") == {"C": Range(1.0, 5.0)}
    assert not _space(learn="{svm: {C: {range: [1, 5]}}}")["C"].whole
    assert _space(learn="{svm: {C: {range: [1e-3, 5], log: true}}}") == {"C": Range(0.001, 5.0, log=True)}


def test_grids_and_ranges_stand_side_by_side() -> None:
    parts = {"learn": "[{kernel-svm: {C: {range: [0.1, 9]}, kernel: {grid: [linear, rbf]}}}]"}
    assert _space(**parts) == {"C": Range(0.1, 9.0), "kernel": Choices(("linear", "rbf"))}
    spec = _recipe(**parts).systems[0]
    assert (spec.is_open, has_range(spec)) == (True, True)
    made = filled(spec, {"C": 0.5, "kernel": "rbf"})
    assert (made.name, made.cell, made.is_open) == ("s[C=0.5,kernel=rbf]", {"C": 0.5, "kernel": "rbf"}, False)
    assert made.learn[0]["settings"]["C"] == 0.5
    assert spec.is_open  # the recipe itself is untouched


def test_a_resolved_range_is_the_same_range() -> None:
    first = _recipe(represent="{min_df: {range: [1, 5]}}", learn="{svm: {C: {range: [0.01, 1], log: true}}}")
    assert resolve(read_yaml(to_yaml(first.resolved)), "mine").resolved == first.resolved
    assert first.resolved["tune"] == {
        "by": "f1_macro", "folds": 3, "method": "tpe", "trials": 20, "round": 4, "workers": 1, "stop_hopeless": True,
    }  # fmt: skip


def test_the_main_setting_of_a_kind_may_be_a_range() -> None:
    text = RECIPE.format(tune=DRAWN, represent="{}", learn="svm")
    text = text.replace("{counts: {}}", "[counts, {pca: {range: [2, 9]}}]")
    assert dict(space(resolve(read_yaml(text), "mine").systems[0])) == {"pca": Range(2, 9, whole=True)}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"tune": "{method: grid}", "learn": "{svm: {C: {range: [1, 2]}}}"}, "one of random, tpe"),
        ({"tune": "{}", "learn": "{svm: {C: {range: [1, 2]}}}"}, "one of random, tpe"),
        ({"learn": "{svm: {C: {range: [2, 1]}}}"}, "the low end of the range (2) must be below its high end (1)"),
        ({"learn": "{svm: {C: {range: [1, 1]}}}"}, "must be below"),
        ({"learn": "{svm: {C: {range: [1]}}}"}, "range holds two values"),
        ({"learn": "{svm: {C: {range: 3}}}"}, "range holds two values"),
        ({"learn": "{svm: {C: {range: [1, 2], log: 3}}}"}, "range holds two values"),
        ({"learn": "{svm: {C: {range: [0, 2]}}}"}, "range.0: the value 0 does not fit. Allowed: greater than 0"),
        ({"learn": "{svm: {C: {range: [1, two]}}}"}, "range.1: the value 'two' does not fit. Allowed: a number"),
        ({"represent": "{min_df: {range: [1.5, 3]}}"}, "range.0: the value 1.5 does not fit. Allowed: a whole number"),
        ({"represent": "{sublinear: {range: [0, 1]}}"}, "'sublinear' is not a number"),
        ({"represent": "{weight: {range: [0, 1]}}"}, "the value 0 does not fit"),
        ({"learn": "{neighbours: {k: {range: [1, 2], logg: true}}}"}, "does not fit"),
        ({"tune": "{method: tpe, trials: 0}"}, "at least 1"),
        ({"tune": "{method: bayes}"}, "'grid', 'random', 'tpe'"),
        ({"tune": "{by: loss}", "learn": "{svm: {C: {grid: [1, 2]}}}"}, "'s' is not one"),
        ({"tune": "{by: loss, systems: all}", "learn": "svm"}, "'s' is not one"),
        (
            {"learn": "{finetune: {encoder: x, weight_decay: {range: [0, 1], log: true}}}"},
            "a range with log: true must begin above 0; got 0",
        ),
    ],
)
def test_each_mistake_is_told_in_plain_words(parts: dict[str, str], told: str) -> None:
    found = _told(**parts)
    assert told in found, found
    assert "line " in found


def test_the_loss_may_choose_among_networks() -> None:
    text = RECIPE.format(tune="{by: loss}", represent="{}", learn="{finetune: {encoder: x, epochs: {grid: [1, 2]}}}")
    text = text.replace("    represent: {counts: {}}\n", "") + "  t: {represent: counts, learn: svm}\n"
    recipe = resolve(read_yaml(text), "mine")
    assert recipe.tune is not None
    assert recipe.tune.by == "loss"


def test_a_range_without_tune_is_told_with_its_line() -> None:
    text = RECIPE.format(tune="", represent="{}", learn="{svm: {C: {range: [1, 2]}}}").replace("tune: \n", "")
    with pytest.raises(RecipeError, match=r"line 5: systems\.s\.learn\.svm\.C: a range needs a method that draws"):
        resolve(read_yaml(text), "mine")


def test_a_system_that_is_not_tuned_has_no_range() -> None:
    text = RECIPE.format(tune=DRAWN, represent="{}", learn="{svm: {C: {range: [1, 2]}}}") + "    tune: false\n"
    with pytest.raises(RecipeError, match=r"line 7: systems\.s\.tune: a system with a range cannot have tune: false"):
        resolve(read_yaml(text), "mine")


def test_every_choice_is_prepared_once() -> None:
    spec = _recipe(represent="{words: {grid: [[1, 1], [1, 2]]}, min_df: {range: [2, 5]}}",
                   learn="{svm: {C: {grid: [1, 2, 3]}}}").systems[0]  # fmt: skip
    assert [sample.cell for sample in samples(spec)] == [
        {"words": (1, 1), "min_df": 2, "C": 1.0},
        {"words": (1, 2), "min_df": 2, "C": 1.0},
        {"words": (1, 1), "min_df": 2, "C": 2.0},
        {"words": (1, 1), "min_df": 2, "C": 3.0},
    ]
    closed = _recipe().systems[0]
    assert samples(closed) == [closed]


def test_a_chosen_system_is_found_again_after_json() -> None:
    spec = _recipe(represent="{words: {grid: [[1, 1], [1, 2]]}}", learn="{svm: {C: {range: [0.1, 2]}}}").systems[0]
    chosen = filled(spec, {"words": (1, 2), "C": 0.25})
    assert found_again([_recipe().systems[0], spec], chosen.name, {"words": [1, 2], "C": 0.25}) == chosen
    assert found_again([chosen], chosen.name, {}) == chosen


def test_a_grid_of_the_balance_is_a_setting_too() -> None:
    text = RECIPE.format(tune=DRAWN, represent="{}", learn="svm") + "    balance: {grid: [over, under]}\n"
    spec = resolve(read_yaml(text), "mine").systems[0]
    assert dict(space(spec)) == {"balance": Choices(("over", "under"))}
    assert filled(spec, {"balance": "under"}).balance["method"] == "under"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{svm: {C: {range: [0.1, 1], log: true}}}", True),
        ("{svm: {C: {range: [0.1, 1]}}}", True),
        ("{svm: {C: {range: [0.1]}}}", False),
        ("{svm: {C: {range: [-1, 1]}}}", False),
        ("{svm: {C: {range: [1, 2], lin: true}}}", False),
        ("{calibrate: {range: [1, 2]}}", False),
    ],
)
def test_the_schema_knows_ranges(text: str, fits: bool) -> None:
    written = yaml.safe_load(RECIPE.format(tune=DRAWN, represent="{}", learn=text))
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(written) == fits
