"""Distillation: a small system learns from what a large one says, beside the labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length, check_is_fitted, has_fit_parameter

from makna.core.corpus import take, texts_hash
from makna.core.errors import DataError
from makna.core.memo import shared
from makna.learn.around import Around, fit_before, learner_of, taken
from makna.learn.calibrate import folds_of
from makna.learn.finetune import class_labels
from makna.learn.finetune_fit import seed_of
from makna.learn.fitting import refuse_one_class
from makna.learn.members import (
    fit_member,
    raw_rows,
    require_classes,
    require_probabilities,
)
from makna.learn.settings import Folds, Positive, Seed
from makna.learn.soft import Objective, Soft

TEACHER = "teacher"
TeacherRows = Literal["in-sample", "out-of-fold"]
Weight = Annotated[float, Field(ge=0, le=1)]


class Distilled(Around, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A student: a classifier, or a whole chain of steps, that learns from a teacher's probabilities and the labels.

    Any system that gives probabilities can be the teacher. A network (`FineTune`, `WordsCNN`, `Recurrent`) learns
    (1 - w) · (its own loss of the label) + w · T² · KL(teacher ‖ student), both at temperature T. Any other learner
    whose `fit` takes weights of rows is given each row once a class, weighing (1 - w) · label + w · teacher at T: for a
    logistic regression that is the cross-entropy with these shares, exactly; the student itself is at temperature 1
    then, so that with a T above 1 its probabilities are softer than the teacher's.

    Parameters
    ----------
    estimator : classifier or Pipeline
        The student; a Pipeline takes texts or pairs as they come. Its steps before the learner are fitted on the rows
        as they are.
    teacher : Pipeline
        The teacher, not fitted; it takes texts or pairs as they come.
    temperature : float
        T; larger brings out what the teacher finds second and third.
    weight : float
        w, the share of the teacher, in [0, 1]; the rest is the labels'.
    objective : {"kl", "cross_entropy"}
        See `makna.learn.soft.Soft`; both learn the same, and only a network's figures of the epochs differ.
    teacher_rows : {"in-sample", "out-of-fold"}
        What the teacher says of the training rows after it was fitted on them (as is usual; a teacher that knows them
        by heart then says little more than the labels), or what teachers say that were fitted on the other folds.
    folds : int
        Folds for "out-of-fold", stratified by class.
    random_state : int or None
        Seed of the folds.

    Attributes
    ----------
    facts_ : dict
        ``{"distil": {"teacher", "temperature", "weight", "objective", "teacher_rows", "rows", "without_teacher",
        "accuracy_teacher", "agreement_train", "valid"}}``: the teacher's accuracy on the training rows, the share of
        them where student and teacher agree, and, where `fit` is given validation rows, what was kept on these.

    Raises
    ------
    DataError
        The teacher gives no probabilities or has other classes; the student can learn from labels alone; a setting is
        out of its range.

    Notes
    -----
    Hinton, Vinyals & Dean (2015), "Distilling the knowledge in a neural network". The fitted teacher is not kept.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Logistic
    >>> from makna.represent.counts import Counts
    >>> texts, labels = ["bagus sekali", "buruk sekali"] * 5, ["baik", "buruk"] * 5
    >>> teacher, student = make_pipeline(Counts(chars=(1, 4)), Logistic()), make_pipeline(Counts(), Logistic())
    >>> Distilled(student, teacher).fit(texts, labels).predict(["bagus"]).tolist()
    ['baik']
    """

    _json: ClassVar[tuple[str, ...]] = ("facts_",)

    def __init__(
        self,
        estimator: Any,
        teacher: Any,
        temperature: Positive = 2.0,
        weight: Weight = 0.5,
        objective: Objective = "kl",
        teacher_rows: TeacherRows = "in-sample",
        folds: Folds = 3,
        random_state: Seed = 0,
    ) -> None:
        self.estimator = estimator
        self.teacher = teacher
        self.temperature = temperature
        self.weight = weight
        self.objective = objective
        self.teacher_rows = teacher_rows
        self.folds = folds
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        X_val: Any = None,
        y_val: Any = None,
        groups: Any = None,
        fitted: dict[str, Any] | None = None,
    ) -> Self:
        """Fit the teacher, ask it about the training rows, and fit the student on both.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence, shape (n,)
            Classes.
        X_val, y_val : as X and y, or None
            Rows that networks watch, teacher and student.
        groups : sequence, shape (n,), or None
            Rows of one group are held out together; handed on.
        fitted : dict of Pipeline, or None
            ``{"teacher": …}``, fitted on X already.
        """
        self._check_settings()
        X, labels = raw_rows(X), class_labels(y)
        check_consistent_length(X, labels, groups)
        if not len(labels):
            raise DataError("learn.no_rows", name=type(self).__name__)
        refuse_one_class(self, labels)
        X_val = None if X_val is None else raw_rows(X_val)
        further = {"X_val": X_val, "y_val": y_val, "groups": groups}
        classes, codes = np.unique(labels, return_inverse=True)
        teacher = (fitted or {}).get(TEACHER)
        if teacher is None and self.teacher_rows == "in-sample":
            teacher = fit_member(self.teacher, X, labels, further)
        if teacher is not None:
            require_classes(TEACHER, teacher, classes)
        said, known = _ASKED[self.teacher_rows](self, teacher, X, labels, groups)
        soft = Soft(said, self.temperature, self.weight, self.objective)
        self._fit_student(X, labels, soft, further)
        self.facts_ = {
            "distil": {
                "teacher": _in_words(self.teacher),
                **{name: getattr(self, name) for name in ("temperature", "weight", "objective", "teacher_rows")},
                "rows": len(labels),
                "without_teacher": int((~known).sum()),
                "accuracy_teacher": _share((said.argmax(axis=1) == codes)[known]),
                "agreement_train": _share((self.predict(X) == classes[said.argmax(axis=1)])[known]),
                "valid": self._kept(teacher, X_val, y_val),
            }
        }
        return self

    def members(self) -> dict[str, Any]:
        """Return the teacher by the name under which `fit` takes it fitted."""
        return {TEACHER: self.teacher}

    def predict(self, X: Any) -> np.ndarray:
        """Return the student's class of each row, shape (n,)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(raw_rows(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the student's probabilities, shape (n, classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(raw_rows(X))

    def _check_settings(self) -> None:
        require_probabilities(TEACHER, self.teacher)
        learner = learner_of(self.estimator)
        if not any(has_fit_parameter(learner, name) for name in ("soft", "sample_weight")):
            raise DataError("learn.distil_student", learner=type(learner).__name__)
        require_probabilities("student", self.estimator)
        allowed = {
            "temperature": (self.temperature > 0, "> 0"),
            "weight": (0 <= self.weight <= 1, "0 … 1"),
            "teacher_rows": (self.teacher_rows in _ASKED, ", ".join(_ASKED)),
            "objective": (self.objective in ("kl", "cross_entropy"), "kl, cross_entropy"),
        }
        for setting, (is_good, words) in allowed.items():
            if not is_good:
                raise DataError("learn.distil_setting", setting=setting, came=getattr(self, setting), allowed=words)

    def _fit_student(self, X: Any, labels: np.ndarray, soft: Soft, further: dict[str, Any]) -> None:
        self.estimator_ = clone(self.estimator)  # there from the start: an interrupted learner can be used
        learner, X, watched = fit_before(self.estimator_, X, labels, further)
        offered = {**further, "X_val": watched}
        if has_fit_parameter(learner, "soft"):
            learner.fit(X, labels, soft=soft, **taken(learner, offered))
            return
        classes, codes = np.unique(labels, return_inverse=True)
        shares = soft.mixed(codes)
        rows, columns = np.nonzero(shares)
        offered["groups"] = None if further["groups"] is None else np.asarray(further["groups"])[rows]
        weights = shares[rows, columns]
        learner.fit(_repeated(X, rows), classes[columns], sample_weight=weights, **taken(learner, offered))

    def _kept(self, teacher: Any, X_val: Any, y_val: Any) -> dict[str, Any] | None:
        """Return what the student kept of the teacher on validation rows; None without either."""
        if teacher is None or X_val is None or not len(X_val):
            return None
        truth = np.asarray(y_val)
        own, other = self.predict(X_val), teacher.predict(X_val)
        accuracy = {"teacher": float((other == truth).mean()), "student": float((own == truth).mean())}
        return {**accuracy, "agreement": float((own == other).mean()), "n": len(truth)}


def _in_sample(
    distilled: Distilled, teacher: Any, X: Any, labels: np.ndarray, groups: Any
) -> tuple[np.ndarray, np.ndarray]:
    def ask() -> tuple[Any, np.ndarray]:
        return teacher, np.asarray(teacher.predict_proba(X), dtype=float)

    # Students of one teacher share what it says; it is kept with it, so that its id stays its own.
    _, said = shared(("taught", id(teacher), texts_hash(X)), ask) or ask()
    return said, np.ones(len(labels), dtype=bool)


def _out_of_fold(
    distilled: Distilled, teacher: Any, X: Any, labels: np.ndarray, groups: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Ask teachers fitted on the other folds; a row that is never held out has its label alone."""
    classes, codes = np.unique(labels, return_inverse=True)
    said, known = np.eye(len(classes))[codes], np.zeros(len(labels), dtype=bool)
    for train, held in folds_of(codes, distilled.folds, groups, seed_of(distilled.random_state)):
        further = {"groups": None if groups is None else np.asarray(groups)[train]}
        made = fit_member(distilled.teacher, take(X, train), labels[train], further)
        require_classes(TEACHER, made, classes)
        said[held] = made.predict_proba(take(X, held))
        known[held] = True
    return said, known


_ASKED: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "in-sample": _in_sample,
    "out-of-fold": _out_of_fold,
}


def _repeated(X: Any, rows: np.ndarray) -> Any:
    """Return rows of whatever the steps before the learner made, several times each."""
    return X[rows] if isinstance(X, np.ndarray) or sp.issparse(X) else take(X, rows)


def _share(hits: np.ndarray) -> float | None:
    return float(hits.mean()) if len(hits) else None


def _in_words(system: Any) -> str:
    names = [name for name, _ in system.steps] if isinstance(system, Pipeline) else [type(system).__name__]
    return " → ".join(names)
