"""Which words differ, and what admins type."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.core.errors import UserError
from makna.label.store.labels import LabelChoice
from makna.serve.web.choices import choice_of
from makna.serve.web.differ import mark_differences
from makna.serve.web.fields import labels_from, labels_text, number, numbers

WORDS = st.lists(st.sampled_from(["a", "b", "c", "A", ",", "(x)", " ", "\n"]), max_size=12).map(" ".join)


def differing(pieces):
    return [text for text, differs in pieces if differs]


def test_words_in_one_text_only_are_marked():
    a, b = mark_differences(
        "Attention is an explanation (Vigdis, 2018).", "attention is NOT an explanation, Vigdis 2019"
    )
    assert differing(a) == ["2018"]
    assert differing(b) == ["NOT", "2019"]


def test_equal_texts_have_no_marks_and_others_have_nothing_else():
    assert not differing(mark_differences("Sama saja.", "sama, saja")[0])
    assert differing(mark_differences("satu dua", "tiga")[0]) == ["satu dua"]
    assert mark_differences("", "x") == ([], [("x", True)])


@given(WORDS, WORDS)
def test_the_pieces_are_the_text_and_alternate(a, b):
    for text, pieces in zip((a, b), mark_differences(a, b), strict=True):
        assert "".join(piece for piece, _ in pieces) == text
        assert all(one[1] != two[1] for one, two in pairwise(pieces))


@given(WORDS, WORDS)
def test_what_is_not_marked_is_the_same_in_both(a, b):
    kept = [
        re.findall(r"\w+", " ".join(text for text, differs in pieces if not differs).casefold())
        for pieces in mark_differences(a, b)
    ]
    assert kept[0] == kept[1]


def test_very_long_texts_are_shown_unmarked():
    long = "kata " * 3000
    assert mark_differences(long, "kata") == ([(long, False)], [("kata", False)])


def test_labels_are_edited_as_lines():
    before = (LabelChoice("pos", "1", "praises: all"), LabelChoice("a: b", "2"))
    assert labels_text(before).splitlines() == ["pos: praises: all", "a: b"]
    assert labels_from(labels_text(before), before) == ([before[0], LabelChoice("a: b", "2")], {})
    labels, renamed = labels_from("pos => good: praises\n\n neg ", before)
    assert labels == [LabelChoice("good", "1", "praises"), LabelChoice("neg")]
    assert renamed == {"pos": "good"}


def test_numbers_as_typed():
    assert number(" 3 ") == 3
    assert numbers("0;5 0,5") == [0, 5, 0.5]
    assert numbers(" ") == []
    for work, wrong in ((number, "3.5"), (number, ""), (numbers, "0 x")):
        with pytest.raises(UserError):
            work(wrong)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"item": 1, "version": 1},
        {"item": "x", "version": 1, "token": "a" * 32},
        {"item": 1, "version": 1, "token": "short"},
        {"item": [], "version": 1, "token": "a" * 32},
        {"item": 1, "version": 1, "token": "a" * 32, "seconds": "x"},
    ],
)
def test_a_choice_that_no_page_would_send_is_refused(fields):
    with pytest.raises(UserError):
        choice_of(fields)


def test_a_choice_is_taken_as_it_is():
    sent = {
        "item": "3",
        "version": 2,
        "token": "a" * 32,
        "label": "pos",
        "flagged": True,
        "skipped": "yes",
        "note": None,
    }
    choice = choice_of(sent)
    assert (choice.item, choice.version, choice.given.label) == (3, 2, "pos")
    assert (choice.given.flagged, choice.given.skipped, choice.given.note) == (True, False, "")
