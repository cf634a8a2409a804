"""Every row is in exactly one batch, batches are alike in length, and padding is only where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.represent.buckets import buckets, pad

LENGTHS = st.lists(st.integers(0, 60), max_size=120)


@given(LENGTHS, st.integers(1, 9), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 99)))
def test_every_row_is_in_one_batch(lengths: list[int], size: int, window: int, seed: int | None) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    batches = buckets(lengths, size, rng, window)
    assert sorted(row for batch in batches for row in batch.tolist()) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 99))
def test_the_seed_alone_decides(lengths: list[int], size: int, seed: int) -> None:
    first, second = (buckets(lengths, size, np.random.default_rng(seed)) for _ in range(2))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in second]


@given(LENGTHS, st.integers(1, 9))
def test_without_a_generator_the_longest_come_first(lengths: list[int], size: int) -> None:
    flat = [lengths[row] for batch in buckets(lengths, size) for row in batch]
    assert flat == sorted(lengths, reverse=True)


def test_batches_are_alike_in_length_and_change_between_epochs() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 3200)
    rng = np.random.default_rng(2)
    first, second = buckets(lengths, 32, rng), buckets(lengths, 32, rng)
    spread = np.mean([np.ptp(lengths[batch]) for batch in first])
    assert spread < 10, "shuffled batches would spread over 190"
    assert [batch.tolist() for batch in first] != [batch.tolist() for batch in second]
    means = [lengths[batch].mean() for batch in buckets(lengths, 32, rng, window=100)]
    assert means != sorted(means, reverse=True), "batches themselves are shuffled"


@given(st.lists(st.lists(st.integers(1, 9), max_size=12), min_size=1, max_size=9), st.integers(1, 16))
def test_padding_keeps_every_piece(ids: list[list[int]], multiple: int) -> None:
    rows = np.random.default_rng(len(ids)).permutation(len(ids))
    padded, mask = pad(ids, rows, 0, multiple)
    assert padded.shape == mask.shape
    assert padded.shape[1] % multiple == 0
    assert padded.shape[1] - max(map(len, ids)) < multiple
    for row, numbers, ones in zip(rows, padded, mask, strict=True):
        assert numbers[ones == 1].tolist() == ids[row]
        assert (numbers[ones == 0] == 0).all()
        assert (np.diff(ones) <= 0).all(), "padding is at the end"
    assert padded.dtype == mask.dtype == np.int64


def test_no_batch_without_rows() -> None:
    assert buckets([], 4) == []
    with pytest.raises(ValueError, match="batch_size=0"):
        buckets([1], 0)
