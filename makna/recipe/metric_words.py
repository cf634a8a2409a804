"""Metric names as a recipe may write them, before the class names are known."""

from __future__ import annotations

from makna.core.messages import say
from makna.core.task import Task
from makna.recipe.steps import near

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


def _slip(rest: str) -> bool:
    return bool(near(rest, ("macro", "weighted", "positive")))


def _unknown(name: str, allowed: tuple[str, ...]) -> str:
    listed = ", ".join(allowed) + ("" if "mae" in allowed else ", f1_CLASS, precision_CLASS, recall_CLASS")
    return say("recipe.unknown_metric", name=name, allowed=listed) + near(name, allowed)
