"""Learn makna-mini: one command does what is missing (corpus, vocabulary, first network) and goes on where it stopped.

``python -m pretrain.train --data DATA --out RUN --settings pretrain/small.json [--threads 1] [--finish]``

Masked words. Order, masks and rates are functions of seed and step: the same seed and step give the same loss, and a
run that was killed goes on from its last checkpoint as if it had not been. A file ``RUN/finish`` (or ``--finish``)
makes the rate fall over the last ``decay`` steps and ends the run; SIGTERM saves and stops.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM

from pretrain import batches, check_corpus, checkpoint, corpus, settings, start, vocabulary

LOG = logging.getLogger(__name__)
CLIP = 1.0
ROWS_EPS = 1e-5
LOG_EVERY = 25


class Run:
    """A run: network, optimiser, position.

    Parameters
    ----------
    out : Path
        The run's folder, prepared by `prepare`.
    chosen : Settings
        How it learns.
    device : str
        Where.
    """

    def __init__(self, out: Path, chosen: settings.Settings, device: str) -> None:
        self.out, self.chosen, self.device = out, chosen, device
        self.network = BertForMaskedLM(_config(out))
        checkpoint.load_weights(self.network, out / "start")
        self.network.tie_weights()
        self.network.to(device).train()
        self.optimiser = torch.optim.AdamW(_groups(self.network, chosen), betas=(0.9, 0.98), fused=True)
        starts = batches.word_starts(Tokenizer.from_file(str(out / "tokenizer/tokenizer.json")))
        self.rows = batches.Rows(out, "train", starts)
        self.valid = batches.Rows(out, "valid", starts)
        first = chosen.steps - chosen.decay if chosen.steps else None
        self.at: dict[str, Any] = {"step": 0, "epoch": 0, "batch": 0, "tokens": 0, "seconds": 0.0, "decay_from": first}
        self._plan: tuple[int, list] = (-1, [])
        found = checkpoint.found(out)
        if found is not None:
            self.at.update(checkpoint.load(found, self.network, self.optimiser))
            LOG.info("resumed at %s", self.at)

    def step(self) -> float:
        """Learn from the next batches and return the loss."""
        at, total, places = self.at, 0.0, 0
        factor = self.chosen.factor(at["step"], at["decay_from"])
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        for part in range(self.chosen.accumulate):
            ids, mask = self.rows.padded(self._next())
            drawn = at["step"] * self.chosen.accumulate + part
            inputs, targets = self.rows.masked(ids, self.chosen.mask, self.chosen.seed, drawn)
            loss = self._loss(inputs, mask, targets)[0] / self.chosen.accumulate
            loss.backward()
            total += float(loss.detach())
            places += int(mask.sum())
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        at["step"] += 1
        at["tokens"] += places
        return total

    def measure(self) -> dict[str, float]:
        """Return loss and accuracy of masked words in held-back lines, always with the same masks."""
        self.network.eval()
        total, right, count = 0.0, 0, 0
        with torch.no_grad():
            for place, rows in enumerate(self.valid.in_order(4096)):
                ids, mask = self.valid.padded(rows)
                inputs, targets = self.valid.masked(ids, 0.15, 0, place)
                loss, logits, wanted = self._loss(inputs, mask, targets)
                total += float(loss) * len(wanted)
                right += int((logits.argmax(-1) == wanted).sum())
                count += len(wanted)
        self.network.train()
        return {"valid_loss": total / count, "valid_accuracy": right / count}

    def ended(self) -> bool:
        """Tell whether the last step was taken."""
        last = self.at["decay_from"]
        return last is not None and self.at["step"] >= last + self.chosen.decay

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.out, self.network, self.optimiser, self.at)

    def _next(self) -> Any:
        at = self.at
        if self._plan[0] != at["epoch"]:
            self._plan = (at["epoch"], self.rows.epoch(self.chosen.seed, at["epoch"], self.chosen.batch_tokens))
        rows = self._plan[1][at["batch"]]
        at["batch"] += 1
        if at["batch"] == len(self._plan[1]):
            at["epoch"], at["batch"] = at["epoch"] + 1, 0
        return rows

    def _loss(self, inputs: Any, mask: Any, targets: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        ids, wanted = torch.from_numpy(inputs).to(self.device), torch.from_numpy(targets).to(self.device)
        seen = torch.from_numpy(mask).to(self.device)
        told = wanted != batches.NO_TARGET
        with torch.autocast(self.device, torch.bfloat16, enabled=self.chosen.bf16):
            hidden = self.network.bert(input_ids=ids, attention_mask=seen.long()).last_hidden_state
            logits = self.network.cls(hidden[told])  # only where something is to be told
        logits = logits.float()
        return functional.cross_entropy(logits, wanted[told]), logits, wanted[told]


def _config(out: Path) -> BertConfig:
    config = BertConfig.from_json_file(str(out / "start/config.json"))
    # With so few looks at each text the network cannot learn it by heart: no dropout.
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    return config


def _groups(network: torch.nn.Module, chosen: settings.Settings) -> list[dict[str, Any]]:
    groups: dict[tuple[str, bool], list[torch.nn.Parameter]] = {}
    for name, value in network.named_parameters():
        kind = "rows" if "word_embeddings" in name else "head" if name.startswith("cls.") else "layers"
        groups.setdefault((kind, kind == "layers" and value.dim() > 1), []).append(value)
    peaks = {"layers": chosen.rate, "rows": chosen.rate_rows, "head": chosen.rate_head}
    # A piece that is hardly ever seen has gradients of the size of ROWS_EPS or less from being no answer: Adam would
    # turn them into full steps, all in one direction, and lose the row it started from.
    return [
        {
            "params": values,
            "peak": peaks[kind],
            "eps": ROWS_EPS if kind == "rows" else 1e-6,
            "weight_decay": 0.01 if decays else 0.0,
        }
        for (kind, decays), values in groups.items()
    ]


def prepare(data: Path, out: Path, chosen: settings.Settings) -> None:
    """Make what is not there yet: corpus, vocabulary, tokens, first network."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "corpus/manifest.json").is_file():
        corpus.build(data, out, chosen.seed)
    if not (out / "corpus/check.json").is_file():
        result = check_corpus.check(data, out)
        if result["found"]:
            raise SystemExit(f"judged texts in the corpus: {result['found'][:5]}")
        (out / "corpus/check.json").write_text(json.dumps(result, indent=1), "utf-8")
    if not (out / "tokenizer/tokenizer.json").is_file():
        vocabulary.build(data, out, chosen.vocabulary)
    if not (out / "tokens/pieces.json").is_file():
        pieces = batches.tokenise(out)
        (out / "tokens/pieces.json").write_text(json.dumps(pieces, indent=1), "utf-8")
    if not (out / "start/account.json").is_file():
        start.build(data, out, chosen.layers, chosen.seed)
    (out / "settings.json").write_text(settings.as_json(chosen), "utf-8")


