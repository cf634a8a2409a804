"""LSTM and GRU over word vectors: order counts, padding does not, and what is kept comes back."""

import json
from itertools import pairwise

import numpy as np
import pytest

from makna.core.compute import Compute, computing
from makna.core.errors import DataError
from makna.core.workplace import Workplace, working
from makna.learn.balance import Balanced
from makna.learn.linear import LinearSVM
from makna.learn.recurrent import Recurrent
from makna.learn.word_rows import PAD, SPECIAL, UNKNOWN, WordRows
from makna.learn.word_start import Asked, start_of
from makna.recipe.steps import adapter
from makna.represent.counts import Counts
from makna.represent.word_split import vocabulary_of

torch = pytest.importorskip("torch")

from makna.learn.recurrent_network import RecurrentShape, recurrent_network  # noqa: E402

SMALL = {"vector_size": 8, "width": 8, "epochs": 2}
_FILLERS = ["barang", "toko", "kirim", "cepat", "warna", "ukuran"]


def _row(first, rng):
    words = list(rng.choice(_FILLERS, 3))
    for place, word in zip(sorted(rng.choice(5, 2, replace=False)), first, strict=True):
        words.insert(place, word)
    return " ".join(words)


def _ordered(n):
    """Return texts with the same words in every class; only which of two comes first tells the class."""
    rng = np.random.default_rng(0)
    labels = np.array(["ya", "bukan"] * (n // 2), dtype=object)
    orders = {"ya": ("suka", "benci"), "bukan": ("benci", "suka")}
    return np.array([_row(orders[label], rng) for label in labels], dtype=object), labels


X, Y = _ordered(120)


@pytest.fixture(autouse=True)
def _one_thread():
    with computing(Compute("cpu", "fp32", 1)):
        yield


@pytest.fixture(scope="module")
def fitted():
    with computing(Compute("cpu", "fp32", 1)):
        return Recurrent(**SMALL, validation=0.2).fit(X, Y)


@pytest.mark.parametrize("settings", [{}, {"cell": "gru"}, {"bidirectional": True}, {"vectors": "word2vec"}])
def test_it_learns_what_a_bag_of_words_cannot(settings):
    if "vectors" in settings:
        pytest.importorskip("gensim")
    learner = Recurrent(
        vector_size=16, width=16, epochs=20, learning_rate=1e-2, batch_size=16, dropout=0.0, validation=0.0, **settings
    )
    assert (learner.fit(X[:80], Y[:80]).predict(X[80:]) == Y[80:]).mean() == 1
    bag = Counts().fit(X[:80])
    svm = LinearSVM().fit(bag.transform(X[:80]), Y[:80])
    assert (svm.predict(bag.transform(X[80:])) == Y[80:]).mean() < 0.75


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_both_directions_are_those_of_torch_on_packed_rows(cell):
    shape = RecurrentShape(cell, True, 5, 12, 4, 3, 0.0)
    network = recurrent_network(shape).eval()
    oracle = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](4, 5, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for mine, suffix in ((network.ahead, ""), (network.back, "_reverse")):
            for name, value in mine.named_parameters():
                getattr(oracle, name + suffix).copy_(value)
    ids = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0], [9, 0, 0, 0]])
    lengths = torch.tensor([4, 2, 1])
    packed = torch.nn.utils.rnn.pack_padded_sequence(network.vectors(ids), lengths, batch_first=True)
    last = oracle(packed)[1]
    last = last[0] if isinstance(last, tuple) else last
    expected = network.head(torch.cat([last[0], last[1]], dim=1))
    found = network(ids, (ids != PAD).long())
    torch.testing.assert_close(found, expected)


