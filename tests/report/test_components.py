import numpy as np

from makna.report.blocks import Paragraph, Picture, Table
from makna.report.charts import styled
from makna.report.components import components_of, components_section
from makna.report.figures import figures_of
from makna.report.language import Locale
from makna.report.reading import read_run
from tests.report.made import EXPLAINED, SIZES

EN = Locale("en")
ROOT = "encoder-pca-svm-minilm"


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_each_size_has_its_share_and_the_seconds_of_the_fit_that_was_made(run_folder):
    section = components_section(read_run(run_folder("grid")), EN)
    (table,) = of(section, Table)
    total = np.cumsum(EXPLAINED)
    rows = [[cell.text for cell in row] for row in table.cells()]
    assert [row[:2] for row in rows] == [[str(size), f"{100 * total[size - 1]:.1f}%"] for size in SIZES]
    assert [row[2] for row in rows] == ["–", "–", "–", "–", "12.5\u00a0s"]
    assert "computed once, for the largest size (50)" in table.note
    assert any("384 features, computed on 1,000 rows" in block.text for block in of(section, Paragraph))


def test_the_curve_rises_to_the_last_share_with_the_sizes_marked(run_folder):
    run = read_run(run_folder("grid"))
    (picture,) = of(components_section(run, EN), Picture)
    with styled():
        ax = figures_of(run, EN)[picture.name]().axes[0]
    curve, *marks = ax.lines
    assert np.allclose(curve.get_ydata(), np.cumsum(EXPLAINED))
    assert [line.get_xdata()[0] for line in marks] == SIZES
    assert {text.get_text() for text in ax.texts} == {f"{100 * np.sum(EXPLAINED[:size]):.0f}%" for size in SIZES}


def test_every_fit_with_seconds_is_told_and_nothing_is_said_to_be_shared(run_folder):
    run = read_run(run_folder("grid"))
    for steps in run.manifest["seconds"]["steps"].values():
        if "pca" in steps:
            steps["pca"] = {"fit": 2.0, "transform": 0.1, "fits": 10}
    (table,) = of(components_section(run, EN), Table)
    assert [row[2].text for row in table.cells()] == ["4.0\u00a0s"] * 5  # two kernels a size
    assert table.note == ""


def test_components_of_all_rows_are_said_to_be_so(run_folder):
    run = read_run(run_folder("grid"))
    assert "training rows alone" in of(components_section(run, EN), Paragraph)[0].text
    run.systems[f"{ROOT}[pca=10,kernel=linear]"]["params"]["represent"][1]["settings"]["fit_rows"] = "all"
    assert "from all rows" in of(components_section(run, EN), Paragraph)[0].text


def test_without_seconds_or_components_nothing_breaks(run_folder):
    run = read_run(run_folder("grid"))
    run.manifest.clear()
    (table,) = of(components_section(run, EN), Table)
    assert list(table.columns) == ["Components", "Variance kept"]
    run.explain.clear()
    assert components_of(run) == {}
    assert components_section(run, EN) is None
