"""B3: ten folds of PCA to 10 … 50 × {linear, polynomial} support vector machine on the hate-speech tweets.

Both get the same features (minilm, mean of the tokens) of the same cleaned tweets, the same folds and one thread, and
fit everything inside the fold. Peer: what a scikit-learn user writes: ``PCA(k)`` and ``SVC(kernel)`` anew for every
cell. makna fits one PCA for the five sizes, and `SVM(loss="hinge")`, which is the same problem as ``SVC``.

``python benchmarks/b3.py --folds 1`` tries it on the first folds without writing a record.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from sklearn import decomposition
from sklearn.metrics import f1_score
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from makna.core.compute import Compute, computing
from makna.core.corpus import inputs, targets
from makna.core.memo import sharing
from makna.learn.svm import SVM
from makna.recipe.data import gather, judge
from makna.recipe.recipe import load_recipe
from makna.represent.encoder import Encoder
from makna.represent.reduce import PCA
from makna.split.plan import make_plan

SIZES = (10, 20, 30, 40, 50)
KERNELS: tuple[Literal["linear", "poly"], ...] = ("linear", "poly")
CELLS = [(kernel, size) for kernel in KERNELS for size in SIZES]
CLEAN = ["tweet", "lowercase", "alphanumeric", "slang", "stem", "stopwords"]
WITHIN = 0.003
REACH = {"linear": 50, "poly": 2}


class Clock:
    """Seconds by what they were spent on: on the wall, and of the processor, which other work on the machine spares."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.processor: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count what is done inside."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.wall[what].append(time.perf_counter() - wall)
        self.processor[what].append(time.process_time() - processor)


def measure(folds: int | None = None) -> dict[str, Any]:
    """Return seconds of both by kernel, their ratios, seconds of PCA, and the differences of weighted F1 by cell."""
    features, y, plan = prepared()
    ours, theirs = Clock(), Clock()
    plan = plan[:folds]
    with sharing():
        mine = [with_makna(features[train], y[train], features[test], ours) for train, test in plan]
    others = [with_scikit_learn(features[train], y[train], features[test], theirs) for train, test in plan]
    scores = {
        cell: [
            tuple(f1_score(y[test], said[cell], average="weighted") for said in fold)
            for fold, (_, test) in zip(zip(mine, others, strict=True), plan, strict=True)
        ]
        for cell in CELLS
    }
    return told(features, len(plan), ours, theirs, scores)


def prepared() -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the features of all tweets, their labels and the folds: the same for both, and not timed."""
    from makna.clean.text import CleanText

    recipe = load_recipe("hate-speech")
    corpus, _ = judge(gather(recipe).corpus, recipe.task, recipe.rows, by_part=False)
    texts = CleanText(CLEAN).fit_transform(inputs(corpus, recipe.task))
    with computing(Compute("cpu", "fp32")):
        features = np.asarray(Encoder(name="minilm", pooling="mean", max_length=128).fit_transform(texts))
    plan = make_plan(corpus, recipe.task, recipe.split, recipe.seed)
    return features, targets(corpus, recipe.task), [(unit.train, unit.held["test"]) for unit in plan.units]


def with_makna(X: np.ndarray, y: np.ndarray, X_test: np.ndarray, clock: Clock) -> dict[tuple[str, int], np.ndarray]:
    """Return what each cell says of a fold's test rows; the PCA of every size is the beginning of the family's."""
    said = {}
    with clock.on("pca"):
        family = PCA(SIZES[0]).family().fit(X)
    with clock.on("transform"):
        wide, wide_test = family.transform(X), family.transform(X_test)
    for kernel, size in CELLS:
        with clock.on(kernel):
            member = PCA(size).member_of(family)
            learner = SVM(kernel=kernel, loss="hinge").fit(member.narrow(wide), y)
            said[kernel, size] = learner.predict(member.narrow(wide_test))
    return said


def with_scikit_learn(
    X: np.ndarray, y: np.ndarray, X_test: np.ndarray, clock: Clock
) -> dict[tuple[str, int], np.ndarray]:
    """Return what each cell says of a fold's test rows, fitted anew."""
    said = {}
    for kernel, size in CELLS:
        with clock.on(kernel):
            with clock.on("pca"):
                reduce = decomposition.PCA(size, random_state=0).fit(X)
            learner = SVC(kernel=kernel).fit(reduce.transform(X), y)
            said[kernel, size] = learner.predict(reduce.transform(X_test))
    return said


def told(features: np.ndarray, folds: int, ours: Clock, theirs: Clock, scores: Any) -> dict[str, Any]:
    """Return the record."""
    cells = [
        {
            "kernel": kernel,
            "pca": size,
            "makna_f1_weighted": float(np.mean([mine for mine, _ in pairs])),
            "scikit_learn_f1_weighted": float(np.mean([other for _, other in pairs])),
            "difference": float(abs(np.mean([mine - other for mine, other in pairs]))),
            "largest_difference_of_a_fold": float(max(abs(mine - other) for mine, other in pairs)),
        }
        for (kernel, size), pairs in scores.items()
    ]
    largest = max(cell["difference"] for cell in cells)
    wall, processor = compared(ours.wall, theirs.wall, folds), compared(ours.processor, theirs.processor, folds)
    reached = {name: all(part["ratio"][k] >= REACH[k] for k in KERNELS) for name, part in
               (("wall", wall), ("processor", processor))}  # fmt: skip
    return {
        "rows": len(features),
        "features": features.shape[1],
        "folds": folds,
        "cells": cells,
        "wall": wall,
        "processor": processor,
        "largest_score_difference": largest,
        "reached": reached["wall"] and largest <= WITHIN,
        "reached_by_processor_seconds": reached["processor"] and largest <= WITHIN,
    }


def compared(ours: dict[str, list[float]], theirs: dict[str, list[float]], folds: int) -> dict[str, Any]:
    """Return seconds and ratios; makna's one PCA is shared out between the kernels, the peer's cells hold their own."""
    share = (sum(ours["pca"]) + sum(ours["transform"])) / len(KERNELS)
    mine = {kernel: sum(ours[kernel]) + share for kernel in KERNELS}
    others = {kernel: sum(theirs[kernel]) for kernel in KERNELS}
    return {
        "makna_seconds": mine,
        "scikit_learn_seconds": others,
        "ratio": {kernel: others[kernel] / mine[kernel] for kernel in KERNELS},
        "slowest_cell_seconds": {
            "makna": max(max(ours[kernel]) for kernel in KERNELS),
            "scikit_learn": max(max(theirs[kernel]) for kernel in KERNELS),
        },
        "pca_fit_seconds_a_fold": {
            "makna_five_sizes": sum(ours["pca"]) / folds,
            "scikit_learn_five_sizes": sum(theirs["pca"]) / len(KERNELS) / folds,
            "scikit_learn_one_size": sum(theirs["pca"]) / len(theirs["pca"]),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=None)
    with threadpool_limits(1):
        print(json.dumps(measure(parser.parse_args().folds), indent=1))
