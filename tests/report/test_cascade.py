import numpy as np
import pytest

from makna.report.blocks import Paragraph, Picture, Table
from makna.report.cascade import cascade_figures, cascade_section
from makna.report.cascade_charts import share_words
from makna.report.charts import styled
from makna.report.distil import distil_section
from makna.report.language import Locale
from makna.report.reading import read_run
from tests.report.made_pairs import CASCADE, FRONTIER

EN, ID = Locale("en"), Locale("id")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def axes_of(run):
    with styled():
        (draw,) = cascade_figures(run, EN).values()
        figure = draw()
        figure.canvas.draw()
    return figure.axes[0]


def cascade_of(run):
    return run.explain["steps"]["cascade"][0]["facts"]["cascade"]


def test_the_figure_has_the_frontier_the_systems_by_name_and_the_choice(run_folder):
    ax = axes_of(read_run(run_folder("questions")))
    assert np.allclose(ax.lines[0].get_xdata(), [point["cost"] for point in FRONTIER])
    assert np.allclose(ax.lines[0].get_ydata(), [point["accuracy"] for point in FRONTIER])
    assert {text.get_text() for text in ax.texts} == {"counts", "minilm"}
    star = next(line for line in ax.lines if line.get_marker() == "*")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (CASCADE["chosen"]["cost"], CASCADE["chosen"]["accuracy"])
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize(("cheapest", "scale"), [(0.06, "linear"), (0.04, "log"), (0.0, "linear")])
def test_the_axis_is_logarithmic_where_costs_span_more_than_twenty_times(run_folder, cheapest, scale):
    run = read_run(run_folder("questions"))
    facts = cascade_of(run)
    facts["members"][0]["cost"] = cheapest
    facts["frontier"] = [point for point in facts["frontier"] if 0.06 < point["cost"] <= 1]
    assert axes_of(run).get_xscale() == scale


def test_the_table_tells_who_answers_how_much(run_folder):
    run = read_run(run_folder("questions"))
    section = cascade_section(run, EN)
    (table,) = of(section, Table)
    rows = [[cell.text for cell in row] for row in table.cells()]
    assert rows[0] == ["counts", "0.800", "0.40%", "0.930", "60.0%"]
    assert rows[1] == ["minilm", "0.880", "100%", "–", "40.0%"]
    assert rows[2][:3] == ["cascade", "0.832", "40%"]
    text = " ".join(block.text for block in of(section, Paragraph))
    assert "−0.002 [−0.004,\u00a00.001]" in text
    assert "8.3%" in text
    assert "0.550" in text
    cascade_of(run)["chosen"]["thresholds"] = [2.0]
    assert of(cascade_section(run, EN), Table)[0].cells()[0][3].text == "never"


def test_without_a_band_or_a_frontier_the_rest_stands(run_folder):
    run = read_run(run_folder("questions"))
    cascade_of(run).update(band=None, frontier=[], members=[], chosen={})
    section = cascade_section(run, EN)
    assert not of(section, Picture)
    assert not of(section, Table)
    assert cascade_figures(run, EN) == {}
    run.explain.clear()
    assert cascade_section(run, EN) is None


@pytest.mark.parametrize(
    ("cost", "text"), [(1.0, "100%"), (0.25, "25%"), (0.04, "4%"), (0.004, "0.40%"), (0.00042, "0.042%"), (0.0, "0%")]
)
def test_a_cost_is_printed_with_the_digits_it_needs(cost, text):
    assert share_words(cost, EN) == text


def test_a_student_stands_beside_its_teacher(run_folder):
    run = read_run(run_folder("questions"))
    (table,) = of(distil_section(run, EN), Table)
    (row,) = table.cells()
    told = [cell.text for cell in row]
    assert told == [
        *("student", "minilm", "KL divergence", "2", "0.5", "on rows it did not see (folds)"),
        *("93.0%", "0.830", "0.900"),
    ]
    run.explain.clear()
    assert distil_section(run, EN) is None
