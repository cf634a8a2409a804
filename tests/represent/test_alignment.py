"""How much of one text is found again in the other, against a plain loop over an encoder's pieces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from makna.core.compute import Compute, computing
from makna.core.errors import DataError, ModelError
from makna.core.memo import sharing
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task
from makna.recipe.registry import ClassTable
from makna.represent import embed
from makna.represent.alignment import Alignment
from makna.represent.embed import tokenizer_of
from makna.represent.encoder_source import load_network, locate_encoder
from tests.encoders import WORDS, kept_encoder, tiny_encoder

_rng = np.random.default_rng(3)
_PLAIN = [word for word in WORDS if not word.startswith("#")]
TEXTS = [" ".join(_rng.choice(_PLAIN, n)) for n in (3, 1, 12, 7, 5)]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    with computing(Compute("cpu", "fp32", 1)):
        yield


def _pairs(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["text_a", "text_b"])


PAIRS = _pairs(*((answer, key) for key in TEXTS[:2] for answer in TEXTS[1:]))


def tiny(**settings: Any) -> Alignment:
    return Alignment(str(kept_encoder()), **settings)


def _plain(text: str, layer: int) -> tuple[list[int], np.ndarray]:
    """Return the pieces of a text, the first and last left out, and their vectors of length one."""
    import torch

    source = locate_encoder(str(kept_encoder()))
    ids = tokenizer_of(source)(text)["input_ids"]
    with torch.inference_mode():
        out = load_network(source)(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[layer]
    rows = out[0, 1:-1].numpy()
    return ids[1:-1], rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("weighted", [True, False])
def test_numbers_are_those_of_a_plain_loop(weighted: bool) -> None:
    found = tiny(layers=[1, -1], weighted=weighted).fit_transform(PAIRS)
    held = [set(_plain(text, 0)[0]) for text in dict.fromkeys([*PAIRS["text_a"], *PAIRS["text_b"]])]
    expected = []
    for answer, key in PAIRS.itertuples(index=False):
        for layer in (1, -1):
            (a, u), (b, v) = _plain(answer, layer), _plain(key, layer)
            idf = {i: np.log((1 + len(held)) / (1 + sum(i in ids for ids in held))) + 1 for i in {*a, *b}}
            wa, wb = ([idf[i] if weighted else 1.0 for i in ids] for ids in (a, b))
            best = [max(float(x @ y) for x in u) for y in v]
            recall = sum(w * s for w, s in zip(wb, best, strict=True)) / sum(wb)
            precision = sum(w * max(float(x @ y) for y in v) for w, x in zip(wa, u, strict=True)) / sum(wa)
            above = sum(w for w, s in zip(wb, best, strict=True) if s > 0.7) / sum(wb)
            f1 = 2 * recall * precision / (recall + precision)
            expected += [recall, precision, f1, np.quantile(best, 0.1), np.median(best), above]
    assert found == pytest.approx(np.reshape(expected, (len(PAIRS), 12)), abs=2e-3)  # vectors are kept in float16


def test_a_text_beside_itself_is_found_whole_and_order_of_sides_matters() -> None:
    same = _pairs((TEXTS[2], TEXTS[2]))
    step = tiny().fit(PAIRS)
    assert step.transform(same)[0] == pytest.approx([1.0] * 6, abs=1e-3)
    here, there = step.transform(_pairs((TEXTS[2], TEXTS[0]), (TEXTS[0], TEXTS[2])))
    assert (here[0], here[1], here[2]) == pytest.approx((there[1], there[0], there[2]))
    assert here[0] != pytest.approx(here[1], abs=1e-3)


def test_more_of_the_key_is_more_recall() -> None:
    first, second = " ".join(_PLAIN[:4]), " ".join(_PLAIN[4:8])
    step = tiny(layers=[0]).fit(PAIRS)
    whole, half = step.transform(_pairs((f"{first} {second}", f"{first} {second}"), (first, f"{first} {second}")))
    assert whole[0] > half[0] > 0
    assert half[1] > half[0]


def test_one_row_is_a_row_of_a_batch_and_equal_pairs_are_equal() -> None:
    step = tiny().fit(PAIRS)
    doubled = pd.concat([PAIRS, PAIRS[::-1]], ignore_index=True)
    whole = step.transform(doubled)
    assert np.array_equal(whole[: len(PAIRS)], whole[len(PAIRS) :][::-1])
    for row in range(len(PAIRS)):
        assert step.transform(PAIRS[row : row + 1])[0] == pytest.approx(whole[row], abs=1e-6)


def test_an_empty_side_has_nothing_and_unknown_pieces_weigh_most() -> None:
    step = tiny().fit(_pairs((_PLAIN[0], _PLAIN[1])))
    assert np.array_equal(step.transform(_pairs(("", TEXTS[0]), (TEXTS[0], ""), ("", ""))), np.zeros((3, 6)))
    assert np.isfinite(step.transform(PAIRS)).all()
    assert step.weights_[-1] == pytest.approx(np.log(3) + 1)
    assert step.weights_.max() == step.weights_[-1]


@pytest.mark.parametrize("layers", [None, [1, -1], [-1, -1]])
def test_all_texts_are_encoded_once(layers: list[int] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(_rng.choice(_PLAIN, 1 + i % 9)) for i in range(300)]
    many = _pairs(*zip(texts, texts[::-1], strict=True))
    seen: list[int] = []
    run = embed.Embedding._run

    def counted(self: Any, torch: Any, network: Any, ids: Any, rows: np.ndarray) -> Any:
        seen.append(len(rows))
        return run(self, torch, network, ids, rows)

    monkeypatch.setattr(embed.Embedding, "_run", counted)
    with sharing():
        tiny(layers=layers).prepare(many)
        tiny(layers=layers).fit(many[:200]).transform(many[200:])
    assert sum(seen) == len(set(texts))


def test_a_saved_step_answers_as_before_and_takes_its_encoder_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(tiny_encoder(tmp_path / "made"), folder)
    step = Alignment(str(folder), layers=[0, 1]).fit(PAIRS)
    expected = step.transform(PAIRS)
    save_model(SavedModel(Pipeline([("alignment", step)]), Task(inputs="pair"), {}), tmp_path / "model", "card")
    shutil.rmtree(folder)
    assert np.array_equal(load_model(tmp_path / "model", ClassTable()).system.transform(PAIRS), expected)


def test_names_and_facts() -> None:
    step = tiny(layers=[0, -1]).fit(PAIRS)
    assert step.get_feature_names_out()[[0, 6, 11]].tolist() == ["recall 0", "recall -1", "found -1"]
    assert step.facts_["encoder"]["width"] == step.encoder_.width_
    assert clone(step).get_params() == step.get_params()


def test_what_cannot_be_aligned_is_told() -> None:
    with pytest.raises(DataError):
        tiny().fit(["satu", "dua"])
    with pytest.raises(DataError, match="9"):
        tiny(layers=[0, 9]).fit(PAIRS)
    with pytest.raises(ModelError):
        Alignment("nowhere-at-all").fit(PAIRS)
