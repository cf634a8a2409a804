"""Machines of two classes each, one for every pair of classes, in the layout of libsvm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from makna.learn import interior


@dataclass(frozen=True)
class Machines:
    """The machines of all pairs of classes; one is positive for the first class of its pair.

    Parameters
    ----------
    support : ndarray of int32, shape (vectors,)
        Rows that are support vectors, by class.
    counts : ndarray of int32, shape (classes,)
        Support vectors of each class.
    coefficients : ndarray, shape (classes - 1, vectors)
        Signed coefficients of a support vector against each other class in turn.
    intercepts : ndarray, shape (machines,)
        Intercepts, in the order of `pairs`.
    steps : ndarray of int32, shape (machines,)
        Steps of the solver.
    """

    support: np.ndarray
    counts: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    steps: np.ndarray


def pairs(classes: int) -> list[tuple[int, int]]:
    """Return all pairs of classes in the order of libsvm.

    Examples
    --------
    >>> pairs(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return [(one, other) for one in range(classes) for other in range(one + 1, classes)]


def solve_pairs(F: np.ndarray, codes: np.ndarray, bound: np.ndarray, max_steps: int) -> Machines | None:
    """Return the machine of every pair by the interior-point method; None if one was not reached.

    Parameters
    ----------
    F : ndarray of float64, shape (n, features)
        Explicit features of the kernel.
    codes : ndarray of int, shape (n,)
        Codes of the classes, 0 to classes - 1.
    bound : ndarray, shape (n,)
        Largest coefficient of each row.
    max_steps : int
        Most Newton steps of a machine, where this is less than the method's own limit.
    """
    classes = int(codes.max()) + 1
    signed = np.zeros((classes - 1, len(F)))
    intercepts, steps = [], []
    for one, other in pairs(classes):
        rows = np.flatnonzero((codes == one) | (codes == other))
        sign = np.where(codes[rows] == one, 1.0, -1.0)
        found = interior.solve(F[rows], sign, bound[rows], min(max_steps, interior.MAX_STEPS))
        if found is None:
            return None
        signed[np.where(codes[rows] == one, other - 1, one), rows] = sign * found.alpha
        intercepts.append(found.intercept)
        steps.append(max(found.steps, 1))
    support = np.flatnonzero(signed.any(axis=0))
    support = support[np.argsort(codes[support], kind="stable")].astype(np.int32)
    return Machines(
        support,
        np.bincount(codes[support], minlength=classes).astype(np.int32),
        np.ascontiguousarray(signed[:, support]),
        np.array(intercepts),
        np.array(steps, dtype=np.int32),
    )


def one_a_machine(coefficients: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the coefficients of all support vectors in each machine, shape (machines, vectors).

    Parameters
    ----------
    coefficients : ndarray, shape (classes - 1, vectors)
        In the layout of libsvm.
    counts : ndarray of int, shape (classes,)
        Support vectors of each class.

    Examples
    --------
    >>> one_a_machine(np.array([[1.0, -2.0, -3.0], [4.0, 5.0, -6.0]]), np.array([1, 1, 1])).tolist()
    [[1.0, -2.0, 0.0], [4.0, 0.0, -3.0], [0.0, 5.0, -6.0]]
    """
    ends = np.cumsum([0, *counts])
    weights = np.zeros((len(pairs(len(counts))), coefficients.shape[1]))
    for machine, (one, other) in enumerate(pairs(len(counts))):
        first, second = slice(ends[one], ends[one + 1]), slice(ends[other], ends[other + 1])
        weights[machine, first] = coefficients[other - 1, first]
        weights[machine, second] = coefficients[one, second]
    return weights
