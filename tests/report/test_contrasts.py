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
    assert table.caption == "Differences between systems and counts-svm, with 95% intervals (n\u00a0=\u00a013,021)."
    name, macro, p = table.cells()[0]
    assert (name.text, macro, p.text) == ("words-logistic", Cell("−0.032", "[−0.037, −0.027]"), "<\u202f0.001")
    number = tables(comparisons_section(read_run(run_folder("number")), EN))[0]
    assert "McNemar's p" not in number.columns
    assert comparisons_section(read_run(run_folder("outputs")), EN) is None


def test_figures_of_papers_stand_beside_our_own(run_folder):
    rows = tables(reference_section(read_run(run_folder("text")), EN))[0].cells()
    assert [cell.text for cell in rows[0]] == ["counts-svm", "0.785", "0.895", "+0.110"]
    assert rows[0][0].below == "weighted F1\nmakalah 002, tabel 6"
    assert rows[0][3].below == "[0.106, 0.117]"  # our 0.891 to 0.902, less the paper's
    assert rows[1][0].below == "pca = 50, kernel = poly\nweighted F1\nmakalah 002, tabel 6"
    assert rows[1][2] == Cell("–", "not run yet")


def test_both_protocols_stand_side_by_side(run_folder):
    section = reference_section(read_run(run_folder("reviews")), EN)
    published, both = tables(section)
    assert list(published.columns) == [
        *("System", "Paper", "makna, paper's protocol", "makna, honest protocol", "Difference"),
    ]
    first, absent = published.cells()
    assert [cell.text for cell in first[1:]] == ["0.860", "0.861", "0.792", "−0.068"]
    assert first[4].below.endswith("paper's protocol +0.001")
    assert absent[2:4] == [Cell("–", "not run yet")] * 2
    assert absent[4] == Cell("–")
    lead = section.blocks[0].text
    assert "differs from the honest one in cleaning and split" in lead
    assert "folder protocol-paper" in lead
    assert [[cell.text for cell in row] for row in both.cells()] == [["counts-svm", "0.861", "0.792", "−0.069"]]


def test_cells_are_compared_under_both_protocols_with_their_interval(run_folder):
    run = read_run(run_folder("grid"))
    published, both = tables(reference_section(run, EN))
    poly, linear, absent = published.cells()
    cell = "encoder-pca-svm-minilm[pca=50,kernel=poly]"
    honest = run.score(cell)
    paper = run.metrics["protocols"]["paper"]["systems"][cell]["parts"]["test"]["f1_weighted"]
    assert (poly[2].text, poly[3].text) == (f"{paper['value']:.3f}", f"{honest['value']:.3f}")
    assert linear[2] == Cell("–", "not run yet")  # the paper's protocol ran one cell alone
    assert linear[3].text == f"{run.value(cell.replace('poly', 'linear')):.3f}"
    assert [entry.text for entry in absent[2:]] == ["–", "–", "–"]
    (row,) = (row for row in both.cells() if row[0].text == "encoder-pca-svm-minilm")
    gap = run.metrics["protocols"]["paper"]["differences"][0]
    assert row[0].below == "pca = 50, kernel = poly"
    assert row[3].text.replace("−", "-") == f"{gap['difference']:+.3f}"
    assert row[3].below.replace("−", "-") == f"[{gap['low']:.3f}, {gap['high']:.3f}]"
    other = next(row for row in both.cells() if row[0].text == "counts-svm")
    assert other[3].below == ""  # no interval was given


def test_a_run_under_the_papers_protocol_says_so(run_folder):
    section = reference_section(read_run(run_folder("text", {"manifest": {"protocol": "paper"}})), EN)
    assert tables(section)[0].columns[2] == "makna, paper's protocol"
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
    assert (cells[2].text, cells[3].text) == ("0.898", "−0.002")


def test_a_papers_cell_is_found_however_its_numbers_are_written(run_folder):
    reference = {"system": "net", "cell": {"rate": "3e-5"}, "metric": "f1_macro", "value": 0.9, "source": "x"}
    folder = run_folder("text", {"metrics": {"reference": [reference]}})
    path = folder / "metrics.json"
    path.write_text(path.read_text().replace('"counts-svm": {"baseline"', '"net[rate=3e-05]": {"baseline"'))
    assert tables(reference_section(read_run(folder), EN))[0].cells()[0][2].text == "0.898"


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
    assert list(table.columns) == ["System", "Macro-F1", "Accuracy"]
    assert [[cell.text for cell in row] for row in table.cells()] == [
        ["counts-svm", "–", "+0.100"],
        ["counts-bayes", "+0.100", "+0.100"],
        ["majority", "+0.100", "–"],
    ]


def test_several_rivals_and_parts_are_told_apart(run_folder):
    row = {"metric": "f1_macro", "difference": 0.1, "low": 0.0, "high": 0.2, "n": 9, "mcnemar_p": None}
    rows = [
        row | {"system": "counts-bayes", "against": "words-logistic", "part": "test"},
        row | {"system": "counts-bayes", "against": "words-logistic", "part": "valid", "n": 8},
        row | {"system": "words-logistic", "against": "counts-svm", "part": "test"},
    ]
    found = tables(comparisons_section(read_run(run_folder("text", {"metrics": {"comparisons": rows}})), EN))
    assert ["counts-svm" in table.caption for table in found] == [True, False]
    assert [row[0].below for row in found[1].cells()] == [
        "n\u00a0=\u00a09",
        "validation data\nn\u00a0=\u00a08",
    ]


def test_a_system_without_a_published_figure_is_shown_under_both_protocols(run_folder):
    run = read_run(run_folder("reviews", {"metrics": {"reference": []}}))
    section = reference_section(run, EN)
    assert section.title == "The paper's protocol and the honest one"
    (table,) = tables(section)
    assert table.cells()[0][1].text != table.cells()[0][2].text
    alone = replace(run, metrics={**run.metrics, "protocols": {}})
    assert reference_section(alone, EN) is None
