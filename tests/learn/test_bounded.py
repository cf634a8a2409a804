from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn.bounded import Bounded
from makna.learn.linear import Ridge

X = np.arange(10.0)[:, None]
LINE = Ridge(alpha=0.0)


def marks(**settings: Any) -> Bounded:
    return Bounded(LINE, **{"low": 0, "high": 5, **settings}).fit(X, X[:, 0])


def test_predictions_stay_on_the_scale() -> None:
    model = marks()
    np.testing.assert_allclose(model.predict([[-3.0], [2.3], [99.0]]), [0, 2.3, 5], atol=1e-9)
    assert (model.predict(100 * X) <= 5).all()


def test_steps_are_counted_from_the_lowest_and_halves_go_up() -> None:
    # Marks 0.5, 2.5, 4.5; the middle between two of them is 1.5 and 3.5.
    model = marks(low=0.5, high=4.5, step=2.0)
    assert model.predict([[1.4], [1.6], [3.4], [3.6], [-9.0], [9.0]]).tolist() == [0.5, 2.5, 2.5, 4.5, 0.5, 4.5]
    model.estimator_.coef_, model.estimator_.intercept_ = np.array([1.0]), 0.0
    assert model.predict([[1.5]]).tolist() == [2.5]


def test_a_step_that_does_not_divide_the_scale_ends_at_its_end() -> None:
    assert marks(high=5, step=2.0).predict([[5.0]]).tolist() == [5.0]


@pytest.mark.parametrize("settings", [{"low": 5}, {"low": 6}, {"step": 0.0}, {"step": -1.0}, {"low": float("nan")}])
def test_scales_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(DataError):
        marks(**settings)
