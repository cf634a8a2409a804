"""Scores and their labels: study 004's appendix E, VADER's library, makna's rules for Indonesian."""

from __future__ import annotations

import math

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer, scalar_inc_dec

from makna.core.errors import DataError
from makna.label.inset import InsetScorer
from makna.label.lexicon import Naming, Score, boosted, class_names, label_texts, normalise
from makna.label.vader import VaderScorer
from makna.label.weights import Lexicon, load_lexicon, read_weights

PLAIN, VERY = "This product is good", "This product is very good"
WORDS = Lexicon({"bagus": 2.0, "enak": 4.0, "rusak": -3.0, "putus asa": -4.0, "asa": 1.0, "tidak": -5.0}, ("own",), 0)


@pytest.mark.parametrize("boost", ["library", "paper"])
def test_the_first_score_of_appendix_e(boost):
    assert VaderScorer(boost).score(PLAIN) == Score(0.4404, True, False)


@pytest.mark.parametrize(("boost", "score"), [("library", 0.4927), ("paper", 0.5356)])
def test_the_second_score_of_appendix_e(boost, score):
    # The paper prints .5377 beside the formula that gives .5356; its library adds, and gives .4927.
    assert VaderScorer(boost).score(VERY).compound == score
    assert normalise(boosted(1.9, 0.293, boost)) == pytest.approx(score, abs=5e-5)


def test_without_boosters_both_ways_are_the_library():
    library = SentimentIntensityAnalyzer()
    texts = [
        "It is NOT good!!!",
        "good but bad",
        "horrible :(",
        "no problem at all",
        "what?? 😂",
        "at least it works",
        "",
    ]
    for text in texts:
        expected = library.polarity_scores(text)["compound"]
        assert VaderScorer("library").score(text).compound == expected
        assert VaderScorer("paper").score(text).compound == expected


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("a really bad thing", -2.5 * 1.293),
        ("a slightly bad thing", -2.5 * (1 - 0.293)),
        ("it is very much good", 1.9 * (1 + 0.95 * 0.293)),  # damped by distance as the library damps it
        ("it was kind of good", 1.9 * (1 - 0.293)),
        ("it is not very good", 1.9 * 1.293 * -0.74),
    ],
)
def test_boosters_that_multiply(text, total):
    assert VaderScorer("paper").score(text).compound == pytest.approx(normalise(total), abs=6e-5)


def test_the_library_itself_is_left_as_it_is():
    VaderScorer("paper").score(VERY)
    assert scalar_inc_dec("very", 1.9, False) == 0.293
    assert SentimentIntensityAnalyzer().polarity_scores(VERY)["compound"] == 0.4927


@pytest.mark.parametrize(
    ("compound", "label"),
    [(0.05, "positive"), (0.0499, "neutral"), (0, "neutral"), (-0.0499, "neutral"), (-0.05, "negative")],
)
def test_the_papers_thresholds(compound, label):
    assert Naming().label(Score(compound, True, False)) == label


def test_texts_are_labelled_with_the_users_classes():
    naming = Naming(classes={"positive": "positif", "negative": "negatif", "neutral": "netral"})
    found = label_texts(InsetScorer(WORDS), ["enak", "rusak tapi enak", "biasa", "", "rusak"], naming)
    assert found.labels == ["positif", "positif", "netral", "", "negatif"]
    assert found.covered.tolist() == [True, True, False, False, True]
    assert found.mixed.tolist() == [False, True, False, False, False]
    assert math.isnan(found.compounds[3])
    assert found.compounds[0] == pytest.approx(4 / math.sqrt(16 + 15))
    silent = label_texts(InsetScorer(WORDS), ["biasa", "enak"], Naming(abstain=True))
    assert silent.labels == ["", "positive"]


