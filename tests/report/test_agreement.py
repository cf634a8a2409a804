"""Predicted marks beside true ones: bins, means and errors by mark, against numpy."""

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from makna.report.agreement import agreement_figures, agreement_section, means_by_mark
from makna.report.blocks import Picture, Table
from makna.report.charts import styled
from makna.report.language import Locale
from makna.report.mark_charts import FEW, Marks, marks_of, predicted_true
from makna.report.reading import read_run

EN = Locale("en")


@pytest.mark.parametrize(
    ("truth", "scale", "centres"),
    [
        ([0, 1, 2, 5], (0, 5), [0, 1, 2, 3, 4, 5]),
        ([0, 2.5, 3, 5], (0, 5), [0.5 * i for i in range(11)]),
        ([0, 0.125, 2.25, 5], (0, 5), [0.5 * i for i in range(11)]),  # too fine: tenths of the scale
        ([1, 2, 3], None, [1, 2, 3]),
        ([3, 3], (0, 5), [0, 5]),
        ([4, 4], None, [4, 5]),
        ([0, 7], (0, 5), [0, 7]),  # a mark outside the scale is still drawn
    ],
)
def test_steps_are_the_marks_or_parts_of_the_scale(truth, scale, centres):
    marks = marks_of(np.array(truth, dtype=float), scale)
    assert marks.centres == pytest.approx(centres)
    assert len(marks.edges) == len(marks.centres) + 1


def test_every_value_is_in_the_nearest_step():
    marks = Marks(0, 5, 0.5)
    values = np.random.default_rng(0).uniform(-0.4, 5.4, 500)
    nearest = np.abs(values[:, None] - marks.centres).argmin(axis=1)
    assert (marks.of(values) == nearest).all()
    assert marks.of(np.array([0.25, 9.0])).tolist() == [1, 10]  # halves up; beyond the scale its last step


def test_means_of_a_mark_are_numpys_with_a_normal_interval():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 6, 300).astype(float)
    said = truth + rng.normal(0, 1, 300)
    for one in means_by_mark(truth, said, Marks(0, 5, 1), 0.95):
        some = said[truth == one.mark]
        assert (one.n, one.mean) == (len(some), pytest.approx(some.mean()))
        assert one.high - one.mean == pytest.approx(1.95996 * some.std(ddof=1) / np.sqrt(len(some)), rel=1e-4)


def test_the_section_has_a_plot_a_system_shares_and_errors(run_folder, numbers):
    truths, misses = numbers
    section = agreement_section(read_run(run_folder("number")), EN)
    pictures = [block.name for block in section.blocks if isinstance(block, Picture)]
    assert pictures == ["agreement-overlap-ridge", "agreement-counts-svr", "mark-shares", "errors-by-mark"]
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    rows = table.cells()
    assert [row[0].text for row in rows] == [f"{0.5 * i:g}" for i in range(11)]
    zero = rows[0]
    said = max(0.0, 0.0 + misses["overlap-ridge"])
    assert zero[1].text == str(truths.count(0.0))
    assert zero[2].text == f"{said:.3f}"
    assert zero[2].below.endswith(f"bias +{said:.2f}")
    low = min(5.0, max(0.0, 5.0 + misses["counts-svr"])) - 5.0
    assert rows[-1][3].below.endswith(f"bias −{abs(low):.2f}")


@pytest.mark.parametrize("n", [FEW, FEW + 1, 7526])
def test_a_plot_stays_small_however_many_rows(n):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, n).astype(float)
    said = np.clip(truth + rng.normal(0, 1, n), 0, 5)
    marks = marks_of(truth, (0, 5))
    with styled():
        means = means_by_mark(truth, said, marks, 0.95)
        figure = predicted_true(truth, said, means, marks, ("x", "y", "n"), EN, ("mean", "same"))
        ax = figure.axes[0]
        has_shades = bool(ax.collections) and len(figure.axes) == 2
        assert has_shades == (n > FEW)
        assert ax.get_xlim() == ax.get_ylim()
        if has_shades:
            assert ax.collections[0].get_array().sum() == n  # every row is counted once


def test_a_validation_part_does_not_stand_in_the_plots_of_the_test_part(run_folder):
    folder = run_folder("number")
    frame = parquet.read_table(folder / "predictions.parquet").to_pandas()
    valid = frame.assign(fold="valid", prediction=0.0)
    pd.concat([frame.assign(fold="test"), valid]).to_parquet(folder / "predictions.parquet", index=False)
    truth, said = read_run(folder).numbers["overlap-ridge"]
    assert len(truth) == len(frame[frame["system"] == "overlap-ridge"])
    assert said.max() > 0


def test_the_figures_name_their_axes(run_folder):
    drawn = agreement_figures(read_run(run_folder("number")), EN)
    with styled():
        labels = [ax.get_xlabel() for ax in drawn["mark-shares"]().axes]
    assert "number" in labels
