"""How well annotators agree: coefficients overall, for each label, each annotator and each two, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from makna.core.errors import UserError
from makna.label.coefficients import alpha, cohen, each_label, fleiss, gwet, observed, specific
from makna.label.ratings import Ratings, Suspicious

OVERALL, LABEL, RATER, PAIR = "overall", "label", "rater", "pair"
_LABELS_SHOWN = 50
_CELLS_AT_ONCE = 2_000_000

Key = tuple[str, str, str, str]
"""Part, name, the other rater of a pair, measure."""


@dataclass(frozen=True)
class AgreementSettings:
    """How intervals are made.

    Parameters
    ----------
    resamples : int
        Bootstrap resamples of items; 0 leaves the intervals out.
    level : float
        Share of the resamples that an interval holds.
    seed : int
        Seed of the resamples.

    Raises
    ------
    UserError
        `resamples` or `seed` is negative, or `level` is not between 0 and 1.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 13

    def __post_init__(self) -> None:
        if self.resamples < 0 or self.seed < 0 or not 0 < self.level < 1:
            raise UserError("label.bad_resampling", resamples=self.resamples, level=self.level, seed=self.seed)


@dataclass(frozen=True)
class Measure:
    """One coefficient.

    Parameters
    ----------
    part : {"overall", "label", "rater", "pair"}
        What it speaks of.
    name, other : str
        The label, the rater, or the two raters.
    measure : str
        ``agreement``, ``cohen_kappa``, ``quadratic_kappa``, ``fleiss_kappa``, ``krippendorff_alpha``, ``gwet_ac1``,
        ``alpha_without`` (of a rater: alpha of all others), ``specific`` (of a label).
    value, low, high : float or None
        The coefficient and its percentile interval; None where undefined.
    n : int
        Items with labels to compare.
    why : str or None
        Why it is undefined: ``no_overlap`` or ``one_label``.
    """

    part: str
    name: str
    other: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, without what names the coefficient."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "why": self.why}


@dataclass(frozen=True, eq=False)
class Agreement:
    """What was found.

    Parameters
    ----------
    ratings : Ratings
        The labels.
    settings : AgreementSettings
        How intervals were made.
    measures : tuple of Measure
        All coefficients.
    overlap : ndarray of int, shape (raters, raters)
        Items that both labelled; on the diagonal, items that one labelled.
    given : ndarray of int, shape (raters, labels)
        How often each rater gave each label.
    """

    ratings: Ratings
    settings: AgreementSettings
    measures: tuple[Measure, ...]
    overlap: np.ndarray
    given: np.ndarray

    @property
    def by_raters(self) -> dict[int, int]:
        """Number of labels an item has → number of items."""
        sizes, items = np.unique((self.ratings.codes >= 0).sum(axis=1), return_counts=True)
        return dict(zip(sizes.tolist(), items.tolist(), strict=True))

    @property
    def suspicious(self) -> tuple[Suspicious, ...]:
        """Labels that may be slips of the keyboard."""
        return self.ratings.suspicious

    def __getitem__(self, key: tuple[str, ...]) -> Measure:
        """Return a coefficient by part, name or names, and measure: ``found["pair", "ani", "budi", "cohen_kappa"]``."""
        part, *names, measure = key
        wanted = (part, *names, *[""] * (2 - len(names)), measure)
        found: dict[tuple[str, ...], Measure] = {(m.part, m.name, m.other, m.measure): m for m in self.measures}
        return found[wanted]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        ratings = self.ratings
        found: dict[str, Any] = {
            "scale": ratings.scale,
            "items": len(ratings.items),
            "items_by_labels_given": {str(size): n for size, n in self.by_raters.items()},
            "labels": list(ratings.labels),
            "raters": list(ratings.raters),
            "interval": {
                "level": self.settings.level, "resamples": self.settings.resamples, "seed": self.settings.seed,
            },
            "overlap": self.overlap.tolist(),
            "given": self.given.tolist(),
            "repeated": ratings.repeated,
            "suspicious": [one.to_json() for one in ratings.suspicious],
            OVERALL: {}, LABEL: {}, RATER: {}, PAIR: [],
        }  # fmt: skip
        pairs: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.measures:
            if one.part == OVERALL:
                found[OVERALL][one.measure] = one.to_json()
            elif one.part == PAIR:
                pairs.setdefault((one.name, one.other), {})[one.measure] = one.to_json()
            else:
                found[one.part].setdefault(one.name, {})[one.measure] = one.to_json()
        found[PAIR] = [{"raters": list(names), **measures} for names, measures in pairs.items()]
        return found


