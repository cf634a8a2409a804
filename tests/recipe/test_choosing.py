"""Choosing settings in a run: drawn or listed, here or by workers, killed and resumed, with networks that diverge."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

import makna
from makna.core.errors import TrainingError, UserError
from makna.core.messages import set_language
from makna.core.optional import available
from makna.core.task import Task
from makna.core.workplace import Workplace, workplace
from makna.recipe.cells import SystemSpec, cells
from makna.recipe.choosing import Searching
from makna.recipe.executor import Executor, Guess
from makna.recipe.runner import RunOptions
from makna.recipe.sections import TuneSection
from makna.recipe.store import Store
from makna.recipe.units import Setting, UnitWork
from makna.split.plan import SplitSettings, make_plan

pytest.importorskip("optuna")

RECIPE = """
task: {inputs: text, target: class}
collect: {dataset: sample-reviews}
clean: [lowercase]
split: {folds: 2}
tune: {folds: 2, method: tpe, trials: 7, round: 3, systems: all}
systems:
  svm:
    represent: {counts: {words: [1, 1], min_df: {range: [1, 3]}}}
    learn: {svm: {C: {range: [0.01, 10], log: true}, class_weight: {grid: [null, balanced]}}}
  bayes: {represent: {counts: {words: [1, 1]}}, learn: naive-bayes}
