"""Killed at random moments, a run that is resumed ends with the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow


def start(study: str, folder, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "makna.cli.main", "run", study, "--out", str(folder), "--lang", "en", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(study: str, folder, *words: str) -> float:
    begun = time.perf_counter()
    process = start(study, folder, *words)
    _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told
    return time.perf_counter() - begun


@pytest.mark.parametrize("study", ["sample-reviews", "sample-answers"])
def test_ten_kills_and_resumes_give_the_same_metrics(study, tmp_path):
    seconds = finish(study, tmp_path / "whole")
    draw = random.Random(7)
    killed = 0
    for _ in range(10):
        process = start(study, tmp_path / "killed", "--resume")
        time.sleep(draw.uniform(0.3, 0.9) * seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if process.returncode == 0:  # it had finished: begin anew
            shutil.rmtree(tmp_path / "killed")
    assert killed >= 5
    finish(study, tmp_path / "killed", "--resume")
    for name in ("metrics.json", "data.json", "explain.json", "recipe.yaml"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert not [path for path in (tmp_path / "killed").rglob(".*") if path.is_file()], "scratch files are left"


NETWORK = """
task: {{inputs: text, target: class}}
collect: {{dataset: sample-reviews, text: ulasan, label: label}}
device: cpu
precision: fp32
threads: 1
split: {{holdout: {{train: 0.6, valid: 0.2, test: 0.2}}}}
systems:
  net:
    learn: {{finetune: {{encoder: "{encoder}", epochs: 6, learning_rate: 1.0e-3, max_length: 48}}}}
explain: []
"""


def test_ten_kills_while_a_network_trains(tmp_path):
    pytest.importorskip("torch")
    from tests.encoders import tiny_encoder

    encoder = tiny_encoder(tmp_path / "tiny", layers=4, width=128)
    (tmp_path / "net.yaml").write_text(NETWORK.format(encoder=encoder), encoding="utf-8")
    study = str(tmp_path / "net.yaml")
    seconds = finish(study, tmp_path / "whole")
    draw = random.Random(3)
    killed = 0
    for _ in range(10):
        process = start(study, tmp_path / "killed", "--resume")
        time.sleep(draw.uniform(0.4, 0.95) * seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            shutil.rmtree(tmp_path / "killed")
    assert killed >= 3
    finish(study, tmp_path / "killed", "--resume")
    assert (tmp_path / "killed" / "metrics.json").read_bytes() == (tmp_path / "whole" / "metrics.json").read_bytes()
    assert not list((tmp_path / "killed" / "progress" / "checkpoints").rglob("*.safetensors"))


def test_a_disk_that_is_really_full(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        process = start("sample-reviews", place / "run")
        _, told = process.communicate(timeout=120)
        assert process.returncode == 2, told
        assert "disk is full" in told
        assert "Traceback" not in told
        kept = len(list((place / "run").rglob("*.json")))
        assert kept > 3
        subprocess.run(["mount", "-o", "remount,size=50m", str(place)], check=True)
        finish("sample-reviews", place / "run", "--resume")
        assert (place / "run" / "report.html").stat().st_size > 10_000
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(not os.environ.get("MAKNA_DATA"), reason="MAKNA_DATA is not set")
def test_hate_speech_killed_twice(tmp_path):
    words = ("--rows", "3000", "--set", "split.folds=5", "--only", "counts-svm,words-svm")
    seconds = finish("hate-speech", tmp_path / "whole", *words)
    for share in (0.35, 0.7):
        process = start("hate-speech", tmp_path / "killed", "--resume", *words)
        time.sleep(share * seconds)
        process.kill()
        process.communicate()
    finish("hate-speech", tmp_path / "killed", "--resume", *words)
    assert (tmp_path / "killed" / "metrics.json").read_bytes() == (tmp_path / "whole" / "metrics.json").read_bytes()
