"""What a split promises, whatever the data: properties, and small cases worked by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from makna.core.errors import DataError
from makna.core.task import Task
from makna.split.plan import SplitSettings, folds_of, make_plan, strata_of

TEXT = Task("text", "class")
NUMBER = Task("text", "number", scale=(0.0, 5.0))
SEVERAL = Task("text", "classes", outputs=("harga", "mutu"))
quick = settings(max_examples=30, deadline=None)

labels = st.lists(st.sampled_from("aaab"), min_size=12, max_size=60)
grouped = st.lists(st.tuples(st.sampled_from("aaab"), st.integers(0, 14)), min_size=30, max_size=80)


def _corpus(label: Any = None, group: Any = None, **columns: Any) -> pd.DataFrame:
    n = len(label if label is not None else next(iter(columns.values())))
    frame = pd.DataFrame({"id": [str(i) for i in range(n)], "text": [f"teks {i}" for i in range(n)], **columns})
    if label is not None:
        frame["label"] = list(label)
    if group is not None:
        frame["group"] = [f"g{g}" for g in group]
    return frame


def _folds(plan: Any) -> list[list[int]]:
    return [unit.held["test"].tolist() for unit in plan.units]


def _assert_whole(plan: Any, n: int) -> None:
    """Every row is tested once, and learned from in all other folds."""
    assert sorted(row for fold in _folds(plan) for row in fold) == list(range(n))
    for unit in plan.units:
        assert sorted([*unit.train, *unit.held["test"]]) == list(range(n))
        assert len(unit.held["test"])
    assert plan.final.tolist() == list(range(n))
    assert plan.by_folds
    assert [unit.name for unit in plan.units] == [str(i) for i in range(1, len(plan.units) + 1)]


@quick
@given(labels, st.integers(2, 6), st.integers(0, 99), st.booleans(), st.booleans())
def test_every_row_is_tested_once(rows: list[str], folds: int, seed: int, stratify: bool, shuffle: bool) -> None:
    plan = make_plan(_corpus(rows), TEXT, SplitSettings(folds, stratify=stratify, shuffle=shuffle), seed)
    assert len(plan.units) == folds
    _assert_whole(plan, len(rows))


@quick
@given(labels, st.integers(2, 6), st.integers(0, 99))
def test_stratified_folds_hold_each_class_alike(rows: list[str], folds: int, seed: int) -> None:
    assume(max(Counter(rows).values()) >= folds)
    plan = make_plan(_corpus(rows), TEXT, SplitSettings(folds), seed)
    for label in set(rows):
        counts = [sum(rows[row] == label for row in fold) for fold in _folds(plan)]
        assert max(counts) - min(counts) <= 1


@quick
@given(grouped, st.integers(2, 5), st.integers(0, 99), st.booleans())
def test_groups_stay_together(rows: list[tuple[str, int]], folds: int, seed: int, stratify: bool) -> None:
    label, group = zip(*rows, strict=True)
    assume(len(set(group)) >= folds)
    plan = make_plan(_corpus(label, group), TEXT, SplitSettings(folds, stratify=stratify), seed)
    _assert_whole(plan, len(rows))
    for unit in plan.units:
        assert not {group[row] for row in unit.train} & {group[row] for row in unit.held["test"]}


def test_grouped_folds_keep_shares_where_the_groups_are_small() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(100), 3)
    label = np.where(rng.random(300) < 0.2, "jarang", "sering")
    plan = make_plan(_corpus(label, group), TEXT, SplitSettings(5), 0)
    shares = [np.mean(label[fold] == "jarang") for fold in _folds(plan)]
    assert np.abs(np.array(shares) - np.mean(label == "jarang")).max() < 0.02
    assert {len(fold) for fold in _folds(plan)} <= set(range(54, 67))


@pytest.mark.parametrize("group", [None, [i // 2 for i in range(40)]])
@pytest.mark.parametrize("how", [SplitSettings(5), SplitSettings(holdout={"train": 0.8, "test": 0.2})])
def test_the_seed_decides(how: SplitSettings, group: Any) -> None:
    corpus = _corpus(list("aaab") * 10, group)

    def held(seed: int) -> list[list[int]]:
        return _folds(make_plan(corpus, TEXT, how, seed))

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_without_shuffling_the_seed_does_not_matter() -> None:
    plans = [make_plan(_corpus("a" * 10), TEXT, SplitSettings(5, shuffle=False), seed) for seed in (1, 2)]
    assert _folds(plans[0]) == _folds(plans[1]) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_groups_can_be_left_out_of_it() -> None:
    corpus = _corpus("ab" * 10, [0] * 20)
    plan = make_plan(corpus, TEXT, SplitSettings(5, group=False), 0)
    _assert_whole(plan, 20)
    assert plan.groups is None
    with pytest.raises(DataError):
        make_plan(corpus, TEXT, SplitSettings(5), 0)


@quick
@given(labels, st.integers(0, 99), st.booleans())
def test_holdout_shares(rows: list[str], seed: int, stratify: bool) -> None:
    shares = {"train": 0.7, "valid": 0.1, "test": 0.2}
    plan = make_plan(_corpus(rows), TEXT, SplitSettings(holdout=shares, stratify=stratify), seed)
    n = len(rows)
    assert list(plan.parts) == list(shares)
    assert sorted(row for part in plan.parts.values() for row in part) == list(range(n))
    for name, part in plan.parts.items():
        assert abs(len(part) - shares[name] * n) <= 1
    (unit,) = plan.units
    assert unit.name == "train"
    assert unit.train.tolist() == plan.final.tolist() == plan.parts["train"].tolist()
    assert {name: part.tolist() for name, part in unit.held.items()} == {
        name: plan.parts[name].tolist() for name in ("valid", "test")
    }
    assert not plan.by_folds


@quick
@given(labels, st.integers(0, 99))
def test_stratified_holdout_holds_each_class_alike(rows: list[str], seed: int) -> None:
    plan = make_plan(_corpus(rows), TEXT, SplitSettings(holdout={"train": 0.75, "test": 0.25}), seed)
    test, n = plan.parts["test"], len(rows)
    assume(min(Counter(rows).values()) > 1)
    for label in set(rows):
        expected = rows.count(label) * len(test) / n
        assert abs(sum(rows[row] == label for row in test) - expected) <= 1


@quick
@given(grouped, st.integers(0, 99), st.booleans())
def test_grouped_holdout(rows: list[tuple[str, int]], seed: int, stratify: bool) -> None:
    label, group = zip(*rows, strict=True)
    shares = {"train": 0.6, "valid": 0.15, "test": 0.25}
    assume(len(set(group)) >= 3)
    settings_ = SplitSettings(holdout=shares, stratify=stratify)
    plan = make_plan(_corpus(label, group), TEXT, settings_, seed)
    n = len(rows)
    assert sorted(row for part in plan.parts.values() for row in part) == list(range(n))
    groups = [{group[row] for row in part} for part in plan.parts.values()]
    assert sum(map(len, groups)) == len(set(group))
    # A part is at most one group away from its share; two parts may each lack what the third has too much.
    largest = max(Counter(group).values())
    for name, part in plan.parts.items():
        assert len(part)
        assert len(part) - shares[name] * n <= largest
        assert shares[name] * n - len(part) <= 2 * largest


def test_grouped_holdout_of_many_small_groups_meets_its_shares() -> None:
    corpus = _corpus("aaab" * 150, np.arange(600) // 2)
    plan = make_plan(corpus, TEXT, SplitSettings(holdout={"train": 0.8, "valid": 0.1, "test": 0.1}), 3)
    assert {name: round(len(part) / 600, 2) for name, part in plan.parts.items()} == {
        "train": 0.8, "valid": 0.1, "test": 0.1,
    }  # fmt: skip


def test_parts_as_given() -> None:
    corpus = _corpus("abababab", part=["train", "test", "train", "valid", "train", "test", "train", "valid"])
    plan = make_plan(corpus, TEXT, SplitSettings(given=True), 0)
    assert {k: v.tolist() for k, v in plan.parts.items()} == {"train": [0, 2, 4, 6], "test": [1, 5], "valid": [3, 7]}
    assert plan.units[0].train.tolist() == plan.final.tolist() == [0, 2, 4, 6]
    assert list(plan.units[0].held) == ["test", "valid"]


def test_a_class_with_one_row() -> None:
    corpus = _corpus([*"ab" * 12, "c"])
    _assert_whole(make_plan(corpus, TEXT, SplitSettings(5), 0), 25)
    parts = make_plan(corpus, TEXT, SplitSettings(holdout={"train": 0.8, "test": 0.2}), 0).parts
    assert sorted([*parts["train"], *parts["test"]]) == list(range(25))
    test = Counter(corpus["label"].to_numpy()[parts["test"]])
    assert abs(test["a"] - test["b"]) <= 2


@pytest.mark.parametrize("group", [None, list(range(20))])
@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_no_class_with_a_row_for_every_fold(target: str, group: Any) -> None:
    if target == "classes":
        corpus, task = _corpus([f"kelas {i % 10}" for i in range(20)], group), TEXT
    else:
        corpus, task = _corpus(score=np.arange(20.0), group=group), NUMBER
    _assert_whole(make_plan(corpus, task, SplitSettings(10), 0), 20)
    if group is not None:
        holdout = SplitSettings(holdout={"train": 0.8, "test": 0.2})
        assert len(make_plan(corpus, task, holdout, 0).parts["test"]) == 4


@pytest.mark.parametrize(
    ("corpus", "how", "key"),
    [
        (_corpus("abab"), SplitSettings(5), "split.too_few"),
        (_corpus("ab" * 10, [0, 1] * 10), SplitSettings(3), "split.too_few"),
        (
            _corpus("ab" * 10, [0, 1] * 10),
            SplitSettings(holdout={"train": 0.6, "valid": 0.2, "test": 0.2}),
            "split.too_few",
        ),
        (_corpus("abab"), SplitSettings(holdout={"train": 0.9, "test": 0.1}), "split.too_few"),
        (_corpus("abab"), SplitSettings(holdout={"train": 1.0}), "split.parts_needed"),
        (_corpus("abab"), SplitSettings(holdout={"valid": 0.5, "test": 0.5}), "split.parts_needed"),
        (_corpus("abab"), SplitSettings(given=True), "split.no_parts"),
        (_corpus("ab", part=["train", "train"]), SplitSettings(given=True), "split.parts_needed"),
        (_corpus("ab", part=["valid", "test"]), SplitSettings(given=True), "split.parts_needed"),
        (_corpus("ab" * 9), SplitSettings(2, group=True), "split.no_group"),
        (_corpus("ab" * 9), SplitSettings(2, stratify="harga"), "split.stratify"),
    ],
)
def test_refused(corpus: pd.DataFrame, how: SplitSettings, key: str) -> None:
    with pytest.raises(DataError) as error:
        make_plan(corpus, TEXT, how, 0)
    assert error.value.key == key
    assert str(error.value)


def _shares(column: list[str], label: str, plan: Any) -> list[int]:
    return [sum(column[row] == label for row in fold) for fold in _folds(plan)]


def test_several_outputs_are_stratified_together() -> None:
    rng = np.random.default_rng(0)
    harga = np.where(rng.random(200) < 0.3, "ada", "tidak").tolist()
    mutu = rng.choice(["-1", "0", "1"], 200, p=[0.1, 0.6, 0.3]).tolist()
    corpus = _corpus(label_harga=harga, label_mutu=mutu)
    plan = make_plan(corpus, SEVERAL, SplitSettings(5), 0)
    _assert_whole(plan, 200)
    both = [f"{a} {b}" for a, b in zip(harga, mutu, strict=True)]
    for label, count in Counter(both).items():
        counts = _shares(both, label, plan)
        if count >= 10:
            assert max(counts) - min(counts) <= 1, label
    for column in (harga, mutu):
        for label in set(column):
            counts = _shares(column, label, plan)
            assert max(counts) - min(counts) <= 3, label


@pytest.mark.parametrize(("name", "column"), [("harga", "label_harga"), ("mutu", "label_mutu")])
def test_one_of_several_outputs_is_stratified(name: str, column: str) -> None:
    rng = np.random.default_rng(0)
    corpus = _corpus(label_harga=rng.choice(["x", "y"], 83), label_mutu=rng.choice(["0", "1", "2"], 83))
    plan = make_plan(corpus, SEVERAL, SplitSettings(4, stratify=name), 0)
    for label in corpus[column].unique():
        counts = _shares(corpus[column].tolist(), label, plan)
        assert max(counts) - min(counts) <= 1


def test_numbers_are_stratified_by_fifths() -> None:
    scores = np.random.default_rng(0).permutation(np.linspace(0, 5, 100))
    plan = make_plan(_corpus(score=scores), NUMBER, SplitSettings(5), 0)
    fifth = (scores.argsort().argsort() // 20).astype(str).tolist()
    for name in set(fifth):
        assert _shares(fifth, name, plan) == [4] * 5


@pytest.mark.parametrize("scores", [np.zeros(20), np.array([0.0, 1.0] * 10), np.append(np.zeros(19), 5.0)])
def test_numbers_that_hardly_differ(scores: np.ndarray) -> None:
    _assert_whole(make_plan(_corpus(score=scores), NUMBER, SplitSettings(5), 0), 20)


def test_strata() -> None:
    assert strata_of(np.array(["a", "b"], dtype=object), False) is None
    strata = strata_of(np.array(["b", "a", "b"], dtype=object))
    assert strata is not None
    assert strata.tolist() == [1, 0, 1]


@quick
@given(st.integers(2, 8), st.integers(0, 40))
def test_folds_without_classes_differ_by_one_row_at_most(folds: int, more: int) -> None:
    n = folds + more
    sizes = [len(test) for _, test in folds_of(n, folds, None, None, 0)]
    assert sum(sizes) == n
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.1), (0.7, 0.15, 0.15), (0.6, 0.2, 0.2)])
@pytest.mark.parametrize("group", [False, True])
def test_the_essay_studys_splits_at_random_and_by_question(shares: tuple[float, ...], group: bool) -> None:
    """Thirty questions of unequal size: every part near its share, and by question none in two parts."""
    rng = np.random.default_rng(5)
    sizes = rng.integers(150, 350, 30)
    question = np.repeat(np.arange(30), sizes)
    score = np.clip(np.round(rng.normal(question % 5, 1.2)), 0, 5)
    corpus = _corpus(group=question, score=score)
    wanted = dict(zip(("train", "valid", "test"), shares, strict=True))
    parts = make_plan(corpus, NUMBER, SplitSettings(holdout=wanted, group=group), 13).parts
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(corpus)))
    for name, rows in parts.items():
        assert abs(len(rows) / len(corpus) - wanted[name]) < (0.05 if group else 0.001)
    held = [set(question[rows]) for rows in parts.values()]
    assert (not (held[0] & held[1] | held[0] & held[2] | held[1] & held[2])) == group
