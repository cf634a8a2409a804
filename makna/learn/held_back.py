"""The rows a network learns from, and those it is judged by while it learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_consistent_length

from makna.core.corpus import TextRows, as_rows
from makna.core.errors import DataError
from makna.split.plan import folds_of


@dataclass(frozen=True)
class Side:
    """Texts or pairs of texts, and what is to be learned of them: labels or numbers, later their codes."""

    texts: TextRows
    targets: np.ndarray


@dataclass(frozen=True)
class Split:
    """Training rows and validation rows of one fit.

    Parameters
    ----------
    train, valid : Side
        The second may be empty.
    origin : {"given", "inner"} or None
        Where the validation rows come from; None where there are none.
    left_out : int
        Given validation rows whose label no training row has.
    kept : ndarray of int or None
        Positions of the training rows where others were held back; None where all are learned from.
    """

    train: Side
    valid: Side
    origin: str | None
    left_out: int = 0
    kept: np.ndarray | None = None

    def coded(self, classes: np.ndarray) -> Self:
        """Return the split with codes for labels; validation rows of other classes are left out."""
        known = np.isin(self.valid.targets, classes)
        return self.recoded(known, lambda labels: np.searchsorted(classes, labels).astype(np.int64))

    def recoded(self, known: np.ndarray, codes: Callable[[np.ndarray], np.ndarray]) -> Self:
        """Return the split with codes for labels; validation rows that are not known are left out, and counted."""
        rows = np.flatnonzero(known)
        valid = Side(_taken(self.valid.texts, rows), self.valid.targets[rows])
        return replace(self, valid=valid, left_out=len(known) - len(rows)).mapped(codes)

    def mapped(self, function: Callable[[np.ndarray], np.ndarray]) -> Self:
        """Return the split with other targets."""
        train, valid = (Side(side.texts, function(side.targets)) for side in (self.train, self.valid))
        return replace(self, train=train, valid=valid)


@dataclass(frozen=True)
class Holding:
    """How rows are held back where none are given.

    Parameters
    ----------
    share : float
        Of the rows; 0 holds none back.
    seed : int
        Seed.
    strata : ndarray of int, shape (n,)
        What is kept in equal shares: classes, or fifths of numbers.
    groups : sequence, shape (n,), or None
        Rows of one group stay together.
    """

    share: float
    seed: int
    strata: np.ndarray
    groups: Any = None


def split_of(texts: TextRows, targets: np.ndarray, given: tuple[Any, Any], holding: Holding) -> Split:
    """Return the rows to learn from and to be judged by.

    Parameters
    ----------
    texts, targets : shape (n,)
        What `fit` was given to learn from.
    given : (texts, targets) or (None, None)
        What it was given to be judged by.
    holding : Holding
        How rows are held back if that is nothing.

    Raises
    ------
    DataError
        Texts to be judged by came without what is true of them.
    """
    check_consistent_length(texts, targets, holding.groups)
    if given[0] is not None:
        if given[1] is None:
            raise DataError("learn.validation_without_labels")
        other, truth = as_rows(given[0]), np.asarray(given[1])
        check_consistent_length(other, truth)
        return Split(Side(texts, targets), Side(other, truth), "given" if other else None)
    train, valid = held_back(holding)
    known, judged = (Side(_taken(texts, rows), targets[rows]) for rows in (train, valid))
    return Split(known, judged, "inner" if len(valid) else None, kept=train)


def held_back(holding: Holding) -> tuple[np.ndarray, np.ndarray]:
    """Part rows into those learned from and those held back; every class keeps a row (or group) to be learned from.

    Returns
    -------
    train, valid : ndarray of int
        Row positions, in order.

    Examples
    --------
    >>> strata = np.repeat([0, 1], [20, 10])
    >>> train, valid = held_back(Holding(0.1, 0, strata))
    >>> len(train), np.bincount(strata[valid]).tolist()
    (27, [2, 1])
    """
    n = len(holding.strata)
    if holding.share <= 0 or n < 2:
        return np.arange(n), np.arange(0)
    held = _groups_held(holding) if holding.groups is not None else None
    held = _rows_held(holding) if held is None else held
    return np.setdiff1d(np.arange(n), held), np.sort(held)


def _rows_held(holding: Holding) -> np.ndarray:
    strata, rng = holding.strata, np.random.default_rng(holding.seed)
    held = []
    for stratum in np.unique(strata):
        inside = rng.permutation(np.flatnonzero(strata == stratum))
        held.append(inside[: min(round(holding.share * len(inside)), len(inside) - 1)])
    if not any(map(len, held)):
        # So small a share is less than a row of any class: one of the commonest.
        inside = rng.permutation(np.flatnonzero(strata == np.bincount(strata).argmax()))
        held = [inside[: min(1, len(inside) - 1)]]
    return np.concatenate(held)


def _groups_held(holding: Holding) -> np.ndarray | None:
    strata = holding.strata
    groups = np.unique(np.asarray(holding.groups).astype(str), return_inverse=True)[1]
    folds = min(max(2, round(1 / holding.share)), int(groups.max()) + 1)
    if folds < 2:
        return None  # one group alone cannot be held back
    held = next(iter(folds_of(len(strata), folds, strata, groups, holding.seed)))[1]
    lost = np.setdiff1d(strata, np.delete(strata, held))
    back = np.isin(groups[held], groups[held][np.isin(strata[held], lost)])
    return held[~back]


def _taken(texts: TextRows, rows: np.ndarray) -> TextRows:
    return [texts[row] for row in rows]
