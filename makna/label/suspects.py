"""Rows whose label is likely wrong, by confident learning on predictions that were made without them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from makna.collect.names import hint, listed
from makna.core.errors import DataError
from makna.core.files import read_json
from makna.core.optional import require

PREDICTIONS = "predictions.parquet"
_PROBABILITY = "probability_"
COLUMNS = ("id", "output", "fold", "label", "suggested", "probability_label", "probability_suggested", "margin")


@dataclass(frozen=True, eq=False)
class Suspects:
    """What was found in one system's predictions.

    Parameters
    ----------
    system : str
        Whose predictions.
    queue : DataFrame
        ``id, output, fold, label, suggested, probability_label, probability_suggested, margin``: the likeliest mistakes
        first. The margin is (p(label) - p(best other class) + 1) / 2: 0 is the surest mistake, ½ a tie.
    judged : int
        Rows that were looked at.
    unusable : int
        Rows left out: without a label, or with a class that the system does not know.
    """

    system: str
    queue: pd.DataFrame
    judged: int
    unusable: int


def likely_wrong(labels: Sequence[str], probability: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the positions of rows whose label is likely wrong, smallest normalised margin first.

    A row with label i counts towards class j where its chance of j is at least the mean chance of j among the rows
    labelled j; where several are, towards the likeliest. What stands off the diagonal of that table (the confident
    joint) is suspected, unless the likeliest class of all is the label itself.

    Parameters
    ----------
    labels : sequence of str, shape (n,)
        Labels as given.
    probability : ndarray, shape (n, classes)
        Chances of the classes, from a system that did not learn from the row.
    classes : sequence of str
        Names of the columns.

    Raises
    ------
    DataError
        Fewer than two classes have a label, or a label is not among the classes.
    MissingPackageError
        cleanlab is not installed.

    References
    ----------
    Northcutt, C., Jiang, L., & Chuang, I. (2021). Confident learning: estimating uncertainty in dataset labels. Journal
    of Artificial Intelligence Research 70, 1373-1411, section 3.1.
    """
    code_of = {name: code for code, name in enumerate(classes)}
    strange = sorted({label for label in labels if label not in code_of})
    if strange:
        raise DataError("label.unknown_vote", came=listed(strange, 10), allowed=listed(classes))
    codes = np.array([code_of[label] for label in labels], dtype=np.int64)
    if len(np.unique(codes)) < 2:
        raise DataError("label.one_class", came=listed(sorted(set(labels))))
    find = require("cleanlab.filter", "makna label suspects").find_label_issues
    with warnings.catch_warnings():
        # It warns of classes without a row; they are simply not suspected of anything.
        warnings.simplefilter("ignore", UserWarning)
        found = find(
            codes, np.asarray(probability, dtype=float), filter_by="confident_learning",
            return_indices_ranked_by="normalized_margin", n_jobs=1,
        )  # fmt: skip
    return np.asarray(found, dtype=np.int64)


def suspects_of_run(folder: str | Path, system: str | None = None) -> Suspects:
    """Look for wrong labels in the predictions of a run.

    Every row of ``predictions.parquet`` was predicted by a system that did not learn from it.

    Parameters
    ----------
    folder : path
        The run folder.
    system : str or None
        Whose predictions; when None the most accurate of the systems that give chances, baselines aside.

    Raises
    ------
    DataError
        No run is there, its target is a number, no system gives chances, or no such system.
    MissingPackageError
        cleanlab is not installed.
    """
    folder = Path(folder)
    table = _predictions(folder)
    usual = [name for name in table["system"].unique() if name not in _baselines(folder)]
    if system is not None and system not in set(table["system"]):
        names = sorted(set(table["system"]))
        raise DataError("label.no_system", came=system, allowed=listed(names), hint=hint(system, names))
    usable = _usable(table)
    if system is None:
        candidates = usable[usable["system"].isin(usual)]
        if candidates.empty:
            raise DataError("label.no_chances", path=str(folder), systems=listed(usual or table["system"].unique()))
        right = (candidates["truth"] == candidates["prediction"]).groupby(candidates["system"], sort=False).mean()
        system = str(right.idxmax())
    mine = usable[usable["system"] == system]
    if mine.empty:
        raise DataError("label.no_chances", path=str(folder), systems=system)
    found = [_of_output(rows) for _, rows in mine.groupby("output", sort=False)]
    queue = pd.concat(found).sort_values("margin", kind="stable").reset_index(drop=True)
    return Suspects(system, queue, len(mine), int((table["system"] == system).sum()) - len(mine))


def _predictions(folder: Path) -> pd.DataFrame:
    path = folder / PREDICTIONS
    if not path.is_file():
        raise DataError("label.no_run", path=str(folder), file=PREDICTIONS)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        raise DataError("label.bad_run", path=str(path), reason=str(problem)) from problem
    missing = [name for name in ("id", "system", "output", "fold", "truth", "prediction") if name not in table.columns]
    if missing:
        raise DataError("label.bad_run", path=str(path), reason=listed(missing))
    if pd.api.types.is_numeric_dtype(table["truth"]):
        raise DataError("label.number_run", path=str(folder))
    return table


def _baselines(folder: Path) -> set[str]:
    try:
        systems = read_json(folder / "metrics.json")["systems"]
        return {name for name, found in systems.items() if found.get("baseline")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _classes(rows: pd.DataFrame) -> list[str]:
    """Return the classes that have chances in these rows."""
    columns = [name for name in rows.columns if name.startswith(_PROBABILITY)]
    return [name.removeprefix(_PROBABILITY) for name in columns if rows[name].notna().any()]


def _usable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a label and a chance of each class of their output, that label's among them."""
    kept = []
    for _, rows in table.groupby(["system", "output"], sort=False):
        classes = _classes(rows)
        chances = rows[[f"{_PROBABILITY}{name}" for name in classes]]
        kept.append(rows[chances.notna().all(axis=1) & rows["truth"].isin(classes)] if classes else rows[:0])
    return pd.concat(kept)


def _of_output(rows: pd.DataFrame) -> pd.DataFrame:
    classes = _classes(rows)
    chances = rows[[f"{_PROBABILITY}{name}" for name in classes]].to_numpy(dtype=float)
    labels = rows["truth"].astype(str).tolist()
    found = likely_wrong(labels, chances, classes)
    mine = chances[found]
    own = np.array([classes.index(labels[row]) for row in found], dtype=np.int64)
    place = np.arange(len(found))
    others = mine.copy()
    others[place, own] = -1.0
    best = others.argmax(axis=1) if len(found) else own
    columns: dict[str, Any] = {
        "id": rows["id"].to_numpy()[found],
        "output": rows["output"].to_numpy()[found],
        "fold": rows["fold"].to_numpy()[found],
        "label": np.array(labels, dtype=object)[found],
        "suggested": np.array(classes, dtype=object)[best],
        "probability_label": mine[place, own],
        "probability_suggested": mine[place, best],
        "margin": (mine[place, own] - mine[place, best] + 1) / 2,
    }
    return pd.DataFrame(columns)
