from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as Oracle
from sklearn.svm import LinearSVC
from sklearn.svm import LinearSVR as SVROracle

from makna.core.errors import DataError
from makna.learn.linear import LeastSquares, LinearSVM, LinearSVR, Logistic, Ridge

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
CODES = (X[:, 0] + 0.5 * rng.normal(size=60) > 0.4).astype(int)
LABELS = np.array(["0", "1"], dtype=object)[CODES]
THREE = np.array(["a", "b", "c"], dtype=object)[np.digitize(X[:, 1], [-0.5, 0.5])]
SCORES = X @ [1.0, 2.0, 0.0, -1.0] + 0.1 * rng.normal(size=60)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (LinearSVM(C=0.3), LinearSVC(C=0.3, max_iter=5000, random_state=0)),
        (LinearSVM(loss="hinge"), LinearSVC(loss="hinge", max_iter=5000, random_state=0)),
        (Logistic(C=2.0, class_weight="balanced"), LogisticRegression(C=2.0, class_weight="balanced", max_iter=1000)),
    ],
)
@pytest.mark.parametrize("y", [LABELS, THREE])
def test_classifiers_are_those_of_scikit_learn(ours: Any, theirs: Any, y: np.ndarray) -> None:
    ours.fit(sp.csr_matrix(X), y)
    # Texts that read as numbers trip scikit-learn over class weights, so the oracle sees codes.
    theirs.fit(sp.csr_matrix(X), np.unique(y, return_inverse=True)[1])
    np.testing.assert_array_equal(ours.decision_function(X), theirs.decision_function(X))
    np.testing.assert_array_equal(ours.predict(X), np.unique(y)[theirs.predict(X)])


def test_regressors_are_those_of_scikit_learn() -> None:
    loss = "squared_epsilon_insensitive"
    svr = SVROracle(C=0.5, epsilon=0.1, loss=loss, max_iter=5000, random_state=0)
    np.testing.assert_array_equal(
        LinearSVR(C=0.5, epsilon=0.1, loss=loss).fit(X, SCORES).predict(X), svr.fit(X, SCORES).predict(X)
    )
    np.testing.assert_array_equal(Ridge(3.0).fit(X, SCORES).predict(X), Oracle(3.0).fit(X, SCORES).predict(X))


def test_ridge_solves_the_normal_equations() -> None:
    centred = X - X.mean(axis=0)
    weights = np.linalg.solve(centred.T @ centred + 2.0 * np.eye(4), centred.T @ (SCORES - SCORES.mean()))
    np.testing.assert_allclose(Ridge(2.0).fit(X, SCORES).coef_, weights, rtol=1e-10)


@pytest.mark.parametrize("make", [LinearSVM, Logistic])
def test_weights_of_classes_that_read_as_numbers(make: Any) -> None:
    weights = {"0": 0.2, "1": 5.0}
    model = make(class_weight=weights).fit(X, LABELS)
    oracle = make(class_weight={0: 0.2, 1: 5.0}).fit(X, CODES)
    np.testing.assert_array_equal(model.decision_function(X), oracle.decision_function(X))
    assert model.class_weight is weights
    assert model.classes_.tolist() == ["0", "1"]
    assert (model.predict(X) == "1").sum() > (make().fit(X, LABELS).predict(X) == "1").sum()


def test_weight_of_a_class_left_out_is_one_and_a_wrong_name_is_refused() -> None:
    left_out = LinearSVM(class_weight={"1": 3.0}).fit(X, LABELS)
    np.testing.assert_array_equal(left_out.coef_, LinearSVM(class_weight={"0": 1.0, "1": 3.0}).fit(X, LABELS).coef_)
    # A fold may lack a rare class.
    LinearSVM(class_weight={"0": 1.0, "1": 3.0, "2": 1.0}).fit(X, LABELS)
    model = LinearSVM(class_weight={"satu": 3.0})
    with pytest.raises(DataError) as caught:
        model.fit(X, LABELS)
    assert caught.value.fields == {"came": "satu", "allowed": "0, 1"}
    assert model.class_weight == {"satu": 3.0}


@pytest.mark.parametrize("make", [LinearSVM, Logistic])
def test_one_class_is_refused_with_its_name(make: Any) -> None:
    with pytest.raises(DataError) as caught:
        make().fit(X, ["tunggal"] * 60)
    assert caught.value.fields == {"name": make.__name__, "label": "tunggal", "n": 60}
    assert "tunggal" in str(caught.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("model", "y"), [(LinearSVM(max_iter=1), LABELS), (Logistic(max_iter=1), THREE), (LinearSVR(max_iter=1), SCORES)]
)
def test_stopping_early_is_told_in_our_words(model: Any, y: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_LANG", "en")
    with pytest.warns(ConvergenceWarning, match=rf"{type(model).__name__} stopped .* 1 steps") as caught:
        model.fit(100 * X, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_binary_coefficients_keep_double_precision() -> None:
    model = LinearSVM().fit(sp.csr_matrix(X), LABELS)
    tensors = model.to_parts().tensors
    assert tensors["coef_"].dtype == np.float64
    assert tensors["coef_"].shape == (1, 4)


def test_least_squares_is_the_solution_of_the_normal_equations() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    with_ones = np.column_stack([np.ones(30), X])
    expected = np.linalg.solve(with_ones.T @ with_ones, with_ones.T @ y)
    model = LeastSquares().fit(X, y)
    np.testing.assert_allclose([model.intercept_, *model.coef_], expected, atol=1e-10)
    sparse = LeastSquares().fit(sp.csr_matrix(X), y)
    np.testing.assert_allclose(sparse.coef_, expected[1:], atol=1e-4)


def test_least_squares_takes_the_smallest_of_several_solutions_and_may_be_kept_positive() -> None:
    X = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    np.testing.assert_allclose(LeastSquares().fit(X, [2.0, 4.0, 6.0]).coef_, [1, 1])
    falling = LeastSquares(positive=True).fit(X[:, :1], [3.0, 2.0, 1.0])
    assert (falling.coef_.tolist(), float(falling.intercept_)) == ([0.0], 2.0)
