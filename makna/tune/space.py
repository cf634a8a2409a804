"""What a setting may be: one of some values, or any number of a range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DIGITS = 4


@dataclass(frozen=True)
class Choices:
    """One of some values.

    Parameters
    ----------
    values : tuple
        At least one.
    """

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """Any number from `low` to `high`, both included.

    Parameters
    ----------
    low, high : float or int
        The ends.
    log : bool
        Whether the logarithm is drawn evenly.
    whole : bool
        Whether the number is a whole one.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def number(self, value: float) -> float | int:
        """Return a drawn number as it is used: whole, or with four significant digits, so that it can be written down.

        Examples
        --------
        >>> Range(0.01, 10).number(0.123456), Range(1, 9, whole=True).number(4.0)
        (0.1235, 4)
        """
        if self.whole:
            return round(value)
        return min(max(float(f"{value:.{_DIGITS}g}"), float(self.low)), float(self.high))


Space = Mapping[str, Choices | Range]
"""Name of a setting → what it may be."""


def size_of(space: Space) -> int | None:
    """Return how many combinations there are; None where there is no end to them.

    Examples
    --------
    >>> size_of({"C": Choices((1, 2)), "words": Range(1, 3, whole=True)}), size_of({"C": Range(0, 1)})
    (6, None)
    """
    n = 1
    for values in space.values():
        if isinstance(values, Choices):
            n *= len(values.values)
        elif values.whole:
            n *= int(values.high) - int(values.low) + 1
        else:
            return None
    return n
