"""A file of a million rows: memory stays flat, time grows with the rows."""

from __future__ import annotations

import csv
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from makna.recipe.recipe import load_recipe
from makna.recipe.runner import run_recipe

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "wait4"), reason="POSIX only")]
LIMIT_MB = 1500
FACTOR = 11


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = run_recipe(load_recipe("sample-reviews", ["split.folds=3"]), tmp_path_factory.mktemp("m") / "run")
    return run.model_folder("counts-svm")


def write(path: Path, rows: int) -> None:
    source = Path(__file__).parents[2] / "makna" / "samples" / "reviews.csv"
    with source.open(encoding="utf-8", newline="") as stream:
        texts = [row["ulasan"] for row in csv.DictReader(stream)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["nomor", "ulasan"])
        # every text differs, so that nothing is gained by remembering
        writer.writerows((i, f"{text} {i}") for i, text in zip(range(rows), itertools.cycle(texts)))


def predict(model: Path, source: Path, out: Path) -> tuple[float, float]:
    """Return processor seconds (other work on the machine does not count) and peak memory (MB) of `makna predict`."""
    command = [sys.executable, "-m", "makna.cli.main", "predict", str(model), str(source), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1024 if sys.platform == "linux" else 1) / 1e6


def test_a_million_rows(model, tmp_path):
    write(tmp_path / "small.csv", 100_000)
    write(tmp_path / "large.csv", 1_000_000)
    small, _ = predict(model, tmp_path / "small.csv", tmp_path / "small-out.csv")
    large, peak = predict(model, tmp_path / "large.csv", tmp_path / "large-out.csv")
    print(f"\n100,000 rows: {small:.1f} s; 1,000,000 rows: {large:.1f} s of processor time, {peak:.0f} MB")
    assert peak < LIMIT_MB
    assert large <= FACTOR * small
    with (tmp_path / "large-out.csv").open("rb") as stream:
        assert sum(1 for _ in stream) == 1_000_001
