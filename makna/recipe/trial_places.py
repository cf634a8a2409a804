"""Where trials keep their checkpoints: each in a folder of its own, of which the best trial's alone stays."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from makna.core.metrics import higher_is_better
from makna.core.workplace import Watch, Workplace
from makna.recipe.cells import SystemSpec
from makna.recipe.store import key_of
from makna.tune.outcome import Outcome

_TRIALS = "trials"


def label_of(spec: SystemSpec) -> str:
    """Return what a trial is called: its settings, or the system's name where it has none."""
    inside = ",".join(f"{key}={value}" for key, value in spec.cell.items())
    return inside or spec.name


def trial_place(place: Workplace, spec: SystemSpec, watch: Watch) -> Workplace:
    """Return the workplace of one trial.

    Parameters
    ----------
    place : Workplace
        Of the choice it belongs to.
    spec : SystemSpec
        What is tried.
    watch : callable
        Asked after every epoch whether it is hopeless.
    """

    def listen(detail: str, done: int, total: int) -> None:
        place.listen(f"{label_of(spec)} · {detail}", done, total)

    return replace(place, folder=_folder(place.folder, spec), listen=listen, watch=watch)


class TrialPlaces:
    """The checkpoints of the trials of one choice.

    Parameters
    ----------
    folder : Path or None
        Of the choice; None where nothing is kept.
    metric : str
        Tells which of two trials is better.
    """

    def __init__(self, folder: Path | None, metric: str) -> None:
        self._folder = folder
        self._upwards = higher_is_better(metric)
        self._best: tuple[float, SystemSpec] | None = None

    def finished(self, spec: SystemSpec, outcome: Outcome) -> None:
        """Remove the checkpoints of a finished trial, or of the best one before it where it is better."""
        score = -float("inf") if outcome.score is None else outcome.score if self._upwards else -outcome.score
        worse: SystemSpec | None = spec
        if not outcome.diverged and (self._best is None or score > self._best[0]):
            worse = self._best[1] if self._best else None
            self._best = (score, spec)
        folder = _folder(self._folder, worse) if worse else None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def end(self, best: SystemSpec, is_whole: bool) -> None:
        """Remove what trials have left.

        Parameters
        ----------
        best : SystemSpec
            What was chosen, as it was tried.
        is_whole : bool
            Whether it was tried on the very rows that it is now to be fitted on: then it need not be trained again.
        """
        if self._folder is None or not (self._folder / _TRIALS).is_dir():
            return
        kept = _folder(self._folder, best)
        if is_whole and kept is not None and kept.is_dir():
            for training in kept.iterdir():
                if not (self._folder / training.name).exists():
                    training.replace(self._folder / training.name)
        shutil.rmtree(self._folder / _TRIALS, ignore_errors=True)


def _folder(folder: Path | None, spec: SystemSpec) -> Path | None:
    return None if folder is None else folder / _TRIALS / key_of(spec.params())[:16]
