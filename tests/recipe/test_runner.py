"""A run: the same bytes for the same seed, resumed without loss, refused in plain words."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pandas as pd
import pytest

import makna
from makna.collect.datasets import read_dataset
from makna.core.errors import DataError, ModelError, RecipeError
from makna.core.files import scratch_of
from makna.core.messages import set_language
from makna.recipe import runner
from makna.recipe.recipe import load_recipe, resolve
from makna.recipe.runner import RunOptions, run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.units import UnitWork

QUICK = ["split.folds=3", "evaluate.resamples=100"]


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


@pytest.fixture(scope="module")
def tweets(tmp_path_factory):
    """One finished run of the tweet sample."""
    return run_recipe(load_recipe("sample-tweets", QUICK), tmp_path_factory.mktemp("runs") / "tweets")


def test_a_run_leaves_every_file_of_the_run_folder(tweets):
    names = {path.name for path in tweets.folder.iterdir()}
    assert names >= {
        "recipe.yaml", "manifest.json", "data.json", "metrics.json", "explain.json", "predictions.parquet",
        "figures", "report.html", "models",
    }  # fmt: skip
    assert tweets.manifest["seconds"]["systems"]["counts-svm"] > 0
    assert tweets.manifest["peak_memory_mb"]["run"] > 10
    score = tweets.metrics["systems"]["counts-svm"]["parts"]["test"]["f1_macro"]
    assert score["low"] < score["pooled"] < score["high"]
    assert score["value"] > tweets.metrics["systems"]["majority"]["parts"]["test"]["f1_macro"]["value"]
    assert "counts-svm" in str(tweets)
    assert "<table" in tweets._repr_html_()


def test_every_row_is_predicted_once_by_every_system(tweets):
    found = tweets.predictions
    kept = tweets.data["rows"]["kept"]
    assert found.groupby("system")["id"].nunique().eq(kept).all()
    assert len(found) == kept * found["system"].nunique()
    columns = ["probability_0", "probability_1"]
    assert found[columns].sum(axis=1).sub(1).abs().max() < 1e-9
    most = found[columns].idxmax(axis=1).str.removeprefix("probability_")
    assert (most == found["prediction"]).all()


def test_the_best_is_compared_with_the_best_baseline_and_the_next_best_unasked(tmp_path):
    words = "systems.words={represent: {counts: {words: [1, 1]}}, learn: naive-bayes}"
    recipe = load_recipe("sample-tweets", [*QUICK, "evaluate={metrics: [f1_macro], resamples: 100}", words])
    run = run_recipe(recipe, tmp_path / "run").metrics
    scores = {name: found["parts"]["test"]["f1_macro"] for name, found in run["systems"].items()}
    trivial = {name for name, found in run["systems"].items() if found["baseline"]}
    best, second = sorted(set(scores) - trivial, key=lambda name: -scores[name]["value"])
    simplest = max(trivial, key=lambda name: scores[name]["value"])
    found = {(row["system"], row["against"]): row["difference"] for row in run["comparisons"]}
    pairs = [(best, simplest), (best, second)]
    assert found == {(a, b): pytest.approx(scores[a]["pooled"] - scores[b]["pooled"]) for a, b in pairs}


def test_no_difference_is_told_both_ways_round(tmp_path):
    words = "systems.words={represent: {counts: {words: [1, 1]}}, learn: {naive-bayes: {alpha: 10}}}"
    metrics = "evaluate={metrics: [precision_positive, recall_positive], resamples: 100}"
    run = run_recipe(load_recipe("sample-tweets", [*QUICK, metrics, words]), tmp_path / "run").metrics
    best = {
        metric: max(("counts-svm", "words"), key=lambda name: run["systems"][name]["parts"]["test"][metric]["value"])
        for metric in ("precision_positive", "recall_positive")
    }
    assert len(set(best.values())) == 2, "each is best by one metric"
    pairs = {(row["system"], row["against"]) for row in run["comparisons"]}
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tweets, tmp_path):
    again = run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "again")
    assert (again.folder / "metrics.json").read_bytes() == (tweets.folder / "metrics.json").read_bytes()
    other = run_recipe(load_recipe("sample-tweets", [*QUICK, "seed=99"]), tmp_path / "other")
    assert (other.folder / "metrics.json").read_bytes() != (tweets.folder / "metrics.json").read_bytes()


def test_a_saved_model_answers_like_the_system_that_was_fitted(tweets):
    model = makna.load(tweets.model_folder("counts-svm"))
    table = pd.read_csv(Path(makna.__file__).parent / "samples" / "tweets.csv", dtype=str)
    said = model.predict(table["tweet"].head(50))
    assert list(said.columns) == ["prediction", "probability_0", "probability_1"]
    assert (said["prediction"] == table["hs"].head(50)).mean() > 0.9  # rows it was trained on


def test_an_interrupted_run_goes_on_where_it_stopped(tweets, tmp_path, monkeypatch):
    fits = []
    whole = UnitWork.run

    def counted(self, candidates, unit, place):
        if len(fits) == 4:
            raise KeyboardInterrupt
        fits.append((candidates[0].name, unit.name))
        return whole(self, candidates, unit, place)

    monkeypatch.setattr(UnitWork, "run", counted)
    with pytest.raises(KeyboardInterrupt):
        run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run")
    done = set(fits)
    fits.clear()
    monkeypatch.setattr(UnitWork, "run", lambda self, c, u, p: fits.append((c[0].name, u.name)) or whole(self, c, u, p))
    run = run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run", RunOptions(resume=True))
    assert not done & set(fits)
    assert len(fits) == 3 * 3 - 4
    assert (run.folder / "metrics.json").read_bytes() == (tweets.folder / "metrics.json").read_bytes()
    assert run.manifest["resumed"]


def test_what_a_killed_run_left_half_written_is_removed(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    scratch_of(folder / "recipe.yaml").write_text("half", encoding="utf-8")  # killed in its first write
    recipe, options = load_recipe("sample-tweets", QUICK), RunOptions(resume=True)
    run_recipe(recipe, folder, options)
    scratch_of(folder / "data.json").write_text("half", encoding="utf-8")
    scratch_of(folder / "models" / "counts-svm").mkdir(parents=True)
    run_recipe(recipe, folder, options)
    assert not list(folder.rglob(".*"))


def test_only_what_changed_is_done_again(tmp_path, monkeypatch):
    first = run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run")
    fits = []
    whole = UnitWork.run
    monkeypatch.setattr(UnitWork, "run", lambda self, c, u, p: fits.append(c[0].name) or whole(self, c, u, p))
    options = RunOptions(resume=True)
    again = run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run", options)
    assert fits == []
    for figure in ("seconds", "peak_memory_mb"):
        assert again.manifest[figure]["systems"] == first.manifest[figure]["systems"]
    run_recipe(load_recipe("sample-tweets", [*QUICK, "systems.counts-svm.learn.svm.C=3"]), tmp_path / "run", options)
    assert fits == ["counts-svm"] * 3
    run_recipe(load_recipe("sample-tweets", [*QUICK, "seed=5"]), tmp_path / "run", options)
    assert len(fits) == 3 + 3 * 3


def test_a_table_with_another_content_is_another_input(tmp_path, monkeypatch):
    (tmp_path / "words.csv").write_text("slang,standard\nsampah,mulia\n")
    sets = [*QUICK, f'clean=[lowercase, {{slang: ["{tmp_path / "words.csv"}"]}}]']
    run_recipe(load_recipe("sample-tweets", sets), tmp_path / "run")
    fits = []
    whole = UnitWork.run
    monkeypatch.setattr(UnitWork, "run", lambda self, c, u, p: fits.append(c[0].name) or whole(self, c, u, p))
    run_recipe(load_recipe("sample-tweets", sets), tmp_path / "run", RunOptions(resume=True))
    assert fits == []
    (tmp_path / "words.csv").write_text("slang,standard\nsampah,hina\n")
    run_recipe(load_recipe("sample-tweets", sets), tmp_path / "run", RunOptions(resume=True))
    assert fits == ["counts-svm"] * 3


def test_other_groups_with_the_same_parts_are_another_input(tmp_path, monkeypatch):
    corpus = read_dataset("sample-tweets").table
    corpus["few"], corpus["many"] = [f"g{i % 5}" for i in range(len(corpus))], [f"g{i % 9}" for i in range(len(corpus))]
    parts = {"train": corpus[corpus["few"] != "g0"], "test": corpus[corpus["few"] == "g0"]}
    for part, rows in parts.items():
        rows.to_csv(tmp_path / f"{part}.csv", index=False)
    files = ", ".join(f'{part}: "{tmp_path / part}.csv"' for part in parts)
    fits = []
    whole = UnitWork.run
    monkeypatch.setattr(UnitWork, "run", lambda self, c, u, p: fits.append(c[0].name) or whole(self, c, u, p))
    for group, sessions in (("few", 1), ("few", 1), ("many", 2)):
        collect = f"collect={{files: {{{files}}}, text: tweet, label: hs, group: {group}}}"
        sets = ["evaluate.resamples=100", "split={parts: given, group: true}", collect]
        run_recipe(load_recipe("sample-tweets", sets), tmp_path / "run", RunOptions(resume=(tmp_path / "run").exists()))
        assert fits.count("counts-svm") == sessions


def test_a_full_disk_is_told_and_loses_nothing(tmp_path, monkeypatch):
    written = []
    whole = runner.write_json

    def full(path, value):
        if path.name == "metrics.json" and not written:
            written.append(path)
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        whole(path, value)

    monkeypatch.setattr(runner, "write_json", full)
    with pytest.raises(DataError, match="disk is full"):
        run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run")
    fits = []
    monkeypatch.setattr(UnitWork, "run", lambda self, c, u, p: fits.append(u))
    assert run_recipe(load_recipe("sample-tweets", QUICK), tmp_path / "run", RunOptions(resume=True)).report.is_file()
    assert fits == []


def test_a_folder_that_exists_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="exists and is not empty"):
        run_recipe(load_recipe("sample-tweets", QUICK), tmp_path)
    with pytest.raises(DataError, match=r"has no recipe\.yaml"):
        run_recipe(load_recipe("sample-tweets", QUICK), tmp_path, RunOptions(resume=True))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_only_and_rows(tmp_path):
    with pytest.raises(RecipeError, match="Did you mean 'words-bayes'"):
        run_recipe(load_recipe("sample-reviews"), tmp_path / "a", RunOptions(only=("word-bayes",)))
    run = run_recipe(load_recipe("sample-reviews", QUICK), tmp_path / "b", RunOptions(only=("words-bayes",), rows=120))
    assert set(run.metrics["systems"]) == {"majority", "length", "words-bayes"}
    assert 100 <= run.data["rows"]["read"] <= 140


PARTS = """
task: {inputs: text, target: class}
collect: {files: {train: train.csv, valid: valid.csv, test: test.csv}, text: t, label: y}
clean: [{rows: {duplicates: keep}}]
split: {parts: given}
tune: {by: accuracy, systems: all}
systems:
  svm: {represent: counts, learn: {svm: {C: {grid: [0.1, 10]}}}}
  bayes: {represent: counts, learn: naive-bayes}
