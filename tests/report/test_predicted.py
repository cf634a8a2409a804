import numpy as np
import pytest
from scipy import stats

from makna.report.blocks import Paragraph, Table
from makna.report.groups import groups_section
from makna.report.language import Locale
from makna.report.predicted import homogeneity_p, predicted_blocks, predicted_counts
from makna.report.reading import read_run

EN = Locale("en")
# Table 4.15 of study 004.
PAPER = {
    "Makeup": {"negatif": 130, "netral": 213, "positif": 802},
    "Skincare": {"negatif": 113, "netral": 223, "positif": 813},
}


def test_a_table_of_two_by_two_is_not_corrected_for_continuity():
    counts = {"a": {"x": 30, "y": 20}, "b": {"x": 20, "y": 30}}
    assert homogeneity_p(counts) == pytest.approx(stats.chi2.sf(4.0, 1))  # 4 cells of (30 - 25)² / 25


def test_the_papers_groups_are_not_shown_to_differ():
    table = np.array([list(found.values()) for found in PAPER.values()])
    wanted = stats.chi2_contingency(table, correction=False).pvalue
    assert homogeneity_p(PAPER) == pytest.approx(wanted)
    assert wanted > 0.05


def test_few_rows_are_not_tested():
    assert homogeneity_p({"a": {"x": 3, "y": 4}, "b": {"x": 2, "y": 1}}) is None
    assert homogeneity_p({"a": {"x": 30}, "b": {"x": 20}}) is None


def test_predicted_classes_stand_by_group_with_share_and_interval(run_folder):
    run = read_run(run_folder("tuned", {"metrics": {"systems>minilm>predicted": {"test": {"": PAPER}}}}))
    blocks = predicted_blocks(run, EN)
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert list(table.columns) == ["Group", "negatif", "netral", "positif"]
    skincare, makeup = table.cells()  # the larger group first
    assert (makeup[0].text, makeup[0].below) == ("Makeup", "n\u00a0=\u00a01,145")
    assert (makeup[1].text, makeup[1].below) == ("130", "11.4%\n[9.6, 13.3]")
    assert skincare[3].text == "813"
    assert "no difference between the groups is shown" in [b for b in blocks if isinstance(b, Paragraph)][-1].text
    assert blocks[-1] in groups_section(run, EN).blocks


def test_groups_that_differ_are_said_to(run_folder):
    apart = {"a": {"negatif": 90, "positif": 10}, "b": {"negatif": 10, "positif": 90}}
    run = read_run(run_folder("tuned", {"metrics": {"systems>minilm>predicted": {"test": {"": apart}}}}))
    assert "the groups differ in what is predicted" in predicted_blocks(run, EN)[-1].text


def test_a_column_of_groups_among_the_predictions_will_do_too(run_folder):
    import pandas as pd

    folder = run_folder("tuned", {"metrics": {"systems>minilm>predicted": {}}})
    path = folder / "predictions.parquet"
    frame = pd.read_parquet(path)
    assert predicted_counts(read_run(folder), "minilm") == {}
    frame["group"] = np.where(np.arange(len(frame)) % 2, "ganjil", "genap")
    frame.to_parquet(path)
    mine = frame[frame["system"] == "minilm"]
    wanted = {
        group: {label: int(n) for label, n in rows["prediction"].value_counts().items()}
        for group, rows in mine.groupby("group")
    }
    assert predicted_counts(read_run(folder), "minilm") == {"": wanted}


@pytest.mark.parametrize("kind", ["text", "number", "outputs", "reviews", "grid"])
def test_runs_without_them_have_no_such_table(run_folder, kind):
    assert predicted_blocks(read_run(run_folder(kind)), EN) == []