def test_names_of_classes_are_known_in_both_languages():
    assert class_names(["neg", "Netral", "4"]) == {"neutral": "Netral", "negative": "neg"}


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("barang bagus", 2),
        ("Barang BAGUS, enak", 6),
        ("tidak bagus", 2 * -0.74),
        ("gak terlalu bagus", 2.293 * -0.74),
        ("tidak pernah sekali bagus", 2 * -0.74),  # three words before
        ("tidak ada yang jual bagus", 2),  # four words before
        ("tidak, bagus", 2),  # another clause
        ("bukan tidak bagus", 2 * 0.74**2),
        ("sangat bagus", 2.293),
        ("sangat rusak", -3.293),
        ("bagus sekali", 2.293),
        ("bagus bgt", 2.293),
        ("agak rusak", -2.707),
        ("sangat tidak bagus", 2.293 * -0.74),
        ("bagus tapi rusak", 2 * 0.5 - 3 * 1.5),
        ("tidak rusak tapi bagus", -3 * -0.74 * 0.5 + 2 * 1.5),
        ("putus asa", -4),  # the longest phrase, not its words
        ("asa", 1),
        ("tidak", 0),  # a modifier has no weight of its own
        ("", 0),
    ],
)
def test_rules_for_indonesian(text, total):
    assert InsetScorer(WORDS).total(text) == pytest.approx(total)


def test_boosters_for_indonesian_multiply_by_name():
    assert InsetScorer(WORDS, "paper").total("sangat enak") == pytest.approx(4 * 1.293)
    assert InsetScorer(WORDS, "paper").total("agak rusak") == pytest.approx(-3 * (1 - 0.293))


def test_the_sum_rule_has_no_rules():
    scorer = InsetScorer(WORDS, rules="sum")
    assert scorer.total("tidak bagus tapi sangat rusak") == -5 + 2 - 3
    assert scorer.score("tidak bagus") == Score(normalise(-3), True, True)


@pytest.mark.parametrize(("clash", "weight"), [("sum", 1.0), ("positive", 4.0), ("negative", -3.0), ("drop", None)])
def test_a_word_with_two_signs(tmp_path, clash, weight):
    (tmp_path / "up.tsv").write_text("word\tweight\nAda  Gula\t4\nada gula\t2\nenak\t3\n", encoding="utf-8")
    (tmp_path / "down.tsv").write_text("ada gula\t-3\nrusak\t-2\n", encoding="utf-8")
    found = load_lexicon([str(tmp_path / "up.tsv"), str(tmp_path / "down.tsv")], clash)
    assert found.weights.get("ada gula") == weight
    assert found.clashes == 1
    assert found.weights["rusak"] == -2


def test_lexicons_that_cannot_be_read(tmp_path):
    bad = tmp_path / "bad.tsv"
    bad.write_text("kata\tbobot\nbagus\t2\nrusak\tnan\n", encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        read_weights(bad)
    assert (wrong.value.key, wrong.value.fields["line"]) == ("label.bad_weight", 3)
    with pytest.raises(DataError) as wrong:
        load_lexicon(str(tmp_path / "none.tsv"))
    assert wrong.value.key == "label.no_lexicon"
    with pytest.raises(DataError) as wrong:
        load_lexicon("inzet")
    assert wrong.value.key == "label.unknown_lexicon"
    assert "'inset'" in str(wrong.value)
    (tmp_path / "empty.csv").write_text("word,weight\n", encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        load_lexicon(str(tmp_path / "empty.csv"))
    assert wrong.value.key == "label.empty_lexicon"


def test_the_sample_lexicon_is_there():
    found = load_lexicon("sample")
    assert found.weights["mengecewakan"] < 0 < found.weights["terima kasih"]
    assert found.tables[0]["licence"] == "CC0 1.0"


@pytest.mark.data
def test_inset_as_it_is_published():
    found = load_lexicon("inset")
    assert found.clashes == 1142
    assert found.weights["jelek"] == -5
    assert found.weights["bagus"] == 2 - 4
