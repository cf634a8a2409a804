"""The audit of labels that no person gave: what they cover, where they conflict, and whether they beat the majority.

Agreement with a gold sample stands beside what always answering its commonest class gets on the same rows. The
difference of the two has a paired interval (Newcombe 1998, method 10); labels are *above* the majority where all of it
is above zero, *below* where the difference is not positive, and *unclear* between.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.core.corpus import normalised
from makna.core.errors import DataError
from makna.core.shares import share_interval, share_of

ABOVE, UNCLEAR, BELOW = "above", "unclear", "below"
LEVEL = 0.95
_RESAMPLES = 2000
_NAMED = 10


@dataclass(frozen=True)
class Labelled:
    """Labels to be audited.

    Parameters
    ----------
    source : str
        What gave them: ``vader``, ``inset`` or a column.
    texts : sequence of str or None
        What is labelled; None where it is not at hand.
    labels : sequence of str, shape (n,)
        One a text, '' where there is none.
    gold : sequence of str or None
        What people say, '' where they were not asked; None where there is no such column.
    covered, mixed : sequence of bool or None
        Whether a text has a word of the lexicon, and words of both signs; None where the source is no lexicon.
    settings : dict or None
        How they were made, for the record.
    """

    source: str
    texts: Sequence[str] | None
    labels: Sequence[str]
    gold: Sequence[str] | None = None
    covered: Sequence[bool] | None = None
    mixed: Sequence[bool] | None = None
    settings: dict[str, Any] | None = None


def audit(labelled: Labelled, level: float = LEVEL, seed: int = 13) -> dict[str, Any]:
    """Return the audit as JSON values.

    Parameters
    ----------
    labelled : Labelled
        Labels with their texts, and gold labels of some or all of them.
    level : float
        Level of the intervals.
    seed : int
        Of the bootstrap under kappa's interval.

    Returns
    -------
    dict
        ``source``, ``settings``, ``rows``, ``labelled`` (share of rows with a label), ``coverage`` and ``mixed`` (of
        lexicons), ``balance`` (class → rows, share), ``conflicts`` (equal texts with different labels; None without
        texts) and ``gold`` (None without a gold label; see `against_gold`).

    Raises
    ------
    DataError
        There is no label at all, or no row has a label and a gold label.
    """
    labels = list(labelled.labels)
    counts = Counter(label for label in labels if label)
    n = len(labels)
    if not counts:
        raise DataError("label.no_labels", source=labelled.source, n=n)
    have = sum(counts.values())
    return {
        "source": labelled.source,
        "settings": labelled.settings or {},
        "level": level,
        "rows": n,
        "labelled": share_of(have, n, level),
        "coverage": None if labelled.covered is None else share_of(int(np.sum(labelled.covered)), n, level),
        "mixed": None if labelled.mixed is None else share_of(int(np.sum(labelled.mixed)), n, level),
        "balance": {name: {"n": counts[name], "share": counts[name] / have} for name in sorted(counts)},
        "conflicts": None if labelled.texts is None else _conflicts(labelled.texts, labels),
        "gold": _gold(labelled, labels, level, seed),
    }


def verdict_of(found: dict[str, Any]) -> str | None:
    """Return ``above``, ``unclear`` or ``below``; None where there is no gold label to judge by."""
    return None if found["gold"] is None else str(found["gold"]["verdict"])


def against_gold(labels: Sequence[str], gold: Sequence[str], level: float = LEVEL, seed: int = 13) -> dict[str, Any]:
    """Compare labels with gold labels of the same rows, and with always the commonest gold label.

    Parameters
    ----------
    labels, gold : sequence of str, shape (n,)
        n at least 1; none of them ''.
    level : float
        Level of the intervals.
    seed : int
        Of the bootstrap under kappa's interval.

    Returns
    -------
    dict
        ``n``; ``agreement`` and ``majority`` (``value`` with Wilson's interval; ``label``), ``difference`` with its
        paired interval, Cohen's ``kappa`` (1960) with a percentile interval of resampled rows, ``verdict``,
        ``classes`` (precision and recall of each), ``confusion`` (gold rows, label columns) and ``unknown`` (labels
        that are no gold label).

    Examples
    --------
    >>> found = against_gold(["a", "a", "b", "b"], ["a", "a", "b", "a"])
    >>> found["agreement"]["value"], found["majority"]["value"], found["verdict"]
    (0.75, 0.75, 'below')
    """
    names = sorted(set(gold) | set(labels))
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, ([place[name] for name in gold], [place[name] for name in labels]), 1)
    n = len(labels)
    best = int(counts.sum(axis=1).argmax())
    right, usual = int(np.trace(counts)), int(counts[best].sum())
    both = int(counts[best, best])
    difference = paired_difference(both, right - both, usual - both, n - right - usual + both, level)
    return {
        "n": n,
        "agreement": _share(right, n, level),
        "majority": {"label": names[best], **_share(usual, n, level)},
        "difference": difference,
        "kappa": _kappa_with_interval(counts, level, seed),
        "verdict": ABOVE if difference["low"] > 0 else BELOW if difference["value"] <= 0 else UNCLEAR,
        "classes": {name: _of_class(counts, i) for i, name in enumerate(names)},
        "confusion": {"labels": names, "counts": counts.tolist()},
        "unknown": sorted(set(labels) - set(gold)),
    }


def check_names(labels: Collection[str], gold: Collection[str]) -> None:
    """Refuse labels none of which is among the gold labels: they are called otherwise.

    Parameters
    ----------
    labels, gold : collection of str
        Names of classes.

    Raises
    ------
    DataError
        Names both.
    """
    if gold and not set(labels) & set(gold):
        came, known = (", ".join(f"'{name}'" for name in sorted(names)[:_NAMED]) for names in (labels, gold))
        raise DataError("label.other_classes", came=came, gold=known)


def paired_difference(both: int, first: int, second: int, neither: int, level: float = LEVEL) -> dict[str, Any]:
    """Return the difference of two shares of the same rows, with its interval (Newcombe 1998, method 10).

    Parameters
    ----------
    both, first, second, neither : int
        Rows on which both are right, only the first, only the second, neither.
    level : float
        Level of the interval.

    Examples
    --------
    >>> found = paired_difference(1, 1, 7, 12)
    >>> [round(found[key], 3) for key in ("value", "low", "high")]
    [-0.286, -0.507, -0.026]
    """
    n = both + first + second + neither
    p, q = (both + first) / n, (both + second) / n
    p_low, p_high = share_interval(both + first, n, level)
    q_low, q_high = share_interval(both + second, n, level)
    phi = _phi(both, first, second, neither)
    down = (p - p_low) ** 2 - 2 * phi * (p - p_low) * (q_high - q) + (q_high - q) ** 2
    up = (p_high - p) ** 2 - 2 * phi * (p_high - p) * (q - q_low) + (q - q_low) ** 2
    # Rounding may leave a tiny negative number under the root where both shares move as one.
    return {"value": p - q, "low": p - q - math.sqrt(max(0.0, down)), "high": p - q + math.sqrt(max(0.0, up))}


def cohen_kappa(counts: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa (1960) of confusion counts; NaN where chance alone agrees always.

    Parameters
    ----------
    counts : ndarray, shape (..., k, k)
        Rows by first and second label.
    """
    total = counts.sum(axis=(-2, -1))
    seen = np.trace(counts, axis1=-2, axis2=-1) / total
    chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isclose(chance, 1), np.nan, (seen - chance) / (1 - chance))


