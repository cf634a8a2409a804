"""`--engine`: told in plain words before any work where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from makna.cli.main import run_command


def _run(folder: Path, *words: str) -> int:
    return run_command(["run", "sample-tweets", "--out", str(folder / "run"), "--lang", "en", *words])


def test_an_unknown_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "--engine", "rai") == 2
    told = capsys.readouterr().err
    assert "--engine: 'rai' is unknown. Allowed: local, ray. Did you mean 'ray'?" in " ".join(told.split())
    assert not (tmp_path / "run").exists()


def test_ray_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("makna.core.optional.find_spec", lambda name: None)
    assert _run(tmp_path, "--engine", "ray") == 2
    told = capsys.readouterr().err
    assert "ray" in told
    assert "[cluster]" in told
    assert not (tmp_path / "run").exists()


def test_ray_with_one_worker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("makna.tune.engines.require", lambda package, purpose: None)
    assert _run(tmp_path, "--engine", "ray") == 2
    assert "--set tune.workers=2" in capsys.readouterr().err


def test_the_engine_stands_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "--help"]) == 0
    assert "--engine" in capsys.readouterr().out
