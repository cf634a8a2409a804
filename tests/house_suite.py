"""What every estimator of the house must pass; `check_house` runs it all, `CHECKS` has its parts."""

from __future__ import annotations

import inspect
import pickle
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import FeatureUnion, Pipeline

from makna.core.errors import DataError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.portable import Portable, class_name
from makna.core.task import Task

METHODS = ("predict", "predict_proba", "decision_function", "transform")
STAGES = ("makna.clean", "makna.represent", "makna.learn")
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Case:
    """An estimator and rows to try it on.

    `takes` says what X is: "texts" (texts alone), "pairs" (pairs alone), "texts or pairs", "numbers", or "anything";
    `change` is a parameter and another value for it.
    """

    make: Callable[[], Any]
    X: Any
    y: Any = None
    takes: Literal["texts", "pairs", "texts or pairs", "numbers", "anything"] = "numbers"
    change: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = TOLERANCE

    def fitted(self) -> Any:
        return self.make().fit(self.X, self.y)


def check_house(make: Callable[[], Any], X: Any, y: Any = None, *, folder: Path, **further: Any) -> None:
    """Run every check on one estimator; `further` are the other fields of `Case`."""
    case = Case(make, X, y, **further)
    for name, check in CHECKS.items():
        check(case, folder / name)


def house_classes() -> dict[str, type]:
    """Return every public estimator of the house by its name in a model folder."""
    found = {}
    for stage in STAGES:
        package = import_module(stage)
        for module in pkgutil.walk_packages(package.__path__, f"{stage}."):
            for cls in filter(inspect.isclass, vars(import_module(module.name)).values()):
                is_public = cls.__module__ == module.name and not cls.__name__.startswith("_")
                if is_public and issubclass(cls, Portable) and issubclass(cls, BaseEstimator):
                    found[class_name(cls)] = cls
    return found


def class_table() -> dict[str, Any]:
    return {**house_classes(), "Pipeline": Pipeline, "FeatureUnion": FeatureUnion}


def outputs(estimator: Any, X: Any) -> dict[str, list[np.ndarray]]:
    """Return what every method makes of X, as a list of arrays a method."""
    return {name: _arrays(getattr(estimator, name)(X)) for name in METHODS if hasattr(estimator, name)}


def rows_of(X: Any, rows: Any) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def assert_same(
    found: dict[str, list[np.ndarray]], expected: dict[str, list[np.ndarray]], tolerance: float = 0
) -> None:
    assert found.keys() == expected.keys()
    assert expected, "the estimator does nothing"
    for name, arrays in expected.items():
        assert len(found[name]) == len(arrays), name
        for a, b in zip(found[name], arrays, strict=True):
            if tolerance and b.dtype.kind == "f":
                np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=name)
            else:
                assert a.dtype == b.dtype, name
                np.testing.assert_array_equal(a, b, err_msg=name)


def check_init_only_stores(case: Case, folder: Path) -> None:
    made = case.make()
    assert set(vars(made)) >= set(made.get_params(deep=False))
    # A parameter must be kept as the very object that came, so that `clone` and grid search see what was meant.
    given = {name: _fresh(value) for name, value in made.get_params(deep=False).items()}
    again = type(made)(**given)
    for name, value in given.items():
        assert getattr(again, name) is value, name
    assert not [name for name in vars(again) if name.endswith("_") and not name.startswith("_")]


