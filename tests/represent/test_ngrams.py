"""Packed counting of characters, plain counting in Python, and scikit-learn: three ways to the same counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

import makna.represent.ngrams as ngrams
from makna.represent.ngrams import CharGrams, DictIndex, PackedIndex, WordGrams

# Few letters, so that runs repeat; and all of Unicode, lone surrogates included.
_few = st.text(alphabet="ab \t\n\u2003é", max_size=12)
_any = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=12)
TEXTS = st.lists(_few | _any, min_size=1, max_size=6)
RANGES = st.tuples(st.integers(1, 6), st.integers(0, 3)).map(lambda r: (r[0], r[0] + r[1]))
quick = settings(max_examples=40, deadline=None)


def _same(found: sp.csr_matrix, expected: sp.csr_matrix) -> None:
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    assert found.has_canonical_format


def _scikit(texts: list[str], low: int, high: int, analyzer: str) -> tuple[sp.csr_matrix, list[str]]:
    vectorizer = CountVectorizer(lowercase=False, ngram_range=(low, high), analyzer=analyzer)
    try:
        return vectorizer.fit_transform(texts), vectorizer.get_feature_names_out().tolist()
    except ValueError:  # empty vocabulary
        return sp.csr_matrix((len(texts), 0)), []


def _unpacked(do: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "_PACKED_LIMIT", 0)
        return do()


@quick
@given(TEXTS, RANGES)
def test_characters_are_counted_as_scikit_learn_counts_them(texts: list[str], span: tuple[int, int]) -> None:
    found, terms = CharGrams(*span).count(texts)
    expected, expected_terms = _scikit(texts, *span, "char")
    assert terms == expected_terms
    _same(found, expected)


@quick
@given(TEXTS, st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda r: (r[0], r[0] + r[1])))
def test_words_are_counted_as_scikit_learn_counts_them(texts: list[str], span: tuple[int, int]) -> None:
    found, terms = WordGrams(*span).count(texts)
    expected, expected_terms = _scikit(texts, *span, "word")
    assert terms == expected_terms
    _same(found, expected)


@quick
@given(TEXTS, RANGES)
def test_packed_and_plain_counting_agree(texts: list[str], span: tuple[int, int]) -> None:
    grams = CharGrams(*span)
    packed, packed_terms = grams.count(texts)
    plain, plain_terms = _unpacked(lambda: grams.count(texts))
    assert packed_terms == plain_terms
    _same(packed, plain)


@quick
@given(TEXTS, TEXTS, RANGES)
def test_a_fixed_vocabulary_is_looked_up_alike_packed_and_plain(
    known: list[str], texts: list[str], span: tuple[int, int]
) -> None:
    grams = CharGrams(*span)
    counts, terms = grams.count(known)
    for asked in (texts, [texts[0]], known):
        packed, plain = grams.index(terms).count(asked), _unpacked(lambda: grams.index(terms)).count(asked)
        _same(packed, plain)
    _same(packed, counts)


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "z", "zz", "abz", "zab"])
def test_one_text_shorter_than_the_runs(text: str) -> None:
    grams = CharGrams(2, 5)
    _, terms = grams.count(["abcabc", "bca"])
    expected = [sum(text[i : i + len(term)] == term for i in range(len(text))) for term in terms]
    assert grams.index(terms).count([text]).toarray().tolist() == [expected]


def test_which_way_is_taken() -> None:
    letters = [chr(0x4E00 + i) for i in range(2000)]
    assert isinstance(CharGrams(1, 5).index(letters[:1000]), PackedIndex)
    # 2000 letters make 2000⁶ > 2⁶³ runs of six.
    assert isinstance(CharGrams(1, 6).index(letters), DictIndex)
    assert isinstance(CharGrams(1, 5).index(letters), PackedIndex)
    assert isinstance(WordGrams(1, 1).index(letters), DictIndex)


def test_an_alphabet_at_the_limit_is_exact() -> None:
    # 6208⁵ is the largest fifth power below 2⁶³: the packed numbers fill the 63 bits.
    base = int((2**63) ** (1 / 5))
    letters = "".join(chr(0x4E00 + i) for i in range(base))
    assert base**5 < 2**63 <= (base + 1) ** 5
    texts = [letters, letters[::-1][:300]]
    counts, terms = CharGrams(5, 5).count(texts)
    assert isinstance(CharGrams(5, 5).index(terms), PackedIndex)
    _same(counts, _scikit(texts, 5, 5, "char")[0])
    _same(CharGrams(5, 5).index(terms).count(texts), counts)


def test_an_alphabet_beyond_the_limit_is_exact() -> None:
    # With 2¹⁶ letters the first of five would fall out of a 64-bit number.
    letters = "".join(chr(0x10000 + i) for i in range(2**16))
    texts = [letters, letters[7] + letters[:4], letters[9] + letters[:4]]
    counts, terms = CharGrams(5, 5).count(texts)
    assert [terms[j] for j in counts[1:].indices] == texts[1:]
    assert isinstance(CharGrams(5, 5).index(terms), DictIndex)


def test_letters_never_seen_are_no_terms() -> None:
    index = CharGrams(1, 2).index(["a", "ab", "b"])
    assert index.count(["aZb", "abab", "Zab", "ÿ"]).toarray().tolist() == [[1, 0, 1], [2, 2, 2], [1, 1, 1], [0, 0, 0]]
