import numpy as np
import pytest

from makna.core.errors import UserError
from makna.report.reading import Run, branch, entries, legible, read_run


def test_a_run_says_what_its_files_say(run_folder):
    run = read_run(run_folder("text"))
    assert run.title == "Ujaran kebencian dalam kicauan berbahasa Indonesia"
    assert (run.primary, run.part, run.folds, run.level) == ("f1_macro", "test", 10, 0.95)
    assert run.models == ["counts-svm", "words-logistic", "counts-bayes"]
    assert run.baselines == ["length", "majority"]
    assert run.metrics_asked == ["f1_macro", "f1_weighted", "f1_positive"]
    assert "accuracy" in run.metrics_found
    assert not any(name.startswith(("support", "f1_0")) for name in run.metrics_found)


def test_the_smallest_error_is_the_best(run_folder):
    run = read_run(run_folder("number"))
    assert run.primary == "mae"
    assert run.ranked == ["overlap-ridge", "overlap", "counts-svr", "length", "mean"]
    assert run.better(0.1, 0.2)
    assert run.better(0.2, 0.1, "pearson")


def test_an_undefined_score_is_ranked_last(run_folder):
    changes = {"metrics": {"systems>counts-svm>parts>test>f1_macro>value": None}}
    assert read_run(run_folder("text", changes)).models[-1] == "counts-svm"


def test_without_a_recipe_the_usual_metrics_stand_first(run_folder):
    folder = run_folder("text")
    (folder / "recipe.yaml").unlink()
    assert read_run(folder).metrics_asked == ["accuracy", "f1_macro", "f1_weighted"]


def test_the_test_part_stands_before_validation(run_folder):
    assert read_run(run_folder("pair")).parts == ["test", "valid"]


def test_numbers_come_from_the_predictions(run_folder, numbers):
    truths, misses = numbers
    run = read_run(run_folder("number"))
    assert set(run.numbers) == set(misses)
    truth, prediction = run.numbers["overlap-ridge"]
    np.testing.assert_array_equal(truth, truths)
    np.testing.assert_allclose(prediction, np.clip(np.add(truths, 0.3), 0, 5))


@pytest.mark.parametrize("content", [None, b"no parquet at all"])
def test_without_readable_predictions_there_are_no_numbers(run_folder, content):
    folder = run_folder("number")
    path = folder / "predictions.parquet"
    path.unlink() if content is None else path.write_bytes(content)
    assert read_run(folder).numbers == {}


def test_a_folder_without_metrics_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"metrics\.json"):
        read_run(tmp_path)


@pytest.mark.parametrize(("name", "content"), [("data.json", "{"), ("explain.json", "[1]"), ("recipe.yaml", "a: [")])
def test_a_broken_file_is_named(run_folder, name, content):
    folder = run_folder("text")
    (folder / name).write_text(content)
    with pytest.raises(UserError, match=name):
        read_run(folder)


def test_nan_reads_as_undefined(run_folder):
    changes = {"metrics": {"systems>counts-svm>parts>test>f1_macro>value": float("nan")}}
    folder = run_folder("text", changes)
    assert "NaN" in (folder / "metrics.json").read_text()
    assert read_run(folder).value("counts-svm") is None


def test_what_cannot_be_shown_becomes_visible():
    assert legible("a\x00b\x1bc\r\nd\te") == "a␀b␛c\nd\te"
    assert legible(["\ud800", {"\x85": "\u202egnahc"}, 1, None]) == ["\ufffd", {"\ufffd": "\ufffdgnahc"}, 1, None]
    assert legible("\ue000bold\ue001") == "\ufffdbold\ufffd"
    assert legible("héllo 😡 ᬅ 日本") == "héllo 😡 ᬅ 日本"


def test_a_branch_that_is_not_there_is_empty():
    tree = {"a": {"b": [1]}, "c": 3}
    assert branch(tree, "a") == {"b": [1]}
    assert branch(tree, "c", "d") == branch(tree, "a", "b") == branch(None, "a") == {}
    assert entries(tree, "a", "b") == [1]
    assert entries(tree, "c") == []


@pytest.mark.parametrize(
    ("label", "positive", "suffix"),
    [
        ("1", "1", "1"),
        ("macro", None, "class_macro"),
        ("positive", "other", "class_positive"),
        ("positive", None, "positive"),
        ("positive", "positive", "positive"),
    ],
)
def test_a_class_called_like_an_average_is_named_apart(tmp_path, label, positive, suffix):
    from makna.core.class_metrics import class_metric_names

    run = Run(tmp_path, {"task": {"positive": positive}})
    assert run.class_suffix(label) == suffix
    assert f"f1_{run.class_suffix(label)}" in class_metric_names([label, "other"], positive)
