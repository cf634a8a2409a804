"""Classes that are learned apart and reported as one, such as the two directions of a relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from makna.core.errors import DataError


@dataclass(frozen=True)
class Merge:
    """Which classes become one in scores and tables.

    Parameters
    ----------
    into : dict of list of str
        Reported class → the learned classes it stands for.
    """

    into: Mapping[str, list[str]] = field(default_factory=dict)

    def check(self, labels: list[str]) -> None:
        """Refuse a class that is not learned, or that would become two.

        Raises
        ------
        DataError
            Names it, and the classes there are.
        """
        named = [label for learned in self.into.values() for label in learned]
        for label in named:
            if label not in labels or named.count(label) > 1:
                raise DataError("recipe.merge", came=label, allowed=", ".join(labels))

    def labels(self, labels: list[str]) -> list[str]:
        """Return the reported classes, sorted."""
        return sorted({self._of().get(label, label) for label in labels})

    def truth(self, values: np.ndarray) -> np.ndarray:
        """Return learned classes as reported ones, shape (n,)."""
        of = self._of()
        return np.array([of.get(value, value) for value in values], dtype=object)

    def answer(self, labels: list[str], probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add the probabilities of classes that are one; the likeliest of the sums is the answer.

        Parameters
        ----------
        labels : list of str
            The learned classes, in the order of the columns.
        probability : ndarray, shape (n, learned classes)
            What a system said.

        Returns
        -------
        prediction, probability : ndarray, shapes (n,) and (n, reported classes)

        Examples
        --------
        >>> merge = Merge({"SPE": ["SPE1", "SPE2"]})
        >>> merge.answer(["EQUI", "SPE1", "SPE2"], np.array([[0.4, 0.3, 0.3]]))[0].tolist()
        ['SPE']
        """
        reported, of = self.labels(labels), self._of()
        found = np.zeros((len(probability), len(reported)))
        for column, label in enumerate(labels):
            found[:, reported.index(of.get(label, label))] += probability[:, column]
        return np.asarray(reported, dtype=object)[found.argmax(axis=1)], found

    def _of(self) -> dict[str, str]:
        return {label: name for name, learned in self.into.items() for label in learned}
