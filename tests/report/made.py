"""Run folders made in code: `tuned` (a hold-out, networks with their epochs) and `grid` (folds, cells of a grid).

Truths and predictions are drawn with a seed, and every score is computed from them by makna's own `evaluate`.
"""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from makna.core.task import Task
from makna.evaluate.compare import compare
from makna.evaluate.groups import group_scores, group_test
from makna.evaluate.resample import ScoreSettings
from makna.evaluate.scores import evaluate_part

REVIEW_LABELS = ["negatif", "netral", "positif"]
SIZES = [10, 20, 30, 40, 50]
KERNELS = ["linear", "poly"]
RATES = [1e-05, 2e-05, 3e-05, 4e-05]
BATCHES = [8, 16]
EXPLAINED = [0.085 * 0.93**i / (1 + 0.05 * i) for i in range(50)]
"""Share of the variance of each of 50 components."""
WEIGHTS = {"negatif": 3.0263, "netral": 1.7447, "positif": 0.477}
_RESAMPLES = 40
_TEXTS = {
    "3": "ih bagus banget sih ini cuma agak pricey saja semoga dibanyakin lagi promonya thank you",
    "7": "awalnya cocok lama-lama bruntusan, kemasannya juga bocor pas datang",
}


def write(kind: str, folder: Path) -> None:
    """Write a run folder by name."""
    files = {"tuned": _tuned, "grid": _grid}[kind]()
    folder.mkdir(parents=True)
    for name, content in files.items():
        if isinstance(content, pd.DataFrame):
            content.to_parquet(folder / name, index=False)
        elif name.endswith(".yaml"):
            (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        else:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")


def epochs(rate: float, batch: int) -> list[dict[str, Any]]:
    """Return three epochs of a trial, as networks show them."""
    trial = f"batch_size={batch},learning_rate={rate}"
    rows = []
    for epoch in (1, 2, 3):
        far = 0.46 * math.exp(-0.45 * (epoch - 1)) + 900 * abs(rate - 3e-05) + 0.001 * batch
        for part, loss in (("train", far), ("valid", far + 0.012 * epoch)):
            scores = {"accuracy": 1 - loss / 3, "precision_macro": 1 - loss / 2.1, "recall_macro": 1 - loss / 2.3}
            row = {"trial": trial, "fold": "train", "epoch": epoch, "part": part, "loss": round(loss, 4)}
            rows.append(row | {name: round(value, 4) for name, value in scores.items()} | {"f1_macro": 1 - loss / 2.2})
    return rows


@cache
def _tuned() -> dict[str, Any]:
    rng = np.random.default_rng(13)
    task = Task(inputs="text", target="class")
    truth = rng.choice(REVIEW_LABELS, 900, p=[0.11, 0.19, 0.7])
    groups = rng.choice(["Makeup", "Skincare"], 900)
    right = {"minilm": 0.9, "minilm-svm": 0.82, "counts-svm": 0.86, "length": 0.6, "majority": None}
    predictions = {name: _guess(rng, truth, REVIEW_LABELS, share) for name, share in right.items()}
    systems = {
        name: _system(task, {"": REVIEW_LABELS}, truth, said, name in ("length", "majority"), groups=groups)
        for name, said in predictions.items()
    }
    for name in ("minilm", "minilm-svm", "counts-svm"):
        systems[name]["predicted"] = {"test": {"": _predicted(groups, predictions[name])}}
    systems["minilm"]["params"] = {"clean": [], "represent": [], "learn": [_finetune(8, 3e-05)]}
    systems["minilm-svm"]["params"] = {"clean": ["lowercase"], "represent": [_encoder()], "learn": [_svm("linear")]}
    cell = {"batch_size": 8, "learning_rate": 3e-05}
    choice = {"fold": "train", "system": "minilm[batch_size=8,learning_rate=3e-05]", "cell": cell}
    systems["minilm"]["chosen_by"] = {"metric": "f1_macro", "how": "valid", "choices": [choice]}
    systems["minilm"]["history"] = [row for rate in RATES for batch in BATCHES for row in _trial(rate, batch)]
    metrics = {"task": task.to_json(), "labels": {"": REVIEW_LABELS}, "systems": systems, "comparisons": []}
    why = "Model 'indobenchmark/indobert-base-p2' tidak ada di komputer ini. Yang ada: minilm."
    asked = "Sistem ini hanya dijalankan bila diminta: --only indobert-p1"
    recipe = {
        "title": "Sentimen ulasan kosmetik",
        "task": {"inputs": "text", "target": "class"},
        "systems": {
            "indobert": {"learn": [{"finetune": {"encoder": "indobenchmark/indobert-base-p2", "pooling": "cls"}}]},
            "indobert-p1": {"learn": [{"finetune": {"encoder": "p1"}}], "on_request": True},
        },
        "evaluate": {"metrics": ["f1_macro", "accuracy", "f1_weighted"], "compare": "length"},
    }
    manifest = _manifest("review-sentiment", recipe["title"]) | {
        "skipped": [{"system": "indobert", "why": why}, {"system": "indobert-p1", "why": asked}],
        "device": "cuda",
        "precision": "bf16",
    }
    manifest["seconds"] = {
        "systems": {"minilm": 512.0, "minilm-svm": 40.0, "counts-svm": 9.0},
        "steps": {
            "minilm": {"learn": {"fit": 498.2, "transform": 0, "fits": 9}},
            "minilm-svm": {"encoder": {"fit": 0.2, "transform": 31.5, "fits": 2}, "learn": {"fit": 4.1, "fits": 2}},
        },
    }
    train = {"negatif": 1179, "netral": 2045, "positif": 7480}
    data = {
        "rows": {"read": 11700, "kept": 11604},
        "classes": {"": {label: n + int((truth == label).sum()) for label, n in train.items()}},
        "parts": {
            "train": {"rows": 10704, "classes": {"": train}},
            "test": {"rows": 900, "classes": {"": {label: int((truth == label).sum()) for label in train}}},
        },
    }
    explain = {
        "steps": {
            "minilm": [{"step": "learn", "facts": _network_facts()}],
            "minilm-svm": [{"step": "encoder", "facts": {**_encoder_facts(), "tokens": _tokens(1.61, 21)}}],
        },
        "pieces": {
            "minilm": [
                {"step": "raw", "unknown_share": 0.0213, "pieces_per_word": 2.31, "cut": 190, "longest": 402},
                {"step": "lowercase", "unknown_share": 0.0104, "pieces_per_word": 2.05, "cut": 150, "longest": 380},
                {"step": "slang", "unknown_share": 0.0041, "pieces_per_word": 1.72, "cut": 133, "longest": 351},
            ]
        },
        "examples": {"minilm": [{"id": key, "text": text} for key, text in _TEXTS.items()]},
        "notes": [
            {"source": "studi 004, tabel 4.4", "text": {"id": "0,63 %, bukan 0,61 %.", "en": "0.63%, not 0.61%."}}
        ],
    }
    frame = pd.concat([_frame(rng, name, truth, said, REVIEW_LABELS) for name, said in predictions.items()])
    return {
        "metrics.json": metrics,
        "manifest.json": manifest,
        "data.json": data,
        "explain.json": explain,
        "recipe.yaml": recipe,
        "predictions.parquet": frame,
    }


@cache
def _grid() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    task, labels = Task(inputs="text", target="class", positive="1"), {"": ["0", "1"]}
    truth = rng.choice(["0", "1"], 1000, p=[0.58, 0.42])
    folds = np.arange(1000) % 10 + 1
    root = "encoder-pca-svm-minilm"
    cells = [(size, kernel) for size in SIZES for kernel in KERNELS]
    right = {f"{root}[pca={s},kernel={k}]": 0.7 + 0.0015 * s + 0.02 * (k == "poly") for s, k in cells}
    right |= {"counts-svm": 0.87, "majority": None}
    predictions = {name: _guess(rng, truth, labels[""], share) for name, share in right.items()}
    systems = {
        name: _system(task, labels, truth, said, name == "majority", folds) for name, said in predictions.items()
    }
    for size, kernel in cells:
        cell = systems[f"{root}[pca={size},kernel={kernel}]"]
        cell["cell"] = {"pca": size, "kernel": kernel}
        pca = {"kind": "pca", "settings": {"size": size}}
        cell["params"] = {"clean": ["tweet"], "represent": [_encoder(), pca], "learn": [_svm(kernel)]}
    one = folds == 1
    systems["minilm"] = _system(task, labels, truth[one], truth[one], False, folds[one])
    systems["minilm"]["params"] = {"clean": [], "represent": [], "learn": [_finetune(32, 1e-04)]}
    shown = [row | {"trial": "minilm", "fold": "1"} for row in epochs(3e-05, 8)]
    systems["minilm"]["history"] = shown
    best = f"{root}[pca=50,kernel=poly]"
    settings = ScoreSettings(resamples=_RESAMPLES)
    comparisons = [
        {"part": "test", "system": name, "against": "counts-svm", **row}
        for name, said in predictions.items()
        if name != "counts-svm"
        for row in compare(
            task, labels, truth, said, predictions["counts-svm"], metrics=["f1_weighted"], settings=settings
        )
    ]
    paper = {
        name: _system(task, labels, truth, _guess(rng, truth, labels[""], right[name] + 0.03), False, folds)
        for name in (best, "counts-svm")
    }
    gap = paper[best]["parts"]["test"]["f1_weighted"]["value"] - systems[best]["parts"]["test"]["f1_weighted"]["value"]
    told = {"system": best, "metric": "f1_weighted", "difference": -gap, "low": -gap - 0.02, "high": -gap + 0.02}
    metrics = {
        "task": task.to_json(),
        "labels": labels,
        "systems": systems,
        "comparisons": comparisons,
        "reference": [
            {
                "system": root,
                "cell": {"pca": size, "kernel": kernel},
                "metric": "f1_weighted",
                "value": value,
                "source": "studi 002, tabel 6",
            }
            for size, kernel, value in ((50, "poly", 0.785), (50, "linear", 0.749), (60, "poly", 0.8))
        ],
        "protocols": {
            "paper": {"systems": paper, "differs": ["split"], "folder": "protocol-paper", "differences": [told]}
        },
    }
    recipe = {
        "title": "Ujaran kebencian dalam twit",
        "task": {"inputs": "text", "target": "class", "positive": "1"},
        "split": {"folds": 10},
        "systems": {},
        "evaluate": {"metrics": ["f1_weighted", "f1_macro"], "compare": "counts-svm"},
        "notes": [
            {"source": "studi 002, tabel 5", "id": "Baris PCA 50 sama di kedua tabel.", "en": "One row stands in both."}
        ],
    }
    manifest = _manifest("hate-speech", recipe["title"])
    steps = {name: {"learn": {"fit": 3.0 + i, "fits": 10}} for i, name in enumerate(predictions)}
    for i, name in enumerate(f"{root}[pca={s},kernel={k}]" for s, k in cells):
        shared = {"fit": 12.5, "transform": 1.0, "fits": 10} if name == f"{root}[pca=50,kernel=linear]" else {}
        steps[name] = {"encoder": {}, "pca": shared, "learn": {"fit": 10.0 + i, "transform": 0.5, "fits": 10}}
    manifest["seconds"] = {"systems": dict.fromkeys(predictions, 20.0), "steps": steps}
    explained = {
        f"{root}[pca={size},kernel={kernel}]": [
            {"step": "encoder", "facts": {**_encoder_facts(), "tokens": _tokens(2.4, 3)}},
            {
                "step": "pca",
                "facts": {"rows": 1000, "features": 384, "size": size, "explained": EXPLAINED[:size], "solver": "full"},
            },
        ]
        for size, kernel in cells
    }
    frame = pd.concat(
        [_frame(rng, name, truth, said, labels[""], folds.astype(str)) for name, said in predictions.items()]
    )
    return {
        "metrics.json": metrics,
        "manifest.json": manifest,
        "data.json": {"rows": {"read": 1010, "kept": 1000}, "classes": {"": {"0": 580, "1": 420}}},
        "explain.json": {"steps": explained | {"minilm": [{"step": "learn", "facts": _network_facts()}]}},
        "recipe.yaml": recipe,
        "predictions.parquet": frame,
    }


def _trial(rate: float, batch: int) -> list[dict[str, Any]]:
    """The epochs of a trial and its score; one trial fails."""
    name = f"batch_size={batch},learning_rate={rate}"
    row = {"trial": name, "fold": "train", "part": "valid"}
    if (rate, batch) == (4e-05, 8):
        return [*epochs(rate, batch)[:2], {**row, "f1_macro": None, "why": "Loss menjadi tak hingga pada epok 2."}]
    shown = epochs(rate, batch)
    return [*shown, {**row, "f1_macro": shown[-1]["f1_macro"]}]


def _guess(rng: np.random.Generator, truth: np.ndarray, labels: list[str], share: float | None) -> np.ndarray:
    """Predictions that are right for this share of the rows; None says the commonest class always."""
    if share is None:
        return np.full(len(truth), max(labels, key=lambda label: (truth == label).sum()))
    return np.where(rng.random(len(truth)) < share, truth, rng.choice(labels, len(truth)))


def _system(
    task: Task,
    labels: dict[str, list[str]],
    truth: np.ndarray,
    said: np.ndarray,
    baseline: bool,
    folds: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> dict[str, Any]:
    settings = ScoreSettings(resamples=_RESAMPLES, folds=folds)
    scores = evaluate_part(task, labels, truth, said, settings=settings)
    found: dict[str, Any] = {
        "baseline": baseline,
        "params": {"clean": ["lowercase"], "represent": [], "learn": [_svm("linear")]},
        "cell": {},
        "chosen_by": None,
        "parts": {"test": scores.metrics},
        "folds": scores.folds,
        "confusion": {"test": scores.confusion},
        "groups": {},
        "history": [],
    }
    if groups is not None:
        plain = ScoreSettings(resamples=_RESAMPLES)
        by_group = group_scores(task, labels, truth, said, groups, metrics=["f1_macro", "accuracy"], settings=plain)
        found |= {"groups": {"test": by_group}, "group_test": {"test": group_test(task, labels, truth, said, groups)}}
    return found


def _predicted(groups: np.ndarray, said: np.ndarray) -> dict[str, dict[str, int]]:
    return {
        str(group): {label: int(((groups == group) & (said == label)).sum()) for label in REVIEW_LABELS}
        for group in np.unique(groups)
    }


def _frame(
    rng: np.random.Generator,
    name: str,
    truth: np.ndarray,
    said: np.ndarray,
    labels: list[str],
    folds: np.ndarray | None = None,
) -> pd.DataFrame:
    """Predictions with probabilities whose largest is the predicted class."""
    drawn = np.sort(rng.dirichlet(np.full(len(labels), 0.4), len(truth)), axis=1)[:, ::-1]
    columns = {}
    for label in labels:
        others = [other for other in labels if other != label]
        place = np.where(said == label, 0, 0)
        for i, _ in enumerate(others):
            place = np.where(said == others[i], 1 + [o for o in labels if o != others[i]].index(label), place)
        columns[f"probability_{label}"] = drawn[np.arange(len(truth)), place]
    return pd.DataFrame(
        {
            "id": [str(i) for i in range(len(truth))],
            "system": name,
            "output": "",
            "fold": "test" if folds is None else folds,
            "truth": truth,
            "prediction": said,
            **columns,
        }
    )


def _manifest(study: str, title: str) -> dict[str, Any]:
    return {
        "makna": "0.1.0",
        "study": study,
        "title": title,
        "protocol": "honest",
        "seed": 13,
        "started": "2025-01-31T08:00:00+00:00",
        "finished": "2025-01-31T08:40:00+00:00",
        "python": "3.11.7",
        "packages": {"numpy": "2.4.6", "scikit-learn": "1.9.0", "torch": "2.13.0", "transformers": "5.23.0"},
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2, "memory_gb": 7.8},
        "device": "cpu",
        "precision": "fp32",
        "threads": 2,
        "data": {"files": [], "rows": 1000, "title": title, "source": "contoh", "licence": "CC BY 4.0"},
        "peak_memory_mb": {"run": 1812.0, "systems": {}},
        "skipped": [],
    }


def _encoder_facts() -> dict[str, Any]:
    about = {"name": "minilm", "type": "bert", "layers": 6, "width": 384, "heads": 12, "vocabulary": 30522}
    return {
        "encoder": {
            **about,
            "parameters": 22713216,
            "max_length": 512,
            "kind": "package",
            "fingerprint": "53aa51172d14",
        },
        "tokens": _tokens(2.05, 150),
        "example": {
            "text": "ih bagus banget sih ini",
            "pieces": [
                "[CLS]",
                "i",
                "##h",
                "bag",
                "##us",
                "bang",
                "##et",
                "si",
                "##h",
                "in",
                "##i",
                "[SEP]",
                "[PAD]",
                "[PAD]",
            ],
            "ids": [101, 1045, 2232, 4524, 2271, 9748, 3388, 9033, 2232, 1999, 2072, 102, 0, 0],
            "mask": [1] * 12 + [0, 0],
        },
    }


def _tokens(pieces: float, cut: int) -> dict[str, Any]:
    return {
        "rows": 10704,
        "cut": cut,
        "max_length": 128,
        "longest": 380,
        "unknown_share": 0.0104,
        "pieces_per_word": pieces,
    }


def _network_facts() -> dict[str, Any]:
    layer = {"type": "Linear", "input": ["N", 128, 384], "shape": ["N", 128, 384], "times": 6}
    settings = {"epochs": 3, "batch_size": 8, "learning_rate": 3e-05, "warmup": 0.1, "clip": 1.0, "freeze": None}
    settings |= {"seed": 13, "class_weight": "balanced"}
    return {
        **_encoder_facts(),
        "layers": [
            {
                "name": "encoder.embeddings.word_embeddings",
                "type": "Embedding",
                "input": ["N", 128],
                "shape": ["N", 128, 384],
                "parameters": 11720448,
                "times": 1,
            },
            {"name": "encoder.layer.0-5.attention.self.query", **layer, "parameters": 147840},
            {"name": "head", "type": "Linear", "input": ["N", 384], "shape": ["N", 3], "parameters": 1155, "times": 1},
        ],
        "weights": WEIGHTS,
        "validation": {"rows": 2294, "left_out": 0, "origin": "given"},
        "best_epoch": 3,
        "epochs": 3,
        "stopped": None,
        "overfitting": None,
        "device": "cuda",
        "precision": "bf16",
        "batch_size": 4,
        "accumulate": 2,
        "memory_mb": 2310.4,
        "settings": settings,
    }


def _encoder() -> dict[str, Any]:
    return {"kind": "encoder", "settings": {"name": "minilm", "pooling": "mean", "max_length": 128}}


def _svm(kernel: str) -> dict[str, Any]:
    return {"kind": "svm", "settings": {"C": 1.0, "kernel": kernel}}


def _finetune(batch: int, rate: float) -> dict[str, Any]:
    settings = {
        "encoder": "minilm",
        "epochs": 3,
        "batch_size": batch,
        "learning_rate": rate,
        "class_weight": "balanced",
    }
    return {"kind": "finetune", "settings": settings}
