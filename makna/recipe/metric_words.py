"""Metric names as a recipe may write them, before the class names are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from makna.core.messages import say
from makna.core.task import Task
from makna.recipe.cells import SystemSpec
from makna.recipe.registry import LEARN
from makna.recipe.sections import TuneSection
from makna.recipe.source import Path
from makna.recipe.steps import near
from makna.tune.hopeless import LOSS

_NUMBER = ("mae", "mse", "rmse", "pearson", "spearman", "qwk", "within_half", "within_one")
_CLASS = ("accuracy", "f1_macro", "f1_weighted", "f1_positive", "precision_macro", "precision_weighted",
          "precision_positive", "recall_macro", "recall_weighted", "recall_positive")  # fmt: skip
_PER_CLASS = ("f1_", "precision_", "recall_", "support_")


def metric_problem(metric: str, task: Task) -> str | None:
    """Say what is wrong with a metric's name; None where nothing is.

    Parameters
    ----------
    metric : str
        Such as ``f1_macro``, ``f1_negatif`` or ``harga/f1_macro``.
    task : Task
        Inputs and target.
    """
    output, _, name = metric.rpartition("/")
    if output and output not in task.outputs:
        return say("recipe.unknown_output", name=output, allowed=", ".join(task.outputs)) + near(output, task.outputs)
    if task.is_number:
        allowed = _NUMBER
        return None if name in allowed else _unknown(name, allowed)
    if name.endswith("_positive") and task.positive is None:
        return say("recipe.no_positive", metric=metric)
    if name in _CLASS or name.startswith(_PER_CLASS):
        rest = name.partition("_")[2]
        # A class may have any name; a near miss of a fixed name is taken for a slip.
        return (
            _unknown(name, _CLASS)
            if name not in _CLASS and near(name, _CLASS) and len(rest) > 3 and _slip(rest)
            else None
        )
    return _unknown(name, _CLASS)


def by_metric(
    tune: TuneSection, systems: Sequence[SystemSpec], add: Callable[[Path, str], None]
) -> list[tuple[Path, str]]:
    """Return the metric that chooses, to be checked like the others; the loss is checked here.

    Parameters
    ----------
    tune : TuneSection
        As written.
    systems : sequence of SystemSpec
        Those that are chosen among must be networks where the loss is to choose.
    add : callable
        Takes a path and what is wrong there.
    """
    path = ("tune", "by")
    if tune.by != LOSS:
        return [(path, tune.by)]
    for spec in systems:
        is_tried = tune.systems == "all" or (spec.is_open and spec.tune)
        if is_tried and spec.learn and not LEARN[spec.learn[0]["kind"]].reads_texts:
            add(path, say("recipe.loss_metric", name=spec.name))
    return []


def _slip(rest: str) -> bool:
    return bool(near(rest, ("macro", "weighted", "positive")))


def _unknown(name: str, allowed: tuple[str, ...]) -> str:
    listed = ", ".join(allowed) + ("" if "mae" in allowed else ", f1_CLASS, precision_CLASS, recall_CLASS")
    return say("recipe.unknown_metric", name=name, allowed=listed) + near(name, allowed)
