import pytest

from makna.report.blocks import spans
from makna.report.language import Locale
from makna.report.limits import limits_section
from makna.report.reading import read_run

EN = Locale("en")


def points(folder):
    section = limits_section(read_run(folder), EN)
    return ["".join(piece for piece, _ in spans(point)) for point in section.blocks[0].points]


def test_limits_speak_of_the_run_at_hand(run_folder):
    folds = limits_section(read_run(run_folder("text")), EN).blocks[0].points
    parts = limits_section(read_run(run_folder("pair")), EN).blocks[0].points
    assert any("Folds share" in point for point in folds)
    assert not any("Folds share" in point for point in parts)


def test_limits_come_from_what_the_run_found(run_folder):
    told = " ".join(points(run_folder("reviews")))
    for fact in (
        "All rows come from one source (Ulasan kosmetik)",
        "9 rows hold equal texts with different labels",
        "Some held-out rows are known from the training data",
        "Rows of one group may be in the training and the test data alike",
        "that counts-svm is better than words-bayes",
        "Not all systems were run; skipped: indobert",
    ):
        assert fact in told
    for absent in (
        "repeat another one",
        "made by a machine",
        "a sample of",
        "trivial baseline",
        "rows: ",
        "Folds share",
    ):
        assert absent not in told


@pytest.mark.parametrize(
    ("kind", "changes", "fact"),
    [
        ("pair", {}, "hold 4 rows that repeat another one"),
        ("pair", {}, "scored on 100 rows only"),
        ("pair", {}, "beats the trivial baseline overlap"),
        ("text", {"data": {"classes": {"": {"0": 13000, "1": 21}}}}, "fewer than 30 rows: 1 (21)"),
        ("text", {"manifest": {"rows_asked": 500}}, "a sample of at most 500 rows"),
        ("text", {"manifest": {"protocol": "paper"}}, "follow the paper's protocol"),
        ("number", {}, "The raters' numbers are taken as right"),
    ],
)
def test_each_fact_has_its_limit(run_folder, kind, changes, fact):
    assert any(fact in point for point in points(run_folder(kind, changes)))


def test_weak_labels_are_not_taken_as_right(run_folder):
    folder = run_folder("text")
    with (folder / "recipe.yaml").open("a") as stream:
        stream.write("label: {vader: {}}\n")
    told = " ".join(points(folder))
    assert "made by a machine" in told
    assert "taken as right" not in told
