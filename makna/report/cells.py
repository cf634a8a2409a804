"""Cells that tables of scores share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from makna.report.blocks import Cell
from makna.report.cellnames import cell_of, root_of, words_of
from makna.report.language import NOTHING, Locale, is_number

T = TypeVar("T")


def score_cell(score: dict[str, Any], locale: Locale, best: bool = False) -> Cell:
    """Return a value over its interval; the pooled value too where it is another number to three decimals."""
    if not is_number(score.get("value")):
        why = f"why_{score.get('why')}"
        return Cell(NOTHING, locale.say(why) if locale.knows(why) else "")
    below = breakable(locale.interval(score.get("low"), score.get("high")))
    pooled = score.get("pooled")
    if is_number(pooled) and locale.score(pooled) != locale.score(score["value"]):
        below = f"{below}\n{locale.say('pooled', value=locale.score(pooled))}".strip()
    return Cell(locale.score(score["value"]), below, best)


def system_cell(name: str, locale: Locale, *below: str) -> Cell:
    """Return a system's name, the settings of a cell below it."""
    settings = [words_of(cell_of(name), locale)] if root_of(name) != name else []
    return Cell(root_of(name), "\n".join(filter(None, [*settings, *below])))


def system_words(name: str, locale: Locale) -> str:
    """Return a system's name, the settings of a cell in brackets that a narrow column may break."""
    return f"{root_of(name)} ({words_of(cell_of(name), locale)})" if root_of(name) != name else name


def breakable(interval: str) -> str:
    """Return an interval that a narrow column may break between its ends."""
    return interval.replace("\u00a0", " ")


def rows_judged(n: Any, locale: Locale) -> str:
    """Return how many rows a score was computed from."""
    return f"n\u00a0=\u00a0{locale.whole(n)}"


def p_words(p: float, locale: Locale) -> str:
    """Return a p-value as ``p = 0.043`` or ``p < 0.001``."""
    shown = locale.p_value(p)
    return f"p\u00a0{shown}" if shown.startswith("<") else f"p\u00a0=\u00a0{shown}"


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Return the items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
