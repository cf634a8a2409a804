"""Linear learners: support vector machine, logistic regression, least squares, ridge, support vector regression."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.linear_model import Ridge as RidgeRegression
from sklearn.svm import LinearSVC
from sklearn.svm import LinearSVR as LinearSupportVectorRegression

from makna.core.portable import Portable
from makna.learn.fitting import fitting
from makna.learn.settings import ClassWeight, Count, NotNegative, Positive, Seed

_STATE = ("classes_", "n_features_in_", "feature_names_in_", "n_iter_", "solver_")


class _Linear(Portable):
    _json: ClassVar[tuple[str, ...]] = _STATE
    _tensors: ClassVar[tuple[str, ...]] = ("coef_", "intercept_")


class LinearSVM(_Linear, LinearSVC):
    """Linear support vector machine (liblinear; Fan et al. 2008), one class against the rest.

    Parameters
    ----------
    C : float
        Weight of the errors against the margin; smaller is smoother.
    class_weight : "balanced", dict of float, or None
        Weight of each class; "balanced" weighs classes by n / (classes · rows of the class).
    loss : {"squared_hinge", "hinge"}
        Loss of a row inside the margin.
    max_iter : int
        Most passes over the rows.
    random_state : int or None
        Seed of the order in which rows are visited.

    Raises
    ------
    DataError
        The training rows have one class only.

    Examples
    --------
    >>> LinearSVM().fit([[0.0], [1.0]], ["buruk", "baik"]).predict([[0.9]]).tolist()
    ['baik']
    """

    def __init__(
        self,
        C: Positive = 1.0,
        class_weight: ClassWeight = None,
        loss: Literal["squared_hinge", "hinge"] = "squared_hinge",
        max_iter: Count = 5000,
        random_state: Seed = 0,
    ) -> None:
        super().__init__(C=C, class_weight=class_weight, loss=loss, max_iter=max_iter, random_state=random_state)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        with fitting(self, y) as target:
            super().fit(X, target, sample_weight)
        return self


class Logistic(_Linear, LogisticRegression):
    """Logistic regression with an L2 penalty, multinomial for more than two classes.

    Parameters
    ----------
    C : float
        Weight of the likelihood against the penalty; smaller is smoother.
    class_weight : "balanced", dict of float, or None
        Weight of each class.
    max_iter : int
        Most steps of L-BFGS.

    Raises
    ------
    DataError
        The training rows have one class only.

    Examples
    --------
    >>> model = Logistic().fit([[0.0], [1.0]], ["buruk", "baik"])
    >>> model.predict_proba([[0.5]]).round(3).tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, C: Positive = 1.0, class_weight: ClassWeight = None, max_iter: Count = 1000) -> None:
        super().__init__(C=C, class_weight=class_weight, max_iter=max_iter)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and classes, shape (n,)."""
        with fitting(self, y) as target:
            super().fit(X, target, sample_weight)
        return self


class LeastSquares(_Linear, LinearRegression):
    """Ordinary least squares; of several solutions that fit alike, the one with the smallest coefficients.

    Parameters
    ----------
    positive : bool
        Whether no coefficient may be below 0, as for features that speak for a higher number only; dense features.

    Examples
    --------
    >>> LeastSquares().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).predict([[3.0]]).round(3).tolist()
    [7.0]
    """

    def __init__(self, positive: bool = False) -> None:
        super().__init__(positive=positive)


class Ridge(_Linear, RidgeRegression):
    """Least squares with an L2 penalty (Hoerl & Kennard 1970).

    Parameters
    ----------
    alpha : float
        Weight of the penalty; larger is smoother.

    Examples
    --------
    >>> Ridge(alpha=1e-9).fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0]).predict([[3.0]]).round(3).tolist()
    [4.0]
    """

    def __init__(self, alpha: NotNegative = 1.0) -> None:
        super().__init__(alpha=alpha)


class LinearSVR(_Linear, LinearSupportVectorRegression):
    """Linear support vector regression (liblinear; Ho & Lin 2012).

    Parameters
    ----------
    C : float
        Weight of the errors against the penalty; smaller is smoother.
    epsilon : float
        Half the width of the tube inside which an error costs nothing, in the target's unit.
    loss : {"epsilon_insensitive", "squared_epsilon_insensitive"}
        Loss of a row outside the tube.
    max_iter : int
        Most passes over the rows.
    random_state : int or None
        Seed of the order in which rows are visited.
    """

    def __init__(
        self,
        C: Positive = 1.0,
        epsilon: NotNegative = 0.0,
        loss: Literal["epsilon_insensitive", "squared_epsilon_insensitive"] = "squared_epsilon_insensitive",
        max_iter: Count = 5000,
        random_state: Seed = 0,
    ) -> None:
        super().__init__(C=C, epsilon=epsilon, loss=loss, max_iter=max_iter, random_state=random_state)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on rows of features, shape (n, features), and numbers, shape (n,)."""
        with fitting(self, None):
            super().fit(X, y, sample_weight)
        return self
