"""Which rows a system learns from and which it is scored on: folds, a hold-out, or parts as given."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, train_test_split

from makna.core.corpus import GROUP, PAIR, PART, targets
from makna.core.errors import DataError
from makna.core.messages import say
from makna.core.task import Task
from makna.split.questions import text_groups

TRAIN = "train"
_PIECES = 20
_BINS = 5


@dataclass(frozen=True)
class SplitSettings:
    """How rows are parted.

    Parameters
    ----------
    folds : int or None
        Number of folds of a cross-validation.
    holdout : dict or None
        Part → share of the rows.
    given : bool
        Take the parts of the corpus' column ``part``.
    stratify : bool or str
        Keep the share of each class (or of each fifth of a number) alike in all parts; the name of an output where
        there are several.
    group : bool, "texts" or None
        Keep rows of one group in one part; None: where the corpus has groups. "texts" makes groups of pairs that share
        a text (`makna.split.questions`).
    shuffle : bool
        Shuffle rows by the seed first.
    divide : dict of dict
        Given part → the parts it is divided into, with their shares; groups stay whole.
    leaks : {"keep", "drop"}
        Whether training rows stay whose group a given held part has too.
    """

    folds: int | None = None
    holdout: dict[str, float] | None = None
    given: bool = False
    stratify: bool | str = True
    group: bool | Literal["texts"] | None = None
    shuffle: bool = True
    divide: dict[str, dict[str, float]] = field(default_factory=dict)
    leaks: Literal["keep", "drop"] = "keep"


@dataclass(frozen=True)
class Unit:
    """One fit: rows to learn from and, by part, rows to be scored on.

    Parameters
    ----------
    name : str
        Fold number, or ``"train"`` where there is one fit.
    train : ndarray of int
        Row positions to learn from.
    held : dict of ndarray of int
        Part → row positions to be scored on.
    """

    name: str
    train: np.ndarray
    held: dict[str, np.ndarray]


@dataclass(frozen=True)
class Plan:
    """All fits of a study.

    Parameters
    ----------
    units : list of Unit
        The fits that are scored.
    final : ndarray of int
        Rows that saved systems are refitted on.
    groups : ndarray or None
        Group of each row where rows of a group stay together.
    parts : dict of ndarray of int
        Part → row positions; empty with folds.
    left_out : int
        Training rows left out because a held part has their group.
    """

    units: list[Unit]
    final: np.ndarray
    groups: np.ndarray | None = None
    parts: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: int = 0

    @property
    def by_folds(self) -> bool:
        """Whether this is a cross-validation."""
        return not self.parts


def make_plan(corpus: pd.DataFrame, task: Task, settings: SplitSettings, seed: int) -> Plan:
    """Part the rows of a corpus.

    Parameters
    ----------
    corpus : DataFrame
        Rows as they are after cleaning.
    task : Task
        Inputs and target.
    settings : SplitSettings
        How to part.
    seed : int
        Seed of the shuffling.

    Raises
    ------
    DataError
        Too few rows or groups for what is asked, or parts are asked for and not there.
    """
    groups = _groups(corpus, settings)
    strata = _strata(corpus, task, settings.stratify)
    if settings.given:
        parts = _divided(_given(corpus), settings.divide, strata, groups, seed)
        kept = parts | {TRAIN: _unknown(parts, groups)} if settings.leaks == "drop" else parts
        return replace(_plan_of_parts(kept, groups), left_out=len(parts[TRAIN]) - len(kept[TRAIN]))
    if settings.holdout is not None:
        parts = _holdout(len(corpus), strata, groups, settings.holdout, seed)
        return _plan_of_parts(parts, groups)
    folds = settings.folds or 5
    units = [
        Unit(str(i), train, {"test": test})
        for i, (train, test) in enumerate(folds_of(len(corpus), folds, strata, groups, seed, settings.shuffle), 1)
    ]
    return Plan(units, np.arange(len(corpus)), groups)


def folds_of(
    n: int, folds: int, strata: np.ndarray | None, groups: np.ndarray | None, seed: int, shuffle: bool = True
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (train, test) positions of each fold, stratified and grouped where these are given.

    Parameters
    ----------
    n : int
        Number of rows.
    folds : int
        Number of folds.
    strata : ndarray, shape (n,), or None
        What to keep in equal shares.
    groups : ndarray, shape (n,), or None
        What to keep together.
    seed : int
        Seed of the shuffling.
    shuffle : bool
        Shuffle rows by the seed first.

    Raises
    ------
    DataError
        Fewer rows or groups than folds.
    """
    units = n if groups is None else len(np.unique(groups))
    if units < folds:
        what = "split.rows" if groups is None else "split.groups"
        raise DataError("split.too_few", folds=folds, n=units, what=say(what))
    if strata is not None and np.unique(strata, return_counts=True)[1].max() < folds:
        strata = None  # no class has a row for every fold: there are no shares to keep
    splitter = _splitter(folds, strata is not None, groups is not None, seed, shuffle)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is reported with the data, not by scikit-learn.
        warnings.filterwarnings("ignore", message="The least populated class")
        yield from splitter.split(np.zeros((n, 1)), strata, groups)