def test_one_row_is_answered_as_in_a_batch(fitted):
    together = fitted.predict_proba([*X, "", "satu dua tiga " * 40])
    alone = np.concatenate([fitted.predict_proba([text]) for text in [*X, "", "satu dua tiga " * 40]])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_words_and_their_numbers():
    texts = ["bagus bagus murah", "murah bagus-bagus, don't", ""]
    words = vocabulary_of(texts, 1)
    assert words == ["bagus", "murah", "bagus-bagus", "don't"]
    assert vocabulary_of(texts, 2) == ["bagus", "murah"]
    rows = WordRows.of(["murah mahal bagus sekali", "", "murah"], words, 3)
    assert rows.ids == [[SPECIAL + 1, UNKNOWN, SPECIAL], [PAD], [SPECIAL + 1]]
    assert rows.unknown_share == 1 / 4
    assert rows.account() == {
        "rows": 3, "cut": 1, "max_length": 3, "longest": 4, "unknown_share": 0.25, "pieces_per_word": 1.0,
    }  # fmt: skip
    batch = rows.rows().batch(np.array([1, 0]))
    assert batch["ids"].tolist() == [[0, 0, 0], [3, 1, 2]]
    assert WordRows.of(["", "!"], words, 3).unknown_share is None


def test_the_vocabulary_is_that_of_the_rows_learned_from(fitted):
    with_stranger = [*X[:20], "kata asing"]
    learner = Recurrent(**SMALL).fit(X[:60], Y[:60], with_stranger, [*Y[:20], "ya"])
    assert set(learner.words_) == {*_FILLERS, "suka", "benci"}
    assert learner.facts_["words"]["unknown_share_valid"] == pytest.approx(2 / 102)
    assert learner.facts_["words"]["vocabulary"] == 8
    assert learner.facts_["validation"] == {"rows": 21, "left_out": 0, "origin": "given"}
    assert fitted.facts_["validation"]["origin"] == "inner"


def test_word2vec_vectors_are_those_of_gensim():
    gensim = pytest.importorskip("gensim.models")
    texts = X[:50].tolist()
    words = vocabulary_of(texts, 1)
    found = start_of(Asked("word2vec", words, 6, 1, 3), texts).matrix
    model = gensim.Word2Vec(
        [text.split() for text in texts], vector_size=6, window=5, min_count=1, epochs=10, seed=3, workers=1
    )
    np.testing.assert_array_equal(found, np.stack([model.wv[word] for word in words]))
    learner = Recurrent(**SMALL, vectors="word2vec", validation=0.0, random_state=3)
    learner.epochs, learner.learning_rate = 1, 1e-12
    learner.fit(texts, Y[:50])
    learned = Recurrent(**{**SMALL, "epochs": 1}, vectors="random", learning_rate=1e-12, validation=0.0).fit(
        texts, Y[:50]
    )
    expected = start_of(Asked("word2vec", learner.words_, 8, 1, 3), texts).matrix
    np.testing.assert_allclose(learner.tensors_["vectors.weight"][SPECIAL:], expected, atol=1e-6)
    assert abs(learned.tensors_["vectors.weight"][SPECIAL:] - expected).max() > 0.01


def test_a_long_text_is_read_to_its_most_words(fitted):
    short = Recurrent(**SMALL, max_words=4, validation=0.0).fit(X, Y)
    np.testing.assert_array_equal(
        short.predict_proba(["barang toko suka benci"]), short.predict_proba(["barang toko suka benci warna toko"])
    )


def test_history_and_facts(fitted):
    assert [(row["epoch"], row["part"]) for row in fitted.history_] == [
        (1, "train"), (1, "valid"), (2, "train"), (2, "valid"),
    ]  # fmt: skip
    assert {"loss", "accuracy", "precision_macro", "recall_macro", "f1_macro"} <= set(fitted.history_[0])
    facts = json.loads(json.dumps(fitted.facts_))
    assert {"tokens", "words", "example", "layers", "weights", "best_epoch", "epochs", "stopped", "overfitting"} <= set(
        facts
    )
    example = facts["example"]
    assert len(example["pieces"]) == len(example["ids"]) == len(example["mask"])
    assert [layer["name"] for layer in facts["layers"]] == ["vectors", "dropout", "ahead", "dropout", "head"]
    assert facts["layers"][2]["parameters"] == 4 * (8 * 8 + 8 * 8 + 2 * 8)
    assert facts["settings"]["optimiser"] == "adam"