def check_clone(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    copy = clone(fitted)
    assert repr(copy.get_params(deep=True)) == repr(fitted.get_params(deep=True))
    assert_same(outputs(copy.fit(case.X, case.y), case.X), outputs(fitted, case.X))


def check_fit_returns_self(case: Case, folder: Path) -> None:
    made = case.make()
    before = pickle.dumps((case.X, case.y))
    assert made.fit(case.X, case.y) is made
    assert pickle.dumps((case.X, case.y)) == before, "fit changed its input"


def check_params_survive_fit(case: Case, folder: Path) -> None:
    made = case.make()
    before = repr(made.get_params(deep=True))
    made.fit(case.X, case.y)
    assert repr(made.get_params(deep=True)) == before


def check_refit(case: Case, folder: Path) -> None:
    half = np.random.default_rng(5).permutation(_n(case.X))[: 2 * _n(case.X) // 3]
    reused = case.make().fit(rows_of(case.X, half), None if case.y is None else case.y[half])
    reused.fit(case.X, case.y)
    assert_same(outputs(reused, case.X), outputs(case.fitted(), case.X))


def check_not_fitted(case: Case, folder: Path) -> None:
    made = case.make()
    tried = 0
    for name in METHODS:
        if hasattr(made, name):
            tried += 1
            with pytest.raises(NotFittedError):
                getattr(made, name)(case.X)
    assert tried


def check_one_row_equals_batch(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    batch = outputs(fitted, case.X)
    for i in range(_n(case.X)):
        expected = {name: [array[i : i + 1] for array in arrays] for name, arrays in batch.items()}
        assert_same(outputs(fitted, rows_of(case.X, slice(i, i + 1))), expected, case.tolerance)


def check_row_order(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    order = np.random.default_rng(3).permutation(_n(case.X))
    expected = {name: [array[order] for array in arrays] for name, arrays in outputs(fitted, case.X).items()}
    assert_same(outputs(fitted, rows_of(case.X, order)), expected, case.tolerance)


def check_nested_parameters(case: Case, folder: Path) -> None:
    pipeline = Pipeline([("step", case.make())])
    nested = pipeline.get_params(deep=True)
    assert {f"step__{name}" for name in case.make().get_params(deep=True)} <= set(nested)
    for name, value in case.change.items():
        assert nested[f"step__{name}"] != value, name
        changed = clone(pipeline).set_params(**{f"step__{name}": value})
        assert clone(changed).get_params(deep=True)[f"step__{name}"] == value
        changed.fit(case.X, case.y)
    with pytest.raises(ValueError, match="Invalid parameter"):
        clone(pipeline).set_params(step__no_such_parameter=1)


def check_saved_and_loaded(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    loaded = _through_folder(fitted, folder / "fitted")
    assert type(loaded) is type(fitted)
    assert repr(loaded.get_params(deep=True)) == repr(fitted.get_params(deep=True))
    assert_same(outputs(loaded, case.X), outputs(fitted, case.X))
    # Rows the fit has not seen, one at a time, and a second generation.
    assert_same(outputs(_through_folder(loaded, folder / "again"), case.X[:1]), outputs(fitted, case.X[:1]))
    for name in ("classes_", "coef_", "n_features_in_", "feature_importances_"):
        if hasattr(fitted, name):
            for a, b in zip(_arrays(getattr(loaded, name)), _arrays(getattr(fitted, name)), strict=True):
                np.testing.assert_array_equal(a, b, err_msg=name)
    bare = _through_folder(case.make(), folder / "bare")
    assert_same(outputs(bare.fit(case.X, case.y), case.X), outputs(fitted, case.X))


def check_crosses_processes(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    assert_same(outputs(pickle.loads(pickle.dumps(fitted)), case.X), outputs(fitted, case.X))


def check_feature_names(case: Case, folder: Path) -> None:
    fitted = case.fitted()
    if hasattr(fitted, "get_feature_names_out"):
        names = fitted.get_feature_names_out()
        assert len(names) == len(set(names)) == fitted.transform(case.X).shape[1]


def check_refuses_other_shapes(case: Case, folder: Path) -> None:
    if case.takes in ("numbers", "anything"):
        return
    fitted = case.fitted()
    method = "transform" if hasattr(fitted, "transform") else "predict"
    for wrong in _wrong_shapes(case):
        with pytest.raises(DataError):
            case.make().fit(wrong, case.y)
        with pytest.raises(DataError):
            getattr(fitted, method)(wrong)


CHECKS: dict[str, Callable[[Case, Path], None]] = {
    name.removeprefix("check_"): check
    for name, check in list(globals().items())
    if name.startswith("check_") and name != "check_house"
}


def _wrong_shapes(case: Case) -> list[Any]:
    n = _n(case.X)
    column = np.array(["teks"] * n, dtype=object)
    wrong: list[Any] = ["teks" * n, b"teks" * n, column.reshape(-1, 1), np.column_stack([column, column])]
    wrong += [[*column[1:], None], [*column[1:], 3], np.zeros(n), np.zeros((n, 2)), sp.csr_matrix((n, 2))]
    wrong += [pd.DataFrame({"a": column}), pd.DataFrame({"a": column, "b": column, "c": column})]
    if case.takes == "pairs":
        wrong += [column, column.tolist()]
    if case.takes == "texts":
        wrong.append(pd.DataFrame({"text_a": column, "text_b": column}))
    return wrong


def _through_folder(estimator: Any, folder: Path) -> Any:
    save_model(SavedModel(Pipeline([("step", estimator)]), Task(), {}), folder, "card")
    return load_model(folder, class_table()).system["step"]


def _fresh(value: Any) -> Any:
    """Return an equal object that is not the same, where Python lets one be made."""
    if isinstance(value, BaseEstimator):
        return clone(value)
    return type(value)(value) if isinstance(value, list | dict) else value


def _n(X: Any) -> int:
    return X.shape[0]


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, list):
        return [array for one in value for array in _arrays(one)]
    if sp.issparse(value):
        return [value.toarray()]
    if isinstance(value, pd.DataFrame):
        return [value.to_numpy(dtype=object)]
    return [np.asarray(value)]
