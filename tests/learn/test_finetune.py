"""Fine-tuning on small random encoders: what it learns, what it keeps, and what survives a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from scipy.special import log_softmax, softmax
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from makna.clean.text import CleanText
from makna.core.compute import Compute, computing
from makna.core.errors import DataError, ModelError, TrainingError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task
from makna.core.workplace import Workplace, working
from makna.learn.fastest import fastest_precision
from makna.learn.finetune import FineTune
from makna.learn.finetune_number import FineTuneRegressor
from makna.represent.tokens import tokenise, windows

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.usefixtures("one_thread")

_FILLERS = ["saya", "barang", "produk", "hari", "film", "harga", "kirim"]
N = 64


def _texts(n: int, seed: int, good: str = "bagus", bad: str = "buruk") -> np.ndarray:
    rng = np.random.default_rng(seed)
    words = [[*rng.choice(_FILLERS, rng.integers(1, 9)), good if i % 2 else bad] for i in range(n)]
    return np.array([" ".join(rng.permutation(w)) for w in words], dtype=object)


X = _texts(N, 1)
Y = np.array(["neg", "pos"] * (N // 2), dtype=object)
QUICK: dict[str, Any] = {"epochs": 2, "learning_rate": 2e-3, "batch_size": 16, "max_length": 24}


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tests.encoders import tiny_encoder

    return str(tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny"))


@pytest.fixture(scope="session")
def fitted(encoder: str) -> FineTune:
    with computing(Compute("cpu", "fp32", 1)):
        return FineTune(encoder, **{**QUICK, "epochs": 6}).fit(X, Y)


def _through_folder(estimator: Any, folder: Path, *classes: type) -> Any:
    save_model(SavedModel(Pipeline([("step", estimator)]), Task(), {}), folder, "card")
    table: dict[str, Any] = {f"learn.{cls.__name__}": cls for cls in (FineTune, FineTuneRegressor)}
    return load_model(folder, {**table, "Pipeline": Pipeline}).system["step"]


def test_a_separable_set_is_learned(fitted: FineTune) -> None:
    new = _texts(60, 2)
    assert (fitted.predict(new) == np.array(["neg", "pos"] * 30)).mean() > 0.9
    assert fitted.classes_.tolist() == ["neg", "pos"]
    assert [row["part"] for row in fitted.history_] == ["train", "valid"] * 6
    assert fitted.history_[-1]["loss"] < fitted.history_[1]["loss"]
    assert set(fitted.history_[0]) == {
        *("epoch", "part", "loss", "accuracy", "precision_macro", "recall_macro", "f1_macro"),
    }
    assert not fitted.interrupted_


def test_one_temperature_makes_probabilities_and_never_changes_the_answer(fitted: FineTune) -> None:
    logits = fitted.model_.outputs(list(X))
    np.testing.assert_allclose(fitted.predict_proba(X), softmax(logits * fitted.scaling_["weight"], axis=1), rtol=1e-5)
    assert fitted.predict(X).tolist() == fitted.classes_[logits.argmax(axis=1)].tolist()


def test_the_temperature_is_the_best_one_for_the_validation_rows(encoder: str) -> None:
    noisy = np.where(np.random.default_rng(3).random(N) < 0.3, Y[::-1], Y)
    valid, truth = (
        _texts(40, 5),
        np.where(np.random.default_rng(4).random(40) < 0.3, "pos", np.tile(["neg", "pos"], 20)),
    )
    model = FineTune(encoder, **QUICK).fit(X, noisy, valid, truth)
    logits = model.model_.outputs(list(valid)).astype(float)
    codes = (truth == "pos").astype(int)

    def loss(temperature: float) -> float:
        return float(-log_softmax(logits / temperature, axis=1)[np.arange(40), codes].mean())

    temperature = 1 / model.scaling_["weight"]
    assert all(loss(temperature) <= loss(temperature * factor) + 1e-9 for factor in (0.7, 0.95, 1.05, 1.4))
    assert model.scaling_["bias"] == [0.0, 0.0]
    shifted = FineTune(encoder, **QUICK, calibrate="bias").fit(X, noisy, valid, truth).predict_proba(list(valid))
    assert shifted[:, 1].mean() == pytest.approx(codes.mean(), abs=1e-3)  # a bias makes the mean what it is
    assert FineTune(encoder, **QUICK, validation=0).fit(X, Y).scaling_["weight"] == 1.0


@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
@pytest.mark.parametrize("model_type", ["bert", "distilbert", "albert", "roberta"])
def test_dynamic_padding_changes_nothing(model_type: str, pooling: Any, tmp_path: Path) -> None:
    from tests.encoders import tiny_encoder

    encoder = tiny_encoder(tmp_path / "e", model_type)
    made = FineTune(str(encoder), **{**QUICK, "epochs": 1, "max_length": 96, "pooling": pooling}).fit(X[:16], Y[:16])
    texts = [*X[:20], "", "bagus " * 80]
    found = tokenise(made.model_.tokenizer(), texts, 96)
    network, pad_id = made.model_._whole(), made.model_.tokenizer().pad_token_id
    ids = torch.tensor([[*row, *[pad_id] * (96 - len(row))] for row in found.ids])
    mask = torch.tensor([[1] * len(row) + [0] * (96 - len(row)) for row in found.ids])
    with torch.inference_mode():
        padded = network(ids, mask).numpy()
    np.testing.assert_allclose(made.model_.outputs(texts), padded, atol=1e-5)
    loaded = _through_folder(made, tmp_path / "model")
    shutil.rmtree(encoder)
    np.testing.assert_array_equal(loaded.predict_proba(texts), made.predict_proba(texts))


def test_cls_goes_through_the_pooler_and_mean_leaves_padding_out(encoder: str) -> None:
    texts = ["bagus sekali", "saya suka barang ini"]
    for pooling in ("cls", "mean", "max"):
        made = FineTune(encoder, **QUICK, pooling=pooling).fit(X, Y)
        network = made.model_._whole()
        tokens = made.model_.tokenizer()(texts, padding=True, return_tensors="pt")
        with torch.inference_mode():
            said = network.encoder(tokens["input_ids"], tokens["attention_mask"])
            rows = [s[: int(m.sum())] for s, m in zip(said.last_hidden_state, tokens["attention_mask"], strict=True)]
            if pooling == "cls":
                by_hand = torch.tanh(network.encoder.pooler.dense(said.last_hidden_state[:, 0]))
            else:
                by_hand = torch.stack([row.mean(0) if pooling == "mean" else row.amax(0) for row in rows])
            expected = network.head(by_hand).numpy()
        np.testing.assert_allclose(made.model_.outputs(texts), expected, atol=1e-5)
        assert any("pooler" in name for name in made.model_.tensors) == (pooling == "cls")


def test_head_and_tail_keeps_both_ends(encoder: str) -> None:
    long = "saya " * 40
    differ = [f"bagus {long}", f"buruk {long}", f"{long} bagus", f"{long} buruk"]
    cut = {way: FineTune(encoder, **QUICK, long=way).fit(X, Y).model_.outputs(differ) for way in ("head", "head+tail")}
    assert np.abs(cut["head"][0] - cut["head"][1]).max() > 1e-3
    np.testing.assert_array_equal(cut["head"][2], cut["head"][3])
    assert np.abs(cut["head+tail"][0] - cut["head+tail"][1]).max() > 1e-3
    assert np.abs(cut["head+tail"][2] - cut["head+tail"][3]).max() > 1e-3


def test_windows_are_averaged(encoder: str) -> None:
    many = np.array([f"{x} {'saya barang ' * (i % 30)}" for i, x in enumerate(X)], dtype=object)
    made = FineTune(encoder, **QUICK, long="windows").fit(many, Y)
    texts = ["bagus", "saya suka " * 40 + "buruk", "", "bagus " + "hari " * 1500]
    found = windows(made.model_.tokenizer(), texts, 24, stride=6)
    network = made.model_._whole()
    with torch.inference_mode():
        single = [network(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long)).numpy() for ids in found.ids]
    expected = [np.mean([s for s, o in zip(single, found.owner, strict=True) if o == i], axis=0)[0] for i in range(4)]
    assert np.bincount(found.owner).max() > 64
    np.testing.assert_allclose(made.model_.outputs(texts), expected, atol=1e-5)
    assert made.facts_["tokens"]["cut"] == found_cut(made, many)


def found_cut(made: FineTune, texts: np.ndarray) -> int:
    """Return how many of the training texts have more than one window."""
    from makna.learn.held_back import Holding, held_back

    train, _ = held_back(Holding(0.1, 0, (Y == "pos").astype(int)))
    owner = windows(made.model_.tokenizer(), [texts[row] for row in train], 24, stride=6).owner
    return int((np.bincount(owner) > 1).sum())


def test_predictions_keep_their_order_and_do_not_hang_on_their_batch(fitted: FineTune) -> None:
    texts = [*X, "", "bagus " * 50]
    whole = fitted.predict_proba(texts)
    order = np.random.default_rng(0).permutation(len(texts))
    np.testing.assert_allclose(fitted.predict_proba([texts[i] for i in order]), whole[order], atol=1e-6)
    alone = np.concatenate([fitted.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(alone, whole, atol=1e-6)
    np.testing.assert_allclose(whole.sum(axis=1), 1)
    assert fitted.predict_proba([]).shape == (0, 2)


def test_class_weights_move_the_answer_and_stand_in_the_facts(encoder: str) -> None:
    plain, heavy = (
        FineTune(encoder, **{**QUICK, "learning_rate": 1e-3}, class_weight=w) for w in (None, {"neg": 50.0})
    )
    assert (heavy.fit(X, Y).predict(X) == "neg").sum() > (plain.fit(X, Y).predict(X) == "neg").sum()
    assert heavy.facts_["weights"] == {"neg": 50.0, "pos": 1.0}
    assert plain.facts_["weights"] is None
    rare = np.where(np.arange(N) < 48, "a", "b")
    balanced = FineTune(encoder, **QUICK, class_weight="balanced", oversample=True, loss="focal", focal_gamma=1.0)
    # Counted on the rows learned from: 43 and 14 of them.
    assert balanced.fit(X, rare).facts_["weights"] == {"a": 57 / (2 * 43), "b": 57 / (2 * 14)}
    with pytest.raises(DataError, match="positif"):
        FineTune(encoder, **QUICK, class_weight={"positif": 2.0}).fit(X, Y)


def test_frozen_layers_do_not_move(encoder: str) -> None:
    start = FineTune(encoder, **{**QUICK, "learning_rate": 1e-12}).fit(X, Y).model_.tensors
    for freeze, still in ((1, ["embeddings."]), (2, ["embeddings.", "layer.0."]), ("all", ["embeddings.", ".layer."])):
        made = FineTune(encoder, **QUICK, freeze=freeze).fit(X, Y)
        for name, value in made.model_.tensors.items():
            moved = np.abs(value - start[name]).max()
            is_held = any(part in name for part in still)
            assert (moved < 1e-6) == is_held or name.endswith("key.bias"), name
    thawed = FineTune(encoder, **QUICK, freeze="all", unfreeze_after=1, keep="last").fit(X, Y).model_.tensors
    assert np.abs(thawed["encoder.embeddings.LayerNorm.weight"] - 1).max() > 1e-5
    with pytest.raises(DataError, match="3"):
        FineTune(encoder, **QUICK, freeze=4).fit(X, Y)


def test_the_report_is_told_everything(fitted: FineTune) -> None:
    facts = json.loads(json.dumps(fitted.facts_))
    assert facts["encoder"]["layers"] == 2
    assert facts["tokens"]["rows"] == facts["validation"]["rows"] * 9 + 4 == 58
    example = facts["example"]
    assert example["text"] in X
    assert example["pieces"][0] == "[CLS]"
    assert len(example["pieces"]) == len(example["ids"]) == len(example["mask"])
    assert example["mask"].count(1) == len(example["text"].split()) + 2
    layers = facts["layers"]
    assert layers[0]["name"] == "encoder.embeddings.word_embeddings"
    assert [layers[-1][key] for key in ("name", "shape", "parameters")] == ["head", ["N", 2], 66]
    assert any(layer["name"].startswith("encoder.encoder.layer.0-1.") and layer["times"] == 2 for layer in layers)
    total = sum(value.size for value in fitted.model_.tensors.values())
    assert sum(layer["parameters"] * layer["times"] for layer in layers) == total
    assert (facts["epochs"], facts["device"], facts["precision"]) == (6, "cpu", "fp32")
    assert facts["settings"]["long"] == "head"
    assert facts["memory_mb"] > 4 * 4 * total / 1e6


def test_a_saved_model_needs_neither_its_encoder_nor_torch_until_it_is_asked(encoder: str, tmp_path: Path) -> None:
    own = shutil.copytree(encoder, tmp_path / "own")
    made = FineTune(str(own), **QUICK).fit(X, Y)
    folder = tmp_path / "model"
    loaded = _through_folder(made, folder)
    shutil.rmtree(own)
    np.testing.assert_array_equal(loaded.predict_proba(X), made.predict_proba(X))
    assert loaded.history_ == made.history_
    assert loaded.facts_ == {name: fact for name, fact in made.facts_.items() if name != "example"}
    assert not list(folder.rglob("*.pkl")) + list(folder.rglob("*.bin")) + list(folder.rglob("*.skops"))
    assert all(X[0].encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    code = (
        "import sys; from makna.core.model_folder import load_model; from makna.learn.finetune import FineTune\n"
        "from sklearn.pipeline import Pipeline\n"
        f"load_model({str(folder)!r}, {{'learn.FineTune': FineTune, 'Pipeline': Pipeline}})\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numbers_come_back_in_their_own_unit(encoder: str, tmp_path: Path) -> None:
    marks = np.where(Y == "pos", 80.0, 20.0) + np.random.default_rng(1).normal(size=N)
    made = FineTuneRegressor(encoder, **{**QUICK, "epochs": 8}).fit(X, marks)
    new = _texts(40, 7)
    said = made.predict(new)
    assert np.corrcoef(said, np.tile([20.0, 80.0], 20))[0, 1] > 0.8
    assert 30 < said.mean() < 70
    assert set(made.history_[0]) == {"epoch", "part", "loss", "mae", "rmse", "pearson"}
    assert made.history_[-1]["rmse"] == pytest.approx(made.aim_.scale * np.sqrt(made.history_[-1]["loss"]), rel=1e-5)
    np.testing.assert_array_equal(_through_folder(made, tmp_path / "m").predict(new), said)
    flat = FineTuneRegressor(encoder, **QUICK).fit(X, np.full(N, 3.0))
    np.testing.assert_allclose(flat.predict(new), 3.0, atol=0.7)
    with pytest.raises(ValueError, match="y"):
        FineTuneRegressor(encoder, **QUICK).fit(X, [*marks[1:], np.nan])


def test_validation_rows_go_through_the_pipeline(encoder: str) -> None:
    loud = np.array([text.upper() for text in X], dtype=object)
    valid, truth = np.array(["SAYA SUKA BAGUS", "HARGA BURUK"], dtype=object), np.array(["pos", "neg"], dtype=object)
    with sklearn.config_context(enable_metadata_routing=True):
        learner = FineTune(encoder, **QUICK).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline([("clean", CleanText(["lowercase"])), ("learn", learner)], transform_input=["X_val"])
        pipeline.fit(loud, Y, X_val=valid, y_val=truth)
    alone = FineTune(encoder, **QUICK).fit(X, Y, [text.lower() for text in valid], truth)
    assert pipeline["learn"].facts_["validation"] == {"rows": 2, "left_out": 0, "origin": "given"}
    np.testing.assert_array_equal(pipeline.predict_proba(loud), alone.predict_proba(X))


def test_groups_are_held_back_whole(encoder: str) -> None:
    groups = np.arange(N) // 8
    made = FineTune(encoder, **QUICK, validation=0.25).fit(X, Y, groups=groups)
    assert made.facts_["validation"] == {"rows": 16, "left_out": 0, "origin": "inner"}


def test_what_does_not_fit_is_refused(encoder: str) -> None:
    with pytest.raises(DataError, match="neg"):
        FineTune(encoder, **QUICK).fit(X[::2], Y[::2])
    with pytest.raises(DataError, match="128"):
        FineTune(encoder, **{**QUICK, "max_length": 129}).fit(X, Y)
    with pytest.raises(ModelError):
        FineTune("tidak-ada", **QUICK).fit(X, Y)
    with pytest.raises(DataError, match="y_val"):
        FineTune(encoder, **QUICK).fit(X, Y, X_val=X[:4])
    with pytest.raises(ValueError, match="inconsistent"):
        FineTune(encoder, **QUICK).fit(X, Y[:-1])
    with pytest.raises(NotFittedError):
        FineTune(encoder).predict(X)
    with pytest.raises(TrainingError, match="learning rate"):
        FineTune(encoder, **{**QUICK, "learning_rate": 1e38, "clip": None}).fit(X, Y)


def test_bf16_is_near_fp32_and_kept_in_fp32(encoder: str, fitted: FineTune) -> None:
    before = fitted.model_.outputs(list(X))
    with computing(Compute("cpu", "bf16", 1)):
        made = FineTune(encoder, **{**QUICK, "epochs": 6}).fit(X, Y)
        rough = fitted.model_.outputs(list(X))
        assert made.facts_["precision"] == "bf16"
        assert (made.predict(X) == Y).mean() > 0.9
    exact = fitted.model_.outputs(list(X))
    np.testing.assert_array_equal(exact, before)
    assert 0 < np.abs(rough - exact).max() < 0.1
    assert {value.dtype for value in made.model_.tensors.values()} == {np.dtype(np.float32)}
    found = fastest_precision(fitted, list(X[:8]))
    assert found["chosen"] in found["seconds"]


@pytest.mark.gpu
def test_a_gpu_learns_and_both_devices_answer_alike(encoder: str, tmp_path: Path) -> None:
    settings = {**QUICK, "epochs": 6}
    with computing(Compute("cuda", "fp32", 1)):
        with pytest.raises(RuntimeError):
            _Counter(tmp_path, 14).fit(FineTune(encoder, **settings))
        again = _Counter(tmp_path)
        made = again.fit(FineTune(encoder, **settings))
        there = made.predict_proba(X)
        assert min(again.epochs) == 4
    here = made.predict_proba(X)
    np.testing.assert_allclose(here, there, atol=1e-4)
    assert (made.predict(X) == Y).mean() > 0.9
    with computing(Compute("cuda", "bf16", 1)):
        assert (FineTune(encoder, **settings).fit(X, Y).predict(X) == Y).mean() > 0.9


class _Counter:
    """Listens to a training; stops it in the middle of an epoch if asked to."""

    def __init__(self, folder: Path, stop_at: int | None = None, raises: type[BaseException] = RuntimeError) -> None:
        self.folder, self.stop_at, self.raises = folder, stop_at, raises
        self.epochs: list[int] = []

    def fit(self, estimator: Any) -> Any:
        from makna.learn.training import _Teller

        def tell(teller: Any, step: Any, epochs: int) -> None:
            if step.number == self.stop_at:
                raise self.raises
            self.epochs.append(step.epoch)

        with pytest.MonkeyPatch.context() as patch, working(Workplace(self.folder)):
            patch.setattr(_Teller, "tell", tell)
            return estimator.fit(X, Y)


@pytest.mark.parametrize("at", [5, 9])
def test_a_broken_fit_goes_on_after_its_last_epoch(at: int, encoder: str, tmp_path: Path) -> None:
    settings = {**QUICK, "epochs": 3}
    whole = FineTune(encoder, **settings).fit(X, Y)
    with pytest.raises(RuntimeError):
        _Counter(tmp_path, at).fit(FineTune(encoder, **settings))
    again = _Counter(tmp_path)
    resumed = again.fit(FineTune(encoder, **settings))
    assert set(again.epochs) == set(range((at - 1) // 4 + 1, 4))
    assert resumed.history_ == whole.history_
    assert resumed.scaling_ == whole.scaling_
    assert resumed.facts_ == whole.facts_
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    third = _Counter(tmp_path)
    np.testing.assert_array_equal(third.fit(FineTune(encoder, **settings)).predict_proba(X), whole.predict_proba(X))
    assert third.epochs == [], "a finished fit comes back at once"


def test_another_fit_does_not_take_what_is_not_its_own(encoder: str, tmp_path: Path) -> None:
    _Counter(tmp_path).fit(FineTune(encoder, **QUICK))
    for change in ({"learning_rate": 1e-3}, {"random_state": 5}, {"class_weight": "balanced"}, {"long": "windows"}):
        other = _Counter(tmp_path)
        other.fit(FineTune(encoder, **{**QUICK, **change}))
        assert other.epochs, change
    with working(Workplace(tmp_path)):
        FineTune(encoder, **QUICK).fit(X[::-1], Y[::-1])
    assert len(list(tmp_path.iterdir())) == 6


def test_ctrl_c_leaves_a_usable_estimator(encoder: str, tmp_path: Path) -> None:
    made = FineTune(encoder, **{**QUICK, "epochs": 4})
    with pytest.raises(KeyboardInterrupt):
        _Counter(tmp_path / "a", 11, KeyboardInterrupt).fit(made)
    assert made.interrupted_
    assert made.facts_["epochs"] == 2
    assert len(made.predict(X)) == N
    loaded = _through_folder(made, tmp_path / "model")
    assert loaded.interrupted_
    np.testing.assert_array_equal(loaded.predict_proba(X), made.predict_proba(X))
    early = FineTune(encoder, **QUICK)
    with pytest.raises(KeyboardInterrupt):
        _Counter(tmp_path / "b", 2, KeyboardInterrupt).fit(early)
    with pytest.raises(NotFittedError):
        early.predict(X)


_CHILD = """
import json, sys
from pathlib import Path
from makna.core.compute import Compute, computing
from makna.core.workplace import Workplace, working
from makna.learn.finetune import FineTune
from tests.learn.test_finetune import X, Y

