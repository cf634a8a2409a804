"""The command line: exit codes, plain words, the path as the last line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.recipe.recipe import load_recipe

QUICK = ["--set", "split.folds=3", "--set", "evaluate.resamples=100"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "run"
    assert run_command(["run", "sample-tweets", *QUICK, "--out", str(folder), "--lang", "en"]) == 0
    return folder


def test_run_ends_with_the_reports_path(tmp_path, capsys):
    folder = tmp_path / "run"
    assert run_command(["run", "sample-answers", *QUICK, "--out", str(folder)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(folder / "report.html")]
    assert (folder / "report.html").is_file()
    assert "Menulis laporan" in shown.err
    assert re.search(r"overlaps-ridge .* rmse .* \d,\d{3}", shown.err)


def test_predict_keeps_the_users_table(run_folder, tmp_path, capsys):
    table = pd.DataFrame(
        {"no": ["1", "2", "3"], "tweet": ["dasar sampah", "", "selamat pagi"], "prediction": ["x"] * 3}
    )
    table.to_csv(tmp_path / "in.csv", index=False)
    words = [
        "predict",
        str(run_folder / "models" / "counts-svm"),
        str(tmp_path / "in.csv"),
        "--out",
        str(tmp_path / "out.csv"),
    ]
    assert run_command(words) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "out.csv")]
    said = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(said[list(table)], table, check_dtype=False)
    assert len(said.columns) == len(table.columns) + 3
    assert "prediction_makna" in said


@pytest.mark.parametrize("sample", ["reviews", "tweets", "questions", "answers"])
def test_init_writes_a_recipe_that_runs(sample, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = Path(__file__).parents[2] / "makna" / "samples" / f"{sample}.csv"
    Path(f"{sample}.csv").write_bytes(source.read_bytes())
    assert run_command(["init", f"{sample}.csv"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{sample}.yaml"]
    assert run_command(["init", f"{sample}.csv"]) == 2  # never overwrites
    assert run_command(["run", f"{sample}.yaml", *QUICK, "--out", "run", "--rows", "120"]) == 0


@pytest.mark.parametrize(
    ("texts", "column", "offered"),
    [
        (["barangnya bagus banget", "jelek saya kecewa"], "label", "makna-mini"),
        (["what a great phone", "this is the worst of them"], "label", "minilm"),
        (["qwrt zxcv", "1234 5678"], "label", None),
        (["barangnya bagus banget", "jelek saya kecewa"], "nilai", None),
    ],
)
def test_init_offers_an_encoder_of_the_texts_language(texts, column, offered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{text} {row},{row % 2}" for row in range(300) for text in texts]
    Path("mine.csv").write_text("\n".join([f"teks,{column}", *rows]), "utf-8")
    assert run_command(["init", "mine.csv"]) == 0
    recipe = load_recipe("mine.yaml")
    found = [spec for spec in recipe.systems if spec.on_request]
    assert [spec.name for spec in found] == ([offered] if offered else [])
    if offered:
        finetune = found[0].learn[-1]["settings"]
        assert finetune["encoder"] == offered
        assert finetune["epochs"] == 10, "480 rows to learn from are 30 steps an epoch"


def test_studies_and_doctor_list_what_is_there(capsys):
    assert run_command(["studies", "--lang", "en"]) == 0
    assert "hate-speech" in capsys.readouterr().out
    assert run_command(["doctor", "--lang", "en"]) == 0
    assert "scikit-learn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["runn"], "Did you mean 'run'"),
        (["run"], "still missing"),
        (["run", "hate-speach"], "Did you mean 'hate-speech'"),
        (["run", "sample-tweets", "--fold", "3"], "no option '--fold'"),
        (["run", "sample-tweets", "--rows", "some"], "--rows"),
        (["run", "sample-tweets", "--resume"], "--out"),
        (["run", "sample-tweets", "--set", "seed"], "PATH=VALUE"),
        (["run", "sample-tweets", "--only", "svm"], "no system 'svm'"),
        (["run", "sample-tweets", "--data", "nowhere.csv"], "nowhere.csv"),
        (["predict", "nowhere", "x.csv", "--out", "y.csv"], "nowhere"),
        (["init", "nowhere.csv"], "nowhere.csv"),
        (["run", "sample-tweets", "--lang", "fr"], "--lang"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_are_told_in_both_languages(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_command([*words, "--lang", "en"] if "--lang" not in words else words) == 2
    english = capsys.readouterr()
    assert told in english.err or "--lang" in words
    assert "Traceback" not in english.err
    assert english.out == ""
    if "--lang" not in words:
        assert run_command([*words, "--lang", "id"]) == 2
        assert capsys.readouterr().err not in ("", english.err)
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_is_exit_1_and_says_so(capsys, monkeypatch):
    monkeypatch.setattr("makna.cli.studies.list_studies", lambda: 1 / 0)
    assert run_command(["studies", "--lang", "en"]) == 1
    assert "not your fault" in capsys.readouterr().err


def makna(*words: str, **more):
    return subprocess.run([sys.executable, "-m", "makna.cli.main", *words], capture_output=True, text=True, **more)


def test_ctrl_c_is_exit_130_and_the_run_goes_on_later(tmp_path):
    words = ["run", "sample-reviews", "--out", str(tmp_path / "run"), "--lang", "en"]
    process = subprocess.Popen([sys.executable, "-m", "makna.cli.main", *words], stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("run/progress/*/2.json")):
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "--resume" in told
    assert "Traceback" not in told
    assert makna(*words, "--resume").returncode == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_no_write_permission_is_told(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    # root may write anywhere, so the command runs as nobody there
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    out = str(locked / "run")
    try:
        found = makna("run", "sample-tweets", "--out", out, "--lang", "en", cwd=locked, **as_nobody)
    except PermissionError:
        pytest.skip("another user cannot start this Python")
    if "No module named" in found.stderr or "Permission denied" in found.stderr.partition("makna:")[0]:
        pytest.skip("another user cannot read this Python")
    assert found.returncode == 2, found.stderr
    assert "no permission" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_pipe_that_closes_early_is_no_error(run_folder):
    line = f"{sys.executable} -m makna.cli.main studies | head -1"
    found = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True)
    assert "Traceback" not in found.stderr


def test_offline_no_socket_is_opened(tmp_path):
    program = (
        "import socket, sys\n"
        "def refused(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused\n"
        "from makna.cli.main import main\n"
        f"main(['run', 'sample-tweets', '--offline', '--set', 'split.folds=3', '--out', {str(tmp_path / 'run')!r}])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


def test_a_set_that_is_nowhere_says_what_it_is_and_where_it_was_looked_for(tmp_path):
    env = {**os.environ, "MAKNA_DATA": str(tmp_path), "MAKNA_CACHE": str(tmp_path / "cache"), "MAKNA_OFFLINE": "1"}
    found = makna("run", "hate-speech", "--out", str(tmp_path / "run"), "--lang", "en", env=env)
    assert found.returncode == 2
    assert "CC BY-NC-SA" in found.stderr
    assert str(tmp_path) in found.stderr
