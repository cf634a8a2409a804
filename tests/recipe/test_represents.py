"""Static and contextual systems told apart by their steps, and the best of each compared."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from makna.core.task import Task
from makna.recipe.cells import SystemSpec
from makna.recipe.marking import marking
from makna.recipe.represents import represents
from makna.recipe.scoring import SystemRun
from makna.recipe.sections import EvaluateSection
from makna.recipe.units import Setting
from makna.split.plan import Plan, Unit


def _step(kind, **settings):
    return {"kind": kind, "settings": settings}


def _spec(name, represent, learn=None, members=None):
    return SystemSpec(name, [], represent, learn or [_step("ridge")], {}, members=members or {})


STATIC = _spec("word2vec", [{"kind": "compare", "settings": {}, "parts": [[_step("words", vectors="word2vec")]]}])
CONTEXTUAL = _spec("minilm", [{"kind": "union", "parts": [[_step("overlaps")], [_step("encoder", name="minilm")]]}])


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        (STATIC, ["static"]),
        (CONTEXTUAL, ["contextual"]),
        (_spec("counts", [_step("counts")]), []),
        (_spec("closeness", [_step("closeness", vectors="fasttext")]), ["static"]),
        (_spec("bert", [], [_step("finetune-regression", encoder="minilm")]), ["contextual"]),
        (_spec("alignment", [_step("overlaps"), _step("alignment", layers=[-1, -3])]), ["contextual"]),
        (replace(STATIC, per_key={"marked": True}), ["static"]),
        (replace(STATIC, per_key={"marked": True, "encoder": "minilm"}), ["static", "contextual"]),
        (_spec("blend", [], [_step("blend")], {"a": STATIC, "b": CONTEXTUAL}), ["static", "contextual"]),
    ],
)
def test_steps_tell_what_a_system_stands_on(spec, kinds):
    assert represents(spec) == kinds


def _marked(noise):
    """Run two systems by hand: noise of each on forty answers to four questions."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, 40).astype(float)
    corpus = pd.DataFrame({"id": [str(i) for i in range(40)], "score": truth, "group": np.repeat(list("abcd"), 10)})
    plan = Plan([Unit("1", np.arange(0), {"test": np.arange(40)})], np.arange(40))
    setting = Setting(corpus, Task("pair", "number", scale=(0, 5)), {}, plan, 0)
    runs, systems = [], {}
    for spec, far in zip((STATIC, CONTEXTUAL), noise, strict=True):
        said = truth + far * np.where(np.arange(40) % 2, 1, -1)
        unit = {"parts": {"test": {"rows": list(range(40)), "prediction": said.tolist(), "probability": []}}}
        runs.append(SystemRun(spec, {"1": unit | {"history": []}}))
        rmse = {"rmse": {"value": float(np.sqrt(np.mean((said - truth) ** 2)))}}
        systems[spec.name] = {"represents": represents(spec), "parts": {"test": rmse}}
    recipe = SimpleNamespace(evaluate=EvaluateSection(metrics=["rmse"], resamples=100), seed=0)
    return marking(setting, recipe, runs, systems)


def test_the_best_of_each_kind_are_compared_contextual_less_static():
    (row,) = _marked((1.0, 0.5))["static_contextual"]
    assert (row["static"], row["contextual"], row["metric"]) == ("word2vec", "minilm", "rmse")
    assert row["difference"] == pytest.approx(-0.5)
    assert row["groups"] == {"contextual": 4, "static": 0, "of": 4}
    assert row["of"] == {"static": 1, "contextual": 1}
    assert "raters" not in _marked((1.0, 0.5))
