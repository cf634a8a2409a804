"""An encoder fine-tuned to a number: with an LSTM over its vectors, in two phases, by steps of a scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from makna.core.compute import Compute, computing
from makna.core.errors import DataError
from makna.learn.bounded import Bounded
from makna.learn.setup import TrainSettings
from tests.encoders import kept_encoder

pytest.importorskip("torch")

from makna.learn.finetune_number import FineTuneRegressor

WORDS = ["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "mahal", "kirim", "hari"]


@pytest.fixture(autouse=True)
def _plain() -> Iterator[None]:
    with computing(Compute("cpu", "fp32", 1)):
        yield


def _pairs(n: int = 40, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers that are the key, or are not, and marks of 5 and 1."""
    rng = np.random.default_rng(seed)
    key = rng.integers(0, 5, n)
    is_right = np.arange(n) % 2 == 0
    answer = np.where(is_right, key, key + 5)
    frame = pd.DataFrame({"text_a": [WORDS[i] for i in answer], "text_b": [f"{WORDS[i]} hari" for i in key]})
    return frame, np.where(is_right, 5.0, 1.0)


def _model(**settings: Any) -> FineTuneRegressor:
    given = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3, "max_length": 32, "validation": 0.0} | settings
    return FineTuneRegressor(str(kept_encoder()), **given)


@pytest.mark.parametrize("settings", [{"pair": "cross"}, {"pair": "bi"}, {"pair": "cross", "loss": "ordinal"}])
def test_marks_of_pairs_are_learned_over_an_lstm(settings: dict[str, Any]) -> None:
    X, y = _pairs()
    model = _model(pooling="bilstm", epochs=20, learning_rate=3e-3, dropout=0.0, **settings).fit(X, y)
    said = model.predict(X)
    assert np.corrcoef(said, y)[0, 1] > 0.95
    assert np.abs(said - y).mean() < 0.8
    again = FineTuneRegressor.from_parts(model.to_parts())
    np.testing.assert_array_equal(again.predict(X), said)
    np.testing.assert_allclose(model.predict(X.iloc[[3]]), said[[3]], atol=1e-5)


def test_the_table_of_layers_has_the_lstm_and_what_it_joins() -> None:
    X, y = _pairs(16)
    layers = _model(pooling="bilstm").fit(X, y).facts_["layers"]
    found = {layer["name"]: layer for layer in layers}
    assert found["pool.ahead"]["type"] == "LSTM"
    assert found["pool.ahead"]["shape"][0] == "N"
    assert found["pool.ahead"]["shape"][2] == 64
    assert found["dropout"]["shape"] == ["N", 256]
    assert found["head"]["shape"] == ["N", 1]
    assert not any("pooler" in name for name in found)
    ordered = _model(loss="ordinal").fit(X, np.arange(16) % 4).facts_["layers"][-1]
    assert (ordered["name"], ordered["shape"], ordered["parameters"]) == ("head", ["N", 3], 32 + 3)


def test_the_encoder_is_held_still_in_the_first_phase_and_learns_in_the_second() -> None:
    from transformers import AutoModel

    X, y = _pairs(16)
    start = AutoModel.from_pretrained(kept_encoder()).state_dict()

    def moved(**settings: Any) -> bool:
        model = _model(pooling="bilstm", freeze="all", **settings).fit(X, y)
        name = "encoder.layer.0.attention.self.query.weight"
        return not np.array_equal(model.model_.tensors[f"encoder.{name}"], start[name].numpy())

    assert not moved(epochs=2, unfreeze_after=2)
    assert moved(epochs=3, unfreeze_after=2)


def test_each_phase_has_its_own_rate() -> None:
    settings = TrainSettings(freeze="all", unfreeze_after=2, learning_rate=1e-5, frozen_learning_rate=1e-3)
    assert [settings.peak(epoch) for epoch in (1, 2, 3)] == [1e-3, 1e-3, 1e-5]
    assert TrainSettings(frozen_learning_rate=1e-3, learning_rate=1e-5).peak(1) == 1e-5  # nothing is held still
    assert TrainSettings(freeze="all", learning_rate=1e-5).peak(1) == 1e-5
    X, y = _pairs(16)
    heads = [
        _model(freeze="all", frozen_learning_rate=rate).fit(X, y).model_.tensors["head.weight"]
        for rate in (None, 1e-3, 1e-9)
    ]
    np.testing.assert_array_equal(heads[0], heads[1])
    assert np.abs(heads[0] - heads[2]).max() > 1e-5


def test_expected_marks_never_leave_the_scale_of_the_training_rows() -> None:
    X, y = _pairs()
    said = _model(loss="ordinal", epochs=8, learning_rate=5e-3, dropout=0.0).fit(X, y).predict(X)
    assert said.min() >= 1.0
    assert said.max() <= 5.0
    with pytest.raises(DataError):
        _model(loss="ordinal").fit(X, np.full(len(y), 3.0))


def test_the_thresholds_start_from_the_marks_at_hand() -> None:
    X, _ = _pairs(20)
    marks = np.repeat([0.0, 2.0, 4.0], [4, 6, 10])
    model = _model(loss="ordinal", learning_rate=1e-9).fit(X, marks)
    said = model.model_.tensors["head.bias"] * 100  # as small as the rates of an encoder
    np.testing.assert_allclose(said, np.log([0.8 / 0.2, 0.5 / 0.5]), atol=1e-4)


def test_given_validation_rows_and_groups_come_through_a_scale() -> None:
    X, y = _pairs()
    rows = X.iloc[:8], y[:8]
    bounded = Bounded(_model(), 0, 5).fit(X, y, *rows)
    assert bounded.estimator_.facts_["validation"] == {"rows": 8, "left_out": 0, "origin": "given"}
    groups = np.repeat(["a", "b", "c", "d"], 10)
    held = Bounded(_model(validation=0.25), 0, 5).fit(X, y, groups=groups).estimator_.facts_["validation"]
    assert (held["rows"], held["origin"]) == (10, "inner")
