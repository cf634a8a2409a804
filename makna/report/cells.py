"""Cells that tables of scores share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from makna.report.blocks import Cell
from makna.report.language import NOTHING, Locale, is_number

T = TypeVar("T")


def score_cell(score: dict[str, Any], locale: Locale, best: bool = False) -> Cell:
    """Return a value over its interval; the pooled value too where it is another number to three decimals."""
    if not is_number(score.get("value")):
        why = f"why_{score.get('why')}"
        return Cell(NOTHING, locale.say(why) if locale.knows(why) else "")
    below = locale.interval(score.get("low"), score.get("high"))
    pooled = score.get("pooled")
    if is_number(pooled) and locale.score(pooled) != locale.score(score["value"]):
        below = f"{below}\n{locale.say('pooled', value=locale.score(pooled))}".strip()
    return Cell(locale.score(score["value"]), below, best)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Return the items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
