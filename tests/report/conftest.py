"""Run folders by hand (text-class, pair-class, number, several outputs; `reviews` has every key) and made in code."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tests.report.made import write
from tests.report.made_pairs import questions

RUNS = Path(__file__).parent / "folders"  # not "runs", which git ignores
TRUTHS = [0.5 * (i % 11) for i in range(44)]
NUMBERS = {"overlap-ridge": 0.3, "counts-svr": -0.6, "mean": None}
"""System → by how much it misses; None for one that always says 2.5."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives a run made in code, written once a session."""
    root = tmp_path_factory.mktemp("made")

    def get(kind: str) -> Path:
        if not (root / kind).exists():
            (questions if kind == "questions" else lambda folder: write(kind, folder))(root / kind)
        return root / kind

    return get


@pytest.fixture
def run_folder(tmp_path: Path, made: Callable[[str], Path]) -> Callable[..., Path]:
    """Return a function that copies a run by name, with entries of its files replaced: name, {file: {path: value}}."""

    def copy(kind: str, changes: dict[str, dict[str, Any]] | None = None) -> Path:
        folder = tmp_path / kind
        shutil.copytree(RUNS / kind if (RUNS / kind).is_dir() else made(kind), folder)
        if kind == "number":
            parquet.write_table(pa.Table.from_pylist(_predictions()), folder / "predictions.parquet")
        for name, entries in (changes or {}).items():
            change(folder / f"{name}.json", entries)
        return folder

    return copy


@pytest.fixture
def numbers() -> tuple[list[float], dict[str, float | None]]:
    """Return the truths in the number run's predictions, and by how much each system misses them."""
    return TRUTHS, NUMBERS


def change(path: Path, entries: dict[str, Any]) -> None:
    """Set values in a JSON file; a key is a path of keys, parted by `>`."""
    tree = json.loads(path.read_text(encoding="utf-8"))
    for where, value in entries.items():
        *keys, last = where.split(">")
        found = tree
        for key in keys:
            found = found[key]
        found[last] = value
    path.write_text(json.dumps(tree), encoding="utf-8")


def _predictions() -> list[dict[str, Any]]:
    return [
        {
            "id": str(i),
            "system": system,
            "output": "",
            "fold": i % 5 + 1,
            "truth": truth,
            "prediction": 2.5 if miss is None else min(5.0, max(0.0, truth + miss)),
        }
        for system, miss in NUMBERS.items()
        for i, truth in enumerate(TRUTHS)
    ]
