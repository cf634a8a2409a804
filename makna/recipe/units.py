"""One fit of one system: settings chosen on held-back training rows, fitted, and asked about the held rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from makna.core.task import Task
from makna.core.workplace import Workplace, working, workplace
from makna.explain.errors import Answers, worst_mistakes
from makna.recipe.build import build
from makna.recipe.cells import SystemSpec
from makna.recipe.choosing import Searching, choose, history_of
from makna.recipe.executor import Executor, Guess, guess
from makna.recipe.merged import Merge
from makna.recipe.sections import TuneSection
from makna.recipe.trial_places import label_of, trial_place
from makna.split.leakage import Leaks
from makna.split.plan import TRAIN, Plan, Unit, share_of
from makna.tune.hopeless import LOSS, Watch
from makna.tune.outcome import Answer, Trained
from makna.tune.search import InnerFolds

VALID = "valid"
NOWHERE = Workplace()


@dataclass(frozen=True)
class Setting:
    """What all fits of a run share.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    labels : dict of list of str
        Class names by output.
    plan : Plan
        How rows are parted.
    seed : int
        Seed of the run.
    tune : TuneSection or None
        How settings are chosen.
    mistakes : bool
        Whether the worst mistakes are explained.
    leaks : Leaks
        Held rows that stand among the training rows too.
    merge : Merge
        Classes that are learned apart and scored as one.
    """

    corpus: pd.DataFrame
    task: Task
    labels: dict[str, list[str]]
    plan: Plan
    seed: int
    tune: TuneSection | None = None
    mistakes: bool = True
    leaks: Leaks = field(default_factory=Leaks)
    merge: Merge = field(default_factory=Merge)

    def scored(self) -> Setting:
        """Return the setting as it is scored: classes that are one merged, in the corpus and among the labels."""
        if not self.merge.into:
            return self
        column = self.task.target_columns[0]
        corpus = self.corpus.assign(**{column: self.merge.truth(self.corpus[column].to_numpy(dtype=object))})
        return replace(self, corpus=corpus, labels={"": self.merge.labels(self.labels[""])}, merge=Merge())


@dataclass(frozen=True)
class Fitted:
    """A fitted system and how it was chosen."""

    system: Pipeline
    spec: SystemSpec
    history: list[dict[str, Any]]


class UnitWork:
    """Fits systems on units of a plan.

    Parameters
    ----------
    setting : Setting
        What all fits share.
    executor : Executor
        Shares work between fits.
    searching : Searching or None
        Where the trials of a choice run and are kept; here and nowhere when None.
    """

    def __init__(self, setting: Setting, executor: Executor, searching: Searching | None = None) -> None:
        self.setting = setting
        self.executor = executor
        self.searching = searching or Searching()
        self.unfinished: Fitted | None = None

    def fit(self, candidates: Sequence[SystemSpec], rows: np.ndarray, name: str, place: Workplace = NOWHERE) -> Fitted:
        """Choose among candidates on held-back rows of `rows` (or on the validation part), and fit the best on `rows`.

        Parameters
        ----------
        candidates : sequence of SystemSpec
            Cells of a grid, systems with open settings, or one system.
        rows : ndarray of int
            Training rows.
        name : str
            Of the fit, for the history.
        place : Workplace
            Where unfinished work is kept, and who is told of progress.
        """
        best, history = candidates[0], list[dict[str, Any]]()
        to_choose = len(candidates) > 1 or best.is_open
        with working(place):
            if to_choose:
                best, history = self._choose(candidates, rows, name)
            fitted = self._fit_one(best, rows)
        if not to_choose:
            history = epochs_of(fitted, label_of(best), name)
        return Fitted(fitted, best, history)

    def run(
        self, candidates: Sequence[SystemSpec], unit: Unit, place: Workplace = NOWHERE
    ) -> tuple[Fitted, dict[str, Any]]:
        """Fit on a unit's training rows and predict its held rows.

        Returns
        -------
        Fitted, dict
            The fitted system, and JSON values: predictions by part, the chosen cell, trials, mistakes, and the seconds
            each step took.
        """
        self.executor.seconds = {}
        fitted = self.fit(candidates, unit.train, unit.name, place)
        parts = {}
        mistakes: list[dict[str, Any]] = []
        for part, rows in unit.held.items():
            said = self.executor.predict(fitted.system, rows)
            prediction, probability = self._scored(fitted.system, said)
            parts[part] = {
                "rows": rows.tolist(),
                "prediction": prediction.tolist(),
                "probability": [p.tolist() for p in probability],
            }
            can_explain = self.setting.mistakes and (bool(said.probability) or self.setting.task.is_number)
            if can_explain and not fitted.spec.baseline and part == last_part(unit):
                mistakes = self._mistakes(fitted.system, rows, said)
        result = {"parts": parts, "cell": fitted.spec.cell, "chosen": fitted.spec.name, "history": fitted.history}
        return fitted, {**result, "mistakes": mistakes, "seconds": self.executor.seconds}

    def run_share(self, spec: SystemSpec, unit: Unit, share: float, place: Workplace = NOWHERE) -> dict[str, Any]:
        """Fit one system on a share of a unit's training rows and predict its last held part.

        Parameters
        ----------
        spec : SystemSpec
            A system without open grids.
        unit : Unit
            The fit; the smaller shares are inside the larger ones, in the same mix of classes, groups whole.
        share : float
            Of the training rows, 0 to 1.
        place : Workplace
            Where unfinished work is kept, and who is told of progress.

        Returns
        -------
        dict
            JSON values: training rows, part, held rows and predictions.
        """
        rows = share_of(unit.train, self.executor.y, self.setting.plan.groups, share, self.setting.seed)
        part = last_part(unit)
        with working(place):
            system = self._fit_one(spec, rows)
            prediction, _ = self._scored(system, self.executor.predict(system, unit.held[part]))
        held = unit.held[part].tolist()
        return {"rows": len(rows), "part": part, "held": held, "prediction": prediction.tolist()}

    def answer(self, spec: SystemSpec, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        """Fit a system on rows and ask it about others: one trial on one split.

        Parameters
        ----------
        spec : SystemSpec
            A system without open settings.
        train, held : ndarray of int
            Row positions.
        watch : callable
            Asked after every epoch of a network whether to go on.
        """
        with working(trial_place(workplace(), spec, watch)):
            system = self._fit_one(spec, train)
        prediction, _ = self._scored(system, self.executor.predict(system, held))
        return Answer(prediction, [trained(one) for one in networks_of(system)])

    def recall(self, spec: SystemSpec, rows: np.ndarray, load: Callable[[], Pipeline | None]) -> None:
        """Take over a system that an earlier run fitted on these rows (`Executor.recall`)."""
        self.executor.recall(build(spec, self.setting.task, self.setting.seed), rows, self._valid(rows), load)

    def _valid(self, rows: np.ndarray) -> np.ndarray | None:
        return self.setting.plan.parts[VALID] if self._by_validation(rows) else None

    def _fit_one(self, spec: SystemSpec, rows: np.ndarray) -> Pipeline:
        valid = self._valid(rows)
        try:
            return self.executor.fit(build(spec, self.setting.task, self.setting.seed), rows, valid)
        except KeyboardInterrupt:
            if self.executor.unfinished is not None:
                self.unfinished = Fitted(self.executor.unfinished, spec, [])
            raise

    def _choose(
        self, candidates: Sequence[SystemSpec], rows: np.ndarray, name: str
    ) -> tuple[SystemSpec, list[dict[str, Any]]]:
        tune = self.setting.tune or TuneSection(systems=None)
        best, trials = choose(self, self.searching, candidates, self._splits(rows, tune))
        part = VALID if self._by_validation(rows) else "inner"
        return best, history_of(trials, tune.by, name, part)

    def _splits(self, rows: np.ndarray, tune: TuneSection) -> list[tuple[np.ndarray, np.ndarray]]:
        plan = self.setting.plan
        if self._by_validation(rows):
            return [(rows, plan.parts[VALID])]
        return InnerFolds(tune.folds, self.setting.seed, plan.groups).split(rows, self.executor.y)

    def _by_validation(self, rows: np.ndarray) -> bool:
        """Tell whether a validation part is there to choose by, with a test part kept apart."""
        parts = self.setting.plan.parts
        return VALID in parts and len(parts) > 2 and np.array_equal(rows, parts[TRAIN])

    def _aligned(self, system: Pipeline, said: Guess) -> list[np.ndarray]:
        """Return probabilities with one column for every class of the data, also those a fold did not see."""
        if not said.probability:
            return []
        classes = system.steps[-1][1].classes_
        classes = classes if isinstance(classes, list) else [classes]
        aligned = []
        for names, known, values in zip(self.setting.labels.values(), classes, said.probability, strict=True):
            place = {str(label): j for j, label in enumerate(known)}
            columns = [values[:, place[label]] if label in place else np.zeros(len(values)) for label in names]
            aligned.append(np.stack(columns, axis=1))
        return aligned

    def _scored(self, system: Pipeline, said: Guess) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return answers and probabilities as they are scored: a column for every class, merged ones added."""
        merge, probability = self.setting.merge, self._aligned(system, said)
        if not merge.into:
            return said.prediction, probability
        if not probability:
            return merge.truth(said.prediction), []
        merged, summed = merge.answer(self.setting.labels[""], probability[0])
        return merged, [summed]

    def _mistakes(self, system: Pipeline, rows: np.ndarray, said: Guess) -> list[dict[str, Any]]:
        def ask(X: Any) -> list[np.ndarray]:
            for _, step in system.steps[:-1]:
                X = step.transform(X)
            answer = guess(system.steps[-1][1], X)
            return answer.probability or [answer.prediction]

        n = 3 if self.setting.plan.by_folds else 12
        answers = Answers(rows, self.executor.y[rows], said.prediction, said.probability, ask)
        return worst_mistakes(self.setting.corpus, self.setting.task, answers, n)