def share_of(rows: np.ndarray, y: np.ndarray, groups: np.ndarray | None, share: float, seed: int) -> np.ndarray:
    """Return a share of the rows in the same mix of classes; smaller shares lie inside larger ones.

    Parameters
    ----------
    rows : ndarray of int
        Row positions.
    y : ndarray
        Truth of every row of the corpus.
    groups : ndarray or None
        Group of every row of the corpus; groups are taken whole.
    share : float
        Wanted, 0 to 1.
    seed : int
        Seed of the order in which rows (or groups) are taken.
    """
    if share >= 1:
        return rows
    generator = np.random.default_rng(seed)
    if groups is not None:
        order = generator.permutation(np.unique(groups[rows]))
        sizes = np.cumsum([int((groups[rows] == group).sum()) for group in order])
        taken = order[: int((sizes < share * len(rows)).sum()) + 1]
        return rows[np.isin(groups[rows], taken)]
    strata = strata_of(y[rows])
    assert strata is not None
    kept = []
    for stratum in np.unique(strata):
        inside = generator.permutation(rows[strata == stratum])
        kept.append(inside[: max(1, round(share * len(inside)))])
    return np.sort(np.concatenate(kept))


def strata_of(y: np.ndarray, stratify: bool | str = True, outputs: tuple[str, ...] = ("",)) -> np.ndarray | None:
    """Return what to stratify y by: its classes, fifths of its numbers, or the chosen (else the first) output."""
    if stratify is False:
        return None
    if y.dtype.kind == "f":
        edges = np.unique(np.quantile(y, np.linspace(0, 1, _BINS + 1)[1:-1]))
        return np.digitize(y, edges)
    if y.ndim == 2:
        column = outputs.index(stratify) if isinstance(stratify, str) and stratify in outputs else None
        if column is None:
            return _label_sets(y)
        y = y[:, column]
    return np.unique(y.astype(str), return_inverse=True)[1]


