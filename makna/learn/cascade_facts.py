"""What a report tells of a cascade, as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from makna.learn.cascade_choice import interval_of


def members_told(names: Sequence[str], right: np.ndarray, costs: np.ndarray) -> list[dict[str, Any]]:
    """Return each system alone: its `name`, mean `cost`, `accuracy` with `low` and `high` (95 %, Wilson), and `n`.

    Parameters
    ----------
    names : sequence of str
        The systems.
    right : ndarray of bool, shape (systems, n)
        Whether each is right, asked alone.
    costs : ndarray, shape (systems, n)
        What asking it costs.
    """
    told = []
    for name, hits, spent in zip(names, right, costs, strict=True):
        told.append({"name": name, "cost": float(spent.mean()), **_share(hits)})
    return told


def shares_told(names: Sequence[str], stages: np.ndarray) -> dict[str, float]:
    """Return the share of the rows that each stage answers, by the name of its system."""
    counts = np.bincount(stages, minlength=len(names))
    return {name: float(n / len(stages)) for name, n in zip(names, counts, strict=True)}


def stages_told(names: Sequence[str], weights: np.ndarray, biases: np.ndarray) -> list[dict[str, Any]]:
    """Return how each stage answers: `name`, `combined` (by what several systems say), `weights` by system, `bias`."""
    told = []
    for place, name in enumerate(names):
        parts = dict(zip(names[: place + 1], weights[place, : place + 1].tolist(), strict=True))
        combined = bool((weights[place, :place] != 0).any())
        told.append({"name": name, "combined": combined, "weights": parts, "bias": biases[place].tolist()})
    return told


def band_told(band: tuple[float, float], positive: np.ndarray, said: np.ndarray, codes: np.ndarray) -> dict[str, Any]:
    """Return the rows whose probability of the positive class is in the band.

    Parameters
    ----------
    band : (float, float)
        Ends of the band, both inside.
    positive : ndarray, shape (n,)
        Probability of the positive class.
    said : ndarray, shape (n, classes)
        Probabilities of all classes.
    codes : ndarray of int, shape (n,)
        Codes of the labels.

    Returns
    -------
    dict
        `low` and `high` of the band, `rows` and `share` in it, `accuracy_in` and `accuracy_out` of the plain answer
        (None where there are no rows), `n` of all.
    """
    inside = (positive >= band[0]) & (positive <= band[1])
    right = said.argmax(axis=1) == codes
    return {
        "low": float(band[0]),
        "high": float(band[1]),
        "rows": int(inside.sum()),
        "share": float(inside.mean()),
        "accuracy_in": _share(right[inside])["accuracy"],
        "accuracy_out": _share(right[~inside])["accuracy"],
        "n": len(codes),
    }


def _share(right: np.ndarray) -> dict[str, Any]:
    low, high = interval_of(int(right.sum()), len(right))
    return {"accuracy": float(right.mean()) if len(right) else None, "low": low, "high": high, "n": len(right)}
