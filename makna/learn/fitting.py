"""What stands between a learner of scikit-learn and what it learns: labels as texts, numbers, weights, complaints."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_array, column_or_1d

from makna.core.errors import DataError
from makna.core.messages import say


@contextmanager
def fitting(estimator: Any, y: Any) -> Iterator[Any]:
    """Fit a learner of scikit-learn inside this context, on the target it yields.

    Labels that are texts become codes, and `classes_` gives them back: scikit-learn reads the class "0" as the number 0
    where it looks up class weights, and does not find it (``compute_class_weight``). Complaints are put into makna's
    own words.

    Parameters
    ----------
    estimator : estimator
        What is fitted; its `max_iter` stands in the warning.
    y : sequence, shape (n,)
        The target.

    Raises
    ------
    DataError
        Fitting failed and the training rows have one class only; or `class_weight` misses one class and names another
        that is not there.

    Warns
    -----
    ConvergenceWarning
        The learner stopped at `max_iter`.
    """
    labels = _texts(y)
    if labels is None:
        with _complaints(estimator, y):
            yield y
        return
    classes, codes = np.unique(labels, return_inverse=True)
    given = getattr(estimator, "class_weight", None)
    try:
        if isinstance(given, Mapping):
            estimator.class_weight = _by_code(given, classes)
        with _complaints(estimator, y):
            yield codes
    finally:
        if isinstance(given, Mapping):
            estimator.class_weight = given
    estimator.classes_ = classes


def refuse_one_class(estimator: Any, y: Any, cause: Exception | None = None) -> None:
    """Raise a `DataError` if `y` holds one class only, naming it.

    Raises
    ------
    DataError
        All rows have the same class.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.size == 0 or (labels.dtype.kind == "f" and np.isnan(labels).any()):
        return
    classes = list(dict.fromkeys(labels.tolist()))
    if len(classes) == 1:
        name = type(estimator).__name__
        raise DataError("learn.one_class", name=name, label=classes[0], n=labels.size) from cause


def number_target(y: Any) -> np.ndarray:
    """Return a target of numbers, shape (n,).

    Raises
    ------
    ValueError
        It is missing, of another shape, or not finite numbers.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    return column_or_1d(check_array(y, ensure_2d=False, dtype=float, input_name="y"), warn=True)


@contextmanager
def _complaints(estimator: Any, y: Any) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except ValueError as problem:
            refuse_one_class(estimator, y, problem)
            raise
    unfinished = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    for warning in caught:
        if warning not in unfinished:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if unfinished:
        text = say("learn.not_converged", name=type(estimator).__name__, max_iter=estimator.max_iter)
        warnings.warn(text, ConvergenceWarning, stacklevel=6)


def _texts(y: Any) -> np.ndarray | None:
    """Return y as an array if it is a column of texts."""
    if y is None:
        return None
    labels = np.asarray(y)
    is_texts = labels.ndim == 1 and labels.size and labels.dtype.kind in "OU"
    return labels if is_texts and all(isinstance(label, str) for label in labels.tolist()) else None


def _by_code(weights: Mapping[str, float], classes: np.ndarray) -> dict[int, float]:
    unknown = set(weights) - set(classes)
    missing = set(classes) - set(weights)
    if unknown and missing:
        known = ", ".join(map(str, classes))
        raise DataError("learn.class_weight", came=", ".join(sorted(map(str, unknown))), allowed=known)
    return {code: weights[label] for code, label in enumerate(classes) if label in weights}