def _label_sets(y: np.ndarray) -> np.ndarray:
    """Return whole rows of labels as strata; sets rarer than ten rows are told apart by their rarest label."""
    text = y.astype(str)
    _, inverse, counts = np.unique(text, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    shares = np.stack([_share(text[:, j]) for j in range(text.shape[1])], axis=1)
    rarest = shares.argmin(axis=1)
    rare_key = np.array([f"{j}:{text[i, j]}" for i, j in enumerate(rarest)], dtype=object)
    keys = np.where(counts[inverse] >= 10, inverse.astype(str).astype(object), rare_key)
    return np.unique(keys.astype(str), return_inverse=True)[1]


def _share(column: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    return counts[inverse]


def _splitter(folds: int, stratified: bool, grouped: bool, seed: int, shuffle: bool) -> Any:
    random_state = seed if shuffle else None
    if stratified and grouped:
        return StratifiedGroupKFold(folds, shuffle=shuffle, random_state=random_state)
    if stratified:
        return StratifiedKFold(folds, shuffle=shuffle, random_state=random_state)
    if grouped:
        return GroupKFold(folds, shuffle=shuffle, random_state=random_state)
    return KFold(folds, shuffle=shuffle, random_state=random_state)


def _groups(corpus: pd.DataFrame, settings: SplitSettings) -> np.ndarray | None:
    if settings.group == "texts":
        if not set(PAIR) <= set(corpus):
            raise DataError("split.group_of_pairs")
        return text_groups(*(corpus[side].tolist() for side in PAIR))
    present = GROUP in corpus
    if settings.group and not present:
        raise DataError("split.no_group")
    if not present or settings.group is False:
        return None
    return np.unique(corpus[GROUP].to_numpy(dtype=object).astype(str), return_inverse=True)[1]


def _strata(corpus: pd.DataFrame, task: Task, stratify: bool | str) -> np.ndarray | None:
    if isinstance(stratify, str) and stratify not in ("label", "score", *task.outputs):
        allowed = ", ".join(["label", *filter(None, task.outputs)])
        raise DataError("split.stratify", came=stratify, allowed=allowed)
    return strata_of(targets(corpus, task), stratify, task.outputs)


def _given(corpus: pd.DataFrame) -> dict[str, np.ndarray]:
    if PART not in corpus:
        raise DataError("split.no_parts")
    parts = corpus[PART].to_numpy(dtype=object)
    found = {str(name): np.flatnonzero(parts == name) for name in dict.fromkeys(parts)}
    if TRAIN not in found or len(found) < 2:
        raise DataError("split.parts_needed", came=", ".join(found))
    return found


def _divided(
    parts: dict[str, np.ndarray], divide: dict[str, dict[str, float]], strata: np.ndarray | None,
    groups: np.ndarray | None, seed: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return the parts with some of them divided further."""
    found = dict(parts)
    for name, shares in divide.items():
        if name not in parts or (TRAIN in shares) != (name == TRAIN):
            raise DataError("split.divide", came=name, allowed=", ".join(part for part in parts))
        rows = found.pop(name)
        some = None if strata is None else strata[rows]
        own = np.arange(len(rows)) if groups is None else np.unique(groups[rows], return_inverse=True)[1]
        found |= {part: rows[inside] for part, inside in _grouped_holdout(len(rows), some, own, shares, seed).items()}
    return found


def _unknown(parts: dict[str, np.ndarray], groups: np.ndarray | None) -> np.ndarray:
    """Return the training rows whose group no held part has."""
    if groups is None:
        raise DataError("split.leaks_without_groups")
    held = np.concatenate([groups[rows] for name, rows in parts.items() if name != TRAIN])
    rows = parts[TRAIN][~np.isin(groups[parts[TRAIN]], held)]
    if not len(rows):
        raise DataError("split.all_leak", n=len(parts[TRAIN]))
    return rows


def _plan_of_parts(parts: dict[str, np.ndarray], groups: np.ndarray | None) -> Plan:
    held = {name: rows for name, rows in parts.items() if name != TRAIN}
    return Plan([Unit(TRAIN, parts[TRAIN], held)], parts[TRAIN], groups, parts)


def _holdout(
    n: int, strata: np.ndarray | None, groups: np.ndarray | None, shares: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    if TRAIN not in shares or len(shares) < 2:
        raise DataError("split.parts_needed", came=", ".join(shares))
    if groups is not None:
        return _grouped_holdout(n, strata, groups, shares, seed)
    left, parts, remaining = np.arange(n), {}, 1.0
    for name, share in [(k, v) for k, v in shares.items() if k != TRAIN]:
        size = round(share / remaining * len(left))
        if not 0 < size < len(left):
            raise DataError("split.too_few", folds=len(shares), n=n, what=say("split.rows"))
        left_strata = _usable(strata[left], size) if strata is not None else None
        left, taken = train_test_split(left, test_size=size, random_state=seed, stratify=left_strata)
        parts[name] = np.sort(taken)
        remaining -= share
    return {TRAIN: np.sort(left), **parts}


def _usable(strata: np.ndarray, size: int) -> np.ndarray | None:
    """Return strata that scikit-learn accepts: a class with one row joins the commonest, for parting only."""
    counts = np.bincount(strata)
    joined = np.where(counts[strata] < 2, counts.argmax(), strata)
    classes = len(np.unique(joined))
    return joined if classes <= min(size, len(strata) - size) else None


def _grouped_holdout(
    n: int, strata: np.ndarray | None, groups: np.ndarray, shares: dict[str, float], seed: int
) -> dict[str, np.ndarray]:
    pieces = min(_PIECES, len(np.unique(groups)))
    if pieces < len(shares):
        raise DataError("split.too_few", folds=len(shares), n=pieces, what=say("split.groups"))
    parts: dict[str, list[np.ndarray]] = {name: [] for name in shares}
    for _, piece in folds_of(n, pieces, strata, groups, seed):
        # Each piece goes to a part that has none yet, else to the one furthest below its share.
        need = {name: share * n - sum(map(len, parts[name])) for name, share in shares.items()}
        waiting = [name for name in shares if not parts[name]] or list(shares)
        parts[max(waiting, key=need.__getitem__)].append(piece)
    return {name: np.sort(np.concatenate(rows)) for name, rows in parts.items()}
