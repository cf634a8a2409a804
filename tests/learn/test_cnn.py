"""The convolutional network over words: the paper's shapes, a convolution by hand, pairs, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from makna.core.compute import Compute, computing, machine_of
from makna.core.errors import DataError
from makna.core.workplace import Workplace, working
from makna.learn.cnn import WordsCNN
from makna.learn.cnn_network import CNNShape, cnn_network, features
from makna.learn.cnn_rows import FixedRows
from makna.learn.soft import Soft
from makna.learn.word_rows import PAD, SPECIAL, UNKNOWN
from makna.learn.word_start import Asked, start_of

torch = pytest.importorskip("torch")

SMALL: dict[str, Any] = {"vector_size": 6, "filters": 4, "max_words": 8, "epochs": 2, "dropout": 0.0}
SIX = np.array(["EQUI", "NOALI", "OPPO", "REL", "SIMI", "SPE"] * 6, dtype=object)
_rng = np.random.default_rng(0)
_WORDS = np.array(["kami", "memakai", "metode", "baru", "hasil", "lebih", "baik", "2010"])
SIDES = [" ".join(_rng.choice(_WORDS, 1 + i % 7)) for i in range(36)]
PAIRS = pd.DataFrame({"text_a": SIDES, "text_b": SIDES[::-1]})


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with computing(Compute("cpu", "fp32", 1)):
        yield


def _shape(**further: Any) -> CNNShape:
    told: dict[str, Any] = {
        "words": 12, "vector_size": 5, "widths": (2, 3), "filters": 4, "sides": 1, "merge": "channels", "hidden": None,
        "outputs": 3, "dropout": 0.0, **further,
    }  # fmt: skip
    return CNNShape(**told)


def _by_hand(weights: dict[str, np.ndarray], sides: list[np.ndarray], merge: str, widths: tuple[int, ...]) -> Any:
    """Outputs of the network, from its weights, by loops over rows, places and filters."""
    vectors = [weights["vectors.weight"][side] for side in sides]
    inputs = [np.concatenate(vectors, axis=2)] if merge == "channels" else vectors
    found = []
    for read in inputs:
        for width in widths:
            filters, bias = (weights[f"convolutions.width{width}.{name}"] for name in ("weight", "bias"))
            answers = [
                [[(filters[f] * row[at : at + width].T).sum() + bias[f] for f in range(len(filters))]
                 for at in range(len(row) - width + 1)]
                for row in read
            ]  # fmt: skip
            found.append(np.maximum(answers, 0).max(axis=1))
    flat = np.concatenate(found, axis=1)
    if "hidden.weight" in weights:
        flat = np.maximum(flat @ weights["hidden.weight"].T + weights["hidden.bias"], 0)
    return flat @ weights["dense.weight"].T + weights["dense.bias"]


@pytest.mark.parametrize("merge", ["channels", "concat"])
@pytest.mark.parametrize(("sides", "hidden"), [(1, None), (2, None), (2, 7)])
def test_the_network_computes_what_its_weights_say(merge: str, sides: int, hidden: int | None) -> None:
    torch.manual_seed(0)
    network = cnn_network(_shape(sides=sides, merge=merge, hidden=hidden)).eval()
    ids = np.random.default_rng(1).integers(0, 12, size=(sides, 3, 6))
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    with torch.no_grad():
        found = network(*(torch.from_numpy(side) for side in ids)).numpy()
    np.testing.assert_allclose(found, _by_hand(weights, list(ids), merge, (2, 3)), atol=1e-5)


@pytest.fixture(scope="module")
def fitted() -> WordsCNN:
    with computing(Compute("cpu", "fp32", 1)):
        return WordsCNN(epochs=1, hidden="sqrt", validation=0.0).fit(PAIRS, SIX)


def _layers(learner: WordsCNN) -> list[tuple[Any, ...]]:
    return [(row["type"], row["input"], row["shape"], row["times"]) for row in learner.facts_["layers"]]


def test_the_layers_have_the_shapes_of_the_paper(fitted: WordsCNN) -> None:
    layers = _layers(fitted)
    assert layers[0] == ("Embedding", ["N", 50], ["N", 50, 100], 2)
    assert layers[1] == ("Concatenate", ["N", 50, 100], ["N", 50, 200], 1)
    expected = []
    for steps in (49, 48, 47):
        expected += [
            ("Conv1d", ["N", 50, 200], ["N", steps, 64], 1),
            ("ReLU", ["N", steps, 64], ["N", steps, 64], 1),
            ("MaxPooling", ["N", steps, 64], ["N", 1, 64], 1),
        ]
    assert layers[2:11] == expected
    assert layers[11:13] == [
        ("Concatenate", ["N", 1, 64], ["N", 1, 192], 1), ("Flatten", ["N", 1, 192], ["N", 192], 1),
    ]  # fmt: skip
    # Equation 2: the root of 192 · 6.
    assert layers[13] == ("Linear", ["N", 192], ["N", 34], 1)
    assert layers[-1] == ("Linear", ["N", 34], ["N", 6], 1)


def test_two_branches_have_the_same_weights_and_twice_as_much_to_say() -> None:
    learner = WordsCNN(epochs=1, merge="concat", validation=0.0).fit(PAIRS, SIX)
    layers = _layers(learner)
    for steps in (49, 48, 47):
        assert ("Conv1d", ["N", 50, 100], ["N", steps, 64], 2) in layers
    assert layers[-1] == ("Linear", ["N", 384], ["N", 6], 1)
    convolutions = [name for name in learner.tensors_ if name.startswith("convolutions") and name.endswith("weight")]
    assert [learner.tensors_[name].shape for name in convolutions] == [(64, 100, width) for width in (2, 3, 4)]
    assert features((2, 3, 4), 64, 1, "concat") == features((2, 3, 4), 64, 2, "channels") == 192


def test_one_text_has_the_shapes_of_one_branch() -> None:
    learner = WordsCNN(**{**SMALL, "epochs": 1}, validation=0.0).fit(SIDES, SIX)
    assert _layers(learner)[0] == ("Embedding", ["N", 8], ["N", 8, 6], 1)
    assert ("Conv1d", ["N", 8, 6], ["N", 5, 4], 1) in _layers(learner)
    assert _layers(learner)[-1] == ("Linear", ["N", 12], ["N", 6], 1)
    assert learner.sides_ == 1


def _both_or_not(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Pairs of which neither side alone tells the class: whether both begin with a cat."""
    rng = np.random.default_rng(0)
    first = rng.choice(["kucing", "anjing"], (n, 2))
    sides = [[f"{word} {' '.join(rng.choice(_WORDS, 2))}" for word in first[:, side]] for side in (0, 1)]
    labels = np.where((first == "kucing").all(axis=1), "keduanya", "tidak").astype(object)
    return pd.DataFrame(dict(zip(("text_a", "text_b"), sides, strict=True))), labels


