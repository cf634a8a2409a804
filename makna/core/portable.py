"""How an estimator is taken apart and rebuilt, without pickle.

An estimator declares what its fitted state consists of; `to_parts` and `from_parts` do the rest. Estimators that need
more override the two methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from makna.core.errors import ModelError

SKOPS_FILE = "fitted.skops"
_TEXT_KINDS = "OU"
_NUMBER_KINDS = "biuf"


@dataclass
class Parts:
    """The parts an estimator consists of.

    Parameters
    ----------
    settings : dict
        Constructor parameters that are JSON values.
    state : dict
        Fitted state as JSON values.
    tensors : dict of ndarray
        Fitted arrays (kept in safetensors).
    files : dict of bytes
        Further files by name; a name that ends in ``.skops`` is read with skops' allow-list.
    children : dict of estimator
        Estimators inside this one, parameters and fitted attributes alike.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)


class Portable:
    """Mixin: an estimator that can be saved as parts.

    Subclasses name their fitted attributes: `_json` (JSON values, and small arrays of texts or numbers such as
    `classes_`), `_tensors` (dense or sparse arrays of numbers), `_children` (estimators or lists of them) and `_skops`
    (small scikit-learn objects); absent ones are skipped. `_tuples` names the parameters and `_json` attributes that
    are tuples, which JSON turns into lists.
    """

    _json: ClassVar[tuple[str, ...]] = ()
    _tensors: ClassVar[tuple[str, ...]] = ()
    _children: ClassVar[tuple[str, ...]] = ()
    _skops: ClassVar[tuple[str, ...]] = ()
    _tuples: ClassVar[tuple[str, ...]] = ()

    def to_parts(self) -> Parts:
        """Return the parts of this estimator, fitted or not.

        Raises
        ------
        ModelError
            A parameter or a fitted attribute can be kept neither as JSON nor as an array of numbers.
        """
        parts = Parts()
        for name, value in self.get_params(deep=False).items():  # type: ignore[attr-defined]
            if is_estimator(value):
                parts.children[name] = value
            else:
                parts.settings[name] = plain(value)
        for name in self._present(self._json):
            _put_json(parts, name, getattr(self, name))
        for name in self._present(self._tensors):
            _put_array(parts, name, getattr(self, name))
        for name in self._present(self._children):
            _put_child(parts, name, getattr(self, name))
        kept = {name: getattr(self, name) for name in self._present(self._skops)}
        if kept:
            import skops.io

            parts.files[SKOPS_FILE] = skops.io.dumps(kept)
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild an estimator from its parts.

        Raises
        ------
        ModelError
            The skops file holds a type outside the allow-list.
        KeyError, TypeError, ValueError
            The parts do not belong together; `load_model` turns these into a `ModelError`.
        """
        attributes = set(cls._children)
        params = {n: c for n, c in parts.children.items() if n.partition(".")[0] not in attributes}
        made = cls(**restore_settings(cls, parts.settings), **params)
        for name in cls._json:
            if name in parts.state:
                setattr(made, name, _get_json(parts, name, name in cls._tuples))
        for name in cls._tensors:
            if f"{name}#shape" in parts.state:
                setattr(made, name, _get_array(parts, name))
        for name in cls._children:
            if f"{name}#" in parts.state:
                setattr(made, name, [parts.children[f"{name}.{i}"] for i in range(parts.state[f"{name}#"])])
            elif name in parts.children:
                setattr(made, name, parts.children[name])
        if SKOPS_FILE in parts.files:
            kept = read_skops(parts.files[SKOPS_FILE])
            for name in set(cls._skops) & set(kept):
                setattr(made, name, kept[name])
        return made

    def _present(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if hasattr(self, name)]


def is_estimator(value: Any) -> bool:
    """Tell whether `value` is an estimator (not a class)."""
    return isinstance(value, BaseEstimator) and not isinstance(value, type)


def plain(value: Any) -> Any:
    """Return `value` as JSON values: arrays become lists, numpy numbers Python ones, tuples lists.

    Raises
    ------
    ModelError
        There is no JSON value for it.
    """
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()] if value.ndim else plain(value.item())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ModelError("core.model_cannot_save", type=type(value).__name__, reason=repr(value)[:80])


def restore_settings(cls: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return constructor parameters from JSON: lists become tuples again where the class says so (`_tuples`)."""
    tuples = getattr(cls, "_tuples", ())
    return {n: tuple(v) if isinstance(v, list) and n in tuples else v for n, v in settings.items()}


