"""Shared work gives the scores of plain scikit-learn, does each thing once, and touches no test row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import FeatureUnion, Pipeline

from makna.clean.text import CleanText
from makna.core.corpus import take, text_array
from makna.core.memo import sharing
from makna.core.task import Task
from makna.learn.bounded import Bounded
from makna.learn.calibrate import Calibrated
from makna.learn.linear import LinearSVM, Logistic, Ridge
from makna.learn.outputs import PerOutput
from makna.recipe.cells import SystemSpec, cells
from makna.recipe.executor import Executor, signature
from makna.recipe.sections import TuneSection
from makna.recipe.units import Setting, UnitWork
from makna.represent.counts import Counts
from makna.represent.pairs import OverlapFeatures
from makna.represent.scale import Standardise
from makna.split.plan import SplitSettings, Unit, make_plan


def _sample(name: str, n: int) -> pd.DataFrame:
    with resources.as_file(resources.files("makna.samples") / name) as path:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.sample(n, random_state=1).reset_index(drop=True)


REVIEWS = _sample("reviews.csv", 150)
QUESTIONS = _sample("questions.csv", 120)
ANSWERS = _sample("answers.csv", 100)
TEXTS = text_array(REVIEWS["ulasan"])
SIDES = QUESTIONS.iloc[:, :2].set_axis(["text_a", "text_b"], axis=1)
MARKS = ANSWERS["nilai"].to_numpy(dtype=float)
CLASSES = REVIEWS["label"].to_numpy(dtype=object)
OUTPUTS = np.column_stack([CLASSES, np.where(REVIEWS["ulasan"].str.contains("bagus"), "ada", "tidak")]).astype(object)


def _counts(span: tuple[int, int] = (1, 2), **further: Any) -> tuple[str, Counts]:
    return "counts", Counts(words=span, **further)


def _union(low: int = 2) -> tuple[str, FeatureUnion]:
    return "union", FeatureUnion([("1", Counts(words=(1, 2))), ("2", Counts(chars=(low, 4)))])


def _svm(C: float = 1.0) -> tuple[str, Calibrated]:
    return "learn", Calibrated(LinearSVM(C=C, class_weight="balanced"), folds=3)


@dataclass
class World:
    """Rows, their truth, and systems that share steps."""

    X: Any
    y: np.ndarray
    systems: list[Pipeline]
    ask: list[str] = field(default_factory=lambda: ["predict", "predict_proba"])


def _texts() -> World:
    clean = ("clean", CleanText(["tweet", "lowercase", "alphanumeric"]))
    systems = [Pipeline([clean, _union(), _svm(C)]) for C in (0.3, 3.0)]
    systems += [Pipeline([_union(), _svm()]), Pipeline([clean, _counts((1, 1), min_df=2), ("learn", Logistic())])]
    return World(TEXTS, CLASSES, systems)


def _pairs() -> World:
    both = FeatureUnion([
        ("1", Counts(chars=(2, 3))),
        ("2", Pipeline([("overlaps", OverlapFeatures()), ("standardise", Standardise())])),
    ])  # fmt: skip
    clean = ("clean", CleanText(["lowercase"]))
    y = QUESTIONS.iloc[:, 2].to_numpy(dtype=object)
    return World(SIDES, y, [Pipeline([clean, ("union", both), _svm()]), Pipeline([clean, ("union", both), _svm(0.1)])])


def _numbers() -> World:
    texts = text_array(ANSWERS["jawaban"])
    bounded = [("learn", Bounded(Ridge(alpha), 2.5, 3.0, 0.5)) for alpha in (0.1, 10.0)]
    return World(texts, MARKS, [Pipeline([_counts(), learner]) for learner in bounded], ["predict"])


def _several() -> World:
    learner = ("learn", PerOutput(Calibrated(LinearSVM(), folds=3)))
    return World(TEXTS, OUTPUTS, [Pipeline([_counts(), learner])])


WORLDS = {"texts": _texts, "pairs": _pairs, "numbers": _numbers, "several": _several}
FOLDS = KFold(3, shuffle=True, random_state=0)


def _assert_close(found: Any, expected: Any) -> None:
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            _assert_close(a, b)
    elif expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("capacity", [0, 10**9])
@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
def test_as_plain_cross_validation(world: Callable[[], World], capacity: int) -> None:
    here = world()
    folds = list(FOLDS.split(here.y))
    with sharing():
        executor = Executor(here.X, here.y, capacity=capacity)
        for system in here.systems:
            executor.prepare(system)
        # Fold by fold, all systems on each: the order in which a run shares work.
        guesses = [[executor.predict(executor.fit(s, train), test) for s in here.systems] for train, test in folds]
    for i, system in enumerate(here.systems):
        plain = cross_validate(clone(system), here.X, here.y, cv=folds, return_estimator=True)
        for fold, (_, test) in enumerate(folds):
            fitted, guess = plain["estimator"][fold], guesses[fold][i]
            expected = [getattr(fitted, method)(take(here.X, test)) for method in here.ask]
            _assert_close(guess.prediction, expected[0])
            if len(expected) > 1:
                probability = expected[1] if isinstance(expected[1], list) else [expected[1]]
                _assert_close(guess.probability, probability)
            else:
                assert guess.probability == []
            if here.y.ndim == 1 and here.y.dtype.kind == "O":
                assert (guess.prediction == here.y[test]).mean() == plain["test_score"][fold]


def test_numbers_stay_on_their_scale() -> None:
    here = _numbers()
    executor = Executor(here.X, here.y)
    said = executor.predict(executor.fit(here.systems[0], np.arange(60)), np.arange(60, 100)).prediction
    assert set(said.tolist()) == {2.5, 3.0}


class Spy(TransformerMixin, BaseEstimator):
    """Passes texts or features on, and notes what it was given."""

    fits: ClassVar[list[tuple[str, int]]] = []
    transforms: ClassVar[list[tuple[str, int]]] = []

    def __init__(self, name: str = "spy", setting: Any = None) -> None:
        self.name = name
        self.setting = setting

    def fit(self, X: Any, y: Any = None) -> Spy:
        self.fits.append((self.name, X.shape[0]))
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        self.transforms.append((self.name, X.shape[0]))
        return X


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    Spy.fits.clear()
    Spy.transforms.clear()
    GroupSpy.seen.clear()


def _spied(C: float, setting: Any = None) -> Pipeline:
    return Pipeline([("a", Spy("a", setting)), _counts((1, 1)), ("b", Spy("b")), ("learn", LinearSVM(C=C))])


def test_a_common_prefix_is_fitted_once_a_fold() -> None:
    executor = Executor(TEXTS, CLASSES)
    folds = list(FOLDS.split(CLASSES))
    for train, test in folds:
        for C in (0.1, 1.0, 10.0):
            executor.predict(executor.fit(_spied(C), train), test)
    assert Spy.fits == [(name, 100) for _ in folds for name in ("a", "b")]
    assert sorted(Spy.transforms) == sorted((name, n) for _ in folds for name in ("a", "b") for n in (100, 50))


def test_another_setting_or_other_rows_are_fitted_anew() -> None:
    executor = Executor(TEXTS, CLASSES)
    first = executor.fit(_spied(1.0), np.arange(100))
    executor.fit(_spied(1.0, setting=2), np.arange(100))
    assert len(Spy.fits) == 4, "the second step stands behind another first one"
    executor.fit(_spied(1.0), np.arange(99))
    executor.fit(_spied(1.0), np.arange(100)[::-1])
    assert len(Spy.fits) == 8
    again = executor.fit(_spied(2.0), np.arange(100))
    assert len(Spy.fits) == 8
    assert [a is b for (_, a), (_, b) in zip(first.steps, again.steps, strict=True)] == [True, True, True, False]


def test_without_room_all_is_done_anew_and_the_same() -> None:
    train, test = np.arange(100), np.arange(100, 150)
    roomy, tight = Executor(TEXTS, CLASSES), Executor(TEXTS, CLASSES, capacity=1)
    expected = [roomy.predict(roomy.fit(_spied(C), train), test).prediction.tolist() for C in (0.1, 10.0, 0.1)]
    n = len(Spy.fits)
    found = [tight.predict(tight.fit(_spied(C), train), test).prediction.tolist() for C in (0.1, 10.0, 0.1)]
    assert found == expected
    assert n == 2
    assert len(Spy.fits) - n > 2


def test_other_rows_get_their_own_answers() -> None:
    executor = Executor(TEXTS, CLASSES)
    fitted = executor.fit(_spied(10.0), np.arange(100))
    for rows in (np.arange(100, 125), np.arange(125, 150), np.arange(149, 124, -1)):
        assert executor.predict(fitted, rows).prediction.tolist() == fitted.predict(TEXTS[rows]).tolist()


def test_the_system_given_is_left_as_it_is() -> None:
    system = _spied(1.0)
    Executor(TEXTS, CLASSES).fit(system, np.arange(50))
    for _, step in system.steps:
        assert not [name for name in vars(step) if name.endswith("_")]


def test_a_system_of_one_step() -> None:
    X = np.arange(20.0)[:, None]
    executor = Executor(X, X[:, 0] * 2)
    fitted = executor.fit(Pipeline([("learn", Ridge(alpha=1e-9))]), np.arange(10))
    np.testing.assert_allclose(executor.predict(fitted, np.arange(10, 20)).prediction, X[10:, 0] * 2)


def test_signatures_tell_settings_apart() -> None:
    made = [
        Counts(), Counts(words=(1, 1)), Counts(words=(1, 2)), Counts(chars=(1, 2)), Counts(min_df=2), Spy(), Ridge(),
        FeatureUnion([("1", Counts())]), FeatureUnion([("1", Counts(min_df=2))]), Pipeline([("1", Counts())]),
        Calibrated(LinearSVM(C=1)), Calibrated(LinearSVM(C=2)), PerOutput(LinearSVM(C=1)),
    ]  # fmt: skip
    assert len({signature(estimator) for estimator in made}) == len(made)
    for estimator in made:
        assert signature(clone(estimator)) == signature(estimator)


class GroupSpy(ClassifierMixin, BaseEstimator):
    """A learner that asks for groups."""

    seen: ClassVar[list[Any]] = []

    def fit(self, X: Any, y: Any, groups: Any = None) -> GroupSpy:
        self.seen.append(None if groups is None else groups.tolist())
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.full((X.shape[0], len(self.classes_)), 1 / len(self.classes_))


class GroupStep(Spy):
    """A step that asks for groups."""

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> Spy:
        GroupSpy.seen.append(None if groups is None else groups.tolist())
        return super().fit(X, y)


def test_groups_go_to_the_steps_that_take_them() -> None:
    groups, rows = np.arange(150) // 3, np.array([5, 4, 149, 30])
    system = Pipeline([("a", Spy()), ("b", GroupStep()), _counts(), ("learn", GroupSpy())])
    Executor(TEXTS, CLASSES, groups).fit(system, rows)
    assert GroupSpy.seen == [[1, 1, 49, 10]] * 2
    GroupSpy.seen.clear()
    Executor(TEXTS, CLASSES).fit(system, rows)
    assert GroupSpy.seen == [None, None]


@pytest.mark.parametrize("several", [False, True])
def test_grouped_calibration_as_plain_scikit_learn(several: bool) -> None:
    # Groups of five that mostly share a class, so that parting them changes the curve.
    groups, rows, test = np.argsort(CLASSES, kind="stable").argsort() // 5, np.arange(100), np.arange(100, 150)
    learner: Any = Calibrated(LinearSVM(), folds=3)
    y, learner = (OUTPUTS, PerOutput(learner)) if several else (CLASSES, learner)
    system = Pipeline([_counts(), ("learn", learner)])
    executor = Executor(TEXTS, y, groups)
    found = executor.predict(executor.fit(system, rows), test)
    plain = clone(system).fit(TEXTS[rows], y[rows], learn__groups=groups[rows])
    expected = plain.predict_proba(TEXTS[test])
    _assert_close(found.probability, expected if several else [expected])
    without = clone(system).fit(TEXTS[rows], y[rows]).predict_proba(TEXTS[test])
    assert np.abs(np.asarray(without[0]) - np.asarray(expected[0])).max() > 1e-6


class Watch(Executor):
    """Notes which rows are learned from and which are predicted."""

    def __init__(self, *args: Any, **further: Any) -> None:
        super().__init__(*args, **further)
        self.calls: list[tuple[str, np.ndarray]] = []

    def fit(self, system: Pipeline, rows: np.ndarray, valid: Any = None) -> Pipeline:
        self.calls.append(("fit", rows))
        return super().fit(system, rows, valid)

    def predict(self, fitted: Pipeline, rows: np.ndarray) -> Any:
        self.calls.append(("predict", rows))
        return super().predict(fitted, rows)


def _grid(learner: str, setting: str) -> list[SystemSpec]:
    learn: list[dict[str, Any]] = [{"kind": learner, "settings": {setting: {"grid": [0.01, 1.0]}}}]
    if learner == "svm":
        learn.append({"kind": "calibrate", "settings": {"folds": 3}})
    return cells(SystemSpec("s", [], [{"kind": "counts", "settings": {"words": (1, 1)}}], learn, {}))


def _nested(target: str, how: SplitSettings) -> tuple[Watch, list[Unit], list[dict[str, Any]]]:
    corpus = pd.DataFrame({"id": REVIEWS.index.astype(str), "text": TEXTS, "group": REVIEWS.index // 2})
    if target == "number":
        task, metric = Task("text", "number", scale=(0.0, 5.0)), "rmse"
        y: Any = np.resize(MARKS, 150)
        corpus["score"], labels = y, {"": []}
    elif target == "classes":
        task, metric = Task("text", "classes", outputs=("nada", "bagus")), "f1_macro"
        y = OUTPUTS
        corpus[["label_nada", "label_bagus"]] = y
        labels = {name: sorted(set(y[:, j])) for j, name in enumerate(task.outputs)}
    else:
        task, metric, y = Task("text", "class"), "f1_macro", CLASSES
        corpus["label"], labels = y, {"": sorted(set(y))}
    plan = make_plan(corpus, task, how, 3)
    executor = Watch(TEXTS, y, plan.groups)
    setting = Setting(corpus, task, labels, plan, 3, TuneSection(by=metric, folds=2), mistakes=False)
    candidates = _grid("ridge", "alpha") if target == "number" else _grid("svm", "C")
    results = [UnitWork(setting, executor).run(candidates, unit)[1] for unit in plan.units]
    return executor, plan.units, results


@pytest.mark.parametrize("target", ["class", "classes", "number"])
@pytest.mark.parametrize("by", ["folds", "valid"])
def test_settings_are_chosen_without_the_test_rows(target: str, by: str) -> None:
    how = SplitSettings(3) if by == "folds" else SplitSettings(holdout={"train": 0.6, "valid": 0.2, "test": 0.2})
    executor, units, results = _nested(target, how)
    asked = iter(executor.calls)
    for unit, result in zip(units, results, strict=True):
        inner = 2 if by == "folds" else 1
        before = [next(asked) for _ in range(2 * 2 * inner)]
        touched = set(np.concatenate([rows for _, rows in before]).tolist())
        assert not touched & set(unit.held["test"].tolist())
        assert [kind for kind, _ in before] == ["fit", "predict"] * (2 * inner)
        for (_, learned), (_, guessed) in zip(before[::2], before[1::2], strict=True):
            assert not set(learned) & set(guessed)
            assert not set(executor.groups[learned]) & set(executor.groups[guessed])  # type: ignore[index]
        kind, rows = next(asked)
        assert (kind, rows.tolist()) == ("fit", unit.train.tolist())
        assert [next(asked)[1].tolist() for _ in unit.held] == [held.tolist() for held in unit.held.values()]
        assert [trial["part"] for trial in result["history"]] == ["inner" if by == "folds" else "valid"] * 2
        assert result["chosen"].startswith("s[")
    assert next(asked, None) is None


def test_the_chosen_setting_is_the_best_of_its_trials() -> None:
    _, _, results = _nested("class", SplitSettings(3))
    for result in results:
        scores = [trial["f1_macro"] for trial in result["history"]]
        assert list(result["cell"].values()) == [[0.01, 1.0][int(np.argmax(scores))]]
    _, _, results = _nested("number", SplitSettings(3))
    for result in results:
        scores = [trial["rmse"] for trial in result["history"]]
        assert list(result["cell"].values()) == [[0.01, 1.0][int(np.argmin(scores))]]