@pytest.mark.parametrize("settings", [{}, {"merge": "concat"}])
def test_it_learns_what_no_side_alone_tells(settings: dict[str, Any]) -> None:
    X, y = _both_or_not(160)
    learner = WordsCNN(
        vector_size=8, filters=16, max_words=4, epochs=25, learning_rate=1e-2, dropout=0.0, validation=0.0, **settings
    )
    assert (learner.fit(X[:120], y[:120]).predict(X[120:]) == y[120:]).mean() > 0.92


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adadelta", "adamw"])
def test_every_optimiser_lowers_the_loss(optimiser: str) -> None:
    rate = {"sgd": 0.3, "adadelta": 3.0}.get(optimiser, 1e-2)
    told = {**SMALL, "epochs": 8, "batch_size": 4, "learning_rate": rate, "validation": 0.0}
    learner = WordsCNN(**told, optimiser=optimiser)
    losses = [row["loss"] for row in learner.fit(PAIRS, SIX).history_]
    assert losses[-1] < 0.97 * losses[0]
    assert learner.facts_["settings"]["optimiser"] == optimiser


@pytest.mark.parametrize("train_vectors", [True, False])
def test_vectors_learn_or_stay(train_vectors: bool) -> None:
    learner = WordsCNN(**SMALL, train_vectors=train_vectors, validation=0.0, random_state=4).fit(PAIRS, SIX)
    begun = start_of(Asked("random", learner.words_, 6, 1, 4), []).matrix
    moved = abs(learner.tensors_["vectors.weight"][SPECIAL:] - begun).max()
    assert moved > 1e-3 if train_vectors else moved == 0
    assert not learner.tensors_["vectors.weight"][PAD].any()


