"""What is shipped works: the wheel built from the sdist, without the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


def test_the_wheel_built_from_the_sdist_runs_a_study_elsewhere(tmp_path):
    build = [sys.executable, "-m", "build", "--outdir", str(tmp_path / "dist")]
    subprocess.run([*build, "--sdist", str(ROOT)], check=True, capture_output=True)
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    subprocess.run([*build, "--wheel", str(source)], check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size < 3_000_000
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "site"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "MAKNA_LANG": "en"}
    place = subprocess.run(
        [sys.executable, "-c", "import makna; print(makna.__file__)"],
        capture_output=True,
        text=True,
        env=env,
        cwd=elsewhere,
    )
    assert place.stdout.startswith(str(tmp_path / "site")), place
    words = ["run", "sample-tweets", "--out", "run", "--offline"]
    found = subprocess.run(
        [sys.executable, "-m", "makna.cli.main", *words], capture_output=True, text=True, env=env, cwd=elsewhere
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "run/report.html"


def test_using_a_saved_model_imports_no_optional_package(tmp_path):
    program = (
        "import sys, makna\n"
        f"run = makna.run('sample-tweets', sets=['split.folds=3'], out={str(tmp_path / 'run')!r})\n"
        "print(makna.load(run.model_folder('counts-svm')).predict(['dasar sampah'])['prediction'][0])\n"
        "print([name for name in ('torch', 'transformers', 'gensim', 'ot', 'fastapi', 'nicegui', 'ray', 'playwright')"
        " if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "[]", found