def watch(epoch, figures):
    print("epoch", epoch, flush=True)

encoder, folder = sys.argv[1:]
with computing(Compute("cpu", "fp32", 1)), working(Workplace(Path(folder), watch=watch)):
    made = FineTune(encoder, epochs=30, learning_rate=2e-3, batch_size=8, max_length=24, class_weight="balanced")
    print("begin", flush=True)
    made.fit(list(X) * 4, list(Y) * 4)
    print(json.dumps([made.history_, made.scaling_, made.predict_proba(X).tolist()]), flush=True)
"""


def _child(encoder: str, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, encoder, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.slow
def test_ten_kills_end_with_the_same_figures(encoder: str, tmp_path: Path) -> None:
    with _child(encoder, tmp_path / "whole") as child:
        assert child.stdout is not None
        times, lines = [], []
        for line in child.stdout:
            times.append(time.monotonic())
            lines.append(line)
    whole, pace = lines[-1], float(np.median(np.diff(times[1:-1])))
    rng = np.random.default_rng(11)
    done = 0
    for kill in range(10):
        with _child(encoder, tmp_path / "killed") as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begin\n"
            seen = []
            # While it starts, or anywhere between the end of a new epoch and that of the next.
            for line in child.stdout if kill % 3 else ():
                seen.append(int(line.split()[1]))
                if seen[-1] > done:
                    break
            time.sleep(float(rng.uniform(0, pace if kill % 3 else times[1] - times[0])))
            child.send_signal(signal.SIGKILL)
            seen += [int(line.split()[1]) for line in child.stdout if line.startswith("epoch")]
        # An epoch is told before it is kept: the newest one may be lost, and no more.
        done = max([done, *seen])
        kept = [int(path.name[-4:]) for path in (tmp_path / "killed").rglob("last-*")]
        assert max(kept, default=0) >= done - 1
    assert 5 < done < 30
    with _child(encoder, tmp_path / "killed") as child:
        assert child.communicate()[0].splitlines(keepends=True)[-1] == whole
