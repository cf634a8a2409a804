"""Trials in rounds: all of a round are proposed, then run in any order, then told in theirs.

So the trials are the same with one worker or many, and after a run that was killed: nothing that a proposal or the end
of a hopeless trial depends on comes from its own round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from makna.core.errors import TrainingError
from makna.core.metrics import higher_is_better
from makna.tune.hopeless import MedianRule
from makna.tune.outcome import Outcome

Candidate = TypeVar("Candidate")


@dataclass(frozen=True)
class Proposal(Generic[Candidate]):
    """A candidate that is to be tried.

    Parameters
    ----------
    position : int
        From 0.
    name : str
        Candidates of one name are the same one; it is tried once.
    candidate : object
        What is tried.
    """

    position: int
    name: str
    candidate: Candidate


@dataclass(frozen=True)
class Trial(Generic[Candidate]):
    """A candidate that was tried."""

    candidate: Candidate
    outcome: Outcome


class Proposals(Protocol[Candidate]):
    """Where candidates come from, and where outcomes are kept."""

    def ask(self) -> list[Proposal[Candidate]]:
        """Return the next round; empty at the end."""
        ...

    def kept(self, proposal: Proposal[Candidate]) -> Outcome | None:
        """Return the outcome of a trial that was finished before the run was cut short."""
        ...

    def keep(self, proposal: Proposal[Candidate], outcome: Outcome) -> None:
        """Keep the outcome of a finished trial."""
        ...

    def tell(self, round_: Sequence[tuple[Proposal[Candidate], Outcome]]) -> None:
        """Take the outcomes of a whole round, in its order."""
        ...


RunRound = Callable[[Sequence[Candidate], MedianRule], Iterator[tuple[int, Outcome]]]
"""(candidates, when one is hopeless) → position among them and outcome, as they come to an end."""


def search(
    proposals: Proposals[Candidate],
    run: RunRound[Candidate],
    rule: MedianRule,
    listen: Callable[[int], Any] = lambda done: None,
) -> list[Trial[Candidate]]:
    """Try what is proposed, round by round.

    Parameters
    ----------
    proposals : Proposals
        Where candidates come from.
    run : callable
        Runs a round.
    rule : MedianRule
        When a trial is hopeless; it learns of every finished round.
    listen : callable
        Told the number of finished trials.

    Returns
    -------
    list of Trial
        In the order of the proposals, each candidate once.
    """
    trials: dict[str, Trial[Candidate]] = {}
    while asked := proposals.ask():
        new: dict[str, Proposal[Candidate]] = {}
        for proposal in asked:
            if proposal.name not in trials:
                new.setdefault(proposal.name, proposal)
        outcomes = {name: kept for name, proposal in new.items() if (kept := proposals.kept(proposal)) is not None}
        fresh = [proposal for name, proposal in new.items() if name not in outcomes]
        for i, outcome in run([proposal.candidate for proposal in fresh], rule):
            proposals.keep(fresh[i], outcome)
            outcomes[fresh[i].name] = outcome
            listen(len(trials) + len(outcomes))
        trials |= {name: Trial(proposal.candidate, outcomes[name]) for name, proposal in new.items()}
        rule = replace(rule, before=[*rule.before, *(outcomes[name] for name in new)])
        proposals.tell([(proposal, trials[proposal.name].outcome) for proposal in asked])
    return list(trials.values())


def best_of(trials: Sequence[Trial[Candidate]], metric: str) -> Trial[Candidate]:
    """Return the trial with the best score, the first of equals.

    Parameters
    ----------
    trials : sequence of Trial
        At least one.
    metric : str
        Name of the score, which tells whether higher is better.

    Raises
    ------
    TrainingError
        Every trial diverged.
    """
    sound = [trial for trial in trials if not trial.outcome.diverged]
    if not sound:
        raise TrainingError("tune.all_diverged", n=len(trials), why=trials[0].outcome.why)
    sign = 1 if higher_is_better(metric) else -1

    def value(trial: Trial[Candidate]) -> float:
        return -np.inf if trial.outcome.score is None else sign * trial.outcome.score

    return max(sound, key=value)


class Listed(Generic[Candidate]):
    """All of a list, in its order: a grid.

    Parameters
    ----------
    candidates : sequence
        What is tried.
    size : int
        Of a round.
    outcomes : dict
        Position → outcome, of trials that are finished.
    changed : callable
        Told of `outcomes` whenever one is added.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        size: int,
        outcomes: dict[int, Outcome] | None = None,
        changed: Callable[[dict[int, Outcome]], Any] = lambda outcomes: None,
    ) -> None:
        self._waiting = [Proposal(i, str(i), candidate) for i, candidate in enumerate(candidates)]
        self._size = size
        self._outcomes = outcomes or {}
        self._changed = changed

    def ask(self) -> list[Proposal[Candidate]]:
        """Return the next round."""
        asked, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
        return asked

    def kept(self, proposal: Proposal[Candidate]) -> Outcome | None:
        """Return the outcome of a finished trial."""
        return self._outcomes.get(proposal.position)

    def keep(self, proposal: Proposal[Candidate], outcome: Outcome) -> None:
        """Keep the outcome of a finished trial."""
        self._outcomes[proposal.position] = outcome
        self._changed(self._outcomes)

    def tell(self, round_: Sequence[tuple[Proposal[Candidate], Outcome]]) -> None:
        """Do nothing: the next round does not depend on this one."""