def read_skops(data: bytes) -> Any:
    """Read an object written by skops; a type that skops does not trust by itself is refused by name.

    Raises
    ------
    ModelError
        The data hold a type outside the allow-list.
    """
    import skops.io

    unknown = skops.io.get_untrusted_types(data=data)
    if unknown:
        raise ModelError("core.model_untrusted", path=SKOPS_FILE, types=", ".join(unknown))
    return skops.io.loads(data)


def type_name(estimator: Any) -> str:
    """Return the name under which an estimator's class stands in a model: ``stage.ClassName``."""
    return class_name(type(estimator))


def class_name(cls: type) -> str:
    """Return ``stage.ClassName`` of a class of makna, ``ClassName`` of any other."""
    root, *rest = cls.__module__.split(".")
    return f"{rest[0]}.{cls.__name__}" if root == "makna" and rest else cls.__name__


def _put_json(parts: Parts, name: str, value: Any) -> None:
    parts.state[name] = plain(value)
    if isinstance(value, np.ndarray):
        parts.state[f"{name}#dtype"] = "object" if value.dtype.kind == "O" else value.dtype.str


def _get_json(parts: Parts, name: str, is_tuple: bool) -> Any:
    value = parts.state[name]
    if f"{name}#dtype" not in parts.state:
        return tuple(value) if is_tuple and isinstance(value, list) else value
    dtype = np.dtype(parts.state[f"{name}#dtype"])
    if dtype.kind not in _TEXT_KINDS + _NUMBER_KINDS:
        raise ValueError(f"{name}: {dtype}")
    return np.array(value, dtype=dtype)


def _put_array(parts: Parts, name: str, value: Any) -> None:
    if value is None:
        parts.state[f"{name}#shape"] = None
        return
    if sp.issparse(value):
        rows = value.tocsr()
        parts.state[f"{name}#sparse"] = "array" if isinstance(value, sp.sparray) else "matrix"
        pieces = {f"{name}#{piece}": getattr(rows, piece) for piece in ("data", "indices", "indptr")}
    else:
        value = np.asarray(value)
        # The order in memory is kept: BLAS rounds a product differently when it changes.
        is_fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        parts.state[f"{name}#order"] = "F" if is_fortran else "C"
        pieces = {name: value.T if is_fortran else value}
    parts.state[f"{name}#shape"] = list(value.shape)
    for piece, array in pieces.items():
        if array.dtype.kind not in _NUMBER_KINDS:
            raise ModelError("core.model_cannot_save", type=name, reason=str(array.dtype))
        parts.tensors[piece] = np.ascontiguousarray(array)


def _get_array(parts: Parts, name: str) -> Any:
    shape = parts.state[f"{name}#shape"]
    if shape is None:
        return None
    if f"{name}#sparse" in parts.state:
        make = sp.csr_array if parts.state[f"{name}#sparse"] == "array" else sp.csr_matrix
        pieces = tuple(parts.tensors[f"{name}#{piece}"].copy() for piece in ("data", "indices", "indptr"))
        rows = make(pieces, shape=tuple(shape))
        rows.check_format(full_check=True)  # an index outside the matrix would be read without a check
        return rows
    # A copy is aligned and writable, as the fitted array was.
    if parts.state[f"{name}#order"] == "F":
        return parts.tensors[name].reshape(shape[::-1]).copy().T
    return parts.tensors[name].reshape(shape).copy()


def _put_child(parts: Parts, name: str, value: Any) -> None:
    if isinstance(value, list):
        parts.state[f"{name}#"] = len(value)
        parts.children.update({f"{name}.{i}": child for i, child in enumerate(value)})
    else:
        parts.children[name] = value
