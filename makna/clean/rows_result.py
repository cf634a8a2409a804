"""What judging the rows found, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from makna.core.messages import say


@dataclass(frozen=True, eq=False)
class RowsResult:
    """Which rows stay, and why the others go.

    Parameters
    ----------
    kept : ndarray of bool, shape (n,)
        Whether a row stays.
    why : ndarray of str, shape (n,)
        Name of the step that dropped a row; empty where it stays.
    steps : list of dict
        ``{"name", "before", "after", "examples"}``, in order.
    duplicates : dict
        ``{"exact": {"groups", "rows"}, "normalised": {...}, "near": {...}}`` of all rows; rows beyond the first of each
        group. Near duplicates come with their threshold and examples, or with ``skipped``.
    conflicts : dict
        ``{"groups", "rows", "examples"}``: the same text with different labels; all rows of the groups.
    """

    kept: np.ndarray
    why: np.ndarray
    steps: list[dict[str, Any]]
    duplicates: dict[str, dict[str, Any]]
    conflicts: dict[str, Any]

    def select(self, corpus: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of `corpus` that stay, in their order, numbered from 0."""
        return corpus.loc[self.kept].reset_index(drop=True)

    def to_json(self) -> dict[str, Any]:
        """Return ``rows``, ``steps``, ``duplicates`` and ``conflicts`` as in the run's ``data.json``."""
        return {
            "rows": {"read": len(self.kept), "kept": int(self.kept.sum())},
            "steps": self.steps,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
        }

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self._lines())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in self._lines())
        return f"<table><tbody>{rows}</tbody></table>"

    def _lines(self) -> list[tuple[str, str]]:
        lines = [(say("clean.rows_kept"), say("clean.rows_of", kept=int(self.kept.sum()), read=len(self.kept)))]
        lines += [
            (say(f"clean.row_step_{step['name']}"), say("clean.rows_dropped", n=step["before"] - step["after"]))
            for step in self.steps
        ]
        lines += [
            (say(f"clean.duplicates_{by}"), say("clean.rows_repeated", rows=counts["rows"], groups=counts["groups"]))
            for by, counts in self.duplicates.items()
            if "rows" in counts
        ]
        rows, groups = self.conflicts["rows"], self.conflicts["groups"]
        return [*lines, (say("clean.conflicts"), say("clean.rows_conflicting", rows=rows, groups=groups))]
