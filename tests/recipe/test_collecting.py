"""A recipe whose rows come from a site, and columns that are joined to them."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.collect.browser import find_chromium
from makna.core.errors import DataError, RecipeError
from makna.core.messages import set_language
from makna.recipe.collecting import joined
from makna.recipe.recipe import load_recipe
from makna.recipe.runner import RunOptions, run_recipe
from makna.recipe.sections import JoinSection

STUDY = "review-sentiment-vader"


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


def test_columns_are_joined_in_the_order_of_the_rows(tmp_path):
    (tmp_path / "gold.csv").write_text("ulasan,manual\nb,positif\nz,netral\n", encoding="utf-8")
    join = JoinSection(file=str(tmp_path / "gold.csv"), by="ulasan")
    found = joined(pd.DataFrame({"ulasan": ["a", "b", "b"]}), join)
    assert found["manual"].tolist() == ["", "positif", "positif"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ulasan,manual\na,1\na,2\n", "recipe.join_twice"),
        ("ulasan,rating\na,1\n", "recipe.join_taken"),
        ("ulasan,manual\nz,1\n", "recipe.join_none"),
        ("ulsan,manual\na,1\n", "collect.missing_column"),
    ],
)
def test_what_cannot_be_joined(tmp_path, text, key):
    (tmp_path / "gold.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        joined(
            pd.DataFrame({"ulasan": ["a"], "rating": ["5"]}), JoinSection(file=str(tmp_path / "gold.csv"), by="ulasan")
        )
    assert wrong.value.key == key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("collect.site=toko.yaml", "site needs addresses"),
        ("collect.dataset=sample-reviews", "choose only one"),
        ("collect.join.byy=x", "byy"),
    ],
)
def test_mistakes_in_the_section(change, said):
    with pytest.raises(RecipeError, match=said):
        load_recipe(STUDY, [change])


def test_own_data_take_the_place_of_the_site(tmp_path):
    (tmp_path / "mine.csv").write_text("ulasan\na\n", encoding="utf-8")
    recipe = load_recipe(STUDY, data=str(tmp_path / "mine.csv"))
    assert (recipe.collect.site, recipe.collect.file) == (None, str(tmp_path / "mine.csv"))


def test_file_names_start_from_the_recipe(tmp_path):
    text = """
collect: {site: toko.yaml, addresses: alamat.csv, text: ulasan, label: x, join: {file: gold.csv, by: ulasan}}
systems: {s: {represent: counts, learn: naive-bayes}}
"""
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    collect = load_recipe(str(tmp_path / "r.yaml")).collect
    assert collect.join is not None
    names = (collect.site, collect.addresses, collect.join.file)
    assert names == tuple(str(tmp_path / name) for name in ("toko.yaml", "alamat.csv", "gold.csv"))


def test_the_study_says_what_to_install_where_there_is_no_browser(tmp_path, monkeypatch, capsys):
    pytest.importorskip("playwright", reason="playwright is not installed")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    assert run_command(["run", STUDY, "--out", str(tmp_path / "run"), "--lang", "en"]) == 2
    assert "playwright install chromium" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.browser
def test_the_study_runs_whole_from_the_first_page_to_the_report(tmp_path):
    for package in ("playwright", "bs4", "vaderSentiment"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    if find_chromium() is None:
        pytest.skip("Chromium is not installed")
    run = run_recipe(load_recipe(STUDY, ["evaluate.resamples=100"]), tmp_path / "run")
    assert (run.data["rows"]["read"], len(run.data["collected"])) == (153, 20)
    assert all(one["seen"] == one["announced"] for one in run.data["collected"])
    weak = run.data["weak_labels"]
    assert (weak["gold"]["n"], weak["gold"]["verdict"], weak["beside"]["bintang"]["n"]) == (102, "above", 153)
    assert set(run.metrics["systems"]["counts-svm"]["groups"])
    page = run.report.read_text("utf-8")
    assert "Label lemah dibandingkan dengan label lain" in page
    assert "bintang" in page
    before = run.metrics
    again = run_recipe(load_recipe(STUDY, ["evaluate.resamples=100"]), tmp_path / "run", RunOptions(resume=True))
    assert again.metrics == before
