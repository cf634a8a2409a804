"""People against people, for the tables in which systems are judged against people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from makna.report.blocks import Cell
from makna.report.cells import rows_judged, score_cell
from makna.report.language import Locale
from makna.report.reading import Run, branch, entries


def rater_rows(run: Run, locale: Locale, part: str, metrics: Sequence[str]) -> Iterator[list[Cell | str]]:
    """Return a row for each pair of people who marked the same rows, for the tables of systems' scores."""
    for pair in rater_pairs(run, part):
        scores = [branch(pair, "scores", metric) for metric in metrics]
        below = [locale.listing(map(str, entries(pair, "raters"))), rows_judged(pair.get("n"), locale)]
        cells = [score_cell({**score, "pooled": None}, locale) for score in scores]
        yield [Cell(locale.say("people"), "\n".join(below)), *cells]


def rater_pairs(run: Run, part: str) -> list[dict[str, Any]]:
    """Return how people agree on the rows of a part, pair by pair."""
    return [pair for pair in entries(run.metrics, "raters", part) if isinstance(pair, dict)]
