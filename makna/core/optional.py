"""Optional packages, in one place: which extra brings them, and what to say when one is missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from makna.core.errors import MissingPackageError

EXTRA_OF = {
    "torch": "encoders",
    "transformers": "encoders",
    "gensim": "words",
    "ot": "words",
    "fastapi": "web",
    "uvicorn": "web",
    "nicegui": "web",
    "onnxruntime": "web",
    "sqlalchemy": "web",
    "pg8000": "postgres",
    "playwright": "collect",
    "bs4": "collect",
    "ray": "cluster",
    "optuna": "tune",
    "cleanlab": "label",
    "vaderSentiment": "label",
    "sentencepiece": "label",
}


def available(package: str) -> bool:
    """Tell whether `package` can be imported, without importing it."""
    return find_spec(package) is not None


def require(package: str, purpose: str) -> Any:
    """Import an optional package, or say with which pip line it comes.

    Parameters
    ----------
    package : str
        Import name, with submodules where wanted (``"torch.nn"``).
    purpose : str
        What needs it, as the user knows it (a step, a command).

    Raises
    ------
    MissingPackageError
        The package is not installed; the message has the exact pip line.
    """
    root = package.partition(".")[0]
    if not available(root):
        raise MissingPackageError("core.missing_package", package=root, purpose=purpose, extra=EXTRA_OF[root])
    return import_module(package)
