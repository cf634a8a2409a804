"""`makna label audit`: what it shows, how it ends, what it writes."""

from __future__ import annotations

import json
from importlib import resources

import pandas as pd
import pytest

from makna.cli.main import run_command

REVIEWS = str(resources.files("makna.samples") / "reviews.csv")
SAMPLE = ["label", "audit", REVIEWS, "--text", "ulasan", "--source", "inset", "--lexicon", "sample", "--lang", "en"]
STARS = "1=negatif,2=negatif,3=netral,4=positif,5=positif"


@pytest.mark.parametrize(("rules", "code", "told"), [("full", 0, ""), ("sum", 2, "are not shown to be better")])
def test_the_gate(capsys, rules, code, told):
    assert run_command([*SAMPLE, "--gold", "label", "--rules", rules]) == code
    shown = capsys.readouterr()
    assert told in shown.err
    assert "always 'positif'" in shown.out
    assert "0.613" in shown.out


def test_labels_below_the_majority_come_with_both_figures(capsys):
    words = ["label", "audit", "sample-reviews", "--text", "ulasan", "--source", "vader"]
    assert run_command([*words, "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert "on 0.213 of 563 rows, and always 'positif' on 0.613" in told
    assert "VADER reads English" in told
    assert run_command([*words, "--lang", "id"]) == 2
    assert "pada 0,213 dari 563 baris, sedangkan selalu 'positif' cocok pada 0,613" in capsys.readouterr().err


def test_a_column_of_labels_and_stars_as_gold(capsys):
    words = ["label", "audit", REVIEWS, "--source", "label", "--gold", "rating", "--map", STARS, "--json"]
    assert run_command(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == "label"
    assert found["coverage"] is None
    assert found["gold"]["agreement"]["value"] == pytest.approx(557 / 565)
    assert run_command([*words[:-3], "--lang", "en"]) == 2
    assert "none of the gold labels '1', '2'" in capsys.readouterr().err


def test_without_gold_labels_nothing_is_judged(capsys):
    assert run_command(SAMPLE) == 0
    shown = capsys.readouterr()
    assert "nobody knows how right" in shown.err
    assert "always" not in shown.out


def test_the_labels_are_written_beside_the_rows(tmp_path, capsys):
    out = tmp_path / "out.xlsx"
    assert run_command([*SAMPLE, "--classes", "baik,biasa,buruk", "--out", str(out)]) == 0
    found = pd.read_excel(out, dtype=str, keep_default_na=False)
    assert len(found) == 565
    assert list(found.columns) == ["ulasan", "rating", "jenis", "label", "weak_label", "weak_score"]
    assert set(found["weak_label"]) == {"baik", "biasa", "buruk", ""}
    assert (found.loc[found["weak_label"] == "", "ulasan"].str.strip() == "").all()
    assert "weak_label" in capsys.readouterr().err


def test_translations_of_ones_own(tmp_path, capsys):
    rows = {"text": ["bagus", "jelek", "biasa"] * 8, "en": ["very good", "awful", "a box"] * 8,
            "gold": ["positif", "negatif", "netral"] * 8}  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    words = ["label", "audit", str(tmp_path / "t.csv"), "--source", "vader", "--translate", "en", "--json"]
    for boost in ("library", "paper"):
        assert run_command([*words, "--boost", boost]) == 0
        assert json.loads(capsys.readouterr().out)["gold"]["agreement"]["value"] == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--source", "bintang"], "'bintang'"),
        (["--source", "inset", "--text", "ulasn"], "'ulasan'"),
        (["--source", "inset", "--rules", "half"], "'full' or 'sum'"),
        (["--source", "vader", "--rules", "sum"], "--rules"),
        (["--source", "rating", "--boost", "paper"], "boost"),
        (["--source", "vader", "--translator", "nowhere"], "hf download"),
        (["--source", "inset", "--lexicon", "sample", "--classes", "a,b"], "three names"),
        (["--source", "rating", "--map", "1:2"], "RAW=CLASS"),
        ([], "--source"),
    ],
)
def test_words_that_do_not_fit(more, told, capsys):
    text = [] if "--text" in more else ["--text", "ulasan"]
    assert run_command(["label", "audit", REVIEWS, *text, "--gold", "label", *more, "--lang", "en"]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


@pytest.mark.data
@pytest.mark.parametrize(("rules", "low", "high"), [("sum", 0.42, 0.45), ("full", 0.47, 0.51)])
def test_inset_on_smsa_is_below_the_majority(rules, low, high, capsys):
    assert run_command(["label", "audit", "smsa", "--source", "inset", "--rules", rules, "--json", "--lang", "en"]) == 2
    shown = capsys.readouterr()
    gold = json.loads(shown.out)["gold"]
    assert low < gold["agreement"]["value"] < high
    assert gold["majority"]["label"] == "positive"
    assert gold["majority"]["value"] == pytest.approx(0.583, abs=1e-3)
    assert gold["verdict"] == "below"
    assert "no better than always answering" in shown.err
