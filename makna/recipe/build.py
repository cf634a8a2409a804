"""From a system as data to a scikit-learn Pipeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from makna.clean.text import CleanText
from makna.core.task import Task
from makna.learn.bounded import Bounded
from makna.learn.outputs import PerOutput
from makna.recipe.cells import SystemSpec
from makna.recipe.registry import AROUND, LEARN, ORDERED, REPRESENT, SORTED_SIDES
from makna.recipe.steps import UNION, Step

LEARNER, ORDER = "learn", "order"
GIVEN, SORTED = "given", "sorted"
Steps = list[tuple[str, Any]]


def build(spec: SystemSpec, task: Task, seed: int) -> Pipeline:
    """Return the unfitted Pipeline of a system: clean → (order) → represent → learn.

    Parameters
    ----------
    spec : SystemSpec
        A system without open grids.
    task : Task
        Inputs and target; several outputs get a learner each (an encoder learns them all), numbers stay on their scale,
        and where the order of a pair's sides means nothing the answer does not depend on it.
    seed : int
        Given to every step that has a `random_state` and was given none.
    """
    if spec.is_made_of_others:  # they clean the texts themselves, each in its way
        return Pipeline([(LEARNER, _on_scale(_learner(spec, task, seed), task))])
    steps: Steps = [("clean", CleanText(steps=spec.clean))] if spec.clean else []
    chain, learner = _chain(spec.represent, seed), _learner(spec, task, seed)
    for name, settings in spec.around.items():
        # Rows are changed, added or told of as cleaned texts, so all that learns from them stands inside.
        inside = Pipeline([*chain, (LEARNER, learner)])
        chain, learner = [], AROUND[name].cls(estimator=inside, **_seeded(settings, seed))
    learner = _on_scale(learner, task)
    order = _order(spec, task)
    if order == SORTED and not task.swap:
        steps.append((ORDER, SORTED_SIDES.cls()))
    elif order != GIVEN:
        inside = Pipeline([*chain, (LEARNER, learner)])
        chain, learner = [], ORDERED.cls(estimator=inside, how=order, swap=dict(task.swap) or None)
    return _taught(Pipeline([*steps, *chain, (LEARNER, learner)]), spec, task, seed)


def _taught(student: Pipeline, spec: SystemSpec, task: Task, seed: int) -> Pipeline:
    """Return the student inside what teaches it, which sees the raw texts: they are what its teacher reads."""
    for step in spec.learn:
        kind = LEARN[step["kind"]]
        if kind.is_around_all:
            (name,) = step["of"]
            teacher = build(spec.members[name], task, seed)
            settings = _seeded(step["settings"], seed)
            assert kind.members is not None
            learner = kind.cls(estimator=student, **{kind.members[1]: teacher}, **settings)
            student = Pipeline([(LEARNER, learner)])
    return student


def _order(spec: SystemSpec, task: Task) -> str:
    """Return how a system is shown a pair's sides."""
    return spec.order or (SORTED if task.symmetric else GIVEN)


def _learner(spec: SystemSpec, task: Task, seed: int) -> Any:
    """Return the learner inside its wrappers."""
    learner: Any = None
    steps = [(LEARN[step["kind"]], step) for step in spec.learn]
    steps = [(k, step) for k, step in steps if not k.is_declined(step["settings"]) and not k.is_around_all]
    together = steps[0][0].for_outputs if task.target == "classes" and len(steps) == 1 else None
    if together is not None:
        return together(**_seeded(steps[0][1]["settings"], seed))
    for kind, step in steps:
        settings = _seeded(step["settings"], seed)
        if kind.members is not None:
            # What is rounded is the answer, not what it is made of.
            exact = replace(task, step=None)
            settings[kind.members[1]] = [(name, build(spec.members[name], exact, seed)) for name in step["of"]]
        learner = kind.cls(estimator=learner, **settings) if kind.wraps else kind.cls(**settings)
    if task.target == "classes":
        learner = PerOutput(estimator=learner)
    return learner


def _on_scale(learner: Any, task: Task) -> Any:
    """Return the learner with its marks kept on the task's scale: last of all, for what is rounded is the answer."""
    if not task.is_number or task.scale is None:
        return learner
    return Bounded(estimator=learner, low=task.scale[0], high=task.scale[1], step=task.step)


def _chain(steps: list[Step], seed: int) -> Steps:
    made: Steps = []
    names = [step["kind"] for step in steps]
    for i, step in enumerate(steps):
        kind = step["kind"]
        name = kind if names.count(kind) == 1 else f"{kind}-{i + 1}"
        inside = [_one(_chain(part, seed)) for part in step.get("parts", [])]
        if kind == UNION:
            made.append((name, FeatureUnion([(str(j + 1), part) for j, part in enumerate(inside)])))
            continue
        held = {"estimator": inside[0]} if inside else {}
        made.append((name, REPRESENT[kind].cls(**held, **_seeded(step["settings"], seed))))
    return made


def _one(steps: Steps) -> Any:
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)


def _seeded(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    if "random_state" in settings and settings["random_state"] is None:
        return {**settings, "random_state": seed}
    return dict(settings)
