"""Fitting systems on rows of one corpus, sharing what they have in common.

Inside a fold, systems and cells of a grid often begin with the same steps on the same rows. Those are fitted once: a
step's work is known by the settings of all steps up to it and a hash of the training rows. The scores are those of
plain `cross_validate`; a test holds them equal.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import has_fit_parameter

from makna.core.corpus import take
from makna.core.errors import ModelError
from makna.core.portable import is_estimator, plain

_CAPACITY = 1_500_000_000
_WHOLE = 6  # fitted systems kept for those that are made of them
ALL_ROWS = "all"
_PLAIN, _WORD = 1000, 120  # bytes, roughly, of a plain value and of a word in a long list
_MANY, _DEEP = 1000, 5  # from which lists, and parts of parts, are guessed


@dataclass
class Guess:
    """What a fitted system says of some rows.

    Parameters
    ----------
    prediction : ndarray, shape (n,) or (n, outputs)
        Labels or numbers.
    probability : list of ndarray
        One an output, shape (n, classes); empty for numbers.
    """

    prediction: np.ndarray
    probability: list[np.ndarray]


class Executor:
    """Fits and predicts on rows of one corpus, given by position.

    Parameters
    ----------
    X : sequence of str or DataFrame
        All rows.
    y : ndarray
        Truth of all rows.
    groups : ndarray or None
        Group of all rows, for steps that part rows themselves.
    capacity : int
        Bytes of shared results kept at most.

    Attributes
    ----------
    seconds : dict
        Step → ``fit``, ``transform`` (seconds) and ``fits``, since it was last emptied; work found done costs nothing.
    unfinished : Pipeline or None
        What an interrupted fit had learned so far, where it can be used.
    members : set of str
        Signatures of the systems that others are made of: each is fitted once on the same rows.
    """

    def __init__(self, X: Any, y: np.ndarray, groups: np.ndarray | None = None, capacity: int = _CAPACITY) -> None:
        self.X = X
        self.y = y
        self.groups = groups
        self.seconds: dict[str, dict[str, float]] = {}
        self.unfinished: Pipeline | None = None
        self.members: set[str] = set()
        self._whole: OrderedDict[Hashable, Pipeline] = OrderedDict()
        self._saved: dict[Hashable, Callable[[], Pipeline | None]] = {}
        self._kept = _Kept(capacity)
        # A step that is one size of a family, such as a PCA → the fitted family whose transform it narrows.
        self._families: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def prepare(self, system: Pipeline) -> None:
        """Do a system's stateless work (cleaning, counting) for all rows at once; nothing is learned from them."""
        X: Any = self.X
        for _, step in system.steps[:-1]:
            if hasattr(step, "is_stateless"):
                key = signature(step)
                X = self._kept.get(("stateless", key)) if ("stateless", key) in self._kept else step.fit(X).transform(X)
                self._kept.put(("stateless", key), X)
                continue
            _prepare(step, X)
            return

    def fit(self, system: Pipeline, rows: np.ndarray, valid: np.ndarray | None = None) -> Pipeline:
        """Return a fitted copy of `system`, learned from these rows.

        Parameters
        ----------
        system : Pipeline
            Not fitted; it is left as it is.
        rows : ndarray of int
            Row positions.
        valid : ndarray of int or None
            Rows that a learner may watch while it learns (`X_val`, `y_val`), where it takes them.
        """
        name = signature(system) if self.members else ""
        if name not in self.members:
            return self._fit(system, rows, valid)
        here = (name, _hash(rows), None if valid is None else _hash(valid))
        if here not in self._whole:
            self._whole[here] = self._recalled(here) or self._fit(system, rows, valid)
            while len(self._whole) > _WHOLE:
                self._whole.popitem(last=False)
        self._whole.move_to_end(here)
        return self._whole[here]

    def recall(
        self, system: Pipeline, rows: np.ndarray, valid: np.ndarray | None, load: Callable[[], Pipeline | None]
    ) -> None:
        """Take over a system that was fitted on these rows before: it is loaded once another one is made of it.

        Parameters
        ----------
        system : Pipeline
            Not fitted.
        rows : ndarray of int
            Row positions it was fitted on.
        valid : ndarray of int or None
            Rows it watched.
        load : callable
            Returns the fitted system, or None where it was not kept; where it cannot, the system is fitted again.
        """
        name = signature(system) if self.members else ""
        if name in self.members:
            self._saved[name, _hash(rows), None if valid is None else _hash(valid)] = load

    def _recalled(self, here: Hashable) -> Pipeline | None:
        try:
            return self._saved[here]() if here in self._saved else None
        except ModelError:
            return None

    def _fit(self, system: Pipeline, rows: np.ndarray, valid: np.ndarray | None) -> Pipeline:
        learner = system.steps[-1][1]
        fitted_members: dict[str, Any] = {}
        if hasattr(learner, "members") and has_fit_parameter(learner, "fitted"):
            if valid is None and hasattr(learner, "part"):
                # It holds rows back: its members learn from the rest, as any other system on these rows.
                inside, held = learner.part(self.y[rows], None if self.groups is None else self.groups[rows])
                rows, valid = rows[inside], rows[held]
            fitted_members = {"fitted": {name: self.fit(one, rows, valid) for name, one in learner.members().items()}}
        groups = None if self.groups is None else self.groups[rows]
        key: Hashable = ("rows", _hash(rows))
        X: Any = None
        fitted: list[tuple[str, Any]] = []
        for name, step in system.steps[:-1]:
            made, X = self._fit_step((name, step), _Rows(rows, X, groups), key, fitted)
            key = (key, signature(step))
            fitted.append((name, made))
        X = take(self.X, rows) if X is None else X
        name, last = system.steps[-1]
        learner = clone(last)
        further = _fit_params(learner, groups) | fitted_members
        if valid is not None and has_fit_parameter(learner, "X_val"):
            further |= {"X_val": self._transformed(fitted, valid), "y_val": self.y[valid]}
        made = Pipeline([*fitted, (name, learner)])
        with self._timed(name, "fit"):
            try:
                learner.fit(X, self.y[rows], **further)
            except KeyboardInterrupt:
                self.unfinished = made if getattr(learner, "interrupted_", False) else None
                raise
        return made

    def predict(self, fitted: Pipeline, rows: np.ndarray) -> Guess:
        """Return what a fitted system says of these rows; transformed rows are shared between systems.

        Parameters
        ----------
        fitted : Pipeline
            From `fit`.
        rows : ndarray of int
            Row positions.
        """
        X = self._transformed(fitted.steps[:-1], rows)
        name, learner = fitted.steps[-1]
        with self._timed(name, "predict"):
            return guess(learner, X)

    def _fit_step(
        self, named: tuple[str, Any], rows: _Rows, key: Hashable, before: Sequence[tuple[str, Any]]
    ) -> tuple[Any, Any]:
        """Return the fitted step and what it makes of the rows, both shared with whoever asks for the same."""
        name, step = named
        family = step.family() if hasattr(step, "family") else step
        here = (key, signature(family))
        found = self._kept.get(("fit", here))
        if found is None:
            X = take(self.X, rows.positions) if rows.X is None else rows.X
            if getattr(step, "fit_rows", None) == ALL_ROWS:
                made = self._fit_on_all(name, family, before)
            else:
                made = self._fit_clone(name, family, X, rows)
            with self._timed(name, "transform"):
                found = (made, made.transform(X))
            self._kept.put(("fit", here), found)
        made, X = found
        if not hasattr(step, "family"):
            return made, X
        member = step.member_of(made)
        self._families[member] = made
        return member, step.narrow(X)

    def _fit_on_all(self, name: str, step: Any, before: Sequence[tuple[str, Any]]) -> Any:
        """Fit a step on all rows, those it is tested on too: a paper's protocol may ask for it, and the leak is shown.

        Folds share it where all steps before it learn nothing.
        """
        marks = tuple(signature(s) if hasattr(s, "is_stateless") else id(s) for _, s in before)
        key = ("fit on all", marks, signature(step))
        found = self._kept.get(key)
        if found is None:
            everything = np.arange(len(self.y))
            X = self._transformed(before, everything)
            # The steps before are kept with it: their ids are part of the key.
            found = (self._fit_clone(name, step, X, _Rows(everything, X, self.groups)), list(before))
            self._kept.put(key, found)
        return found[0]

    def _fit_clone(self, name: str, step: Any, X: Any, rows: _Rows) -> Any:
        made = clone(step)
        with self._timed(name, "fit"):
            made.fit(X, self.y[rows.positions], **_fit_params(made, rows.groups))
        return made

    def _transformed(self, steps: Sequence[tuple[str, Any]], rows: np.ndarray) -> Any:
        X = take(self.X, rows)
        key: Hashable = ("held", _hash(rows))
        for name, step in steps:
            family = self._families.get(step, step) if hasattr(step, "family") else step
            # The fitted step itself is the key: systems that share it share its output.
            here = (key, id(family))
            found = self._kept.get(("transform", here))
            if found is None:
                with self._timed(name, "transform"):
                    found = (family, family.transform(X))
                self._kept.put(("transform", here), found)
            X = found[1] if family is step else step.narrow(found[1])
            key = (key, id(step))
        return X

    @contextmanager
    def _timed(self, step: str, what: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        mine = self.seconds.setdefault(step, {})
        mine[what] = mine.get(what, 0.0) + time.perf_counter() - start
        if what == "fit":
            mine["fits"] = mine.get("fits", 0) + 1


@dataclass(frozen=True)
class _Rows:
    """Training rows: their positions, what the steps so far made of them (None: nothing yet), and their groups."""

    positions: np.ndarray
    X: Any
    groups: np.ndarray | None


def guess(learner: Any, X: Any) -> Guess:
    """Return labels and probabilities (or numbers) of a fitted learner; the label is the most probable class."""
    if not hasattr(learner, "classes_"):
        return Guess(np.asarray(learner.predict(X), dtype=float), [])
    if not hasattr(learner, "predict_proba"):  # a margin, before calibration
        return Guess(np.asarray(learner.predict(X), dtype=object), [])
    probability = learner.predict_proba(X)
    if isinstance(probability, list):
        classes = [np.asarray(c, dtype=object) for c in learner.classes_]
        columns = [c[p.argmax(axis=1)] for c, p in zip(classes, probability, strict=True)]
        return Guess(np.column_stack(columns).astype(object), probability)
    return Guess(np.asarray(learner.classes_, dtype=object)[probability.argmax(axis=1)], [probability])


def signature(estimator: Any) -> str:
    """Return what an unfitted estimator is: its type and all its parameters, as text."""
    return json.dumps(_description(estimator), sort_keys=True, ensure_ascii=False)


def _description(estimator: Any) -> Any:
    if isinstance(estimator, Pipeline | FeatureUnion):
        steps = estimator.steps if isinstance(estimator, Pipeline) else estimator.transformer_list
        return [type(estimator).__name__, [[name, _description(step)] for name, step in steps]]
    params = estimator.get_params(deep=False)
    told = {name: _described(value) for name, value in params.items()}
    return [f"{type(estimator).__module__}.{type(estimator).__qualname__}", told]


def _described(value: Any) -> Any:
    """Describe a parameter: an estimator, a list of named ones, or a plain value."""
    if isinstance(value, list) and any(isinstance(item, tuple) and is_estimator(item[-1]) for item in value):
        return [[name, _description(one)] for name, one in value]
    return _description(value) if is_estimator(value) else plain(value)


def _prepare(step: Any, X: Any) -> None:
    if isinstance(step, FeatureUnion):
        for _, part in step.transformer_list:
            _prepare(part.steps[0][1] if isinstance(part, Pipeline) else part, X)
    elif hasattr(step, "prepare"):
        step.prepare(X)


def _fit_params(step: Any, groups: np.ndarray | None) -> dict[str, Any]:
    return {"groups": groups} if groups is not None and has_fit_parameter(step, "groups") else {}


def _hash(rows: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest()


class _Kept:
    """The most recently used results, up to a number of bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._bytes = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._items

    def get(self, key: Hashable) -> Any:
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key][1]

    def put(self, key: Hashable, value: Any) -> None:
        if key in self._items:
            return
        size = _size(value)
        self._items[key] = (size, value)
        self._bytes += size
        while self._bytes > self._capacity and len(self._items) > 1:
            _, (gone, _) = self._items.popitem(last=False)
            self._bytes -= gone


def _size(value: Any, depth: int = 0) -> int:
    """Return about how many bytes a value takes: its arrays, and a guess for each of its words."""
    if sp.issparse(value):
        return int(value.data.nbytes + value.indices.nbytes + value.indptr.nbytes)
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, tuple | list | dict) and (len(value) > _MANY or depth > _DEEP):
        return _WORD * len(value)
    if isinstance(value, dict):
        return sum(_size(one, depth + 1) for one in value.values())
    if isinstance(value, tuple | list):
        return sum(_size(one, depth + 1) for one in value)
    held = getattr(value, "__dict__", None) if depth <= _DEEP else None
    return _PLAIN + (sum(_size(one, depth + 1) for one in held.values()) if held else 0)
