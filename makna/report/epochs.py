"""The epochs of a system's trials, as metrics.json has them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from makna.report.cellnames import same_settings, settings_of
from makna.report.language import is_number
from makna.report.reading import Run, branch, entries

TRAIN, VALID = "train", "valid"
NOT_SCORES = ("trial", "epoch", "fold", "part", "why")


@dataclass(frozen=True)
class Training:
    """The training of one trial.

    Parameters
    ----------
    trial : str
        Its settings, ``batch_size=8,learning_rate=3e-05``; empty where nothing was tried.
    runs : mapping of str to mapping
        Fold → epoch → part → metric → value.
    """

    trial: str
    runs: Mapping[str, Mapping[int, Mapping[str, Mapping[str, Any]]]]

    @property
    def epochs(self) -> list[int]:
        """Epochs that any fold reached."""
        return sorted({epoch for run in self.runs.values() for epoch in run})

    @property
    def metrics(self) -> list[str]:
        """Metrics that were noted, in the order of the file."""
        parts = [scores for run in self.runs.values() for parts in run.values() for scores in parts.values()]
        return list(dict.fromkeys(metric for scores in parts for metric in scores))

    def mean(self, epoch: int, part: str, metric: str) -> float | None:
        """Return the mean over the folds that reached this epoch, None where none has a number."""
        values = [run.get(epoch, {}).get(part, {}).get(metric) for run in self.runs.values()]
        known = [value for value in values if is_number(value)]
        return statistics.fmean(known) if known else None

    def curve(self, part: str, metric: str) -> list[tuple[int, float]]:
        """Return (epoch, mean) where there is a number."""
        found = [(epoch, self.mean(epoch, part, metric)) for epoch in self.epochs]
        return [(epoch, value) for epoch, value in found if value is not None]


def trainings_of(run: Run, system: str) -> list[Training]:
    """Return the trials of a system that noted their epochs, in the order of the file."""
    found: dict[str, dict[str, dict[int, dict[str, dict[str, Any]]]]] = {}
    for row in entries(run.systems.get(system), "history"):
        if not isinstance(row, dict) or not is_number(row.get("epoch")):
            continue
        folds = found.setdefault(str(row.get("trial") or ""), {})
        parts = folds.setdefault(str(row.get("fold") or ""), {}).setdefault(int(row["epoch"]), {})
        scores = {key: value for key, value in row.items() if key not in NOT_SCORES}
        parts.setdefault(str(row.get("part") or VALID), {}).update(scores)
    return [Training(trial, folds) for trial, folds in found.items()]


def chosen_trial(run: Run, system: str, trials: Sequence[str]) -> str | None:
    """Return the trial whose settings were chosen (most often, where folds chose), None where that is not known."""
    if len(trials) == 1:
        return trials[0]
    times = {trial: times_chosen(run, system, trial) for trial in trials}
    best = max(times, key=lambda trial: times[trial], default="")
    return best if times.get(best) else None


def times_chosen(run: Run, system: str, trial: str) -> int:
    """Return how many folds chose a trial."""
    choices = entries(run.systems.get(system), "chosen_by", "choices")
    return sum(_is(trial, choice) for choice in choices if isinstance(choice, dict))


def _is(trial: str, choice: dict[str, Any]) -> bool:
    cell = branch(choice, "cell")
    if not cell:
        return trial == choice.get("system")
    return trial == choice.get("system") or same_settings(settings_of(trial), cell)
