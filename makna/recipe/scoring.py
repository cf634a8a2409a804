"""From the predictions of all systems to metrics.json and predictions.parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import GROUP, ID, targets
from makna.core.metrics import higher_is_better
from makna.core.task import Task
from makna.evaluate.compare import compare
from makna.evaluate.groups import group_scores, group_test
from makna.evaluate.resample import ScoreSettings
from makna.evaluate.scores import evaluate_part
from makna.evaluate.within import within_groups
from makna.recipe.cells import SystemSpec
from makna.recipe.recipe import Recipe
from makna.recipe.represents import represents
from makna.recipe.units import VALID, Setting
from makna.split.plan import TRAIN

_MOST_GROUPS = 100
_OF_QUESTIONS = ("mae", "rmse", "pearson", "qwk")
"""Metrics of each group that a number always has."""
Pair = tuple[str, str]
"""A system and what it is compared with."""


@dataclass
class PartGuesses:
    """A system's predictions of one part, in the order of the rows.

    Parameters
    ----------
    rows : ndarray of int
        Row positions.
    prediction : ndarray
        Labels or numbers, shape (n,) or (n, outputs).
    probability : list of ndarray
        One an output, shape (n, classes).
    fold : ndarray of str
        Fold of each row, or the part's name.
    """

    rows: np.ndarray
    prediction: np.ndarray
    probability: list[np.ndarray]
    fold: np.ndarray

    def only(self, keep: np.ndarray) -> PartGuesses:
        """Return the rows for which `keep` is true."""
        probability = [p[keep] for p in self.probability]
        return PartGuesses(self.rows[keep], self.prediction[keep], probability, self.fold[keep])


@dataclass
class SystemRun:
    """All that one system did in a run.

    Parameters
    ----------
    spec : SystemSpec
        What was asked for; its grids may still be open.
    units : dict of dict
        Name of the fit → its result.
    curve : list of dict
        Results on growing shares of the training rows.
    """

    spec: SystemSpec
    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)

    def guesses(self, task: Task) -> dict[str, PartGuesses]:
        """Return predictions by part, fits put together."""
        found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for name, unit in self.units.items():
            for part, said in unit["parts"].items():
                found.setdefault(part, []).append((part if name == TRAIN else name, said))
        return {part: _joined(pieces, task) for part, pieces in found.items()}


def make_metrics(setting: Setting, recipe: Recipe, runs: Iterable[SystemRun]) -> dict[str, Any]:
    """Score all systems.

    Parameters
    ----------
    setting : Setting
        Corpus, task, labels and plan.
    recipe : Recipe
        Which scores, and what they are compared with.
    runs : iterable of SystemRun
        What the systems did.

    Returns
    -------
    dict
        metrics.json.
    """
    runs = list(runs)
    guesses = {run.spec.name: run.guesses(setting.task) for run in runs}
    systems = {run.spec.name: _system(setting, recipe, run, guesses[run.spec.name]) for run in runs}
    return {
        "task": setting.task.to_json(),
        "labels": setting.labels,
        "systems": systems,
        "reference": [item.model_dump() for item in recipe.reference],
        "comparisons": _comparisons(setting, recipe, guesses, _rivals(runs, systems, shown_metrics(setting, recipe))),
    }


def make_predictions(setting: Setting, runs: Iterable[SystemRun]) -> pd.DataFrame:
    """Return predictions.parquet: id, system, output, fold, truth, prediction and one probability column a class."""
    task = setting.task
    y = targets(setting.corpus, task)
    ids = setting.corpus[ID].to_numpy(dtype=object)
    frames = []
    for run in runs:
        for guesses in run.guesses(task).values():
            for j, output in enumerate(task.outputs):
                columns: dict[str, Any] = {
                    "id": ids[guesses.rows],
                    "system": run.spec.name,
                    "output": output,
                    "fold": guesses.fold,
                    "truth": _column(y, j)[guesses.rows],
                    "prediction": _column(guesses.prediction, j),
                }
                if guesses.probability:
                    names = setting.labels[output]
                    columns |= {f"probability_{c}": guesses.probability[j][:, k] for k, c in enumerate(names)}
                frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _joined(pieces: list[tuple[str, dict[str, Any]]], task: Task) -> PartGuesses:
    rows = np.concatenate([np.array(said["rows"], dtype=np.int64) for _, said in pieces])
    order = np.argsort(rows, kind="stable")
    kind: Any = float if task.is_number else object
    prediction = np.concatenate([np.array(said["prediction"], dtype=kind) for _, said in pieces])
    outputs = len(pieces[0][1]["probability"])
    probability = [
        np.concatenate([np.array(said["probability"][j]) for _, said in pieces])[order] for j in range(outputs)
    ]
    fold = np.concatenate([np.full(len(said["rows"]), name, dtype=object) for name, said in pieces])
    return PartGuesses(rows[order], prediction[order], probability, fold[order])


def _system(setting: Setting, recipe: Recipe, run: SystemRun, guesses: Mapping[str, PartGuesses]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "baseline": run.spec.baseline,
        "represents": represents(run.spec),
        "params": run.spec.params(),
        "cell": run.spec.cell,
        "chosen_by": _chosen_by(setting, run),
        "parts": {},
        "folds": [],
        "confusion": {},
        "groups": {},
        "group_test": {},
        "without_leaks": {},
        "history": [trial for unit in run.units.values() for trial in unit["history"]],
    }
    y = targets(setting.corpus, setting.task)
    if run.curve:
        found["learning_curve"] = [_curve_point(setting, recipe, y, point) for point in run.curve]
    for part, said in guesses.items():
        settings = score_settings(setting, recipe, said)
        scores = evaluate_part(setting.task, setting.labels, y[said.rows], said.prediction, settings=settings)
        found["parts"][part] = scores.metrics
        found["confusion"][part] = scores.confusion
        found["folds"] += scores.folds
        groups, test = _by_group(setting, recipe, part, said, settings)
        found["groups"] |= groups
        found["group_test"] |= test
        names = groups_of(setting, said) if setting.task.is_number else None
        if names is not None:
            told = within_groups(setting.task, y[said.rows], said.prediction, names, settings)
            found.setdefault("within_groups", {})[part] = told
        for name, classes in (recipe.evaluate.subsets or {}).items():
            table = _subset(setting, recipe, said, classes)
            if table is not None:
                found.setdefault("subsets", {}).setdefault(name, {"classes": classes, "parts": {}})["parts"][part] = (
                    table
                )
        leaking = setting.leaks.rows.get(part)
        if leaking is not None:
            clean = said.only(~leaking[said.rows])
            settings = score_settings(setting, recipe, clean, folds=False)
            scores = evaluate_part(setting.task, setting.labels, y[clean.rows], clean.prediction, settings=settings)
            found["without_leaks"][part] = scores.metrics
    return found


def _subset(setting: Setting, recipe: Recipe, said: PartGuesses, classes: Sequence[str]) -> dict[str, Any] | None:
    """Score the rows of some classes as a choice between these alone; None without probabilities or such rows."""
    labels, truth = setting.labels[""], targets(setting.corpus, setting.task)[said.rows]
    inside = np.isin(truth, list(classes))
    if not said.probability or not inside.any():
        return None
    names = [label for label in labels if label in classes]
    some = said.only(inside)
    chosen = some.probability[0][:, [labels.index(name) for name in names]].argmax(axis=1)
    prediction = np.asarray(names, dtype=object)[chosen]
    settings = score_settings(setting, recipe, some)
    return evaluate_part(setting.task, {"": names}, truth[inside], prediction, settings=settings).metrics


def _curve_point(setting: Setting, recipe: Recipe, y: np.ndarray, point: dict[str, Any]) -> dict[str, Any]:
    rows = np.array(point["held"], dtype=np.int64)
    prediction = np.array(point["prediction"], dtype=float if setting.task.is_number else object)
    groups = None if setting.plan.groups is None else setting.plan.groups[rows]
    settings = ScoreSettings(shown_metrics(setting, recipe), recipe.evaluate.resamples, recipe.evaluate.level,
                             recipe.seed, groups=groups)  # fmt: skip
    scores = evaluate_part(setting.task, setting.labels, y[rows], prediction, settings=settings).metrics
    return {"share": point["share"], "rows": point["rows"], "part": point["part"], **scores}


def _chosen_by(setting: Setting, run: SystemRun) -> dict[str, Any] | None:
    # Rows with an epoch tell how a network learned; those without are trials.
    trials = [row for unit in run.units.values() for row in unit["history"] if "epoch" not in row]
    if not trials:
        return None
    assert setting.tune is not None
    how = trials[0]["part"]
    choices = [{"fold": name, "system": unit["chosen"], "cell": unit["cell"]} for name, unit in run.units.items()]
    return {"metric": setting.tune.by, "how": how, "choices": choices}


def score_settings(setting: Setting, recipe: Recipe, said: PartGuesses, folds: bool = True) -> ScoreSettings:
    """Return how the rows that a system judged are scored."""
    by_folds = setting.plan.by_folds and folds
    return ScoreSettings(
        resamples=recipe.evaluate.resamples,
        level=recipe.evaluate.level,
        seed=recipe.seed,
        folds=said.fold.astype(int) if by_folds else None,
        groups=None if setting.plan.groups is None else setting.plan.groups[said.rows],
    )


def _by_group(
    setting: Setting, recipe: Recipe, part: str, said: PartGuesses, settings: ScoreSettings
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the scores of each group and the test whether groups differ, by part; empty without groups."""
    groups = groups_of(setting, said)
    if groups is None or not 2 <= setting.corpus[GROUP].nunique() <= _MOST_GROUPS:
        return {}, {}
    task, labels = setting.task, setting.labels
    truth = targets(setting.corpus, task)[said.rows]
    plain = replace(settings, folds=None, groups=None)
    metrics = [*shown_metrics(setting, recipe), *(_OF_QUESTIONS if task.is_number else ())]
    scores = group_scores(task, labels, truth, said.prediction, groups, metrics=metrics, settings=plain)
    return {part: scores}, {part: group_test(task, labels, truth, said.prediction, groups, seed=recipe.seed)}


