import numpy as np
import pytest

from makna.report.blocks import Paragraph, Picture, Table, spans
from makna.report.charts import styled
from makna.report.curves import MOST_CURVES, Point, curve_points, curve_section, curves_drawn, draw_curves
from makna.report.language import Locale
from makna.report.reading import read_run

EN, ID = Locale("en"), Locale("id")


def point(rows, value, low=None, high=None, share=None):
    score = {"value": value, "low": low, "high": high, "n": 100, "why": None}
    return {"share": share, "rows": rows, "part": "test", "f1_macro": score}


def told(run):
    blocks = curve_section(run, EN).blocks
    return ["".join(piece for piece, _ in spans(block.text)) for block in blocks if isinstance(block, Paragraph)]


def test_a_curve_is_told_drawn_and_tabled(run_folder):
    run = read_run(run_folder("reviews"))
    section = curve_section(run, EN)
    assert [block.kind for block in section.blocks] == ["paragraph", "picture", "paragraph", "table"]
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert list(table.columns) == ["Share of the training data", "Training rows", "n", "counts-svm", "words-bayes"]
    first = table.cells()[0]
    value = run.systems["counts-svm"]["learning_curve"][0]["f1_macro"]["value"]
    assert [cell.text for cell in first[:4]] == ["10%", "1,070", "2,294", f"{value:.3f}"]
    picture = next(block for block in section.blocks if isinstance(block, Picture))
    assert picture.caption == "Macro-F1 by number of training rows, with 95% intervals (bands)."


def test_without_a_curve_there_is_no_section(run_folder):
    assert curve_section(read_run(run_folder("text")), EN) is None


@pytest.mark.parametrize(
    ("last", "word"),
    [
        ((0.8, 0.75, 0.85), "would probably still help"),
        ((0.6, 0.55, 0.69), "does not make certain"),
        ((0.3, 0.2, 0.4), "gets worse"),
    ],
)
def test_the_end_of_the_curve_is_judged_by_intervals(run_folder, last, word):
    curve = [point(200, *last), point(100, 0.6, 0.5, 0.7)]  # in any order
    run = read_run(run_folder("text", {"metrics": {"systems>counts-svm>learning_curve": curve}}))
    assert word in told(run)[1]
    assert "From 100 to 200 training rows" in told(run)[1]


def test_undefined_points_and_other_parts_are_left_out(run_folder):
    odd = [point(10, None), point(20, 0.5), point(30, 0.6) | {"part": "valid"}, {"rows": 5}, None, point(None, 0.1)]
    run = read_run(run_folder("text", {"metrics": {"systems>counts-svm>learning_curve": odd}}))
    assert [found.rows for found in curve_points(run, "counts-svm")] == [10, 20]
    assert curves_drawn(run) == {}
    assert [block.kind for block in curve_section(run, EN).blocks] == ["paragraph", "table"]


def test_curves_differ_in_more_than_colour():
    curves = {
        f"s{i}": [Point(None, n, {"value": n / 100 + i, "low": i, "high": i + 1}) for n in (10, 20)] for i in range(4)
    }
    with styled():
        ax = draw_curves(curves, ("baris latih", "F1"), ID).axes[0]
    lines = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert len(lines) == MOST_CURVES
    assert len({line.get_linestyle() for line in lines}) == len({line.get_marker() for line in lines}) == MOST_CURVES
    bands = [band.get_paths()[0].get_extents().get_points() for band in ax.collections]
    np.testing.assert_allclose(bands[1], [[10, 1], [20, 2]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("baris latih", "F1")
    assert ax.get_xlim()[0] == 0
