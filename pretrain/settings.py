"""Settings of a run, read from a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How the network is learned.

    Parameters
    ----------
    vocabulary : int
        Pieces.
    layers : int
        Layers taken from the teacher, evenly spread.
    seed : int
        Of order, masks and everything drawn.
    batch_tokens : int
        Padded places of one batch.
    accumulate : int
        Batches a step.
    mask : float
        Share of words to be told.
    rate, rate_rows, rate_head : float
        Peak learning rates of the layers, of the embedding, and of the head that tells masked words.
    warmup, steps, decay : int
        Steps of rising rate; of all; and of the falling rate at the end (a linear fall to a twentieth). With ``steps``
        0 the run goes on until it is told to finish.
    bf16 : bool
        Matrix products in bfloat16, weights in float32.
    check_every : int
        Steps between two measurements on held-back lines.
    save_minutes : float
        Minutes between two checkpoints.
    """

    vocabulary: int = 20_000
    layers: int = 6
    seed: int = 13
    batch_tokens: int = 1024
    accumulate: int = 1
    mask: float = 0.25
    rate: float = 3e-4
    rate_rows: float = 5e-4
    rate_head: float = 2e-3
    warmup: int = 100
    steps: int = 0
    decay: int = 300
    bf16: bool = True
    check_every: int = 250
    save_minutes: float = 5.0

    def factor(self, step: int, decay_from: int | None) -> float:
        """Return the share of the peak rate at a step (from 0): it rises, stays, and falls from `decay_from` on."""
        rising = min(1.0, (step + 1) / max(1, self.warmup))
        if decay_from is None or step < decay_from:
            return rising
        return rising * max(0.05, 1.0 - (step - decay_from + 1) / max(1, self.decay))


def read(path: Path) -> Settings:
    """Read settings; a name that is none is an error."""
    return Settings(**json.loads(path.read_text("utf-8")))


def as_json(settings: Settings) -> str:
    """Return the settings as JSON."""
    return json.dumps(asdict(settings), indent=1)
