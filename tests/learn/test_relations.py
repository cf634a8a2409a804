"""Hidden relations against the formulas of MiniLMv2 in numpy, and a small encoder that learns them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from makna.core.errors import DataError, ModelError
from makna.learn.distil_encoder import ACCOUNT, SmallEncoder, distil_encoder
from makna.learn.finetune import FineTune
from makna.learn.relations import hidden_of, projections, relation_loss, relation_network
from makna.represent.encoder_source import describe, load_network, load_tokenizer, locate_encoder
from tests.encoders import kept_encoder, tiny_encoder

torch = pytest.importorskip("torch")
rng = np.random.default_rng(5)
_WORDS = np.array(["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "kirim", "hari", "saya"])
TEXTS = [" ".join(rng.choice(_WORDS, 2 + i % 7)) for i in range(80)]


def _relation(vectors: np.ndarray, heads: int) -> np.ndarray:
    """Return the relations of one row, shape (heads, length, length)."""
    parts = np.split(vectors, heads, axis=1)
    return np.stack([softmax(part @ part.T / np.sqrt(part.shape[1]), axis=1) for part in parts])


def _by_hand(teacher: dict[str, np.ndarray], student: dict[str, np.ndarray], n: int, heads: int) -> float:
    total = 0.0
    for kind in ("query", "key", "value"):
        wanted, said = (_relation(side[kind][:n], heads) for side in (teacher, student))
        total += (wanted * np.log(wanted / said)).sum() / (heads * n)
    return total


def test_the_loss_is_the_formula() -> None:
    lengths = [5, 3, 1]
    sides = [{k: rng.normal(size=(3, 5, width)) for k in ("query", "key", "value")} for width in (12, 6)]
    mask = torch.from_numpy((np.arange(5) < np.array(lengths)[:, None]).astype(np.int64))
    given = [{kind: torch.from_numpy(value) for kind, value in side.items()} for side in sides]
    found = relation_loss(given[0], given[1], mask, 3).numpy()
    expected = [
        _by_hand(*({k: v[row] for k, v in side.items()} for side in sides), n, 3) for row, n in enumerate(lengths)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert found[2] == pytest.approx(0, abs=1e-7)  # one piece relates to itself alone


def test_padding_has_no_part_and_no_gradient() -> None:
    teacher = {k: torch.randn(1, 6, 8) for k in ("query", "key", "value")}
    student = {k: torch.randn(1, 6, 4).requires_grad_(True) for k in ("query", "key", "value")}
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    loss = relation_loss(teacher, student, mask, 2)
    loss.sum().backward()
    short = [{k: v[:, :4] for k, v in side.items()} for side in (teacher, student)]
    assert loss.item() == pytest.approx(relation_loss(short[0], short[1], mask[:, :4], 2).item(), rel=1e-5)
    for value in student.values():
        assert torch.isfinite(value.grad).all()
        assert (value.grad[:, 4:] == 0).all()
        assert (value.grad[:, :4] != 0).any()


@pytest.mark.parametrize("kind", ["bert", "distilbert", "albert", "roberta"])
def test_queries_keys_and_values_of_a_layer(kind: str) -> None:
    network = load_network(locate_encoder(str(kept_encoder(kind))))
    batch = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
    with torch.no_grad():
        seen = hidden_of(network, -1, batch)
        before = network(**batch, output_hidden_states=True).hidden_states[-2]
        for name, module in projections(network).items():
            torch.testing.assert_close(seen[name], module(before))
    if kind != "albert":
        assert projections(network, 0)["query"] is not projections(network, 1)["query"]
    with pytest.raises(ModelError):
        projections(network, 7)


def test_an_encoder_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        projections(torch.nn.Sequential(torch.nn.Linear(2, 2)))
    assert caught.value.fields["layers"] == 0


def test_the_teacher_is_no_part_of_the_network() -> None:
    networks = [load_network(locate_encoder(str(kept_encoder("bert")))) for _ in range(2)]
    network = relation_network(*networks, 2)
    assert all(name.startswith("student.") for name in network.state_dict())
    ids = torch.tensor([[5, 6, 7]])
    assert network.eval()(ids, torch.ones_like(ids)).shape == (1, 1)
    torch.testing.assert_close(network(ids, torch.ones_like(ids)), torch.zeros(1, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("width", "heads", "start"), [(None, None, None), (16, 2, None)])
def test_relations_come_closer(one_thread: None, tmp_path: Path, width: Any, heads: Any, start: Any) -> None:
    small = SmallEncoder(
        layers=1, width=width, heads=heads, start=start, epochs=10, batch_size=8, learning_rate=3e-3, validation=0.2
    )
    folder = distil_encoder(str(kept_encoder("bert")), TEXTS, tmp_path / "student", small)
    told = json.loads((folder / ACCOUNT).read_text("utf-8"))
    losses = [row["loss"] for row in told["history"] if row["part"] == "valid"]
    assert losses[-1] < 0.8 * losses[0]
    source = locate_encoder(str(folder))
    about = describe(source)
    assert (about["layers"], about["width"]) == (1, width or 32)
    assert load_tokenizer(source)("bagus sekali")["input_ids"] == _teacher_ids("bagus sekali")
    # The loss that was told is that of the weights that were kept.
    teacher = load_network(locate_encoder(str(kept_encoder("bert"))))
    network = relation_network(load_network(source), teacher, told["relation_heads"]).eval()
    with torch.no_grad():
        every = [network(*_batch(text)).item() for text in TEXTS]
    assert np.mean(every) < losses[0]


def _batch(text: str) -> tuple[Any, Any]:
    ids = torch.tensor([_teacher_ids(text)])
    return ids, torch.ones_like(ids)


def _teacher_ids(text: str) -> list[int]:
    return load_tokenizer(locate_encoder(str(kept_encoder("bert"))))(text)["input_ids"]


def test_what_is_made_can_be_fine_tuned(one_thread: None, tmp_path: Path) -> None:
    small = SmallEncoder(layers=1, epochs=1)
    folder = distil_encoder(str(kept_encoder("distilbert")), TEXTS, tmp_path / "student", small)
    labels = ["a" if "bagus" in text else "b" for text in TEXTS]
    model = FineTune(str(folder), epochs=1, max_length=16).fit(np.array(TEXTS, dtype=object), labels)
    assert model.facts_["encoder"]["layers"] == 1
    again = distil_encoder(str(kept_encoder("distilbert")), TEXTS, tmp_path / "again", small)
    assert locate_encoder(str(again)).fingerprint == locate_encoder(str(folder)).fingerprint


def test_a_student_starts_with_layers_of_its_teacher(one_thread: None, tmp_path: Path) -> None:
    teacher = tiny_encoder(tmp_path / "teacher", layers=6)
    small = SmallEncoder(layers=3, epochs=1, learning_rate=1e-30, warmup=0.0)
    folder = distil_encoder(str(teacher), TEXTS[:10], tmp_path / "student", small)
    student, whole = (load_network(locate_encoder(str(path))) for path in (folder, teacher))
    for place, layer in enumerate((1, 3, 5)):
        for name, value in student.encoder.layer[place].state_dict().items():
            torch.testing.assert_close(value, whole.encoder.layer[layer].state_dict()[name], msg=name)
    own = student.embeddings.word_embeddings.weight
    torch.testing.assert_close(own, whole.embeddings.word_embeddings.weight)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"width": 30, "heads": 4}, "learn.encoder_width"),
        ({"width": 16, "heads": 2, "start": "teacher"}, "learn.encoder_start"),
        ({"relation_heads": 5}, "learn.relation_heads"),
    ],
)
def test_measures_that_do_not_go_together(settings: dict[str, Any], key: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        distil_encoder(str(kept_encoder("bert")), TEXTS, tmp_path / "x", SmallEncoder(layers=1, **settings))
    assert caught.value.key == key
    assert not (tmp_path / "x").exists()


def test_a_folder_that_is_there_and_texts_that_are_not(tmp_path: Path) -> None:
    for texts, folder, key in ((TEXTS, tmp_path, "learn.folder_exists"), ([], tmp_path / "x", "learn.no_rows")):
        with pytest.raises(DataError) as caught:
            distil_encoder(str(kept_encoder("bert")), texts, folder, SmallEncoder(layers=1))
        assert caught.value.key == key
