"""Choosing the settings of a system: trials proposed by grid, at random or by Optuna, run here or by workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from makna.clean.text import tables_hash
from makna.core.compute import Compute, computing, cores
from makna.core.memo import sharing
from makna.core.messages import language, say, set_language
from makna.core.metrics import score
from makna.core.workplace import Workplace, working, workplace
from makna.recipe.cells import SystemSpec, filled, space
from makna.recipe.executor import Executor
from makna.recipe.sections import TuneSection
from makna.recipe.store import Store, key_of
from makna.recipe.trial_places import TrialPlaces, label_of
from makna.tune.engines import Engine, InTurn
from makna.tune.guided import Guide, Guided
from makna.tune.hopeless import MedianRule, Watch, looked_at
from makna.tune.outcome import Answer, Outcome
from makna.tune.rounds import Listed, Proposals, RunRound, Trial, best_of, search
from makna.tune.search import Judge

if TYPE_CHECKING:
    from makna.recipe.units import Setting

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
CHOSEN = "chosen"
_EVERY = 5.0  # seconds between two words on how far a choice is


class Work(Protocol):
    """What fits systems and asks them."""

    setting: Setting
    executor: Executor

    def answer(self, spec: SystemSpec, train: np.ndarray, held: np.ndarray, watch: Watch) -> Answer:
        """Fit a system on rows and ask it about others."""
        ...


@dataclass(frozen=True)
class Searching:
    """Where trials run, and where their outcomes are kept.

    Parameters
    ----------
    engine : Engine
        Runs trials.
    store : Store or None
        Keeps finished trials, so that a run that was killed does not run them again; None keeps nothing.
    key : str
        All that the trials of a run depend on.
    compute : Compute
        How networks compute; its threads are divided among the workers.
    """

    engine: Engine = field(default_factory=InTurn)
    store: Store | None = None
    key: str = ""
    compute: Compute = field(default_factory=Compute)


def choose(
    work: Work, searching: Searching, candidates: Sequence[SystemSpec], splits: Splits
) -> tuple[SystemSpec, list[Trial[SystemSpec]]]:
    """Choose the best among systems and their settings, on the held rows of the splits.

    Parameters
    ----------
    work : Work
        Fits systems.
    searching : Searching
        Where trials run and are kept.
    candidates : sequence of SystemSpec
        Cells of a grid, or systems with open settings.
    splits : sequence of (ndarray, ndarray)
        Training and held row positions.

    Returns
    -------
    SystemSpec, list of Trial
        The best, and every trial; each with its calibration, although trials go without it.

    Raises
    ------
    TrainingError
        Every trial diverged.
    """
    chooser = _Chooser(work, searching, splits)
    is_grid = chooser.tune.method == "grid"
    trials = chooser.grid(candidates) if is_grid else [t for spec in candidates for t in chooser.drawn(spec)]
    best = best_of(trials, chooser.tune.by)
    chooser.places.end(chooser.tried[best.candidate.name], is_whole=len(splits) == 1)
    return best.candidate, trials


class _Chooser:
    """Runs the trials of one choice."""

    def __init__(self, work: Work, searching: Searching, splits: Splits) -> None:
        self.work = work
        self.searching = searching
        self.splits = splits
        self.tune = work.setting.tune or TuneSection(systems=None)
        self.places = TrialPlaces(workplace().folder, self.tune.by)
        # Name of a candidate → the candidate as it is tried.
        self.tried: dict[str, SystemSpec] = {}
        self._fit = key_of([[train.tolist(), held.tolist()] for train, held in splits])

    def grid(self, candidates: Sequence[SystemSpec]) -> list[Trial[SystemSpec]]:
        """Try every candidate, in rounds."""
        tried = uncalibrated(candidates)
        bases = {spec.base for spec in candidates}
        name, key = self._name(bases.pop() if len(bases) == 1 else CHOSEN), self._key(tried)
        store = self.searching.store
        kept = (store.get(name, key) if store else None) or {}
        outcomes = {int(position): Outcome.from_json(outcome) for position, outcome in kept.items()}

        def keep(outcomes: dict[int, Outcome]) -> None:
            if store:
                store.put(name, key, {str(position): outcome.to_json() for position, outcome in outcomes.items()})

        listed = Listed(tried, self.tune.round, outcomes, keep)
        trials = self._run(listed, len(tried), self._together)
        return [self._as_asked(trial, spec) for trial, spec in zip(trials, candidates, strict=True)]

    def drawn(self, spec: SystemSpec) -> list[Trial[SystemSpec]]:
        """Try settings drawn from what a system's open ones may be; a system without any is tried as it is."""
        tune = self.tune
        if not spec.is_open:
            return self.grid([spec])
        tried, store = _uncalibrated(spec), self.searching.store
        seed = f"{self.work.setting.seed}/{spec.base}/{self._fit}"
        assert tune.method != "grid"
        guide = Guide(tune.method, tune.trials, tune.round, seed, tune.by)
        journal = store.folder / f"{self._name(spec.base)}.log" if store else None
        guided = Guided(guide, space(tried), lambda cell: filled(tried, cell), journal, self._key([tried]))
        trials = self._run(guided, tune.trials, self._one_by_one)
        return [self._as_asked(trial, filled(spec, trial.candidate.cell)) for trial in trials]

    def _as_asked(self, trial: Trial[SystemSpec], spec: SystemSpec) -> Trial[SystemSpec]:
        self.tried[spec.name] = trial.candidate
        return replace(trial, candidate=spec)

    def _run(self, proposals: Proposals[SystemSpec], total: int, here: RunRound[SystemSpec]) -> list[Trial[SystemSpec]]:
        listen = workplace().listen
        rule = MedianRule(looked_at(self.tune.by), stops=self.tune.stop_hopeless)
        run = here if self.searching.engine.workers == 1 else self._shared_out
        told = time.monotonic()

        def tidy(specs: Sequence[SystemSpec], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
            for i, outcome in run(specs, rule):
                yield i, outcome  # and kept, before its checkpoints go
                self.places.finished(specs[i], outcome)

        def tell(done: int) -> None:
            nonlocal told
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                listen(say("tune.progress", done=done), done, total)

        return search(proposals, tidy, rule, tell)

    def _together(self, specs: Sequence[SystemSpec], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        yield from _judge(self.work, self.splits).outcomes(specs, rule)

    def _one_by_one(self, specs: Sequence[SystemSpec], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        for i, spec in enumerate(specs):
            for _, outcome in _judge(self.work, self.splits).outcomes([spec], rule):
                yield i, outcome

    def _shared_out(self, specs: Sequence[SystemSpec], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        work, engine, compute = self.work, self.searching.engine, self.searching.compute
        executor = work.executor
        away = _Away(
            key_of(self.searching.key, id(executor)), type(work), replace(work.setting, mistakes=False),
            (executor.X, executor.y, executor.groups), self.splits, language(),
            max(1, (compute.threads or 1) // engine.workers),
            replace(compute, threads=max(1, (compute.threads or cores()) // engine.workers)),
        )  # fmt: skip
        place = workplace()
        yield from engine.map(away, [(spec, rule, Workplace(place.folder)) for spec in specs])

    def _key(self, specs: Sequence[SystemSpec]) -> str:
        return key_of(self.searching.key, self._fit, [[s.params(), tables_hash(s.clean)] for s in specs])

    def _name(self, base: str) -> str:
        return f"{base}/trials-{self._fit[:12]}"


@dataclass(frozen=True)
class _Away:
    """Runs one trial in another process, which keeps what trials share from one call to the next.

    Parameters
    ----------
    token : str
        Tells one run from another.
    make : callable
        Builds what fits systems.
    rows : tuple
        Texts, truth and groups of the corpus.
    threads : int
        Of the numeric libraries, this worker's share.
    compute : Compute
        How networks compute, with this worker's share of the threads.
    """

    token: str
    make: Callable[[Setting, Executor], Work]
    setting: Setting
    rows: tuple[Any, np.ndarray, np.ndarray | None]
    splits: Splits
    lang: str
    threads: int
    compute: Compute

    def __call__(self, spec: SystemSpec, rule: MedianRule, place: Workplace) -> Outcome:
        set_language(self.lang)
        if self.token not in _BENCHES:
            _BENCHES.clear()
            _BENCHES[self.token] = (self.make(self.setting, Executor(*self.rows)), {})
        work, memo = _BENCHES[self.token]
        with threadpool_limits(self.threads), computing(self.compute), sharing(memo), working(place):
            return next(outcome for _, outcome in _judge(work, self.splits).outcomes([spec], rule))


_BENCHES: dict[str, tuple[Work, dict[Any, Any]]] = {}


def _judge(work: Work, splits: Splits) -> Judge[SystemSpec]:
    setting = work.setting
    by = (setting.tune or TuneSection(systems=None)).by

    merge, labels, truths = setting.merge, setting.labels, work.executor.y
    if merge.into:
        labels, truths = {"": merge.labels(labels[""])}, merge.truth(truths)

    def scored(truth: np.ndarray, prediction: np.ndarray) -> float | None:
        return score(setting.task, labels, truth, prediction, by)

    return Judge(splits, truths, work.answer, scored, by)


def uncalibrated(candidates: Sequence[SystemSpec]) -> list[SystemSpec]:
    """Return the candidates as they are tried: calibration comes after the choice, unless it is what is chosen.

    Calibrating a trial costs six fits in place of one, and a setting that answers better does so before calibration.
    """
    calibrations = [spec.learn[1:] for spec in candidates]
    if any(steps != calibrations[0] for steps in calibrations):
        return list(candidates)
    return [replace(spec, learn=spec.learn[:1]) for spec in candidates]


def _uncalibrated(spec: SystemSpec) -> SystemSpec:
    bare = replace(spec, learn=spec.learn[:1])
    return bare if space(bare) == space(spec) else spec


def history_of(trials: Sequence[Trial[SystemSpec]], by: str, fold: str, part: str) -> list[dict[str, Any]]:
    """Return the trials as rows of a system's history: each one's score, then what its networks showed by epoch.

    Parameters
    ----------
    trials : sequence of Trial
        As `choose` returns them.
    by : str
        The metric that chose.
    fold : str
        Name of the fit.
    part : str
        Where the held rows come from: ``valid`` or ``inner``.
    """
    names = [label_of(trial.candidate) for trial in trials]
    if len(set(names)) < len(names):  # equal settings of several systems
        names = [trial.candidate.name for trial in trials]
    told = list(zip(names, (trial.outcome for trial in trials), strict=True))
    scores = [
        {"trial": name, "fold": fold, "part": part, by: outcome.score, **({"why": outcome.why} if outcome.why else {})}
        for name, outcome in told
    ]
    return scores + [{"trial": name, "fold": fold, **row} for name, outcome in told for row in outcome.epochs]
