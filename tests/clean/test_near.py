"""Near duplicates: the same groups as comparing all pairs, and the rows that go."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.clean.near import Shingles, jaccard, near_groups, shingle_set
from makna.clean.near_rows import NearRows
from makna.clean.rows import RowSettings, judge_rows
from makna.core.corpus import normalised
from makna.core.errors import DataError, RecipeError
from makna.core.task import Task

_RNG = np.random.default_rng(5)
_WORDS = [f"{a}{b}" for a in ("ba", "ki", "lo", "sampai", "tidak", "puas") for b in ("rang", "rim", "ma", "nya", "")]


def all_pairs(texts, threshold, shingles):
    """Return the groups by comparing each with each."""
    sets = [shingle_set(normalised(text), shingles) for text in texts]
    label = list(range(len(texts)))
    for i in range(len(texts)):
        for j in range(i):
            if sets[i] and sets[j] and len(sets[i] & sets[j]) >= threshold * len(sets[i] | sets[j]) - 1e-9:
                old, new = max(label[i], label[j]), min(label[i], label[j])
                label = [new if found == old else found for found in label]
    groups = {}
    for i, found in enumerate(label):
        groups.setdefault(found, []).append(i)
    return sorted(group for group in groups.values() if len(group) > 1)


def corpus(n):
    """Return texts of which many differ in a word or a letter only."""
    texts = [" ".join(_RNG.choice(_WORDS, _RNG.integers(1, 25))) for _ in range(n // 2)]
    for text in list(texts):
        words = text.split()
        words[_RNG.integers(len(words))] = str(_RNG.choice(_WORDS))
        texts.append(" ".join(words))
    return texts


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.85, 0.95, 1.0])
@pytest.mark.parametrize("shingles", [Shingles(), Shingles("chars", 2), Shingles("words", 1), Shingles("words", 3)])
def test_the_same_groups_as_all_pairs(threshold, shingles):
    texts = corpus(160)
    expected = all_pairs(texts, threshold, shingles)
    assert near_groups(texts, threshold, shingles) == expected
    assert expected or threshold == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab 😂é", max_size=9), max_size=14), st.sampled_from([0.5, 0.8, 1.0]))
def test_the_same_groups_for_any_short_texts(texts, threshold):
    assert near_groups(texts, threshold, Shingles("chars", 2)) == all_pairs(texts, threshold, Shingles("chars", 2))


def test_similarity_by_hand():
    assert shingle_set("abcde", Shingles("chars", 4)) == {tuple("abcd"), tuple("bcde")}
    assert shingle_set("ab", Shingles()) == {("a", "b")}
    assert jaccard("abcde", "abcdx") == 1 / 3  # abcd | bcde, bcdx
    assert jaccard("Satu, dua!", "satu dua") == 1
    assert jaccard("", "") == 0


def test_the_seed_decides_and_order_does_not_matter():
    texts = corpus(80)
    assert near_groups(texts) == near_groups(texts) == near_groups(texts, seed=99)
    turned = near_groups(texts[::-1])
    assert sorted(sorted(79 - i for i in group) for group in turned) == near_groups(texts)


def test_nothing_to_compare_and_wrong_input():
    assert near_groups([]) == []
    assert near_groups(["", "", "!!", "!!", "a"]) == []
    with pytest.raises(DataError):
        near_groups("a text")
    with pytest.raises(ValueError, match="threshold"):
        near_groups(["a"], 0)


def test_many_texts_and_a_crowd_take_seconds():
    words = np.array([f"k{i}" for i in range(3000)])
    texts = [" ".join(words[_RNG.zipf(1.3, 14) % 3000]) for _ in range(13_000)]
    start = time.perf_counter()
    near_groups(texts)
    crowd = [f"pesanan nomor {i} sudah dikirim ke alamat anda di kota" for i in range(5000)]
    assert near_groups(crowd) == [list(range(5000))]
    assert time.perf_counter() - start < 12  # on a busy machine; comparing all pairs takes minutes


TASK = Task("text", "class")
NEAR = "barang sudah sampai dengan selamat, terima kasih banyak kak{}"
TABLE = pd.DataFrame(
    {
        "id": list("abcdef"),
        "text": [NEAR.format(""), "jelek", NEAR.format(" 1"), NEAR.format("!"), "jelek", NEAR.format(" ya")],
        "label": list("010101"),
    }
)


def kept(**more):
    result = judge_rows(TABLE, TASK, RowSettings(**more))
    return "".join(TABLE["id"][result.kept]), [step["name"] for step in result.steps]


def test_near_rows_are_counted_and_stay_unless_asked():
    result = judge_rows(TABLE, TASK)
    assert result.duplicates["near"] == {
        "threshold": 0.85,
        "groups": 2,
        "rows": 4,
        "examples": [
            {
                "similarity": round(jaccard(NEAR.format(""), NEAR.format(" 1")), 3),
                "rows": [{"id": "a", "text": NEAR.format("")}, {"id": "c", "text": NEAR.format(" 1")}],
            }
        ],
    }
    assert kept() == ("abcf", ["empty", "missing_label", "duplicates"])


def test_near_rows_go_after_the_repeated_ones():
    assert kept(near=0.85) == ("ab", ["empty", "missing_label", "duplicates", "near"])
    assert kept(near=0.85, duplicates="last")[0] == "ef"
    assert kept(near=0.85, duplicates="keep")[0] == "ab"
    assert kept(near=0.999)[0] == "abcf"


@pytest.mark.parametrize("value", [0.3, 1.2, True, "0.9"])
def test_the_threshold_is_checked(value):
    with pytest.raises(RecipeError, match="near"):
        RowSettings(near=value)


def test_pairs_are_near_where_both_sides_are():
    a = [NEAR.format(""), NEAR.format("!"), NEAR.format(" 1"), "lain"]
    b = ["kunci yang sama untuk semua", "kunci yang sama untuk semua", "kunci yang lain sama sekali", "x"]
    near = NearRows.of([a, b], None)
    assert near.codes[0] == near.codes[1]
    assert len(set(near.codes)) == 3


def test_too_many_rows_are_not_counted_unless_asked(monkeypatch):
    monkeypatch.setattr("makna.clean.near_rows.MOST_ROWS", 3)
    monkeypatch.setattr("makna.clean.rows.MOST_ROWS", 3)
    assert judge_rows(TABLE, TASK).duplicates["near"] == {"skipped": "rows", "most_rows": 3}
    assert "near" not in judge_rows(TABLE, TASK, count_near=False).duplicates
    assert judge_rows(TABLE, TASK, RowSettings(near=0.9)).duplicates["near"]["groups"] == 2
    assert str(judge_rows(TABLE, TASK))
