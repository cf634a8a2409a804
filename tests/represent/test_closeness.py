"""How close two texts are by the vectors of their words: hand calculations, POT pair by pair, gensim's own distance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from pydantic import TypeAdapter, ValidationError
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from makna.core.errors import DataError, MissingPackageError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task
from makna.core.workplace import Workplace, working
from makna.learn.linear import Ridge
from makna.learn.work import work_of
from makna.recipe.executor import Executor
from makna.recipe.registry import ClassTable
from makna.represent import closeness_mover
from makna.represent.closeness import Closeness, Views
from makna.represent.closeness_bags import bags_of, unit_rows
from makna.represent.word_vectors import WordVectors

ALL = ["avgcos", "centroid", "sif", "wmd"]
# Length one, two and five; dua is at right angles to satu, tiga between them with cosines .6 and .8.
VECTORS = {"satu": [1.0, 0.0], "dua": [0.0, 2.0], "tiga": [3.0, 4.0]}
SMALL = {"size": 4, "epochs": 1, "random_state": 3}


def _pairs(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["text_a", "text_b"])


def _file(folder: Path, vectors: dict[str, list[float]] = VECTORS) -> str:
    lines = [" ".join([word, *map(repr, row)]) for word, row in vectors.items()]
    path = folder / "vectors.vec"
    path.write_text("\n".join([f"{len(vectors)} {len(next(iter(vectors.values())))}", *lines]) + "\n")
    return str(path)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))


def _from_file(folder: Path, by: list[Any], training: pd.DataFrame, **settings: Any) -> Closeness:
    return Closeness(_file(folder), by=by, size=2, **settings).fit(training)


def test_both_readings_of_the_average_cosine_are_those_of_a_hand_calculation(tmp_path: Path) -> None:
    rows = _pairs(("satu dua", "tiga"), ("satu satu dua", "tiga satu"), ("satu", "satu"), ("tiga asing", "dua !"))
    step = _from_file(tmp_path, ["avgcos", "centroid"], rows)
    expected = [
        # Cosines .6 and .8; mean (.5, 1) beside (3, 4): 5.5 / (5 · √1.25).
        [0.7, 0.98386991],
        # .6, 1, .6, 1, .8, 0; mean (2/3, 2/3) beside (2, 2).
        [4 / 6, 1.0],
        [1.0, 1.0],
        [0.8, 0.8],
    ]
    np.testing.assert_allclose(step.transform(rows), expected, atol=1e-8)


def test_sif_is_that_of_a_hand_calculation(tmp_path: Path) -> None:
    # Distinct texts: "satu satu dua", "dua", "tiga dua": 6 words, of which satu 2, dua 3, tiga 1; a = .5.
    rows = _pairs(("satu satu dua", "dua"), ("satu satu dua", "tiga dua"))
    weights = {"satu": 0.5 / (0.5 + 2 / 6), "dua": 0.5 / (0.5 + 3 / 6), "tiga": 0.5 / (0.5 + 1 / 6)}
    assert weights == pytest.approx({"satu": 0.6, "dua": 0.5, "tiga": 0.75})
    step = _from_file(tmp_path, ["sif"], rows, sif_a=0.5, common=0)
    # (.6·2·(1,0) + .5·(0,2)) / 3 = (.4, 1/3); .5·(0,2) = (0, 1); (.75·(3,4) + .5·(0,2)) / 2 = (1.125, 2).
    # Cosines (1/3) / √(61/225) and (.45 + 2/3) / √(61/225 · 5.265625).
    np.testing.assert_allclose(step.transform(rows)[:, 0], [0.64018440, 0.93459818], atol=1e-8)


def test_what_sif_removes_is_that_of_a_hand_calculation(tmp_path: Path) -> None:
    vectors = {"satu": [3.0, 1.0, 0.0], "dua": [3.0, -1.0, 0.0], "tiga": [0.0, 0.0, 1.0], "empat": [2.0, 1.0, 1.0]}
    # Each of three words is one text, p = 1/3, weight 1/2: XᵀX = diag(18, 2, 1) / 4, so the first axis is removed.
    training = _pairs(("satu", "dua"), ("tiga", "satu"))
    step = Closeness(_file(tmp_path, vectors), by=["sif"], size=3, sif_a=1 / 3).fit(training)
    np.testing.assert_allclose(abs(step.common_), [[1, 0, 0]], atol=1e-12)
    # (0, 1, 1) beside (0, −1, 0); (½·(3,1,0) + 1·(2,1,1)) / 2 = (1.75, .75, .5) without its first, beside (0, 1, 0).
    found = step.transform(_pairs(("satu tiga", "dua"), ("satu empat", "satu"), ("tiga", "satu")))
    np.testing.assert_allclose(found[:, 0], [-0.70710678, 0.83205029, 0.0], atol=1e-8)


def test_a_word_that_no_training_text_has_weighs_one(tmp_path: Path) -> None:
    step = _from_file(tmp_path, ["sif"], _pairs(("satu", "dua")), sif_a=0.5, common=0)
    np.testing.assert_allclose(step.weights_[step.words_.word_vectors().look_up(["satu", "tiga"])], [0.5, 1.0])
    # (.5·(1,0) + (3,4)) / 2 = (1.75, 2) beside (0, 1).
    found = step.transform(_pairs(("satu tiga", "dua")))[0, 0]
    assert found == pytest.approx(2 / np.hypot(1.75, 2))


def test_a_text_that_is_nothing_but_common_is_close_to_none(tmp_path: Path) -> None:
    step = _from_file(tmp_path, ["sif"], _pairs(("tiga", "tiga tiga")))
    assert step.transform(_pairs(("tiga", "tiga"), ("satu", "satu")))[:, 0] == pytest.approx([0.0, 1.0])


def test_no_more_is_removed_than_the_texts_have_directions(tmp_path: Path) -> None:
    assert len(_from_file(tmp_path, ["sif"], _pairs(("tiga", "tiga tiga")), common=2).common_) == 1
    assert len(_from_file(tmp_path, ["sif"], _pairs(("asing", "baru"))).common_) == 0


@pytest.mark.parametrize("unit", [True, False])
def test_word_movers_distance_by_hand(tmp_path: Path, unit: bool) -> None:
    rows = _pairs(("satu dua", "tiga"), ("satu satu dua", "satu"), ("dua satu", "satu dua"), ("satu dua", "dua tiga"))
    step = _from_file(tmp_path, ["wmd"], rows, wmd_unit=unit)
    if unit:  # distances √(2 − 2 cos): satu–dua √2, satu–tiga √.8, dua–tiga √.4
        expected = [(0.8**0.5 + 0.4**0.5) / 2, 2**0.5 / 3, 0.0, 0.8**0.5 / 2]
    else:  # satu–tiga √20, dua–tiga √13, satu–dua √5
        expected = [(20**0.5 + 13**0.5) / 2, 5**0.5 / 3, 0.0, 20**0.5 / 2]
    np.testing.assert_allclose(step.transform(rows)[:, 0], expected, atol=1e-7)


def _random(n: int, seed: int, longest: int = 30, words: int = 60) -> tuple[pd.DataFrame, WordVectors]:
    rng = np.random.default_rng(seed)
    known = [f"k{i}" for i in range(words)]
    texts = [" ".join(rng.choice([*known, "asing"], rng.integers(1, longest + 1))) for _ in range(n)]
    keys = [" ".join(rng.choice(known, rng.integers(1, longest // 2 + 1))) for _ in range(max(1, n // 8))]
    matrix = rng.normal(size=(words, 12)).astype(np.float32)
    matrix[3] = matrix[4] * 2  # the same direction
    matrix[5] = matrix[6] * (1 + 1e-5)
    pairs = pd.DataFrame({"text_a": texts, "text_b": rng.choice(keys, n)})
    return pairs, WordVectors(known, matrix)


def _movers(pairs: pd.DataFrame, vectors: WordVectors, unit: bool = True) -> np.ndarray:
    bags = bags_of([*pairs["text_a"], *pairs["text_b"]], vectors)
    n = len(pairs)
    points = unit_rows(bags.vectors) if unit else bags.vectors
    return closeness_mover.mover_distances(bags, points, np.arange(n), np.arange(n, 2 * n), 9.0)


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("turned", [False, True])
def test_word_movers_distance_is_that_of_pot_pair_by_pair(unit: bool, turned: bool) -> None:
    ot = pytest.importorskip("ot")
    pairs, vectors = _random(80, 1)
    found = _movers(pairs.iloc[:, ::-1].set_axis(pairs.columns, axis=1) if turned else pairs, vectors, unit)
    for (a, b), distance in zip(pairs.itertuples(index=False), found, strict=True):
        sides = [[word for word in text.split() if word != "asing"] for text in (a, b)]
        if not all(sides):
            continue
        points = [vectors.vectors_of(side)[0].astype(float) for side in sides]
        if unit:
            points = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in points]
        gaps = np.linalg.norm(points[0][:, None] - points[1][None], axis=2)
        assert distance == pytest.approx(ot.emd2([], [], gaps), abs=1e-6)


def test_word_movers_distance_is_that_of_gensim() -> None:
    models = pytest.importorskip("gensim.models")
    pairs, vectors = _random(60, 2)
    kept = models.KeyedVectors(vectors.width)
    kept.add_vectors(vectors.words, vectors.matrix)
    expected = [kept.wmdistance(a.split(), b.split()) for a, b in pairs.itertuples(index=False)]
    found = _movers(pairs, vectors)
    assert np.isfinite(expected).sum() > 50
    assert np.all(found[~np.isfinite(expected)] == 9.0)
    np.testing.assert_allclose(found[np.isfinite(expected)], np.array(expected)[np.isfinite(expected)], atol=1e-6)


def test_little_memory_gives_the_same_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, vectors = _random(60, 3)
    expected = _movers(pairs, vectors)
    monkeypatch.setattr(closeness_mover, "_MOST_DISTANCES", 40)
    np.testing.assert_allclose(_movers(pairs, vectors), expected, atol=1e-12)


def test_a_solver_that_gives_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closeness_mover, "_MOST_STEPS", 1)
    with pytest.raises(DataError) as caught:
        _movers(*_random(10, 4))
    assert caught.value.key == "represent.mover_unsolved"


def test_one_row_is_what_it_is_in_a_batch() -> None:
    pairs, _ = _random(40, 5)
    step = Closeness(by=ALL, **SMALL).fit(pairs)
    batch = step.transform(pairs)
    single = np.vstack([step.transform(pairs.iloc[[row]]) for row in range(len(pairs))])
    np.testing.assert_allclose(single, batch, rtol=0, atol=1e-12)
    turned = step.transform(pairs.iloc[:, ::-1].set_axis(pairs.columns, axis=1))
    np.testing.assert_allclose(turned, batch, atol=1e-12)
    assert step.transform(pairs.iloc[:0]).shape == (0, 4)


@pytest.mark.parametrize("unit", [True, False])
def test_empty_sides_have_numbers(tmp_path: Path, unit: bool) -> None:
    step = _from_file(tmp_path, ALL, _pairs(("satu dua", "tiga"), ("", "tiga")), wmd_unit=unit)
    found = step.transform(_pairs(("", ""), ("", "tiga"), ("satu dua", "asing sekali"), ("!?", "123")))
    assert np.all(found[:, :3] == 0)
    # The longest vector has length 5.
    farthest = 2.0 if unit else 10.0
    np.testing.assert_allclose(found[:, 3], [0, farthest, farthest, 0])
    told = step.facts_["closeness"]
    assert (told["pairs"], told["texts"], told["empty_first"], told["empty_second"]) == (2, 3, 1, 0)


def test_training_texts_without_a_known_word(tmp_path: Path) -> None:
    step = _from_file(tmp_path, ALL, _pairs(("asing", "baru")))
    np.testing.assert_allclose(step.transform(_pairs(("asing", "satu"), ("dua", "dua")))[:, [0, 3]], [[0, 2], [1, 0]])
    with pytest.raises(DataError) as caught:
        Closeness(**SMALL).fit(_pairs(("", "!")))
    assert caught.value.key == "represent.no_words"


def test_a_side_of_five_thousand_words() -> None:
    rng = np.random.default_rng(6)
    words = [f"k{i}" for i in range(1500)]
    long = " ".join(rng.choice(words, 5000))
    vectors = WordVectors(words, rng.normal(size=(len(words), 8)).astype(np.float32))
    pairs = _pairs((long, " ".join(words[:20])), (long, long), ("k1 k2", long))
    found = _movers(pairs, vectors)
    assert found[1] == 0
    assert np.all((found[[0, 2]] > 0) & (found[[0, 2]] < 2))


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    pairs, _ = _random(30, 7)
    step = Closeness("fasttext", by=ALL, buckets=500, **SMALL).fit(pairs)
    system = Pipeline([("closeness", step), ("learn", Ridge().fit(step.transform(pairs), np.arange(30.0)))])
    save_model(SavedModel(system, Task(inputs="pair", target="number"), {}), tmp_path / "model", "card")
    kept = load_model(tmp_path / "model", ClassTable()).system["closeness"]
    asked = _pairs(("k1 k2x kk", "k3 k4"), ("", "k1"))
    np.testing.assert_array_equal(kept.transform(asked), step.transform(asked))
    assert not [path for path in (tmp_path / "model").rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_what_is_told_of_the_training_rows() -> None:
    pairs, _ = _random(40, 8)
    step = Closeness(min_count=3, **SMALL).fit(pairs)
    told = json.loads(json.dumps(step.facts_))
    assert told["words"]["vocabulary"] == len(step.words_.words_)
    assert told["words"]["unknown_share"] is not None
    assert "pooling" not in told["words"]
    assert told["closeness"]["by"] == ["avgcos", "sif", "wmd"]
    assert told["closeness"]["removed"] == 1
    assert step.get_feature_names_out().tolist() == ["avgcos", "sif", "wmd"]


def test_vectors_are_learned_from_each_text_once() -> None:
    once, often = _pairs(("satu dua", "tiga dua")), _pairs(*[("satu dua", "tiga dua")] * 5)
    first, second = (Closeness(**SMALL).fit(rows) for rows in (once, often))
    np.testing.assert_array_equal(first.words_.matrix_, second.words_.matrix_)
    np.testing.assert_array_equal(first.weights_, second.weights_)


def test_a_vector_file_of_another_width_or_cut_short_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path)
    with pytest.raises(DataError) as caught:
        Closeness(path, size=3).fit(_pairs(("satu", "dua")))
    assert caught.value.key == "represent.vectors_width"
    Path(path).write_text(Path(path).read_text()[:-6])
    with pytest.raises(DataError) as caught:
        Closeness(path, size=2).fit(_pairs(("satu", "dua")))
    assert caught.value.key in ("represent.vectors_last_line", "represent.vectors_count")


def test_unknown_numbers_are_refused() -> None:
    for by in (["kosinus"], []):
        with pytest.raises(DataError, match="avgcos, centroid, sif, wmd"):
            Closeness(by=by, **SMALL).fit(_pairs(("satu", "dua")))
        with pytest.raises(ValidationError):
            TypeAdapter(Views).validate_python(by)
    with pytest.raises(DataError):
        Closeness(**SMALL).fit(["satu", "dua"])


def test_without_pot_the_other_numbers_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _pairs(("satu dua", "tiga dua"))
    monkeypatch.setattr("makna.core.optional.available", lambda package: package != "ot")
    assert Closeness(by=["sif", "centroid"], **SMALL).fit(rows).transform(rows).shape == (1, 2)
    with pytest.raises(MissingPackageError, match=r"makna\[words\]"):
        Closeness(by=["wmd"], **SMALL).fit(rows).transform(rows)


def test_long_work_is_told() -> None:
    pairs, _ = _random(520, 9, longest=5)
    pairs["text_a"] = [f"{text} n{i}" for i, text in enumerate(pairs["text_a"])]
    heard: list[tuple[int, int]] = []
    step = Closeness(by=["wmd"], **SMALL).fit(pairs)
    with working(Workplace(listen=lambda detail, done, total: heard.append((done, total)))):
        step.transform(pairs)
    assert heard == [(500, 520)]


def test_a_grid_of_numbers_learns_vectors_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, _ = _random(40, 10)
    y = np.linspace(0, 5, 40)
    fits: list[int] = []
    plain = Closeness.fit
    monkeypatch.setattr(Closeness, "fit", lambda self, X, y=None: (fits.append(1), plain(self, X, y))[1])
    executor = Executor(pairs, y)
    train, test = np.arange(30), np.arange(30, 40)
    for by in (["avgcos"], ["wmd"], ["sif", "centroid"], None):
        system = Pipeline([("closeness", Closeness(by=by, **SMALL)), ("learn", Ridge())])
        fitted = executor.fit(system, train)
        said = executor.predict(fitted, test).prediction
        assert len(fits) == 1
        alone = clone(system)
        plain(alone.steps[0][1], pairs.iloc[train])
        alone.steps[1][1].fit(alone.steps[0][1].transform(pairs.iloc[train]), y[train])
        np.testing.assert_allclose(said, alone.predict(pairs.iloc[test]), atol=1e-9)


def test_its_work_grows_with_words() -> None:
    rows = _pairs(("satu dua", "tiga dua"), ("satu dua tiga satu", "tiga dua"))
    cosine, mover = (Closeness(by=[view], **SMALL).fit(rows) for view in ("centroid", "wmd"))
    # Characters read, and 4 numbers a word, or a pair of words.
    assert work_of(cosine, rows).tolist() == [16 + 4 * 4, 26 + 4 * 6]
    assert work_of(mover, rows).tolist() == [16 + 4 * 4, 26 + 4 * 8]


def test_bags_count_words_that_have_a_vector() -> None:
    vectors = WordVectors(["b", "a"], np.eye(2, dtype=np.float32))
    bags = bags_of(["a b a", "", "c", "b c b b"], vectors)
    assert bags.words == ["a", "b"]
    assert bags.counts.toarray().tolist() == [[2, 1], [0, 0], [0, 0], [0, 3]]
    assert bags.vectors.tolist() == [[0, 1], [1, 0]]
    assert bags.lengths.tolist() == [3, 0, 0, 3]
    assert sp.issparse(bags_of(["c", ""], vectors).counts)
    assert bags_of(["c", ""], vectors).mean(np.zeros((0, 2))).tolist() == [[0, 0], [0, 0]]
