"""B9: words+chars TF-IDF + linear SVM, 10 folds: makna's executor against the same scikit-learn pipeline, fold by fold.

Peer: what a scikit-learn user writes: two `TfidfVectorizer` in a `FeatureUnion` and a `LinearSVC`, refitted on each
fold of the same cleaned texts, the same folds, one thread each.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from makna.core.corpus import inputs, take, targets
from makna.core.memo import sharing
from makna.learn.linear import LinearSVM
from makna.recipe.data import gather, judge
from makna.recipe.executor import Executor
from makna.recipe.recipe import load_recipe
from makna.represent.counts import Counts
from makna.split.plan import make_plan

C = 0.3


def measure(rounds: int = 3) -> dict[str, Any]:
    """Return seconds of both (the median of the rounds), their ratio and the largest difference of a fold's score."""
    recipe = load_recipe("hate-speech")
    corpus, _ = judge(gather(recipe).corpus, recipe.task, recipe.rows, by_part=False)
    X = recipe_texts(recipe, corpus)
    y = targets(corpus, recipe.task)
    folds = [(u.train, u.held["test"]) for u in make_plan(corpus, recipe.task, recipe.split, recipe.seed).units]
    ours, theirs, differences = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        mine = with_makna(X, y, folds)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        other = with_scikit_learn(X, y, folds)
        theirs.append(time.perf_counter() - start)
        differences.append(float(np.abs(np.array(mine) - other).max()))
    return {
        "rows": len(X),
        "folds": len(folds),
        "makna_seconds": float(np.median(ours)),
        "scikit_learn_seconds": float(np.median(theirs)),
        "ratio": float(np.median(theirs) / np.median(ours)),
        "largest_score_difference": max(differences),
        "f1_weighted": float(np.mean(mine)),
        "reached": bool(np.median(theirs) / np.median(ours) >= 2 and max(differences) <= 1e-6),
    }


def recipe_texts(recipe: Any, corpus: Any) -> Any:
    """Return the cleaned texts: cleaning is the same for both and is not timed."""
    from makna.clean.text import CleanText

    return CleanText(recipe.clean).fit_transform(inputs(corpus, recipe.task))


def with_makna(X: Any, y: np.ndarray, folds: Any) -> list[float]:
    """Return weighted F1 a fold with the shared-work executor."""
    union = FeatureUnion([("words", Counts(words=(1, 2))), ("chars", Counts(chars=(2, 5)))])
    system = Pipeline([("represent", union), ("learn", LinearSVM(C=C, random_state=0))])
    with sharing():
        executor = Executor(X, y)
        executor.prepare(system)
        scores = []
        for train, test in folds:
            said = executor.predict(executor.fit(system, train), test)
            scores.append(f1_score(y[test], said.prediction, average="weighted"))
    return scores


def with_scikit_learn(X: Any, y: np.ndarray, folds: Any) -> list[float]:
    """Return weighted F1 a fold with scikit-learn alone."""
    scores = []
    for train, test in folds:
        words = TfidfVectorizer(lowercase=False, ngram_range=(1, 2))
        chars = TfidfVectorizer(lowercase=False, analyzer="char", ngram_range=(2, 5))
        union = FeatureUnion([("words", words), ("chars", chars)])
        system = Pipeline([("represent", union), ("learn", LinearSVC(C=C, max_iter=5000, random_state=0))])
        system.fit(take(X, train), y[train])
        scores.append(f1_score(y[test], system.predict(take(X, test)), average="weighted"))
    return scores
