"""Leaks against a count that compares every row with every other."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.core.task import Task
from makna.split.leakage import find_leaks, shared_groups
from makna.split.plan import Plan, Unit

TEXT = Task("text", "class")
PAIR = Task("pair", "class")

texts = st.sampled_from(
    ["Bagus!", "bagus", "BAGUS", "ｂａｇｕｓ", "buruk", "buruk sekali", "buruk-sekali", "", "!", "Straße", "STRASSE"]
)
rows = st.lists(st.tuples(texts, texts, st.integers(0, 6), st.sampled_from(["train", "valid", "test"])), max_size=25)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]", " ", unicodedata.normalize("NFKC", text).casefold()).split())


def _plan(parts: dict[str, np.ndarray], group: list[str] | None = None) -> Plan:
    held = {name: rows for name, rows in parts.items() if name != "train"}
    groups = None if group is None else np.unique(group, return_inverse=True)[1]
    return Plan([Unit("train", parts["train"], held)], parts["train"], groups, parts)


def _naive(key: list[Any], parts: list[str], held: str) -> list[int]:
    return [
        i for i, part in enumerate(parts)
        if part == held
        and any(key[i])  # an empty text is like no other
        and any(key[i] == key[j] for j, other in enumerate(parts) if other == "train")
    ]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(rows, st.booleans(), st.booleans())
def test_as_counted_row_by_row(found: list[tuple[str, str, int, str]], is_pair: bool, has_group: bool) -> None:
    a, b = [row[0] for row in found], [row[1] for row in found]
    group, part = [f"g{row[2]}" for row in found], [row[3] for row in found]
    corpus = pd.DataFrame(
        {"id": [f"r{i}" for i in range(len(found))], "text": a, "text_a": a, "text_b": b}, dtype=object
    )
    keys: dict[str, list[Any]] = {
        "exact": list(zip(a, b, strict=True)) if is_pair else list(a),
        "normalised": [(_plain(x), _plain(y)) if is_pair else _plain(x) for x, y in zip(a, b, strict=True)],
    }
    if has_group:
        corpus["group"] = group
        keys["group"] = list(group)
    parts = {name: np.flatnonzero(np.array(part) == name) for name in dict.fromkeys(["train", *part])}
    expected = {}
    for held in parts:
        for kind, key in keys.items():
            leaked = _naive(key, part, held) if held != "train" else []
            if leaked:
                expected[kind, held] = leaked
    if "train" not in part:
        return
    leaks = find_leaks(corpus, PAIR if is_pair else TEXT, _plan(parts, group if has_group else None)).found
    assert {(leak["kind"], leak["parts"][1]): leak["rows"] for leak in leaks} == {
        k: len(v) for k, v in expected.items()
    }
    for leak in leaks:
        leaked = expected[leak["kind"], leak["parts"][1]]
        assert leak["parts"][0] == "train"
        assert [example["id"] for example in leak["examples"]] == [f"r{i}" for i in leaked[:5]]
        assert leak["examples"][0]["text"] == (f"{a[leaked[0]]} ⟷ {b[leaked[0]]}" if is_pair else a[leaked[0]])


def test_folds_tell_of_the_rows_whose_text_is_in_their_training_rows() -> None:
    corpus = pd.DataFrame({"id": list("0123"), "text": ["sama", "Sama!", "lain", "beda"]})
    folds = [(np.array([1, 2, 3]), np.array([0])), (np.array([0]), np.array([1, 2, 3]))]
    plan = Plan([Unit(str(i), train, {"test": test}) for i, (train, test) in enumerate(folds)], np.arange(4))
    leaks = find_leaks(corpus, TEXT, plan, near=np.array([0, 0, 1, 1]))
    assert [(leak["kind"], leak["parts"], leak["rows"]) for leak in leaks.found] == [
        ("normalised", ["folds", "test"], 2),
        ("near", ["folds", "test"], 2),
    ]
    assert leaks.rows["test"].tolist() == [True, True, False, False]


@pytest.mark.parametrize("swapped", [True, False])
def test_the_sides_of_a_pair_are_told_apart(swapped: bool) -> None:
    second = ("b", "a") if swapped else ("a", "b")
    corpus = pd.DataFrame({"id": ["0", "1"], "text_a": ["a", second[0]], "text_b": ["b", second[1]]})
    leaks = find_leaks(corpus, PAIR, _plan({"train": np.array([0]), "test": np.array([1])})).found
    assert [leak["kind"] for leak in leaks] == ([] if swapped else ["exact", "normalised"])


def test_rows_whose_group_is_known_are_counted_only_where_groups_are_not_kept_together() -> None:
    corpus = pd.DataFrame({"group": ["a", "a", "a", "b", "b", "c"]})
    parts = {"train": np.array([0, 3]), "valid": np.array([1]), "test": np.array([2, 4, 5])}
    assert shared_groups(corpus, _plan(parts)) == [
        {"part": "valid", "rows": 1, "of": 1, "groups": 1},
        {"part": "test", "rows": 2, "of": 3, "groups": 2},
    ]
    assert shared_groups(corpus, _plan(parts, list(corpus["group"]))) == []
    assert shared_groups(corpus.drop(columns="group"), _plan(parts)) == []


def test_known_groups_of_folds_are_added_up() -> None:
    corpus = pd.DataFrame({"group": ["a", "a", "b", "c"]})
    folds = [(np.array([1, 2]), np.array([0, 3])), (np.array([0, 3]), np.array([1, 2]))]
    plan = Plan([Unit(str(i), train, {"test": test}) for i, (train, test) in enumerate(folds)], np.arange(4))
    assert shared_groups(corpus, plan) == [{"part": "test", "rows": 2, "of": 4, "groups": 1}]
