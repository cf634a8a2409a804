"""Word vectors learned from texts, and texts made of them: gensim's own vectors, and hand calculations."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from makna.core.errors import DataError
from makna.core.workplace import Workplace, working
from makna.represent.word_split import vocabulary_of, words_of
from makna.represent.word_training import WordSettings, learn_vectors
from makna.represent.word_vectors import WordVectors, gram_hash, grams_of
from makna.represent.words import Vectors, Words

models = pytest.importorskip("gensim.models")

TEXTS = ["harga murah sekali", "barang bagus harga mahal", "murah sekali barangnya", "", "bagus bagus"] * 6
SENTENCES = [text.split() for text in TEXTS]
SMALL = {"size": 6, "random_state": 3}


@pytest.mark.parametrize(("model", "sg"), [("cbow", 0), ("skipgram", 1)])
def test_word2vec_vectors_are_those_of_gensim(model: str, sg: int) -> None:
    further = {"window": 2, "min_count": 2, "negative": 3, "epochs": 4}
    step = Words(model=model, learning_rate=0.05, **further, **SMALL).fit(TEXTS)
    oracle = models.Word2Vec(SENTENCES, vector_size=6, alpha=0.05, sg=sg, seed=3, workers=1, **further).wv
    assert step.words_ == oracle.index_to_key
    np.testing.assert_array_equal(step.matrix_, oracle.vectors)


def test_fasttext_vectors_are_those_of_gensim_for_unknown_words_too() -> None:
    step = Words("fasttext", min_n=2, max_n=4, buckets=5000, epochs=3, **SMALL).fit(TEXTS)
    oracle = models.FastText(
        SENTENCES, vector_size=6, min_count=1, epochs=3, min_n=2, max_n=4, bucket=5000, seed=3, workers=1
    ).wv
    np.testing.assert_array_equal(step.matrix_, oracle.vectors)
    # All n-grams of these occur in known words.
    for word in ("barang-barang"[:6], "murahsekali"[:5], "hargaa"[:5], "arang", "bagu"):
        grams = {gram_hash(gram) % 5000 for gram in grams_of(word, 2, 4)}
        known = grams & set(step.gram_numbers_.tolist())
        found, has_one = step.word_vectors().vectors_of([word])
        assert has_one[0]
        if word in oracle.key_to_index or known == grams:
            np.testing.assert_allclose(found[0], oracle[word], atol=1e-6)
        else:
            rows = [gram_hash(g) % 5000 for g in grams_of(word, 2, 4)]
            mean = oracle.vectors_ngrams[[row for row in rows if row in known]].mean(axis=0)
            np.testing.assert_allclose(found[0], mean, atol=1e-6)
    assert not step.word_vectors().vectors_of(["zzz", "xyxyx"])[1].any()


@pytest.mark.parametrize("word", ["barang", "é", "日本語x", "a", "don't"])
@pytest.mark.parametrize("ends", [(3, 6), (1, 2), (2, 2)])
def test_n_grams_and_their_hashes_are_those_of_gensim(word: str, ends: tuple[int, int]) -> None:
    from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes

    expected = list(compute_ngrams_bytes(word, *ends))
    found = list(grams_of(word, *ends))
    assert found == [gram.decode() for gram in expected]
    assert [gram_hash(gram) for gram in found] == [ft_hash_bytes(gram) for gram in expected]


def test_poolings_are_those_of_a_hand_calculation() -> None:
    texts = ["satu dua dua", "dua tiga", "tiga"]
    steps = {p: Words(pooling=p, max_words=2, **SMALL).fit(texts) for p in ("mean", "max", "idf", "tokens")}
    row = dict(zip(steps["mean"].words_, steps["mean"].matrix_.astype(float), strict=True))
    asked = ["dua asing satu dua", "asing", ""]
    found = {pooling: step.transform(asked) for pooling, step in steps.items()}
    one, two = row["satu"], row["dua"]
    np.testing.assert_allclose(found["mean"][0], (one + 2 * two) / 3, atol=1e-6)
    np.testing.assert_allclose(found["max"][0], np.maximum(one, two), atol=1e-6)
    # satu in one of three texts, dua in two of them.
    rare, common = math.log(4 / 2) + 1, math.log(4 / 3) + 1
    np.testing.assert_allclose(found["idf"][0], (rare * one + 2 * common * two) / (rare + 2 * common), atol=1e-6)
    np.testing.assert_allclose(found["tokens"][0], np.concatenate([two, np.zeros(6)]), atol=1e-6)
    for pooling, values in found.items():
        assert values.dtype == np.float32
        assert values.shape == (3, 12 if pooling == "tokens" else 6)
        assert not values[1:].any(), pooling
        assert len(steps[pooling].get_feature_names_out()) == values.shape[1]


def test_a_word_of_fasttext_that_no_training_text_has_weighs_as_the_rarest() -> None:
    step = Words("fasttext", pooling="idf", buckets=500, **SMALL).fit(["murah sekali", "murah"])
    known, new = step.word_vectors().vectors_of(["sekali", "murahan"])[0].astype(float)
    weights = np.array([math.log(3 / 2) + 1, math.log(3) + 1])
    expected = (weights[0] * known + weights[1] * new) / weights.sum()
    np.testing.assert_allclose(step.transform(["sekali murahan"])[0], expected, atol=1e-6)


def test_the_same_seed_gives_the_same_bits() -> None:
    same, again, other = (Words(size=6, random_state=seed).fit(TEXTS).matrix_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(same, again)
    assert abs(same - other).max() > 1e-3
    assert Words(size=6, random_state=None).fit(TEXTS).matrix_.shape == same.shape


def test_what_is_told_of_the_training_texts() -> None:
    step = Words(min_count=7, **SMALL).fit(TEXTS)
    told = json.loads(json.dumps(step.facts_))["words"]
    # harga, murah, sekali: 12 each; barang: 6; bagus: 18; mahal: 6; barangnya: 6.
    assert told["vocabulary"] == 4
    assert told["tokens"] == 72
    assert (told["types"], told["unknown_types"]) == (7, 3)
    assert told["unknown_share"] == pytest.approx(18 / 72)
    assert sorted(told["unknown_examples"]) == ["barang", "barangnya", "mahal"]
    assert (told["rows"], told["rows_without"]) == (30, 6)
    assert (told["vectors"], told["model"], told["size"]) == ("word2vec", "cbow", 6)
    assert "unknown_examples" not in step.to_parts().state["facts_"]["words"]


def test_every_epoch_is_told() -> None:
    heard: list[tuple[int, int]] = []
    with working(Workplace(listen=lambda detail, done, total: heard.append((done, total)))):
        learn_vectors(TEXTS, WordSettings(size=4, epochs=3))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_long_text_is_read_to_its_end() -> None:
    found = learn_vectors(["kata " * 10_500 + "akhir"], WordSettings(size=4, epochs=1))
    assert set(found.words) == {"kata", "akhir"}


def test_words_as_they_are_written() -> None:
    assert words_of("Tahun 2010, don’t! bagus-bagus_ya") == ["Tahun", "2010", "don’t", "bagus-bagus", "ya"]
    assert vocabulary_of(["b a", "b c"], 1) == ["b", "a", "c"]


def test_looking_up_words() -> None:
    vectors = WordVectors(["satu", "dua"], np.eye(2, dtype=np.float32))
    assert vectors.look_up(["dua", "tiga", "satu"]).tolist() == [1, -1, 0]
    assert vectors.look_up([]).shape == (0,)
    found, has_one = vectors.vectors_of(["tiga", "dua"])
    assert found.tolist() == [[0, 0], [0, 1]]
    assert has_one.tolist() == [False, True]
    assert vectors.only([1]).words == ["dua"]


@pytest.mark.parametrize("texts", [[], ["", "!"], ["sekali", "saja"]])
def test_texts_without_words_are_refused(texts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        Words(min_count=2, **SMALL).fit(texts)
    assert caught.value.key == "represent.no_words"


def test_n_grams_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        Words("fasttext", min_n=4, max_n=3, **SMALL).fit(TEXTS)
    assert caught.value.key == "represent.range"


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        Words(pooling="sum", **SMALL).fit(TEXTS)  # type: ignore[arg-type]
    assert caught.value.fields["came"] == "sum"


def test_a_recipe_tells_a_path_from_a_slip() -> None:
    check = TypeAdapter(Vectors)
    assert [check.validate_python(good) for good in ("fasttext", "a.vec", "folder/berkas.bin")]
    with pytest.raises(ValidationError):
        check.validate_python("word2vek")
