"""`makna clean`: one text explained, and a table cleaned."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from makna.clean.text import CleanText, explain_text
from makna.cli.main import run_command

TEXT = "RT USER: Brg nya BGS bangeeet!!! https://t.co/a"
STEPS = ["tweet", "lowercase", "alphanumeric", "slang"]


@pytest.fixture
def table(tmp_path):
    rows = pd.DataFrame({"no": ["001", "2", "3"], "ulasan": [TEXT, "", "bagus"], "clean": ["x", "y", "z"]})
    rows.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def written(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_one_text_step_by_step(capsys):
    assert run_command(["clean", "--explain", TEXT, "--lang", "en"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split(maxsplit=1) == ["text", TEXT]
    assert [line.split()[1] for line in shown if line[:1].isdigit()] == STEPS
    assert shown[-3].endswith("barang nya bagus banget")
    assert [line.strip() for line in shown[-2:]] == [
        "brg → barang  (makna, abbreviation)",
        "bgs → bagus  (makna, abbreviation)",
    ]


def test_steps_that_change_nothing_or_everything_say_so(capsys):
    assert run_command(["clean", "--explain", "😂", "--steps", "lowercase,emoji", "--lang", "en"]) == 0
    assert [line.split(maxsplit=2)[2] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "(unchanged)",
        "(empty)",
    ]


def test_json_is_what_python_gives(capsys):
    assert run_command(["clean", "--explain", TEXT, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"text": TEXT, "cleaned": "barang nya bagus banget", "steps": explain_text(TEXT, STEPS)}


@pytest.mark.parametrize(
    "written", ["lowercase,{elongation: 2}", "[lowercase, {elongation: 2}]", " lowercase , elongation: 2"]
)
def test_steps_with_settings(written, capsys):
    assert run_command(["clean", "--explain", "Baguuus", "--steps", written, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cleaned"] == "baguus"


def test_steps_of_a_recipe(capsys):
    from makna.recipe.recipe import load_recipe

    assert run_command(["clean", "--explain", TEXT, "--recipe", "sample-tweets", "--json"]) == 0
    names = [step["name"] for step in json.loads(capsys.readouterr().out)["steps"]]
    assert names == [
        next(iter(step)) if isinstance(step, dict) else step for step in load_recipe("sample-tweets").clean
    ]


def test_a_table_keeps_its_rows_and_columns(table, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert run_command(["clean", str(table), "--out", str(out), "--text", "ulasan", "--lang", "en"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [str(out)]
    assert "3 rows read, 1 of them changed; column ulasan → clean_makna" in told.err
    before, after = written(table), written(out)
    pd.testing.assert_frame_equal(after[list(before)], before)
    assert after["clean_makna"].tolist() == CleanText(STEPS).fit_transform(before["ulasan"].tolist()).tolist()


def test_chunks_change_nothing(table, tmp_path, monkeypatch, capsys):
    words = ["clean", str(table), "--text", "ulasan", "--text", "clean", "--steps", "lowercase"]
    assert run_command([*words, "--out", str(tmp_path / "whole.jsonl")]) == 0
    monkeypatch.setattr("makna.cli.clean._CHUNK", 2)
    assert run_command([*words, "--out", str(tmp_path / "parts.jsonl")]) == 0
    assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "parts.jsonl").read_bytes()
    first = json.loads((tmp_path / "whole.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["no", "ulasan", "clean", "clean_ulasan", "clean_clean"]


def test_the_text_column_of_a_recipe_is_found(tmp_path, capsys):
    pd.DataFrame({"n": ["1"], "tweet": ["BAGUS"]}).to_csv(tmp_path / "in.csv", index=False)
    words = ["clean", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv"), "--recipe", "sample-tweets"]
    assert run_command(words) == 0
    assert written(tmp_path / "out.csv")["clean"].tolist() == ["bagus"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["clean"], "--explain"),
        (["clean", "in.csv", "--explain", "a"], "one of the two"),
        (["clean", "in.csv"], "--out"),
        (["clean", "in.csv", "--out", "out.csv"], "no, ulasan, clean"),
        (["clean", "in.csv", "--out", "out.csv", "--text", "ulasa"], "ulasan"),
        (["clean", "in.csv", "--out", "in.csv", "--text", "ulasan"], "in.csv"),
        (["clean", "nowhere.csv", "--out", "out.csv"], "nowhere.csv"),
        (["clean", "--explain", "a", "--steps", "slng"], "Perhaps 'slang'"),
        (["clean", "--explain", "a", "--steps", "a,{"], "cannot be read"),
        (["clean", "--explain", "a", "--steps", "lowercase", "--recipe", "sample-tweets"], "--recipe"),
        (["clean", "--explain", "a", "--recipe", "nothing"], "nothing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words(words, told, table, capsys, monkeypatch):
    monkeypatch.chdir(table.parent)
    before = table.read_bytes()
    assert run_command([*words, "--lang", "en"]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert [path.name for path in table.parent.iterdir()] == ["in.csv"]
    assert table.read_bytes() == before
