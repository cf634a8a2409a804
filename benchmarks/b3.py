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
from typing import Any

import numpy as np
from sklearn import decomposition
from sklearn.metrics import f1_score
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from makna.core.compute import Compute, computing
from makna.core.corpus import inputs, targets
from makna.learn.svm import SVM
from makna.recipe.data import gather, judge
from makna.recipe.recipe import load_recipe
from makna.represent.encoder import Encoder
from makna.represent.reduce import PCA
from makna.split.plan import make_plan

SIZES = (10, 20, 30, 40, 50)
KERNELS = ("linear", "poly")
CLEAN = ["tweet", "lowercase", "alphanumeric", "slang", "stem", "stopwords"]
WITHIN = 0.003
REACH = {"linear": 50, "poly": 2}


def measure(folds: int | None = None) -> dict[str, Any]:
    """Return seconds of both by kernel, their ratios, seconds of PCA, and the differences of weighted F1 by cell."""
    features, y, plan = prepared()
    plan = plan[:folds]
    ours: dict[str, list[float]] = defaultdict(list)
    theirs: dict[str, list[float]] = defaultdict(list)
    scores: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for train, test in plan:
        parts = (features[train], y[train], features[test], y[test])
        mine = with_makna(*parts, seconds=ours)
        other = with_scikit_learn(*parts, seconds=theirs)
        for cell, score in mine.items():
            scores[cell].append((score, other[cell]))
    return told(features, plan, ours, theirs, scores)


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


def with_makna(
    X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, seconds: dict[str, list[float]]
) -> dict[tuple[str, int], float]:
    """Return weighted F1 by cell; all sizes come from one fit."""
    start = time.perf_counter()
    family = PCA(SIZES[0]).family().fit(X)
    seconds["pca"].append(time.perf_counter() - start)
    wide, wide_test = family.transform(X), family.transform(X_test)
    members = {size: PCA(size).member_of(family) for size in SIZES}
    seconds["pca with all sizes"].append(time.perf_counter() - start)
    scores = {}
    for kernel in KERNELS:
        for size, member in members.items():
            start = time.perf_counter()
            learner = SVM(kernel=kernel, loss="hinge").fit(member.narrow(wide), y)
            said = learner.predict(member.narrow(wide_test))
            seconds[kernel].append(time.perf_counter() - start)
            scores[kernel, size] = f1_score(y_test, said, average="weighted")
    return scores


def with_scikit_learn(
    X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, seconds: dict[str, list[float]]
) -> dict[tuple[str, int], float]:
    """Return weighted F1 by cell; every cell is fitted anew."""
    scores = {}
    for kernel in KERNELS:
        for size in SIZES:
            start = time.perf_counter()
            reduce = decomposition.PCA(size, random_state=0).fit(X)
            few = reduce.transform(X)
            seconds["pca"].append(time.perf_counter() - start)
            learner = SVC(kernel=kernel).fit(few, y)
            said = learner.predict(reduce.transform(X_test))
            seconds[kernel].append(time.perf_counter() - start)
            scores[kernel, size] = f1_score(y_test, said, average="weighted")
    return scores


def told(features: np.ndarray, plan: list[Any], ours: Any, theirs: Any, scores: Any) -> dict[str, Any]:
    """Return the record: a cell's seconds hold its share of makna's one PCA; the peer's hold its own PCA."""
    folds = len(plan)
    share = sum(ours["pca with all sizes"]) / len(KERNELS)
    totals = {kernel: sum(ours[kernel]) + share for kernel in KERNELS}
    ratios = {kernel: sum(theirs[kernel]) / totals[kernel] for kernel in KERNELS}
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
    return {
        "rows": len(features),
        "features": features.shape[1],
        "folds": folds,
        "cells": cells,
        "makna_seconds": totals,
        "scikit_learn_seconds": {kernel: sum(theirs[kernel]) for kernel in KERNELS},
        "ratio": ratios,
        "slowest_cell_seconds": {
            "makna": max(max(ours[kernel]) for kernel in KERNELS),
            "scikit_learn": max(max(theirs[kernel]) for kernel in KERNELS),
        },
        "pca_seconds_a_fold": {
            "makna_fit": sum(ours["pca"]) / folds,
            "makna_fit_and_five_sizes_of_all_rows": sum(ours["pca with all sizes"]) / folds,
            "scikit_learn_five_sizes": sum(theirs["pca"]) / len(KERNELS) / folds,
        },
        "largest_score_difference": largest,
        "reached": all(ratios[kernel] >= REACH[kernel] for kernel in KERNELS) and largest <= WITHIN,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=None)
    with threadpool_limits(1):
        print(json.dumps(measure(parser.parse_args().folds), indent=1))
