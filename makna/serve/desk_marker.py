"""Marks for the rest of a class, learned from the answers that a teacher has marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from makna.learn.forest import ForestRegressor

_RIDGE = (0.3, 1.0)  # of the kernel regression within a question
_PRIOR = 2.0  # marked answers that the mean of all questions counts for
_SHARPNESS = 4  # a neighbour twice as near counts 16 times
_MANY = 300  # marked answers from which fewer folds do
_FEW_FOLDS = 5
_LEAST_ROWS = 4  # fewer marked answers teach nothing


@dataclass(frozen=True)
class MarkerSettings:
    """How marks are learned.

    Parameters
    ----------
    low, high : float
        Ends of the scale.
    step : float or None
        Distance between two marks; None for no rounding.
    folds : int
        Marked answers are marked by systems that did not see their mark, in so many parts; in five at most where more
        than 300 are marked.
    trees : int
        Of the forest.
    seed : int
        Seed.
    """

    low: float = 0.0
    high: float = 5.0
    step: float | None = None
    folds: int = 10
    trees: int = 100
    seed: int = 13


@dataclass(frozen=True)
class Class:
    """The answers of a class as numbers.

    Parameters
    ----------
    features : ndarray, shape (n, p)
        What is known of an answer without any mark.
    views : list of ndarray or sparse matrix, each shape (n, width)
        Answers as vectors of length 1; their products say how alike two answers are.
    question : ndarray of int, shape (n,)
        Which question is answered.
    marks : ndarray, shape (n,)
        The teacher's marks; NaN where she gave none.
    """

    features: np.ndarray
    views: Sequence[object]
    question: np.ndarray
    marks: np.ndarray


@dataclass(frozen=True)
class Marked:
    """Marks of all rows; a marked row's are from a system that did not see its mark.

    Parameters
    ----------
    mark : ndarray, shape (n,)
        On the scale; NaN where nothing could be learned.
    doubt : ndarray, shape (n,), 0 … 1
        How likely the mark is to be off by more than the tolerance, as the forest has it.
    """

    mark: np.ndarray
    doubt: np.ndarray


def mark_class(given: Class, tolerance: float, settings: MarkerSettings) -> Marked:
    """Mark every answer of a class.

    The system is a random forest on what an answer shares with its key and its question, and on what the marked answers
    to the same question tell: kernel regression and nearest neighbours, each row's own mark left out. Marked rows are
    marked in parts, each by a forest that saw the others; the rest by a forest that saw them all.

    Parameters
    ----------
    given : Class
        The class.
    tolerance : float
        A mark is wrong if it is off by more.
    settings : MarkerSettings
        How.

    Returns
    -------
    Marked
        NaN and doubt 1 everywhere if there are fewer than four marked answers.

    Notes
    -----
    The doubt is a quantile forest's (Meinshausen 2006, *Quantile regression forests*, eq. 5-6): the marked answers in a
    row's leaves are a distribution of its mark, and the doubt is how much of it lies beyond the tolerance.
    """
    known = np.flatnonzero(~np.isnan(given.marks))
    n = len(given.marks)
    mark, doubt = np.full(n, np.nan), np.ones(n)
    if len(known) < _LEAST_ROWS:
        return Marked(mark, doubt)
    neighbours = _Neighbours(given)
    for train, held in [*_parts(given, known, settings), (known, np.setdiff1d(np.arange(n), known))]:
        if len(held):
            mark[held], doubt[held] = _one(given, neighbours, (train, held), tolerance, settings)
    return Marked(mark, doubt)


def _parts(given: Class, known: np.ndarray, settings: MarkerSettings) -> list[tuple[np.ndarray, np.ndarray]]:
    """Part the marked rows: those of each question are dealt out to the folds in turn, in a random order."""
    folds = min(settings.folds if len(known) <= _MANY else _FEW_FOLDS, len(known))
    chance = np.random.default_rng(settings.seed).random(len(known))
    order = np.lexsort((chance, given.question[known]))
    fold = np.empty(len(known), dtype=int)
    fold[order] = np.arange(len(known)) % folds
    return [(known[fold != k], known[fold == k]) for k in range(folds)]


def _one(
    given: Class,
    neighbours: _Neighbours,
    rows: tuple[np.ndarray, np.ndarray],
    tolerance: float,
    settings: MarkerSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Return marks and doubts of the held rows by what the training rows teach."""
    train, held = rows
    told = neighbours.told(train)
    X = np.hstack([given.features, told])
    y = given.marks[train]
    leaf = 1 if len(train) < 60 else 2
    forest = ForestRegressor(settings.trees, min_samples_leaf=leaf, max_features=0.4, random_state=settings.seed)
    forest.fit(X[train], y)
    linear = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 4, 9))).fit(X[train], y)
    found = (forest.predict(X[held]) + linear.predict(X[held])) / 2
    mark = _on_scale(found, settings)
    return mark, _doubt(forest, (X[train], y), X[held], mark, tolerance)


