from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC, SVR

from makna.core.errors import DataError
from makna.learn.kernels import KernelSVM, KernelSVR

rng = np.random.default_rng(1)
X = rng.normal(size=(50, 3))
TWO = np.where((X**2).sum(axis=1) > 2.5, "luar", "dalam").astype(object)
THREE = np.array(["a", "b", "c"], dtype=object)[np.digitize(X[:, 1], [-0.5, 0.5])]


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
@pytest.mark.parametrize("y", [TWO, THREE])
def test_classifier_is_that_of_scikit_learn(kernel: Any, y: np.ndarray) -> None:
    ours = KernelSVM(kernel, C=2.0, degree=2, gamma=0.4, class_weight="balanced").fit(X, y)
    theirs = SVC(kernel=kernel, C=2.0, degree=2, gamma=0.4, class_weight="balanced", break_ties=True).fit(X, y)
    np.testing.assert_array_equal(ours.decision_function(X), theirs.decision_function(X))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_regressor_is_that_of_scikit_learn() -> None:
    ours, theirs = KernelSVR("rbf", C=3.0, epsilon=0.05), SVR(kernel="rbf", C=3.0, epsilon=0.05)
    np.testing.assert_array_equal(ours.fit(X, X[:, 0]).predict(X), theirs.fit(X, X[:, 0]).predict(X))


def test_decision_values_follow_the_formula() -> None:
    model = KernelSVM("rbf", gamma=0.7).fit(X, TWO)
    distance = ((X[:, None] - model.support_vectors_[None]) ** 2).sum(axis=2)
    by_hand = np.exp(-0.7 * distance) @ model.dual_coef_[0] + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), by_hand, atol=1e-12)


def test_prediction_has_the_largest_decision_value() -> None:
    # Five classes: somewhere three of them have equal votes, and the values decide.
    model = KernelSVM().fit(X, np.array(list("abcde"), dtype=object)[rng.integers(0, 5, 50)])
    new = rng.normal(size=(1000, 3))
    np.testing.assert_array_equal(model.predict(new), model.classes_[model.decision_function(new).argmax(axis=1)])


def test_weights_of_classes_that_read_as_numbers() -> None:
    codes = (TWO == "luar").astype(int)
    model = KernelSVM(class_weight={"0": 1.0, "1": 4.0}).fit(X, codes.astype(str).astype(object))
    oracle = SVC(class_weight={0: 1.0, 1: 4.0}).fit(X, codes)
    np.testing.assert_array_equal(model.decision_function(X), oracle.decision_function(X))
    assert set(model.predict(X)) == {"0", "1"}


def test_one_class_is_refused_with_its_name() -> None:
    with pytest.raises(DataError) as caught:
        KernelSVM().fit(X, ["sama"] * 50)
    assert caught.value.fields == {"name": "KernelSVM", "label": "sama", "n": 50}


@pytest.mark.parametrize("model", [KernelSVM("linear", C=100.0, max_iter=3), KernelSVR("linear", C=100.0, max_iter=3)])
def test_stopping_early_is_told_in_our_words(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_LANG", "id")
    with pytest.warns(ConvergenceWarning, match="batas 3 langkah") as caught:
        model.fit(X, TWO if isinstance(model, KernelSVM) else X[:, 0])
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["_n_support", "support_", "intercept_", "_dual_coef_"])
@pytest.mark.parametrize("data", [X, sp.csr_matrix(X)])
def test_arrays_that_do_not_agree_are_refused(name: str, data: Any) -> None:
    parts = KernelSVM().fit(data, TWO).to_parts()
    dense = name in parts.tensors
    key = name if dense else f"{name}#data"
    array = parts.tensors[key]
    parts.tensors[key] = np.concatenate([array.ravel(), array.ravel()])
    if dense:
        parts.state[f"{name}#shape"] = list(parts.tensors[key].shape)
    else:
        parts.tensors[f"{name}#indices"] = np.tile(parts.tensors[f"{name}#indices"], 2)
        parts.tensors[f"{name}#indptr"] = parts.tensors[f"{name}#indptr"] * 2
    with pytest.raises(ValueError, match="do not agree"):
        KernelSVM.from_parts(parts)


def test_counts_of_support_vectors_must_sum() -> None:
    parts = KernelSVM().fit(X, TWO).to_parts()
    parts.tensors["_n_support"] = parts.tensors["_n_support"] + 1000
    with pytest.raises(ValueError, match="do not agree"):
        KernelSVM.from_parts(parts)
