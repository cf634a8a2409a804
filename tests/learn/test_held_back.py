"""Which rows are held back to judge a network by."""

from __future__ import annotations

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn.held_back import Holding, Side, Split, held_back, split_of

STRATA = np.repeat([0, 1, 2], [60, 30, 10])


def test_shares_are_kept_and_every_row_is_on_one_side() -> None:
    train, valid = held_back(Holding(0.2, 3, STRATA))
    assert np.bincount(STRATA[valid]).tolist() == [12, 6, 2]
    assert sorted([*train, *valid]) == list(range(100))
    again, other = held_back(Holding(0.2, 3, STRATA))[1], held_back(Holding(0.2, 4, STRATA))[1]
    assert valid.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize("counts", [[1, 1], [2, 1], [5, 1, 1], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_every_class_keeps_a_row_to_learn_from(counts: list[int], share: float) -> None:
    strata = np.repeat(np.arange(len(counts)), counts)
    train, _ = held_back(Holding(share, 0, strata))
    assert set(strata[train]) == set(strata)


def test_a_small_share_of_few_rows_is_one_row_and_none_is_none() -> None:
    assert len(held_back(Holding(0.01, 0, STRATA[-20:]))[1]) == 1
    assert len(held_back(Holding(0.0, 0, STRATA))[1]) == 0
    assert len(held_back(Holding(0.5, 0, STRATA[:1]))[1]) == 0


def test_groups_stay_together_and_classes_are_not_lost() -> None:
    groups = np.arange(100) // 5
    train, valid = held_back(Holding(0.2, 1, STRATA, groups))
    assert not set(groups[train]) & set(groups[valid])
    assert 10 <= len(valid) <= 30
    assert set(STRATA[train]) == {0, 1, 2}
    alone = np.where(STRATA == 2, 99, np.arange(100))  # all rows of a class in one group
    for seed in range(10):
        assert 2 in STRATA[held_back(Holding(0.3, seed, STRATA, alone))[0]]
    one = held_back(Holding(0.2, 1, STRATA, np.zeros(100)))[1]
    assert len(one) == 20, "one group alone is not heeded"


def test_given_rows_are_used_and_unknown_classes_left_out() -> None:
    y = np.array(["a", "b", "a"], dtype=object)
    split = split_of(["x", "y", "z"], y, (["p", "q"], ["b", "c"]), Holding(0.1, 0, np.zeros(3, int)))
    coded = split.coded(np.array(["a", "b"], dtype=object))
    assert (split.origin, coded.left_out) == ("given", 1)
    assert (coded.valid.texts, coded.valid.targets.tolist()) == (["p"], [1])
    assert coded.train.targets.tolist() == [0, 1, 0]
    with pytest.raises(DataError, match="y_val"):
        split_of(["x"], y[:1], (["p"], None), Holding(0.1, 0, np.zeros(1, int)))


def test_other_targets() -> None:
    split = Split(Side(["a"], np.array([1.0])), Side([], np.array([])), None)
    assert split.mapped(lambda values: values * 2).train.targets.tolist() == [2.0]