def _on_scale(found: np.ndarray, settings: MarkerSettings) -> np.ndarray:
    if settings.step is not None:
        found = settings.low + np.floor((found - settings.low) / settings.step + 0.5) * settings.step
    return np.clip(found, settings.low, settings.high)


def _doubt(
    forest: ForestRegressor,
    taught: tuple[np.ndarray, np.ndarray],
    X: np.ndarray,
    mark: np.ndarray,
    tolerance: float,
) -> np.ndarray:
    """Return how much of each row's distribution of marks lies beyond the tolerance."""
    values, codes = np.unique(taught[1], return_inverse=True)
    shares = np.zeros((len(X), len(values)))
    for leaf_of_taught, leaf in zip(forest.apply(taught[0]).T, forest.apply(X).T, strict=True):
        counts = np.zeros((max(leaf_of_taught.max(), leaf.max()) + 1, len(values)))
        np.add.at(counts, (leaf_of_taught, codes), 1.0)
        found = counts[leaf]
        shares += found / np.maximum(found.sum(axis=1, keepdims=True), 1.0)
    beyond = np.abs(values - mark[:, None]) > tolerance + 1e-9
    return (shares * beyond).sum(axis=1) / forest.n_estimators


class _Neighbours:
    """What the marked answers to the same question tell of an answer."""

    def __init__(self, given: Class) -> None:
        self._marks = given.marks
        self._questions = []
        for question in np.unique(given.question):
            rows = np.flatnonzero(given.question == question)
            known = rows[~np.isnan(given.marks[rows])]
            alike = [_dense(view[rows] @ view[known].T) for view in given.views] if len(known) else []  # type: ignore[index]
            self._questions.append((rows, known, alike))
        self._views = len(given.views)

    def told(self, train: np.ndarray) -> np.ndarray:
        """Return features of all rows; those of a training row leave its own mark out."""
        taught = np.zeros(len(self._marks), dtype=bool)
        taught[train] = True
        general = float(self._marks[train].mean())
        out = np.zeros((len(self._marks), 2 + self._views * (len(_RIDGE) + 2)))
        for rows, known, alike in self._questions:
            use = taught[known]
            marks = self._marks[known][use] - general
            own = np.searchsorted(known[use], rows)
            own = np.where(taught[rows], own, -1)
            columns = [_means(marks, own), np.full(len(rows), np.log1p(len(marks)))]
            for similar in alike:
                columns += _from_alike(similar[:, use], known[use], rows, own, marks)
            if not alike:
                columns += [np.zeros(len(rows))] * (out.shape[1] - 2)
            out[rows] = np.stack(columns, axis=1)
        out[:, 0] += general
        return out


def _means(marks: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the mean mark of the question without the row's own, drawn to that of all questions (0)."""
    mine = np.where(own >= 0, marks[own] if len(marks) else 0.0, 0.0)
    return (marks.sum() - mine) / (len(marks) - (own >= 0) + _PRIOR)


def _from_alike(
    alike: np.ndarray, known: np.ndarray, rows: np.ndarray, own: np.ndarray, marks: np.ndarray
) -> list[np.ndarray]:
    """Return kernel regressions, the neighbours' mark and the nearest neighbour's likeness, without the own mark."""
    if not len(marks):
        return [np.zeros(len(rows))] * (len(_RIDGE) + 2)
    mine = own >= 0
    kernel = alike + 1.0  # the constant lets a question have its own mean
    inner = kernel[np.searchsorted(rows, known)]
    columns = []
    for ridge in _RIDGE:
        inverse = np.linalg.inv(inner + ridge * np.eye(len(marks)))
        alpha = inverse @ marks
        found = kernel @ alpha
        # Leaving one out in closed form (Golub, Heath & Wahba 1979).
        found[mine] = (marks - alpha / np.diag(inverse))[own[mine]]
        columns.append(found)
    near = np.clip(alike, 0, None).copy()
    near[np.flatnonzero(mine), own[mine]] = 0
    weights = near**_SHARPNESS
    columns.append(weights @ marks / (weights.sum(axis=1) + 0.05))
    columns.append(near.max(axis=1))
    return columns


def _dense(found: object) -> np.ndarray:
    return np.asarray(found.todense() if hasattr(found, "todense") else found, dtype=float)
