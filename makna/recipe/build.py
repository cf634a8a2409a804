"""From a system as data to a scikit-learn Pipeline."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from makna.clean.text import CleanText
from makna.core.task import Task
from makna.learn.bounded import Bounded
from makna.learn.outputs import PerOutput
from makna.recipe.cells import SystemSpec
from makna.recipe.registry import BALANCE, LEARN, REPRESENT
from makna.recipe.steps import Step

LEARNER = "learn"


def build(spec: SystemSpec, task: Task, seed: int) -> Pipeline:
    """Return the unfitted Pipeline of a system: clean → represent → learn.

    Parameters
    ----------
    spec : SystemSpec
        A system without open grids.
    task : Task
        Inputs and target; several outputs get a learner each, numbers stay on their scale.
    seed : int
        Given to every step that has a `random_state` and was given none.
    """
    steps: list[tuple[str, Any]] = [("clean", CleanText(steps=spec.clean))] if spec.clean else []
    chain = _chain(spec.represent, seed)
    learner: Any = None
    for step in spec.learn:
        settings = _seeded(step["settings"], seed)
        kind = LEARN[step["kind"]]
        if kind.is_declined(step["settings"]):
            continue
        learner = kind.cls(estimator=learner, **settings) if kind.wraps else kind.cls(**settings)
    if task.is_number and task.scale is not None:
        learner = Bounded(estimator=learner, low=task.scale[0], high=task.scale[1])
    if task.target == "classes":
        learner = PerOutput(estimator=learner)
    if spec.balance is not None:
        # Rows are resampled or augmented as cleaned texts, so all that learns from them stands inside.
        inside = Pipeline([*chain, (LEARNER, learner)])
        learner, chain = BALANCE.cls(estimator=inside, **_seeded(spec.balance, seed)), []
    return Pipeline([*steps, *chain, (LEARNER, learner)])


def _chain(steps: list[Step], seed: int) -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []
    names = [step["kind"] for step in steps]
    for i, step in enumerate(steps):
        kind = step["kind"]
        name = kind if names.count(kind) == 1 else f"{kind}-{i + 1}"
        if "parts" in step:
            parts = [_chain(part, seed) for part in step["parts"]]
            made.append((name, FeatureUnion([(str(j + 1), _one(part)) for j, part in enumerate(parts)])))
        else:
            made.append((name, REPRESENT[kind].cls(**_seeded(step["settings"], seed))))
    return made


def _one(steps: list[tuple[str, Any]]) -> Any:
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)


def _seeded(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    if "random_state" in settings and settings["random_state"] is None:
        return {**settings, "random_state": seed}
    return dict(settings)
