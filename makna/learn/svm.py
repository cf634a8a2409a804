"""The support vector machine of recipes: one name for the linear solver and the kernel solvers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from makna.core.portable import Portable
from makna.learn.kernels import MAX_ITER, KernelSVM
from makna.learn.linear import LinearSVM
from makna.learn.settings import ClassWeight, Count, Gamma, Kernel, Positive, Seed

_LINEAR_MAX_ITER = 5000


class SVM(Portable, ClassifierMixin, BaseEstimator):
    """Support vector machine, linear or with a kernel.

    The linear kernel with the squared hinge is `LinearSVM` (liblinear, one class against the rest, as suits counts of
    words). With the hinge it is the problem of scikit-learn's ``SVC(kernel="linear")``: solved exactly for dense
    features, by liblinear, whose intercept is penalised, for sparse ones. The other kernels are `KernelSVM`, whose loss
    is always the hinge.

    Parameters
    ----------
    C : float
        Weight of the errors against the margin; smaller is smoother.
    kernel : {"linear", "poly", "rbf"}
        a · b, (gamma · a · b) ^ degree, or exp(-gamma · ‖a - b‖²).
    loss : {"squared_hinge", "hinge"}
        Loss of a row inside the margin, for the linear kernel.
    class_weight : "balanced", dict of float, or None
        Weight of each class; "balanced" weighs classes by n / (classes · rows of the class).
    degree : int
        Degree of the polynomial kernel.
    gamma : "scale", "auto" or float
        Width of the other two kernels; "scale" is 1 / (features · variance), "auto" 1 / features.
    max_iter : int or None
        Most steps: passes over the rows for liblinear (5,000 where None), moves of two rows for libsvm (1,000,000).
    random_state : int or None
        Seed of the order in which liblinear visits rows.

    Raises
    ------
    DataError
        The training rows have one class only.

    Examples
    --------
    >>> corners, xor = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]], ["sama", "sama", "beda", "beda"]
    >>> SVM(kernel="rbf", C=10, gamma=1.0).fit(corners, xor).predict([[0.1, 0.9]]).tolist()
    ['beda']
    """

    _children: ClassVar[tuple[str, ...]] = ("learner_",)

    def __init__(
        self,
        C: Positive = 1.0,
        kernel: Kernel = "linear",
        loss: Literal["squared_hinge", "hinge"] = "squared_hinge",
        class_weight: ClassWeight = None,
        degree: Count = 3,
        gamma: Gamma = "scale",
        max_iter: Count | None = None,
        random_state: Seed = 0,
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.loss = loss
        self.class_weight = class_weight
        self.degree = degree
        self.gamma = gamma
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        learner = _LEARNERS[self.kernel, self.loss, bool(sp.issparse(X))](self)
        self.learner_ = learner.fit(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row, shape (n,)."""
        check_is_fitted(self, "learner_")
        return self.learner_.predict(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return decision values, shape (n,) for two classes, (n, classes) for more."""
        check_is_fitted(self, "learner_")
        return self.learner_.decision_function(X)

    @property
    def classes_(self) -> np.ndarray:
        """Classes, in the order of the decision values."""
        return self.learner_.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in `fit`."""
        return self.learner_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the features seen in `fit`, where they had any."""
        return self.learner_.feature_names_in_

    @property
    def n_iter_(self) -> Any:
        """Steps the solver took."""
        return self.learner_.n_iter_

    @property
    def coef_(self) -> np.ndarray:
        """Weight of each feature, one row for two classes, else one a class; a kernel other than linear has none."""
        weights = self.learner_.coef_
        if isinstance(self.learner_, KernelSVM) and weights.shape[0] > 1:
            raise AttributeError("the machines are of pairs of classes: there is no weight of a class")
        return weights

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _by_liblinear(svm: SVM) -> LinearSVM:
    return LinearSVM(svm.C, svm.class_weight, svm.loss, svm.max_iter or _LINEAR_MAX_ITER, svm.random_state)


def _with_kernel(svm: SVM) -> KernelSVM:
    return KernelSVM(svm.kernel, svm.C, svm.degree, svm.gamma, svm.class_weight, svm.max_iter or MAX_ITER)


# (kernel, loss, whether the features are sparse) → its learner.
_LEARNERS: dict[tuple[str, str, bool], Callable[[SVM], Any]] = {
    (kernel, loss, sparse): _with_kernel
    for kernel in ("linear", "poly", "rbf")
    for loss in ("squared_hinge", "hinge")
    for sparse in (False, True)
}
_LEARNERS |= {
    ("linear", "squared_hinge", False): _by_liblinear,
    ("linear", "squared_hinge", True): _by_liblinear,
    ("linear", "hinge", True): _by_liblinear,
}
