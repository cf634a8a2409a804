"""Principal components of dense rows, read block by block: rows may lie in a file and in half precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh, qr
from sklearn.utils import assert_all_finite

_BLOCK_BYTES = 64_000_000
# The randomised search carries some more directions than are wanted, so that the wanted ones settle sooner.
_FURTHER = 16
_MOST_PASSES = 8
_SETTLED = 1e-3


@dataclass(frozen=True)
class Components:
    """Directions of the largest variance.

    Parameters
    ----------
    mean : ndarray, shape (features,)
        Mean of each feature.
    basis : ndarray, shape (width, features)
        Components, the largest variance first; the entry of each that is largest in size is positive.
    variance : ndarray, shape (width,)
        Variance along each.
    total : float
        Variance of all features together.
    """

    mean: np.ndarray
    basis: np.ndarray
    variance: np.ndarray
    total: float


def by_covariance(X: np.ndarray, width: int) -> Components:
    """Return the first components from the covariance of all features: exact; features³ steps.

    Parameters
    ----------
    X : ndarray or memmap of float, shape (n, features)
        Rows.
    width : int
        Number of components, min(n, features) at most.
    """
    features = X.shape[1]
    mean = _mean(X)
    scatter = np.zeros((features, features))
    for _, block in _centred(X, mean, np.float64):
        scatter += block.T @ block
    scatter /= len(X) - 1
    total = float(np.trace(scatter))
    values, vectors = eigh(scatter, subset_by_index=[features - width, features - 1], overwrite_a=True)
    return _made(mean, vectors[:, ::-1], values[::-1], total)


def by_random_search(X: np.ndarray, width: int, random_state: int | None) -> Components:
    """Return the first components by subspace iteration from random directions (Halko, Martinsson & Tropp 2011).

    Rows in half or single precision are multiplied in single precision, sums over blocks are kept in double. Each pass
    reads all rows once; it ends when the variances no longer change by a thousandth, after eight passes at most.

    Parameters
    ----------
    X : ndarray or memmap of float, shape (n, features)
        Rows.
    width : int
        Number of components, min(n, features) at most.
    random_state : int or None
        Seed of the first directions.
    """
    mean = _mean(X)
    dtype = np.float64 if X.dtype == np.float64 else np.float32
    carried = min(width + _FURTHER, *X.shape)
    draw = np.random.default_rng(random_state).standard_normal((X.shape[1], carried), dtype=np.float32)
    directions = qr(draw.astype(np.float64), mode="economic")[0]
    before = np.zeros(width)
    for left in range(_MOST_PASSES, 0, -1):
        products, total = _pass(X, mean, directions, dtype)
        values, turn = eigh(directions.T @ products)
        values, turn = values[::-1][:width], turn[:, ::-1][:, :width]
        settled = np.abs(values - before) <= _SETTLED * values
        if settled.all() or left == 1:
            break
        before = values
        directions = qr(products, mode="economic", overwrite_a=True)[0]
    return _made(mean, directions @ turn, values, total)


def project(X: np.ndarray, mean: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return coordinates of rows along components, shape (n, width), in double precision."""
    found = np.empty((len(X), len(basis)))
    for rows, block in _centred(X, mean, np.float64):
        _refuse_no_numbers(block)
        found[rows] = block @ basis.T
    return found


def _pass(X: np.ndarray, mean: np.ndarray, directions: np.ndarray, dtype: Any) -> tuple[np.ndarray, float]:
    """Return the covariance times the directions, and the variance of all features together."""
    products = np.zeros(directions.shape[::-1])
    total = 0.0
    narrow = directions.astype(dtype)
    for _, block in _centred(X, mean, dtype):
        products += (block @ narrow).T @ block
        total += float(np.einsum("ij,ij->j", block, block).sum(dtype=np.float64))
    products /= len(X) - 1
    return products.T, total / (len(X) - 1)


def _refuse_no_numbers(block: np.ndarray) -> None:
    assert_all_finite(block, estimator_name="PCA", input_name="X")


def _mean(X: np.ndarray) -> np.ndarray:
    total = np.zeros(X.shape[1])
    for _, block in _converted(X, np.float64):
        _refuse_no_numbers(block)
        total += block.sum(axis=0)
    return total / len(X)


def _centred(X: np.ndarray, mean: np.ndarray, dtype: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of centred rows, each in the memory of the one before."""
    shift = mean.astype(dtype)
    for rows, block in _converted(X, dtype):
        block -= shift
        yield rows, block


def _converted(X: np.ndarray, dtype: Any) -> Iterator[tuple[slice, np.ndarray]]:
    size = min(max(1, _BLOCK_BYTES // (8 * X.shape[1])), len(X))
    room = np.empty((size, X.shape[1]), dtype)
    for start in range(0, len(X), size):
        rows = slice(start, min(start + size, len(X)))
        block = room[: rows.stop - start]
        block[:] = X[rows]
        yield rows, block


def _made(mean: np.ndarray, vectors: np.ndarray, variance: np.ndarray, total: float) -> Components:
    basis = np.ascontiguousarray(vectors.T)
    largest = basis[np.arange(len(basis)), np.abs(basis).argmax(axis=1)]
    basis *= np.where(largest < 0, -1.0, 1.0)[:, None]
    return Components(mean, basis, np.maximum(variance, 0), total)