def epochs_of(system: Pipeline, trial: str, fold: str) -> list[dict[str, Any]]:
    """Return what a network showed after each epoch, as rows of the history; none for other learners."""
    learner = innermost(system)
    return [{"trial": trial, "fold": fold, **row} for row in getattr(learner, "history_", [])]


def facts_of(system: Pipeline) -> list[dict[str, Any]]:
    """Return what each fitted step has to tell the report: ``step`` and ``facts``."""
    return [{"step": name, "facts": step.facts_} for name, step in _unfolded(system) if getattr(step, "facts_", None)]


def _unfolded(system: Pipeline) -> Iterator[tuple[str, Any]]:
    """Yield every fitted step, also those inside a wrapper's own pipeline."""
    for name, step in system.steps:
        yield name, step
        while hasattr(step, "estimator_"):
            step = step.estimator_
            if isinstance(step, Pipeline):
                yield from _unfolded(step)
                break
            yield name, step


def innermost(system: Any) -> Any:
    """Return the learner inside wrappers and pipelines."""
    while isinstance(system, Pipeline) or hasattr(system, "estimator_"):
        system = system.steps[-1][1] if isinstance(system, Pipeline) else system.estimator_
    return system


def networks_of(system: Pipeline) -> list[Any]:
    """Return the networks inside a system that show what they learned by epoch: one, or one an output."""
    learner = innermost(system)
    several = getattr(learner, "estimators_", None)
    found = [innermost(one) for one in several] if isinstance(several, list) else [learner]
    return [one for one in found if getattr(one, "history_", None)]


def trained(network: Any) -> Trained:
    """Return what a network tells of its training: its epochs, the loss of the one it kept, and how it ended."""
    facts = getattr(network, "facts_", None) or {}
    losses = {row["epoch"]: row.get(LOSS) for row in network.history_ if row["part"] == VALID}
    return Trained(network.history_, losses.get(facts.get("best_epoch")), bool(facts.get("stopped")))


def last_part(unit: Unit) -> str:
    """Return the part that a unit is judged by: ``test`` where there is one, else the last."""
    return "test" if "test" in unit.held else list(unit.held)[-1]
