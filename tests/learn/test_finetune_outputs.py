"""Fine-tuning to several outputs at once: what each learns, what is kept, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from makna.core.errors import DataError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task
from makna.learn.epochs import measure_classes
from makna.learn.finetune import FineTune
from makna.learn.finetune_outputs import FineTuneOutputs, measure_outputs, output_terms
from makna.learn.losses import cross_entropy, focal
from makna.recipe.registry import ClassTable

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.usefixtures("one_thread")

_FILLERS = ["saya", "barang", "produk", "hari", "film"]
QUICK: dict[str, Any] = {"epochs": 3, "learning_rate": 3e-3, "batch_size": 16, "max_length": 24, "pooling": "mean"}


def _rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    price, part = rng.integers(0, 2, n), rng.integers(0, 3, n)
    said = [["murah", "mahal"][p] + " " + ["bagus", "buruk", "biasa"][q] for p, q in zip(price, part, strict=True)]
    texts = [" ".join([*rng.choice(_FILLERS, rng.integers(1, 5)), said[i]]) for i in range(n)]
    labels = np.column_stack([np.array(["pos", "neg"])[price], np.array(["pos", "neg", "neut"])[part], ["tetap"] * n])
    return np.array(texts, dtype=object), labels.astype(object)


X, Y = _rows(160, 1)
X_TEST, Y_TEST = _rows(60, 2)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tests.encoders import tiny_encoder

    return str(tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny"))


@pytest.fixture(scope="session")
def fitted(encoder: str) -> FineTuneOutputs:
    return FineTuneOutputs(encoder, **{**QUICK, "epochs": 8}).fit(X, Y)


def test_each_output_is_learned(fitted: FineTuneOutputs) -> None:
    said, found = fitted.predict(X_TEST), fitted.predict_proba(X_TEST)
    assert said.shape == Y_TEST.shape
    assert said.dtype == object
    assert (said == Y_TEST).mean(axis=0).tolist() >= [0.9, 0.9, 1.0]
    assert fitted.score(X_TEST, Y_TEST) == (said == Y_TEST).mean()
    assert [part.shape for part in found] == [(60, 2), (60, 3), (60, 1)]
    for part, classes, column in zip(found, fitted.classes_, said.T, strict=True):
        np.testing.assert_allclose(part.sum(axis=1), 1)
        assert (classes[part.argmax(axis=1)] == column).all()
    assert {row["part"] for row in fitted.history_} == {"train", "valid"}
    assert fitted.facts_["validation"]["rows"] == pytest.approx(16, abs=2)


def test_a_saved_model_says_the_same(fitted: FineTuneOutputs, tmp_path: Path) -> None:
    task = Task("text", "classes", outputs=("price", "part", "other"))
    save_model(SavedModel(Pipeline([("learn", fitted)]), task, {}), tmp_path / "model", "card")
    again = load_model(tmp_path / "model", ClassTable()).system
    np.testing.assert_array_equal(again.predict(X_TEST), fitted.predict(X_TEST))
    for ours, kept in zip(fitted.predict_proba(X_TEST), again.predict_proba(X_TEST), strict=True):
        np.testing.assert_array_equal(kept, ours)
    assert [c.tolist() for c in again[-1].classes_] == [["neg", "pos"], ["neg", "neut", "pos"], ["tetap"]]


def test_one_output_learns_as_a_single_class_does(encoder: str) -> None:
    one = FineTune(encoder, **QUICK).fit(X, Y[:, 0], X_TEST, Y_TEST[:, 0])
    several = FineTuneOutputs(encoder, **QUICK).fit(X, Y[:, :1], X_TEST, Y_TEST[:, :1])
    np.testing.assert_allclose(several.predict_proba(X_TEST)[0], one.predict_proba(X_TEST), atol=1e-6)
    assert [row["loss"] for row in several.history_] == pytest.approx([row["loss"] for row in one.history_], abs=1e-6)


def test_the_loss_is_the_mean_of_the_outputs() -> None:
    rng = np.random.default_rng(3)
    logits, codes = torch.from_numpy(rng.normal(size=(7, 5))), torch.from_numpy(rng.integers(0, 2, (7, 2)))
    for terms in (cross_entropy, focal(2.0)):
        found = output_terms(terms, [2, 3], [None, (1.0, 2.0, 0.5)])(logits, codes)
        weight = torch.tensor([1.0, 2.0, 0.5])[codes[:, 1]]
        wanted = (terms(logits[:, :2], codes[:, 0]) + weight * terms(logits[:, 2:], codes[:, 1])) / 2
        torch.testing.assert_close(found, wanted)
    figures = measure_outputs([2, 3])(logits.numpy(), codes.numpy())
    ours = [measure_classes(part.numpy(), codes.numpy()[:, i]) for i, part in enumerate((logits[:, :2], logits[:, 2:]))]
    assert figures["f1_macro"] == pytest.approx(np.mean([one["f1_macro"] for one in ours]))


def test_validation_rows_with_an_unknown_label_are_left_out(encoder: str) -> None:
    judged = Y_TEST.copy()
    judged[:5, 1] = "aneh"
    model = FineTuneOutputs(encoder, **{**QUICK, "epochs": 1, "class_weight": "balanced"}).fit(X, Y, X_TEST, judged)
    assert model.facts_["validation"] == {"rows": 55, "left_out": 5, "origin": "given"}


def test_what_cannot_be_learned_is_told(encoder: str) -> None:
    with pytest.raises(DataError, match="oversample"):
        FineTuneOutputs(encoder, oversample=True).fit(X, Y)
    with pytest.raises(DataError, match="160,"):
        FineTuneOutputs(encoder).fit(X, Y[:, 0])
    with pytest.raises(DataError):
        FineTuneOutputs(encoder).fit(X, Y[:, 2:])
