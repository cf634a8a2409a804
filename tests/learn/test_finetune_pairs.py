"""An encoder fine-tuned on pairs: both sides in one row, or each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from makna.core.compute import Compute, computing
from makna.core.errors import DataError
from makna.learn.order import Ordered, turned_round
from tests.encoders import kept_encoder

pytest.importorskip("torch")

from makna.learn.finetune import FineTune
from makna.learn.finetune_number import FineTuneRegressor

WORDS = ["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "mahal", "kirim", "hari"]


@pytest.fixture(autouse=True)
def _plain() -> Iterator[None]:
    with computing(Compute("cpu", "fp32", 1)):
        yield


def _rows(n: int = 48, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Pairs that share their word, and pairs that do not."""
    rng = np.random.default_rng(seed)
    same = np.arange(n) % 2 == 0
    first = rng.integers(0, 5, n)
    second = np.where(same, first, first + 5)
    frame = pd.DataFrame({"text_a": [WORDS[i] for i in first], "text_b": [f"{WORDS[i]} hari" for i in second]})
    return frame, np.where(same, "1", "0").astype(object)


def _model(pair: Any, model_type: str = "bert", **settings: Any) -> FineTune:
    given = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "max_length": 32, "validation": 0.0} | settings
    return FineTune(str(kept_encoder(model_type)), pair=pair, pooling="mean", **given)


@pytest.mark.parametrize("pair", ["cross", "bi"])
def test_what_both_sides_share_is_learned(pair: Any) -> None:
    X, y = _rows()
    model = _model(pair, epochs=30, learning_rate=3e-3, dropout=0.0).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("model_type", ["bert", "distilbert", "roberta", "albert"])
@pytest.mark.parametrize("pair", ["cross", "bi"])
def test_every_kind_of_encoder_reads_pairs_one_by_one_as_in_a_batch(pair: Any, model_type: str) -> None:
    X, y = _rows(16)
    model = _model(pair, model_type, epochs=1).fit(X, y)
    said = model.predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X.iloc[[5]]), said[[5]], atol=1e-6)
    again = FineTune.from_parts(model.to_parts())
    np.testing.assert_array_equal(again.predict_proba(X), said)


def test_the_sides_are_told_apart_where_the_encoder_can() -> None:
    X, y = _rows(16)
    model = _model("cross", epochs=1).fit(X, y)
    network = model.model_.network(_cpu())
    batch = _batch(model, [("bagus", "murah")])
    same = network(**{**batch, "types": batch["types"] * 0})
    assert (network(**batch) - same).abs().max() > 1e-4
    assert model.facts_["example"]["pieces"].count("[SEP]") == 2


def test_sides_read_apart_are_the_vectors_of_single_texts() -> None:
    torch = pytest.importorskip("torch")
    X, y = _rows(16)
    model = _model("bi", epochs=1).fit(X, y)
    network = model.model_.network(_cpu())
    a, b = "bagus sekali", "harga murah kirim hari"
    with torch.inference_mode():
        said = network(**_batch(model, [(a, b)]))
        ids = [model.model_.tokenizer()(text, return_tensors="pt") for text in (a, b)]
        u, v = (network.encoder(input_ids=i["input_ids"]).last_hidden_state.mean(1) for i in ids)
        expected = network.head(torch.cat([u, v, (u - v).abs(), u * v], dim=1))
    torch.testing.assert_close(said, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("how", ["sorted", "both"])
@pytest.mark.parametrize("pair", ["cross", "bi"])
def test_the_order_never_changes_the_answer(pair: Any, how: Any) -> None:
    X, y = _rows(24)
    system = Ordered(_model(pair, epochs=1), how).fit(X, y)
    np.testing.assert_allclose(system.predict_proba(X), system.predict_proba(turned_round(X)), atol=1e-6)


@pytest.mark.parametrize("pair", ["cross", "bi"])
def test_empty_equal_and_very_long_sides(pair: Any) -> None:
    X, y = _rows(16)
    model = _model(pair, epochs=1).fit(X, y)
    odd = pd.DataFrame({"text_a": ["", "", "bagus", "bagus " * 5000], "text_b": ["", "hari", "bagus", "buruk " * 5000]})
    said = model.predict_proba(odd)
    assert np.isfinite(said).all()
    np.testing.assert_allclose(said.sum(axis=1), 1)
    model.fit(odd, ["0", "1", "0", "1"])
    assert model.facts_["tokens"]["cut"] == 1


def test_single_texts_and_pairs_cannot_stand_for_each_other() -> None:
    X, y = _rows(16)
    with pytest.raises(DataError, match="FineTune"):
        _model("cross", epochs=1).fit(X, y).predict(["bagus"])
    with pytest.raises(DataError, match="FineTune"):
        _model("cross", epochs=1).fit(X["text_a"], y).predict(X)
    with pytest.raises(DataError, match="windows"):
        _model("cross", long="windows").fit(X, y)


def test_a_pair_is_given_a_number() -> None:
    X, y = _rows(32)
    marks = np.where(y == "1", 5.0, 0.0)
    made = FineTuneRegressor(str(kept_encoder()), pair="bi", pooling="mean", epochs=40, learning_rate=3e-3,
                             batch_size=8, validation=0.0)  # fmt: skip
    said = made.fit(X, marks).predict(X)
    assert np.corrcoef(said, marks)[0, 1] > 0.8


def _cpu() -> Any:
    from makna.core.compute import machine_of

    return machine_of("finetune")


def _batch(model: FineTune, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    from makna.learn.finetune_text import text_rows

    ready = text_rows(model.model_.tokenizer(), pairs, model.model_.shape.reading)
    return dict(ready.rows.batch(np.arange(len(pairs))))
