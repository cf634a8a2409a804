"""Texts that are nearly the same: MinHash and locality-sensitive hashing, verified by the true Jaccard similarity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from makna.core.corpus import as_texts, normalised

THRESHOLD = 0.85
HASHES = 128
_MISSED = 1e-4  # of the pairs that are exactly as similar as the threshold, so many may be missed
_CROWD = 64  # in a bucket with more texts, each is compared with the next few only
_CHAIN = 8
_MARGIN = 0.2  # an estimate so far below the threshold is not verified: five standard errors
_AT_ONCE = 50_000


@dataclass(frozen=True)
class Shingles:
    """What of a text is compared: runs of so many characters or words of its normalised form.

    Parameters
    ----------
    unit : {"chars", "words"}
        What is counted.
    size : int
        How many make a shingle; a shorter text is one shingle.
    """

    unit: Literal["chars", "words"] = "chars"
    size: int = 4


def near_groups(
    texts: Sequence[str], threshold: float = THRESHOLD, shingles: Shingles | None = None, seed: int = 13
) -> list[list[int]]:
    """Return the groups of texts that are nearly the same.

    Two texts are near where the Jaccard similarity of their shingles, |A ∩ B| / |A ∪ B|, is at least the threshold; a
    group is what such pairs connect. Candidates come from MinHash signatures cut into bands (Broder 1997; Leskovec,
    Rajaraman & Ullman, *Mining of Massive Datasets*, section 3.4), with bands so short that a pair at the threshold is
    missed once in ten thousand at most; each candidate is verified on the shingles themselves.

    Parameters
    ----------
    texts : sequence of str, shape (n,)
        Raw or cleaned texts; they are compared in their normalised form. Texts without a letter or digit are left out.
    threshold : float, 0 < threshold ≤ 1
        Least similarity.
    shingles : Shingles or None
        What is compared; runs of four characters by default.
    seed : int
        Seed of the hashes; the same seed gives the same groups.

    Returns
    -------
    list of list of int
        Positions of two or more texts each, ascending; groups in the order of their first text.

    Raises
    ------
    DataError
        `texts` is no sequence of texts.

    Examples
    --------
    >>> near_groups(["barang sudah sampai dengan selamat kak", "lama", "Barang sudah sampai dengan selamat, kk!"], 0.8)
    [[0, 2]]
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold lies above 0 and up to 1; got {threshold}")
    forms = [normalised(text) for text in as_texts(texts)]
    first, same_as = _distinct(forms)
    sets = _shingle_sets([forms[i] for i in first], shingles or Shingles())
    groups = _connected(sets, threshold, seed)
    members: dict[int, list[int]] = {}
    for position, form in enumerate(forms):
        if form:
            members.setdefault(int(groups[same_as[position]]), []).append(position)
    return sorted(group for group in members.values() if len(group) > 1)


def jaccard(a: str, b: str, shingles: Shingles | None = None) -> float:
    """Return the Jaccard similarity of the shingles of two texts, in their normalised form; 0 where one is empty.

    Examples
    --------
    >>> jaccard("satu dua tiga", "satu dua empat", Shingles("words", 1))
    0.5
    """
    one, two = (shingle_set(normalised(text), shingles or Shingles()) for text in (a, b))
    return len(one & two) / len(one | two) if one and two else 0.0


def shingle_set(form: str, shingles: Shingles) -> set[tuple[str, ...]]:
    """Return the shingles of a normalised text."""
    pieces = list(form) if shingles.unit == "chars" else form.split()
    if not pieces:
        return set()
    return {tuple(pieces[i : i + shingles.size]) for i in range(max(1, len(pieces) - shingles.size + 1))}


@dataclass(frozen=True)
class _Sets:
    """The shingles of all texts one after another, as 64-bit numbers; each text has each of its shingles once."""

    values: np.ndarray
    starts: np.ndarray  # one more than there are texts

    def __len__(self) -> int:
        return len(self.starts) - 1


def _distinct(forms: list[str]) -> tuple[list[int], list[int]]:
    """Return the positions of the first text of each form, and for each text the number of its form."""
    numbers: dict[str, int] = {}
    first: list[int] = []
    same_as: list[int] = []
    for position, form in enumerate(forms):
        if form not in numbers:
            numbers[form] = len(first)
            first.append(position)
        same_as.append(numbers[form])
    return first, same_as


def _shingle_sets(forms: list[str], shingles: Shingles) -> _Sets:
    pieces = forms if shingles.unit == "chars" else [form.split() for form in forms]
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(piece, len(numbers)) for form in pieces for piece in form], dtype=np.uint64)
    lengths = np.array([len(form) for form in pieces], dtype=np.int64)
    windows = np.maximum(lengths - shingles.size + 1, np.minimum(lengths, 1))
    owners = np.repeat(np.arange(len(forms)), windows)
    begins = np.repeat(np.cumsum(lengths) - lengths, windows) + _counted(windows)
    ends = np.minimum(begins + shingles.size, np.repeat(np.cumsum(lengths), windows))
    values = np.zeros(len(begins), dtype=np.uint64)
    for step in range(shingles.size):
        at = begins + step
        inside = at < ends
        values[inside] = values[inside] * np.uint64(0x9E3779B97F4A7C15) + codes[at[inside]] + np.uint64(1)
    values = _mixed(values)
    order = np.lexsort((values, owners))
    values, owners = values[order], owners[order]
    fresh = np.ones(len(values), dtype=bool)
    fresh[1:] = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
    counts = np.bincount(owners[fresh], minlength=len(forms))
    return _Sets(values[fresh], np.concatenate([[0], np.cumsum(counts)]))


