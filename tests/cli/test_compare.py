"""`makna compare`: what goes to the screen, to a page and to a table, and what is refused."""

import pandas as pd
import pytest

from makna.cli.main import run_command

QUICK = ["--set", "split.folds=3", "--set", "evaluate.resamples=100", "--set", "report.page=false"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("compare")
    made = [str(root / name) for name in ("one", "two")]
    for seed, folder in enumerate(made):
        words = ["run", "sample-answers", *QUICK, "--set", f"seed={seed}", "--only", "overlaps-ridge", "--out", folder]
        assert run_command(words) == 0
    return made


def test_the_table_is_shown_with_n_and_interval(folders, capsys):
    assert run_command(["compare", *folders, "--metrics", "rmse,pearson", "--lang", "en"]) == 0
    shown = capsys.readouterr()
    assert "overlaps-ridge" in shown.out
    assert "RMSE" in shown.out
    assert "n = 240" in shown.out.replace("\u00a0", " ")
    assert shown.err == ""


def test_a_table_and_a_page_are_written_and_named_last(folders, tmp_path, capsys):
    for name in ("scores.csv", "scores.xlsx", "scores.html"):
        assert run_command(["compare", *folders, "--out", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out.splitlines() == [str(tmp_path / name)]
    table = pd.read_csv(tmp_path / "scores.csv", encoding="utf-8-sig")
    assert set(table["run"]) == {"one", "two"}
    assert (table["low"] <= table["pooled"] + 1e-9).sum() > 0
    assert "overlaps-ridge" in (tmp_path / "scores.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ONE"], "two run folders"),
        (["ONE", "nowhere"], "metrics.json"),
        (["ONE", "TWO", "--metrics", "accuracy"], "rmse"),
        (["ONE", "TWO", "--out", "scores.pdf"], "pdf"),
        (["ONE", "TWO", "--out", "no/such/folder.html"], "no"),
        ([], "RUN RUN"),
    ],
)
def test_wrong_words_end_with_two(folders, words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = [{"ONE": folders[0], "TWO": folders[1]}.get(word, word) for word in words]
    assert run_command(["compare", *named, "--lang", "en"]) == 2
    assert told in capsys.readouterr().err
