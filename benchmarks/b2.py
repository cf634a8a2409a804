"""B2: classify product reviews: makna against a BERT-base padded to 512, and against a Hugging Face `pipeline`.

The first peer shows what a large model at full length costs (its weights are random: time only). The second is the same
fine-tuned minilm with the same weights in a `pipeline` with its default settings and batches of 32: there the accuracy
counts too. makna's precision is the one that is fastest here, found by measuring.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from random_bert import random_bert, reviews
from sklearn.metrics import f1_score

from makna.core.compute import Compute, computing, cores
from makna.learn.fastest import fastest_precision
from makna.learn.finetune import FineTune
from makna.represent.encoder_source import locate_encoder

THREADS = cores()
TRAIN, ROWS, PADDED_ROWS = 1500, 2000, 64


def measure(rounds: int = 3) -> dict[str, Any]:
    """Return rows a second of all, the ratios, and the accuracy on held-out reviews."""
    texts, y = reviews(TRAIN + ROWS)
    held, truth = texts[TRAIN:], y[TRAIN:].astype(str)
    with tempfile.TemporaryDirectory() as scratch:
        with computing(Compute("cpu", "auto", THREADS)):
            model = FineTune(
                "minilm", epochs=2, batch_size=16, learning_rate=1e-4, pooling="cls", class_weight="balanced"
            )
            model.fit(texts[:TRAIN], y[:TRAIN].astype(str).astype(object))
            choice = fastest_precision(model, held)
        bert = random_bert(Path(scratch) / "bert", 0.1)
        pipe = as_pipeline(model, Path(scratch) / "same")
        seconds: dict[str, list[float]] = {name: [] for name in ("padded", "pipeline", "fp32", "bf16")}
        said: dict[str, np.ndarray] = {}
        for i in range(rounds):
            for precision in ("fp32", "bf16"):
                with computing(Compute("cpu", precision, THREADS)):
                    start = time.perf_counter()
                    said[precision] = model.predict(held)
                    seconds[precision].append(time.perf_counter() - start)
            start = time.perf_counter()
            said["pipeline"] = np.array([row["label"].removeprefix("LABEL_") for row in pipe(held, batch_size=32)])
            seconds["pipeline"].append(time.perf_counter() - start)
            seconds["padded"].append(padded(bert, held[:PADDED_ROWS]))
            print(f"round {i + 1}: " + ", ".join(f"{k} {v[-1]:.1f} s" for k, v in seconds.items()), flush=True)
    rows = {"padded": PADDED_ROWS}
    speed = {name: rows.get(name, ROWS) / float(np.median(found)) for name, found in seconds.items()}
    chosen = choice["chosen"]
    accuracy = {name: float((found == truth).mean()) for name, found in said.items()}
    lost = 100 * (accuracy["pipeline"] - accuracy[chosen])
    return {
        "rows": ROWS,
        "padded_rows": PADDED_ROWS,
        "rows_per_second": speed,
        "chosen_by_measuring": choice,
        "ratio_to_padded": {name: speed[name] / speed["padded"] for name in ("fp32", "bf16")},
        "ratio_to_pipeline": {name: speed[name] / speed["pipeline"] for name in ("fp32", "bf16")},
        "accuracy": accuracy,
        "f1_macro": {name: float(f1_score(truth, found, average="macro")) for name, found in said.items()},
        "points_lost": lost,
        "same_answers_as_pipeline": float((said[chosen] == said["pipeline"]).mean()),
        "reached": {
            "fp32 ≥ 70 × padded": speed["fp32"] >= 70 * speed["padded"],
            "chosen ≥ 100 × padded (with AMX)": speed[chosen] >= 100 * speed["padded"],
            "chosen ≥ 3 × pipeline": speed[chosen] >= 3 * speed["pipeline"],
            "≤ 0.5 point lost": lost <= 0.5,
        },
    }


def padded(encoder: Path, texts: list[str]) -> float:
    """Return the seconds of a BERT-base in fp32 on rows padded to 512, batch 32, without loading and tokenising."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.set_num_threads(THREADS)
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=3).eval()
    rows = tokenizer(texts, padding="max_length", truncation=True, max_length=512, return_tensors="pt")
    start = time.perf_counter()
    with torch.inference_mode():
        for chosen in torch.arange(len(texts)).split(32):
            model(**{name: value[chosen] for name, value in rows.items()}).logits.argmax(1)
    return time.perf_counter() - start


def as_pipeline(model: FineTune, folder: Path) -> Any:
    """Return the same network, with the same weights, as a Hugging Face pipeline."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    torch.set_num_threads(THREADS)
    source = locate_encoder("minilm").folder
    same = AutoModelForSequenceClassification.from_pretrained(source, num_labels=len(model.classes_))
    names = {"encoder.": "bert.", "head.": "classifier."}
    weights = {}
    for name, value in model.model_.tensors.items():
        front = next(front for front in names if name.startswith(front))
        weights[names[front] + name.removeprefix(front)] = torch.from_numpy(np.array(value))
    same.load_state_dict(weights)
    same.eval().save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, model_max_length=128).save_pretrained(folder)
    return pipeline("text-classification", model=str(folder), tokenizer=str(folder), truncation=True)
