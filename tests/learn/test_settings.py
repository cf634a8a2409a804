"""Recipes check values against the constructors' annotations."""

from __future__ import annotations

import inspect
import typing
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from makna.learn.bayes import NaiveBayes
from makna.learn.bounded import Bounded
from makna.learn.calibrate import Calibrated
from makna.learn.forest import Forest, ForestRegressor
from makna.learn.kernels import KernelSVM, KernelSVR
from makna.learn.linear import LinearSVM, LinearSVR, Logistic, Ridge
from makna.learn.neighbours import Neighbours
from makna.represent.scale import Standardise

LEARNERS = [
    *(LinearSVM, LinearSVR, Logistic, Ridge, KernelSVM, KernelSVR, NaiveBayes, Neighbours),
    *(Forest, ForestRegressor, Bounded, Calibrated, Standardise),
]


def check(cls: type, name: str, value: Any) -> Any:
    hints = typing.get_type_hints(cls.__init__, include_extras=True)
    return TypeAdapter(hints[name]).validate_python(value)


@pytest.mark.parametrize("cls", LEARNERS)
def test_every_parameter_has_an_annotation_that_takes_its_default(cls: type) -> None:
    parameters = dict(inspect.signature(cls).parameters)
    parameters.pop("estimator", None)
    assert parameters
    for name, parameter in parameters.items():
        if parameter.default is not parameter.empty:
            assert check(cls, name, parameter.default) == parameter.default


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (LinearSVM, "C", 0),
        (LinearSVM, "C", "besar"),
        (LinearSVM, "class_weight", "balance"),
        (LinearSVM, "class_weight", {"0": -1}),
        (LinearSVM, "loss", "log"),
        (LinearSVM, "max_iter", 0),
        (KernelSVM, "kernel", "sigmoid"),
        (KernelSVM, "gamma", "skala"),
        (KernelSVM, "gamma", -1.0),
        (KernelSVM, "max_iter", -1),
        (NaiveBayes, "kind", "gaussian"),
        (Neighbours, "k", 0),
        (Forest, "max_features", 1.5),
        (Forest, "max_depth", 0),
        (Calibrated, "folds", 1),
        (Calibrated, "method", "platt"),
        (Ridge, "alpha", -0.1),
        (Bounded, "step", 0),
    ],
)
def test_values_that_cannot_be_are_refused(cls: type, name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        check(cls, name, value)


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (LinearSVM, "class_weight", {"0": 1, "1": 3.5}),
        (LinearSVM, "random_state", None),
        (KernelSVM, "gamma", 0.25),
        (Forest, "class_weight", "balanced_subsample"),
        (Forest, "max_features", 0.3),
    ],
)
def test_values_that_may_be_are_taken(cls: type, name: str, value: Any) -> None:
    assert check(cls, name, value) == value
