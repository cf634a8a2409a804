"""B4: Word Mover's Distance, exact, of all English short answers from their keys.

Both read the same texts, find the same words in them, use the same vectors, brought to length one, and one thread.
Peer: gensim's `wmdistance`, pair by pair, as its users write it. Rounds of the two take turns; the median counts.

``python benchmarks/b4.py --rows 300`` tries it on the first rows without writing a record.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from gensim.models import KeyedVectors
from threadpoolctl import threadpool_limits

from makna.clean.text import CleanText
from makna.collect.datasets import read_dataset
from makna.core.compute import Compute, computing
from makna.core.corpus import PAIR
from makna.represent.closeness import Closeness
from makna.represent.word_split import words_of

ROUNDS = 5
LEAST, WITHIN = 10, 1e-6
# The paper's, but for the passes over the texts: they change the vectors, not the time of their distances.
SETTINGS = {"model": "skipgram", "size": 200, "window": 4, "negative": 15, "learning_rate": 0.03, "epochs": 5}


def measure(rows: int | None = None) -> dict[str, Any]:
    """Return seconds of both on the wall and of the processor, their ratios, and the largest difference."""
    table = read_dataset("short-answers-en").table[["student_answer", "desired_answer"]][:rows]
    pairs = CleanText(["lowercase"]).fit_transform(table.reset_index(drop=True).set_axis(list(PAIR), axis=1))
    step = Closeness("word2vec", by=["wmd"], **SETTINGS).fit(pairs)
    vectors = step.words_.word_vectors()
    peer = KeyedVectors(vectors.width)
    peer.add_vectors(vectors.words, vectors.matrix)
    peer.fill_norms()

    def ours() -> np.ndarray:
        return step.transform(pairs)[:, 0]

    def theirs() -> np.ndarray:
        return np.array([peer.wmdistance(words_of(a), words_of(b)) for a, b in zip(*_sides(pairs), strict=True)])

    with computing(Compute("cpu", "fp32", 1)):
        found, expected = ours(), theirs()  # packages are imported by now
        spent = [(_spent(ours), _spent(theirs)) for _ in range(ROUNDS)]
    seconds = np.median(np.array(spent), axis=0)  # (ours, theirs) × (wall, processor)
    both = np.isfinite(expected)
    largest = float(abs(found - expected)[both].max())
    ratio = {"wall": seconds[1, 0] / seconds[0, 0], "processor": seconds[1, 1] / seconds[0, 1]}
    return {
        "rows": len(pairs),
        "rounds": ROUNDS,
        "makna_seconds": {"wall": seconds[0, 0], "processor": seconds[0, 1]},
        "gensim_seconds": {"wall": seconds[1, 0], "processor": seconds[1, 1]},
        "ratio": ratio,
        "largest_difference": largest,
        "rows_without_a_distance": {"gensim": int((~both).sum()), "makna": int((~np.isfinite(found)).sum())},
        "reached": bool(ratio["wall"] >= LEAST and largest < WITHIN),
    }


def _sides(pairs: pd.DataFrame) -> tuple[list[str], list[str]]:
    return pairs[PAIR[0]].tolist(), pairs[PAIR[1]].tolist()


def _spent(work: Callable[[], Any]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=None)
    with threadpool_limits(1):
        print(json.dumps(measure(parser.parse_args().rows), indent=1))
