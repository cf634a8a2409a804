"""Tokenising agrees with transformers' own, and nothing is cut in silence."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.represent.encoder_source import load_tokenizer, locate_encoder
from makna.represent.tokens import tokenise, windows
from tests.encoders import WORDS, kept_encoder

_rng = np.random.default_rng(11)
_PLAIN = [word for word in WORDS if not word.startswith("#")]
TEXTS = [" ".join(_rng.choice(_PLAIN, n)) for n in (1, 2, 3, 5, 8, 13, 21, 40)] + [
    "",
    "  ",
    "Ini BAGUS banget!! 👍",
    "é ½",
]
OTHERS = TEXTS[::-1]


@pytest.fixture(scope="module", params=["bert", "roberta"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return load_tokenizer(locate_encoder(str(kept_encoder(request.param))))


@pytest.mark.parametrize("max_length", [4, 7, 16, 128])
def test_single_texts_are_cut_as_transformers_does(tokenizer: Any, max_length: int) -> None:
    found = tokenise(tokenizer, TEXTS, max_length)
    expected = tokenizer(TEXTS, truncation=True, max_length=max_length)["input_ids"]
    assert found.ids == expected
    assert found.types is None
    assert found.lengths_before.tolist() == [len(ids) for ids in tokenizer(TEXTS)["input_ids"]]
    assert found.cut.tolist() == [n > max_length for n in found.lengths_before]
    assert found.lengths.tolist() == [len(ids) for ids in expected]


@pytest.mark.parametrize("max_length", [6, 9, 10, 17, 32, 200])
def test_pairs_are_cut_as_transformers_does(tokenizer: Any, max_length: int) -> None:
    found = tokenise(tokenizer, TEXTS, max_length, pair=OTHERS)
    expected = tokenizer(
        TEXTS, OTHERS, truncation="longest_first", max_length=max_length, return_token_type_ids=True
    )  # fmt: skip
    assert found.ids == expected["input_ids"]
    assert found.types == expected["token_type_ids"]


def test_the_middle_is_left_out(tokenizer: Any) -> None:
    whole = tokenise(tokenizer, TEXTS, 500).ids
    found = tokenise(tokenizer, TEXTS, 11, "head+tail")
    for row, (all_of_it, kept) in enumerate(zip(whole, found.ids, strict=True)):
        assert len(kept) == min(len(all_of_it), 11)
        inner, pieces = kept[1:-1], all_of_it[1:-1]
        assert (kept[0], kept[-1]) == (all_of_it[0], all_of_it[-1]), row
        if len(all_of_it) > 11:
            assert inner == pieces[:5] + pieces[-4:]
        else:
            assert kept == all_of_it


@pytest.mark.parametrize(("max_length", "stride"), [(8, 0), (8, 3), (16, 8)])
def test_windows_are_those_of_transformers(tokenizer: Any, max_length: int, stride: int) -> None:
    found = windows(tokenizer, TEXTS, max_length, stride)
    expected = tokenizer(
        TEXTS, truncation=True, max_length=max_length, stride=stride, return_overflowing_tokens=True
    )  # fmt: skip
    assert found.ids == expected["input_ids"]
    assert found.owner.tolist() == expected["overflow_to_sample_mapping"]
    assert found.tokens["rows"] == len(TEXTS)
    assert found.tokens["cut"] == sum(np.bincount(found.owner) > 1)


def test_the_account_is_the_one_counted_by_hand() -> None:
    tokenizer = load_tokenizer(locate_encoder(str(kept_encoder())))
    # bagus | barang ##nya | 👍 → unknown; the second text is empty.
    found = tokenise(tokenizer, ["Bagus barangnya 👍", ""], 5)
    assert tokenizer.convert_ids_to_tokens(found.ids[0]) == ["[CLS]", "bagus", "barang", "##nya", "[SEP]"]
    assert found.account() == {
        "rows": 2, "cut": 1, "max_length": 5, "longest": 6, "unknown_share": 1 / 4, "pieces_per_word": 4 / 3,
    }  # fmt: skip


def test_nothing_to_divide_by_is_told_as_none(tokenizer: Any) -> None:
    found = tokenise(tokenizer, [""], 8).account()
    assert (found["unknown_share"], found["pieces_per_word"]) == (None, None)
    assert tokenise(tokenizer, [], 8).account()["longest"] == 0


def test_what_a_tokenizers_file_says_of_cutting_and_padding_is_not_used(tokenizer: Any) -> None:
    expected = tokenise(tokenizer, TEXTS, 128)
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.backend_tokenizer.enable_padding(length=50)
    found = tokenise(tokenizer, TEXTS, 128)
    assert found.ids == expected.ids
    assert found.account() == expected.account()


def test_a_very_long_text_is_safe_and_quick(tokenizer: Any) -> None:
    texts = ["bagus " * 17_000, "x" * 100_000, "👍" * 100_000, "\x00" * 1000]
    start = time.perf_counter()
    found = tokenise(tokenizer, texts, 64)
    assert time.perf_counter() - start < 5
    assert found.lengths.max() == 64
    assert found.cut[0]
    assert found.lengths_before[0] >= 17_000


def test_half_a_surrogate_pair_is_a_sign_that_cannot_be_read(tokenizer: Any) -> None:
    assert tokenise(tokenizer, ["bagus \ud83d"], 32).ids == tokenise(tokenizer, ["bagus \ufffd"], 32).ids
    assert tokenise(tokenizer, ["bagus \ud83d\ude00"], 32).ids == tokenise(tokenizer, ["bagus 😀"], 32).ids


def test_what_cannot_be_done_is_refused(tokenizer: Any) -> None:
    with pytest.raises(DataError, match="max_length=2"):
        tokenise(tokenizer, TEXTS, 2)
    with pytest.raises(DataError, match="12"):
        tokenise(tokenizer, TEXTS, 8, pair=TEXTS[:3])
    with pytest.raises(DataError, match="stride=6"):
        windows(tokenizer, TEXTS, 8, 6)
