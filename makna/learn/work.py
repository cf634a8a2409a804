"""What an answer costs, counted in multiply-adds: the same on every machine, so that a choice by cost is reproducible.

Counted is what grows with the input and the model: products of weights and numbers, characters read for n-grams,
network layers. Left out is what is small beside them: softmax, normalisation, activation functions, looking words up.
A multiply-add is two floating-point operations. Padding is not counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.pipeline import FeatureUnion, Pipeline

from makna.core.corpus import as_pairs, as_rows, is_pairs, sides_of, text_array
from makna.core.portable import Portable, class_name

_CONFIG = "config.json"
_WIDTH = ("hidden_size", "dim")
_LAYERS = ("num_hidden_layers", "n_layers")
_INNER = ("intermediate_size", "hidden_dim")


@dataclass(frozen=True)
class Flow:
    """Rows on their way through the steps of a system.

    Parameters
    ----------
    n : int
        Rows.
    X : texts, pairs, matrix, or None
        The rows; None where a step would be dear to run and only their size counts from here on.
    values : ndarray, shape (n,)
        Numbers of each row that are not zero; characters where it is a text or pair.
    """

    n: int
    X: Any
    values: np.ndarray


Counted = tuple[np.ndarray, Flow]
"""Multiply-adds of each row, shape (n,), and the rows as the next step gets them."""


def work_of(system: Any, X: Any) -> np.ndarray:
    """Return the multiply-adds that a fitted system makes for each row, shape (n,).

    Parameters
    ----------
    system : estimator or Pipeline
        Fitted. Networks are not run, only their tokenizers. For a kind of step that is not known here, each of its
        fitted numbers counts once.
    X : sequence of str, DataFrame of pairs, or matrix
        Rows.

    Notes
    -----
    A row of t pieces costs a transformer with L layers of width w and inner width i about L · (t · (4w² + 2wi) + 2t²w):
    four projections and two dense layers for each piece, and attention's two products (Vaswani et al. 2017). A linear
    learner costs the row's numbers that are not zero times its columns; n-grams the characters times the orders.

    Examples
    --------
    >>> from makna.learn.linear import Logistic
    >>> work_of(Logistic().fit([[0.0, 1.0], [1.0, 0.0]], ["a", "b"]), [[3.0, 0.0], [1.0, 1.0]]).tolist()
    [1.0, 2.0]
    """
    return _count(system, _flow(X))[0]


def transformer_work(lengths: np.ndarray, config: Mapping[str, Any], longest: int | None = None) -> np.ndarray:
    """Return the multiply-adds of an encoder for rows of so many pieces, shape (n,).

    Parameters
    ----------
    lengths : ndarray, shape (n,)
        Pieces of each row; of all its windows where it is read in windows.
    config : mapping
        The encoder's configuration, as Hugging Face writes it.
    longest : int or None
        Most pieces that attend to each other, where rows are read in windows.
    """
    width, layers = _first(config, _WIDTH), _first(config, _LAYERS)
    inner = _first(config, _INNER) or 4 * width
    t = np.asarray(lengths, dtype=float)
    seen = t if longest is None else np.minimum(t, longest)
    return layers * (t * (4 * width**2 + 2 * width * inner) + 2 * t * seen * width)


def _flow(X: Any) -> Flow:
    if is_pairs(X):
        first, second = as_pairs(X)
        return Flow(len(first), X, np.array([len(a) + len(b) for a, b in zip(first, second, strict=True)], dtype=float))
    if sp.issparse(X):
        return Flow(X.shape[0], X, np.diff(X.tocsr().indptr).astype(float))
    numbers = np.asarray(X)
    if numbers.ndim == 2:
        return Flow(len(numbers), X, (numbers != 0).sum(axis=1).astype(float))
    return Flow(len(X), X, np.array([len(text) for text in X], dtype=float))


def _count(step: Any, flow: Flow) -> Counted:
    rule = _RULES.get(class_name(type(step)), _any_step)
    return rule(step, flow)


def _chain(pipeline: Any, flow: Flow) -> Counted:
    total = np.zeros(flow.n)
    for _, step in pipeline.steps:
        work, flow = _count(step, flow)
        total = total + work
    return total, flow


def _side_by_side(union: Any, flow: Flow) -> Counted:
    found = [_count(part, flow) for _, part in union.transformer_list]
    X = None if any(after.X is None for _, after in found) else union.transform(flow.X)
    return _total(work for work, _ in found), Flow(flow.n, X, _total(after.values for _, after in found))


def _read(orders: Callable[[Any], float]) -> Callable[[Any, Flow], Counted]:
    """Return the rule of a step that reads characters, each so many times, and is quick to run."""
    return lambda step, flow: (flow.values * orders(step), _flow(step.transform(flow.X)))


def _orders(counts: Any) -> float:
    first, last = counts.words or counts.chars or (1, 1)
    return float(last - first + 1)


def _each_number(columns: Callable[[Any], float], width: Callable[[Any], float]) -> Callable[[Any, Flow], Counted]:
    """Return the rule of a step that multiplies each number of a row by so many, and gives so many numbers."""
    return lambda step, flow: (flow.values * columns(step), _sized(flow, width(step)))


def _sized(flow: Flow, width: float) -> Flow:
    return Flow(flow.n, None, np.full(flow.n, width))


def _columns(learner: Any) -> float:
    return float(np.atleast_2d(learner.coef_).shape[0])


def _free(step: Any, flow: Flow) -> Counted:
    return np.zeros(flow.n), flow


def _inside(step: Any, flow: Flow) -> Counted:
    return _count(step.estimator_, flow)


def _both_orders(step: Any, flow: Flow) -> Counted:
    work, after = _inside(step, flow)
    return work * (2 if step.how == "both" else 1), after


def _all_outputs(step: Any, flow: Flow) -> Counted:
    return _total(_count(one, flow)[0] for one in step.estimators_), flow


def _forest(step: Any, flow: Flow) -> Counted:
    return np.full(flow.n, float(sum(tree.get_depth() for tree in step.estimators_))), flow


def _kernel(step: Any, flow: Flow) -> Counted:
    # One product with each support vector, and one for the sum.
    return (flow.values + 1) * float(step.n_support_.sum()), flow


def _cascade(step: Any, flow: Flow) -> Counted:
    return step.costs(flow.X) * step.scale_, flow


def _compared(step: Any, flow: Flow) -> Counted:
    """Both sides are represented; each view then takes a product or two for each number."""
    sides = [_count(step.estimator_, _flow(text_array(side))) for side in as_pairs(flow.X)]
    wide = _total(after.values for _, after in sides)
    by = step.by or ("cosine", "difference", "product")
    numbers = sum(1.0 if view in ("cosine", "distance") else wide / 2 for view in by)
    return _total(work for work, _ in sides) + len(by) * wide, Flow(flow.n, None, numbers + np.zeros(flow.n))


def _closeness(step: Any, flow: Flow) -> Counted:
    """Count a vector for each word; for wmd, one for each two words that it compares."""
    from makna.represent.word_split import words_of

    sides = [np.array([len(words_of(text)) for text in side], dtype=float) for side in as_pairs(flow.X)]
    views, width = list(step.get_feature_names_out()), step.words_.word_vectors().width
    vectors = len([view for view in views if view != "wmd"]) * _total(sides)
    distances = sides[0] * sides[1] if "wmd" in views else 0.0
    return flow.values + width * (vectors + distances), _sized(flow, len(views))


def _encoder(step: Any, flow: Flow) -> Counted:
    lengths, config = _pieces(step, flow.X)
    return transformer_work(lengths, config), _sized(flow, len(step.get_feature_names_out()))


def _pieces(encoder: Any, texts: Iterable[str]) -> tuple[np.ndarray, dict[str, Any]]:
    """Return how many pieces an encoder reads of each text, shape (n,), and its configuration."""
    from makna.represent.encoder_folder import read_config
    from makna.represent.encoder_source import load_tokenizer
    from makna.represent.tokens import tokenise

    source = encoder._source()
    lengths = tokenise(load_tokenizer(source), list(texts), encoder.max_length, encoder.long).lengths
    return lengths, read_config(source.folder)


def _aligned(step: Any, flow: Flow) -> Counted:
    """Count the encoder for both sides and each two pieces of them once, for each layer that is looked at."""
    (answers, config), (keys, _) = (_pieces(step.encoder_, side) for side in as_pairs(flow.X))
    once = transformer_work(answers, config) + transformer_work(keys, config)
    names = step.get_feature_names_out()
    layers = len({name.split()[-1] for name in names})
    return layers * (once + answers * keys * float(_first(config, _WIDTH))), _sized(flow, len(names))


def _finetuned(step: Any, flow: Flow) -> Counted:
    """Count the encoder for each row (for each side where sides are read apart), the pooler and the head once."""
    from makna.learn.finetune_text import Reading, text_rows

    model = step.model_
    config, shape = json.loads(model.files[_CONFIG]), model.shape
    tokenizer, rows = model.tokenizer(), as_rows(flow.X)
    first, second = sides_of(rows)
    is_apart = shape.pair == "bi" and second is not None
    longest = shape.max_length if shape.long == "windows" else None
    reading = Reading(shape.max_length, shape.long)
    parts: Sequence[Any] = (first, second) if is_apart else (rows,)
    total = np.zeros(flow.n)
    for part in parts if flow.n else ():
        total += transformer_work(text_rows(tokenizer, part, reading).rows.lengths, config, longest)
    ends = [value.size for name, value in model.tensors.items() if name.startswith(("head.", "encoder.pooler."))]
    return total + sum(ends), flow


def _recurrent(step: Any, flow: Flow) -> Counted:
    """Count the cell's matrices for each word, and the head once."""
    from makna.learn.word_rows import words_of

    matrices = {name: value.size for name, value in step.tensors_.items() if value.ndim > 1}
    head = sum(size for name, size in matrices.items() if name.startswith("head"))
    cell = sum(size for name, size in matrices.items() if not name.startswith(("head", "vectors")))
    words = np.array([min(max(len(words_of(text)), 1), step.max_words) for text in flow.X], dtype=float)
    return words * cell + head, flow