@pytest.mark.parametrize("vectors", ["word2vec", "fasttext"])
def test_vectors_of_the_training_texts_are_those_of_gensim(vectors: str) -> None:
    models = pytest.importorskip("gensim.models")
    learner = WordsCNN(**SMALL, vectors=vectors, train_vectors=False, validation=0.0, random_state=3).fit(PAIRS, SIX)
    told: dict[str, Any] = {"vector_size": 6, "window": 5, "min_count": 1, "epochs": 10, "seed": 3, "workers": 1}
    told |= {"bucket": 200_000} if vectors == "fasttext" else {}
    kind = {"word2vec": "Word2Vec", "fasttext": "FastText"}[vectors]
    oracle = getattr(models, kind)([text.split() for text in [*SIDES, *SIDES[::-1]]], **told).wv
    expected = np.stack([oracle[word] for word in learner.words_])
    np.testing.assert_array_equal(learner.tensors_["vectors.weight"][SPECIAL:], expected)


def test_vectors_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "a.vec"
    path.write_text("baru 1 2 3 4 5 6\nasing 1 1 1 1 1 1\n", "utf-8")
    learner = WordsCNN(**SMALL, vectors=str(path), train_vectors=False, validation=0.0).fit(PAIRS, SIX)
    kept = dict(zip(learner.words_, learner.tensors_["vectors.weight"][SPECIAL:], strict=True))
    assert kept["baru"].tolist() == [1, 2, 3, 4, 5, 6]
    assert 0 < abs(kept["hasil"]).max() < 1
    told = learner.facts_["words"]
    assert (told["vectors"], told["without_vector"], told["file"]["file"]) == ("file", 7, "a.vec")
    with pytest.raises(DataError) as caught:
        WordsCNN(**{**SMALL, "vector_size": 7}, vectors=str(path)).fit(PAIRS, SIX)
    assert caught.value.key == "represent.vectors_width"


def test_rows_are_as_long_as_they_should_be_and_what_is_cut_is_counted() -> None:
    pairs = [("baru hasil", ""), ("kata " * 5000, "asing"), ("baru", "hasil " * 3)]
    rows = FixedRows.of(pairs, ["baru", "hasil"], 4, 2)
    batch = rows.whole(np.array([0, 1, 2]))
    assert batch["ids"].tolist() == [[2, 3, 0, 0], [UNKNOWN] * 4, [2, 0, 0, 0]]
    assert batch["other"].tolist() == [[0] * 4, [UNKNOWN, 0, 0, 0], [3, 3, 3, 0]]
    assert rows.account() == {
        "rows": 3, "cut": 1, "max_length": 4, "longest": 5000, "unknown_share": 5 / 11, "pieces_per_word": 1.0,
    }  # fmt: skip
    assert rows.rows().lengths.tolist() == [2, 4, 3]
    assert rows.rows().batch(np.array([0]))["ids"].tolist() == [[2, 3, 0, 0]]
    longer = FixedRows.of(pairs, ["baru", "hasil"], 50, 2)
    assert longer.rows().batch(np.array([0, 2]))["other"].tolist() == [[0] * 5, [3, 3, 3, 0, 0]]
    assert rows.example(pairs) == {
        "text": "baru ⟷ hasil hasil hasil ", "pieces": ["baru", *["[PAD]"] * 3], "ids": [2, 0, 0, 0],
        "mask": [1, 0, 0, 0],
    }  # fmt: skip


def test_padding_that_no_filter_needs_changes_nothing(fitted: WordsCNN) -> None:
    torch = pytest.importorskip("torch")
    network = fitted._network(machine_of("cnn"))
    rows = fitted._as_words(list(PAIRS.itertuples(index=False, name=None)))
    chosen = np.arange(6)
    with torch.inference_mode():
        short, whole = (network(**batch) for batch in (rows.rows().batch(chosen), rows.whole(chosen)))
    assert rows.rows().batch(chosen)["ids"].shape[1] < rows.max_words
    torch.testing.assert_close(short, whole, atol=1e-6, rtol=1e-5)


