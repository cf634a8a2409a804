"""Stopping trials that fall behind: the median rule (Golovin et al. 2017, Google Vizier, section 3.2.2).

A trial is measured against trials of rounds that are finished, never against those that run beside it, so that the same
trials are stopped whatever the number of workers.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from makna.core.messages import say
from makna.core.metrics import higher_is_better
from makna.learn.epochs import CLASS_FIGURES, NUMBER_FIGURES
from makna.tune.outcome import Curve, Outcome, Rows

LOSS = "loss"
_VALID = "valid"
_FEWEST = 3


@dataclass(frozen=True)
class MedianRule:
    """A trial is hopeless when its best figure so far is worse than the median of earlier trials at the same epoch.

    Parameters
    ----------
    metric : str
        The figure that is looked at, see `looked_at`.
    before : sequence of Outcome
        The trials of the finished rounds.
    stops : bool
        Whether hopeless trials are stopped at all.
    """

    metric: str
    before: Sequence[Outcome] = ()
    stops: bool = True

    def why(self, split: int, network: int, curve: Curve) -> str | None:
        """Return why a trial is hopeless after the last epoch of `curve`; None where it is not.

        Parameters
        ----------
        split, network : int
            Which network, of which split, is at it: it is measured against its like.
        curve : dict
            Epoch → figure, up to now.
        """
        epoch = max(curve)
        others = [
            outcome.curves[split][network][epoch]
            for outcome in self.before
            if split < len(outcome.curves)
            and network < len(outcome.curves[split])
            and epoch in outcome.curves[split][network]
        ]
        if len(others) < _FEWEST or not self.stops:
            return None
        median, upwards = statistics.median(others), higher_is_better(self.metric)
        best = max(curve.values()) if upwards else min(curve.values())
        if best >= median if upwards else best <= median:
            return None
        return say("tune.hopeless", epoch=epoch, metric=self.metric, best=best, median=median, n=len(others))

    def curve(self, rows: Rows) -> Curve:
        """Return the figure of the validation rows that the rule looks at."""
        found = {row["epoch"]: self.figure(row) for row in rows if row["part"] == _VALID}
        return {epoch: value for epoch, value in found.items() if value is not None}

    def figure(self, figures: Mapping[str, Any]) -> float | None:
        """Return the figure that the rule looks at; None where it is not shown or undefined."""
        value = figures.get(self.metric)
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def looked_at(metric: str) -> str:
    """Return the figure by which hopeless trials are known: the metric that chooses if networks show it, else the loss.

    Examples
    --------
    >>> looked_at("f1_macro"), looked_at("f1_weighted")
    ('f1_macro', 'loss')
    """
    return metric if metric in (*CLASS_FIGURES, *NUMBER_FIGURES) else LOSS


class Watch:
    """Asked after every epoch of a trial on one split whether the trial is hopeless.

    Parameters
    ----------
    rule : MedianRule
        When it is.
    split : int
        Which split.
    """

    def __init__(self, rule: MedianRule, split: int) -> None:
        self._rule = rule
        self._split = split
        self._network = 0
        self._curve: Curve = {}

    def __call__(self, epoch: int, figures: Mapping[str, Any]) -> str | None:
        """Return why to stop now, or None.

        Parameters
        ----------
        epoch : int
            From 1; a number that does not grow begins another network inside the split (one an output).
        figures : mapping
            Of the validation rows.
        """
        if self._curve and epoch <= max(self._curve):
            self._network += 1
            self._curve = {}
        value = self._rule.figure(figures)
        if value is None:
            return None
        self._curve[epoch] = value
        return self._rule.why(self._split, self._network, self._curve)
