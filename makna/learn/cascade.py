"""Small systems first: a cascade asks a larger one only about what the smaller ones are not sure of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from makna.core.corpus import take
from makna.core.errors import DataError
from makna.core.tags import TakesTexts
from makna.learn.cascade_choice import Rows, Wish, choose, stages_of
from makna.learn.cascade_facts import band_told, members_told, shares_told, stages_told
from makna.learn.cascade_stages import Answered, Judged, fit_stages
from makna.learn.finetune import class_labels
from makna.learn.finetune_fit import seed_of
from makna.learn.fitting import refuse_one_class
from makna.learn.held_back import Holding, held_back
from makna.learn.members import (
    MadeOfOthers,
    raw_rows,
    require_classes,
    require_names,
    require_probabilities,
)
from makna.learn.scaling import Stage, logits_of
from makna.learn.settings import Positive, Seed, Share
from makna.learn.work import work_of

Probability = Annotated[float, Field(ge=0, le=1)]


class Cascade(TakesTexts, MadeOfOthers, ClassifierMixin, _BaseComposition):
    """Systems asked one after another until one is sure enough.

    Each system is asked only about the rows that come that far. A row is answered by the first stage whose calibrated
    probability of its answer reaches the stage's threshold; the last stage answers the rest. Calibration and thresholds
    come from validation rows: the probabilities that thresholds are chosen by are those of stages fitted without the
    row (five folds).

    Parameters
    ----------
    estimators : list of (str, Pipeline)
        Names and systems, the cheapest first; each takes texts or pairs as they come and gives probabilities.
    accuracy : float or None
        Least accuracy on the validation rows, as a share of that of `against`: 0.995 may lose half a percent of it, 1
        nothing. Of the thresholds that keep it, the cheapest are taken.
    cost : float or None
        Highest mean cost on the validation rows, as a share of that of `against`. Of the thresholds that stay below it,
        the most accurate are taken; with `accuracy` too, the cheapest that do both. With neither, `accuracy` is 1.
    surely : bool
        Judge the accuracy by the lower end of the 95 % interval of the paired difference to `against`, so that a lucky
        choice of threshold does not pass for none lost.
    against : {"last", "all"}
        What accuracy and cost are measured by: always asking the last system alone, or asking all of them about every
        row, where `combine` joins their answers.
    always : bool
        Ask all systems about every row, whatever it costs: an ensemble, where `combine` joins their answers.
    combine : bool
        Whether a later stage may answer by what all systems asked so far say (one weight a system, one bias a class):
        it does where that is better on rows held out. It costs nothing, as their probabilities are there.
    validation : float
        Share of the training rows held back for the thresholds where `fit` is given no validation rows, stratified and
        whole groups; the systems are then fitted on the rest.
    band : (float, float) or None
        Rows whose probability of the class `positive` lies in this range get a third answer from `answers`.
    between : str
        That answer.
    positive : str or None
        The class that the band is about; of two classes, None is the second.
    prices : list of float or None
        Cost of asking each system about a row, in any unit; None counts multiply-adds (`makna.learn.work.work_of`).
    random_state : int or None
        Seed of the rows held back and of the folds.

    Attributes
    ----------
    estimators_ : list of Pipeline
        The fitted systems.
    thresholds_ : ndarray, shape (systems - 1,)
        Least probability at which a stage answers; above 1: it never does.
    facts_ : dict
        ``{"cascade": {"members", "frontier", "chosen", "wish", "stages", "band", "validation"}}``.

    Raises
    ------
    DataError
        Fewer than two systems, or names that cannot be told apart; a system without probabilities or with other
        classes; no validation rows; or a wish that no thresholds fulfil.

    Notes
    -----
    `predict` and `predict_proba` give the plain answer; the band's third answer is in `answers` alone.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from makna.learn.linear import Logistic
    >>> from makna.represent.counts import Counts
    >>> texts, labels = ["bagus sekali", "buruk sekali"] * 20, ["baik", "buruk"] * 20
    >>> small, large = (make_pipeline(Counts(chars=size), Logistic()) for size in ((1, 1), (1, 4)))
    >>> cascade = Cascade([("small", small), ("large", large)]).fit(texts, labels)
    >>> cascade.predict(["bagus"]).tolist()
    ['baik']
    """

    _json: ClassVar[tuple[str, ...]] = ("classes_", "scale_", "facts_")
    _tensors: ClassVar[tuple[str, ...]] = ("thresholds_", "weights_", "biases_")
    _children: ClassVar[tuple[str, ...]] = ("estimators_",)
    _tuples: ClassVar[tuple[str, ...]] = ("band",)

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        accuracy: Positive | None = None,
        cost: Positive | None = None,
        surely: bool = False,
        against: Literal["last", "all"] = "last",
        always: bool = False,
        combine: bool = True,
        validation: Share = 0.1,
        band: tuple[Probability, Probability] | None = None,
        between: str = "probable",
        positive: str | None = None,
        prices: list[Positive] | None = None,
        random_state: Seed = 0,
    ) -> None:
        self.estimators = estimators
        self.accuracy = accuracy
        self.cost = cost
        self.surely = surely
        self.against = against
        self.always = always
        self.combine = combine
        self.validation = validation
        self.band = band
        self.between = between
        self.positive = positive
        self.prices = prices
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
        """Fit the systems, and choose the thresholds.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        y : sequence, shape (n,)
            Classes.
        X_val, y_val : as X and y, or None
            Rows for the thresholds; networks among the systems watch them too. Rows of other classes are left out.
        groups : sequence, shape (n,), or None
            Rows of one group are held back together; handed on.
        fitted : mapping of str to Pipeline, or None
            Systems by their names that were fitted on X already (not on X_val); the others are fitted here.
        """
        systems = self._checked()
        X, labels = raw_rows(X), class_labels(y)
        check_consistent_length(X, labels, groups)
        if not len(labels):
            raise DataError("learn.no_rows", name=type(self).__name__)
        refuse_one_class(self, labels)
        if X_val is not None and y_val is None:
            raise DataError("learn.validation_without_labels")
        self.classes_ = np.unique(labels)
        further: dict[str, Any] = {"groups": groups}
        if X_val is None:
            if fitted:
                raise DataError("learn.cascade_fitted")
            train, valid = self.part(labels, groups)
            further["groups"], held = _rows_of(groups, train), _rows_of(groups, valid)
            judged = Judged(take(X, valid), labels[valid], held, "inner")
            X, labels = take(X, train), labels[train]
        else:
            further |= {"X_val": raw_rows(X_val), "y_val": class_labels(y_val)}
            check_consistent_length(further["X_val"], further["y_val"])
            judged = Judged(further["X_val"], further["y_val"], None, "given")
        self.estimators_ = self._fit_members(X, labels, further, fitted)
        for (name, _), system in zip(systems, self.estimators_, strict=True):
            require_classes(name, system, self.classes_)
        self._choose(judged)
        return self

    @property
    def frontier_(self) -> list[dict[str, Any]]:
        """Accuracy against cost on the validation rows (see `makna.learn.cascade_choice.choose`)."""
        return self.facts_["cascade"]["frontier"]

    def part(self, y: Any, groups: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Part training rows as `fit` does where it is given no validation rows.

        Whoever fits the systems elsewhere, on the first part, hands them to `fit` with the second part as X_val.

        Parameters
        ----------
        y : sequence, shape (n,)
            Classes.
        groups : sequence, shape (n,), or None
            Rows of one group stay together.

        Returns
        -------
        train, valid : ndarray of int
            Row positions.
        """
        codes = np.unique(class_labels(y), return_inverse=True)[1]
        return held_back(Holding(self.validation, seed_of(self.random_state), codes, groups))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each row, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the stage that answers each row, shape (n, classes)."""
        return self._asked(X, costed=False).probabilities

    def stages(self, X: Any) -> np.ndarray:
        """Return the number of the stage that answers each row, from 0, shape (n,)."""
        return self._asked(X, costed=False).stages

    def costs(self, X: Any) -> np.ndarray:
        """Return the cost of each row as a share of that of `against`, shape (n,); see `Answered`."""
        return self.answer(X).costs

    def answers(self, X: Any) -> np.ndarray:
        """Return the class of each row, or `between` where its probability is in the band, shape (n,)."""
        return self._banded(self.predict_proba(X))

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of what `predict_beside` tells beside the probabilities."""
        return ("answered_by", "cost", *(("answer",) if self.band is not None else ()))

    def predict_beside(self, X: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return probabilities, shape (n, classes), and what a table of predictions shows beside them.

        These are, each of shape (n,): the name of the system that answered; the cost of the row as a share of
        that of `against`; and, where there is a band, the answer with the band's third one.
        """
        said = self.answer(X)
        names = np.array([name for name, _ in self.estimators], dtype=object)
        beside = [names[said.stages], said.costs]
        return said.probabilities, [*beside, *([self._banded(said.probabilities)] if self.band is not None else [])]

    def answer(self, X: Any) -> Answered:
        """Ask the systems about rows, each only about those that come that far.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs of texts.
        """
        return self._asked(X, costed=True)

    def _asked(self, X: Any, costed: bool) -> Answered:
        """Ask the systems; to count what that costs is work of its own, so costs stay 0 where nobody wants them."""
        check_is_fitted(self, "thresholds_")
        X = raw_rows(X)
        n, classes = len(X), len(self.classes_)
        found = Answered(np.zeros((n, classes)), np.zeros(n, dtype=int), np.zeros(n))
        waiting = np.arange(n)
        logits = np.zeros((len(self.estimators_), n, classes))
        for place, system in enumerate(self.estimators_):
            if not len(waiting):
                break
            rows = take(X, waiting)
            logits[place, waiting] = logits_of(system.predict_proba(rows))
            if costed:
                found.costs[waiting] += self._work(place, rows) / self.scale_
            found.stages[waiting] = place
            said = self._stage(place).probabilities(logits[: place + 1, waiting])
            found.probabilities[waiting] = said
            if place < len(self.thresholds_):
                waiting = waiting[said.max(axis=1) < self.thresholds_[place]]
        return found

    def _banded(self, said: np.ndarray) -> np.ndarray:
        found = self.classes_[said.argmax(axis=1)].astype(object)
        if self.band is not None:
            found[self._is_between(said)] = self.between
        return found

    def _checked(self) -> list[tuple[str, Any]]:
        """Return names and systems, refusing what cannot be a cascade."""
        names = [name for name, _ in self.estimators]
        require_names(names, set(self.get_params(deep=False)))
        for name, system in self.estimators:
            require_probabilities(name, system)
        if self.prices is not None and len(self.prices) != len(names):
            raise DataError("learn.cascade_prices", came=len(self.prices), allowed=len(names))
        if self.band is not None and not 0 <= self.band[0] <= self.band[1] <= 1:
            raise DataError("learn.cascade_band", came=list(self.band))
        return list(self.estimators)

    def _choose(self, judged: Judged) -> None:
        """Fit calibration on the validation rows and choose the thresholds."""
        known = np.isin(judged.labels, self.classes_)
        X, codes = take(judged.X, np.flatnonzero(known)), np.searchsorted(self.classes_, judged.labels[known])
        if not len(codes):
            raise DataError("learn.cascade_no_rows")
        self._positive()
        logits = np.stack([logits_of(system.predict_proba(X)) for system in self.estimators_])
        groups = None if judged.groups is None else np.asarray(judged.groups)[known]
        stages = fit_stages(logits, codes, self.combine, groups, seed_of(self.random_state))
        depth = len(stages.stages)
        self.weights_, self.biases_ = np.zeros((depth, depth)), np.zeros((depth, len(self.classes_)))
        for place, stage in enumerate(stages.stages):
            self.weights_[place, : place + 1], self.biases_[place] = stage.weights, stage.bias
        work = np.stack([self._work(place, X) for place in range(depth)])
        right = stages.honest.argmax(axis=2) == codes
        own = logits.argmax(axis=2) == codes
        whole, whole_right = (work.sum(axis=0), right[-1]) if self.against == "all" else (work[-1], own[-1])
        self.scale_ = float(whole.mean()) or 1.0
        rows = Rows(stages.honest.max(axis=2), right, work / self.scale_, whole_right)
        chosen, frontier = choose(rows, Wish(self.accuracy, self.cost, self.surely, self.always))
        self.thresholds_ = np.array(chosen["thresholds"])
        answering = stages_of(rows.confidence, self.thresholds_)
        said = stages.honest[answering, np.arange(len(codes))]
        names = [name for name, _ in self.estimators]
        validation = {"rows": len(codes), "left_out": int((~known).sum()), "origin": judged.origin}
        self.facts_: dict[str, Any] = {
            "cascade": {
                "members": members_told(names, own, rows.costs),
                "frontier": frontier,
                "chosen": {**chosen, "shares": shares_told(names, answering)},
                "wish": {
                    "accuracy": self.accuracy,
                    "cost": self.cost,
                    "surely": self.surely,
                    "against": self.against,
                    "always": self.always,
                },
                "stages": stages_told(names, self.weights_, self.biases_),
                "band": None if self.band is None else band_told(self.band, said[:, self._positive()], said, codes),
                "validation": validation,
            }
        }

    def _work(self, place: int, X: Any) -> np.ndarray:
        """Return what asking one system costs for each row, in its own unit."""
        if self.prices is not None:
            return np.full(len(X), float(self.prices[place]))
        return work_of(self.estimators_[place], X)

    def _stage(self, place: int) -> Stage:
        return Stage(self.weights_[place, : place + 1], self.biases_[place])

    def _is_between(self, said: np.ndarray) -> np.ndarray:
        assert self.band is not None
        own = said[:, self._positive()]
        return (own >= self.band[0]) & (own <= self.band[1])

    def _positive(self) -> int:
        """Return the place of the class that the band is about."""
        labels = [str(label) for label in self.classes_]
        if self.positive is None and len(labels) == 2:
            return 1
        if self.band is not None and self.positive not in labels:
            raise DataError("learn.cascade_positive", came=self.positive, allowed=", ".join(labels))
        return labels.index(self.positive) if self.positive in labels else 0


def _rows_of(groups: Any, rows: np.ndarray) -> Any:
    return None if groups is None else np.asarray(groups)[rows]
