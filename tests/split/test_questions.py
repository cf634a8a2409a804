"""Pairs that share a text stay together; given parts divided, and leaking rows left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.core.corpus import normalised
from makna.core.errors import DataError
from makna.core.task import Task
from makna.split.plan import SplitSettings, make_plan
from makna.split.questions import text_groups

TASK = Task("pair", "class")


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("ABCDEFGH")), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_groups_are_what_sharing_leads_to(pairs: list[tuple[str, str]]) -> None:
    found = text_groups([a for a, _ in pairs], [b for _, b in pairs])
    texts = [{normalised(a), normalised(b)} for a, b in pairs]
    grown = [set(own) for own in texts]
    for _ in pairs:  # the plain way: grow each row's texts until nothing is added
        grown = [own.union(*(other for other in texts if own & other)) for own in grown]
    for i, own in enumerate(grown):
        for j, other in enumerate(grown):
            assert (found[i] == found[j]) == bool(own & other)


def test_texts_without_letters_join_nothing() -> None:
    assert text_groups(["?", "?!", "a"], ["a", "b", "c"]).tolist() == [0, 1, 0]


def _corpus() -> pd.DataFrame:
    train = [(f"q{i}", f"r{i}") for i in range(40)]
    held = [("q0", "new"), ("new", "r5"), *((f"s{i}", f"t{i}") for i in range(18))]
    rows = [(*pair, "train") for pair in train] + [(*pair, "valid") for pair in held]
    corpus = pd.DataFrame(rows, columns=["text_a", "text_b", "part"])
    return corpus.assign(id=[str(i) for i in range(len(rows))], label=["0", "1"] * (len(rows) // 2))


def _plan(**settings_: object) -> object:
    return make_plan(_corpus(), TASK, SplitSettings(given=True, **settings_), 7)  # type: ignore[arg-type]


def test_a_given_part_is_divided_by_whole_groups() -> None:
    plan = _plan(group="texts", divide={"valid": {"valid": 0.3, "test": 0.7}})
    assert list(plan.parts) == ["train", "valid", "test"]  # type: ignore[attr-defined]
    valid, test = (set(plan.groups[plan.parts[name]]) for name in ("valid", "test"))  # type: ignore[attr-defined]
    assert not valid & test
    assert 4 <= len(plan.parts["valid"]) <= 8  # type: ignore[attr-defined]


def test_training_rows_that_a_held_part_knows_are_left_out() -> None:
    kept, dropped = _plan(group="texts"), _plan(group="texts", leaks="drop")
    assert len(kept.parts["train"]) == 40  # type: ignore[attr-defined]
    # q0–r0 and q5–r5 lead to the same group, by way of the held pair (new, r5).
    assert np.setdiff1d(kept.parts["train"], dropped.parts["train"]).tolist() == [0, 5]  # type: ignore[attr-defined]
    assert dropped.left_out == 2  # type: ignore[attr-defined]


def test_what_cannot_be_divided_or_dropped_is_said() -> None:
    with pytest.raises(DataError, match="dev"):
        _plan(divide={"dev": {"valid": 0.5, "test": 0.5}})
    with pytest.raises(DataError, match="train"):
        _plan(divide={"train": {"valid": 0.5, "test": 0.5}})
    with pytest.raises(DataError):
        _plan(leaks="drop")
    single = pd.DataFrame({"id": ["1", "2"], "text": ["a", "b"], "label": ["0", "1"]})
    with pytest.raises(DataError):
        make_plan(single, Task(), SplitSettings(group="texts"), 1)
