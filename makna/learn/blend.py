"""Regressors joined: a weighted sum of what several systems say, with weights from rows they did not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from makna.core.corpus import take
from makna.core.errors import DataError
from makna.core.tags import TakesTexts
from makna.learn.epochs import measure_numbers
from makna.learn.finetune_fit import seed_of
from makna.learn.fitting import number_target
from makna.learn.members import MadeOfOthers, fit_member, raw_rows, require_names
from makna.learn.settings import Folds, Seed
from makna.split.plan import folds_of, strata_of

Rows = Literal["validation", "folds"]


class Blend(TakesTexts, MadeOfOthers, RegressorMixin, _BaseComposition):
    """Systems for numbers whose answers are summed, each with a weight that is not below 0.

    Weights and the intercept are those of least squares over rows that the systems did not learn from: what they say of
    validation rows, where `fit` is given some, else what copies of them say that were fitted on the other folds of the
    training rows (Breiman 1996, "Stacked regressions", who found weights not below 0 to be what makes it work).

    Parameters
    ----------
    estimators : list of (str, Pipeline)
        Names and systems; each takes texts or pairs as they come and gives a number.
    rows : {"validation", "folds"}
        Where weights come from where `fit` is given validation rows: these, or the folds all the same. Networks that
        chose their epoch by the validation rows look better there than they are; folds are fair to them, and cost as
        many further fits of every system as there are.
    folds : int
        Folds of the training rows, by fifths of the numbers and whole groups; fewer where there are fewer groups.
    random_state : int or None
        Seed of the folds.

    Attributes
    ----------
    estimators_ : list of Pipeline
        The systems, fitted on all training rows.
    weights_ : ndarray, shape (systems,)
        Weight of each.
    intercept_ : float
        What is added.
    facts_ : dict
        ``{"blend": {"members": [{"name", "weight", "rmse", "pearson"}], "intercept", "rmse", "pearson", "rows",
        "origin", "folds"}}``: figures on the rows the weights come from, those of the blend itself therefore a little
        too good; `origin` is "given" or "folds".

    Raises
    ------
    DataError
        Fewer than two systems, names that cannot be told apart, a system that answers with classes, or too few rows to
        choose weights by.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Ridge
    >>> from makna.represent.counts import Counts
    >>> texts, marks = ["satu", "satu dua", "satu dua tiga", "dua tiga"] * 5, [1.0, 2.0, 3.0, 2.0] * 5
    >>> words, chars = (make_pipeline(Counts(**size), Ridge()) for size in ({}, {"chars": (1, 3)}))
    >>> Blend([("words", words), ("chars", chars)]).fit(texts, marks).predict(["satu dua"]).round(0).tolist()
    [2.0]
    """

    _json: ClassVar[tuple[str, ...]] = ("intercept_", "facts_")
    _tensors: ClassVar[tuple[str, ...]] = ("weights_",)
    _children: ClassVar[tuple[str, ...]] = ("estimators_",)

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        rows: Rows = "validation",
        folds: Folds = 5,
        random_state: Seed = 0,
    ) -> None:
        self.estimators = estimators
        self.rows = rows
        self.folds = folds
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Fit the systems on all rows, and the weights on rows they did not learn from.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence of float, shape (n,)
            Numbers.
        X_val, y_val : as X and y, or None
            Rows for the weights; networks among the systems watch them too.
        groups : sequence, shape (n,), or None
            Rows of one group are in one fold; handed on.
        fitted : mapping of str to Pipeline, or None
            Systems by their names that were fitted on X already; the others are fitted here.
        """
        require_names([name for name, _ in self.estimators], set(self.get_params(deep=False)))
        X, numbers = raw_rows(X), number_target(y)
        check_consistent_length(X, numbers, groups)
        if X_val is not None and y_val is None:
            raise DataError("learn.validation_without_labels")
        watched = {} if X_val is None else {"X_val": raw_rows(X_val), "y_val": number_target(y_val)}
        further = {"groups": groups, **watched}
        self.estimators_ = self._fit_members(X, numbers, further, fitted)
        self._require_numbers()
        if watched and self.rows == "validation":
            said, truth, folds = _said(self.estimators_, watched["X_val"]), watched["y_val"], None
        else:
            said, truth, folds = self._out_of_fold(X, numbers, groups)
        self._weigh(said, truth, folds)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of each row, shape (n,)."""
        check_is_fitted(self, "weights_")
        return _said(self.estimators_, raw_rows(X)) @ self.weights_ + self.intercept_

    def _require_numbers(self) -> None:
        for (name, _), system in zip(self.estimators, self.estimators_, strict=True):
            if hasattr(system, "classes_"):
                raise DataError("learn.blend_classes", name=name)

    def _out_of_fold(self, X: Any, numbers: np.ndarray, groups: Any) -> tuple[np.ndarray, np.ndarray, int]:
        """Return what copies fitted on the other folds say of each row, the numbers, and how many folds there were."""
        units = None if groups is None else np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
        units = None if units is None or units.max() == 0 else units  # one group alone cannot be held out
        folds = min(self.folds, len(numbers) if units is None else int(units.max()) + 1)
        if folds < 2:
            raise DataError("learn.blend_rows", n=len(numbers))
        said = np.full((len(numbers), len(self.estimators)), np.nan)
        parts = folds_of(len(numbers), folds, strata_of(numbers), units, seed_of(self.random_state))
        for train, held in parts:
            if not len(train) or not len(held):  # of few groups, whole and in equal shares, a fold may stay empty
                continue
            further = {"groups": None if groups is None else np.asarray(groups)[train]}
            copies = [fit_member(system, take(X, train), numbers[train], further) for _, system in self.estimators]
            said[held] = _said(copies, take(X, held))
        known = ~np.isnan(said).any(axis=1)
        return said[known], numbers[known], folds

    def _weigh(self, said: np.ndarray, truth: np.ndarray, folds: int | None) -> None:
        if len(truth) < 2:
            raise DataError("learn.blend_rows", n=len(truth))
        found = LinearRegression(positive=True).fit(said, truth)
        self.weights_, self.intercept_ = np.asarray(found.coef_, dtype=float), float(found.intercept_)
        names = [name for name, _ in self.estimators]
        members = [
            {"name": name, "weight": float(weight), **_figures(truth, column)}
            for name, weight, column in zip(names, self.weights_, said.T, strict=True)
        ]
        self.facts_: dict[str, Any] = {
            "blend": {
                "members": members,
                "intercept": self.intercept_,
                **_figures(truth, said @ self.weights_ + self.intercept_),
                "rows": len(truth),
                "origin": "given" if folds is None else "folds",
                "folds": folds,
            }
        }


def _said(systems: list[Any], X: Any) -> np.ndarray:
    """Return what each system says of each row, shape (n, systems)."""
    return np.column_stack([np.asarray(system.predict(X), dtype=float) for system in systems])


def _figures(truth: np.ndarray, said: np.ndarray) -> dict[str, float | None]:
    found = measure_numbers()(said, truth)
    return {name: found[name] for name in ("rmse", "pearson")}
