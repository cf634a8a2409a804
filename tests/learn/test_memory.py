"""A fit that is over gives its memory back: a search of many trials must not grow."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest

from makna.core.compute import Compute, computing
from makna.learn.finetune import FineTune
from tests.encoders import tiny_encoder

torch = pytest.importorskip("torch")
TEXTS, LABELS = ["bagus sekali", "buruk sekali"] * 6, ["a", "b"] * 6


def _tensors() -> int:
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # looking at every object wakes deprecated names of torch
        return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())


def test_a_network_that_nobody_holds_is_gone(tmp_path: Path) -> None:
    encoder = str(tiny_encoder(tmp_path / "tiny"))

    def fit() -> None:
        with computing(Compute("cpu", "fp32", 1)):
            FineTune(encoder, epochs=1, batch_size=4, max_length=16).fit(TEXTS, LABELS)

    fit()
    before = _tensors()
    fit()
    assert _tensors() == before
