"""B1: fine-tune a BERT-base on product reviews: makna's loop against the paper's, padded to 512, fp32, batch 8.

Peer: what a transformers user writes: `padding="max_length"`, `BertForSequenceClassification`, AdamW, batches of 8 as
they come. Both load, tokenise and train one epoch on the same rows, with the same number of threads; the peer trains on
fewer rows and its seconds are counted per row. Weights are random: only time is measured. `b1_losses` holds both loops
to the same losses.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from random_bert import random_bert, reviews

from makna.core.compute import Compute, computing, cores, machine_of
from makna.learn.finetune import FineTune

THREADS = cores()
ROWS = 160
PEER_ROWS = 24
RATE = 3e-5


def measure(rounds: int = 3) -> dict[str, Any]:
    """Return seconds a row of both (median of the rounds) and their ratio."""
    texts, y = reviews(ROWS)
    seconds: dict[str, list[float]] = {"padded": [], "fp32": [], "auto": []}
    with tempfile.TemporaryDirectory() as scratch:
        encoder = random_bert(Path(scratch) / "bert", dropout=0.1)
        for i in range(rounds):
            for precision in ("fp32", "auto"):
                seconds[precision].append(_timed(with_makna, encoder, texts, y, precision))
            seconds["padded"].append(_timed(padded, encoder, texts[:PEER_ROWS], y[:PEER_ROWS]))
            print(f"round {i + 1}: " + ", ".join(f"{k} {v[-1]:.1f} s" for k, v in seconds.items()), flush=True)
    each = {name: float(np.median(found)) for name, found in seconds.items()}
    peer = each["padded"] / PEER_ROWS
    precision = machine_of("b1", Compute("cpu", threads=THREADS)).precision
    fp32, auto = peer / (each["fp32"] / ROWS), peer / (each["auto"] / ROWS)
    return {
        "rows": ROWS,
        "peer_rows": PEER_ROWS,
        "seconds": seconds,
        "peer_seconds_per_row": peer,
        "ratio_fp32": fp32,
        "auto_precision": precision,
        "ratio_auto": auto,
        "reached": {
            "fp32 ≥ 8": fp32 >= 8,
            "auto ≥ 14 (with AMX)": auto >= 14,
        },
    }


def _timed(work: Any, *given: Any) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def with_makna(encoder: Path, texts: list[str], y: np.ndarray, precision: Any) -> None:
    """Fine-tune one epoch as a user of makna does."""
    with computing(Compute("cpu", precision, THREADS)):
        model = FineTune(str(encoder), epochs=1, batch_size=8, learning_rate=RATE, max_length=512, validation=0)
        model.fit(texts, y.astype(str).astype(object))


def padded(encoder: Path, texts: list[str], y: np.ndarray) -> None:
    """Fine-tune one epoch as the paper does."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.set_num_threads(THREADS)
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    rows = tokenizer(texts, padding="max_length", truncation=True, max_length=512, return_tensors="pt")
    model = AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=3)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    labels = torch.from_numpy(y)
    for chosen in torch.randperm(len(texts)).split(8):
        loss = model(**{name: value[chosen] for name, value in rows.items()}, labels=labels[chosen]).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