def go(run: Run, most_steps: int | None = None) -> None:
    """Learn until the end, a signal, or `most_steps` more steps; the log is ``out/log.jsonl``."""
    stop: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: stop.append(number))
    log = (run.out / "log.jsonl").open("a", encoding="utf-8")
    saved = since = time.monotonic()
    losses: list[float] = []
    tokens, first = run.at["tokens"], run.at["step"]
    while not (stop or run.ended() or (most_steps is not None and run.at["step"] - first >= most_steps)):
        if run.at["decay_from"] is None and (run.out / "finish").exists():
            run.at["decay_from"] = run.at["step"]
        losses.append(run.step())
        if run.at["step"] % LOG_EVERY == 0 or run.ended():  # in step with the measuring, after a resume too
            now = time.monotonic()
            run.at["seconds"] += now - since
            row = {**run.at, "loss": sum(losses) / len(losses), "tokens_s": (run.at["tokens"] - tokens) / (now - since)}
            if run.at["step"] % run.chosen.check_every == 0 or run.ended():
                row.update(run.measure())
            log.write(json.dumps(row) + "\n")
            log.flush()
            since, losses, tokens = time.monotonic(), [], run.at["tokens"]
        if time.monotonic() - saved > 60 * run.chosen.save_minutes:
            run.save()
            saved = time.monotonic()
    run.save()
    log.close()
    LOG.info("stopped at %s", run.at)


def main() -> None:
    """Learn from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("gensim").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--settings", type=Path, default=Path(__file__).parent / "small.json")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--finish", action="store_true", help="let the rate fall from now on, and end")
    choice = parser.parse_args()
    torch.set_num_threads(choice.threads)
    chosen = settings.read(choice.settings)
    prepare(choice.data, choice.out, chosen)
    if choice.finish:
        (choice.out / "finish").touch()
    go(Run(choice.out, chosen, choice.device))


if __name__ == "__main__":
    main()
