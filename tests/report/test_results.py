import statistics

from makna.report.agreement import agreement_section
from makna.report.blocks import Cell, Picture, Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.results import (
    classes_section,
    confusion_section,
    folds_section,
    systems_section,
)

EN = Locale("en")


def tables(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def row_of(table, name):
    return next(row for row in table.cells() if row[0].text == name)


def test_systems_stand_with_value_interval_and_n(run_folder):
    table = tables(systems_section(read_run(run_folder("text")), EN))[0]
    assert list(table.columns) == ["System", "Macro-F1", "Weighted F1", "F1 of the positive class"]
    assert table.caption == "Scores of each system on test data (n\u00a0=\u00a013,021)."
    assert [row[0].text for row in table.cells()][:2] == ["counts-svm", "words-logistic"]
    name, macro, weighted, _ = row_of(table, "counts-svm")
    assert name.below == ""
    assert macro == Cell("0.898", "[0.889, 0.900]\n(pooled 0.899)", True)
    assert weighted == Cell("0.895", "[0.891, 0.902]", True)
    assert row_of(table, "majority")[0].below == "trivial baseline"
    assert not row_of(table, "majority")[1].emphasised


def test_the_least_error_is_emphasised_and_the_undefined_explained(run_folder):
    table = tables(systems_section(read_run(run_folder("number")), EN))[0]
    assert [row[1].emphasised for row in table.cells()] == [True, False, False, False, False]
    assert row_of(table, "mean")[2] == Cell("–", "undefined: all numbers are the same")


def test_equal_best_values_are_all_emphasised(run_folder):
    section = systems_section(read_run(run_folder("pair")), EN)
    valid = next(table for table in tables(section) if "validation" in table.caption)
    assert [row[0].text for row in valid.cells() if row[1].emphasised] == ["overlap-svm", "overlap", "counts-pairs"]


def test_every_metric_of_the_whole_is_shown_once(run_folder):
    run = read_run(run_folder("text"))
    shown = [column for table in tables(systems_section(run, EN)) for column in table.columns[1:]]
    assert len(shown) == len(set(shown)) == len(run.metrics_found) == 10


def test_outputs_have_their_own_scores(run_folder):
    table = tables(systems_section(read_run(run_folder("outputs")), EN))[-1]
    assert [row[0].text for row in table.cells()] == ["harga", "kualitas", "pengiriman", "kemasan"]
    assert row_of(table, "harga")[1].text == "0.754"


def test_classes_have_precision_recall_f1_and_support(run_folder):
    section = classes_section(read_run(run_folder("text")), EN)
    assert len(tables(section)) == 3  # baselines have none
    shown = [cell.text for cell in row_of(tables(section)[0], "1")]
    precision, recall = 4939 / (4939 + 692), 4939 / (4939 + 655)
    f1 = 2 * precision * recall / (precision + recall)
    assert shown == ["1", *(f"{value:.3f}" for value in (precision, recall, f1)), "5,594"]


def test_classes_of_several_outputs_name_their_output(run_folder):
    table = tables(classes_section(read_run(run_folder("outputs")), EN))[0]
    assert table.columns[0] == "Output"
    assert [[cell.text for cell in row[:2]] for row in table.cells()[:4]] == [
        ["harga", "negatif"],
        ["harga", "netral"],
        ["harga", "positif"],
        ["kualitas", "negatif"],
    ]


def test_numbers_have_no_classes_and_classes_no_agreement(run_folder):
    number, text = read_run(run_folder("number")), read_run(run_folder("text"))
    assert classes_section(number, EN) is None
    assert confusion_section(number, EN) is None
    assert agreement_section(text, EN) is None
    captions = [block.caption for block in agreement_section(number, EN).blocks if isinstance(block, Picture)]
    assert captions[0] == "overlap-ridge: predicted against true numbers (n = 44)."


def test_folds_end_with_mean_and_standard_deviation(run_folder):
    run = read_run(run_folder("text"))
    table = tables(folds_section(run, EN))[0]
    values = [fold["f1_macro"] for fold in run.systems["counts-svm"]["folds"]]
    rows = table.cells()
    assert [row[1].text for row in rows[:2]] == ["1,303", "1,302"]
    assert [row[2].text for row in rows[:10]] == [f"{value:.3f}" for value in values]
    assert rows[10][2].text == f"{statistics.mean(values):.3f}"
    assert rows[11][2].text == f"{statistics.stdev(values):.3f}"


def test_a_system_run_on_one_fold_leaves_the_others_empty(run_folder):
    changes = {"metrics": {"systems>counts-svm>folds": [{"fold": 2, "n": 1302, "f1_macro": 0.9}]}}
    rows = tables(folds_section(read_run(run_folder("text", changes)), EN))[0].cells()
    assert [row[0].text for row in rows[:10]] == [str(fold) for fold in range(1, 11)]
    assert {row[0].text: row[2].text for row in rows[:10]} == {str(fold): "–" for fold in range(1, 11)} | {"2": "0.900"}
    assert [row[2].text for row in rows[-2:]] == ["0.900", "–"]


def test_a_hold_out_has_no_folds(run_folder):
    assert folds_section(read_run(run_folder("pair")), EN) is None


def test_metrics_that_were_not_asked_for_are_folded(run_folder):
    found = tables(systems_section(read_run(run_folder("text")), EN))
    assert [table.is_folded for table in found] == [False, True, True]
