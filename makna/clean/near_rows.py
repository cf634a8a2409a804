"""Rows whose texts are nearly the same: how many there are, examples, and which of them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from makna.clean.codes import codes_of, count_of, groups_of, row_key
from makna.clean.near import THRESHOLD, jaccard, near_groups

#: Up to so many rows near duplicates are always counted.
MOST_ROWS = 60_000
_EXAMPLES = 5
_LOOKED_AT = 20  # rows of a group among which an example is looked for


@dataclass(frozen=True)
class NearRows:
    """Which rows are near duplicates of each other.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Equal where two rows are in one group.
    threshold : float
        Least similarity, see `near_groups`.
    """

    codes: np.ndarray
    threshold: float

    @classmethod
    def of(cls, sides: Sequence[Sequence[str]], threshold: float | None) -> Self | None:
        """Look for near duplicates; None where nobody asked and there are too many rows.

        Parameters
        ----------
        sides : sequence of sequences of str
            One list of texts, or the two sides of pairs; rows are near where both sides are.
        threshold : float or None
            What the recipe asks for; None counts with the default.
        """
        if threshold is None and len(sides[0]) > MOST_ROWS:
            return None
        threshold = threshold or THRESHOLD
        codes = np.column_stack([_codes(list(side), threshold) for side in sides])
        return cls(np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1), threshold)

    def to_json(self, ids: Sequence[str], sides: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Return ``duplicates.near`` of data.json: counts, and examples that are not the same when normalised."""
        groups = groups_of(self.codes)
        names = ("text",) if len(sides) == 1 else ("text_a", "text_b")
        examples: list[dict[str, Any]] = []
        for group in groups:
            a, *others = (int(row) for row in group[:_LOOKED_AT])
            b = next((row for row in others if any(row_key(s[row]) != row_key(s[a]) for s in sides)), None)
            if b is not None and len(examples) < _EXAMPLES:
                rows = [{"id": ids[row]} | {n: s[row] for n, s in zip(names, sides, strict=True)} for row in (a, b)]
                similarity = min(jaccard(s[a], s[b]) for s in sides if row_key(s[a]) != row_key(s[b]))
                examples.append({"similarity": round(similarity, 3), "rows": rows})
        return {"threshold": self.threshold, **count_of(self.codes), "examples": examples}


def _codes(texts: list[str], threshold: float) -> np.ndarray:
    codes = codes_of([[row_key(text) for text in texts]])
    for group in near_groups(texts, threshold):
        codes[group] = codes[group[0]]
    return codes
