"""Tokens of the Penn Treebank put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.clean.treebank import Untokenise

# As the Treebank's own tokeniser cuts them (https://catalog.ldc.upenn.edu/docs/LDC95T7/cl93.html).
CUT = {
    "I ca n't , they 're here .": "I can't, they're here.",
    "The dog 's bone -LRB- and mine -RRB- cost $ 5 !": "The dog's bone (and mine) cost $5!",
    "I 'm gon na ask : what 'll 100 % do ?": "I'm gonna ask: what'll 100% do?",
    "`` Why ? ''": '" Why? "',
}


@pytest.mark.parametrize("text", CUT)
def test_what_was_cut_is_whole(text: str) -> None:
    assert Untokenise().apply(text) == CUT[text]


@given(st.lists(st.sampled_from(["bagus", "harga", "5", "tidak", "don't", "(a)"]), max_size=6).map(" ".join))
def test_plain_text_stays(text: str) -> None:
    assert Untokenise().apply(text) == text


@given(st.text(max_size=60))
def test_words_are_never_lost(text: str) -> None:
    said = Untokenise().apply(text)
    if "-" not in text and "`" not in text and "'" not in text:
        assert said.replace(" ", "") == text.replace(" ", "")