def test_the_example_of_a_text_without_words_is_a_padding():
    learner = Recurrent(**SMALL, validation=0.0).fit(["", "", "", "bagus sekali"], ["a", "b", "a", "b"])
    assert learner.facts_["example"] == {"text": "", "pieces": ["[PAD]"] * 2, "ids": [0, 0], "mask": [0, 0]}


def test_class_weights_are_told_and_used():
    uneven = np.where(np.arange(40) < 30, "banyak", "sedikit").astype(object)
    plain, weighted = (
        Recurrent(**SMALL, validation=0.0, class_weight=weight).fit(X[:40], uneven) for weight in (None, "balanced")
    )
    assert plain.facts_["weights"] is None
    assert weighted.facts_["weights"] == pytest.approx({"banyak": 40 / 60, "sedikit": 2.0})
    mean = [model.predict_proba(X[:40])[:, 1].mean() for model in (plain, weighted)]
    assert mean[0] < mean[1]


class _KilledError(Exception):
    pass


def test_a_killed_fit_goes_on_where_it_was(tmp_path):
    settings = {**SMALL, "epochs": 4, "validation": 0.2}
    whole = Recurrent(**settings).fit(X, Y)
    seen = []

    def watch(epoch, figures):
        seen.append(epoch)
        if epoch == 3 and len(seen) == 3:
            raise _KilledError

    with working(Workplace(tmp_path, watch=watch)), pytest.raises(_KilledError):
        Recurrent(**settings).fit(X, Y)
    with working(Workplace(tmp_path, watch=watch)):
        resumed = Recurrent(**settings).fit(X, Y)
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    assert resumed.history_ == whole.history_
    # Epochs 1 and 2 are told again, not trained again: what was killed at 3 goes on there.
    assert seen == [1, 2, 3, 1, 2, 3, 4]
    assert len(list(tmp_path.iterdir())) == 1
    with working(Workplace(tmp_path)):
        Recurrent(**{**settings, "width": 9}).fit(X, Y)
    assert len(list(tmp_path.iterdir())) == 2


def test_interrupting_keeps_the_best_epoch_so_far():
    def watch(epoch, figures):
        if epoch == 2:
            raise KeyboardInterrupt

    learner = Balanced(Recurrent(**{**SMALL, "epochs": 4}, validation=0.2), "none")
    with working(Workplace(watch=watch)), pytest.raises(KeyboardInterrupt):
        learner.fit(X, Y)
    assert learner.interrupted_
    assert learner.predict_proba(X).shape == (120, 2)


def test_a_seed_decides():
    found = [
        Recurrent(**SMALL, random_state=seed, validation=0.0).fit(X[:40], Y[:40]).predict_proba(X) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert abs(found[0] - found[2]).max() > 1e-6


def test_more_training_lowers_the_loss():
    learner = Recurrent(**{**SMALL, "epochs": 6}, learning_rate=1e-2, validation=0.0).fit(X, Y)
    losses = [row["loss"] for row in learner.history_]
    assert sum(later < earlier for earlier, later in pairwise(losses)) >= 4


def test_rows_that_cannot_be_learned_from_are_refused():
    with pytest.raises(DataError):
        Recurrent(**SMALL).fit(X[:4], ["a"] * 4)
    with pytest.raises(DataError):
        Recurrent(**SMALL).fit([], [])
    with pytest.raises(DataError):
        Recurrent(**SMALL).fit(X[:4], Y[:4], X[:2])


def test_no_rows_are_no_answers(fitted):
    assert fitted.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [("cell", "gru", "rnn"), ("vectors", "word2vec", "glove"), ("width", 3, 0), ("dropout", 0.5, 1.0),
     ("loss", "focal", "hinge"), ("validation", 0.0, 1.0), ("bidirectional", True, "x")],
)  # fmt: skip
def test_a_recipe_checks_the_settings(key, good, bad):
    check = adapter("makna.learn.recurrent:Recurrent", key)
    assert check.validate_python(good) == good
    with pytest.raises(ValueError):
        check.validate_python(bad)
