"""Confusion matrices of a system, as whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from makna.report.reading import Run, branch

MOST_CLASSES = 40  # a larger confusion matrix cannot be read as a figure


def confusion_panels(run: Run, system: str) -> list[tuple[str, list[str], np.ndarray]]:
    """Return (output, labels, matrix) of the confusion matrices that can be drawn."""
    panels = []
    for output, rows in branch(run.systems, system, "confusion", run.part).items():
        labels = run.labels(output)
        matrix = _whole_numbers(rows)
        if 0 < len(labels) <= MOST_CLASSES and matrix.shape == (len(labels), len(labels)):
            panels.append((output, labels, matrix))
    return panels


def _whole_numbers(rows: Any) -> np.ndarray:
    try:
        return np.asarray(rows, dtype=int)
    except (TypeError, ValueError):
        return np.empty(0, dtype=int)
