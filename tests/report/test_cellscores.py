import statistics

import numpy as np
import pytest

from makna.report.blocks import Picture, Table
from makna.report.cellscores import cells_section
from makna.report.charts import styled
from makna.report.figures import figures_of
from makna.report.grids import grids_of
from makna.report.language import Locale
from makna.report.reading import Run, read_run
from makna.report.results import classes_section, folds_section, systems_section
from tests.report.made import KERNELS, SIZES

EN = Locale("en")
ROOT = "encoder-pca-svm-minilm"


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def cell(run, size, kernel):
    return run.systems[f"{ROOT}[pca={size},kernel={kernel}]"]


@pytest.fixture
def grid(run_folder):
    return read_run(run_folder("grid"))


def shown(grid):
    return of(cells_section(grid, EN), Table)


def test_means_stand_by_size_and_kernel_with_intervals_and_the_best_stands_out(grid):
    table = shown(grid)[0]
    assert list(table.columns) == ["pca", "kernel = linear", "kernel = poly"]
    for row, size in zip(table.cells(), SIZES, strict=True):
        assert row[0].text == str(size)
        for found, kernel in zip(row[1:], KERNELS, strict=True):
            score = cell(grid, size, kernel)["parts"]["test"]["f1_weighted"]
            assert found.text == f"{score['value']:.3f}"
            assert found.below.startswith(f"[{score['low']:.3f}, {score['high']:.3f}]")
    best = max(SIZES, key=lambda size: cell(grid, size, "poly")["parts"]["test"]["f1_weighted"]["value"])
    assert [(row[0].text, i) for row in table.cells() for i, c in enumerate(row) if c.emphasised] == [(str(best), 2)]


@pytest.mark.parametrize(("place", "kernel"), list(enumerate(KERNELS, 1)))
def test_each_kernel_has_its_table_of_folds(grid, place, kernel):
    table = shown(grid)[place]
    assert table.caption == f"Weighted F1 of each fold by pca (kernel = {kernel})."
    assert (list(table.columns), list(table.over)) == (["Fold", *map(str, SIZES)], [("", 1), ("pca", 5)])
    *folds, mean, spread = table.cells()
    for column, size in enumerate(SIZES, 1):
        scores = [fold["f1_weighted"] for fold in cell(grid, size, kernel)["folds"]]
        assert [row[column].text for row in folds] == [f"{score:.3f}" for score in scores]
        assert mean[column].text == f"{statistics.mean(scores):.3f}"
        assert spread[column].text == f"{statistics.stdev(scores):.3f}"


def test_confusion_matrices_are_means_over_the_folds(grid):
    linear, poly = (table for table in shown(grid) if "confusion" in table.caption)
    assert list(linear.columns) == ["pca", "TP", "FP", "TN", "FN"]
    for table, kernel in ((linear, "linear"), (poly, "poly")):
        assert f"(kernel = {kernel})" in table.caption
        for row, size in zip(table.cells(), SIZES, strict=True):
            (tn, fp), (fn, tp) = cell(grid, size, kernel)["confusion"]["test"][""]
            assert [c.text for c in row[1:]] == [f"{n / 10:.1f}" for n in (tp, fp, tn, fn)]
    assert "Positive class: 1." in linear.note


def test_without_a_positive_class_every_class_has_its_row(grid):
    grid.metrics["task"]["positive"] = None
    table = next(table for table in shown(grid) if "confusion" in table.caption)
    assert list(table.columns[:3]) == ["pca", "Class", "TP"]
    first, second, third = table.cells()[:3]
    assert [first[0].text, second[0].text, third[0].text] == ["10", "", "20"]
    assert (first[2].text, first[4].text) == (second[4].text, second[2].text)  # one's TP are the other's TN


