"""Settings drawn at random or by the tree-structured Parzen estimator (Bergstra et al. 2011), with Optuna.

What is drawn for a trial depends on the seed, on its position, and on the rounds that are finished, nothing else. A
study is kept in Optuna's journal, so that a run that was killed goes on with the same trials.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from makna.core.metrics import higher_is_better
from makna.core.optional import require
from makna.tune.outcome import Outcome
from makna.tune.rounds import Proposal
from makna.tune.space import Choices, Range, Space, size_of

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

Candidate = TypeVar("Candidate")
Method = Literal["random", "tpe"]
OUTCOME = "outcome"
_STARTUP = 10


@dataclass(frozen=True)
class Guide:
    """How settings are drawn.

    Parameters
    ----------
    method : {"random", "tpe"}
        How.
    trials : int
        Their number.
    size : int
        Of a round.
    seed : str
        What the draws depend on, besides the trials before.
    metric : str
        Tells whether a higher score is a better one.
    """

    method: Method
    trials: int
    size: int
    seed: str
    metric: str

    @property
    def startup(self) -> int:
        """How many trials of the Parzen estimator are random: a third, at least a round and at most ten."""
        return min(_STARTUP, max(self.size, self.trials // 3))


class Guided(Generic[Candidate]):
    """Candidates with settings drawn from a space.

    Parameters
    ----------
    guide : Guide
        How settings are drawn.
    space : mapping
        What each setting may be.
    make : callable
        Settings → candidate.
    journal : Path or None
        Where the study is kept; None keeps it in memory.
    key : str
        All that the study depends on: a journal of another key begins anew.

    Raises
    ------
    MissingPackageError
        Optuna is not installed.
    """

    def __init__(
        self,
        guide: Guide,
        space: Space,
        make: Callable[[dict[str, Any]], Candidate],
        journal: Path | None = None,
        key: str = "makna",
    ) -> None:
        self._optuna = require("optuna", f"tune: {{method: {guide.method}}}")
        self._guide = guide
        self._space = space
        self._make = make
        self._asked = 0
        self._seen: set[str] = set()
        with _quiet(self._optuna):
            self._storage = _storage(self._optuna, journal, key)
            direction = "maximize" if higher_is_better(guide.metric) else "minimize"
            self._study = self._optuna.create_study(
                storage=self._storage, study_name=key, direction=direction, load_if_exists=True
            )
        self._found = [trial for trial in self._study.get_trials(deepcopy=False) if self._counts(trial)]

    def ask(self) -> list[Proposal[Candidate]]:
        """Return the next round; fewer where all combinations of a small space were tried."""
        size, asked = size_of(self._space), []
        until = min(self._guide.trials, self._asked + self._guide.size)
        while self._asked < until and (size is None or len(self._seen) < size):
            drawn = self._settings(self._trial(self._asked).params)
            name = _name(drawn)
            self._seen.add(name)
            asked.append(Proposal(self._asked, name, self._make(drawn)))
            self._asked += 1
        return asked

    def kept(self, proposal: Proposal[Candidate]) -> Outcome | None:
        """Return the outcome of a finished trial."""
        attributes = self._found[proposal.position].user_attrs
        return Outcome.from_json(attributes[OUTCOME]) if OUTCOME in attributes else None

    def keep(self, proposal: Proposal[Candidate], outcome: Outcome) -> None:
        """Keep the outcome of a finished trial, at once."""
        study = self._storage.get_study_id_from_name(self._study.study_name)
        number = self._found[proposal.position].number
        trial = self._storage.get_trial_id_from_study_id_trial_number(study, number)
        self._storage.set_trial_user_attr(trial, OUTCOME, outcome.to_json())

    def tell(self, round_: Sequence[tuple[Proposal[Candidate], Outcome]]) -> None:
        """Let the next round learn of this one; a trial without a score counts as worse than all others."""
        states = self._optuna.trial.TrialState
        for proposal, outcome in round_:
            trial = self._found[proposal.position]
            if trial.state.is_finished():
                continue
            with _quiet(self._optuna):
                if outcome.score is None:
                    self._study.tell(trial.number, state=states.PRUNED)
                else:
                    self._study.tell(trial.number, outcome.score)

    def _counts(self, trial: FrozenTrial) -> bool:
        return trial.state != self._optuna.trial.TrialState.FAIL

    def _trial(self, position: int) -> FrozenTrial:
        """Return the trial at a position, drawn now unless it was before; one drawn by half is drawn again."""
        if position < len(self._found) and set(self._found[position].params) == set(self._space):
            return self._found[position]
        with _quiet(self._optuna):
            for half in self._found[position:]:
                self._study.tell(half.number, state=self._optuna.trial.TrialState.FAIL)
            self._study.sampler = self._sampler(position)
            distributions = {name: _distribution(self._optuna, values) for name, values in self._space.items()}
            number = self._study.ask(distributions).number
        self._found = [*self._found[:position], self._study.get_trials(deepcopy=False)[number]]
        return self._found[position]

    def _sampler(self, position: int) -> BaseSampler:
        digest = hashlib.sha256(f"{self._guide.seed}/{position}".encode()).digest()
        seed = int.from_bytes(digest[:4], "big")
        if self._guide.method == "random":
            return self._optuna.samplers.RandomSampler(seed=seed)
        # What runs beside it counts as bad, so that a round does not draw the same setting over and over.
        return self._optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=self._guide.startup, multivariate=False, constant_liar=True
        )

    def _settings(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: values.values[drawn[name]] if isinstance(values, Choices) else values.number(drawn[name])
            for name, values in self._space.items()
        }


def _name(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)


def _distribution(optuna: Any, values: Choices | Range) -> BaseDistribution:
    """Return Optuna's own description; of choices it knows the positions, whatever they are."""
    kinds = optuna.distributions
    if isinstance(values, Choices):
        return kinds.CategoricalDistribution(list(range(len(values.values))))
    kind = kinds.IntDistribution if values.whole else kinds.FloatDistribution
    return kind(values.low, values.high, log=values.log)


def _storage(optuna: Any, journal: Path | None, key: str) -> BaseStorage:
    """Open the journal, or begin it anew where it belongs to another study or cannot be read."""
    if journal is None:
        return optuna.storages.InMemoryStorage()
    journal.parent.mkdir(parents=True, exist_ok=True)
    # A process that was killed may leave its lock, and the last line unfinished.
    Path(f"{journal}.lock").unlink(missing_ok=True)
    if journal.is_file():
        whole = journal.read_bytes()
        if not whole.endswith(b"\n"):
            journal.write_bytes(whole[: whole.rfind(b"\n") + 1])
    try:
        storage = _opened(optuna, journal)
        if [study.study_name for study in storage.get_all_studies()] in ([], [key]):
            return storage
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        pass
    journal.unlink()
    return _opened(optuna, journal)


def _opened(optuna: Any, journal: Path) -> BaseStorage:
    kinds = optuna.storages.journal
    lock = kinds.JournalFileOpenLock(str(journal))
    return optuna.storages.JournalStorage(kinds.JournalFileBackend(str(journal), lock_obj=lock))


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Keep Optuna's log lines and its warnings about experimental features off the screen."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
