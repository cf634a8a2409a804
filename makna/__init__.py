"""makna: from raw Indonesian or English text to a measured, explained and served model."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["Model", "Run", "Task", "__version__", "load", "run", "studies"]

_WHERE = {
    "Model": "makna.serve.predictor",
    "Run": "makna.recipe.result",
    "Task": "makna.core.task",
    "load": "makna.recipe.load",
    "run": "makna.recipe.api",
    "studies": "makna.recipe.recipe",
}


def __getattr__(name: str) -> Any:
    # Heavy packages are loaded when a name is used, so that `import makna` stays quick.
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'makna' has no attribute {name!r}")
