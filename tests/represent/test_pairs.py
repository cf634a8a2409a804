from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from makna.core.corpus import normalised
from makna.core.errors import DataError
from makna.represent.pairs import NAMES, OverlapFeatures

texts = st.text(alphabet="ab 1,.'tidakn", max_size=25)


def features(a: str, b: str) -> dict[str, float]:
    row = OverlapFeatures().fit_transform(pd.DataFrame({"text_a": [a], "text_b": [b]}))[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


def test_worked_by_hand() -> None:
    found = features("Harga kopi 2 ribu", "harga teh, 2 ribu rupiah!")
    # {harga, kopi, 2, ribu} and {harga, teh, 2, ribu, rupiah}: three shared of six.
    assert found["word_jaccard"] == 3 / 6
    assert found["word_containment"] == 3 / 4
    assert found["word_coverage"] == 3 / 5
    assert found["same_numbers"] == 1
    assert found["negation_differs"] == 0


@pytest.mark.parametrize(("a", "b"), [("apa kabar dunia", "kabar apa ini"), ("aaaa", "aaa"), ("a", "ab"), ("é", "e")])
def test_characters_against_scikit_learn(a: str, b: str) -> None:
    counter = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False)
    counts = counter.fit_transform([f" {normalised(t)} " for t in (a, b)])
    found = features(a, b)
    assert found["char_cosine"] == pytest.approx(cosine_similarity(counts)[0, 1])
    one, two = (counts[i].toarray()[0] > 0 for i in (0, 1))
    assert found["char_jaccard"] == pytest.approx((one & two).sum() / (one | two).sum())


@settings(max_examples=150, deadline=None)
@given(texts, texts)
def test_order_of_the_sides_does_not_matter_and_shares_are_shares(a: str, b: str) -> None:
    found = features(a, b)
    assert found == features(b, a)
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())


@given(texts)
def test_a_text_equals_itself(a: str) -> None:
    found = features(a, a)
    assert [found[name] for name in NAMES] == pytest.approx([1, 1, 1, 1, 1, 1, 0])


def test_an_empty_side_shares_nothing() -> None:
    assert list(features("", "kata").values())[:5] == [0] * 5
    assert list(features("", "!?").values())[:5] == [1] * 5


@pytest.mark.parametrize(
    ("a", "b", "differs"),
    [
        ("saya suka", "saya tidak suka", 1),
        ("saya nggak suka", "saya tidak suka", 0),
        ("saya GAK suka", "saya suka", 1),
        ("bukan saya", "belum saya", 0),
        ("I do", "I don't", 1),
        ("I do", "I don’t", 1),
        ("I do", "I dont", 1),
        ("I cannot", "I can not", 0),
        ("notable knot", "tidakkah", 0),
        ("I can", "I want", 0),
    ],
)
def test_negation(a: str, b: str, differs: int) -> None:
    assert features(a, b)["negation_differs"] == differs


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [("ada 2 dan 3", "3 lalu 2", 1), ("ada 2", "ada 3", 0), ("ada 2", "ada dua", 0), ("a", "b", 1), ("1,5", "1.5", 0)],
)
def test_numbers(a: str, b: str, same: int) -> None:
    assert features(a, b)["same_numbers"] == same


@pytest.mark.parametrize("X", [["a", "b"], np.array(["a"], dtype=object), pd.DataFrame({"a": ["x"]})])
def test_single_texts_are_refused(X: Any) -> None:
    with pytest.raises(DataError):
        OverlapFeatures().fit(X)


def test_names_and_empty_table() -> None:
    empty = pd.DataFrame({"text_a": [], "text_b": []}, dtype=object)
    model = OverlapFeatures().fit(empty)
    assert model.transform(empty).shape == (0, len(NAMES))
    assert model.get_feature_names_out().tolist() == list(NAMES)


def test_fast_enough_for_sixty_thousand_pairs() -> None:
    n = 3000
    rng = np.random.default_rng(0)
    words = np.array([f"kata{i}" for i in range(500)])
    pairs = pd.DataFrame({side: [" ".join(rng.choice(words, 10)) for _ in range(n)] for side in ("text_a", "text_b")})
    start = time.process_time()
    OverlapFeatures().fit_transform(pairs)
    assert (time.process_time() - start) * 60_000 / n < 30
