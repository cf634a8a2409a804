"""B1, second half: the losses of makna's loop are those of a loop padded to 512, step by step.

With dropout off and in fp32, the losses of makna's first 20 steps beside those of the padded loop on the same batches,
with the same optimiser written out in plain torch. A BERT-base with random weights, product reviews.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from random_bert import random_bert, reviews

from makna.core.compute import Machine, cores

THREADS = cores()
STEPS = 20
RATE = 3e-5


def measure() -> dict[str, Any]:
    """Return the largest difference of a step's loss."""
    texts, y = reviews(8 * STEPS)
    with tempfile.TemporaryDirectory() as scratch:
        still = random_bert(Path(scratch) / "still", dropout=0.0)
        found = largest_loss_difference(still, texts, y)
    return {"steps": STEPS, **found, "reached": {"losses within 1e-4": found["largest_difference"] <= 1e-4}}


def largest_loss_difference(encoder: Path, texts: list[str], y: np.ndarray) -> dict[str, Any]:
    """Train makna's way, dropout off, and train the padded way on the batches that it took."""
    import torch
    from transformers import AutoTokenizer

    from makna.learn.finetune_text import Reading, text_rows
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
    rows = text_rows(load_tokenizer(source), texts, Reading(512, "head"), y).rows
    batches: list[np.ndarray] = []
    losses: list[float] = []

    def noting(outputs: Any, targets: Any) -> Any:
        terms = cross_entropy(outputs, targets)
        if outputs.requires_grad:  # the mean of the whole epoch is asked for too, afterwards
            losses.append(float(terms.detach().mean()))
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
    largest = float(np.abs(np.array(found) - np.array(losses)).max())
    return {"largest_difference": largest, "losses": losses, "losses_padded": found}
