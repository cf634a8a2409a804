"""A run on pairs made in code: slices, kinds of error, a cascade, a distilled system, a trend and a subset."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from makna.core.task import Task
from makna.explain.kinds import error_kinds
from makna.explain.sample import FILE, error_sample, write_sample
from makna.explain.settings import KindSettings, LengthSettings, RaritySettings, SliceSettings
from makna.explain.slices import slices
from makna.explain.trend import trend
from tests.explain.said import pairs, said

TASK = Task("pair", "class", positive="1")
PAPER = {"length": 0.3, "rare": 0.1, "nuance": 0.2, "synonyms": 0.15, "entity": 0.1, "ambiguous": 0.15}
_WORDS = [
    *("ibu", "kota", "negara", "buku", "sekolah", "makan", "tidur", "lari"),
    *("kucing", "anjing", "Jakarta", "Bandung", "hujan", "panas", "jalan", "rumah"),
]
MEMBERS = [
    {"name": "counts", "cost": 0.004, "accuracy": 0.8, "low": 0.78, "high": 0.82, "n": 900},
    {"name": "minilm", "cost": 1.0, "accuracy": 0.88, "low": 0.86, "high": 0.9, "n": 900},
]
FRONTIER = [
    {"cost": 0.004 + share, "accuracy": 0.8 + 0.08 * share, "low": 0.78, "high": 0.9, "n": 900, "thresholds": [share]}
    for share in np.linspace(0, 1, 21).tolist()
]
CASCADE = {
    "members": MEMBERS,
    "frontier": FRONTIER,
    "chosen": {
        **FRONTIER[8],
        "thresholds": [0.93],
        "shares": {"counts": 0.6, "minilm": 0.4},
        **{"difference": -0.002, "difference_low": -0.004, "difference_high": 0.001},
    },
    "band": {"low": 0.4, "high": 0.6, "share": 0.083, "accuracy_in": 0.55, "accuracy_out": 0.91, "n": 900},
}
DISTIL = {
    **{"teacher": "minilm", "temperature": 2.0, "weight": 0.5, "objective": "kl"},
    **{"teacher_rows": "out-of-fold", "agreement_train": 0.93},
}


def questions(folder: Path) -> Path:
    """Write the run folder and return it."""
    rng = np.random.default_rng(5)
    sides = [" ".join(rng.choice(_WORDS, rng.integers(2, 14))) for _ in range(800)]
    corpus = pairs([(a, b, "1" if len(a + b) < 70 else "0") for a, b in zip(sides[::2], sides[1::2], strict=True)])
    corpus["year"] = rng.integers(2015, 2021, len(corpus))
    corpus.loc[corpus["year"] > 2018, "label"] = "1"
    rows, train = np.arange(100, 400), np.arange(100)
    truth = corpus["label"].to_numpy(dtype=object)[rows]
    answers = {"minilm": _guess(rng, rows, truth, 0.9), "counts": _guess(rng, rows, truth, 0.8)}
    kinds = error_kinds(corpus, TASK, answers, train, KindSettings(paper=PAPER))
    answers["length"] = _guess(rng, rows, truth, 0.75)
    answers["majority"] = said(rows, ["1"] * len(rows))
    settings = SliceSettings(LengthSettings(width=3, least=10), RaritySettings(pair="token", width=0.5, least=5))
    explain = {
        "slices": slices(corpus, TASK, answers, train, settings),
        "kinds": kinds.facts,
        "trend": trend(corpus, TASK),
        "steps": {
            "cascade": [{"step": "learn", "facts": {"cascade": CASCADE}}],
            "student": [{"step": "learn", "facts": {"distil": DISTIL}}],
        },
    }
    values = {"minilm": 0.9, "counts": 0.8, "cascade": 0.89, "student": 0.83, "length": 0.75, "majority": 0.5}
    metrics = {
        "task": TASK.to_json(),
        "labels": {"": ["0", "1"]},
        "systems": {name: _system(name, value) for name, value in values.items()},
        "reference": [],
        "comparisons": [],
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_sample(folder / FILE, error_sample(corpus, TASK, kinds))
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (folder / "explain.json").write_text(json.dumps(explain), encoding="utf-8")
    recipe = {"title": "Pertanyaan kembar", "evaluate": {"metrics": ["accuracy", "f1_macro"]}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return folder


def _guess(rng, rows, truth, share):
    wrong = rng.random(len(rows)) > share
    answer = np.where(wrong, np.where(truth == "1", "0", "1"), truth)
    return said(rows, answer.tolist(), rng.uniform(0.55, 0.99, len(rows)))


def _system(name, value):
    def score(shown, n=300):
        return {"value": shown, "pooled": shown, "low": shown - 0.02, "high": shown + 0.02, "n": n, "why": None}

    part = {"accuracy": score(value), "f1_macro": score(value - 0.01)}
    alone = {"accuracy": score(value + 0.05, 240), "f1_macro": score(value + 0.04, 240)}
    return {
        "baseline": name in ("length", "majority"),
        **{"params": {}, "cell": {}, "parts": {"test": part}},
        "subsets": {"EQUI, SIMI": {"parts": {"test": alone}}},
    }


def change_hand(folder: Path, kinds: list[str]) -> None:
    """Fill in the first rows of the sample."""
    path = folder / FILE
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    frame["kind_by_hand"] = kinds + [""] * (len(frame) - len(kinds))
    frame.to_csv(path, index=False)
