"""Kernels on dense features: their matrices by blocks of matrix products, and their explicit features where few."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from makna.core.memo import shared

# Rows of a block: its kernel values are worked on while they are still in the processor's cache.
_BLOCK = 64
_SPARE = 1.01  # folds differ by a row


@dataclass(frozen=True)
class KernelFunction(ABC):
    """A kernel and its parameters.

    Parameters
    ----------
    gamma : float
        Its width; the linear kernel has none.
    degree : int
        Degree of the polynomial.
    """

    gamma: float
    degree: int

    @abstractmethod
    def _finish(self, products: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        """Turn products a · b into values of the kernel, in place; `left` and `right` are the squared lengths."""

    def width(self, features: int) -> int | None:
        """Return how many explicit features this kernel has; None where it has no end of them."""
        return None

    def features(self, X: np.ndarray) -> np.ndarray:
        """Return explicit features: their dot products are the kernel's values. Shape (n, width)."""
        raise NotImplementedError

    def matrix(self, A: np.ndarray, B: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return the kernel of every row of A with every row of B, shape (rows of A, rows of B), in `out` if given."""
        found = np.empty((len(A), len(B))) if out is None else out
        for _ in self._blocks(A, B, found):
            pass
        return found

    def sums(self, A: np.ndarray, B: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return Σ weight · kernel(a, b) over the rows of B, shape (rows of A, rows of weights)."""
        found = np.empty((len(A), len(weights)))
        for rows, values in self._blocks(A, B):
            found[rows] = values @ weights.T
        return found

    def _blocks(
        self, A: np.ndarray, B: np.ndarray, out: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        left, right = (A * A).sum(axis=1), (B * B).sum(axis=1)
        room = np.empty((min(_BLOCK, len(A)), len(B))) if out is None else out
        for start in range(0, len(A), _BLOCK):
            rows = slice(start, min(start + _BLOCK, len(A)))
            values = np.matmul(A[rows], B.T, out=room[: rows.stop - start] if out is None else out[rows])
            self._finish(values, left[rows, None], right)
            yield rows, values


class Linear(KernelFunction):
    """a · b."""

    def _finish(self, products: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        return None

    def width(self, features: int) -> int:
        """Return how many explicit features this kernel has: those that came."""
        return features

    def features(self, X: np.ndarray) -> np.ndarray:
        """Return the features themselves."""
        return X

    def sums(self, A: np.ndarray, B: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return Σ weight · (a · b) over the rows of B: one product with the weighted sum of them."""
        return A @ (weights @ B).T


class Polynomial(KernelFunction):
    """(gamma · a · b) ^ degree."""

    def _finish(self, products: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        products *= self.gamma
        if self.degree > 1:
            once = products.copy()
            for _ in range(self.degree - 1):
                products *= once

    def width(self, features: int) -> int:
        """Return how many explicit features this kernel has: the monomials of its degree."""
        return comb(features + self.degree - 1, self.degree)

    def features(self, X: np.ndarray) -> np.ndarray:
        """Return all monomials of the degree, each times the root of how often it comes in the power."""
        found = np.empty((len(X), self.width(X.shape[1])))
        for place, chosen in enumerate(combinations_with_replacement(range(X.shape[1]), self.degree)):
            times = factorial(self.degree) // prod(factorial(n) for n in Counter(chosen).values())
            found[:, place] = X[:, chosen[0]] * np.sqrt(times * self.gamma**self.degree)
            for column in chosen[1:]:
                found[:, place] *= X[:, column]
        return found


class Gaussian(KernelFunction):
    """exp(-gamma · ‖a - b‖²)."""

    def _finish(self, products: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        products *= -2
        products += left
        products += right
        np.maximum(products, 0, out=products)  # rounding may leave the distance of a row to itself below 0
        products *= -self.gamma
        np.exp(products, out=products)


@contextmanager
def square_room(n: int) -> Iterator[np.ndarray]:
    """Lend an array of shape (n, n); inside `sharing()` the next one that asks gets the same memory.

    A gigabyte that is given back to the system and asked for again can cost more than the matrix that is written there.
    """
    kept: list[np.ndarray] | None = shared("room of a kernel matrix", list)
    flat = kept.pop() if kept else np.empty(0)
    if flat.size < n * n:
        del flat  # before the larger one is there
        flat = np.empty(int(n * n * _SPARE))
    yield flat[: n * n].reshape(n, n)
    if kept is not None and not kept:
        kept.append(flat)


KERNELS: dict[str, type[KernelFunction]] = {"linear": Linear, "poly": Polynomial, "rbf": Gaussian}