def test_seconds_of_the_learner_stand_by_cell(grid):
    table = shown(grid)[-1]
    assert "time to fit svm" in table.caption
    assert [c.text for c in table.cells()[0]] == ["10", "10.0\u00a0s", "11.0\u00a0s"]
    del grid.manifest["seconds"]["steps"]
    assert [c.text for c in shown(grid)[-1].cells()[0]] == ["10", "20.0\u00a0s", "20.0\u00a0s"]


def test_folds_are_drawn_a_line_a_size_and_means_with_their_intervals(grid):
    names = [block.name for block in of(cells_section(grid, EN), Picture)]
    assert names == [f"cells-{ROOT}", f"folds-{ROOT}--kernel-linear", f"folds-{ROOT}--kernel-poly"]
    with styled():
        means, linear = (figures_of(grid, EN)[name]().axes[0] for name in names[:2])
    assert [line.get_label() for line in linear.lines] == [f"pca = {size}" for size in SIZES]
    for line, size in zip(linear.lines, SIZES, strict=True):
        assert np.allclose(line.get_ydata(), [fold["f1_weighted"] for fold in cell(grid, size, "linear")["folds"]])
    lines = {line.get_label(): line.get_ydata() for line in means.lines}
    wanted = [cell(grid, size, "poly")["parts"]["test"]["f1_weighted"]["value"] for size in SIZES]
    assert np.allclose(lines["kernel = poly"], wanted)
    assert sum(line.get_marker() == "_" for line in means.lines) == len(SIZES) * len(KERNELS)


def made(*cells, folds=()):
    entry = {"parts": {"test": {"f1_macro": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}}}, "folds": list(folds)}
    return Run(None, {"task": {"target": "class"}, "systems": dict.fromkeys(cells, entry)})


def test_a_grid_of_one_setting_has_one_column_and_no_folds_where_there_are_none():
    run = made("a[C=1]", "a[C=0.5]", "b")
    (grid,) = grids_of(run)
    assert (grid.root, grid.across, grid.values, grid.series) == ("a", "C", [0.5, 1.0], [()])
    table, *rest = shown(run)
    assert (list(table.columns), [row[0].text for row in table.cells()]) == (["C", "Macro-F1"], ["0.5", "1"])
    assert rest == []


def test_a_hole_in_a_grid_and_a_third_setting_are_no_problem():
    run = made("a[x=1,y=p,z=1]", "a[x=2,y=p,z=1]", "a[x=1,y=q,z=2]")
    (grid,) = grids_of(run)
    assert grid.find((("y", "q"), ("z", 2.0)), 2.0) is None
    assert [[c.text for c in row] for row in shown(run)[0].cells()] == [["1", "0.500", "0.500"], ["2", "0.500", "–"]]


def test_words_run_across_where_no_setting_is_a_number():
    (grid,) = grids_of(made("a[p=x,q=u]", "a[p=y,q=u]", "a[p=z,q=v]"))
    assert (grid.across, grid.values) == ("p", ["x", "y", "z"])


def test_single_systems_make_no_grid(run_folder):
    assert grids_of(made("a[C=1]", "b")) == []
    assert cells_section(read_run(run_folder("text")), EN) is None


def test_tables_of_all_systems_name_the_best_cell_of_a_grid_and_say_so(grid):
    section = systems_section(grid, EN)
    table = of(section, Table)[0]
    names = [(row[0].text, row[0].below.split("\n")[0]) for row in table.cells()]
    assert [name for name, _ in names] == ["minilm", "counts-svm", ROOT, "majority"]
    assert dict(names)[ROOT] == "pca = 50, kernel = poly"
    assert "n\u00a0=\u00a0100" in table.cells()[0][0].below  # minilm ran on one fold alone
    assert any("a little too good" in block.text for block in section.blocks if hasattr(block, "text"))
    assert len(of(section, Table)[1].rows) == len(grid.systems)
    assert len(of(classes_section(grid, EN), Table)) == 3
    assert len([c for table in of(folds_section(grid, EN), Table) for c in table.columns[2:]]) == 4
