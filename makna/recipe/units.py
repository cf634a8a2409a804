"""One fit of one system: settings chosen on held-back training rows, fitted, and asked about the held rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from makna.core.metrics import score
from makna.core.task import Task
from makna.explain.errors import Answers, worst_mistakes
from makna.recipe.build import build
from makna.recipe.cells import SystemSpec
from makna.recipe.executor import Executor, Guess, guess
from makna.recipe.sections import TuneSection
from makna.split.leakage import Leaks
from makna.split.plan import TRAIN, Plan, Unit, share_of
from makna.tune.search import InnerFolds, choose

VALID = "valid"


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
    """

    corpus: pd.DataFrame
    task: Task
    labels: dict[str, list[str]]
    plan: Plan
    seed: int
    tune: TuneSection | None = None
    mistakes: bool = True
    leaks: Leaks = field(default_factory=Leaks)


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
    """

    def __init__(self, setting: Setting, executor: Executor) -> None:
        self.setting = setting
        self.executor = executor

    def fit(self, candidates: Sequence[SystemSpec], rows: np.ndarray, name: str) -> Fitted:
        """Choose among candidates on held-back rows of `rows` (or on the validation part), and fit the best on `rows`.

        Parameters
        ----------
        candidates : sequence of SystemSpec
            Cells of a grid, or one system.
        rows : ndarray of int
            Training rows.
        name : str
            Of the fit, for the history.
        """
        best, history = candidates[0], list[dict[str, Any]]()
        if len(candidates) > 1:
            best, history = self._choose(candidates, rows, name)
        return Fitted(self._fit_one(best, rows), best, history)

    def run(self, candidates: Sequence[SystemSpec], unit: Unit) -> tuple[Fitted, dict[str, Any]]:
        """Fit on a unit's training rows and predict its held rows.

        Returns
        -------
        Fitted, dict
            The fitted system, and JSON values: predictions by part, the chosen cell, trials and mistakes.
        """
        fitted = self.fit(candidates, unit.train, unit.name)
        parts = {}
        mistakes: list[dict[str, Any]] = []
        for part, rows in unit.held.items():
            said = self.executor.predict(fitted.system, rows)
            probability = self._aligned(fitted.system, said)
            parts[part] = {
                "rows": rows.tolist(),
                "prediction": said.prediction.tolist(),
                "probability": [p.tolist() for p in probability],
            }
            if self.setting.mistakes and not fitted.spec.baseline and part == last_part(unit):
                mistakes = self._mistakes(fitted.system, rows, said)
        result = {"parts": parts, "cell": fitted.spec.cell, "chosen": fitted.spec.name, "history": fitted.history}
        return fitted, {**result, "mistakes": mistakes}

    def run_share(self, spec: SystemSpec, unit: Unit, share: float) -> dict[str, Any]:
        """Fit one system on a share of a unit's training rows and predict its last held part.

        Parameters
        ----------
        spec : SystemSpec
            A system without open grids.
        unit : Unit
            The fit; the smaller shares are inside the larger ones, in the same mix of classes, groups whole.
        share : float
            Of the training rows, 0 to 1.

        Returns
        -------
        dict
            JSON values: training rows, part, held rows and predictions.
        """
        rows = share_of(unit.train, self.executor.y, self.setting.plan.groups, share, self.setting.seed)
        part = last_part(unit)
        said = self.executor.predict(self._fit_one(spec, rows), unit.held[part])
        held = unit.held[part].tolist()
        return {"rows": len(rows), "part": part, "held": held, "prediction": said.prediction.tolist()}

    def _fit_one(self, spec: SystemSpec, rows: np.ndarray) -> Pipeline:
        return self.executor.fit(build(spec, self.setting.task, self.setting.seed), rows)

    def _choose(
        self, candidates: Sequence[SystemSpec], rows: np.ndarray, name: str
    ) -> tuple[SystemSpec, list[dict[str, Any]]]:
        setting, tune = self.setting, self.setting.tune or TuneSection(systems=None)
        y = self.executor.y

        def fit_predict(spec: SystemSpec, train: np.ndarray, held: np.ndarray) -> np.ndarray:
            return self.executor.predict(self._fit_one(spec, train), held).prediction

        def scored(truth: np.ndarray, prediction: np.ndarray) -> float | None:
            return score(setting.task, setting.labels, truth, prediction, tune.by)

        trials = uncalibrated(candidates)
        choice = choose(trials, self._splits(rows, tune), y, fit_predict, scored, tune.by)
        part = VALID if self._by_validation(rows) else "inner"
        history = [
            {"trial": _label(candidates[t["trial"]]), "fold": name, "part": part, tune.by: t["score"]}
            for t in choice.trials
        ]
        return candidates[trials.index(choice.best)], history

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

    def _mistakes(self, system: Pipeline, rows: np.ndarray, said: Guess) -> list[dict[str, Any]]:
        def ask(X: Any) -> list[np.ndarray]:
            for _, step in system.steps[:-1]:
                X = step.transform(X)
            answer = guess(system.steps[-1][1], X)
            return answer.probability or [answer.prediction]

        n = 3 if self.setting.plan.by_folds else 12
        answers = Answers(rows, self.executor.y[rows], said.prediction, said.probability, ask)
        return worst_mistakes(self.setting.corpus, self.setting.task, answers, n)


def uncalibrated(candidates: Sequence[SystemSpec]) -> list[SystemSpec]:
    """Return the candidates as they are tried: calibration comes after the choice, unless it is what is chosen.

    Calibrating a trial costs six fits in place of one, and a setting that answers better does so before calibration.
    """
    calibrations = [spec.learn[1:] for spec in candidates]
    if any(steps != calibrations[0] for steps in calibrations):
        return list(candidates)
    return [replace(spec, learn=spec.learn[:1]) for spec in candidates]


def last_part(unit: Unit) -> str:
    """Return the part that a unit is judged by: ``test`` where there is one, else the last."""
    return "test" if "test" in unit.held else list(unit.held)[-1]


def _label(spec: SystemSpec) -> str:
    inside = ",".join(f"{key}={value}" for key, value in spec.cell.items())
    return inside or spec.name
