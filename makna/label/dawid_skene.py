"""A label model: what several imperfect sources say of an item becomes one distribution over its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from makna.collect.names import listed
from makna.core.errors import DataError, UserError
from makna.label.ratings import label_text

_FEW = 3


class DawidSkene(BaseEstimator):
    """Classes of items and confusion matrices of sources, by expectation-maximisation (Dawid & Skene 1979).

    An item's votes are taken to be independent given its class, with one confusion matrix a source; a missing vote
    says nothing. EM starts at the shares of an item's votes, so classes keep their names, and nothing is random.

    Parameters
    ----------
    smoothing : float
        Added to every count of a confusion matrix and of the classes, above 0: a source that was never seen to make a
        mistake may still make one (the mode under a Dirichlet prior with 1 + `smoothing`).
    max_iter : int
        Most rounds of EM, at least 1.
    tol : float
        EM ends where a round raises the objective by less than this for each item.
    classes : sequence of str or None
        All classes, in order; those that are voted for, sorted, when None.

    Attributes
    ----------
    classes_ : ndarray of str, shape (classes,)
        Classes.
    sources_ : list of str
        Sources, in the order of the columns.
    priors_ : ndarray, shape (classes,)
        Share of each class.
    confusion_ : ndarray, shape (sources, classes, classes)
        Chance that a source says the second class where the first is true.
    objective_ : list of float
        What EM raises, by round: log-likelihood plus the logarithm of the prior, up to a constant.
    log_likelihood_ : float
        Of the votes, at the end.
    facts_ : dict
        All of this and what was counted, as JSON values.

    Notes
    -----
    Two sources cannot tell which of them is wrong: three or more are needed, and they must make their mistakes
    independently. Sources made from one another count their common mistakes as agreement.

    References
    ----------
    Dawid, A. P., & Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.
    Journal of the Royal Statistical Society C 28, 20-28.

    Examples
    --------
    >>> votes = pd.DataFrame({"a": list("ppnn"), "b": list("ppnn"), "c": ["p", "n", "n", ""]})
    >>> model = DawidSkene().fit(votes)
    >>> model.predict(votes).tolist(), model.predict_proba(votes).shape
    (['p', 'p', 'n', 'n'], (4, 2))
    """

    def __init__(
        self,
        smoothing: float = 0.1,
        max_iter: int = 500,
        tol: float = 1e-8,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.smoothing = smoothing
        self.max_iter = max_iter
        self.tol = tol
        self.classes = classes

    def fit(self, votes: Any, y: Any = None) -> Self:
        """Learn from votes alone.

        Parameters
        ----------
        votes : DataFrame or array, shape (items, sources)
            Classes; None, NaN or an empty text where a source says nothing.
        y : None
            Ignored.

        Raises
        ------
        UserError
            `smoothing`, `max_iter` or `tol` is out of range.
        DataError
            Fewer than two sources, no vote at all, fewer than two classes, or a vote outside `classes`.
        """
        if self.smoothing <= 0 or self.max_iter < 1 or self.tol < 0:
            raise UserError("label.bad_em", smoothing=self.smoothing, max_iter=self.max_iter, tol=self.tol)
        cells, self.sources_ = _cells(votes)
        if len(self.sources_) < 2:
            raise DataError("label.one_source", came=listed(self.sources_))
        said = sorted({cell for cell in cells.ravel().tolist() if cell})
        self.classes_ = np.array(said if self.classes is None else list(self.classes), dtype=object)
        if not said:
            raise DataError("label.no_votes", sources=listed(self.sources_))
        if len(self.classes_) < 2:
            raise DataError("label.one_class", came=listed(said))
        codes = self._codes(cells)
        there = codes >= 0
        k = len(self.classes_)
        tally = np.stack([(codes == c).sum(axis=1) for c in range(k)], axis=1).astype(float)
        shares = (tally.sum(axis=0) + self.smoothing) / (tally.sum() + k * self.smoothing)
        given = tally.sum(axis=1, keepdims=True)
        posterior = np.where(given > 0, tally / np.maximum(given, 1), shares)
        self.objective_: list[float] = []
        for _ in range(self.max_iter):
            self._maximise(codes, posterior)
            posterior, self.log_likelihood_ = self._expect(codes)
            prior = self.smoothing * (np.log(self.priors_).sum() + np.log(self.confusion_).sum())
            self.objective_.append(self.log_likelihood_ + float(prior))
            if len(self.objective_) > 1 and self.objective_[-1] - self.objective_[-2] <= self.tol * len(codes):
                break
        self.n_iter_ = len(self.objective_)
        self.facts_ = self._facts(codes, there, tally, posterior)
        return self

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Return the chance of each class, shape (items, classes); the shares of the classes for an item without votes.

        Parameters
        ----------
        votes : DataFrame or array, shape (items, sources)
            Votes of the same sources.

        Raises
        ------
        DataError
            Other sources than those of `fit`, or a class that is not known.
        """
        return self._expect(self._known(votes))[0]

    def predict(self, votes: Any, without: str = "") -> np.ndarray:
        """Return the likeliest class of each item.

        Parameters
        ----------
        votes : DataFrame or array, shape (items, sources)
            Votes of the same sources.
        without : str
            What an item without votes gets.

        Raises
        ------
        DataError
            As `predict_proba`.
        """
        codes = self._known(votes)
        best = self.classes_[self._expect(codes)[0].argmax(axis=1)]
        return np.where((codes >= 0).any(axis=1), best, without)

    def _known(self, votes: Any) -> np.ndarray:
        if not hasattr(self, "classes_"):
            raise DataError("label.not_fitted")
        cells, sources = _cells(votes)
        if len(sources) != len(self.sources_) or (isinstance(votes, pd.DataFrame) and sources != self.sources_):
            raise DataError("label.other_sources", came=listed(sources), expected=listed(self.sources_))
        return self._codes(cells)

    def _codes(self, cells: np.ndarray) -> np.ndarray:
        known = {name: code for code, name in enumerate(self.classes_.tolist())}
        strange = sorted({cell for cell in cells.ravel().tolist() if cell and cell not in known})
        if strange:
            raise DataError("label.unknown_vote", came=listed(strange, 10), allowed=listed(known))
        codes = [[known.get(cell, -1) for cell in row] for row in cells.tolist()]
        return np.array(codes, dtype=np.int64).reshape(cells.shape)

    def _maximise(self, codes: np.ndarray, posterior: np.ndarray) -> None:
        """Set the shares of classes and the confusion matrices (equations 2.3 and 2.4, smoothed)."""
        k = len(self.classes_)
        counts = np.stack([[posterior[codes[:, s] == c].sum(axis=0) for c in range(k)] for s in range(codes.shape[1])])
        smooth = counts.transpose(0, 2, 1) + self.smoothing
        self.confusion_ = smooth / smooth.sum(axis=2, keepdims=True)
        shares = posterior.sum(axis=0) + self.smoothing
        self.priors_ = shares / shares.sum()

    def _expect(self, codes: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the posterior of each item (equation 2.5) and the log-likelihood of all votes."""
        joint = np.tile(np.log(self.priors_), (len(codes), 1))
        for source, table in enumerate(np.log(self.confusion_)):
            voted = codes[:, source] >= 0
            joint[voted] += table.T[codes[voted, source]]
        highest = joint.max(axis=1, keepdims=True) if len(joint) else joint[:, :1]
        total = highest + np.log(np.exp(joint - highest).sum(axis=1, keepdims=True))
        # An item without votes adds log Σ priors = 0.
        return np.exp(joint - total), float(total.sum())

    def _facts(self, codes: np.ndarray, there: np.ndarray, tally: np.ndarray, posterior: np.ndarray) -> dict[str, Any]:
        voted = there.any(axis=1)
        top = tally == tally.max(axis=1, keepdims=True)
        against = voted & ~top[np.arange(len(tally)), posterior.argmax(axis=1)]
        rows = np.arange(len(codes))[:, None]
        right = np.where(there, posterior[rows, np.where(there, codes, 0)], 0.0)
        sources = [
            {
                "name": name,
                "votes": int(there[:, s].sum()),
                "accuracy": float(right[:, s].sum() / there[:, s].sum()) if there[:, s].any() else None,
                "confusion": self.confusion_[s].tolist(),
            }
            for s, name in enumerate(self.sources_)
        ]
        return {
            "items": len(codes),
            "without_votes": int((~voted).sum()),
            "conflicts": int(((tally > 0).sum(axis=1) > 1).sum()),
            "against_majority": int(against.sum()),
            "classes": self.classes_.tolist(),
            "priors": self.priors_.tolist(),
            "sources": sources,
            "enough_sources": len(self.sources_) >= _FEW,
            "smoothing": self.smoothing,
            "rounds": self.n_iter_,
            "converged": self.n_iter_ < self.max_iter,
            "log_likelihood": self.log_likelihood_,
        }


def _cells(votes: Any) -> tuple[np.ndarray, list[str]]:
    """Return votes as texts, empty where there is none, and the names of the sources."""
    if isinstance(votes, pd.DataFrame):
        table, names = votes.to_numpy(dtype=object), [str(name) for name in votes.columns]
    else:
        table = np.asarray(votes, dtype=object)
        if table.ndim != 2:
            raise DataError("label.votes_shape", came=" × ".join(map(str, table.shape)))
        names = [str(source) for source in range(table.shape[1])]
    texts = [[label_text(cell).strip() for cell in row] for row in table.tolist()]
    return np.array(texts, dtype=object).reshape(table.shape), names
