from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler

from makna.core.errors import ModelError
from makna.core.portable import (
    Parts,
    Portable,
    class_name,
    is_estimator,
    plain,
    read_skops,
    restore_settings,
    type_name,
)
from makna.learn.linear import LinearSVM


class Holder(Portable, BaseEstimator):
    _json = ("notes_", "classes_", "pair_", "missing_")
    _tensors = ("array_", "nothing_")
    _children = ("child_", "children_")
    _skops = ("scaler_",)
    _tuples = ("span", "pair_")

    def __init__(self, span: Any = (1, 2), inner: Any = None) -> None:
        self.span = span
        self.inner = inner


def round_trip(estimator: Any) -> Any:
    return type(estimator).from_parts(estimator.to_parts())


def test_parameters_come_back_and_tuples_stay_tuples() -> None:
    again = round_trip(Holder(span=(3, 4), inner=Holder(span=None)))
    assert again.span == (3, 4)
    assert isinstance(again.inner, Holder)
    assert again.inner.span is None
    assert vars(again) == {"span": (3, 4), "inner": again.inner}


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(12)[::2],
        np.array(3.5),
        np.zeros((0, 4), dtype=np.int32),
        np.array([True, False]),
        np.array([np.nan, np.inf, -0.0]),
    ],
)
def test_arrays_come_back_with_type_shape_and_order(array: np.ndarray) -> None:
    holder = Holder()
    holder.array_ = array
    again = round_trip(holder).array_
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    assert again.flags.f_contiguous == np.ascontiguousarray(array).flags.f_contiguous or array.flags.f_contiguous
    assert again.flags.writeable
    assert not np.shares_memory(again, array)


def test_order_in_memory_is_kept() -> None:
    holder = Holder()
    holder.array_ = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert round_trip(holder).array_.flags.f_contiguous


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array, sp.csc_matrix])
def test_sparse_arrays_come_back(make: Any) -> None:
    holder = Holder()
    holder.array_ = make(np.array([[0, 1.5, 0], [2.5, 0, 0]]))
    again = round_trip(holder).array_
    assert isinstance(again, sp.sparray) == isinstance(holder.array_, sp.sparray)
    np.testing.assert_array_equal(again.toarray(), holder.array_.toarray())


def test_sparse_index_outside_the_matrix_is_refused() -> None:
    holder = Holder()
    holder.array_ = sp.csr_matrix(np.eye(3))
    parts = holder.to_parts()
    parts.tensors["array_#indices"] = np.array([0, 1, 99], dtype=np.int32)
    with pytest.raises(ValueError):
        Holder.from_parts(parts)


def test_none_and_absent_are_not_the_same() -> None:
    holder = Holder()
    holder.nothing_ = None
    again = round_trip(holder)
    assert again.nothing_ is None
    assert not hasattr(again, "array_")


def test_json_state_keeps_texts_types_and_tuples() -> None:
    holder = Holder()
    holder.notes_ = {"a": [1, 2.5, None, True], "b": "é\ud800"}
    holder.classes_ = np.array(["0", "1"], dtype=object)
    holder.pair_ = (3, 4)
    again = round_trip(holder)
    assert again.notes_ == holder.notes_
    assert again.pair_ == (3, 4)
    assert again.classes_.dtype == object
    assert again.classes_.tolist() == ["0", "1"]


@pytest.mark.parametrize("classes", [["a", "bcd"], [1, 2], [0.5, 1.5], [True, False]])
def test_classes_keep_their_type(classes: list[Any]) -> None:
    holder = Holder()
    holder.classes_ = np.array(classes)
    again = round_trip(holder).classes_
    assert again.dtype == holder.classes_.dtype
    assert again.tolist() == classes


def test_strange_type_of_json_array_is_refused() -> None:
    parts = Parts(settings={}, state={"classes_": [1], "classes_#dtype": "M8[s]"})
    with pytest.raises(ValueError, match="classes_"):
        Holder.from_parts(parts)


def test_children_alone_and_in_lists() -> None:
    holder = Holder()
    holder.child_ = Holder(span=(5, 6))
    holder.children_ = [Holder(span=(i, i)) for i in range(3)]
    again = round_trip(holder)
    assert again.child_.span == (5, 6)
    assert [child.span for child in again.children_] == [(0, 0), (1, 1), (2, 2)]


def test_skops_restores_only_declared_attributes() -> None:
    import skops.io

    holder = Holder()
    holder.scaler_ = StandardScaler().fit([[1.0], [3.0]])
    parts = holder.to_parts()
    assert Holder.from_parts(parts).scaler_.mean_ == [2.0]
    parts.files["fitted.skops"] = skops.io.dumps({"scaler_": holder.scaler_, "to_parts": "something else"})
    assert set(vars(Holder.from_parts(parts))) == {"span", "inner", "scaler_"}


def test_skops_refuses_unknown_types_by_name() -> None:
    import skops.io

    with pytest.raises(ModelError) as caught:
        read_skops(skops.io.dumps(Holder()))
    assert "Holder" in str(caught.value)


def test_arrays_of_objects_are_refused_as_tensors() -> None:
    holder = Holder()
    holder.array_ = np.array(["a", None], dtype=object)
    with pytest.raises(ModelError) as caught:
        holder.to_parts()
    assert caught.value.fields["type"] == "array_"


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: 1, 1j, [StandardScaler()]])
def test_plain_refuses_what_json_cannot_hold(value: Any) -> None:
    with pytest.raises(ModelError):
        plain(value)


def test_plain_makes_python_values() -> None:
    value = plain({"a": np.float32(0.5), "b": (np.int64(2), np.bool_(True)), "c": np.array([[1, 2]]), 3: np.array(4)})
    assert value == {"a": 0.5, "b": [2, True], "c": [[1, 2]], "3": 4}
    assert type(value["b"][0]) is int
    assert type(value["b"][1]) is bool


def test_restore_settings_leaves_lists_that_were_lists() -> None:
    assert restore_settings(Holder, {"span": [1, 2], "inner": [1, 2]}) == {"span": (1, 2), "inner": [1, 2]}


def test_names_of_classes() -> None:
    assert type_name(LinearSVM()) == "learn.LinearSVM"
    assert class_name(StandardScaler) == "StandardScaler"
    assert is_estimator(LinearSVM())
    assert not is_estimator(LinearSVM)
