from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC, SVR

from makna.core.errors import DataError
from makna.learn import kernels
from makna.learn.kernels import KernelSVM, KernelSVR

rng = np.random.default_rng(1)
X = rng.normal(size=(50, 3))
TWO = np.where((X**2).sum(axis=1) > 2.5, "luar", "dalam").astype(object)
THREE = np.array(["a", "b", "c"], dtype=object)[np.digitize(X[:, 1], [-0.5, 0.5])]


WAYS = {
    "interior point": {},
    "all products": {"_STEP_COST": dict.fromkeys(["linear", "poly", "rbf"], 0.0)},
    "libsvm": {"_STEP_COST": dict.fromkeys(["linear", "poly", "rbf"], 0.0), "_GRAM_BYTES": 0},
}


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(kernels, name, value)
    return str(request.param)


def _dual_value(model: SVC, gram: np.ndarray) -> float:
    """Return the value of the dual problem of two classes."""
    signed = model.dual_coef_[0]
    return float(np.abs(signed).sum() - signed @ gram[np.ix_(model.support_, model.support_)] @ signed / 2)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
@pytest.mark.parametrize("y", [TWO, THREE])
def test_classifier_is_that_of_scikit_learn(kernel: Any, y: np.ndarray, way: str) -> None:
    ours = KernelSVM(kernel, C=2.0, degree=2, gamma=0.4, class_weight="balanced").fit(X, y)
    theirs = SVC(kernel=kernel, C=2.0, degree=2, gamma=0.4, class_weight="balanced", break_ties=True).fit(X, y)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=2e-3)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.n_support_, [(y[ours.support_] == c).sum() for c in ours.classes_])


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
def test_solution_is_that_of_scikit_learn(kernel: Any, way: str) -> None:
    ours, theirs = KernelSVM(kernel, C=3.0).fit(X, TWO), SVC(kernel=kernel, C=3.0, tol=1e-8).fit(X, TWO)
    gram = kernels.KERNELS[kernel](theirs._gamma, 3).matrix(X, X)
    assert _dual_value(ours, gram) == pytest.approx(_dual_value(theirs, gram), rel=1e-5)
    assert ours.intercept_[0] == pytest.approx(theirs.intercept_[0], abs=2e-3)


def test_which_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(kernels, "solve_pairs", lambda *given: taken.append("interior point"))
    monkeypatch.setattr(KernelSVM, "_fit_with_all_products", lambda *given: taken.append("all products"))
    KernelSVM("linear").fit(X, TWO)
    assert taken == ["interior point", "all products"]  # the first found nothing
    KernelSVM("rbf").fit(X, TWO)
    KernelSVM("poly", degree=12).fit(X, TWO)  # 91 monomials, more than rows
    KernelSVR("linear").fit(X, X[:, 0])
    assert taken[2:] == ["all products"] * 2
    plain = KernelSVM("linear").fit(sp.csr_matrix(X), TWO)
    assert taken[4:] == []
    assert sp.issparse(plain.support_vectors_)


def test_sparse_and_weighed_rows_are_scikit_learns_own() -> None:
    weight = rng.uniform(0, 2, size=50)
    for rows in (X, sp.csr_matrix(X)):
        ours, theirs = KernelSVM().fit(rows, TWO, weight), SVC(break_ties=True).fit(rows, TWO, weight)
        np.testing.assert_allclose(ours.decision_function(rows), theirs.decision_function(rows), atol=1e-12)


@pytest.mark.parametrize("kernel", ["linear", "poly"])
def test_raw_features_of_any_size_end_quickly(kernel: Any) -> None:
    # libsvm alone is still under way after a million steps here.
    rows = 30 * np.random.default_rng(0).normal(size=(400, 5))
    y = np.where(rows[:, 0] + 15 * np.random.default_rng(1).normal(size=400) > 0, "1", "0").astype(object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = KernelSVM(kernel, gamma="auto", degree=2, max_iter=1000).fit(rows, y)
    assert model.n_iter_.max() < 50
    assert (model.predict(rows) == y).mean() > 0.5


def test_scale_of_the_features_is_felt_as_in_scikit_learn() -> None:
    ours, theirs = KernelSVM("linear", C=0.01).fit(20 * X, TWO), SVC(kernel="linear", C=0.01, tol=1e-8)
    np.testing.assert_allclose(ours.coef_, theirs.fit(20 * X, TWO).coef_, atol=1e-4)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
def test_regressor_is_that_of_scikit_learn(kernel: Any, way: str) -> None:
    ours, theirs = KernelSVR(kernel, C=3.0, epsilon=0.05), SVR(kernel=kernel, C=3.0, epsilon=0.05)
    ours.fit(X, X[:, 0] ** 2)
    np.testing.assert_allclose(ours.predict(X), theirs.fit(X, X[:, 0] ** 2).predict(X), atol=5e-3)


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
    np.testing.assert_allclose(model.decision_function(X), oracle.decision_function(X), atol=2e-3)
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
