"""Drawn settings: inside their space, the same for a seed however the trials are run, resumable, better than chance."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makna.core.errors import MissingPackageError
from makna.tune.guided import Guide, Guided
from makna.tune.hopeless import MedianRule
from makna.tune.outcome import Outcome
from makna.tune.rounds import Trial, search
from makna.tune.space import Choices, Range, Space, size_of

pytest.importorskip("optuna")
SPACE: Space = {"C": Range(0.01, 10.0, log=True), "n": Range(1, 5, whole=True), "kind": Choices(("a", None, (1, 2)))}
METHODS = pytest.mark.parametrize("method", ["random", "tpe"])


def _score(cell: dict[str, Any]) -> float:
    return -abs(math.log10(cell["C"]) - 0.5) - 0.1 * abs(cell["n"] - 3) - (cell["kind"] != (1, 2))


@pytest.fixture(autouse=True)
def _disk_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda file: None)


class Killed(BaseException):
    """The process is killed here."""


class Run:
    """Runs a round in any order; `survives` trials and no more."""

    def __init__(self, score: Callable[[Any], float | None] = _score, seed: int = 0, survives: int = 10**6) -> None:
        self.score = score
        self.ran: list[dict[str, Any]] = []
        self._random = random.Random(seed)
        self._survives = survives

    def __call__(self, candidates: Sequence[Any], rule: MedianRule) -> Iterator[tuple[int, Outcome]]:
        order = list(range(len(candidates)))
        self._random.shuffle(order)
        for i in order:
            if len(self.ran) == self._survives:
                raise Killed
            self.ran.append(candidates[i])
            score = self.score(candidates[i])
            yield i, Outcome(score, diverged=score is None)


def _guided(method: str, journal: Path | None = None, key: str = "k", **further: Any) -> Guided[dict[str, Any]]:
    settings: dict[str, Any] = {"trials": 14, "size": 3, "seed": "13", "metric": "accuracy"} | further
    space = settings.pop("space", SPACE)
    return Guided(Guide(method, **settings), space, dict, journal, key)  # type: ignore[arg-type]


def _cells(trials: list[Trial[Any]]) -> list[tuple[Any, float | None]]:
    return [(trial.candidate, trial.outcome.score) for trial in trials]


def _search(method: str, run: Run | None = None, **further: Any) -> list[tuple[Any, float | None]]:
    return _cells(search(_guided(method, **further), run or Run(), MedianRule("accuracy")))


@METHODS
def test_settings_lie_in_their_space_and_follow_the_seed(method: str) -> None:
    found = _search(method)
    assert len(found) == 14
    for cell, _ in found:
        assert list(cell) == list(SPACE)
        assert 0.01 <= cell["C"] <= 10
        assert cell["C"] == float(f"{cell['C']:.4g}")
        assert cell["n"] in range(1, 6)
        assert isinstance(cell["n"], int)
        assert cell["kind"] in ("a", None, (1, 2))
    assert _search(method) == found
    assert _search(method, seed="14") != found


@METHODS
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_in_which_a_round_ends_changes_nothing(method: str, order: int) -> None:
    assert _search(method, Run(seed=order)) == _search(method, Run(seed=0))


@METHODS
@pytest.mark.parametrize("survives", [0, 1, 3, 4, 8, 13])
def test_a_search_that_is_killed_goes_on_with_the_same_trials(method: str, survives: int, tmp_path: Path) -> None:
    whole = _search(method)
    first, second = Run(survives=survives), Run(seed=5)
    with pytest.raises(Killed):
        _search(method, first, journal=tmp_path / "trials.log")
    # What a kill leaves behind: a lock, and a line that is not finished.
    (tmp_path / "trials.log.lock").touch()
    with (tmp_path / "trials.log").open("ab") as stream:
        stream.write(b'{"op_code":4,"worker_id":"x","stu')
    assert _search(method, second, journal=tmp_path / "trials.log") == whole
    assert len(second.ran) == len(whole) - survives
    assert not [cell for cell in second.ran if cell in first.ran]
    third = Run(survives=0)
    assert _search(method, third, journal=tmp_path / "trials.log") == whole  # all is finished


@METHODS
@pytest.mark.parametrize("lines", [1, 2, 3, 5, 9, 12, 13, 14, 20, 33])
def test_a_journal_that_ends_anywhere_goes_on_with_the_same_trials(method: str, lines: int, tmp_path: Path) -> None:
    journal = tmp_path / "trials.log"
    whole = _search(method, journal=journal)
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:lines]))
    assert _search(method, journal=journal) == whole


@METHODS
@pytest.mark.parametrize("damage", [b"nonsense\n\n{}\n", b"\xff\xfe\n", b"{}\n{}\n"])
def test_a_journal_that_cannot_be_read_or_is_another_studys_begins_anew(
    method: str, damage: bytes, tmp_path: Path
) -> None:
    journal = tmp_path / "trials.log"
    journal.write_bytes(damage)
    whole = _search(method)
    assert _search(method, journal=journal) == whole
    run = Run()
    assert _search(method, run, journal=journal, key="another") == whole
    assert len(run.ran) == len(whole)
    assert journal.read_text().count('"study_name"') == 1  # what is of no use any more is not kept


def test_the_parzen_estimator_learns_of_what_was_told() -> None:
    def best(method: str, seed: int) -> float:
        found = _search(method, trials=40, size=4, seed=str(seed))
        return float(np.mean([score for _, score in found[-12:] if score is not None]))

    seeds = range(4)
    assert np.mean([best("tpe", s) for s in seeds]) > np.mean([best("random", s) for s in seeds]) + 0.3


def test_a_round_of_the_parzen_estimator_is_not_one_setting_many_times() -> None:
    def spread(seed: int) -> float:
        run = Run(lambda cell: -abs(cell["C"] - 0.5))
        found = _search("tpe", run, space={"C": Range(0.0, 1.0)}, trials=36, size=6, seed=str(seed))
        return float(np.mean([np.std([cell["C"] for cell, _ in found[i : i + 6]]) for i in range(12, 36, 6)]))

    assert np.mean([spread(seed) for seed in range(4)]) > 0.1


def test_settings_that_diverge_are_left_alone() -> None:
    def score(cell: dict[str, Any]) -> float | None:
        return None if cell["kind"] == "a" else _score(cell)

    found = _search("tpe", Run(score), trials=40, size=4, seed="3")
    failed = [cell["kind"] == "a" for cell, _ in found]
    assert sum(failed[:12]) > sum(failed[-12:])


@METHODS
def test_a_small_space_is_tried_whole_and_once(method: str) -> None:
    small: Space = {"a": Choices((1, 2)), "b": Range(1, 2, whole=True)}
    run = Run(lambda cell: float(cell["a"] + cell["b"]))
    found = _search(method, run, space=small, trials=10**6)
    assert sorted((cell["a"], cell["b"]) for cell, _ in found) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert len(run.ran) == 4


def test_sizes_of_spaces() -> None:
    assert size_of(SPACE) is None
    assert size_of({"n": Range(1, 5, whole=True), "kind": Choices(("a", "b"))}) == 10
    assert size_of({}) == 1


def test_numbers_of_a_range_stay_inside_it() -> None:
    narrow = Range(0.123412, 0.123449)
    assert all(0.123412 <= narrow.number(value) <= 0.123449 for value in (0.123412, 0.12343, 0.123449))


def test_without_optuna_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makna.core.optional.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as told:
        _guided("tpe")
    assert told.value.fields["extra"] == "tune"


def test_optuna_keeps_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    _search("tpe")
    assert capfd.readouterr() == ("", "")
