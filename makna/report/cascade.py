"""Cascades: what the small system answers and what the large one is asked, accuracy against cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from matplotlib.figure import Figure

from makna.report.blocks import Cell, Heading, Paragraph, Picture, Section, Table, strong
from makna.report.cascade_charts import CostPoint, CostWords, draw_frontier, share_words
from makna.report.cells import breakable
from makna.report.facts import facts_with, systems_told
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.naming import figure_names
from makna.report.reading import MOST_SYSTEMS, Run, branch, entries

_KEY = "cascade"
_NEVER = 1.0  # thresholds above it are reached by no probability


def cascade_section(run: Run, locale: Locale) -> Section | None:
    """Return each cascade: its systems, the point that was chosen, accuracy against cost, and its third answer."""
    found = cascades_of(run)
    if not found:
        return None
    blocks: list[Any] = [Paragraph(locale.say("cascade_lead"))]
    names = figure_names(_KEY, found)
    for system, facts in found.items():
        if len(found) > 1:
            blocks.append(Heading(system))
        blocks += _chosen(system, facts, locale)
        if _can_draw(facts):
            blocks.append(Picture(names[system], locale.say("cascade_figure", system=system)))
        blocks += [*_table(system, facts, locale), *_band(facts, locale)]
    return Section(_KEY, locale.say("cascade_title"), blocks)


def cascade_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the frontier of each cascade: name → a function that draws it."""
    found = cascades_of(run)

    def draw(facts: dict[str, Any]) -> Callable[[], Figure]:
        words = CostWords(
            locale.say("axis_cost", whole=_whole(facts, locale)),
            sentence(locale.metric("accuracy")),
            locale.say("cascade_frontier"),
            locale.say("cascade_member"),
            locale.say("cascade_chosen_mark"),
        )
        members, frontier = _points(facts, "members"), _points(facts, "frontier")
        return lambda: draw_frontier(members, frontier, _point(branch(facts, "chosen")), words, locale)

    return {name: draw(found[system]) for system, name in figure_names(_KEY, found).items() if _can_draw(found[system])}


def cascades_of(run: Run) -> dict[str, dict[str, Any]]:
    """Return the facts of the cascades by system, the best first."""
    found = {name: branch(facts_with(run, name, _KEY), _KEY) for name in systems_told(run, _KEY)}
    return dict([(name, facts) for name, facts in found.items() if facts][:MOST_SYSTEMS])


def _can_draw(facts: dict[str, Any]) -> bool:
    return len(_points(facts, "members")) + len(_points(facts, "frontier")) > 1


def _points(facts: dict[str, Any], key: str) -> list[CostPoint]:
    found = [_point(one) for one in entries(facts, key) if isinstance(one, dict)]
    return [point for point in found if point is not None]


def _point(one: dict[str, Any]) -> CostPoint | None:
    if not (is_number(one.get("cost")) and is_number(one.get("accuracy"))):
        return None
    low, high = one.get("low"), one.get("high")
    ends = (low, high) if is_number(low) and is_number(high) else None
    return CostPoint(one["cost"], one["accuracy"], ends, str(one.get("name", "")))


def _chosen(system: str, facts: dict[str, Any], locale: Locale) -> Iterator[Paragraph]:
    chosen = branch(facts, "chosen")
    point = _point(chosen)
    if point is None:
        return
    fields = {
        "system": strong(system),
        "accuracy": locale.score(point.value),
        "interval": locale.interval(*(point.ends or (None, None))),
        "cost": strong(share_words(point.cost, locale)),
        "n": locale.whole(chosen.get("n")),
    }
    yield Paragraph(locale.say("cascade_chosen", **fields))
    if is_number(chosen.get("difference")):
        ends = (chosen.get("difference_low"), chosen.get("difference_high"))
        interval = locale.interval(*ends)
        yield Paragraph(
            locale.say(
                "cascade_difference",
                whole=_whole(facts, locale),
                difference=locale.difference(chosen["difference"]),
                interval=interval,
            )
        )


def _whole(facts: dict[str, Any], locale: Locale) -> str:
    """Return what accuracy and cost are measured by."""
    return locale.say("cascade_whole_all" if branch(facts, "wish").get("against") == "all" else "cascade_whole_last")


def _table(system: str, facts: dict[str, Any], locale: Locale) -> Iterator[Table]:
    """Each system: its accuracy and cost alone, from which probability it answers, and how many rows it answers."""
    chosen = branch(facts, "chosen")
    thresholds, shares = entries(chosen, "thresholds"), branch(chosen, "shares")
    rows: list[list[Cell | str]] = []
    for place, member in enumerate(one for one in entries(facts, "members") if isinstance(one, dict)):
        name = str(member.get("name", ""))
        interval = breakable(locale.interval(member.get("low"), member.get("high")))
        threshold = thresholds[place] if place < len(thresholds) else None
        never = is_number(threshold) and threshold > _NEVER
        cost = member.get("cost")
        rows.append(
            [
                name,
                Cell(locale.score(member.get("accuracy")), interval),
                share_words(cost, locale) if is_number(cost) else NOTHING,
                locale.say("cascade_never") if never else locale.score(threshold),
                locale.percent(shares.get(name)),
            ]
        )
    point = _point(chosen)
    if point is not None:
        interval = breakable(locale.interval(*(point.ends or (None, None))))
        accuracy = Cell(locale.score(point.value), interval, emphasised=True)
        rows.append([Cell(system, emphasised=True), accuracy, share_words(point.cost, locale), NOTHING, NOTHING])
    if rows:
        keys = ("system", "metric_accuracy", "cascade_cost", "cascade_threshold", "cascade_answers")
        columns = [sentence(locale.say(key)) for key in keys]
        yield Table(locale.say("cascade_table", system=system), columns, rows, range(1, 5), locale.say("cascade_note"))


def _band(facts: dict[str, Any], locale: Locale) -> Iterator[Paragraph]:
    band = branch(facts, "band")
    if not is_number(band.get("share")):
        return
    fields = {key: locale.score(band.get(key)) for key in ("low", "high", "accuracy_in", "accuracy_out")}
    yield Paragraph(
        locale.say("cascade_band", share=strong(locale.percent(band["share"])), n=locale.whole(band.get("n")), **fields)
    )
