"""Fine-tuned minilm on the first fold of hate-speech: the study's own system `minilm`, by the study's own command.

Its settings were chosen on validation rows held back from the training rows of that fold; the fold's test rows are
asked once.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from makna.core.compute import cores
from makna.core.files import read_json
from makna.recipe.recipe import load_recipe
from makna.recipe.runner import run_recipe
from makna.recipe.state import RunOptions

THREADS = cores()
WANTED = 0.82
COMMAND = "makna run hate-speech --only minilm"


def measure() -> dict[str, Any]:
    """Return macro-F1 with its interval, every epoch's figures, the settings and the seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        run_recipe(load_recipe("hate-speech"), Path(scratch) / "run", RunOptions(only=("minilm",)))
        return record(Path(scratch) / "run")


def record(folder: Path) -> dict[str, Any]:
    """Return the record of a finished run.

    Parameters
    ----------
    folder : Path
        A run folder of the study hate-speech with its system `minilm`.
    """
    metrics, manifest = read_json(folder / "metrics.json"), read_json(folder / "manifest.json")
    system = metrics["systems"]["minilm"]
    test = system["parts"]["test"]
    return {
        "study_command": COMMAND,
        "system": system["params"]["learn"],
        "clean": system["params"]["clean"],
        "fold": 1,
        "test": {name: test[name] for name in ("f1_macro", "f1_weighted", "f1_positive", "accuracy")},
        "baselines": {n: metrics["systems"][n]["parts"]["test"]["f1_macro"] for n in ("majority", "length")},
        "history": system["history"],
        "device": manifest["device"],
        "precision": manifest["precision"],
        "seconds": manifest["seconds"]["steps"]["minilm"],
        "reached": {f"macro-F1 ≥ {WANTED}": test["f1_macro"]["value"] >= WANTED},
    }