evaluate: {metrics: [accuracy, f1_macro], resamples: 100}
"""


def parts(folder: Path, test_label: str | None = None) -> Path:
    rows = pd.DataFrame({"t": [f"{'bagus enak' if i % 2 else 'jelek pahit'} kata{i % 7}" for i in range(60)],
                         "y": ["baik" if i % 2 else "buruk" for i in range(60)]})  # fmt: skip
    for name in ("train", "valid", "test"):
        rows.to_csv(folder / f"{name}.csv", index=False)
    if test_label is not None:
        rows.assign(y=[test_label, *rows["y"][1:]]).to_csv(folder / "test.csv", index=False)
    (folder / "parts.yaml").write_text(PARTS)
    return folder / "parts.yaml"


def test_parts_as_given_choose_on_validation_and_report_leaks(tmp_path):
    run = run_recipe(load_recipe(str(parts(tmp_path))), tmp_path / "run")
    svm = run.metrics["systems"]["svm"]
    assert svm["chosen_by"]["how"] == "valid"
    assert set(svm["parts"]) == {"valid", "test"}
    assert svm["folds"] == []
    chosen = run.metrics["systems"]["chosen"]["chosen_by"]["choices"][0]["system"]
    assert chosen.startswith(("svm[", "bayes"))
    leaks = {(leak["kind"], leak["parts"][1]): leak["rows"] for leak in run.data["leaks"]}
    assert leaks[("exact", "test")] == 60
    assert makna.load(run.model_folder("chosen")).predict(["bagus enak"])["prediction"][0] == "baik"


def test_a_label_seen_only_in_test_is_scored_as_wrong_not_as_a_crash(tmp_path):
    run = run_recipe(load_recipe(str(parts(tmp_path, "lain"))), tmp_path / "run")
    found = run.predictions.query("system == 'bayes' and fold == 'test'")
    assert found["probability_lain"].eq(0).all()
    assert run.metrics["systems"]["bayes"]["parts"]["test"]["recall_lain"]["value"] == 0


SEVERAL = """
task: {inputs: text, target: classes}
collect: {file: aspects.csv, text: t, labels: [harga, rasa]}
split: {folds: 3}
systems:
  svm: {represent: counts, learn: {svm: {C: 1}}}
