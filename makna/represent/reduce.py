"""Many features as few: principal components."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from makna.core.errors import DataError
from makna.core.portable import Portable
from makna.represent.decompose import Components, by_covariance, by_random_search, project

# Widths that are computed: sizes up to the same multiple share a fit.
_STEP = 64
_MOST_FOR_COVARIANCE = 2048
_WIDEST_SEARCH = 1024
_DTYPES = [np.float64, np.float32, np.float16]


class PCA(ClassNamePrefixFeaturesOutMixin, Portable, TransformerMixin, BaseEstimator):
    """Principal components: the directions along which dense features vary most (Pearson 1901).

    Components are computed 64 at a time, and `size` says how many of them are used: a smaller PCA is the beginning of a
    larger one, bit for bit, and a grid of sizes costs one fit. Rows are read in blocks, so that they may lie in a file
    (``numpy.memmap``) and in half precision.

    Parameters
    ----------
    size : int
        Number of components. Not looked at where `variance` is given.
    variance : float or None
        Share of the variance to keep, between 0 and 1: as many components as reach it.
    solver : {"auto", "full", "randomised"}
        Eigenvectors of the covariance, exact; or a search from random directions (Halko, Martinsson & Tropp 2011), for
        many features. "auto" is exact up to 2,048 features.
    fit_rows : {"train", "all"}
        Rows that a study fits it on: those of the training part, or all, as some papers do, which lets it see the rows
        it is tested on. Outside a study `fit` takes the rows it is given.
    random_state : int or None
        Seed of the random directions.

    Attributes
    ----------
    size_ : int
        Number of components used.
    components_ : ndarray, shape (size_, features)
        Components; the entry of each that is largest in size is positive.
    explained_variance_, explained_variance_ratio_ : ndarray, shape (size_,)
        Variance of the training rows along each, and its share of the variance of all features.
    mean_ : ndarray, shape (features,)
        Mean of the training rows.
    facts_ : dict
        Rows, features, size, share explained by each component and solver, for a report.

    Raises
    ------
    DataError
        The features are sparse; there are fewer rows or features than components.

    Examples
    --------
    >>> rows = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    >>> PCA(1).fit_transform(rows).round(3).ravel().tolist()
    [-2.236, 0.0, 2.236]
    """

    _json: ClassVar[tuple[str, ...]] = (
        *("n_features_in_", "feature_names_in_", "size_", "solver_", "total_variance_", "n_samples_"),
    )
    _tensors: ClassVar[tuple[str, ...]] = ("mean_", "basis_", "spectrum_")

    def __init__(
        self,
        size: Annotated[int, Field(ge=1)] = 50,
        variance: Annotated[float, Field(gt=0, lt=1)] | None = None,
        solver: Literal["auto", "full", "randomised"] = "auto",
        fit_rows: Literal["train", "all"] = "train",
        random_state: Annotated[int, Field(ge=0)] | None = 0,
    ) -> None:
        self.size = size
        self.variance = variance
        self.solver = solver
        self.fit_rows = fit_rows
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the components from the training rows.

        Parameters
        ----------
        X : ndarray or memmap, shape (n, features)
            Dense features; half and single precision are not copied as a whole.
        y : None
            Not looked at.
        """
        X = self._checked(X, reset=True)
        self.n_samples_ = len(X)
        self.solver_ = self.solver
        if self.solver == "auto":
            self.solver_ = "full" if X.shape[1] <= _MOST_FOR_COVARIANCE else "randomised"
        found = self._with_share(X) if self.variance is not None else self._computed(X, _rounded(self.size))
        self.mean_, self.basis_, self.spectrum_ = found.mean, found.basis, found.variance
        self.total_variance_ = found.total
        self.size_ = self._chosen()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the coordinates of rows along the components, shape (n, size_)."""
        check_is_fitted(self, "basis_")
        X = self._checked(X, reset=False)
        # All computed columns, though not all are asked for: so that they have the same bits whatever the size is.
        return np.ascontiguousarray(project(X, self.mean_, self.basis_)[:, : self.size_])

    def family(self) -> PCA:
        """Return the unfitted PCA that stands for all sizes whose fit is the same; its transform has all columns."""
        params = self.get_params(deep=False)
        return PCA(**params) if self.variance is not None else _Family(**params | {"size": _rounded(self.size)})

    def member_of(self, fitted: PCA) -> PCA:
        """Return the fitted PCA of this size out of a fitted family; they share their arrays.

        Parameters
        ----------
        fitted : PCA
            What `family` returned, fitted.

        Raises
        ------
        DataError
            There are fewer rows or features than components.
        """
        made = PCA(**self.get_params(deep=False))
        for name in fitted._present((*self._json, *self._tensors)):
            setattr(made, name, getattr(fitted, name))
        made.size_ = made._chosen()
        return made

    def narrow(self, transformed: np.ndarray) -> np.ndarray:
        """Return this size's columns of what the family made of rows, shape (n, size)."""
        return transformed if self.variance is not None else np.ascontiguousarray(transformed[:, : self.size])

    @property
    def components_(self) -> np.ndarray:
        """Components used, shape (size_, features)."""
        return self.basis_[: self.size_]

    @property
    def explained_variance_(self) -> np.ndarray:
        """Variance of the training rows along each component, shape (size_,)."""
        return self.spectrum_[: self.size_]

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """Share of the variance of all features along each component, shape (size_,)."""
        return _shares(self.explained_variance_, self.total_variance_)

    @property
    def facts_(self) -> dict[str, Any]:
        """What a report tells of the fit."""
        return {
            "rows": self.n_samples_,
            "features": self.n_features_in_,
            "size": self.size_,
            "explained": self.explained_variance_ratio_.tolist(),
            "solver": self.solver_,
        }

    @property
    def _n_features_out(self) -> int:
        return self.size_

    def _checked(self, X: Any, reset: bool) -> np.ndarray:
        if sp.issparse(X):
            raise DataError("represent.pca_sparse")
        # Values that are no numbers are looked for block by block: a whole copy may not fit in memory.
        least = 2 if reset else 1
        return validate_data(self, X, reset=reset, dtype=_DTYPES, ensure_all_finite=False, ensure_min_samples=least)

    def _computed(self, X: np.ndarray, width: int) -> Components:
        width = min(width, *X.shape)
        if self.solver_ == "full":
            return by_covariance(X, width)
        return by_random_search(X, width, self.random_state)

    def _with_share(self, X: np.ndarray) -> Components:
        """Return as many components as reach the share: all at once, or twice as many until they do."""
        possible = min(X.shape)
        width = possible if self.solver_ == "full" else _STEP
        while True:
            found = self._computed(X, width)
            reached = float(_shares(found.variance, found.total).sum())
            if reached >= float(self.variance or 0) or width >= possible:
                return found
            if width >= _WIDEST_SEARCH:
                raise DataError("represent.pca_variance", variance=self.variance, most=width, reached=reached)
            width *= 2

    def _chosen(self) -> int:
        """Return the number of components that the settings ask for."""
        if self.variance is not None:
            kept = np.cumsum(_shares(self.spectrum_, self.total_variance_))
            return min(int(np.searchsorted(kept, self.variance)) + 1, len(kept))
        possible = min(self.n_samples_, self.n_features_in_)
        if self.size > possible:
            sizes = {"rows": self.n_samples_, "features": self.n_features_in_}
            raise DataError("represent.pca_size", came=self.size, most=possible, **sizes)
        return self.size


class _Family(PCA):
    """All sizes whose fit is the same; uses every component that was computed."""

    def _chosen(self) -> int:
        return len(self.basis_)


def _rounded(size: int) -> int:
    return -(-size // _STEP) * _STEP


def _shares(variance: np.ndarray, total: float) -> np.ndarray:
    return variance / total if total > 0 else np.zeros_like(variance)