def measure_agreement(ratings: Ratings, settings: AgreementSettings | None = None) -> Agreement:
    """Measure how well raters agree.

    Parameters
    ----------
    ratings : Ratings
        The labels.
    settings : AgreementSettings or None
        How intervals are made.

    Returns
    -------
    Agreement
        With more than two raters, ``cohen_kappa`` and ``quadratic_kappa`` overall are means over the pairs (Light
        1971). Of one rater against the others, an item counts once, however many others labelled it. Quadratic kappa
        is there on ordinal scales (by positions) and interval scales (by numbers).

    Notes
    -----
    Intervals are percentiles of an ordinary bootstrap of whole items (Efron & Tibshirani 1993), all coefficients on
    the same resamples; a resample in which a coefficient is undefined is left out of its interval.

    References
    ----------
    Light, R. J. (1971). Measures of response agreement for qualitative data: some generalizations and alternatives.
    Psychological Bulletin 76, 365-377. The coefficients: see `makna.label.coefficients`.

    Examples
    --------
    >>> import pandas as pd
    >>> from makna.label.ratings import ratings_of_columns
    >>> table = pd.DataFrame({"ani": list("ppnnp"), "budi": list("ppnpp")})
    >>> found = measure_agreement(ratings_of_columns(table, ["ani", "budi"]))
    >>> found["overall", "agreement"].value, round(found["overall", "cohen_kappa"].value, 3)
    (0.8, 0.545)
    """
    settings = settings or AgreementSettings()
    units = _Units(ratings)
    values = units.measure(units.times[None].astype(float))
    drawn: dict[Key, list[np.ndarray]] = {key: [] for key in values}
    for weights in units.resamples(settings):
        for key, found in units.measure(weights).items():
            drawn[key].append(found)
    n = units.compared()
    measures = []
    for key, value in values.items():
        size = n.get(key, n[key[0], key[1], key[2], ""])
        low, high = _interval(np.concatenate(drawn[key]), settings.level) if drawn[key] and size > 1 else (None, None)
        if np.isfinite(value[0]):
            measures.append(Measure(*key, float(value[0]), low, high, size))
        else:
            measures.append(Measure(*key, None, None, None, size, "one_label" if size else "no_overlap"))
    there = ratings.codes >= 0
    given = np.array([np.bincount(column[column >= 0], minlength=len(ratings.labels)) for column in ratings.codes.T])
    return Agreement(ratings, settings, tuple(measures), there.astype(int).T @ there.astype(int), given)


