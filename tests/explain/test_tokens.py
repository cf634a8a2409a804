import numpy as np
import pandas as pd
import pytest

from makna.core.errors import ModelError
from makna.explain.rarity import Rarity, languages_in, stopwords_of, without_stopwords
from makna.explain.settings import RaritySettings
from makna.explain.tokens import cased_words, token_rows, words_of

TEXTS = ["satu dua dua", "dua tiga", "", "empat"]


def test_both_sides_of_a_pair_are_one_row():
    pair = pd.DataFrame({"text_a": ["satu dua", ""], "text_b": ["dua", "tiga"]})
    tokens = token_rows(pair)
    assert tokens.lengths.tolist() == [3, 1]
    assert [tokens.vocabulary[code] for code in tokens.codes] == ["satu", "dua", "dua", "tiga"]
    assert tokens.owner.tolist() == [0, 0, 0, 1]


def test_rarity_is_the_formula_of_the_paper_over_the_training_rows():
    rarity = Rarity.over(token_rows(TEXTS), np.array([0, 1]))
    by_token = dict(zip(rarity.tokens.vocabulary, rarity.of_token, strict=True))
    assert by_token["dua"] == pytest.approx(-np.log(3 / 5))
    assert by_token["satu"] == pytest.approx(-np.log(1 / 5))
    assert by_token["empat"] == by_token["tiga"]  # as one that occurs once


def test_the_rarity_of_a_row_is_a_mean_a_maximum_or_that_of_every_token():
    rarity = Rarity.over(token_rows(TEXTS), np.arange(2))
    once, often = -np.log(1 / 5), -np.log(3 / 5)
    assert rarity.mean() == pytest.approx([(once + 2 * often) / 3, (once + often) / 2, np.nan, once], nan_ok=True)
    assert rarity.max() == pytest.approx([once, once, np.nan, once], nan_ok=True)
    places, values = rarity.items(np.array([1, 2, 3]), "mean")
    assert (places.tolist(), len(values)) == ([0, 2], 2)  # the empty row is left out
    places, values = rarity.items(np.array([3, 0]), "token")
    assert dict(zip(*np.unique(places, return_counts=True), strict=True)) == {0: 1, 1: 3}
    assert sorted(values) == pytest.approx([often, often, once, once])


def test_the_table_counts_training_rows_alone():
    table = Rarity.over(token_rows(TEXTS), np.array([0, 1])).table()
    assert (table["total"], table["distinct"], table["once"]) == (5, 3, 2)
    assert table["common"][0] == ["dua", 3, pytest.approx(-np.log(3 / 5))]
    assert table["ranks"] == [[1, 3], [2, 1], [3, 1]]
    empty = Rarity.over(token_rows(TEXTS), np.array([2])).table()
    assert (empty["total"], empty["common"], empty["ranks"]) == (0, [], [])


def test_stop_words_go_and_lengths_stay():
    texts = ["what is the best phone", "how can the dog run in the rain"]
    tokens, languages = without_stopwords(token_rows(texts), texts, RaritySettings())
    assert languages == ["en"]
    assert [tokens.vocabulary[code] for code in tokens.codes][:2] == ["best", "phone"]
    assert tokens.whole.tolist() == [5, 8]
    kept, languages = without_stopwords(token_rows(texts), texts, RaritySettings(stopwords="keep"))
    assert (kept.lengths.tolist(), languages) == ([5, 8], [])


def test_languages_are_those_of_the_texts():
    assert languages_in(["apa kabar kamu hari ini", "saya tidak tahu"]) == ("id",)
    assert {"tidak", "yang"} <= stopwords_of(["id"])
    assert languages_in(["12", "xyz"]) == ()


def test_words_are_folded_and_sentences_begin_after_a_mark():
    assert words_of("Apa-apa, DON’T 3.5") == ["apa-apa", "don't", "3", "5"]
    assert cased_words('He said "Go". Then Ada left') == [
        *(("He", True), ("said", False), ("Go", True), ("Then", True), ("Ada", False), ("left", False)),
    ]


def test_pieces_are_those_of_the_encoder_with_its_special_ones_in_the_length():
    pytest.importorskip("transformers")
    from makna.represent.encoder_source import encoders_here

    if "minilm" not in encoders_here():
        pytest.skip("no encoder here")
    pair = pd.DataFrame({"text_a": ["good dog", "a"], "text_b": ["cat", "unbelievableness"]})
    tokens = token_rows(pair, "pieces", "minilm")
    assert tokens.whole[0] == 3 + 3  # [CLS] good dog [SEP] cat [SEP]
    assert tokens.lengths[0] == 3
    assert [tokens.vocabulary[code] for code in tokens.codes[:3]] == ["good", "dog", "cat"]
    assert any(piece.startswith("##") for piece in tokens.vocabulary)
    with pytest.raises(ModelError):
        token_rows(pair, "pieces", "no-such-encoder")