def _phi(both: int, first: int, second: int, neither: int) -> float:
    """Return the correlation of the two, pulled towards zero as Newcombe's method 10 asks."""
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not product:
        return 0.0
    n, cross = both + first + second + neither, both * neither - first * second
    return (max(cross - n / 2, 0) if cross > 0 else cross) / math.sqrt(product)


def _gold(labelled: Labelled, labels: list[str], level: float, seed: int) -> dict[str, Any] | None:
    if labelled.gold is None:
        return None
    given = [(label, gold) for label, gold in zip(labels, labelled.gold, strict=True) if gold.strip()]
    if not given:
        return None
    known = [(label, gold) for label, gold in given if label]
    if not known:
        raise DataError("label.no_overlap", source=labelled.source, n=len(given))
    found = against_gold([label for label, _ in known], [gold for _, gold in known], level, seed)
    if labelled.covered is None:
        check_names({label for label, _ in known}, {gold for _, gold in known})
    return {**found, "without_label": len(given) - len(known)}


def _kappa_with_interval(counts: np.ndarray, level: float, seed: int) -> dict[str, Any]:
    value = float(cohen_kappa(counts))
    if math.isnan(value):
        return {"value": None, "low": None, "high": None}
    n = int(counts.sum())
    # Drawing rows again and counting them is drawing counts from a multinomial.
    drawn = np.random.default_rng(seed).multinomial(n, counts.ravel() / n, size=_RESAMPLES).reshape(-1, *counts.shape)
    low, high = np.nanquantile(cohen_kappa(drawn), [(1 - level) / 2, (1 + level) / 2])
    return {"value": value, "low": float(low), "high": float(high)}


def _share(n: int, total: int, level: float) -> dict[str, Any]:
    low, high = share_interval(n, total, level)
    return {"value": n / total, "low": low, "high": high}


def _of_class(counts: np.ndarray, i: int) -> dict[str, Any]:
    right, given, true = int(counts[i, i]), int(counts[:, i].sum()), int(counts[i].sum())
    return {
        "gold": true,
        "labels": given,
        "precision": right / given if given else None,
        "recall": right / true if true else None,
    }


def _conflicts(texts: Sequence[str], labels: Sequence[str]) -> dict[str, int]:
    """Count texts that are equal but for case and marks and have different labels, and their rows."""
    by_text: dict[str, list[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        if label and (same := normalised(text)):
            by_text.setdefault(same, []).append(label)
    found = [some for some in by_text.values() if len(set(some)) > 1]
    return {"texts": len(found), "rows": sum(map(len, found))}