def _interval(values: np.ndarray, level: float) -> tuple[float | None, float | None]:
    there = values[np.isfinite(values)]
    if not len(there):
        return None, None
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class _Units:
    """Items with the same labels from the same raters are one unit that stands several times."""

    def __init__(self, ratings: Ratings) -> None:
        self.ratings = ratings
        labelled = ratings.codes[(ratings.codes >= 0).any(axis=1)]
        self.codes, self.times = np.unique(labelled, axis=0, return_counts=True)
        self.counts = self._count(range(len(ratings.raters)))
        self.marks = None if ratings.scale == "nominal" else ratings.values
        self.pairs = [
            (a, b) for a, b in combinations(range(len(ratings.raters)), 2)
            if ((self.codes[:, a] >= 0) & (self.codes[:, b] >= 0)).any()
        ]  # fmt: skip

    def _count(self, raters: Any) -> np.ndarray:
        """Return how many of these raters gave each unit each label."""
        counts = np.zeros((len(self.codes), len(self.ratings.labels)))
        for rater in raters:
            given = np.flatnonzero(self.codes[:, rater] >= 0)
            counts[given, self.codes[given, rater]] += 1
        return counts

    def resamples(self, settings: AgreementSettings) -> Iterator[np.ndarray]:
        """Yield weights of shape (some resamples, units)."""
        generator = np.random.default_rng(settings.seed)
        n, left = int(self.times.sum()), settings.resamples
        while left:
            size = min(left, max(1, _CELLS_AT_ONCE // len(self.times)))
            yield generator.multinomial(n, self.times / n, size=size).astype(float)
            left -= size

    def measure(self, weights: np.ndarray) -> dict[Key, np.ndarray]:
        """Return all coefficients, each of shape (resamples,)."""
        pairs = dict(self._pairs(weights))
        raters = dict(self._raters(weights))
        return {**dict(self._overall(weights, pairs)), **dict(self._labels(weights)), **raters, **pairs}

    def _overall(
        self, weights: np.ndarray, pairs: dict[Key, np.ndarray]
    ) -> Iterator[tuple[Key, np.ndarray]]:  # fmt: skip
        scale, values = self.ratings.scale, self.ratings.values
        yield (OVERALL, "", "", "agreement"), observed(self.counts, weights)
        for name in ("cohen_kappa", *(() if self.marks is None else ("quadratic_kappa",))):
            yield (OVERALL, "", "", name), _mean([value for key, value in pairs.items() if key[3] == name])
        yield (OVERALL, "", "", "fleiss_kappa"), fleiss(self.counts, weights)
        yield (OVERALL, "", "", "gwet_ac1"), gwet(self.counts, weights)
        yield (OVERALL, "", "", "krippendorff_alpha"), alpha(self.counts, weights, scale, values)

    def _labels(self, weights: np.ndarray) -> Iterator[tuple[Key, np.ndarray]]:
        labels = self.ratings.labels
        if len(labels) > _LABELS_SHOWN or (len(labels) == 1):
            return
        own = specific(self.counts, weights)
        for position, label in enumerate(labels):
            two = each_label(self.counts, position)
            yield (LABEL, label, "", "specific"), own[:, position]
            yield (LABEL, label, "", "fleiss_kappa"), fleiss(two, weights)
            yield (LABEL, label, "", "gwet_ac1"), gwet(two, weights)
            yield (LABEL, label, "", "krippendorff_alpha"), alpha(two, weights, "nominal", np.arange(2.0))

    def _raters(self, weights: np.ndarray) -> Iterator[tuple[Key, np.ndarray]]:
        everyone = range(len(self.ratings.raters))
        scale, values = self.ratings.scale, self.ratings.values
        for rater in everyone:
            name = self.ratings.raters[rater]
            mine = self._count([rater])
            others = self.counts - mine
            both = (mine.sum(axis=1) > 0) & (others.sum(axis=1) > 0)
            mine = mine * both[:, None]
            shares = both[:, None] * others / np.maximum(others.sum(axis=1, keepdims=True), 1)
            yield from self._against((RATER, name, ""), mine, shares, weights)
            if len(everyone) > 2:
                yield (RATER, name, "", "alpha_without"), alpha(others, weights, scale, values)

    def _pairs(self, weights: np.ndarray) -> Iterator[tuple[Key, np.ndarray]]:
        one_hot = [self._count([rater]) for rater in range(len(self.ratings.raters))]
        for a, b in self.pairs:
            both = np.flatnonzero((self.codes[:, a] >= 0) & (self.codes[:, b] >= 0))
            names = (PAIR, self.ratings.raters[a], self.ratings.raters[b])
            yield from self._against(names, one_hot[a][both], one_hot[b][both], weights[:, both])

    def _against(
        self, names: tuple[str, str, str], one: np.ndarray, other: np.ndarray, weights: np.ndarray
    ) -> Iterator[tuple[Key, np.ndarray]]:
        n = weights @ one.sum(axis=1)
        agree = weights @ (one * other).sum(axis=1)
        yield (*names, "agreement"), np.where(n > 0, agree / np.where(n > 0, n, 1), np.nan)
        yield (*names, "cohen_kappa"), cohen(one, other, weights)
        if self.marks is not None:
            yield (*names, "quadratic_kappa"), cohen(one, other, weights, self.marks)

    def compared(self) -> dict[Key, int]:
        """Return how many items are compared, by key; an empty measure stands for all that are not named."""
        there = self.codes >= 0
        paired = there.sum(axis=1) > 1
        found: dict[Key, int] = {(OVERALL, "", "", ""): int(self.times[paired].sum())}
        for position, label in enumerate(self.ratings.labels):
            found[LABEL, label, "", ""] = int(self.times[paired & (self.counts[:, position] > 0)].sum())
        for rater, name in enumerate(self.ratings.raters):
            found[RATER, name, "", ""] = int(self.times[paired & there[:, rater]].sum())
            without = there.sum(axis=1) - there[:, rater] > 1
            found[RATER, name, "", "alpha_without"] = int(self.times[without].sum())
        for a, b in self.pairs:
            both = there[:, a] & there[:, b]
            found[PAIR, self.ratings.raters[a], self.ratings.raters[b], ""] = int(self.times[both].sum())
        return found


def _mean(values: list[np.ndarray]) -> np.ndarray:
    """Return the mean over pairs, of those that are defined."""
    table = np.stack(values)
    there = np.isfinite(table)
    return np.where(there.any(axis=0), np.where(there, table, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1), np.nan)
