"""`makna label agreement` and `makna label suspects` as words in, tables and files out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.collect.files import read_table

WIDE = (
    "ani,budi,citra\npos,pos,pos\nneg,neg,pos\nneu,neg,neu\npos,pos,\nneg,neg,neg\n"
    "pso,pos,pos\npos,neg,pos\nneu,neu,neu\n,neg,neg\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(WIDE)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = run_command([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, " ".join(out.split()), " ".join(err.split())


def test_a_wide_table_on_the_screen(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("label", "agreement", table, "--raters", "ani,budi,citra")
    code, out, err = said(capsys, *words, "--lang", "en")
    assert (code, err) == (0, "")
    assert "9 items, 3 annotators, 4 different labels, nominal scale." in out
    assert re.search(r"Krippendorff's alpha │ 0\.\d{3} \[", out)
    assert "Each pair, lowest kappa first" in out
    assert "'pso' (1×, like 'pos'): 7, ani" in out
    assert "[0.5" in out
    code, out, _ = said(capsys, *words, "--lang", "id", "--resamples", "0")
    assert code == 0
    assert "alfa Krippendorff │ 0," in out
    assert "[" not in out


def test_a_long_table_says_the_same(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = read_table(table).rename_axis("item").reset_index()
    long = wide.melt("item", var_name="who", value_name="what")
    path = tmp_path / "long.xlsx"
    long.sample(frac=1, random_state=1).to_excel(path, index=False)
    outs = []
    for words in (
        (table, "--raters", "ani,budi,citra"),
        (path, "--item", "item", "--rater", "who", "--label", "what"),
    ):
        target = tmp_path / f"{words[0].stem}.json"
        code, out, err = said(capsys, "label", "agreement", *words, "--out", target, "--resamples", "0", "--lang", "en")
        assert (code, out) == (0, str(target))
        assert "9 items" in err
        outs.append(json.loads(target.read_text()))
    for part in ("overall", "label", "rater"):
        for name, found in outs[0][part].items():
            flat = found if part != "overall" else {name: found}
            other = outs[1][part][name] if part != "overall" else {name: outs[1][part][name]}
            for measure, one in flat.items():
                assert one["value"] == pytest.approx(other[measure]["value"]), (part, name, measure)


def test_a_table_out(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "found.csv"
    code, out, _ = said(capsys, "label", "agreement", table, "--raters", "ani", "--raters", "budi", "--out", target)
    assert (code, out) == (0, str(target))
    found = pd.read_csv(target)
    assert list(found.columns) == ["part", "name", "other", "measure", "value", "low", "high", "n", "why"]
    kappa = found[(found["part"] == "pair") & (found["measure"] == "cohen_kappa")].iloc[0]
    assert (kappa["name"], kappa["other"], kappa["n"]) == ("ani", "budi", 8)
    assert kappa["low"] < kappa["value"] < kappa["high"]


def test_a_column_whose_name_has_a_comma(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('"Ani, S.Pd",budi\nx,x\ny,x\n')
    code, _, err = said(capsys, "label", "agreement", path, "--raters", "Ani, S.Pd", "--raters", "budi")
    assert (code, err) == (0, "")


def test_an_order_makes_words_ordinal(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("label", "agreement", table, "--raters", "ani,citra", "--scale", "ordinal", "--lang", "en")
    code, _, err = said(capsys, *words)
    assert code == 2
    assert "--order low,medium,high" in err
    code, _, err = said(capsys, *words, "--order", "neg,neu,pos")
    assert (code, "'pso' (7, ani)" in err) == (2, True)
    code, out, _ = said(capsys, *words, "--order", "neg,neu,pos", "--missing", "pso")
    assert code == 0
    assert "quadratic kappa" in out


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (WIDE, ["--raters", "ani"], "at least two annotators"),
        (WIDE, ["--raters", "ani,bud"], "Did you mean 'budi'?"),
        (WIDE, [], "Name the columns of the annotators"),
        (WIDE, ["--raters", "ani,budi", "--item", "citra"], "not both"),
        (WIDE, ["--item", "ani", "--rater", "budi"], "needs all three"),
        (WIDE, ["--raters", "ani,budi", "--scale", "nominl"], "Did you mean 'nominal'?"),
        (WIDE, ["--raters", "ani,budi", "--out", "x.docx"], "x.docx"),
        (WIDE, ["--raters", "ani,budi", "--out", "nowhere/x.json"], "nowhere"),
        ("a,b\nx,\n,y\n", ["--raters", "a,b"], "No item has labels from two annotators"),
        ("a,b\n1,1\n2,dua\n", ["--raters", "a,b", "--scale", "interval"], "'dua' (3, b)"),
        ("", ["--raters", "a,b"], "labels.csv"),
        ("a,b\n", ["--raters", "a,b"], "labels.csv"),
        ("i,r,l\np,a,x\np,a,y\np,b,x\n", ["--item", "i", "--rater", "r", "--label", "l"], "'y' after 'x'"),
    ],
)
def test_what_is_wrong_is_told(
    content: str, words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(content)
    code, out, err = said(capsys, "label", "agreement", path, *words, "--lang", "en")
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_the_group_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "label", "--lang", "en")
    assert code == 0
    assert "agreement" in out
    assert "suspects" in out
    code, _, err = said(capsys, "label", "agrement", "--lang", "en")
    assert (code, "Did you mean 'agreement'?" in err) == (2, True)


def test_suspects_of_a_real_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    words = ("run", "sample-tweets", "--only", "counts-svm", "--set", "split.folds=3", "--rows", "150", "--out", folder)
    assert said(capsys, *words)[0] == 0
    code, out, err = said(capsys, "label", "suspects", folder, "--lang", "en")
    assert code == 0
    assert "by 'counts-svm'" in err
    assert "Labels that are most likely wrong" in out
    target = tmp_path / "queue.csv"
    code, out, _ = said(capsys, "label", "suspects", folder, "--out", target)
    assert (code, out) == (0, str(target))
    queue = read_table(target)
    predictions = pd.read_parquet(folder / "predictions.parquet").set_index("id")
    assert list(queue.columns)[:4] == ["id", "text", "output", "fold"]
    assert queue["text"].str.len().gt(0).all()
    assert 0 < len(queue) < 75
    for row in queue.to_dict("records"):
        mine = predictions[predictions["system"] == "counts-svm"].loc[row["id"]]
        assert (mine["truth"], mine["prediction"]) == (row["label"], row["suggested"])
    # Texts of other data than the run's would be the wrong ones.
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["data"]["files"][0]["sha256"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    code, out, err = said(capsys, "label", "suspects", folder, "--out", target, "--lang", "en")
    assert (code, out) == (0, str(target))
    assert "the data are no longer those that the run had" in err
    assert "text" not in read_table(target).columns


def test_suspects_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "label", "suspects", tmp_path, "--lang", "en")
    assert code == 2
    assert "is no run folder" in err