def test_one_pair_is_answered_as_in_a_batch(fitted: WordsCNN) -> None:
    asked = pd.concat([PAIRS[:5], pd.DataFrame({"text_a": ["", "baru " * 5000], "text_b": ["", "x"]})])
    together = fitted.predict_proba(asked)
    alone = np.concatenate([fitted.predict_proba(asked.iloc[i : i + 1]) for i in range(len(asked))])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(together.sum(axis=1), 1)
    assert fitted.predict_proba(PAIRS[:0]).shape == (0, 6)


def test_texts_and_pairs_do_not_stand_for_each_other(fitted: WordsCNN) -> None:
    with pytest.raises(DataError) as caught:
        fitted.predict(SIDES)
    assert caught.value.key == "learn.other_inputs"
    with pytest.raises(DataError):
        WordsCNN(**SMALL).fit(SIDES, SIX, PAIRS, SIX)


def test_a_filter_wider_than_a_text_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        WordsCNN(max_words=3).fit(PAIRS, SIX)
    assert caught.value.fields == {"came": 4, "allowed": 3}


def test_a_teacher_is_listened_to() -> None:
    said = np.full((36, 6), 0.02)
    said[:, 2] = 0.9
    told = {**SMALL, "epochs": 20, "learning_rate": 1e-2, "validation": 0.0}
    plain = WordsCNN(**told).fit(PAIRS, SIX)
    taught = WordsCNN(**told).fit(PAIRS, SIX, soft=Soft(said, temperature=1.0, weight=1.0))
    assert (taught.predict(PAIRS) == "OPPO").all()
    assert (plain.predict(PAIRS) == "OPPO").mean() < 0.7


class _KilledError(Exception):
    pass


def test_a_killed_fit_goes_on_where_it_was(tmp_path: Path) -> None:
    settings = {**SMALL, "epochs": 3, "validation": 0.2, "train_vectors": False, "optimiser": "sgd"}
    whole = WordsCNN(**settings).fit(PAIRS, SIX)
    seen = []

    def watch(epoch: int, figures: Any) -> None:
        seen.append(epoch)
        if epoch == 2 and len(seen) == 2:
            raise _KilledError

    with working(Workplace(tmp_path, watch=watch)), pytest.raises(_KilledError):
        WordsCNN(**settings).fit(PAIRS, SIX)
    with working(Workplace(tmp_path, watch=watch)):
        resumed = WordsCNN(**settings).fit(PAIRS, SIX)
    np.testing.assert_array_equal(resumed.predict_proba(PAIRS), whole.predict_proba(PAIRS))
    assert seen == [1, 2, 1, 2, 3]
    with working(Workplace(tmp_path)):
        WordsCNN(**{**settings, "merge": "concat"}).fit(PAIRS, SIX)
    assert len(list(tmp_path.iterdir())) == 2


def test_facts_are_whole(fitted: WordsCNN) -> None:
    facts = json.loads(json.dumps(fitted.facts_))
    assert {"tokens", "words", "example", "layers", "weights", "best_epoch", "epochs", "stopped", "overfitting"} <= set(
        facts
    )
    assert facts["words"]["vocabulary"] == len(fitted.words_) == 8
    assert facts["tokens"]["rows"] == 36


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("widths", [2, 3], []), ("widths", [1], [0]), ("hidden", "sqrt", "root"), ("hidden", 192, 0),
     ("merge", "concat", "sum"), ("optimiser", "adadelta", "rmsprop"), ("vectors", "a/b.vec", "glove")],
)  # fmt: skip
def test_a_recipe_checks_the_settings(name: str, good: Any, bad: Any) -> None:
    import typing

    check = TypeAdapter(typing.get_type_hints(WordsCNN.__init__, include_extras=True)[name])
    check.validate_python(good)
    with pytest.raises(ValidationError):
        check.validate_python(bad)
