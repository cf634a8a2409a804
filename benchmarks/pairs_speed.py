"""Study 000's "5.3 times faster": a BERT-base against its distilled MiniLM on question pairs, at last measured.

Both read the same pairs in makna (length buckets, no needless padding), in fp32 and in the fastest precision here, and
both as the study reads them, padded to 512. BERT-base has random weights: only time, size and memory are measured, and
what a cascade of both would cost at several shares of pairs that reach it.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from random_bert import random_bert

from makna.collect.datasets import read_dataset
from makna.core.compute import Compute, computing, cores, machine_of
from makna.learn.text_model import Shape, TextModel
from makna.represent.encoder_source import describe, load_network, load_tokenizer, locate_encoder

THREADS = cores()
ROWS = 256
PADDED_ROWS = 16
ROUNDS = 3
LENGTH = 64


def measure() -> dict[str, Any]:
    """Return pairs a second, parameters and weights in memory of both, and the ratios."""
    table = read_dataset("question-pairs").table
    table = table[table["part"] == "valid"].sample(ROWS, random_state=13)
    pairs = list(zip(table["question1"], table["question2"], strict=True))
    with tempfile.TemporaryDirectory() as scratch:
        encoders = {"minilm": "minilm", "bert-base": str(random_bert(Path(scratch) / "bert", dropout=0.1))}
        found = {name: _measured(encoder, pairs) for name, encoder in encoders.items()}
    small, large = found["minilm"], found["bert-base"]
    ratios = {way: small["pairs_a_second"][way] / large["pairs_a_second"][way] for way in small["pairs_a_second"]}
    cost = 1 / ratios["fp32"]
    shares = {f"{share:.0%}": cost + share for share in (0.1, 0.2, 0.3, 0.5)}
    return {"rows": ROWS, "padded_rows": PADDED_ROWS, **found, "ratio": ratios, "published_ratio": 5.3,
            "cascade_time_by_share_that_reaches_bert": shares}  # fmt: skip


def _measured(encoder: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    source = locate_encoder(encoder)
    shape = Shape(2, "mean", 0.0, LENGTH, "head", "cross")
    model = TextModel.of(shape.network(load_network(source)), load_tokenizer(source), shape)
    ways = {"fp32": Compute("cpu", "fp32", THREADS)}
    if (auto := machine_of("pairs", Compute("cpu", threads=THREADS)).precision) != "fp32":
        ways[auto] = Compute("cpu", "auto", THREADS)
    rates = {}
    for way, compute in ways.items():
        with computing(compute):
            model.outputs(pairs[:32])
            rates[way] = len(pairs) / float(np.median([_seconds(lambda: model.outputs(pairs)) for _ in range(ROUNDS)]))
    rates["padded to 512"] = PADDED_ROWS / _padded(model, pairs[:PADDED_ROWS])
    weights = sum(value.nbytes for value in model.tensors.values()) / 1e6
    about = describe(source)
    return {"pairs_a_second": rates, "parameters": about["parameters"], "layers": about["layers"],
            "width": about["width"], "weights_mb": round(weights, 1)}  # fmt: skip


def _padded(model: TextModel, pairs: list[tuple[str, str]]) -> float:
    import torch

    torch.set_num_threads(THREADS)
    tokenizer = model.tokenizer()
    first, second = zip(*pairs, strict=True)
    rows = tokenizer(list(first), list(second), padding="max_length", truncation=True, max_length=512,
                     return_tensors="pt")  # fmt: skip
    with computing(Compute("cpu", "fp32", THREADS)):
        network = model.network(machine_of("pairs"))

    def work() -> None:
        with torch.inference_mode():
            for chosen in torch.arange(len(pairs)).split(8):
                network(ids=rows["input_ids"][chosen], mask=rows["attention_mask"][chosen])

    return float(np.median([_seconds(work) for _ in range(ROUNDS)]))


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
