"""The audit of weak labels in the report: what made them, whether they beat the majority, systems beside people."""

from __future__ import annotations

import pytest

from makna.label.audit import Labelled, against_gold, audit
from makna.report.blocks import Box, Facts, Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.verdict import warnings_of
from makna.report.weak_labels import learns_weak_labels, weak_labels_section

EN = Locale("en")
GOLD = ["p"] * 30 + ["n"] * 10


def told(run, labels, gold=GOLD, **more):
    """Put an audit into a run, as the runner does."""
    rows = Labelled("inset", ["x"] * len(labels), labels, gold, [True] * len(labels), [False] * len(labels))
    run.data["weak_labels"] = {**audit(rows), "used": True, "accepted": False, **more}
    run.recipe["label"] = {"inset": {}, "use": True}
    return run


def blocks(run, kind):
    return [block for block in weak_labels_section(run, EN).blocks if isinstance(block, kind)]


def test_runs_without_weak_labels_have_no_such_section(run_folder):
    run = read_run(run_folder("tuned"))
    assert weak_labels_section(run, EN) is None
    assert not learns_weak_labels(run)


@pytest.mark.parametrize(
    ("labels", "tone", "word"),
    [(GOLD, "note", "Yes: "), (["p"] * 27 + ["n"] * 13, "warn", "This is not shown"), (["n"] * 40, "warn", "No: ")],
)
def test_the_verdict_has_both_figures(run_folder, labels, tone, word):
    run = told(read_run(run_folder("tuned")), labels, accepted=True)
    (box,) = blocks(run, Box)
    assert (box.tone, box.text.startswith(word)) == (tone, True)
    assert "0.750" in box.text
    assert EN.score(run.data["weak_labels"]["gold"]["agreement"]["value"]) in box.text
    assert ("as asked" in box.text) == (tone == "warn")


def test_tables_of_classes_agreement_and_confusion(run_folder):
    run = told(read_run(run_folder("tuned")), ["p"] * 35 + ["n"] * 5)
    classes, against, confusion = blocks(run, Table)
    assert [[cell.text for cell in row] for row in classes.cells()] == [
        ["n", "5", "10", "1.000", "0.500"],
        ["p", "35", "30", "0.857", "1.000"],
    ]
    assert [row[1].text for row in against.cells()][:3] == ["0.875", "0.750", "+0.125"]
    assert [[cell.text for cell in row] for row in confusion.cells()] == [["n", "5", "5"], ["p", "0", "30"]]
    (facts,) = blocks(run, Facts)
    assert ("With a word of the lexicon", "40 of 40 (100.0%)") in facts.pairs


def test_systems_stand_against_people(run_folder):
    run = told(read_run(run_folder("tuned")), GOLD)
    run.explain["gold"] = {"minilm": against_gold(["p"] * 40, GOLD)}
    table = blocks(run, Table)[-1]
    (row,) = table.cells()
    assert (row[0].text, row[2].text) == ("minilm", "0.750")
    assert row[1].text == EN.score(run.score("minilm", "accuracy")["value"])
    assert "n = 40" in table.caption


def test_labels_that_are_only_examined_warn_of_nothing(run_folder):
    run = told(read_run(run_folder("tuned")), GOLD)
    assert any("imitate" in box.text for box in warnings_of(run, EN))
    run.recipe["label"]["use"] = False
    assert not any("imitate" in box.text for box in warnings_of(run, EN))
