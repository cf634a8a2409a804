"""Systems inside a system: fitting and keeping them, and what they must be able to do."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from makna.core.corpus import as_pairs, as_texts, is_pairs, text_array
from makna.core.errors import DataError
from makna.core.portable import Parts, Portable
from makna.learn.around import fit_through, learner_of

_MEMBER = "estimators."


class MadeOfOthers(Portable):
    """What an estimator shares whose parameter `estimators` is a list of named systems.

    It stands before scikit-learn's own `_BaseComposition`, whose methods for such lists it uses.
    """

    estimators: list[tuple[str, Any]]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with `deep` those of the systems too, as NAME__PARAMETER."""
        return self._get_params("estimators", deep=deep)  # type: ignore[attr-defined]

    def set_params(self, **params: Any) -> Self:
        """Set parameters, of the systems too, or a system itself by its name."""
        return self._set_params("estimators", **params)  # type: ignore[attr-defined]

    def members(self) -> dict[str, Any]:
        """Return the systems by their names, not fitted: what `fit` takes fitted, by the same names."""
        return dict(self.estimators)

    def _fit_members(self, X: Any, y: Any, further: Mapping[str, Any], fitted: Mapping[str, Any] | None) -> list[Any]:
        """Return the systems fitted on these rows: those of `fitted` by their names, and the others now."""
        ready = fitted or {}
        return [ready[name] if name in ready else fit_member(system, X, y, further) for name, system in self.estimators]

    def to_parts(self) -> Parts:
        """Return the parts: settings and state, and the systems, not fitted and fitted."""
        bare: Any = copy.copy(self)
        bare.estimators = [name for name, _ in self.estimators]
        parts = Portable.to_parts(bare)
        parts.children |= {f"{_MEMBER}{place}": system for place, (_, system) in enumerate(self.estimators)}
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild the estimator and its systems from its parts."""
        names = parts.settings["estimators"]
        systems = [(name, parts.children[f"{_MEMBER}{place}"]) for place, name in enumerate(names)]
        children = {name: child for name, child in parts.children.items() if not name.startswith(_MEMBER)}
        settings = {**parts.settings, "estimators": systems}
        return super().from_parts(Parts(settings, parts.state, parts.tensors, parts.files, children))


def fit_member(system: Any, X: Any, y: Any, further: Mapping[str, Any]) -> Any:
    """Return a fitted copy of a system, which is left as it is; for X, y and `further` see `fit_through`."""
    made = clone(system)
    fit_through(made, X, y, further)
    return made


def raw_rows(X: Any) -> Any:
    """Return X as an array of texts or a table of pairs, whose rows can be taken by position.

    Raises
    ------
    DataError
        X is neither.
    """
    if is_pairs(X):
        as_pairs(X)
        return X
    return text_array(as_texts(X))


def require_names(names: Sequence[str], reserved: Collection[str]) -> None:
    """Refuse names of systems that cannot be told apart, from each other or from settings, and fewer than two.

    Raises
    ------
    DataError
        Names what is wrong.
    """
    if len(names) < 2:
        raise DataError("learn.cascade_few", n=len(names))
    wrong = [name for place, name in enumerate(names) if name in names[:place] or name in reserved or "__" in name]
    if wrong:
        raise DataError("learn.cascade_names", came=", ".join(wrong))


def require_probabilities(name: str, system: Any) -> None:
    """Refuse a system that gives no probabilities of classes.

    Raises
    ------
    DataError
        Names it and its learner.
    """
    if not hasattr(system, "predict_proba"):
        raise DataError("learn.member_probabilities", name=name, learner=type(learner_of(system)).__name__)


def require_classes(name: str, system: Any, classes: np.ndarray) -> None:
    """Refuse a fitted system that answers with other classes.

    Raises
    ------
    DataError
        Names both sets of classes.
    """
    own = [str(label) for label in system.classes_]
    wanted = [str(label) for label in classes]
    if own != wanted:
        raise DataError("learn.member_classes", name=name, came=", ".join(own), allowed=", ".join(wanted))
