import numpy as np

from makna.report.blocks import Paragraph, Picture, Table
from makna.report.charts import styled
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.trend import trend_figures, trend_section

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def said(run):
    return " ".join(block.text for block in of(trend_section(run, EN), Paragraph))


def test_every_label_has_a_panel_with_its_shares(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["trend"]
    with styled():
        figure = trend_figures(run, EN)["trend"]()
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["0", "1"]
    line = figure.axes[1].lines[0]
    assert line.get_xdata().tolist() == told["years"]
    assert np.allclose(line.get_ydata(), [share["share"] for share in told["classes"]["1"]])


def test_the_table_has_a_row_a_year(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["trend"]
    (table,) = of(trend_section(run, EN), Table)
    assert list(table.columns) == ["Year", "n", "0", "1"]
    rows = [[cell.text for cell in row] for row in table.cells()]
    assert [row[0] for row in rows] == [str(year) for year in told["years"]]
    assert rows[0][3] == f"{100 * told['classes']['1'][0]['share']:.1f}%"


def test_what_rises_and_falls_is_said_only_where_it_is_shown(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["trend"]
    text = said(run)
    assert "Rising: \ue0001\ue001" in text
    assert "Falling: \ue0000\ue001" in text
    told["p"] = {"0": 0.0496, "1": 0.0504}  # as printed, 0.050 is not below 0.05
    assert "No class is shown to rise or to fall" in said(run)
    told["p"] = {"0": None, "1": 0.01}
    assert "Falling" not in said(run)
    told["without"] = 3
    assert "3 rows without a year" in said(run)


def test_one_year_is_a_table_without_a_figure(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["trend"]
    told |= {"years": told["years"][:1], "p": {}}
    assert trend_figures(run, EN) == {}
    assert not of(trend_section(run, EN), Picture)
    run.explain.clear()
    assert trend_section(run, EN) is None
