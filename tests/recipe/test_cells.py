"""Grids and baselines."""

from __future__ import annotations

from makna.core.task import Task
from makna.recipe.baselines import RESERVED, baselines
from makna.recipe.cells import SystemSpec, cells
from makna.recipe.choosing import uncalibrated
from makna.recipe.recipe import load_recipe


def spec(represent, learn):
    return SystemSpec("s", [], represent, learn, {})


def test_a_grid_is_every_combination_named_by_its_settings():
    svm = {"kind": "kernel-svm", "settings": {"kernel": {"grid": ["linear", "poly"]}, "C": {"grid": [1, 2]}}}
    made = cells(spec([{"kind": "counts", "settings": {}}], [svm]))
    assert [cell.name for cell in made] == [
        "s[kernel=linear,C=1]", "s[kernel=linear,C=2]", "s[kernel=poly,C=1]", "s[kernel=poly,C=2]",
    ]  # fmt: skip
    assert made[2].folder == "s--kernel-poly--C-1"
    assert made[2].learn[0]["settings"] == {"kernel": "poly", "C": 1}
    assert svm["settings"]["kernel"] == {"grid": ["linear", "poly"]}  # the recipe itself is untouched


def test_a_grid_inside_a_union_is_found():
    union = {"kind": "union", "parts": [[{"kind": "counts", "settings": {"min_df": {"grid": [1, 2]}}}]]}
    assert [cell.cell for cell in cells(spec([union], []))] == [{"min_df": 1}, {"min_df": 2}]


def test_equal_names_of_two_grids_are_told_apart():
    learn = [{"kind": "svm", "settings": {"random_state": {"grid": [1]}}},
             {"kind": "calibrate", "settings": {"random_state": {"grid": [2]}}}]  # fmt: skip
    assert cells(spec([], learn))[0].cell == {"svm.random_state": 1, "calibrate.random_state": 2}


def test_no_grid_is_one_cell_of_the_same_name():
    only = spec([], [{"kind": "svm", "settings": {"C": 1}}])
    assert cells(only) == [only]


def test_trials_leave_calibration_out_unless_it_is_what_is_chosen():
    made = cells(load_recipe("hate-speech").systems[0])
    assert [step["kind"] for step in uncalibrated(made)[0].learn] == ["svm"]
    method = {"kind": "calibrate", "settings": {"method": {"grid": ["sigmoid", "isotonic"]}}}
    both = cells(spec([], [{"kind": "svm", "settings": {"C": 1}}, method]))
    assert uncalibrated(both) == both


def test_baselines_by_task():
    assert [s.name for s in baselines(Task())] == ["majority", "length"]
    assert [s.name for s in baselines(Task("pair", "number"))] == ["mean", "length", "overlap"]
    assert {s.name for s in baselines(Task("pair"))} <= RESERVED
