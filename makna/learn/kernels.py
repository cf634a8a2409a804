"""Kernel learners: support vector machine and regression with a linear, polynomial or Gaussian kernel."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sklearn.svm import SVC, SVR

from makna.core.portable import Parts, Portable
from makna.learn.fitting import fitting
from makna.learn.settings import ClassWeight, Count, Gamma, Kernel, NotNegative, Positive

MAX_ITER = 1_000_000


class _Kernel(Portable):
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


class KernelSVM(_Kernel, SVC):
    """Support vector machine (libsvm; Chang & Lin 2011), every class against every other.

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
        Most steps of the solver; a warning says when they did not suffice.

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
        )

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        with fitting(self, y) as target:
            super().fit(X, target, sample_weight)
        return self


class KernelSVR(_Kernel, SVR):
    """Support vector regression (libsvm; Chang & Lin 2011).

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
        super().__init__(kernel=kernel, C=C, epsilon=epsilon, degree=degree, gamma=gamma, max_iter=max_iter)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and numbers, shape (n,)."""
        with fitting(self, None):
            super().fit(X, y, sample_weight)
        return self


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
