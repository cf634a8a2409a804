"""Which words decided: the weights of a linear system, and what one text's answer hangs on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import FeatureUnion, Pipeline

_WORD = re.compile(r"\S+")
_MOST_WORDS = 80

Weights = dict[str, dict[str, list[list[Any]]]]


def top_words(system: Pipeline, labels: dict[str, list[str]], n: int = 20) -> Weights:
    """Return the terms that speak most for each class of a fitted linear system.

    Parameters
    ----------
    system : Pipeline
        Fitted; clean → represent → learn.
    labels : dict of list of str
        Class names by output; empty for a number, whose two sides are then ``"+"`` and ``"−"``.
    n : int
        Terms a class.

    Returns
    -------
    dict of OUTPUT → CLASS → list of [term, weight]
        Empty where the system is not linear. Where words and characters are joined, words alone are shown.
    """
    names = feature_names(system)
    if names is None:
        return {}
    shown = _words_only(names)
    found: Weights = {}
    for output, learner in _learners(system.steps[-1][1], list(labels) or [""]):
        weights = getattr(learner, "coef_", None)
        if weights is None or np.atleast_2d(weights).shape[1] != len(names):
            continue
        found[output] = _by_class(np.atleast_2d(weights)[:, shown], names[shown], learner, n)
    return found


def feature_names(system: Pipeline) -> np.ndarray | None:
    """Return the names of the columns a fitted system learns from; None where they have none.

    Character n-grams are quoted: ``‹ gus›``.
    """
    steps = [step for _, step in system.steps[:-1] if hasattr(step, "get_feature_names_out")]
    if any(hasattr(step, "components_") or hasattr(step, "fingerprint_") for step in steps):
        return None  # a principal component, or a number of an encoder, is no word
    names: np.ndarray | None = None
    for step in steps:
        names = _names_of(step, names)
    return names


def decisive_words(answer: Callable[[Sequence[str]], np.ndarray], text: str, n: int = 5) -> list[list[Any]]:
    """Return the words that an answer hangs on most.

    A word's share is how far the answer falls when the word is left out (occlusion: Zeiler & Fergus 2014, on words).

    Parameters
    ----------
    answer : callable
        Texts → one number each, such as the probability of the printed class.
    text : str
        The text; of a long one the first 80 words are tried.
    n : int
        Words returned at most; words that pull the other way have negative shares and are left out.
    """
    spots = list(_WORD.finditer(text))[:_MOST_WORDS]
    if not spots:
        return []
    without = [text[: spot.start()] + text[spot.end() :] for spot in spots]
    scores = answer([text, *without])
    falls = scores[0] - scores[1:]
    best = np.argsort(-falls, kind="stable")[:n]
    return [[spots[i].group(), float(falls[i])] for i in best if falls[i] > 1e-9]


def _names_of(step: Any, before: np.ndarray | None) -> np.ndarray | None:
    if isinstance(step, FeatureUnion):
        parts = [_names_of(part, None) for _, part in step.transformer_list]
        return None if any(part is None for part in parts) else np.concatenate(parts)  # type: ignore[arg-type]
    if isinstance(step, Pipeline):
        names = None
        for _, inner in step.steps:
            names = _names_of(inner, names)
        return names
    if not hasattr(step, "get_feature_names_out"):
        return None
    names = np.asarray(step.get_feature_names_out(before), dtype=object)
    if getattr(step, "chars", None) is not None:
        names = np.array([f"‹{name}›" for name in names], dtype=object)
    return names


def _words_only(names: np.ndarray) -> np.ndarray:
    words = np.array([not str(name).startswith("‹") for name in names])
    return np.flatnonzero(words) if words.any() else np.arange(len(names))


def _learners(learner: Any, outputs: list[str]) -> list[tuple[str, Any]]:
    """Return the linear learner of each output, out of its wrappers."""
    if hasattr(learner, "estimators_") and not hasattr(learner, "coef_"):
        return [(output, _unwrapped(inner)) for output, inner in zip(outputs, learner.estimators_, strict=False)]
    return [(outputs[0], _unwrapped(learner))]


def _unwrapped(learner: Any) -> Any:
    while hasattr(learner, "estimator_") and not hasattr(learner, "coef_"):
        learner = learner.estimator_
    return learner


def _by_class(weights: np.ndarray, names: np.ndarray, learner: Any, n: int) -> dict[str, list[list[Any]]]:
    classes = [str(c) for c in getattr(learner, "classes_", ("−", "+"))]
    if len(weights) == 1:  # one row of weights speaks for the second class
        rows = {classes[1]: weights[0], classes[0]: -weights[0]}
    else:
        rows = dict(zip(classes, weights, strict=True))
    found = {}
    for label in classes:
        best = np.argsort(-rows[label], kind="stable")[:n]
        found[label] = [[str(names[i]), float(rows[label][i])] for i in best if rows[label][i] > 0]
    return found
