"""Rounds: proposals are run in any order and told in theirs; what is finished is not run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from makna.tune.hopeless import MedianRule
from makna.tune.outcome import Outcome
from makna.tune.rounds import Listed, Proposal, Trial, search


class Run:
    """Runs rounds, in the order that `order` makes of the positions; the score is the candidate itself."""

    def __init__(self, order: Any = list) -> None:
        self.order = order
        self.rounds: list[tuple[list[Any], int]] = []

    def __call__(self, candidates: Sequence[Any], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        self.rounds.append((list(candidates), len(rule.before)))
        for i in self.order(range(len(candidates))):
            yield i, Outcome(float(candidates[i]))


def _told(trials: list[Trial[Any]]) -> list[tuple[Any, float | None]]:
    return [(trial.candidate, trial.outcome.score) for trial in trials]


def test_the_order_of_the_results_does_not_matter() -> None:
    ordered, reverse = Run(), Run(lambda positions: list(positions)[::-1])
    rule = MedianRule("accuracy")
    assert _told(search(Listed(range(5), 2), ordered, rule)) == [(i, float(i)) for i in range(5)]
    assert _told(search(Listed(range(5), 2), reverse, rule)) == [(i, float(i)) for i in range(5)]
    assert ordered.rounds == reverse.rounds == [([0, 1], 0), ([2, 3], 2), ([4], 4)]


@given(n=st.integers(1, 9), size=st.integers(1, 4), finished=st.sets(st.integers(0, 8)))
def test_finished_trials_are_not_run_again(n: int, size: int, finished: set[int]) -> None:
    kept = {i: Outcome(float(i)) for i in finished if i < n}
    run, seen = Run(), list[set[int]]()
    listed = Listed(range(n), size, dict(kept), lambda outcomes: seen.append(set(outcomes)))
    assert _told(search(listed, run, MedianRule("accuracy"))) == [(i, float(i)) for i in range(n)]
    ran = [candidate for candidates, _ in run.rounds for candidate in candidates]
    assert ran == [i for i in range(n) if i not in kept]
    assert seen == [set(kept) | set(ran[: i + 1]) for i in range(len(ran))]  # each one kept at once


def test_progress_counts_what_is_finished() -> None:
    done: list[int] = []
    search(Listed(range(4), 2, {0: Outcome(0.0)}), Run(), MedianRule("accuracy"), done.append)
    assert done == [2, 3, 4]


class Repeating(Listed[int]):
    """Proposes each candidate twice."""

    def __init__(self) -> None:
        super().__init__([1, 1, 2, 1], 2)
        self.told: list[tuple[int, float | None]] = []

    def ask(self) -> list[Proposal[int]]:
        return [Proposal(p.position, str(p.candidate), p.candidate) for p in super().ask()]

    def tell(self, round_: Sequence[tuple[Proposal[int], Outcome]]) -> None:
        self.told += [(proposal.position, outcome.score) for proposal, outcome in round_]


def test_the_same_candidate_is_run_once_and_told_each_time() -> None:
    proposals, run = Repeating(), Run()
    assert _told(search(proposals, run, MedianRule("accuracy"))) == [(1, 1.0), (2, 2.0)]
    assert run.rounds == [([1], 0), ([2], 1)]
    assert proposals.told == [(0, 1.0), (1, 1.0), (2, 2.0), (3, 1.0)]
