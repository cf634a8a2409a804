"""The share of each label by year."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import LABEL
from makna.core.shares import share_of
from makna.core.task import Task

YEAR = "year"
_YEAR = re.compile(r"\s*(\d{4})(?:\.0+)?(?:-.*)?\s*")


def trend(corpus: pd.DataFrame, task: Task, level: float = 0.95) -> dict[str, Any]:
    """Return ``trend`` of explain.json: the share of each label in each year of the column ``year``.

    Parameters
    ----------
    corpus : DataFrame
        All rows; a year is four digits, alone or at the head of a date (2019, 2019.0, 2019-05-31).
    task : Task
        One class.
    level : float
        Of the intervals (Wilson).

    Returns
    -------
    dict
        ``years``, ascending, those without rows left out; ``n``: rows of each; ``classes``: LABEL → one share a year;
        ``p``: of the Cochran–Armitage test for trend (Armitage 1955), after Holm over the labels, None where there is
        one year or one label; ``without``: rows whose year cannot be read. Empty without such a column, or for another
        target.

    Examples
    --------
    >>> corpus = pd.DataFrame({"year": ["2019", "2020", "2020"], "label": ["EQUI", "EQUI", "SIMI"]})
    >>> found = trend(corpus, Task("pair", "class"))
    >>> found["years"], [share["share"] for share in found["classes"]["SIMI"]]
    ([2019, 2020], [0.0, 0.5])
    """
    if YEAR not in corpus or task.target != "class":
        return {}
    matches = [_YEAR.fullmatch(str(value)) for value in corpus[YEAR]]
    there = [match is not None for match in matches]
    if not any(there):
        return {}
    years = pd.Series([int(match[1]) for match in matches if match])
    labels = corpus.loc[there, LABEL].reset_index(drop=True)
    counts = pd.crosstab(years, labels)
    n = counts.sum(axis=1)
    classes = {
        str(label): [share_of(int(k), int(total), level) for k, total in zip(counts[label], n, strict=True)]
        for label in counts.columns
    }
    return {
        "years": [int(year) for year in counts.index],
        "n": [int(total) for total in n],
        "classes": classes,
        "p": _tests(years.to_numpy(), labels.astype(str).to_numpy(dtype=object), list(classes)),
        "without": len(corpus) - sum(there),
        "level": level,
    }


def _tests(years: np.ndarray, labels: np.ndarray, names: list[str]) -> dict[str, float | None]:
    """Return the p of every label's trend; the test is that of the correlation of year and label, z = r √n."""
    from scipy.stats import norm

    if len(np.unique(years)) < 2 or len(names) < 2:
        return dict.fromkeys(names)
    z = [np.corrcoef(years, labels == name)[0, 1] * np.sqrt(len(years)) for name in names]
    p = 2 * norm.sf(np.abs(z))
    order = np.argsort(p)
    # Holm: the smallest times the number of labels, the next times one less, and never below the one before.
    corrected = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    return {names[i]: float(min(1.0, value)) for i, value in zip(order, corrected, strict=True)}
