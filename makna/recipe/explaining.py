"""What an explanation needs all systems' answers for: scores by length and rarity, kinds of error, the trend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import CONTEXT, GROUP
from makna.explain.kinds import error_kinds
from makna.explain.sample import FILE, error_sample, write_sample
from makna.explain.settings import KindSettings, SliceSettings
from makna.explain.slices import slices
from makna.explain.trend import trend
from makna.recipe.labelling import against_people
from makna.recipe.recipe import Recipe
from makna.recipe.scoring import PartGuesses, SystemRun
from makna.recipe.units import Setting, last_part
from makna.split.plan import TRAIN


def explained(recipe: Recipe, setting: Setting, runs: list[SystemRun], folder: Path) -> dict[str, Any]:
    """Return what explain.json tells of all systems' answers side by side, and write the sample of errors.

    Parameters
    ----------
    recipe : Recipe
        What is asked for.
    setting : Setting
        Corpus, task, labels and plan as they are scored.
    runs : list of SystemRun
        What the systems did.
    folder : Path
        The run folder.
    """
    asked, task, corpus = recipe.explain, setting.task, setting.corpus
    part = last_part(setting.plan.units[0])
    said = {run.spec.name: guesses[part] for run in runs if part in (guesses := run.guesses(task))}
    train = setting.plan.parts[TRAIN] if setting.plan.parts else np.arange(len(corpus))
    found: dict[str, Any] = {"group_texts": group_texts(corpus)} if task.is_number else {}
    if "length" in asked or "rarity" in asked:
        settings = SliceSettings(
            asked.get("length"), asked.get("rarity"), recipe.evaluate.level, recipe.evaluate.resamples, recipe.seed
        )
        found["slices"] = slices(corpus, task, said, train, settings)
    if "kinds" in asked:
        kinds: KindSettings = asked["kinds"]
        errors = error_kinds(corpus, task, _compared(recipe, setting, runs, said, kinds), train, kinds)
        if errors is not None:
            found["kinds"] = errors.facts
            write_sample(folder / FILE, error_sample(corpus, task, errors, kinds.sample, recipe.seed))
    if "trend" in asked and (years := trend(corpus, task, recipe.evaluate.level)):
        found["trend"] = years
    if recipe.label is not None and recipe.label.use and (by_people := against_people(corpus, said, recipe.seed)):
        found["gold"] = by_people
    return found


def group_texts(corpus: pd.DataFrame) -> dict[str, str]:
    """Return group → its text, such as the question's, where the groups are called otherwise and each has one text."""
    if GROUP not in corpus or CONTEXT not in corpus:
        return {}
    pairs = corpus[[GROUP, CONTEXT]].drop_duplicates()
    if pairs[GROUP].duplicated().any() or (pairs[GROUP] == pairs[CONTEXT]).all():
        return {}
    return dict(zip(pairs[GROUP].astype(str), pairs[CONTEXT].astype(str), strict=True))


def _compared(
    recipe: Recipe, setting: Setting, runs: list[SystemRun], said: Mapping[str, PartGuesses], kinds: KindSettings
) -> dict[str, PartGuesses]:
    """Return the systems whose errors are sorted: those named, else the one compared with and the most accurate other.

    They come with the less accurate one first.
    """
    truth = setting.corpus[setting.task.target_columns[0]].to_numpy(dtype=object)
    own = [run.spec.name for run in runs if not run.spec.baseline and run.spec.name in said]
    rights = {name: float((said[name].prediction == truth[said[name].rows]).mean()) for name in own}
    chosen = [name for name in kinds.systems if name in rights]
    if not chosen:
        best = sorted(own, key=lambda name: -rights[name])
        first = [recipe.evaluate.compare] if recipe.evaluate.compare in rights else best[:1]
        chosen = [*first, *[name for name in best if name not in first][:1]]
    return {name: said[name] for name in sorted(chosen, key=lambda name: rights[name])}
