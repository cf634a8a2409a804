"""The desk's promise: the error among the marks it keeps, and the share it sends to the teacher, by number of marks.

For every set and number of marked answers a question, the marked answers are drawn at random again and again; the desk
marks the rest with what it has by default, and its marks are held against the true ones. Beside it stands keeping the
same number of marks at random, whose error is that of all marks.

``python benchmarks/desk_promise.py --sets id --draws 2 --marks 20`` tries it without writing a record; with ``--out``
the record and the plot (share sent to the teacher against marks) are written. Fifty draws of everything take hours on
one core; ``--draws 50 --sets id --marks 20`` and so on share them out, and ``--join`` makes one record of several.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from makna.collect.columns import to_corpus
from makna.collect.datasets import read_dataset
from makna.learn.risk import Promise
from makna.serve.desk import DeskSettings, ReadClass, grade_read, read_class
from makna.serve.desk_features import Texts

SETS = {"id": ("short-answers-id", (20, 50, 100)), "en": ("short-answers-en", (10, 20))}
SAMPLE = "sample-essays"
FIRST = 1000  # seed of the first draw: none of these was seen while the desk was made
DRAWS = 50
MARGIN = 0.02


def measure(
    sets: Sequence[str] = tuple(SETS), marks: Sequence[int] | None = None, draws: int = DRAWS, rate: float = 0.1
) -> dict[str, Any]:
    """Return by set and number of marks: mean error among the kept, kept share, error of all, and every draw."""
    found = {}
    for name in sets:
        source, usual = SETS.get(name, (name, (20,)))
        read, truth = prepared(source)
        found[name] = {
            str(n): told([draw(read, truth, n, seed, rate) for seed in range(FIRST, FIRST + draws)], rate)
            for n in marks or usual
        }
    everything = [cell for cells in found.values() for cell in cells.values()]
    return {"promise": rate, "draws": draws, "sets": found, "reached": all(cell["reached"] for cell in everything)}


def prepared(source: str) -> tuple[ReadClass, np.ndarray]:
    """Return the answers of a public set as the desk reads them, and their marks."""
    collected = read_dataset(source)
    assert collected.task is not None
    corpus = to_corpus(collected.table, collected.task, collected.mapping).dropna(subset=["score"])
    texts = Texts(*(corpus[name].tolist() for name in ("text_a", "text_b", "context")))
    return read_class(texts), corpus["score"].to_numpy(dtype=float)


def draw(read: ReadClass, truth: np.ndarray, n: int, seed: int, rate: float) -> dict[str, float]:
    """Mark `n` answers of every question at random, and see what becomes of the others."""
    rng = np.random.default_rng(seed)
    marks = np.full(len(truth), np.nan)
    for question in np.unique(read.question):
        rows = np.flatnonzero(read.question == question)
        chosen = rng.choice(rows, min(n, len(rows) - 1), replace=False)
        marks[chosen] = truth[chosen]
    start = time.process_time()
    found = grade_read(read, marks, DeskSettings(Promise(rate)))
    rest = ~found.by_teacher
    kept = rest & ~found.read
    wrong = np.abs(found.mark - truth) > 1 + 1e-9
    gap = found.mark[rest] - truth[rest]
    return {
        "error_kept": float(wrong[kept].mean()) if kept.any() else 0.0,
        "kept": float(kept.sum() / rest.sum()),
        "error_all": float(wrong[rest].mean()),
        "rmse": float(np.sqrt(np.mean(gap**2))),
        "rmse_kept": float(np.sqrt(np.mean((found.mark - truth)[kept] ** 2))) if kept.any() else 0.0,
        "seconds": time.process_time() - start,
    }


def told(draws: list[dict[str, float]], rate: float) -> dict[str, Any]:
    """Return means over draws, with the standard error of the one that is promised."""
    means = {name: float(np.mean([one[name] for one in draws])) for name in draws[0]}
    spread = float(np.std([one["error_kept"] for one in draws]) / np.sqrt(len(draws)))
    reached = means["error_kept"] <= rate + MARGIN and means["error_kept"] < means["error_all"]
    return {**means, "sent": 1 - means["kept"], "error_kept_se": spread, "reached": reached, "each": draws}


def joined(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one record of several with the same promise."""
    sets: dict[str, dict[str, Any]] = {}
    for record in records:
        for name, cells in record["sets"].items():
            sets.setdefault(name, {}).update(cells)
    cells = [cell for some in sets.values() for cell in some.values()]
    fewest = min(len(cell["each"]) for cell in cells)
    reached = all(cell["reached"] for cell in cells)
    return {"promise": records[0]["promise"], "draws": fewest, "sets": sets, "reached": reached}


def plot(record: dict[str, Any], path: Path) -> None:
    """Draw the share sent to the teacher, and the error among the kept, against the number of marks."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name, cells in record["sets"].items():
        marks = sorted(map(int, cells))
        label = SETS.get(name, (name,))[0]
        for axis, field in ((left, "sent"), (right, "error_kept")):
            axis.plot(marks, [100 * cells[str(n)][field] for n in marks], marker="o", label=label)
    right.axhline(100 * record["promise"], color="0.4", linestyle="--", label="promise")
    left.set(title="sent to the teacher", ylabel="% of the answers not marked")
    left.set_ylim(0, 1.1 * left.get_ylim()[1])
    right.set(title="wrong among the kept marks", ylabel="% of them")
    right.set_ylim(0, 1.1 * max(right.get_ylim()[1], 100 * record["promise"]))
    for axis in (left, right):
        axis.set_xlabel("marked answers a question")
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--marks", nargs="+", type=int, default=None)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--join", nargs="+", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None, help="FILE.json; the plot goes beside it")
    asked = parser.parse_args()
    with threadpool_limits(1):
        if asked.join:
            result = joined([json.loads(path.read_text()) for path in asked.join])
        else:
            result = measure(asked.sets, asked.marks, asked.draws, asked.rate)
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1) + "\n")
        plot(result, asked.out.with_suffix(".svg"))
    short = {name: {n: {k: v for k, v in cell.items() if k != "each"} for n, cell in cells.items()}
             for name, cells in result["sets"].items()}  # fmt: skip
    print(json.dumps({**result, "sets": short}, indent=1))
