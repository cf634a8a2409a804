"""Kernel learners: support vector machine and regression with a linear, polynomial or Gaussian kernel.

libsvm alone can take hours: a linear kernel on a network's raw features moves two rows' coefficients at a time towards
a solution it hardly comes nearer to. So dense features go one of three ways, all to the same solution:

1. a kernel with few explicit features (the linear one has those that came, the polynomial one their monomials): an
   interior-point method, exact in some twenty steps;
2. else, where the kernel of all rows with all rows fits in memory: it is computed in one matrix product and handed to
   libsvm;
3. else, and for sparse features: libsvm as it is, with a large cache.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.svm import SVC, SVR
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from makna.core.portable import Parts, Portable
from makna.learn.fitting import fitting
from makna.learn.gram import KERNELS, KernelFunction, square_room
from makna.learn.machines import Machines, one_a_machine, solve_pairs
from makna.learn.settings import ClassWeight, Count, Gamma, Kernel, NotNegative, Positive

MAX_ITER = 1_000_000
_CACHE_MB = 1000
_GRAM_BYTES = 2_000_000_000
# Most rows · features² of a Newton step: about a second for the linear kernel, which is the slowest the other ways.
_STEP_COST = {"linear": 3e10, "poly": 2.5e9, "rbf": 0.0}


class _Kernel(Portable):
    kernel: Any
    gamma: Any
    degree: Any
    support_: Any
    _intercept_: Any
    _json: ClassVar[tuple[str, ...]] = (
        *("classes_", "n_features_in_", "feature_names_in_", "n_iter_", "fit_status_", "shape_fit_"),
        *("_sparse", "_gamma", "_num_iter", "_effective_probability"),
    )
    _tensors: ClassVar[tuple[str, ...]] = (
        *("support_", "support_vectors_", "dual_coef_", "intercept_", "class_weight_"),
        *("_n_support", "_dual_coef_", "_intercept_", "_probA", "_probB"),
    )
    _tuples: ClassVar[tuple[str, ...]] = ("shape_fit_",)
    _effective_probability = False  # asked for by scikit-learn from 1.9 on, also of models saved before

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild from parts; libsvm reads them without a check, so they are checked here.

        Raises
        ------
        ValueError
            The sizes of the arrays do not agree.
        """
        made: Any = super().from_parts(parts)
        if hasattr(made, "support_vectors_"):
            _check_sizes(made)
        return made

    def _function(self) -> KernelFunction:
        return KERNELS[self.kernel](self._gamma, self.degree)

    def _start(self, X: np.ndarray) -> None:
        """Set what libsvm would set before it looks at the rows."""
        self._sparse = False
        self.shape_fit_ = X.shape
        variance = X.var()
        named = {"scale": 1.0 / (X.shape[1] * variance) if variance else 1.0, "auto": 1.0 / X.shape[1]}
        gamma = self.gamma
        self._gamma = named[gamma] if isinstance(gamma, str) else gamma

    def _fit_with_all_products(self, twin: Any, X: np.ndarray, y: np.ndarray) -> None:
        """Fit libsvm's `twin` on the kernel of all rows with all rows, and take over what it found."""
        with square_room(len(X)) as room:
            twin.fit(self._function().matrix(X, X, out=room), y)
        for name in {*self._json, *self._tensors} - {"n_features_in_", "shape_fit_", "_sparse", "_gamma"}:
            if hasattr(twin, name):
                setattr(self, name, getattr(twin, name))
        self.support_vectors_ = X[self.support_]

    def _sums(self, X: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return self._function().sums(X, self.support_vectors_, weights) + self._intercept_


class KernelSVM(_Kernel, SVC):
    """Support vector machine with a kernel, every class against every other.

    The problem is that of scikit-learn's ``SVC`` with the same settings (libsvm; Chang & Lin 2011), and so is the
    solution. Features are scaled only inside the interior-point method, by one number, the root of their mean square
    over the training rows, and C with them: neither the answer nor what C and gamma mean depends on it.

    Parameters
    ----------
    kernel : {"rbf", "linear", "poly"}
        exp(-gamma · ‖a - b‖²), a · b, or (gamma · a · b) ^ degree.
    C : float
        Weight of the errors against the margin; smaller is smoother.
    degree : int
        Degree of the polynomial kernel.
    gamma : "scale", "auto" or float
        Width of the kernel; "scale" is 1 / (features · variance), "auto" 1 / features.
    class_weight : "balanced", dict of float, or None
        Weight of each class.
    max_iter : int
        Most steps of libsvm, each moving two rows; a warning says when they did not suffice.

    Raises
    ------
    DataError
        The training rows have one class only.

    Examples
    --------
    >>> corners, xor = [[0, 0], [1, 1], [0, 1], [1, 0]], ["sama", "sama", "beda", "beda"]
    >>> KernelSVM("rbf", C=10, gamma=1.0).fit(corners, xor).predict([[0.1, 0.9]]).tolist()
    ['beda']
    """

    def __init__(
        self,
        kernel: Kernel = "rbf",
        C: Positive = 1.0,
        degree: Count = 3,
        gamma: Gamma = "scale",
        class_weight: ClassWeight = None,
        max_iter: Count = MAX_ITER,
    ) -> None:
        # break_ties: the printed class is the one with the largest decision value.
        super().__init__(
            kernel=kernel,
            C=C,
            degree=degree,
            gamma=gamma,
            class_weight=class_weight,
            max_iter=max_iter,
            break_ties=True,
            cache_size=_CACHE_MB,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        with fitting(self, y) as target:
            if sp.issparse(X) or sample_weight is not None:
                super().fit(X, target, sample_weight)
            else:
                self._fit_dense(X, target)
        return self

    def _fit_dense(self, X: Any, y: Any) -> None:
        self._validate_params()
        X, y = validate_data(self, X, y, dtype=np.float64, order="C")
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"The number of classes has to be greater than one; got {len(classes)} class")
        self._start(X)
        self.classes_ = classes
        self.class_weight_ = compute_class_weight(self.class_weight, classes=classes, y=y)
        function, bound = self._function(), self.C * self.class_weight_[codes]
        width = function.width(X.shape[1])
        found = None
        if width is not None and width <= len(X) and len(X) * width**2 <= _STEP_COST[self.kernel]:
            found = solve_pairs(function.features(X), codes, bound, self.max_iter)
        if found is not None:
            self._take_machines(X, found)
        elif 8 * len(X) ** 2 <= _GRAM_BYTES:
            # Without shrinking: products are at hand, and to shrink costs more than it saves.
            twin = SVC(kernel="precomputed", C=self.C, class_weight=self.class_weight, shrinking=False)
            self._fit_with_all_products(twin.set_params(max_iter=self.max_iter), X, y)
        else:
            super().fit(X, y)

    def _take_machines(self, X: np.ndarray, found: Machines) -> None:
        self.support_ = found.support
        self.support_vectors_ = X[found.support]
        self._n_support = found.counts
        self._dual_coef_ = found.coefficients
        self._intercept_ = found.intercepts
        flip = -1 if len(found.counts) == 2 else 1  # as scikit-learn: the second of two classes is the positive one
        self.dual_coef_, self.intercept_ = flip * found.coefficients, flip * found.intercepts
        self.n_iter_ = self._num_iter = found.steps
        self._probA = self._probB = np.empty(0)
        self.fit_status_ = 0
        self._effective_probability = False

    def _dense_decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return decision values of dense rows, shape (n, machines); positive for the first class of the pair."""
        return self._sums(X, one_a_machine(self._dual_coef_, self._n_support))

    def _dense_predict(self, X: np.ndarray) -> np.ndarray:
        """Return codes of two classes; of more, scikit-learn takes the largest decision value (`break_ties`)."""
        return np.where(self._dense_decision_function(X)[:, 0] > 0, 0, 1)


class KernelSVR(_Kernel, SVR):
    """Support vector regression (libsvm; Chang & Lin 2011), the same as scikit-learn's ``SVR``.

    Parameters
    ----------
    kernel : {"rbf", "linear", "poly"}
        exp(-gamma · ‖a - b‖²), a · b, or (gamma · a · b) ^ degree.
    C : float
        Weight of the errors against the penalty; smaller is smoother.
    epsilon : float
        Half the width of the tube inside which an error costs nothing, in the target's unit.
    degree : int
        Degree of the polynomial kernel.
    gamma : "scale", "auto" or float
        Width of the kernel; "scale" is 1 / (features · variance), "auto" 1 / features.
    max_iter : int
        Most steps of the solver; a warning says when they did not suffice.
    """

    def __init__(
        self,
        kernel: Kernel = "rbf",
        C: Positive = 1.0,
        epsilon: NotNegative = 0.1,
        degree: Count = 3,
        gamma: Gamma = "scale",
        max_iter: Count = MAX_ITER,
    ) -> None:
        super().__init__(
            kernel=kernel,
            C=C,
            epsilon=epsilon,
            degree=degree,
            gamma=gamma,
            max_iter=max_iter,
            cache_size=_CACHE_MB,
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and numbers, shape (n,)."""
        with fitting(self, None):
            if sp.issparse(X) or sample_weight is not None:
                super().fit(X, y, sample_weight)
            else:
                self._fit_dense(X, y)
        return self

    def _fit_dense(self, X: Any, y: Any) -> None:
        self._validate_params()
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", y_numeric=True)
        self._start(X)
        if 8 * len(X) ** 2 <= _GRAM_BYTES:
            twin = SVR(kernel="precomputed", C=self.C, epsilon=self.epsilon, max_iter=self.max_iter, shrinking=False)
            self._fit_with_all_products(twin, X, y)
        else:
            super().fit(X, y)

    def _dense_predict(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of dense rows, shape (n,)."""
        return self._sums(X, self._dual_coef_).ravel()


def _check_sizes(model: Any) -> None:
    vectors, features = model.support_vectors_.shape
    classes = len(model.classes_) if hasattr(model, "classes_") else 2
    machines = classes * (classes - 1) // 2
    counts = model.n_support_
    agree = (
        model.shape_fit_[1] == features
        and len(model.support_) == vectors
        and model.dual_coef_.shape == model._dual_coef_.shape == (classes - 1, vectors)
        and model._dual_coef_.size == (classes - 1) * vectors
        and len(model.intercept_) == len(model._intercept_) == machines
        and len(model._n_support) == classes
        and min(counts) >= 0
        and sum(counts) == vectors
    )
    if not agree:
        raise ValueError("support vectors and coefficients do not agree")
