"""One study under several protocols: what metrics.json keeps of a protocol that ran beside the run's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet

from makna.core.corpus import ID, targets
from makna.core.files import read_json
from makna.evaluate.compare import compare
from makna.recipe.recipe import Recipe
from makna.recipe.scoring import PartGuesses, SystemRun, score_settings, shown_metrics
from makna.recipe.units import Setting

_KEPT = ("baseline", "represents", "cell", "parts", "within_groups")
"""What is kept of each system; the rest stands in the protocol's own folder."""


def beside(recipe: Recipe, setting: Setting, runs: list[SystemRun], other: Recipe, folder: Path) -> dict[str, Any]:
    """Return a protocol's entry of metrics.json: its scores, what differs, what leaks, and differences where paired.

    Parameters
    ----------
    recipe, setting, runs
        The run's own protocol: what was asked for, the rows as they are scored, and what its systems did.
    other : Recipe
        The recipe under the other protocol.
    folder : Path
        The other protocol's run folder, finished.
    """
    metrics, data = read_json(folder / "metrics.json"), read_json(folder / "data.json")
    return {
        "systems": {
            name: {key: system[key] for key in _KEPT if key in system} for name, system in metrics["systems"].items()
        },
        "differs": [key for key, value in other.resolved.items() if value != recipe.resolved.get(key)],
        "split": other.resolved["split"],
        "leaks": [{key: leak[key] for key in ("kind", "parts", "rows")} for leak in data["leaks"]],
        "shared_groups": data.get("shared_groups", []),
        "static_contextual": metrics.get("static_contextual", []),
        "raters": metrics.get("raters", {}),
        "differences": _differences(recipe, setting, runs, folder / "predictions.parquet"),
        "folder": folder.name,
    }


def _differences(recipe: Recipe, setting: Setting, runs: list[SystemRun], path: Path) -> list[dict[str, Any]]:
    """Return each system's own score less that under the other protocol, where both judged the very same rows.

    So it is with folds, in which every row is judged once, however they are cut; two hold-outs judge different rows.
    """
    if setting.task.target == "classes":
        return []
    theirs = parquet.read_table(path, columns=["id", "system", "fold", "truth", "prediction"]).to_pandas()
    ids = setting.corpus[ID].to_numpy(dtype=object)
    truth = targets(setting.corpus, setting.task)
    found: list[dict[str, Any]] = []
    for run in runs:
        rows = theirs[theirs["system"] == run.spec.name]
        for part, said in run.guesses(setting.task).items():
            mine = pd.Series(np.arange(len(said.rows)), index=ids[said.rows])
            there = rows if setting.plan.by_folds else rows[rows["fold"] == part]
            if not len(there) or set(there["id"]) != set(mine.index) or len(there) != len(mine):
                continue
            there = there.set_index("id").loc[mine.index]
            if (there["truth"].to_numpy() == truth[said.rows]).all():
                found += _paired(recipe, setting, run.spec.name, part, said, there["prediction"].to_numpy())
    return found


def _paired(
    recipe: Recipe, setting: Setting, system: str, part: str, said: PartGuesses, theirs: np.ndarray
) -> list[dict[str, Any]]:
    rows = compare(
        setting.task, setting.labels, targets(setting.corpus, setting.task)[said.rows], said.prediction, theirs,
        metrics=shown_metrics(setting, recipe), settings=score_settings(setting, recipe, said, folds=False),
    )  # fmt: skip
    kept = ("metric", "difference", "low", "high", "n")
    return [{"part": part, "system": system, **{key: row[key] for key in kept}} for row in rows]
