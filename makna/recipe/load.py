"""`makna.load`: a saved model from Python; it imports only what using a model needs."""

from __future__ import annotations

from pathlib import Path

from makna.recipe.registry import ClassTable
from makna.serve.predictor import Model
from makna.serve.predictor import load as load_folder


def load(folder: str | Path) -> Model:
    """Load a saved model.

    Parameters
    ----------
    folder : path
        A model folder, ``runs/NAME/models/SYSTEM``.

    Raises
    ------
    ModelError
        The folder is changed, incomplete or unknown.
    """
    return load_folder(folder, ClassTable())
