"""Batches of rows of like length, and padding them no further than their longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def buckets(
    lengths: Sequence[int] | np.ndarray, batch_size: int, rng: np.random.Generator | None = None, window: int = 50
) -> list[np.ndarray]:
    """Part rows into batches of like length; every row is in exactly one batch.

    Parameters
    ----------
    lengths : sequence of int, shape (n,)
        Length of each row.
    batch_size : int
        Rows in a batch; the last one of a window may have fewer.
    rng : Generator or None
        Without one, all rows are sorted by length, the longest batch first. With one, rows are shuffled, sorted by
        length inside windows, and the batches shuffled: for training, where the order must change between epochs.
    window : int
        Batches in such a window. More make the lengths in a batch more alike and the order less free.

    Returns
    -------
    list of ndarray of int
        Row positions of each batch.

    Examples
    --------
    >>> [batch.tolist() for batch in buckets([3, 9, 4, 8], 2)]
    [[1, 3], [2, 0]]
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if batch_size < 1 or window < 1:
        raise ValueError(f"batch_size={batch_size}, window={window}")
    if rng is None:
        return _parted(np.argsort(-lengths, kind="stable"), batch_size)
    rows = rng.permutation(len(lengths))
    batches: list[np.ndarray] = []
    for part in _parted(rows, window * batch_size):
        batches += _parted(part[np.argsort(-lengths[part], kind="stable")], batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def pad(
    ids: Sequence[Sequence[int]], rows: Sequence[int] | np.ndarray, pad_id: int, multiple: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return some rows as one array, padded at the end to the longest of them.

    Parameters
    ----------
    ids : sequence of sequence of int
        All rows.
    rows : sequence of int, shape (b,)
        Which of them.
    pad_id : int
        What fills the rest.
    multiple : int
        The width is rounded up to a multiple of it.

    Returns
    -------
    ids : ndarray of int64, shape (b, width)
        The rows; `torch.from_numpy` takes them as they are.
    mask : ndarray of int64, shape (b, width)
        1 where there is a piece, 0 where there is padding.

    Examples
    --------
    >>> ids, mask = pad([[5, 6, 7], [8]], [1, 0], 0)
    >>> ids.tolist(), mask.tolist()
    ([[8, 0, 0], [5, 6, 7]], [[1, 0, 0], [1, 1, 1]])
    """
    chosen = [ids[row] for row in rows]
    lengths = np.fromiter(map(len, chosen), dtype=np.int64, count=len(chosen))
    width = -(-int(lengths.max(initial=0)) // multiple) * multiple
    mask = (np.arange(width) < lengths[:, None]).astype(np.int64)
    padded = np.full(mask.shape, pad_id, dtype=np.int64)
    padded[mask.astype(bool)] = np.fromiter((piece for row in chosen for piece in row), np.int64, int(lengths.sum()))
    return padded, mask


def _parted(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
