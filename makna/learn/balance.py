"""Training rows brought towards equal classes: small classes copied or rewritten, large ones thinned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, indexable

from makna.clean.augment import DEFAULT, Augmenter, Operation
from makna.core.corpus import as_texts, is_pairs, take, text_array
from makna.core.errors import DataError
from makna.learn.around import Around
from makna.learn.settings import Seed

Method = Literal["over", "under", "augment", "none"]
Fraction = Annotated[float, Field(gt=0, le=1)]
_LEAST = 2  # rows that thinning leaves a class


@dataclass
class _Rows:
    """Which rows are trained on: those that stay, then the copies, each by the position it comes from."""

    stay: np.ndarray
    copies: np.ndarray

    @property
    def all(self) -> np.ndarray:
        return np.concatenate([self.stay, self.copies])


def _inner_has(method: str) -> Callable[[Any], bool]:
    return lambda balanced: hasattr(getattr(balanced, "estimator_", balanced.estimator), method)


class Balanced(Around, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier, or a whole chain of steps, that learns from rows with more equal classes.

    Only the rows it is fitted on are touched; what it predicts, and what it watches while it learns, stays as it is.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What learns. A Pipeline is fitted whole on the new rows, its representations too.
    method : {"over", "under", "augment", "none"}
        Rows of small classes again; fewer rows of large ones; small classes again, each copy written another way
        (`makna.clean.augment`; single texts only); or the rows as they are.
    share : float
        How far a class is brought towards the largest ("under": towards the smallest), in (0, 1]; 1 makes them equal.
    operations : list of str or None
        What "augment" may do to a text: "slang", "standard", "affix", "drop", "swap"; all but "swap" where None.
    change, drop : float
        Shares of a text's words that "augment" changes and leaves out, in (0, 1].
    random_state : int or None
        Seed of the choice of rows, and with the row's place of every copy's text.

    Attributes
    ----------
    facts_ : dict
        ``{"balance": {"method", "share", "before": {class: rows}, "after": {class: rows}, "same": copies}}``; `same`
        counts the copies for which "augment" found nothing to change.

    Raises
    ------
    DataError
        A setting that does not exist; a target that is no class; pairs, or no texts, for "augment".

    Notes
    -----
    Every row of a class is copied equally often, give or take one. Thinning leaves a class at least two rows. Copies
    are in the group of their row (a row is its own group where none is given), so that an estimator that parts its
    training rows (calibration, early stop) has a row and its copies on one side.

    Examples
    --------
    >>> from makna.learn.linear import Logistic
    >>> balanced = Balanced(Logistic(), "over").fit([[0.0], [0.1], [0.2], [1.0]], ["a", "a", "a", "b"])
    >>> balanced.facts_["balance"]["after"]
    {'a': 3, 'b': 3}
    """

    _json: ClassVar[tuple[str, ...]] = ("facts_",)

    def __init__(
        self,
        estimator: Any,
        method: Method = "over",
        share: Fraction = 1.0,
        operations: list[Operation] | None = None,
        change: Fraction = 0.3,
        drop: Fraction = 0.1,
        random_state: Seed = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.share = share
        self.operations = operations
        self.change = change
        self.drop = drop
        self.random_state = random_state

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Self:
        """Fit on rows with more equal classes.

        Parameters
        ----------
        X : texts, table of pairs, array or sparse matrix with n rows
            What the estimator takes.
        y : sequence, shape (n,)
            Classes.
        X_val, y_val : as X and y, or None
            Rows that a network watches; handed on as they are.
        groups : sequence, shape (n,), or None
            Handed on, the copies in the group of their row.
        """
        self._check_settings()
        X = _texts(X) if self.method == "augment" else X
        X, labels, groups = indexable(X, _classes(y), groups)
        seed = np.random.SeedSequence().entropy if self.random_state is None else self.random_state
        rows = _METHODS[self.method](labels, self.share, np.random.default_rng(seed))
        new, same = self._rows_of(X, rows, seed)
        if groups is None:
            groups = rows.all if len(rows.copies) else None
        else:
            groups = np.asarray(groups)[rows.all]
        before, after = ({str(k): int(n) for k, n in _sizes(part)} for part in (labels, labels[rows.all]))
        told = {"method": self.method, "share": self.share, "before": before, "after": after, "same": same}
        self.facts_ = {"balance": told}
        self._fit_inside(new, labels[rows.all], {"X_val": X_val, "y_val": y_val, "groups": groups})
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row, shape (n,)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, shape (n, classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

    @available_if(_inner_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the estimator's decision values, shape (n,) or (n, classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.decision_function(X)

    def _check_settings(self) -> None:
        self._check("method", self.method in _METHODS, ", ".join(_METHODS))
        for name in ("share", "change", "drop"):
            value = getattr(self, name)
            self._check(name, not isinstance(value, str | bool) and 0 < value <= 1, "0 < … ≤ 1")
        known = get_args(Operation)
        chosen = DEFAULT if self.operations is None else self.operations
        self._check("operations", bool(chosen) and set(chosen) <= set(known), ", ".join(known))

    def _check(self, setting: str, is_good: bool, allowed: str) -> None:
        if not is_good:
            raise DataError("learn.balance_setting", setting=setting, came=getattr(self, setting), allowed=allowed)

    def _rows_of(self, X: Any, rows: _Rows, seed: Any) -> tuple[Any, int]:
        """Return X of the rows trained on, and how many rewritten copies are the text they come from."""
        if self.method != "augment":
            return (X[rows.all] if isinstance(X, np.ndarray) or sp.issparse(X) else take(X, rows.all)), 0
        augmenter = Augmenter(tuple(self.operations or DEFAULT), self.change, self.drop)
        copies, seen = rows.copies.tolist(), Counter[int]()
        made = []
        for row in copies:
            made.append(augmenter.vary(X[row], np.random.default_rng([seed, row, seen[row]])))
            seen[row] += 1
        same = sum(text == X[row] for text, row in zip(made, copies, strict=True))
        return text_array([*X[rows.stay], *made]), same


def _texts(X: Any) -> np.ndarray:
    if is_pairs(X):
        raise DataError("learn.augment_pairs")
    return text_array(as_texts(X))


def _classes(y: Any) -> np.ndarray:
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    labels = np.asarray(y)
    is_number = labels.dtype.kind == "f" and type_of_target(labels) not in ("binary", "multiclass")
    if is_number or (labels.ndim == 2 and labels.shape[1] != 1):
        raise DataError("learn.balance_target", came=f"{type_of_target(labels)} {labels.shape}")
    return column_or_1d(labels, warn=True)


def _sizes(labels: np.ndarray) -> list[tuple[Any, int]]:
    classes, sizes = np.unique(labels, return_counts=True)
    return list(zip(classes.tolist(), sizes.tolist(), strict=True))


def _more(labels: np.ndarray, share: float, rng: np.random.Generator) -> _Rows:
    """Copy rows of every class smaller than the largest."""
    sizes = _sizes(labels)
    largest = max(n for _, n in sizes)
    copies = []
    for label, n in sizes:
        wanted = round(share * (largest - n))
        places = np.flatnonzero(labels == label)
        whole, rest = divmod(wanted, n)
        copies += [np.tile(places, whole), np.sort(rng.permutation(places)[:rest])]
    return _Rows(np.arange(len(labels)), np.concatenate(copies))


def _fewer(labels: np.ndarray, share: float, rng: np.random.Generator) -> _Rows:
    """Leave out rows of every class larger than the smallest."""
    sizes = _sizes(labels)
    smallest = min(n for _, n in sizes)
    stay = []
    for label, n in sizes:
        wanted = min(n, max(_LEAST, n - round(share * (n - smallest))))
        stay.append(rng.permutation(np.flatnonzero(labels == label))[:wanted])
    return _Rows(np.sort(np.concatenate(stay)), np.empty(0, dtype=int))


def _as_they_are(labels: np.ndarray, share: float, rng: np.random.Generator) -> _Rows:
    return _Rows(np.arange(len(labels)), np.empty(0, dtype=int))


_METHODS: dict[str, Callable[[np.ndarray, float, np.random.Generator], _Rows]] = {
    "over": _more,
    "under": _fewer,
    "augment": _more,
    "none": _as_they_are,
}
