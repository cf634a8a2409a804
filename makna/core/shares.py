"""The interval of a share."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any


def share_interval(n: float, total: float, level: float) -> tuple[float, float]:
    """Return the ends of a share's interval (Wilson, 1927).

    Parameters
    ----------
    n : float
        Rows that count; need not be whole, where a row may count in part.
    total : float
        All rows, above 0.
    level : float
        Such as 0.95.

    Examples
    --------
    >>> low, high = share_interval(130, 1145, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.096, 0.133)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, wide = n / total, z * z / total
    middle = (share + wide / 2) / (1 + wide)
    half = z / (1 + wide) * math.sqrt(share * (1 - share) / total + wide / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_of(n: float, total: int, level: float) -> dict[str, Any]:
    """Return a share as explain.json has it: ``n``, ``share``, ``low``, ``high``; None of nothing."""
    if not total:
        return {"n": n, "share": None, "low": None, "high": None}
    low, high = share_interval(n, total, level)
    return {"n": n, "share": n / total, "low": low, "high": high}
