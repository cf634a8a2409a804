"""Networks in a run: validation rows reach them, their epochs and facts reach the files, and nothing done is lost."""

from __future__ import annotations

import json
from functools import wraps
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import makna
from makna.core.errors import ModelError, RecipeError
from makna.core.messages import set_language
from makna.learn.finetune import FineTune
from makna.recipe.available import runnable
from makna.recipe.recipe import as_shipped, load_recipe, resolve
from makna.recipe.runner import run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.state import RunOptions
from tests.encoders import tiny_encoder

pytest.importorskip("torch")

RECIPE = """
task: {{inputs: text, target: class}}
device: cpu
precision: fp32
collect: {{dataset: sample-reviews, text: ulasan, label: label}}
clean: [lowercase]
split: {{holdout: {{train: 0.6, valid: 0.2, test: 0.2}}}}
systems:
  net:
    learn: {{finetune: {{encoder: "{encoder}", epochs: 2, batch_size: 16, learning_rate: 1.0e-3, max_length: 24}}}}
  words: {{represent: {{counts: {{words: [1, 1]}}}}, learn: svm}}
explain: [errors]
"""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


def _recipe(encoder: Path, *sets: str) -> Any:
    return resolve(read_yaml(RECIPE.format(encoder=encoder)), "net-study", sets)


@pytest.fixture(scope="module")
def run(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_recipe(_recipe(encoder), tmp_path_factory.mktemp("run") / "run", RunOptions(rows=120))


def test_every_epoch_is_in_the_history_judged_on_the_validation_part(run: Any) -> None:
    history = run.metrics["systems"]["net"]["history"]
    assert [(row["epoch"], row["part"]) for row in history] == [
        (1, "train"), (1, "valid"), (2, "train"), (2, "valid")
    ]  # fmt: skip
    assert all(0 <= row["f1_macro"] <= 1 and row["loss"] > 0 for row in history)
    valid = run.metrics["systems"]["net"]["parts"]["valid"]
    best = max((row for row in history if row["part"] == "valid"), key=lambda row: row["f1_macro"])
    assert valid["f1_macro"]["value"] == pytest.approx(best["f1_macro"], abs=1e-6)


def test_what_the_report_tells_is_kept(run: Any) -> None:
    explained = json.loads((run.folder / "explain.json").read_text("utf-8"))
    (facts,) = [step["facts"] for step in explained["steps"]["net"] if step["step"] == "learn"]
    assert facts["encoder"]["layers"] == 2
    assert facts["tokens"]["rows"] > 0
    pieces = explained["pieces"]["net"]
    assert [row["step"] for row in pieces] == ["raw", "lowercase"]
    assert run.manifest["precision"] == "fp32"
    assert run.manifest["seconds"]["steps"]["net"]["learn"]["fits"] == 1
    assert run.report.is_file()


def test_the_saved_network_answers_as_it_did_in_the_run(run: Any) -> None:
    model = makna.load(run.model_folder("net"))
    said = run.predictions.query("system == 'net'")
    texts = pd.read_csv(Path(makna.__file__).parent / "samples" / "reviews.csv", dtype=str)
    by_id = dict(zip(texts.get("id", texts.index.astype(str)), texts["ulasan"], strict=True))
    some = said[said["id"].isin(by_id)].head(10)
    assert len(some)
    again = model.predict([by_id[i] for i in some["id"]])
    assert again["prediction"].tolist() == some["prediction"].tolist()


def test_the_checkpoints_are_gone_when_all_is_saved(run: Any) -> None:
    assert not any((run.folder / "progress" / "checkpoints").glob("*/*"))


def test_the_same_seed_gives_the_same_metrics_also_after_a_stop(
    run: Any, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FineTune.fit
    stops = []

    @wraps(whole)
    def stopped(self: Any, *args: Any, **further: Any) -> Any:
        made = whole(self, *args, **further)
        if not stops:
            stops.append(1)
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(FineTune, "fit", stopped)
    options = RunOptions(rows=120, resume=True)
    with pytest.raises(KeyboardInterrupt):
        run_recipe(_recipe(encoder), tmp_path / "run", options)
    again = run_recipe(_recipe(encoder), tmp_path / "run", options)
    assert (again.folder / "metrics.json").read_bytes() == (run.folder / "metrics.json").read_bytes()


def test_after_ctrl_c_the_best_epoch_is_a_model(encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from makna.recipe.state import RunState

    def place(self: Any, spec: Any) -> Any:
        from makna.core.workplace import Workplace

        def watch(epoch: int, figures: Any) -> None:
            if epoch == 2:
                raise KeyboardInterrupt

        return Workplace(self.folder / "progress" / "checkpoints" / spec.folder, watch=watch)

    monkeypatch.setattr(RunState, "place", place)
    with pytest.raises(KeyboardInterrupt) as stop:
        run_recipe(_recipe(encoder), tmp_path / "run", RunOptions(rows=120, only=("net",)))
    (model,) = (tmp_path / "run" / "models").iterdir()
    assert model.name == "net--interrupted"
    assert str(model) in "\n".join(stop.value.__notes__)
    assert len(makna.load(model).predict(["bagus sekali"])) == 1


def test_a_system_on_one_fold(encoder: Path, tmp_path: Path) -> None:
    sets = ["split={folds: 3}", "systems.net.fold=2", "evaluate={compare: words}"]
    run = run_recipe(_recipe(encoder, *sets), tmp_path / "run", RunOptions(rows=90))
    net, words = (run.metrics["systems"][name] for name in ("net", "words"))
    assert net["parts"]["test"]["accuracy"]["n"] < words["parts"]["test"]["accuracy"]["n"]
    assert {fold["fold"] for fold in net["folds"]} == {2}
    row = next(row for row in run.metrics["comparisons"] if row["system"] == "net")
    assert row["n"] == net["parts"]["test"]["accuracy"]["n"]
    with pytest.raises(RecipeError, match="3"):
        run_recipe(_recipe(encoder, *sets, "systems.net.fold=4"), tmp_path / "no", RunOptions(rows=90))


def test_an_encoder_that_is_nowhere_stops_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    recipe = _recipe(Path("nobody/no-such-encoder"))
    with pytest.raises(ModelError, match="minilm"):
        run_recipe(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_shipped_study_skips_what_is_not_here_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    set_language("en")
    recipe = as_shipped(_recipe(Path("nobody/no-such-encoder"), "systems.words.on_request=true"))
    wanted, skipped = runnable(recipe, ())
    assert wanted == []
    assert [row["system"] for row in skipped] == ["net", "words"]
    assert "nobody/no-such-encoder" in skipped[0]["why"]
    assert "--only words" in skipped[1]["why"]
    with pytest.raises(ModelError):
        runnable(recipe, ("net",))
    assert [spec.name for spec in runnable(recipe, ("words",))[0]] == ["words"]


def test_hub_systems_of_the_studies_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    for study in ("review-sentiment", "hate-speech"):
        wanted, skipped = runnable(load_recipe(study), ())
        assert "counts-svm" in [spec.name for spec in wanted]
        assert skipped