def shown_metrics(setting: Setting, recipe: Recipe) -> list[str]:
    """Return the metrics that a recipe asks for, the usual ones where it names none."""
    usual = ["rmse", "pearson"] if setting.task.is_number else ["f1_macro", "accuracy"]
    return list(recipe.evaluate.metrics or usual)


def groups_of(setting: Setting, said: PartGuesses) -> np.ndarray | None:
    """Return the group of each row that was judged, None where rows have no groups."""
    return setting.corpus[GROUP].to_numpy(dtype=object)[said.rows] if GROUP in setting.corpus else None


def _comparisons(
    setting: Setting, recipe: Recipe, guesses: Mapping[str, Mapping[str, PartGuesses]], rivals: Iterable[Pair]
) -> list[dict[str, Any]]:
    """Compare all systems with the one that the recipe names, and the best ones with their rivals."""
    against = recipe.evaluate.compare
    pairs: dict[Pair, None] = {}
    if against in guesses:
        pairs = dict.fromkeys((name, str(against)) for name in guesses if name != against)
    for pair in rivals:
        if pair[::-1] not in pairs:  # either way round it is one difference
            pairs[pair] = None
    found = []
    for name, other in pairs:
        for part in guesses[name]:
            found += _compared(setting, recipe, guesses, (name, other, part))
    return found


