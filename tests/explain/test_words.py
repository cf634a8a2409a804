"""Planted words come first, and what one answer hangs on is found by leaving words out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import FeatureUnion, Pipeline

from makna.clean.text import CleanText
from makna.core.corpus import text_array
from makna.explain.words import decisive_words, feature_names, top_words
from makna.learn.bounded import Bounded
from makna.learn.calibrate import Calibrated
from makna.learn.forest import Forest
from makna.learn.linear import LinearSVM, Logistic, Ridge
from makna.learn.outputs import PerOutput
from makna.represent.counts import Counts
from makna.represent.lengths import LengthFeatures
from makna.represent.pairs import OverlapFeatures
from makna.represent.scale import Standardise

PLANTED = {"buruk": "rusak", "netral": "lumayan", "baik": "mantap"}
_rng = np.random.default_rng(0)
_FILLER = np.array(["barang", "kirim", "toko", "harga", "warna", "kotak", "paket", "kurir"])
Y = np.resize(np.array(list(PLANTED), dtype=object), 90)
TEXTS = text_array(" ".join([*_rng.choice(_FILLER, 5), PLANTED[label]]) for label in Y)
TWO = np.where(Y == "baik", "baik", "buruk").astype(object)
LABELS = {"": sorted(PLANTED)}
WORDS_AND_CHARS = [("1", Counts(words=(1, 2))), ("2", Counts(chars=(2, 4)))]


def _fitted(*steps: Any, X: Any = TEXTS, y: Any = Y) -> Pipeline:
    return Pipeline([(str(i), step) for i, step in enumerate(steps)]).fit(X, y)


@pytest.mark.parametrize("learner", [LinearSVM(), Logistic(), Calibrated(LinearSVM(), folds=3)], ids=repr)
@pytest.mark.parametrize("clean", [[], [CleanText(["lowercase"])]], ids=["raw", "cleaned"])
def test_planted_words_come_first(learner: Any, clean: list[Any]) -> None:
    found = top_words(_fitted(*clean, Counts(), learner), LABELS)
    assert list(found) == [""]
    assert {label: words[0][0] for label, words in found[""].items()} == PLANTED
    for words in found[""].values():
        weights = [weight for _, weight in words]
        assert weights == sorted(weights, reverse=True)
        assert min(weights) > 0


def test_two_classes_have_opposite_signs() -> None:
    system = _fitted(Counts(), Calibrated(LinearSVM(), folds=3), y=TWO)
    found = top_words(system, {"": ["baik", "buruk"]}, n=1)[""]
    weights = dict(zip(system[0].vocabulary_, system[-1].estimator_.coef_[0], strict=True))
    # scikit-learn's weights speak for the second class.
    assert found["baik"] == [["mantap", -weights["mantap"]]]
    assert found["buruk"][0][0] in ("rusak", "lumayan")
    assert found["buruk"][0][1] == weights[found["buruk"][0][0]] == max(weights.values())


def test_all_words_and_their_weights() -> None:
    system = _fitted(Counts(words=(1, 2)), Logistic())
    found = top_words(system, LABELS, n=10_000)[""]
    for row, label in enumerate(system[-1].classes_):
        weights = zip(system[0].vocabulary_, system[-1].coef_[row].tolist(), strict=True)
        assert dict(map(tuple, found[label])) == {word: weight for word, weight in weights if weight > 0}
    assert all(len(words) == 2 for words in top_words(system, LABELS, n=2)[""].values())


@pytest.mark.parametrize("parts", [WORDS_AND_CHARS, WORDS_AND_CHARS[::-1]], ids=["words first", "characters first"])
def test_words_alone_are_shown_where_characters_are_joined_to_them(parts: list[Any]) -> None:
    system = _fitted(FeatureUnion(parts), LinearSVM())
    found = top_words(system, LABELS, n=10_000)[""]
    shown = {word for words in found.values() for word, _ in words}
    assert shown <= set(dict(system[0].transformer_list)["1"].vocabulary_)
    assert {label: words[0][0] for label, words in found.items()} == PLANTED
    # The weights are those of the words, not of the characters beside them.
    names = feature_names(system)
    assert names is not None
    place = names.tolist().index("mantap")
    assert found["baik"][0] == ["mantap", system[-1].coef_[list(system[-1].classes_).index("baik"), place]]


def test_characters_alone_are_quoted() -> None:
    system = _fitted(Counts(chars=(3, 3)), LinearSVM())
    found = top_words(system, LABELS)[""]
    assert {word for word, _ in found["baik"][:4]} <= {"‹ ma›", "‹man›", "‹ant›", "‹nta›", "‹tap›"}
    names = feature_names(system)
    assert names is not None
    assert names.tolist() == [f"‹{term}›" for term in system[0].vocabulary_]


def test_columns_beside_the_words_keep_their_names_in_place() -> None:
    lengths = Pipeline([("lengths", LengthFeatures()), ("scale", Standardise())])
    union = FeatureUnion([("1", lengths), ("2", Counts())])
    names = feature_names(_fitted(union, LinearSVM()))
    assert names is not None
    assert names.tolist()[:3] == ["log_chars", "log_words", "barang"]
    found = top_words(_fitted(union, LinearSVM()), LABELS)[""]
    assert found["buruk"][0][0] == "rusak"


def test_several_outputs() -> None:
    y = np.column_stack([Y, TWO, np.full(90, "tetap")]).astype(object)
    system = _fitted(Counts(), PerOutput(Calibrated(LinearSVM(), folds=3)), y=y)
    found = top_words(system, {"rasa": sorted(PLANTED), "beli": ["baik", "buruk"], "tetap": ["tetap"]})
    assert list(found) == ["rasa", "beli"], "nothing speaks for a class that is always there"
    assert {label: words[0][0] for label, words in found["rasa"].items()} == PLANTED
    assert found["beli"]["baik"][0][0] == "mantap"


@pytest.mark.parametrize("learner", [Ridge(), Bounded(Ridge(), 0, 5)], ids=repr)
def test_numbers_have_two_sides(learner: Any) -> None:
    marks = np.select([Y == "baik", Y == "buruk"], [5.0, 0.0], 2.5)
    found = top_words(_fitted(Counts(), learner, y=marks), {})[""]
    assert found["+"][0][0] == "mantap"
    assert found["−"][0][0] == "rusak"
    assert list(found) == ["−", "+"]


def test_pairs_show_which_side_or_both() -> None:
    a = text_array(f"{text} {word}" for text, word in zip(TEXTS, np.resize(["sama", "beda"], 90), strict=True))
    b = text_array(f"{text} sama" for text in TEXTS)
    y = np.resize(np.array(["1", "0"], dtype=object), 90)
    found = top_words(_fitted(Counts(), LinearSVM(), X=pd.DataFrame({"text_a": a, "text_b": b}), y=y), {"": ["0", "1"]})
    assert found[""]["1"][0][0] == "× sama"
    assert {word for word, _ in found[""]["0"][:2]} == {"≠ sama", "≠ beda"}


@pytest.mark.parametrize("learner", [Forest(n_estimators=3), Calibrated(Forest(n_estimators=3), folds=3)], ids=repr)
def test_what_has_no_weights_shows_no_words(learner: Any) -> None:
    assert top_words(_fitted(Counts(), learner), LABELS) == {}


def test_a_learner_without_named_columns() -> None:
    assert top_words(_fitted(Ridge(), X=np.eye(90), y=np.arange(90.0)), {}) == {}


def test_overlaps_are_named() -> None:
    X = pd.DataFrame({"text_a": TEXTS, "text_b": TEXTS[::-1]})
    y = np.where(TEXTS[::-1] == TEXTS, "1", "0").astype(object)
    y[:45] = "1"
    found = top_words(_fitted(OverlapFeatures(), Standardise(), Logistic(), X=X, y=y), {"": ["0", "1"]})
    assert {name for words in found[""].values() for name, _ in words} <= set(OverlapFeatures().get_feature_names_out())


def _naive(answer: Any, text: str, n: int) -> list[tuple[str, float]]:
    """Occlusion word by word, one question each."""
    spots, start = [], None
    for i, letter in enumerate(text + " "):
        if letter.isspace():
            if start is not None:
                spots.append((start, i))
            start = None
        elif start is None:
            start = i
    falls = [(text[a:b], answer(text) - answer(text[:a] + text[b:])) for a, b in spots]
    return [fall for fall in sorted(falls, key=lambda fall: -fall[1]) if fall[1] > 1e-9][:n]


_WEIGHTS = {"a": 1.0, "b": -2.0, "é": 0.5, "z": 3.0}


def _answer(text: str) -> float:
    return sum(_WEIGHTS.get(letter, 0.0) for letter in text) / (1 + len(text.split()))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="abéz \n\u00a0\u2003x", max_size=40), st.integers(1, 6))
def test_as_leaving_out_word_by_word(text: str, n: int) -> None:
    def answers(texts: Sequence[str]) -> np.ndarray:
        return np.array([_answer(one) for one in texts])

    found = decisive_words(answers, text, n)
    expected = _naive(_answer, text, n)
    assert [word for word, _ in found] == [word for word, _ in expected]
    np.testing.assert_allclose([fall for _, fall in found], [fall for _, fall in expected], atol=1e-12)


def test_of_a_fitted_system() -> None:
    system = _fitted(Counts(), Logistic())
    text = "barang saya rusak waktu kirim"
    column = list(system[-1].classes_).index("buruk")
    found = decisive_words(lambda texts: system.predict_proba(text_array(texts))[:, column], text)
    assert found[0][0] == "rusak"
    fall = system.predict_proba([text])[0, column] - system.predict_proba(["barang saya  waktu kirim"])[0, column]
    assert found[0][1] == pytest.approx(fall, abs=1e-12)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_hangs_on_nothing(text: str) -> None:
    def never(texts: Sequence[str]) -> np.ndarray:
        raise AssertionError("there is nothing to ask")

    assert decisive_words(never, text) == []


def test_a_long_text_is_asked_about_a_bounded_number_of_times() -> None:
    asked: list[int] = []

    def answer(texts: Sequence[str]) -> np.ndarray:
        asked.append(len(texts))
        return np.array([float("w3 " in text) + 2 * ("w900 " in text) for text in texts])

    text = " ".join(f"w{i}" for i in range(1000)) + " "
    assert decisive_words(answer, text) == [["w3", 1.0]]
    assert asked == [81]
