"""Scores by length and by token rarity, and whether length alone gives the label away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import inputs, targets
from makna.core.shares import share_of
from makna.core.task import Task
from makna.explain.bins import Bins, readable_bins
from makna.explain.judged import Guesses, Interval, all_scores, mean_score
from makna.explain.rarity import Rarity, without_stopwords
from makna.explain.settings import LengthSettings, RaritySettings, SliceSettings
from makna.explain.tokens import TokenRows, token_rows

_TRIVIAL = ("majority", "mean")
_LENGTH = "length"


@dataclass(frozen=True)
class _Judged:
    """What all slices share: the corpus, the rows that any system was asked of, and every system's scores."""

    corpus: pd.DataFrame
    task: Task
    rows: np.ndarray
    scores: Mapping[str, np.ndarray]
    train: np.ndarray
    interval: Interval


def slices(
    corpus: pd.DataFrame, task: Task, said: Mapping[str, Guesses], train: np.ndarray, settings: SliceSettings
) -> dict[str, Any]:
    """Return ``slices`` of explain.json: scores by length and by token rarity, for every system.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target; accuracy for classes (of several outputs their mean), mean absolute error for numbers.
    said : mapping of str to Guesses
        What every system, the baselines too, said of one part (or of all folds).
    train : ndarray of int
        Rows whose tokens are counted; with folds all rows.
    settings : SliceSettings
        What is made, and how.

    Returns
    -------
    dict
        ``measure``, ``length``, ``rarity``, ``tokens`` and ``shortcut``, those that were asked for; empty where no row
        was judged. Systems have one score a bin, in the order of the bins.

    Raises
    ------
    ModelError
        Pieces of an encoder that is not here.

    Notes
    -----
    Figures 4 to 7 and equation 2 of study 000.
    """
    rows = np.unique(np.concatenate([np.asarray(one.rows) for one in said.values()])) if said else np.empty(0, int)
    if not len(rows):
        return {}
    interval = Interval(settings.level, settings.resamples, settings.seed)
    judged = _Judged(corpus, task, rows, all_scores(corpus, task, said), np.asarray(train), interval)
    made = _Tokens(inputs(corpus, task))
    found: dict[str, Any] = {"measure": "mae" if task.is_number else "accuracy", "level": settings.level}
    if settings.length is not None:
        found["length"] = _by_length(judged, made, settings.length)
        found["shortcut"] = _shortcut(judged)
    if settings.rarity is not None:
        found |= _by_rarity(judged, made, settings.rarity)
    return {key: value for key, value in found.items() if value is not None}


class _Tokens:
    """The tokens of all rows, each kind read once."""

    def __init__(self, X: Any) -> None:
        self.X = X
        self._kept: dict[tuple[str, str], TokenRows] = {}

    def of(self, settings: LengthSettings | RaritySettings) -> TokenRows:
        key = (settings.unit, settings.encoder if settings.unit == "pieces" else "")
        if key not in self._kept:
            self._kept[key] = token_rows(self.X, settings.unit, settings.encoder)
        return self._kept[key]

    def texts(self) -> Sequence[str]:
        """One text a row, to judge the language from."""
        return self.X.iloc[:, 0].tolist() if isinstance(self.X, pd.DataFrame) else self.X.tolist()


def _by_length(judged: _Judged, made: _Tokens, settings: LengthSettings) -> dict[str, Any]:
    values = made.of(settings).whole[judged.rows].astype(float)
    bins = readable_bins(values, settings.width, settings.least, whole=True)
    found = _sliced(judged, bins, np.arange(len(judged.rows)), values)
    _add_truth(judged, found["bins"], bins.places(values))
    return {"unit": settings.unit, **_encoder(settings), "least": settings.least, **found}


def _by_rarity(judged: _Judged, made: _Tokens, settings: RaritySettings) -> dict[str, Any]:
    tokens, languages = without_stopwords(made.of(settings), made.texts(), settings)
    rarity = Rarity.over(tokens, judged.train)
    table = rarity.table() | {"rows": len(judged.train), "unit": settings.unit, "stopwords": settings.stopwords}
    places, values = rarity.items(judged.rows, settings.pair)
    about = {
        "unit": settings.unit,
        **_encoder(settings),
        "pair": settings.pair,
        "stopwords": settings.stopwords,
        "languages": languages,
        "least": settings.least,
        "unseen": _unseen(rarity, judged.rows),
        "without": len(judged.rows) - len(np.unique(places)),
    }
    if not len(values):
        return {"tokens": table}
    bins = readable_bins(values, settings.width, settings.least)
    return {"rarity": about | _sliced(judged, bins, places, values), "tokens": table}


def _encoder(settings: LengthSettings | RaritySettings) -> dict[str, str]:
    return {"encoder": settings.encoder} if settings.unit == "pieces" else {}


def _unseen(rarity: Rarity, rows: np.ndarray) -> int:
    """Rows with a token that the counted rows have not."""
    new = rarity.counts[rarity.tokens.codes] == 0
    return int(np.isin(np.unique(rarity.tokens.owner[new]), rows).sum())


def _sliced(judged: _Judged, bins: Bins, places: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """Return bins with their number of entries, and every system's score in each.

    `places` are positions in the judged rows, one an entry.
    """
    into = bins.places(values)
    owner = judged.rows[places]
    told = [
        {
            "low": float(bins.edges[k]),
            "high": float(bins.edges[k + 1]),
            "n": int((into == k).sum()),
            "rows": len(np.unique(owner[into == k])),
            "joined": bins.made_of(k),
        }
        for k in range(bins.n)
    ]
    is_number = judged.task.is_number
    systems = {
        name: [mean_score(scores[owner[into == k]], owner[into == k], is_number, judged.interval)
               for k in range(bins.n)]
        for name, scores in judged.scores.items()
    }  # fmt: skip
    return {"bins": told, "systems": systems}


def _add_truth(judged: _Judged, told: list[dict[str, Any]], into: np.ndarray) -> None:
    """Add to each bin the share of each label, or the mean of the true numbers."""
    if judged.task.target == "classes":
        return
    truth = targets(judged.corpus, judged.task)[judged.rows]
    labels = [] if judged.task.is_number else sorted(set(truth.tolist()))
    for k, one in enumerate(told):
        here = truth[into == k]
        if judged.task.is_number:
            one["truth"] = mean_score(here, np.flatnonzero(into == k), True, judged.interval)
        else:
            shares = {label: int((here == label).sum()) for label in labels}
            one["labels"] = {label: share_of(n, len(here), judged.interval.level) for label, n in shares.items()}


def _shortcut(judged: _Judged) -> dict[str, Any] | None:
    """Return how length alone does beside always saying the same; None where either was not run."""
    trivial = next((name for name in _TRIVIAL if name in judged.scores), None)
    if trivial is None or _LENGTH not in judged.scores:
        return None
    length, other = judged.scores[_LENGTH], judged.scores[trivial]
    both = np.flatnonzero(~np.isnan(length) & ~np.isnan(other))
    alone, beside = (mean_score(one[both], both, judged.task.is_number, judged.interval) for one in (length, other))
    if alone["value"] is None or alone["low"] is None:
        return None
    better = alone["high"] < beside["value"] if judged.task.is_number else alone["low"] > beside["value"]
    outside = not alone["low"] <= beside["value"] <= alone["high"]
    return {"system": _LENGTH, "against": trivial, _LENGTH: alone, trivial: beside, "excludes": outside,
            "better": bool(better)}  # fmt: skip
