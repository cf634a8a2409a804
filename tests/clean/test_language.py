"""The language of a text, and the words that nobody knows."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import makna
from makna.clean.language import CODES, count_languages, language_of, word_list
from makna.clean.unknown import unknown_words
from makna.core.errors import DataError

SAMPLES = Path(makna.__file__).parent / "samples"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Barangnya udah sampe, makasih ya kak", "id"),
        ("gw gak ngerti knp bgt sih", "id"),
        ("Pemerintah menaikkan harga bahan bakar", "id"),
        ("mantap", "id"),
        ("How do I learn to play the guitar?", "en"),
        ("I don't think it's worth the money", "en"),
        ("not recommended, very bad quality", "en"),
        ("gue sih oke aja, but you should tell them first", "mixed"),
        ("Love banget sama this one, kalian harus beli because it is so good", "mixed"),
        ("", "unknown"),
        ("😂😂 123 !!!", "unknown"),
        ("https://t.co/the-best @theyouare", "unknown"),
        (r"\xf0\x9f\x98\x82 \n", "unknown"),
        ("Привет, как дела", "unknown"),
        ("Oksigen", "unknown"),
    ],
)
def test_examples(text, code):
    assert language_of(text).code == code


def test_shares_are_of_the_words():
    found = language_of("saya suka the Xyzzqq 12")
    assert (found.share_id, found.share_en, found.known) == (0.5, 0.25, 0.75)
    assert language_of("berlarixx qq").share_id == 0.25  # an affix alone counts half


@given(st.text(max_size=60))
def test_any_text_has_a_language(text):
    found = language_of(text)
    assert found.code in CODES
    assert found.known == found.share_id + found.share_en
    assert 0 <= found.known <= 1 + 1e-9


def test_lists_are_sorted_lower_case_and_apart():
    for code in ("id", "en"):
        path = Path(makna.__file__).parent / "clean" / "tables" / f"words-{code}.txt"
        words = path.read_text(encoding="utf-8").splitlines()
        assert words == sorted(set(words))
        assert all(word.isalpha() and word.islower() for word in words)
        assert len(words) > 500
    assert not word_list("id") & word_list("en")


def _accuracy(texts, code):
    return count_languages(texts)[code] / len(texts)


def test_the_samples_are_in_their_language():
    questions = pd.read_csv(SAMPLES / "questions.csv")
    for code, some in questions.groupby("bahasa"):
        assert _accuracy(some["pertanyaan_1"].tolist(), code) >= 0.99
    for name, column, least in (("reviews", "ulasan", 0.95), ("tweets", "tweet", 0.97), ("answers", "jawaban", 0.96)):
        texts = pd.read_csv(SAMPLES / f"{name}.csv", keep_default_na=False)[column].tolist()
        assert _accuracy(texts, "id") >= least


@pytest.mark.data
def test_public_sets_are_in_their_language():
    folder = Path(os.environ["MAKNA_DATA"])
    reviews = pd.read_csv(folder / "smsa" / "valid.tsv", sep="\t", header=None, quoting=3)[0].tolist()
    assert _accuracy(reviews, "id") >= 0.98
    questions = pd.read_csv(folder / "question-pairs" / "valid.csv")["question1"].astype(str).tolist()
    assert _accuracy(questions, "en") >= 0.98


def test_unknown_words_come_by_frequency_with_their_place():
    texts = ["Barangnya CIGAX banget gan", "cigax dan zomplo", "pelayanannya memuaskan, dengerin", "gw gak tau"]
    assert unknown_words(texts) == [("cigax", 2, "Barangnya CIGAX banget gan"), ("zomplo", 1, "cigax dan zomplo")]
    assert unknown_words(texts, n=1) == [("cigax", 2, "Barangnya CIGAX banget gan")]
    assert unknown_words([]) == []


def test_english_texts_are_left_out_since_there_is_no_english_dictionary():
    assert unknown_words(["what is the best smartphone that you can buy in this city"]) == []


def test_long_examples_are_cut_around_the_word():
    (found,) = unknown_words(["saya suka " * 30 + "cigax" + " sekali lagi" * 30])
    assert "cigax" in found[2]
    assert found[2].startswith("…")
    assert found[2].endswith("…")
    assert len(found[2]) < 90


def test_unknown_words_refuse_other_shapes():
    with pytest.raises(DataError):
        unknown_words("a text")
