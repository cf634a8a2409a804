"""STIF: does normalising slang bring informal sentences nearer to the formal ones people wrote for them?

Data: sentence pairs of STIF-Indonesia (Wibowo et al. 2020, https://github.com/haryoa/stif-indonesia, MIT), line by
line, at ``MAKNA_DATA/slang/stif-*.inf`` and ``.for``. Measured with chrF2 before and after the step `slang`, by table;
the interval is a paired bootstrap over sentences of the gain.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from chrf import counts, score

from makna.clean.chain import make_step
from makna.clean.slang_tables import load_table

PARTS = ("train", "dev")
TABLES = (
    ("makna",),
    ("kamus-alay",),
    ("new-kamusalay",),
    ("makna", "kamus-alay"),
    ("makna", "new-kamusalay"),
    ("kamus-alay", "new-kamusalay"),
    ("makna", "kamus-alay", "new-kamusalay"),
)
RESAMPLES = 1000
_SEED = 13


def measure() -> dict[str, Any]:
    """Return chrF2 of the informal side, and after normalising by each choice of tables, for train and dev."""
    sizes = {name: len(load_table(name).entries) for (name,) in TABLES[:3]}
    parts = {part: measure_part(*read_pairs(part)) for part in PARTS}
    reached = all(found["gain_low"] > 0 for part in parts.values() for found in part["after"])
    return {"metric": "chrF2, n = 1 … 6", "table_words": sizes, "parts": parts, "reached": reached}


def read_pairs(part: str) -> tuple[list[str], list[str]]:
    """Return the informal and the formal lines of a part."""
    folder = Path(os.environ["MAKNA_DATA"]) / "slang"
    informal, formal = (
        (folder / f"stif-{part}.{side}").read_text(encoding="utf-8").splitlines() for side in ("inf", "for")
    )
    assert len(informal) == len(formal)
    return informal, formal


def measure_part(informal: list[str], formal: list[str]) -> dict[str, Any]:
    """Return chrF2 before, and after each choice of tables with the gain's interval and how many words changed."""
    samples = np.random.default_rng(_SEED).multinomial(len(formal), [1 / len(formal)] * len(formal), RESAMPLES)
    before = counts(informal, formal)
    drawn_before = _drawn(before, samples)
    after = []
    for names in TABLES:
        step = make_step({"slang": list(names)}).resolve()
        found = counts([step.apply(text) for text in informal], formal)
        low, high = np.quantile(_drawn(found, samples) - drawn_before, [0.025, 0.975])
        value = score(found.sum(axis=0))
        after.append(
            {
                "tables": list(names),
                "chrf": round(value, 4),
                "gain": round(value - score(before.sum(axis=0)), 4),
                "gain_low": round(float(low), 4),
                "gain_high": round(float(high), 4),
                "words_changed": sum(len(step.changes(text)) for text in informal),
            }
        )
    words = sum(len(text.split()) for text in informal)
    return {"pairs": len(informal), "words": words, "before": round(score(before.sum(axis=0)), 4), "after": after}


def _drawn(found: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return the score of every resample; a row of `samples` says how often each sentence was drawn."""
    sums = np.tensordot(samples, found, axes=1)
    return np.array([score(one) for one in sums])
