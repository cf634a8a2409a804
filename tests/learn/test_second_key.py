"""A second key from the training rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from makna.core.errors import DataError
from makna.learn.second_key import SecondKey

ROWS = [
    ("Ibu kota negara", "Jakarta.", 5.0),
    ("pusat pemerintahan", "jakarta", 5.0),
    ("sebuah desa", "Jakarta", 0.0),
    ("jakarta!", "Jakarta", 5.0),
    ("ikan", "paus", 1.0),
    ("mamalia laut", "paus", 4.0),
    ("", "kosong", 5.0),
]
X = pd.DataFrame([row[:2] for row in ROWS], columns=["text_a", "text_b"])
Y = np.array([row[2] for row in ROWS])


class Seen(RegressorMixin, BaseEstimator):
    """Keeps what it is fitted on; says the number of letters of the key."""

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Seen:
        self.rows_ = [(*row, mark) for row, mark in zip(X.itertuples(index=False, name=None), y, strict=True)]
        self.groups_, self.watched_ = groups, X_val
        return self

    def predict(self, X: Any) -> np.ndarray:
        return X["text_b"].str.len().to_numpy()


def _fit(**settings: Any) -> SecondKey:
    return SecondKey(Seen(), **settings).fit(X, Y)


def test_each_key_gets_one_fully_right_answer_and_its_rows_are_repeated_beside_it() -> None:
    model = _fit()
    (second,) = model.keys_.values()
    assert list(model.keys_) == ["jakarta"]  # paus has no answer with the highest mark, kosong only an empty one
    assert second in ("Ibu kota negara", "pusat pemerintahan")  # "jakarta!" is the key itself
    own = [row for row in ROWS if row[0] != second]
    repeated = [(answer, second, mark) for answer, key, mark in own if key.lower().startswith("jakarta")]
    assert model.estimator_.rows_ == [*ROWS, *repeated]
    assert model.facts_["second_key"] == {
        "keys": 3, "with_second": 1, "rows": 7, "repeated": 3, "full": 5.0, "answer": "key"
    }  # fmt: skip


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_the_rows() -> None:
    order = np.random.default_rng(0).permutation(len(ROWS))
    assert SecondKey(Seen()).fit(X.iloc[order], Y[order]).keys_ == _fit().keys_
    assert len({_fit(random_state=seed).keys_["jakarta"] for seed in range(9)}) == 2


def test_repeated_rows_stay_in_the_group_of_their_row() -> None:
    model = SecondKey(Seen()).fit(X, Y, groups=list("aaaabbc"))
    assert "".join(model.estimator_.groups_) == "aaaabbc" + "aaa"
    alone = _fit().estimator_
    assert alone.groups_[:7].tolist() == list(range(7))
    for group, row in zip(alone.groups_[7:], alone.rows_[7:], strict=True):
        assert ROWS[group][0] == row[0]


def test_answers_that_are_asked_about_or_watched_never_become_keys() -> None:
    held = pd.DataFrame({"text_a": ["JAWABAN UJI"] * 2, "text_b": ["Jakarta", "paus"]})
    model = SecondKey(Seen(), "mean").fit(X, Y, X_val=held, y_val=np.array([5.0, 5.0]))
    before = dict(model.keys_)
    model.predict(held)
    assert model.keys_ == before
    assert model.estimator_.watched_ is held
    assert not any("UJI" in text for row in model.estimator_.rows_ for text in row[:2])


@pytest.mark.parametrize(("answer", "expected"), [("key", 7.0), ("mean", None), ("max", None)])
def test_what_is_answered_beside_two_keys(answer: Any, expected: float | None) -> None:
    model = _fit(answer=answer)
    asked = pd.DataFrame({"text_a": ["apa"] * 2, "text_b": ["JAKARTA", "soal baru"]})
    other = len(model.keys_["jakarta"])
    wanted = {"key": 7.0, "mean": (7 + other) / 2, "max": max(7, other)}[answer]
    assert model.predict(asked).tolist() == [wanted, 9.0]
    assert expected in (None, wanted)


def test_a_lower_mark_may_be_called_full() -> None:
    assert set(_fit(full=4.0).keys_) == {"jakarta", "paus"}


def test_rows_without_a_right_answer_are_learned_as_they_are() -> None:
    model = SecondKey(Seen(), full=9.0).fit(X, Y)
    assert model.keys_ == {}
    assert model.estimator_.rows_ == ROWS
    assert model.estimator_.groups_ is None


def test_settings_and_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError):
        _fit(answer="other")
    with pytest.raises(DataError):
        SecondKey(Seen()).fit(["satu teks"], [1.0])
