from dataclasses import replace

import pytest

from makna.report.blocks import Cell, Table
from makna.report.contrasts import comparisons_section, reference_section
from makna.report.language import Locale
from makna.report.reading import read_run

EN = Locale("en")


def tables(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def test_comparisons_have_sign_interval_and_p(run_folder):
    table = tables(comparisons_section(read_run(run_folder("text")), EN))[0]
    shown = [cell.text for cell in table.cells()[0]]
    assert shown[:4] == ["words-logistic", "counts-svm", "macro-F1", "−0.032"]
    assert shown[4:] == ["[−0.037,\u00a0−0.027]", "13,021", "<\u202f0.001"]
    number = tables(comparisons_section(read_run(run_folder("number")), EN))[0]
    assert "McNemar's p" not in number.columns
    assert comparisons_section(read_run(run_folder("outputs")), EN) is None


def test_figures_of_papers_stand_beside_our_own(run_folder):
    rows = tables(reference_section(read_run(run_folder("text")), EN))[0].cells()
    shown = ["counts-svm", "weighted F1", "0.785", "0.895", "+0.110", "makalah 002, tabel 6"]
    assert [cell.text for cell in rows[0]] == shown
    assert rows[1][0].below == "pca=50, kernel=poly"
    assert rows[1][3] == Cell("–", "not run yet")


def test_both_protocols_stand_side_by_side(run_folder):
    section = reference_section(read_run(run_folder("reviews")), EN)
    table = tables(section)[0]
    assert list(table.columns) == [
        *("System", "Metric", "Paper", "makna, paper's protocol", "makna, honest protocol", "Difference", "Source"),
    ]
    first, absent = table.cells()
    assert [cell.text for cell in first[2:6]] == ["0.860", "0.861", "0.792", "−0.068"]
    assert first[5].below == "paper's protocol +0.001"
    assert absent[3:5] == [Cell("–", "not run yet")] * 2
    assert absent[5] == Cell("–")
    lead = section.blocks[0].text
    assert "differs from the honest one in cleaning and split" in lead
    assert "folder protocol-paper" in lead


def test_a_run_under_the_papers_protocol_says_so(run_folder):
    section = reference_section(read_run(run_folder("text", {"manifest": {"protocol": "paper"}})), EN)
    assert tables(section)[0].columns[3] == "makna, paper's protocol"
    assert "follows the paper's protocol" in section.blocks[0].text
    honest = reference_section(read_run(run_folder("pair", {"metrics": {"reference": [{"value": 1}]}})), EN)
    assert "has not been run" in honest.blocks[0].text


@pytest.mark.parametrize("name", ["enc[pca=50,kernel=poly]", "enc[kernel=poly,pca=50]", "enc"])
def test_a_papers_cell_finds_our_cell_or_the_system_as_tuned(run_folder, name):
    reference = {
        "system": "enc",
        "cell": {"pca": 50, "kernel": "poly"},
        "metric": "f1_macro",
        "value": 0.9,
        "source": "x",
    }
    folder = run_folder("text", {"metrics": {"reference": [reference]}})
    path = folder / "metrics.json"
    path.write_text(path.read_text().replace('"counts-svm": {"baseline"', f'"{name}": {{"baseline"'))
    cells = tables(reference_section(read_run(folder), EN))[0].cells()[0]
    assert (cells[3].text, cells[4].text) == ("0.898", "−0.002")


def test_trained_systems_and_the_first_metric_come_first(run_folder):
    row = {
        "against": "words-logistic",
        "part": "test",
        "difference": 0.1,
        "low": 0.0,
        "high": 0.2,
        "n": 9,
        "mcnemar_p": None,
    }
    order = [
        ("majority", "f1_macro"),
        ("counts-bayes", "accuracy"),
        ("counts-bayes", "f1_macro"),
        ("counts-svm", "accuracy"),
    ]
    changes = {"metrics": {"comparisons": [row | {"system": system, "metric": metric} for system, metric in order]}}
    table = tables(comparisons_section(read_run(run_folder("text", changes)), EN))[0]
    assert [(row[0].text, row[2].text) for row in table.cells()] == [
        ("counts-svm", "accuracy"),
        ("counts-bayes", "macro-F1"),
        ("counts-bayes", "accuracy"),
        ("majority", "macro-F1"),
    ]


def test_a_system_without_a_published_figure_is_shown_under_both_protocols(run_folder):
    run = read_run(run_folder("reviews", {"metrics": {"reference": []}}))
    rows = tables(reference_section(run, EN))[0].cells()
    assert [cell.text for cell in rows[0][:3]] == ["counts-svm", EN.metric(run.primary), "–"]
    assert rows[0][3].text != rows[0][4].text
    alone = replace(run, metrics={**run.metrics, "protocols": {}})
    assert reference_section(alone, EN) is None
