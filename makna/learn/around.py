"""What estimators share that stand around another one, or around a whole chain of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from makna.core.portable import Portable


class Around(Portable):
    """What a classifier needs around another classifier, or around a Pipeline fitted whole: its parameter `estimator`.

    Attributes
    ----------
    estimator_ : classifier or Pipeline
        The fitted one.
    """

    _children: ClassVar[tuple[str, ...]] = ("estimator_",)
    estimator: Any

    @property
    def classes_(self) -> np.ndarray:
        """Classes, in the order of the probability columns."""
        return self.estimator_.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`, where the estimator counts them."""
        return self.estimator_.n_features_in_

    @property
    def interrupted_(self) -> bool:
        """Whether the learner inside was stopped by Ctrl-C with something it can answer by."""
        return bool(getattr(learner_of(self.estimator_), "interrupted_", False))

    def _fit_inside(self, X: Any, y: Any, further: Mapping[str, Any]) -> None:
        """Fit step by step, so that watched rows pass through the representations before the learner sees them.

        Parameters
        ----------
        X, y : n rows
            What is learned from.
        further : dict
            ``X_val``, ``y_val``, ``groups`` and more; what is None, or not taken by a step's `fit`, is left out.
        """
        self.estimator_ = clone(self.estimator)  # there from the start: an interrupted learner can be used
        fit_through(self.estimator_, X, y, further)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def taken(step: Any, offered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is there and the step's `fit` takes."""
    return {name: value for name, value in offered.items() if value is not None and has_fit_parameter(step, name)}


def learner_of(system: Any) -> Any:
    """Return the last step of a Pipeline; a classifier itself."""
    return system.steps[-1][1] if isinstance(system, Pipeline) else system


def fit_through(made: Any, X: Any, y: Any, further: Mapping[str, Any]) -> None:
    """Fit a classifier or a Pipeline in place, step by step, so that watched rows pass the steps too.

    Parameters
    ----------
    made : classifier or Pipeline
        Not fitted.
    X, y : shape (n, …) and (n,)
        Rows and targets.
    further : mapping
        ``X_val``, ``y_val``, ``groups``…: each goes to the learner if it is there and its `fit` takes it.
    """
    learner, X, watched = fit_before(made, X, y, further)
    learner.fit(X, y, **taken(learner, {**further, "X_val": watched}))


def fit_before(made: Any, X: Any, y: Any, further: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Fit the steps before the learner, in place.

    Parameters
    ----------
    made : classifier or Pipeline
        Not fitted.
    X, y, further
        As in `fit_through`; of `further`, the steps take ``groups``.

    Returns
    -------
    learner, X, X_val
        The learner, not fitted, and the rows as they come to it.
    """
    steps = made.steps if isinstance(made, Pipeline) else [("", made)]
    watched = further.get("X_val")
    for _, step in steps[:-1]:
        step.fit(X, y, **taken(step, {"groups": further.get("groups")}))
        X = step.transform(X)
        watched = None if watched is None else step.transform(watched)
    return learner_of(made), X, watched