def _convolution(step: Any, flow: Flow) -> Counted:
    """Count each layer's weights at each place they are put to; a short row is padded no further than filters see."""
    shorter = step.max_words - step.padded_to(flow.X)
    total = np.zeros(flow.n)
    for layer in step.facts_["layers"]:
        shape, places = layer["shape"], _PLACES.get(layer["type"])
        if places is not None:
            each = (layer["parameters"] - shape[-1]) * layer["times"]
            total += each * (places(shape) - (shorter if places(shape) > 1 else 0))
    return total, flow


def _any_step(step: Any, flow: Flow) -> Counted:
    """Count each fitted number once; a step that gives numbers is run."""
    work = np.full(flow.n, float(_size(step)))
    return work, _flow(step.transform(flow.X)) if hasattr(step, "transform") and flow.X is not None else flow


def _size(step: Any) -> int:
    if not isinstance(step, Portable):
        return 0
    parts = step.to_parts()
    return sum(value.size for value in parts.tensors.values()) + sum(map(_size, parts.children.values()))


def _total(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.sum(list(arrays), axis=0)


def _first(config: Mapping[str, Any], names: tuple[str, ...]) -> int:
    return next((int(config[name]) for name in names if config.get(name)), 0)


# Type of a layer → at how many places of a row its weights are multiplied, from the shape of what it gives.
_PLACES: dict[str, Callable[[list[Any]], int]] = {"Conv1d": lambda shape: shape[1], "Linear": lambda shape: 1}
_RULES: dict[str, Callable[[Any, Flow], Counted]] = {
    **dict.fromkeys(("learn.Balanced", "learn.Bounded", "learn.Calibrated", "learn.Distilled"), _inside),
    Pipeline.__name__: _chain,
    FeatureUnion.__name__: _side_by_side,
    "clean.CleanText": _read(lambda step: 1.0),
    "learn.SortedSides": _read(lambda step: 0.0),
    "represent.Counts": _read(_orders),
    "represent.LengthFeatures": _read(lambda step: 1.0),
    "represent.OverlapFeatures": _read(lambda step: 1.0),
    "represent.Words": _read(lambda step: 1.0),
    "represent.Alignment": _aligned,
    "represent.Closeness": _closeness,
    "represent.Compare": _compared,
    "represent.Encoder": _encoder,
    "represent.PCA": _each_number(lambda step: len(step.components_), lambda step: len(step.components_)),
    "represent.Standardise": _each_number(lambda step: 1.0, lambda step: step.n_features_in_),
    "learn.Logistic": _each_number(_columns, _columns),
    "learn.LinearSVM": _each_number(_columns, _columns),
    "learn.SVM": lambda step, flow: _count(step.learner_, flow),
    "learn.KernelSVM": _kernel,
    "learn.NaiveBayes": _each_number(lambda step: len(step.classes_), lambda step: len(step.classes_)),
    "learn.Forest": _forest,
    "learn.Majority": _free,
    "learn.PerOutput": _all_outputs,
    "learn.Ordered": _both_orders,
    "learn.Cascade": _cascade,
    "learn.FineTune": _finetuned,
    "learn.FineTuneOutputs": _finetuned,
    "learn.FineTuneRegressor": _finetuned,
    "learn.Recurrent": _recurrent,
    "learn.WordsCNN": _convolution,
}