evaluate: {metrics: [f1_macro], resamples: 100}
"""


def test_several_outputs_from_file_to_prediction(tmp_path):
    words = {"harga": ("mahal", "murah"), "rasa": ("hambar", "lezat")}
    rows = [[words["harga"][i % 2] + " " + words["rasa"][i // 2 % 2] + f" sekali{i % 5}", f"h{i % 2}", f"r{i // 2 % 2}"]
            for i in range(48)]  # fmt: skip
    pd.DataFrame(rows, columns=["t", "harga", "rasa"]).to_csv(tmp_path / "aspects.csv", index=False)
    (tmp_path / "aspects.yaml").write_text(SEVERAL)
    run = run_recipe(load_recipe(str(tmp_path / "aspects.yaml")), tmp_path / "run")
    scores = run.metrics["systems"]["svm"]["parts"]["test"]
    assert scores["harga/f1_macro"]["value"] == scores["rasa/f1_macro"]["value"] == 1.0
    said = makna.load(run.model_folder("svm")).predict(["mahal lezat"]).iloc[0]
    assert (said["prediction_harga"], said["prediction_rasa"]) == ("h0", "r1")
    assert run.report.is_file()


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (["a"] * 30, "have the label 'a'"),
        (["a"] * 29 + ["b"], "'b' have one row only"),
        (["a"] * 15 + ["b"] * 14 + ["c"], None),
    ],
    ids=["one class", "two classes, one row of one", "a third class with one row"],
)
def test_poor_labels(tmp_path, label, told):
    text = [f"kata{i} lagi{i % 3}" for i in range(30)]
    pd.DataFrame({"t": text, "y": label}).to_csv(tmp_path / "poor.csv", index=False)
    recipe = "collect: {file: poor.csv, text: t, label: y}\nsystems: {s: {represent: counts, learn: svm}}\n"
    recipe += "split: {folds: 3}\n"
    (tmp_path / "poor.yaml").write_text(recipe)
    if told is None:
        run = run_recipe(load_recipe(str(tmp_path / "poor.yaml")), tmp_path / "run")
        assert "'c' has only 1 row" in run.manifest["warnings"][0]
    else:
        with pytest.raises(DataError, match=told):
            run_recipe(load_recipe(str(tmp_path / "poor.yaml")), tmp_path / "run")


def test_a_broken_model_is_refused_by_name(tweets, tmp_path):
    import shutil

    def broken(name: str) -> Path:
        return Path(shutil.copytree(tweets.model_folder("counts-svm"), tmp_path / name))

    files = [path.relative_to(tweets.model_folder("counts-svm"))
             for path in tweets.model_folder("counts-svm").rglob("*") if path.is_file()]  # fmt: skip
    assert len(files) > 5
    for i, file in enumerate(files):
        folder = broken(f"changed-{i}")
        data = bytearray((folder / file).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / file).write_bytes(data)
        with pytest.raises(ModelError, match=str(file)):
            makna.load(folder)
        (folder / file).unlink()
        with pytest.raises(ModelError, match=str(file)):
            makna.load(folder)


def test_the_model_of_another_type_is_refused_by_name(tweets, tmp_path):
    import shutil

    from makna.core.model_folder import _manifest_hash

    folder = Path(shutil.copytree(tweets.model_folder("counts-svm"), tmp_path / "model"))
    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    manifest["system"]["children"]["learn"]["type"] = "learn.Oracle"
    del manifest["sha256"]
    manifest["sha256"] = _manifest_hash(manifest)
    (folder / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"learn\.Oracle"):
        makna.load(folder)


def test_a_recipe_without_a_file_resolves(tmp_path):
    recipe = resolve(read_yaml(SEVERAL), "several")
    with pytest.raises(DataError, match=r"aspects\.csv"):
        run_recipe(recipe, tmp_path / "run")


def test_a_learning_curve_grows_with_the_rows(tmp_path):
    sets = [*QUICK, "evaluate.learning_curve=[0.2, 0.5, 1]"]
    run = run_recipe(load_recipe("sample-tweets", sets), tmp_path / "run")
    curve = run.metrics["systems"]["counts-svm"]["learning_curve"]
    first = run.predictions.query("system == 'counts-svm' and fold == '1'")
    assert [point["share"] for point in curve] == [0.2, 0.5, 1]
    assert curve[0]["rows"] < curve[1]["rows"] < curve[2]["rows"] == run.data["rows"]["kept"] - len(first)
    whole = curve[2]["f1_macro"]
    assert whole["n"] == len(first)
    assert whole["value"] == pytest.approx(run.metrics["systems"]["counts-svm"]["folds"][0]["f1_macro"])
    assert "learning_curve" not in run.metrics["systems"]["majority"]


PAPER = """
task: {inputs: text, target: class}
collect: {file: rows.csv, text: t, label: y}
clean: [{rows: {duplicates: first}}]
split: {folds: 3}
systems: {svm: {represent: counts, learn: {svm: {C: 1}}}}
evaluate: {metrics: [accuracy], resamples: 100}
protocols: {paper: {clean: [{rows: {duplicates: keep}}], split: {folds: 3, shuffle: false}}}
reference: [{system: svm, metric: accuracy, value: 0.9, source: a paper}]
"""


def test_the_papers_protocol_stands_beside_the_honest_one(tmp_path):
    rows = pd.DataFrame({"t": [f"{'bagus' if i % 2 else 'jelek'} kata{i % 20}" for i in range(60)],
                         "y": ["baik" if i % 2 else "buruk" for i in range(60)]})  # fmt: skip
    rows.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "study.yaml").write_text(PAPER)
    both = run_recipe(load_recipe(str(tmp_path / "study.yaml"), ["protocol=both"]), tmp_path / "both")
    assert both.manifest["protocol"] == "honest"
    assert both.data["rows"]["kept"] == 20
    paper = makna.Run(both.folder / "protocol-paper")
    assert paper.manifest["protocol"] == "paper"
    assert paper.data["rows"]["kept"] == 60
    assert {leak["kind"]: leak["rows"] for leak in paper.data["leaks"]} == {"exact": 60, "normalised": 60, "near": 60}
    beside = both.metrics["protocols"]["paper"]
    assert beside["differs"] == ["clean", "split"]
    assert beside["systems"]["svm"]["parts"] == paper.metrics["systems"]["svm"]["parts"]
    alone = run_recipe(load_recipe(str(tmp_path / "study.yaml"), ["protocol=paper"]), tmp_path / "paper")
    assert (alone.folder / "metrics.json").read_bytes() == (paper.folder / "metrics.json").read_bytes()
    assert "without_leaks" in alone.metrics["systems"]["svm"]
    with pytest.raises(RecipeError, match="does not describe the paper's protocol"):
        load_recipe("sample-tweets", ["protocol=paper"])


def test_what_leaks_is_scored_with_and_without(tmp_path):
    folder = parts(tmp_path).parent
    rows = pd.read_csv(folder / "test.csv")
    pd.concat([rows.head(6), pd.DataFrame({"t": ["baru sekali bagus", "lain pahit"], "y": ["baik", "buruk"]})]).to_csv(
        folder / "test.csv", index=False
    )
    run = run_recipe(load_recipe(str(folder / "parts.yaml")), tmp_path / "run")
    without = run.metrics["systems"]["bayes"]["without_leaks"]["test"]["accuracy"]
    assert without["n"] == 2
    assert run.metrics["systems"]["bayes"]["parts"]["test"]["accuracy"]["n"] == 8


def test_groups_that_are_not_kept_together_are_scored_and_tested(tmp_path):
    run = run_recipe(
        load_recipe("sample-reviews", [*QUICK, "collect.group=jenis", "split.group=false"]),
        tmp_path / "run", RunOptions(only=("words-bayes",)),
    )  # fmt: skip
    system = run.metrics["systems"]["words-bayes"]
    groups = system["groups"]["test"]
    assert sum(group["n"] for group in groups.values()) == run.data["rows"]["kept"]
    assert system["group_test"]["test"]["groups"] == len(groups) == 6
    assert 0 < system["group_test"]["test"]["p"] <= 1
    assert not [leak for leak in run.data["leaks"] if leak["kind"] == "group"]
    table = run.data["table"][""]["all"]
    assert sum(sum(by_class.values()) for by_class in table.values()) == run.data["rows"]["kept"]