def _counted(sizes: np.ndarray) -> np.ndarray:
    """Return 0 … size−1 for each size, one after another."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread 64-bit numbers evenly, one to one (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _signatures(sets: _Sets, seed: int) -> np.ndarray:
    """Return the smallest hash of each text under each hash function, shape (hashes, n)."""
    generator = np.random.default_rng(seed)
    values = (sets.values >> np.uint64(32)).astype(np.uint32)
    factors = generator.integers(0, 2**31, HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shifts = generator.integers(0, 2**32, HASHES, dtype=np.uint32)
    filled = np.diff(sets.starts) > 0
    found = np.zeros((HASHES, len(sets)), dtype=np.uint32)
    if filled.any():
        for i in range(HASHES):
            found[i, filled] = np.minimum.reduceat(values * factors[i] + shifts[i], sets.starts[:-1][filled])
    return found


def _rows_a_band(threshold: float) -> int:
    """Return the most rows of a band with which a pair at the threshold is seldom missed."""
    fitting = [rows for rows in range(1, 17) if (1 - threshold**rows) ** (HASHES // rows) <= _MISSED]
    return max(fitting, default=1)


def _connected(sets: _Sets, threshold: float, seed: int) -> np.ndarray:
    """Return for each text the number of its group, shape (n,)."""
    signatures = _signatures(sets, seed)
    rows = _rows_a_band(threshold)
    filled = np.flatnonzero(np.diff(sets.starts) > 0)
    groups = np.arange(len(sets))
    refused = np.zeros(0, dtype=np.int64)
    for band in range(HASHES // rows):
        part = signatures[band * rows : (band + 1) * rows, filled].astype(np.uint64)
        keys = np.zeros(len(filled), dtype=np.uint64)
        for row in part:
            keys = _mixed(keys * np.uint64(0x9E3779B97F4A7C15) + row + np.uint64(1))
        for found in _bucket_pairs(keys):
            pairs = np.sort(filled[found], axis=1)
            # What is connected already needs no second look; neighbours come first, so that crowds are done quickly.
            pairs = pairs[groups[pairs[:, 0]] != groups[pairs[:, 1]]]
            pairs = pairs[~np.isin(pairs @ [len(sets), 1], refused)]
            pairs = pairs[_alike(signatures, pairs) >= threshold - _MARGIN]
            near = _near(pairs, sets, threshold)
            refused = np.union1d(refused, pairs[~near] @ [len(sets), 1])
            if near.any():
                links = pairs[near]
                graph = coo_array(
                    (np.ones(len(links)), (groups[links[:, 0]], groups[links[:, 1]])), shape=(len(sets),) * 2
                )
                groups = connected_components(graph, directed=False)[1][groups]
    return groups


def _bucket_pairs(keys: np.ndarray) -> Iterator[np.ndarray]:
    """Yield pairs of positions with the same key, in three rounds: next ones, near ones, others; few in a crowd."""
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    edges = np.concatenate([[0], cuts, [len(order)]]).astype(np.int64)
    sizes = edges[1:] - edges[:-1]
    left = np.repeat(sizes, sizes) - _counted(sizes)
    crowded = np.repeat(sizes, sizes) > _CROWD
    for distances in ((1,), range(2, _CHAIN + 1), range(_CHAIN + 1, _CROWD)):
        found = [np.zeros((0, 2), dtype=np.int64)]
        for distance in distances:
            at = np.flatnonzero((left > distance) & ~(crowded & (distance > _CHAIN)))
            if not len(at):
                break
            found.append(np.column_stack([order[at], order[at + distance]]))
        yield np.concatenate(found)


def _alike(signatures: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the share of equal hashes of each pair, an estimate of its similarity."""
    found = np.zeros(len(pairs))
    for start in range(0, len(pairs), _AT_ONCE):
        a, b = pairs[start : start + _AT_ONCE].T
        found[start : start + _AT_ONCE] = (signatures[:, a] == signatures[:, b]).mean(axis=0)
    return found


def _near(pairs: np.ndarray, sets: _Sets, threshold: float) -> np.ndarray:
    """Return for each pair whether its true similarity reaches the threshold."""
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    involved, numbers = np.unique(pairs, return_inverse=True)
    numbers = numbers.reshape(pairs.shape)
    sizes = np.diff(sets.starts)[involved]
    begins = np.repeat(sets.starts[:-1][involved], sizes) + _counted(sizes)
    _, columns = np.unique(sets.values[begins], return_inverse=True)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    table = csr_array((np.ones(len(columns), dtype=np.int32), columns, ends), shape=(len(involved), columns.max() + 1))
    common = np.concatenate(
        [
            np.asarray(table[some[:, 0]].multiply(table[some[:, 1]]).sum(axis=1)).ravel()
            for some in np.array_split(numbers, len(numbers) // _AT_ONCE + 1)
        ]
    )
    union = sizes[numbers[:, 0]] + sizes[numbers[:, 1]] - common
    return common >= threshold * union - 1e-9
