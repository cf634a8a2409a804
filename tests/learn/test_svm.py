from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC

from makna.core.errors import DataError
from makna.learn.kernels import KernelSVM
from makna.learn.linear import LinearSVM
from makna.learn.svm import SVM

rng = np.random.default_rng(2)
X = rng.normal(size=(60, 3))
SPARSE = sp.csr_matrix(np.where(X > 0, X, 0))
TWO = np.where((X**2).sum(axis=1) > 2.5, "luar", "dalam").astype(object)
THREE = np.array(["a", "b", "c"], dtype=object)[np.digitize(X[:, 1], [-0.5, 0.5])]


@pytest.mark.parametrize(
    ("svm", "rows", "same"),
    [
        (SVM(0.3), SPARSE, LinearSVM(0.3)),
        (SVM(class_weight="balanced", random_state=4), X, LinearSVM(class_weight="balanced", random_state=4)),
        (SVM(loss="hinge"), SPARSE, LinearSVM(loss="hinge")),
        (SVM(loss="hinge", C=2.0), X, KernelSVM("linear", C=2.0)),
        (SVM(kernel="poly", degree=2, gamma=0.4), X, KernelSVM("poly", degree=2, gamma=0.4)),
        (SVM(kernel="rbf", class_weight="balanced"), SPARSE, KernelSVM("rbf", class_weight="balanced")),
        (SVM(kernel="rbf", loss="hinge"), X, KernelSVM("rbf")),
    ],
)
@pytest.mark.parametrize("y", [TWO, THREE])
def test_the_solver_and_its_settings(svm: SVM, rows: Any, same: Any, y: np.ndarray) -> None:
    svm.fit(rows, y)
    same.fit(rows, y)
    np.testing.assert_array_equal(svm.decision_function(rows), same.decision_function(rows))
    np.testing.assert_array_equal(svm.predict(rows), same.predict(rows))
    assert svm.classes_.tolist() == same.classes_.tolist()


def test_hinge_is_the_problem_of_svc() -> None:
    theirs = SVC(kernel="linear", tol=1e-8).fit(X, TWO)
    np.testing.assert_allclose(SVM(loss="hinge").fit(X, TWO).coef_, theirs.coef_, atol=1e-3)


def test_weights_of_features_where_there_are_some() -> None:
    assert SVM().fit(SPARSE, THREE).coef_.shape == (3, 3)
    assert SVM(loss="hinge").fit(X, TWO).coef_.shape == (1, 3)
    # Three classes make three pairs: those weights are not of classes.
    assert not hasattr(SVM(loss="hinge").fit(X, THREE), "coef_")
    assert not hasattr(SVM(kernel="poly").fit(X, TWO), "coef_")
    assert not hasattr(SVM(), "coef_")


def test_weights_of_rows_arrive() -> None:
    weight = np.where(TWO == "luar", 9.0, 1.0)
    for svm in (SVM(), SVM(loss="hinge"), SVM(kernel="rbf")):
        even = (svm.fit(X, TWO).predict(X) == "luar").sum()
        assert (svm.fit(X, TWO, weight).predict(X) == "luar").sum() > even


def test_one_class_is_refused_with_its_name() -> None:
    for svm in (SVM(), SVM(kernel="poly")):
        with pytest.raises(DataError, match="tunggal"):
            svm.fit(X, ["tunggal"] * 60)


@pytest.mark.parametrize("svm", [SVM(max_iter=1), SVM(kernel="rbf", C=100.0, max_iter=1)])
def test_most_steps_arrive(svm: SVM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_LANG", "en")
    with pytest.warns(ConvergenceWarning, match="limit of 1 steps"):
        svm.fit(100 * X, TWO)
