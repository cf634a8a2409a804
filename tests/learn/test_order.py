"""Answers that do not depend on the order of a pair's sides, and those that turn with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from makna.core.errors import DataError
from makna.learn.baseline import Majority
from makna.learn.linear import Logistic
from makna.learn.order import Ordered, SortedSides, shorter_first, turned_round
from makna.represent.counts import Counts

SIDES = st.tuples(st.text("ab ", max_size=4), st.text("ab ", max_size=4))


def _pairs(rows: Any) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["text_a", "text_b"], dtype=object)


def _relations(n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Pairs of which the first side is the more specific, the second, or both are equal."""
    rng = np.random.default_rng(4)
    things = ["anjing", "kucing", "rumah", "mobil"]
    rows, labels = [], []
    for _ in range(n):
        plain, kind = str(rng.choice(things)), int(rng.integers(3))
        finer = f"{plain} kecil hitam"
        rows.append([(finer, plain), (plain, finer), (plain, plain)][kind])
        labels.append(["SPE1", "SPE2", "EQUI"][kind])
    return _pairs(rows), np.array(labels, dtype=object)


def _estimator() -> Any:
    return make_pipeline(Counts(words=(1, 1), pairs="ordered"), Logistic(C=10.0))


@given(st.lists(SIDES, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_sorted_sides_are_the_same_whichever_way_pairs_come(rows: list[tuple[str, str]]) -> None:
    X = _pairs(rows)
    step = SortedSides().fit(X)
    assert step.transform(X).equals(step.transform(turned_round(X)))
    shown, turned = shorter_first(X)
    for (a, b), (first, second), was_turned in zip(rows, shown.itertuples(index=False), turned, strict=True):
        assert (first, second) == ((b, a) if was_turned else (a, b))
        assert (len(first), first) <= (len(second), second)


@pytest.mark.parametrize("how", ["sorted", "both"])
def test_the_same_answer_for_both_orders(how: Any) -> None:
    X, labels = _relations()
    y = np.where(labels == "EQUI", "1", "0")
    system = Ordered(_estimator(), how).fit(X, y)
    np.testing.assert_allclose(system.predict_proba(X), system.predict_proba(turned_round(X)), atol=1e-12)
    plain = clone(_estimator()).fit(X, y)
    assert np.abs(plain.predict_proba(X) - plain.predict_proba(turned_round(X))).max() > 1e-3  # which needs no luck


@pytest.mark.parametrize("how", ["sorted", "both"])
def test_directions_change_places_with_the_sides(how: Any) -> None:
    X, y = _relations()
    system = Ordered(_estimator(), how, {"SPE1": "SPE2"}).fit(X, y)
    assert list(system.classes_) == ["EQUI", "SPE1", "SPE2"]
    said, turned = system.predict_proba(X), system.predict_proba(turned_round(X))
    np.testing.assert_allclose(said[:, [0, 2, 1]], turned, atol=1e-12)
    assert (system.predict(X) == y).all()


def test_a_direction_that_no_row_shows_is_known_from_the_other() -> None:
    X, y = _relations()
    keep = y != "SPE2"
    system = Ordered(_estimator(), "both", {"SPE2": "SPE1"}).fit(X[keep], y[keep])
    assert list(system.classes_) == ["EQUI", "SPE1", "SPE2"]
    assert set(system.predict(X[~keep])) == {"SPE2"}


def test_both_orders_of_a_row_share_its_group_and_watched_rows_are_shown_alike() -> None:
    class Noting(Majority):
        def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, groups: Any = None) -> Any:
            self.seen_ = X, y, X_val, y_val, groups
            return super().fit(X, y)

    X, y = _relations(6)
    seen = Ordered(Noting(), "both", {"SPE1": "SPE2"}).fit(X, y, X, y).estimator_.seen_
    assert seen[4].tolist() == [*range(6), *range(6)]
    assert len(seen[0]) == len(seen[2]) == 12
    assert seen[0].iloc[6].tolist() == X.iloc[0].tolist()[::-1]
    named = Ordered(Noting(), "sorted").fit(X, y, groups=list("aabbcc")).estimator_.seen_
    assert named[4].tolist() == list("aabbcc")


def test_what_cannot_be_swapped_is_refused() -> None:
    X, y = _relations()
    with pytest.raises(DataError, match="SPE1"):
        Ordered(_estimator(), "sorted", {"SPE1": "SPE2", "EQUI": "SPE1"}).fit(X, y)
    with pytest.raises(DataError):
        Ordered(_estimator()).fit(X["text_a"].tolist(), y)
