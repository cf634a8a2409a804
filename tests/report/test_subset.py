from makna.report.blocks import Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.subset import subset_section

EN = Locale("en")


def test_scores_on_some_classes_stand_beside_those_on_all(run_folder):
    run = read_run(run_folder("questions"))
    tables = [block for block in subset_section(run, EN).blocks if isinstance(block, Table)]
    assert [table.caption.split(" on ")[0] for table in tables] == ["Accuracy", "Macro-F1"]
    assert list(tables[1].columns) == ["System", "All classes", "EQUI, SIMI"]
    assert [cell.text for cell in tables[1].cells()[0]] == ["minilm", "0.890", "0.940"]
    assert tables[1].note == "EQUI, SIMI: n\u00a0=\u00a0240"


def test_a_system_without_the_subset_has_a_dash(run_folder):
    run = read_run(run_folder("questions"))
    run.systems["counts"].pop("subsets")
    table = next(block for block in subset_section(run, EN).blocks if isinstance(block, Table))
    row = next(row for row in table.cells() if row[0].text == "counts")
    assert row[2].text == "–"
    for system in run.systems.values():
        system.pop("subsets", None)
    assert subset_section(run, EN) is None