def _compared(
    setting: Setting, recipe: Recipe, guesses: Mapping[str, Mapping[str, PartGuesses]], which: tuple[str, str, str]
) -> list[dict[str, Any]]:
    name, against, part = which
    said, other = guesses[name][part], guesses[against].get(part)
    if other is None:
        return []
    # A system that ran on one fold alone is compared on its rows.
    other = other.only(np.isin(other.rows, said.rows))
    said = said.only(np.isin(said.rows, other.rows))
    if not len(said.rows):
        return []
    y = targets(setting.corpus, setting.task)
    rows = compare(
        setting.task, setting.labels, y[said.rows], said.prediction, other.prediction,
        metrics=shown_metrics(setting, recipe), settings=score_settings(setting, recipe, said, folds=False),
    )  # fmt: skip
    return [{"part": part, "system": name, "against": against, **row} for row in rows]


def _rivals(runs: Sequence[SystemRun], systems: Mapping[str, Any], metrics: Sequence[str]) -> Iterator[Pair]:
    """Yield the best system with the best trivial baseline and with the next best system, by each metric."""
    trivial = {run.spec.name for run in runs if run.spec.baseline}
    part = "test" if any("test" in system["parts"] for system in systems.values()) else VALID
    for metric in metrics:
        found = {name: system["parts"].get(part, {}).get(metric, {}).get("value") for name, system in systems.items()}
        known = {name: value for name, value in found.items() if value is not None}
        ranked = sorted(known, key=lambda name: known[name], reverse=higher_is_better(metric.rpartition("/")[2]))
        best = [name for name in ranked if name not in trivial][:2]
        simplest = [name for name in ranked if name in trivial][:1]
        yield from ((best[0], other) for other in [*simplest, *best[1:]] if best)


def _column(values: np.ndarray, j: int) -> np.ndarray:
    return values[:, j] if values.ndim == 2 else values
