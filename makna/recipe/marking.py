"""What metrics.json tells of marks beside the systems' scores: people against people, and one kind against another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import RATER, targets
from makna.core.metrics import higher_is_better
from makna.evaluate.compare import compare
from makna.evaluate.raters import rater_scores
from makna.evaluate.resample import group_codes
from makna.recipe.recipe import Recipe
from makna.recipe.represents import CONTEXTUAL, STATIC
from makna.recipe.scoring import PartGuesses, SystemRun, groups_of, score_settings, shown_metrics
from makna.recipe.units import Setting


def marking(setting: Setting, recipe: Recipe, runs: list[SystemRun], systems: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``raters`` and ``static_contextual`` of metrics.json; empty where the target is no number.

    Parameters
    ----------
    setting : Setting
        Corpus, task, labels and plan as they are scored.
    recipe : Recipe
        Which scores.
    runs : list of SystemRun
        What the systems did.
    systems : mapping
        ``systems`` of metrics.json.
    """
    if not setting.task.is_number:
        return {}
    guesses = {run.spec.name: run.guesses(setting.task) for run in runs}
    whole = {part: said for name in reversed(guesses) for part, said in guesses[name].items()}
    raters = {part: _raters(setting, recipe, said) for part, said in whole.items()}
    kinds = [row for part in whole for row in _kinds(setting, recipe, part, guesses, systems)]
    told: dict[str, Any] = {"raters": raters} if any(raters.values()) else {}
    return told | ({"static_contextual": kinds} if kinds else {})


def _raters(setting: Setting, recipe: Recipe, said: PartGuesses) -> list[dict[str, Any]]:
    """Return how raters agree on the rows that systems were judged on."""
    columns = [name for name in setting.corpus if str(name).startswith(RATER)]
    marks = {
        str(name).removeprefix(RATER): pd.to_numeric(setting.corpus[name], errors="coerce").to_numpy()[said.rows]
        for name in columns
    }
    settings = score_settings(setting, recipe, said, folds=False)
    return rater_scores(setting.task, marks, groups_of(setting, said), settings)


def _kinds(
    setting: Setting, recipe: Recipe, part: str, guesses: Mapping[str, Mapping[str, PartGuesses]],
    systems: Mapping[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the best contextual system less the best static one on one part, metric by metric."""
    known = {kind: _of_kind(setting, recipe, part, kind, systems) for kind in (STATIC, CONTEXTUAL)}
    if not all(known.values()):
        return []
    best = {kind: names[0] for kind, names in known.items()}
    ours, theirs = guesses[best[CONTEXTUAL]][part], guesses[best[STATIC]][part]
    # A system that ran on one fold alone is compared on its rows.
    theirs = theirs.only(np.isin(theirs.rows, ours.rows))
    ours = ours.only(np.isin(ours.rows, theirs.rows))
    if not len(ours.rows):
        return []
    y = targets(setting.corpus, setting.task)[ours.rows]
    rows = compare(
        setting.task, setting.labels, y, ours.prediction, theirs.prediction,
        metrics=shown_metrics(setting, recipe), settings=score_settings(setting, recipe, ours, folds=False),
    )  # fmt: skip
    about = {
        "part": part,
        **best,
        "of": {kind: len(names) for kind, names in known.items()},
        "groups": _won(y, ours, theirs, groups_of(setting, ours)),
    }
    kept = ("metric", "difference", "low", "high", "n")
    return [about | {key: row[key] for key in kept} for row in rows]


def _of_kind(setting: Setting, recipe: Recipe, part: str, kind: str, systems: Mapping[str, Any]) -> list[str]:
    """Return the systems that stand on this kind alone, the best by the first metric first."""
    metric = shown_metrics(setting, recipe)[0]
    scores = {
        name: system["parts"][part][metric]["value"]
        for name, system in systems.items()
        if system["represents"] == [kind] and part in system["parts"]
    }
    scores = {name: value for name, value in scores.items() if value is not None}
    return sorted(scores, key=scores.__getitem__, reverse=higher_is_better(metric))


def _won(y: np.ndarray, ours: PartGuesses, theirs: PartGuesses, groups: np.ndarray | None) -> dict[str, int] | None:
    """Return in how many groups either has the smaller mean squared error."""
    if groups is None:
        return None
    names, codes = group_codes(groups)
    gap = np.bincount(codes, weights=(ours.prediction - y) ** 2 - (theirs.prediction - y) ** 2)
    return {CONTEXTUAL: int((gap < 0).sum()), STATIC: int((gap > 0).sum()), "of": len(names)}
