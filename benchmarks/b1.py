"""B1: fine-tune a BERT-base on product reviews: makna's loop against the paper's, padded to 512, fp32, batch 8.

Peer: what a transformers user writes: `padding="max_length"`, `BertForSequenceClassification`, AdamW, batches of 8 as
they come. Both load, tokenise and train one epoch on the same rows, with the same number of threads; the peer trains on
fewer rows and its seconds are counted per row. Weights are random: only time is measured.

Equality: with dropout off and in fp32, the losses of makna's first 20 steps beside those of the padded loop on the same
batches, with the same optimiser written out in plain torch.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from random_bert import random_bert, reviews

from makna.core.compute import Compute, Machine, computing, cores, machine_of
from makna.learn.finetune import FineTune

THREADS = cores()
ROWS = 160
PEER_ROWS = 24
STEPS = 20
RATE = 3e-5


def measure(rounds: int = 3) -> dict[str, Any]:
    """Return seconds a row of both (median of the rounds), their ratio, and the largest difference of a step's loss."""
    texts, y = reviews(ROWS)
    seconds: dict[str, list[float]] = {"padded": [], "fp32": [], "auto": []}
    with tempfile.TemporaryDirectory() as scratch:
        encoder = random_bert(Path(scratch) / "bert", dropout=0.1)
        for i in range(rounds):
            for precision in ("fp32", "auto"):
                seconds[precision].append(_timed(with_makna, encoder, texts, y, precision))
            seconds["padded"].append(_timed(padded, encoder, texts[:PEER_ROWS], y[:PEER_ROWS]))
            print(f"round {i + 1}: " + ", ".join(f"{k} {v[-1]:.1f} s" for k, v in seconds.items()), flush=True)
        still = random_bert(Path(scratch) / "still", dropout=0.0)
        difference = largest_loss_difference(still, texts[: 8 * STEPS], y[: 8 * STEPS])
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
        "largest_loss_difference_of_20_steps": difference,
        "reached": {
            "fp32 ≥ 8": fp32 >= 8,
            "auto ≥ 14 (with AMX)": auto >= 14,
            "losses within 1e-4": difference <= 1e-4,
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


def largest_loss_difference(encoder: Path, texts: list[str], y: np.ndarray) -> float:
    """Train makna's way, dropout off, and train the padded way on the batches that it took."""
    import torch
    from transformers import AutoTokenizer

    from makna.learn.finetune_text import text_rows
    from makna.learn.forward import Rows
    from makna.learn.losses import Loss, cross_entropy
    from makna.learn.networks import text_network
    from makna.learn.setup import Place, TrainData, TrainSettings
    from makna.learn.training import train
    from makna.represent.encoder_source import load_network, load_tokenizer, locate_encoder

    torch.set_num_threads(THREADS)
    source = locate_encoder(str(encoder))
    torch.manual_seed(5)
    network = text_network(load_network(source), 3, "cls", 0.0)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    rows = text_rows(load_tokenizer(source), texts, 512, "head", y).rows
    batches: list[np.ndarray] = []
    losses: list[float] = []

    def noting(outputs: Any, targets: Any) -> Any:
        terms = cross_entropy(outputs, targets)
        losses.append(float(terms.mean()))
        return terms

    def batch(chosen: np.ndarray) -> Any:
        batches.append(chosen)
        return rows.batch(chosen)

    settings = TrainSettings(epochs=1, batch_size=8, learning_rate=RATE, warmup=0.0)
    data = TrainData(Rows(batch, rows.lengths, rows.targets), None, Loss(noting), lambda outputs, targets: {})
    train(network, data, settings, Place(Machine("cpu", "fp32", THREADS)))
    # A look ahead at the memory may have asked for batches too: those of the steps come last.
    steps, losses = batches[-STEPS:], losses[-STEPS:]

    plain = text_network(load_network(source), 3, "cls", 0.0)
    plain.load_state_dict(start)
    plain.train()
    tokens = AutoTokenizer.from_pretrained(encoder)(
        texts, padding="max_length", truncation=True, max_length=512, return_tensors="pt"
    )
    decayed = [p for p in plain.parameters() if p.ndim > 1]
    others = [p for p in plain.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=RATE
    )
    found = []
    for i, chosen in enumerate(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (len(steps) - i) / len(steps)
        logits = plain(ids=tokens["input_ids"][chosen], mask=tokens["attention_mask"][chosen])
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y[chosen]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimiser.step()
        found.append(float(loss))
    return float(np.abs(np.array(found) - np.array(losses)).max())
