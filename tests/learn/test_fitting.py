from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn.fitting import fitting, refuse_one_class


class Learner:
    """Stands for a learner of scikit-learn."""

    max_iter = 9

    def __init__(self, class_weight: Any = None) -> None:
        self.class_weight = class_weight


def test_texts_become_codes_and_come_back_as_classes() -> None:
    learner = Learner({"1": 2.0, "0": 5.0})
    with fitting(learner, ["1", "0", "1"]) as target:
        assert target.tolist() == [1, 0, 1]
        assert learner.class_weight == {0: 5.0, 1: 2.0}
    assert learner.class_weight == {"1": 2.0, "0": 5.0}
    assert learner.classes_.tolist() == ["0", "1"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("y", [None, [1, 2], np.zeros((2, 2)), [["a"], ["b"]], np.array(["a", None], dtype=object)])
def test_other_targets_pass_unchanged(y: Any) -> None:
    learner = Learner({0: 1.0})
    with fitting(learner, y) as target:
        assert target is y
        assert learner.class_weight == {0: 1.0}
    assert not hasattr(learner, "classes_")


def test_weights_come_back_after_an_error() -> None:
    learner = Learner({"a": 1.0, "b": 2.0})
    with pytest.raises(ZeroDivisionError), fitting(learner, ["a", "b"]):
        raise ZeroDivisionError
    assert learner.class_weight == {"a": 1.0, "b": 2.0}
    assert not hasattr(learner, "classes_")


def test_errors_are_put_into_words_only_where_one_class_is_the_cause() -> None:
    with pytest.raises(ValueError, match=r"^other$"), fitting(Learner(), ["a", "b"]):
        raise ValueError("other")
    with pytest.raises(DataError) as caught, fitting(Learner(), ["a", "a"]):
        raise ValueError("other")
    assert caught.value.key == "learn.one_class"
    assert str(caught.value.__cause__) == "other"


def test_other_warnings_are_handed_on() -> None:
    with pytest.warns(UserWarning, match="mine"), fitting(Learner(), ["a", "b"]):
        warnings.warn("mine", UserWarning, stacklevel=1)


@pytest.mark.parametrize("y", [[], ["a", "b"], [1.0, np.nan], [[1], [1]]])
def test_more_or_no_classes_are_not_refused(y: Any) -> None:
    refuse_one_class(Learner(), y)
