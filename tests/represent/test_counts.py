"""Counts against scikit-learn's TfidfVectorizer, on pairs against their formula, and shared against not shared."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer

import makna.represent.ngrams as ngrams
from makna.core.errors import DataError
from makna.core.memo import sharing
from makna.represent.counts import Counts

_rng = np.random.default_rng(3)
_WORDS = np.array(
    [
        *("Barang", "bagus", "sekali", "tapi", "kirim", "lama", "banget", "é1", "SANGAT", "sangat"),
        *("mengecewakan,", "oke", "a", "5", "bintang!!!", "👍"),
    ]
)
TRAIN = [" ".join(_rng.choice(_WORDS, size=_rng.integers(1, 12))) for _ in range(60)] + [
    "",
    "  \t ",
    "a  \n b",
    "\ud83d x",
]
NEW = [" ".join(_rng.choice(_WORDS, size=_rng.integers(1, 12))) for _ in range(15)] + [
    "",
    "ü ß kata baru",
    "\udfff",
    "ba",
]
RANGES: list[dict[str, tuple[int, int]]] = [
    {"words": (1, 1)}, {"words": (1, 2)}, {"words": (2, 3)},
    {"chars": (1, 1)}, {"chars": (2, 5)}, {"chars": (3, 3)}, {"chars": (1, 7)},
]  # fmt: skip
SETTINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"min_df": 3}, {"min_df": 3}),
    ({"max_df": 0.3}, {"max_df": 0.3}),
    ({"min_df": 2, "max_df": 0.5, "sublinear": True}, {"min_df": 2, "max_df": 0.5, "sublinear_tf": True}),
    ({"weight": "count"}, {"use_idf": False}),
    ({"weight": "count", "sublinear": True}, {"use_idf": False, "sublinear_tf": True}),
    ({"weight": "binary"}, {"use_idf": False, "binary": True}),
]


def _scikit(span: dict[str, tuple[int, int]], **further: Any) -> TfidfVectorizer:
    (analyzer, ngram_range), *_ = span.items()
    return TfidfVectorizer(lowercase=False, analyzer=analyzer[:-1], ngram_range=ngram_range, **further)


def _assert_equal(found: sp.csr_matrix, expected: sp.csr_matrix) -> None:
    assert found.shape == expected.shape
    assert abs(found - expected).max() < 1e-12 if min(found.shape) else True


def _assert_identical(found: sp.csr_matrix, expected: sp.csr_matrix) -> None:
    assert found.shape == expected.shape
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


@pytest.mark.parametrize(("own", "theirs"), SETTINGS)
@pytest.mark.parametrize("span", RANGES, ids=str)
def test_as_scikit_learn(span: dict[str, tuple[int, int]], own: dict[str, Any], theirs: dict[str, Any]) -> None:
    counts, oracle = Counts(**span, **own).fit(TRAIN), _scikit(span, **theirs).fit(TRAIN)
    assert counts.vocabulary_ == oracle.get_feature_names_out().tolist()
    _assert_equal(counts.transform(TRAIN), oracle.transform(TRAIN))
    _assert_equal(counts.transform(NEW), oracle.transform(NEW))
    for text in NEW:
        _assert_equal(counts.transform([text]), oracle.transform([text]))
    if counts.weight == "tfidf":
        np.testing.assert_allclose(counts.idf_, oracle.idf_, rtol=0, atol=1e-12)


@pytest.mark.parametrize("span", RANGES, ids=str)
def test_max_features_as_scikit_learn(span: dict[str, tuple[int, int]]) -> None:
    total = np.sort(np.bincount(*_frequencies(span)))[::-1]
    # Cut where there is no tie: which of two equally common terms scikit-learn keeps is chance.
    cuts = np.flatnonzero(total[:-1] > total[1:]) + 1
    assert len(cuts) > 1
    for most in (int(cuts[0]), int(cuts[len(cuts) // 2])):
        counts, oracle = Counts(**span, max_features=most).fit(TRAIN), _scikit(span, max_features=most).fit(TRAIN)
        assert counts.vocabulary_ == oracle.get_feature_names_out().tolist()
        assert len(counts.vocabulary_) == most
        _assert_equal(counts.transform(NEW), oracle.transform(NEW))


def _frequencies(span: dict[str, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    matrix = _scikit(span, use_idf=False, norm=None).fit_transform(TRAIN)
    return matrix.indices, matrix.data


def test_of_equally_common_terms_the_first_in_order_are_kept() -> None:
    texts = ["dd cc bb aa", "ee ee"]
    assert Counts(max_features=3).fit(texts).vocabulary_ == ["aa", "bb", "ee"]


_any = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=15)
_spaced = st.text(alphabet="ab \t\u00a0", max_size=15)


@settings(max_examples=30, deadline=None)
@given(st.lists(_any | _spaced, min_size=1, max_size=5), st.lists(_any, max_size=4), st.sampled_from(RANGES))
def test_any_text_as_scikit_learn(train: list[str], new: list[str], span: dict[str, tuple[int, int]]) -> None:
    oracle = _scikit(span)
    try:
        oracle.fit(train)
    except ValueError:
        with pytest.raises(DataError):
            Counts(**span).fit(train)
        return
    counts = Counts(**span).fit(train)
    assert counts.vocabulary_ == oracle.get_feature_names_out().tolist()
    _assert_equal(counts.transform([*train, *new]), oracle.transform([*train, *new]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "_PACKED_LIMIT", 0)
        plain = Counts(**span).fit(train)
        assert plain.vocabulary_ == counts.vocabulary_
        _assert_identical(plain.transform([*train, *new]), counts.transform([*train, *new]))


def test_one_row_equals_its_row_in_a_batch() -> None:
    counts = Counts(chars=(2, 4)).fit(TRAIN)
    batch = counts.transform([*TRAIN, *NEW])
    for row, text in enumerate([*TRAIN, *NEW]):
        _assert_identical(counts.transform([text]), batch[row])


PAIRS = pd.DataFrame({"text_a": TRAIN[:30], "text_b": TRAIN[30:60]})
SWAPPED = pd.DataFrame({"text_a": PAIRS["text_b"], "text_b": PAIRS["text_a"]})


def _oracle_sides(span: dict[str, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    oracle = _scikit(span).fit([*PAIRS["text_a"], *PAIRS["text_b"]])
    sides = [oracle.transform(PAIRS[column]).toarray() for column in ("text_a", "text_b")]
    return sides[0], sides[1], oracle.get_feature_names_out()


@pytest.mark.parametrize("span", [{"words": (1, 2)}, {"chars": (2, 3)}], ids=str)
def test_symmetric_pairs_are_product_and_distance(span: dict[str, tuple[int, int]]) -> None:
    a, b, names = _oracle_sides(span)
    counts = Counts(**span).fit(PAIRS)
    expected = np.hstack([a * b, np.abs(a - b)])
    np.testing.assert_allclose(counts.transform(PAIRS).toarray(), expected, rtol=0, atol=1e-12)
    _assert_identical(counts.transform(SWAPPED), counts.transform(PAIRS))
    _assert_identical(Counts(**span).fit(SWAPPED).transform(PAIRS), counts.transform(PAIRS))
    assert counts.get_feature_names_out().tolist() == [f"× {n}" for n in names] + [f"≠ {n}" for n in names]


def test_ordered_pairs_stand_side_by_side() -> None:
    a, b, names = _oracle_sides({"words": (1, 1)})
    counts = Counts(pairs="ordered").fit(PAIRS)
    np.testing.assert_allclose(counts.transform(PAIRS).toarray(), np.hstack([a, b]), rtol=0, atol=1e-12)
    np.testing.assert_allclose(counts.transform(SWAPPED).toarray(), np.hstack([b, a]), rtol=0, atol=1e-12)
    assert counts.get_feature_names_out().tolist() == [f"a: {n}" for n in names] + [f"b: {n}" for n in names]


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (Counts(words=(1, 1), chars=(2, 3)), "represent.words_or_chars"),
        (Counts(words=(2, 1)), "represent.range"),
        (Counts(chars=(5, 2)), "represent.range"),
        (Counts(min_df=99), "represent.no_terms"),
        (Counts(max_df=0.001), "represent.no_terms"),
    ],
)
def test_refused_settings(made: Counts, key: str) -> None:
    with pytest.raises(DataError) as error:
        made.fit(TRAIN)
    assert error.value.key == key


@pytest.mark.parametrize("texts", [[""], ["a b c"], ["!", "?"], []])
def test_no_word_at_all(texts: list[str]) -> None:
    with pytest.raises(DataError) as error:
        Counts().fit(texts)
    assert error.value.key == "represent.no_terms"


@pytest.mark.parametrize(("fitted_on", "asked"), [(TRAIN, PAIRS), (PAIRS, TRAIN)])
def test_the_other_shape_is_refused(fitted_on: Any, asked: Any) -> None:
    counts = Counts().fit(fitted_on)
    with pytest.raises(DataError) as error:
        counts.transform(asked)
    assert error.value.key == "core.bad_texts"


@pytest.mark.parametrize("X", ["satu teks", [["a"]], pd.DataFrame({"text": TRAIN[:9]}), [1.0], np.array([["a", "b"]])])
def test_what_is_no_text_is_refused(X: Any) -> None:
    with pytest.raises(DataError):
        Counts().fit(X)


def test_not_fitted() -> None:
    with pytest.raises(NotFittedError):
        Counts().transform(TRAIN)


SHARED = [Counts(words=(1, 2), min_df=2), Counts(chars=(2, 4), sublinear=True), Counts(weight="binary", max_features=9)]
ROWS = [np.arange(40), np.arange(20, 64), np.arange(0, 64, 3)]


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("made", SHARED, ids=repr)
def test_shared_counting_changes_nothing(made: Counts, prepared: bool) -> None:
    texts = np.array(TRAIN, dtype=object)
    alone = [clone(made).fit(texts[rows]) for rows in ROWS]
    with sharing():
        if prepared:
            made.prepare(texts)
        together = [clone(made).fit(texts[rows]) for rows in ROWS]
        inside = [counts.transform(asked) for counts in together for asked in (TRAIN, NEW, NEW[-1:], TRAIN)]
    outside = [counts.transform(asked) for counts in alone for asked in (TRAIN, NEW, NEW[-1:], TRAIN)]
    for a, b in zip(inside, outside, strict=True):
        _assert_identical(a, b)
    for a, b in zip(together, alone, strict=True):
        assert a.vocabulary_ == b.vocabulary_
        _assert_identical(a.transform(NEW), b.transform(NEW))  # the context is over
        _assert_identical(a.transform(TRAIN[:5]), b.transform(TRAIN[:5]))


@pytest.mark.parametrize("made", [Counts(words=(1, 2)), Counts(chars=(2, 3), pairs="ordered")], ids=repr)
def test_shared_counting_of_pairs_changes_nothing(made: Counts) -> None:
    alone = clone(made).fit(PAIRS[:20])
    with sharing():
        made.prepare(PAIRS)
        together = clone(made).fit(PAIRS[:20])
        _assert_identical(together.transform(PAIRS), alone.transform(PAIRS))
        _assert_identical(together.transform(SWAPPED), alone.transform(SWAPPED))


def test_preparing_counts_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    original = ngrams.WordGrams.count
    monkeypatch.setattr(ngrams.WordGrams, "count", lambda g, texts: counted.append(len(texts)) or original(g, texts))
    with sharing():
        Counts().prepare(TRAIN)
        for rows in ROWS:
            Counts().fit([TRAIN[row] for row in rows]).transform(TRAIN)
        Counts(min_df=2, weight="count").fit(TRAIN)
    assert counted == [len(set(TRAIN))]


def test_preparing_learns_nothing() -> None:
    with sharing():
        made = Counts()
        made.prepare(TRAIN)
        assert not [name for name in vars(made) if name.endswith("_")]
        counts = made.fit(["satu dua"])
    assert counts.vocabulary_ == ["dua", "satu"]


@pytest.mark.parametrize("copy", [clone, lambda made: pickle.loads(pickle.dumps(made))], ids=["clone", "pickle"])
def test_a_copy_leaves_the_shared_table_behind(copy: Any) -> None:
    with sharing():
        Counts(chars=(2, 4)).prepare(TRAIN)
        made = Counts(chars=(2, 4)).fit(TRAIN[:2])
        made.transform(NEW)
        copied = copy(made)
        size = len(pickle.dumps(made))
    assert not {"_link_", "_index_"} & set(vars(copied))
    assert size == len(pickle.dumps(Counts(chars=(2, 4)).fit(TRAIN[:2])))
    if hasattr(copied, "vocabulary_"):
        _assert_identical(copied.transform(NEW), made.transform(NEW))
