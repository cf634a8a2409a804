"""Engines: the same results in this process, in other processes and on Ray; errors and Ctrl-C reach everybody."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import psutil
import pytest

from makna.core.errors import MissingPackageError, TrainingError, UserError
from makna.core.messages import set_language
from makna.core.metrics import check_metric
from makna.core.optional import available
from makna.core.task import Task
from makna.tune import engines
from makna.tune.engines import Crew, check_engine, engine

JOBS = [(float(i), 2.0) for i in range(5)]
SQUARES = [(i, float(i * i)) for i in range(5)]
needs_ray = pytest.mark.skipif(not available("ray"), reason="Ray is not installed")


def test_one_worker_runs_here_in_turn() -> None:
    here: list[int] = []
    with engine("local", 1) as crew:
        assert list(crew.map(math.pow, JOBS)) == SQUARES
        assert [result for _, result in crew.map(lambda: here.append(1) or os.getpid(), [()])] == [os.getpid()]
    assert here == [1]


@pytest.mark.slow
def test_workers_are_other_processes_that_stay() -> None:
    with engine("local", 2) as crew:
        assert sorted(crew.map(math.pow, JOBS)) == SQUARES
        pids = {pid for _, pid in crew.map(os.getpid, [()] * 8)}
        assert os.getpid() not in pids
        assert {pid for _, pid in crew.map(os.getpid, [()] * 8)} <= pids | {pid for _, pid in crew.map(os.getpid, [()])}
        assert list(crew.map(math.pow, [])) == []
        with pytest.raises(UserError) as told:
            list(crew.map(check_metric, [("nonsense", Task(), ["a", "b"])] * 2))
        assert (told.value.key, told.value.fields["came"]) == ("evaluate.bad_metric", "nonsense")
        assert sorted(crew.map(math.pow, JOBS)) == SQUARES  # and they go on


def test_a_worker_that_dies_is_told_in_words() -> None:
    class Dying:
        def __enter__(self) -> Any:
            def call(jobs: Any) -> Any:
                raise BrokenProcessPool("it died")

            return call

        def __exit__(self, *_: Any) -> None:
            pass

    crew = Crew(3, lambda workers: Dying())  # type: ignore[arg-type, return-value]
    with pytest.raises(TrainingError) as told:
        list(crew.map(math.pow, JOBS))
    assert (told.value.key, told.value.fields) == ("tune.worker_died", {"workers": 3})


def test_engines_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    set_language("en")
    with pytest.raises(UserError, match=r"'rya' is unknown. Allowed: local, ray. Did you mean 'ray'\?"):
        check_engine("rya", 2)
    with pytest.raises(UserError, match=r"'threads' is unknown\. Allowed: local, ray\."):
        check_engine("threads", 2)
    monkeypatch.setattr(engines, "require", lambda package, purpose: None)
    with pytest.raises(UserError, match=r"--set tune\.workers=2"):
        check_engine("ray", 1)


def test_without_ray_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makna.core.optional.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as told, engine("ray", 2):
        pass
    assert told.value.fields["extra"] == "cluster"


@needs_ray
@pytest.mark.slow
def test_ray_gives_the_same_and_is_shut_down(capfd: pytest.CaptureFixture[str]) -> None:
    import ray

    with engine("ray", 2) as crew:
        assert sorted(crew.map(math.pow, JOBS)) == SQUARES
        assert os.getpid() not in {pid for _, pid in crew.map(os.getpid, [()] * 4)}
        with pytest.raises(UserError) as told:
            list(crew.map(check_metric, [("nonsense", Task(), ["a", "b"])]))
        assert told.value.fields["came"] == "nonsense"
        assert sorted(crew.map(math.pow, JOBS)) == SQUARES
        assert ray.is_initialized()
    assert not ray.is_initialized()
    assert capfd.readouterr() == ("", "")


_ASLEEP = """
import sys, time
from makna.tune.engines import engine
with engine(sys.argv[1], 2) as crew:
    list(crew.map(int, [("1",)]))
    print("ready", flush=True)
    try:
        list(crew.map(time.sleep, [(60,)] * 4))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["local", pytest.param("ray", marks=needs_ray)])
@pytest.mark.parametrize("to_all", [False, True], ids=["to the process", "to its whole group, as a terminal does"])
def test_ctrl_c_ends_the_workers(name: str, to_all: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ASLEEP, name],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
    said, told = process.communicate(timeout=50)
    assert said == "interrupted\n", told
    assert process.returncode == 0
    assert "Traceback" not in told, told
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