evaluate: {metrics: [f1_macro], resamples: 100, learning_curve: [0.5, 1]}
explain: [words]
report: {page: false}
"""
QUICK = RunOptions(rows=160)


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture(autouse=True, scope="module")
def _disk_is_not_waited_for() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda file: None)
        yield


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return str(tmp_path / "recipe.yaml")


@pytest.fixture(scope="module")
def whole_fits() -> list[int]:
    """One for each fit of the whole run."""
    return []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, whole_fits: list[int]) -> makna.Run:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "recipe.yaml").write_text(RECIPE)
    fit = Executor.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Executor, "fit", lambda self, *args: whole_fits.append(1) or fit(self, *args))
        return makna.run(str(folder / "recipe.yaml"), out=folder / "run", options=QUICK)


def test_every_trial_is_told_and_the_best_is_chosen(whole: makna.Run) -> None:
    system = whole.metrics["systems"]["svm"]
    assert system["chosen_by"]["how"] == "inner"
    for choice in system["chosen_by"]["choices"]:
        trials = [row for row in system["history"] if row["fold"] == choice["fold"]]
        assert len({row["trial"] for row in trials}) == 7
        best = max(trials, key=lambda row: row["f1_macro"])
        assert choice["system"] == f"svm[{best['trial']}]"
        cell = choice["cell"]
        assert list(cell) == ["min_df", "C", "class_weight"]
        assert cell["min_df"] in (1, 2, 3)
        assert 0.01 <= cell["C"] <= 10
    folds = [{row["trial"] for row in system["history"] if row["fold"] == fold} for fold in "12"]
    assert not folds[0] & folds[1]  # each fit draws its own
    assert whole.manifest["engine"] == "local"


def test_the_best_of_all_systems_is_chosen_from_their_own_trials(whole: makna.Run) -> None:
    chosen, svm = whole.metrics["systems"]["chosen"], whole.metrics["systems"]["svm"]
    for fold in "12":
        found = {row["trial"]: row["f1_macro"] for row in chosen["history"] if row["fold"] == fold}
        expected = {row["trial"]: row["f1_macro"] for row in svm["history"] if row["fold"] == fold}
        assert found == expected | {"bayes": found["bayes"]}
    names = {path.name for path in (whole.folder / "progress" / "chosen").iterdir()}
    assert not [name for name in names if name.startswith("trials")]  # they are those of the systems


def test_a_drawn_setting_is_saved_and_its_learning_curve_drawn(whole: makna.Run) -> None:
    cell = json.loads((whole.folder / "models" / "svm" / "model.json").read_text())["about"]["cell"]
    assert 0.01 <= cell["C"] <= 10
    assert [point["share"] for point in whole.metrics["systems"]["svm"]["learning_curve"]] == [0.5, 1]
    first = whole.metrics["systems"]["svm"]["folds"][0]["f1_macro"]
    assert whole.metrics["systems"]["svm"]["learning_curve"][1]["f1_macro"]["value"] == pytest.approx(first)


def test_a_resolved_recipe_is_the_same_recipe(whole: makna.Run) -> None:
    from makna.recipe.recipe import load_recipe

    text = (whole.folder / "recipe.yaml").read_text()
    assert "range: [0.01, 10.0]" in text
    again = load_recipe(str(whole.folder / "recipe.yaml"))
    assert again.resolved["systems"] == load_recipe(str(whole.folder.parent / "recipe.yaml")).resolved["systems"]


@pytest.mark.parametrize("at", [20, pytest.param(3, marks=pytest.mark.slow)])
def test_an_interrupted_search_goes_on_with_the_same_trials(
    at: int,
    whole: makna.Run,
    whole_fits: list[int],
    recipe: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits: list[int] = []
    fit = Executor.fit

    def interrupted(self: Executor, *args: Any) -> Pipeline:
        fits.append(1)
        if len(fits) == at:
            raise KeyboardInterrupt
        return fit(self, *args)

    monkeypatch.setattr(Executor, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        makna.run(recipe, out=tmp_path / "run", options=QUICK)
    monkeypatch.setattr(Executor, "fit", lambda self, *args: fits.append(1) or fit(self, *args))
    again = makna.run(recipe, out=tmp_path / "run", options=RunOptions(rows=160, resume=True))
    assert (again.folder / "metrics.json").read_bytes() == (whole.folder / "metrics.json").read_bytes()
    # Anew: the fit that was cut short, and the one before it if that was the first split of the same trial.
    assert len(whole_fits) < len(fits) <= len(whole_fits) + 2


def test_an_engine_that_has_nothing_to_do_is_refused_before_any_work(recipe: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Allowed: local, ray\."):
        makna.run(recipe, out=tmp_path / "run", options=RunOptions(engine="threads"))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine",
    ["local", pytest.param("ray", marks=pytest.mark.skipif(not available("ray"), reason="Ray is not installed"))],
)
def test_workers_try_the_same(engine: str, whole: makna.Run, recipe: str, tmp_path: Path) -> None:
    options = RunOptions(rows=160, engine=engine)
    run = makna.run(recipe, sets=["tune.workers=2"], out=tmp_path / "run", options=options)
    assert (run.folder / "metrics.json").read_bytes() == (whole.folder / "metrics.json").read_bytes()
    assert run.manifest["engine"] == engine


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments_and_resumed(workers: int, whole: makna.Run, recipe: str, tmp_path: Path) -> None:
    words = ["run", recipe, "--rows", "160", "--out", str(tmp_path / "run"), "--resume"]
    command = [sys.executable, "-m", "makna.cli.main", *words, "--set", f"tune.workers={workers}"]
    draw, killed = random.Random(workers), 0
    for _ in range(4):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        journal = tmp_path / "run" / "progress" / "svm"
        while process.poll() is None and not list(journal.glob("trials-*.log")):
            time.sleep(0.05)
        time.sleep(draw.uniform(0, 2))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "run" / "metrics.json").read_bytes() == (whole.folder / "metrics.json").read_bytes()
    journals = {path: path.read_bytes() for path in journal.glob("trials-*.log")}
    command[-1] = f"tune.workers={3 - workers}"  # which changes nothing that is finished
    subprocess.run(command, check=True, capture_output=True)
    assert {path: path.read_bytes() for path in journal.glob("trials-*.log")} == journals


class Learned:
    """Stands for a fitted network."""

    def __init__(self, C: float, epochs: int, stopped: str | None) -> None:
        rows = range(1, epochs + 1)
        self.C = C
        self.history_ = [{"epoch": e, "part": "valid", "loss": 1 / (C * e), "f1_macro": C * e} for e in rows]
        self.facts_ = {"best_epoch": epochs, "stopped": stopped}


class Taught(Executor):
    """Fits a network of four epochs whose scores grow with C; one of C = 9 diverges."""

    def __init__(self, n: int) -> None:
        super().__init__(np.array(["x"] * n, dtype=object), np.array(["a", "b"] * (n // 2), dtype=object))
        self.fits: list[float] = []
        self.found: list[bool] = []

    def fit(self, system: Pipeline, rows: np.ndarray, valid: Any = None) -> Pipeline:
        C = system.steps[-1][1].C
        self.fits.append(C)
        place = workplace()
        if place.folder:
            kept = place.folder / f"C{C}-{rows.sum()}"
            self.found.append(kept.is_dir())
            kept.mkdir(parents=True, exist_ok=True)
        if C == 9:
            raise TrainingError("core.no_gpu")
        why, epoch = None, 0
        while epoch < 4 and why is None:
            epoch += 1
            why = place.watch(epoch, {"loss": 1 / (C * epoch), "f1_macro": C * epoch})
        return Pipeline([("learn", Learned(C, epoch, why))])

    def predict(self, fitted: Pipeline, rows: np.ndarray) -> Guess:
        right = self.y[rows]
        said = np.where(np.arange(len(rows)) < fitted.steps[-1][1].C * len(rows) / 8, right, "a")
        return Guess(said, [])


def _work(tmp_path: Path | None = None, valid: bool = False, **tune: Any) -> UnitWork:
    executor = Taught(48)
    corpus = pd.DataFrame({"id": [str(i) for i in range(48)], "text": executor.X, "label": executor.y})
    how = SplitSettings(holdout={"train": 0.5, "valid": 0.25, "test": 0.25}) if valid else SplitSettings(2)
    plan = make_plan(corpus, Task(), how, 3)
    setting = Setting(corpus, Task(), {"": ["a", "b"]}, plan, 3, TuneSection(**{"folds": 2, "round": 3} | tune), False)
    store = Store(tmp_path) if tmp_path else None
    return UnitWork(setting, executor, Searching(store=store, key="k"))


def _spec(C: Any) -> SystemSpec:
    return SystemSpec("s", [], [], [{"kind": "svm", "settings": {"C": C}}], {})


def _grid(*values: float) -> list[SystemSpec]:
    return cells(_spec({"grid": list(values)}))


def _scores(history: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["trial"]: row.get("why") for row in history if "epoch" not in row}


def test_a_trial_that_diverges_stands_in_the_history() -> None:
    work = _work()
    fitted = work.fit(_grid(9, 2, 1), work.setting.plan.units[0].train, "1")
    assert fitted.spec.name == "s[C=2]"
    why = str(TrainingError("core.no_gpu"))
    assert _scores(fitted.history) == {"C=9": why, "C=2": None, "C=1": None}
    assert fitted.history[0] == {"trial": "C=9", "fold": "1", "part": "inner", "f1_macro": None, "why": why}
    assert work.executor.fits.count(9) == 1  # not tried again on the second split
    with pytest.raises(TrainingError) as told:
        work.fit(_grid(9, 9), work.setting.plan.units[0].train, "1")
    assert told.value.fields["n"] == 2


@pytest.mark.parametrize(("stops", "epochs"), [(True, [4, 4, 4, 1, 4]), (False, [4, 4, 4, 4, 4])])
def test_hopeless_trials_end_early_and_the_epochs_are_told(stops: bool, epochs: list[int]) -> None:
    work = _work(stop_hopeless=stops)
    fitted = work.fit(_grid(4, 5, 6, 1, 7), work.setting.plan.units[0].train, "1")
    assert fitted.spec.name == "s[C=7]"
    shown = [row["trial"] for row in fitted.history if "epoch" in row]
    assert [shown.count(f"C={C}") for C in (4, 5, 6, 1, 7)] == epochs
    assert [why is not None for why in _scores(fitted.history).values()] == [n < 4 for n in epochs]
    assert fitted.history[0].keys() == {"trial", "fold", "part", "f1_macro"}  # scores come first
    last = fitted.history[-1]
    assert last == {"trial": "C=7", "fold": "1", "epoch": 4, "part": "valid", "loss": 1 / 28, "f1_macro": 28.0}


def test_the_loss_of_networks_can_choose() -> None:
    work = _work(by="loss")
    fitted = work.fit(_grid(1, 4, 2), work.setting.plan.units[0].train, "1")
    assert fitted.spec.name == "s[C=4]"
    assert [row["loss"] for row in fitted.history if "epoch" not in row] == [1 / 4, 1 / 16, 1 / 8]


@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_finished_trials_are_kept(method: str, tmp_path: Path) -> None:
    candidates = _grid(1, 2, 3, 4) if method == "grid" else [_spec({"range": [1.0, 8.0], "log": False})]
    found = []
    for _ in range(2):
        work = _work(tmp_path, method=method, trials=5)
        fitted = work.fit(candidates, work.setting.plan.units[0].train, "1")
        found.append((fitted.spec.name, fitted.history, len(work.executor.fits)))
    assert found[0][:2] == found[1][:2]
    assert found[1][2] == 1  # the chosen setting, on all training rows
    assert found[0][2] == 1 + 2 * len(_scores(fitted.history))
    others = _grid(1, 2, 3, 5) if method == "grid" else [_spec({"range": [1.0, 7.0], "log": False})]
    work = _work(tmp_path, method=method, trials=5)
    work.fit(others, work.setting.plan.units[0].train, "1")
    assert len(work.executor.fits) > 5  # all of them anew


@pytest.mark.parametrize("valid", [False, True])
def test_of_the_checkpoints_only_the_best_trials_are_ever_there(valid: bool, tmp_path: Path) -> None:
    work = _work(valid=valid, stop_hopeless=False)
    unit = work.setting.plan.units[0]
    seen: list[set[str]] = []
    fit = work.executor.fit

    def watched(*args: Any) -> Pipeline:
        made = fit(*args)
        seen.append({path.name.split("-")[0] for path in tmp_path.glob("trials/*/*")})
        return made

    work.executor.fit = watched  # type: ignore[method-assign]
    work.fit(_grid(2, 4, 3, 1, 5, 6, 7), unit.train, unit.name, Workplace(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {f"C7-{unit.train.sum()}"}
    if valid:  # one split: what was trained is the final fit too, and is handed on
        assert seen[:7] == [{"C2"}, {"C2", "C4"}, {"C4", "C3"}, {"C4", "C1"}, {"C4", "C5"}, {"C5", "C6"}, {"C6", "C7"}]
        assert work.executor.found == [False] * 7 + [True]
    else:
        assert max(map(len, seen)) == 4  # a round's, and the best before it
        assert not any(work.executor.found)
