"""Texts written another way: never empty, never without a negation, the same for the same seed."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.clean.augment import DEFAULT, Augmenter, informal_affixes, negations
from makna.clean.slang import Slang
from makna.clean.slang_tables import OWN, load_table
from makna.clean.stem import Stem

ALL = (*DEFAULT, "swap")
SLANG, STEM = Slang().resolve(), Stem().resolve()
_WORDS = ["barangnya", "tidak", "gak", "sesuai", "bagus", "menulis", "mengirimkan", "yang", "yg", "di", "sini", "belum"]
_WORDS += [
    "TIDAK",
    "Jangan",
    "kurang",
    "rapi",
    "don't",
    "suka",
    "gabisa",
    "dibuka",
    "2",
    "penjual",
    "seller",
    "😀",
    "...",
]
texts = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join) | st.text(max_size=40)
seeds = st.integers(0, 2**32)


def vary(text, operations=ALL, seed=0, **rates):
    return Augmenter(operations, **rates).vary(text, np.random.default_rng(seed))


def negations_in(text):
    """Count the words that turn a sentence round, written in whatever way."""
    standard = SLANG.apply(text.casefold().replace("’", "'"))
    return sum(word in negations() for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*", standard))


@settings(max_examples=300, deadline=None)
@given(texts, seeds)
def test_a_text_keeps_a_word(text, seed):
    made = vary(text, seed=seed)
    assert bool(re.search(r"[^\W_]", made)) == bool(re.search(r"[^\W_]", text))
    assert bool(made.strip()) == bool(text.strip())


@settings(max_examples=300, deadline=None)
@given(texts, seeds)
def test_the_same_seed_gives_the_same_text(text, seed):
    assert vary(text, seed=seed) == vary(text, seed=seed)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join), seeds, st.sampled_from(ALL))
def test_no_operation_loses_a_negation(text, seed, operation):
    assert negations_in(vary(text, (operation,), seed, drop=0.9)) == negations_in(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join), seeds)
def test_a_text_changes_where_one_operation_alone_would_change_it(text, seed):
    alone = any(vary(text, (operation,), seed) != text for operation in DEFAULT)
    assert (vary(text, DEFAULT, seed) != text) == alone


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join), seeds)
def test_affixes_leave_the_stems(text, seed):
    assert STEM.apply(vary(text, ("affix",), seed, change=1.0)) == STEM.apply(text)


@settings(max_examples=200, deadline=None)
@given(texts, seeds)
def test_swapping_keeps_every_character(text, seed):
    assert sorted(vary(text, ("swap",), seed)) == sorted(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join), seeds)
def test_dropping_only_takes_away(text, seed):
    rest = iter(text.split())
    assert all(word in rest for word in vary(text, ("drop",), seed, drop=0.5).split())


@pytest.mark.parametrize("text", ["", " ", "!!!", "zzzzq", "\n"])
def test_a_text_without_anything_to_change_stays(text):
    assert vary(text) == text


def test_a_word_after_a_negation_is_not_left_out():
    found = {vary("tidak terlalu bagus barangnya", ("drop",), seed, drop=1.0) for seed in range(20)}
    assert found == {"tidak terlalu bagus"}


def test_the_last_word_is_never_left_out():
    assert {vary("bagus sekali", ("drop",), seed, drop=1.0) for seed in range(9)} == {"sekali"}
    assert {vary("bagus", ("drop",), seed, drop=1.0) for seed in range(9)} == {"bagus"}


def test_only_words_that_no_negation_turns_round_are_swapped():
    found = {vary("tidak bagus murah cepat sekali", ("swap",), seed) for seed in range(20)}
    assert found == {"tidak bagus murah sekali cepat"}


def test_a_word_is_changed_once(monkeypatch):
    monkeypatch.setattr("makna.clean.augment._SECOND", 1.0)
    found = {vary("penjual yg", ("slang", "standard"), seed, change=1.0) for seed in range(40)}
    assert len(found) > 1
    assert {text.split()[1] for text in found} == {"yang"}
    assert "penjual yang" not in found


def test_operations_that_undo_each_other_still_leave_a_change(monkeypatch):
    monkeypatch.setattr("makna.clean.augment._SECOND", 1.0)
    found = {vary("yg yang", ("swap", "slang", "standard"), seed, change=1.0) for seed in range(300)}
    assert len(found) > 2
    assert "yg yang" not in found


def test_slang_is_the_table_read_backwards():
    entries = load_table(OWN).entries
    found = {vary("tidak", ("slang",), seed) for seed in range(300)}
    assert {"gak", "ga", "nggak"} <= found
    assert {entries[word] for word in found} <= {("tidak", kind) for kind in ("spelling", "abbreviation", "affix")}
    assert vary("barangnya di sini", ("slang",), 1, change=1.0) != "barangnya di sini"
    assert {vary("ongkos kirim mahal", ("slang",), seed, change=1.0).split()[0] for seed in range(40)} >= {"ongkir"}


def test_regional_words_and_insults_are_not_put_in():
    back = [slang for slang, (_, kind) in load_table(OWN).entries.items() if kind in ("regional", "swear")]
    found = {vary(word, ("slang",), seed) for word in ("tidak", "anjing", "besar") for seed in range(200)}
    assert len(found) > 20
    assert not found & set(back)


def test_standard_words_come_from_the_table():
    assert vary("Yg penting gak rusak", ("standard",), change=1.0) == "Yang penting tidak rusak"


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("menulis", ("nulis",)), ("mengirim", ("ngirim",)), ("menyapu", ("nyapu",)), ("membeli", ("beli",)),
        ("mencari", ("cari", "nyari")), ("kirimkan", ("kirimin",)), ("dikirimkan", ("dikirimin",)),
        ("mengecewakan", ("ngecewain",)), ("barangnya", ("barang",)),
        # Roots, words that only look affixed, words whose informal form is another root, and negations.
        ("makan", ()), ("bukan", ()), ("tanya", ()), ("hanya", ()), ("memesan", ()), ("membantu", ("bantu",)),
        ("kurangnya", ()), ("bukannya", ()), ("tidaknya", ()), ("direkomendasikan", ()),
    ],
)  # fmt: skip
def test_informal_affixes(word, forms):
    assert informal_affixes(word) == forms


def test_marks_and_case_stay():
    assert vary("Mengirim, Bos!", ("affix",)) == "Ngirim, Bos!"
    assert vary("bagus,  sekali\nsaya suka", ("affix", "standard")) == "bagus,  sekali\nsaya suka"


def test_the_way_back_is_the_cleaning():
    """What slang puts in, the slang step takes out: the two read the same table."""
    text = "barang yang saya pesan tidak sesuai dengan gambar dan penjual tidak membalas"
    made = [vary(text, ("slang",), seed) for seed in range(30)]
    assert len(set(made)) > 20
    assert {SLANG.apply(one) for one in made} == {text}


def test_negations_know_slang():
    assert {"tidak", "gak", "gabisa", "krg", "jgn", "not", "don't"} <= negations()
    assert "bagus" not in negations()
