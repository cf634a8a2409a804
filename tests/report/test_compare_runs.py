"""Runs side by side: every score of every run in its place, with n and interval, and clear refusals."""

import pandas as pd
import pytest

from makna.core.errors import UserError
from makna.report.compare_runs import COLUMNS, compare_sections, make_compare_page, read_runs, score_table, side_by_side
from makna.report.language import Locale
from tests.report.test_marks import KINDS, PEOPLE, WAYS, score

EN, ID = Locale("en"), Locale("id")


@pytest.fixture
def two(run_folder, tmp_path):
    """Return the folders of two runs of marks; the second has another system and a tenth more error."""
    first = run_folder("number", {"metrics": {"raters": {"test": [PEOPLE]}, "static_contextual": [KINDS]}})
    first = first.rename(tmp_path / "english")
    second = run_folder("number", {"metrics": {"systems>overlap-ridge>parts>test>mae": score(0.81, n=500)}})
    path = second / "metrics.json"
    path.write_text(path.read_text().replace('"counts-svr": {', '"counts-forest": {'))
    return first, second.rename(tmp_path / "indonesian")


def test_every_score_stands_under_its_run_with_n_and_interval(two):
    runs = read_runs(two, ["mae", "pearson"])
    table = side_by_side(runs, "", EN)
    assert list(table.over) == [("", 1), ("english", 2), ("indonesian", 2)]
    rows = {row[0].text: row for row in table.cells()}
    both = rows["overlap-ridge"]
    assert [cell.text for cell in both[1:]] == ["0.710", "0.710", "0.810", "0.710"]
    assert both[3].below == "[0.760, 0.860]\nn\u00a0=\u00a0500"
    assert [cell.text for cell in rows["counts-forest"][1:3]] == ["–", "–"]
    assert [cell.text for cell in rows["human – human"][1:]] == ["0.660", "0.597", "–", "–"]
    names = [row[0].text for row in table.cells()]
    assert names.index("overlap-ridge") < names.index("counts-forest")  # what both have comes first


def test_the_table_has_a_row_for_each_score(two):
    frame = score_table(read_runs(two, ["mae"]), EN)
    assert list(frame.columns) == list(COLUMNS)
    mine = frame.query("run == 'indonesian' and system == 'overlap-ridge'").iloc[0]
    assert (mine["metric"], mine["value"], mine["n"], mine["split"]) == ("mae", 0.81, 500, "5 folds, by question")
    assert set(frame["run"]) == {"english", "indonesian"}


def test_the_page_stands_alone_in_both_languages(two, tmp_path):
    for locale, told in ((EN, "beat static vectors"), (ID, "mengungguli")):
        page = make_compare_page(read_runs(two), tmp_path / f"{locale.lang}.html", locale).read_text("utf-8")
        assert told in page
        assert "english" in page
        assert "indonesian" in page
        assert "http" not in page.replace("http://www.w3.org", "")


def test_protocols_have_a_table_each(run_folder, tmp_path):
    first = run_folder("number", {"metrics": {"protocols": WAYS}}).rename(tmp_path / "one")
    second = run_folder("number", {"metrics": {"protocols": {"random": WAYS["random"]}}}).rename(tmp_path / "two")
    runs = read_runs([first, second], ["mae"])
    assert runs.protocols == ["honest", "random", "paper-80"]
    assert [head for head, _ in side_by_side(runs, "random", EN).over] == ["", "one", "two"]
    assert [head for head, _ in side_by_side(runs, "paper-80", EN).over] == ["", "one"]
    frame = score_table(runs, EN)
    assert frame.query("protocol == 'random' and run == 'two'")["value"].tolist() == [0.5]
    assert frame.query("protocol == 'random' and run == 'two'")["split"].tolist() == ["5 folds, random"]


def test_two_runs_under_other_protocols_still_stand_side_by_side(run_folder, tmp_path):
    first = run_folder("number").rename(tmp_path / "one")
    second = run_folder("number", {"manifest": {"protocol": "random"}}).rename(tmp_path / "two")
    runs = read_runs([first, second])
    assert [head for head, _ in side_by_side(runs, "", EN).over] == ["", "one", "two"]
    told = [getattr(block, "text", "") for block in compare_sections(runs, EN)[0].blocks]
    assert "These runs also differ in protocol." in told


def test_folders_of_one_name_are_told_apart(run_folder, tmp_path):
    first = run_folder("number")
    second = (tmp_path / "other").joinpath("number")
    second.parent.mkdir()
    import shutil

    shutil.copytree(first, second)
    assert list(read_runs([first, second]).ways) == ["number", "number (2)"]


def test_what_cannot_be_compared_is_refused_with_a_reason(run_folder, tmp_path):
    number, text = run_folder("number"), run_folder("text")
    with pytest.raises(UserError, match="paling sedikit dua"):
        read_runs([number])
    with pytest.raises(UserError, match=r"metrics\.json"):
        read_runs([number, tmp_path])
    with pytest.raises(UserError, match="number: number, text: class"):
        read_runs([number, text])
    with pytest.raises(UserError, match=r"'f1_macro'.*mae"):
        read_runs([number, number], ["f1_macro"])


def test_classes_can_be_compared_too(run_folder, tmp_path):
    first = run_folder("text").rename(tmp_path / "one")
    table = side_by_side(read_runs([first, run_folder("text")]), "", EN)
    assert len(table.rows) == 5
    assert isinstance(score_table(read_runs([first, tmp_path / "text"]), ID), pd.DataFrame)
