"""Principal components: how much of the variance they keep, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from makna.report.blocks import Paragraph, Picture, Section, Table
from makna.report.cellnames import root_of
from makna.report.charts import BLUE, INK, QUIET, WIDTH, plain_figure, ticks
from makna.report.facts import facts_with, step_seconds, systems_told
from makna.report.language import NOTHING, Locale, is_number
from makna.report.naming import figure_names
from makna.report.reading import MOST_SYSTEMS, Run, branch, entries

_KIND = "pca"
_FEW = 6  # sizes that are written beside their marks


@dataclass(frozen=True)
class Components:
    """The components of one system, of all its cells together.

    Parameters
    ----------
    explained : sequence of float
        Share of the variance of each component.
    cells : mapping of int to sequence of str
        Number of components → the systems that use so many.
    facts : dict
        Rows, features and solver.
    """

    explained: Sequence[float]
    cells: Mapping[int, Sequence[str]]
    facts: dict[str, Any]

    def share(self, size: int) -> float:
        """Return the share of the variance that the first `size` components keep."""
        return float(np.sum(self.explained[:size]))


def components_of(run: Run) -> dict[str, Components]:
    """Return the components by system, the cells of a grid under the system's own name."""
    found: dict[str, list[tuple[str, dict[str, Any], list[float]]]] = {}
    for system in systems_told(run, "explained"):
        facts = facts_with(run, system, "explained")
        shares = [float(share) for share in entries(facts, "explained") if is_number(share)]
        if shares:
            found.setdefault(root_of(system), []).append((system, facts, shares))
    made = {}
    for root, told in list(found.items())[:MOST_SYSTEMS]:
        cells: dict[int, list[str]] = {}
        for system, _, shares in sorted(told, key=lambda one: len(one[2])):
            cells.setdefault(len(shares), []).append(system)
        _, facts, longest = max(told, key=lambda one: len(one[2]))
        made[root] = Components(longest, cells, facts)
    return made


def components_section(run: Run, locale: Locale) -> Section | None:
    """Return how much of the variance the components keep, as a curve and a table with seconds."""
    found = components_of(run)
    if not found:
        return None
    lead = "components_lead_all" if _on_all_rows(run) else "components_lead"
    blocks: list[Any] = [Paragraph(locale.say(lead))]
    names = figure_names("components", found)
    for root, components in found.items():
        facts = components.facts
        sizes = {key: locale.whole(facts.get(key)) for key in ("rows", "features")}
        if NOTHING not in sizes.values():
            blocks.append(Paragraph(locale.say("components_of", system=root, **sizes)))
        blocks.append(Picture(names[root], locale.say("components_figure", system=root)))
        blocks += _table(run, locale, root, components)
    return Section("components", locale.say("components_title"), blocks)


def _on_all_rows(run: Run) -> bool:
    """Whether the components were computed before the rows were parted."""
    steps = [step for name in run.systems for step in entries(run.systems[name], "params", "represent")]
    return any(branch({"": step}, "", "settings").get("fit_rows") == "all" for step in steps)


def component_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the curve of each system's components."""
    axes = (locale.say("axis_components"), locale.say("axis_explained"))
    found = components_of(run)

    def draw(components: Components) -> Callable[[], Figure]:
        return lambda: draw_explained(components, axes, locale)

    return {name: draw(found[root]) for root, name in figure_names("components", found).items()}


def draw_explained(components: Components, axes: tuple[str, str], locale: Locale) -> Figure:
    """Draw the share of the variance that is kept against the number of components; sizes in use are marked."""
    figure, ax = plain_figure(WIDTH, 3.0)
    total = np.cumsum(components.explained)
    ax.plot(np.arange(1, len(total) + 1), total, color=BLUE, linewidth=1.6, zorder=2)
    sizes = list(components.cells)
    ax.vlines(sizes, 0, [components.share(size) for size in sizes], color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)))
    for size in sizes:
        ax.plot([size], [components.share(size)], "o", color=BLUE, markersize=6, zorder=3)
        if len(sizes) <= _FEW:
            told = locale.percent(components.share(size), 0)
            ax.annotate(told, (size, components.share(size)), (0, 6), textcoords="offset points",
                        ha="center", fontsize=8, color=INK)  # fmt: skip
    ax.set_xlim(0, len(total) * 1.06)
    ax.set_ylim(0, min(1.08, float(total[-1]) * 1.25))
    ax.yaxis.set_major_formatter(lambda value, _: locale.percent(value, 0))
    ticks(ax, "x", locale, whole=True)
    ax.set_xlabel(axes[0])
    ax.set_ylabel(axes[1])
    return figure


def _table(run: Run, locale: Locale, root: str, components: Components) -> Iterator[Table]:
    """Components, share and seconds; where sizes share one fit, the largest has them."""
    times = {size: _seconds(run, cells) for size, cells in components.cells.items()}
    known = [seconds for seconds in times.values() if seconds is not None]
    is_shared = 0 < len(known) < len(times)
    if is_shared:
        times = {size: sum(known) if size == max(times) else None for size in times}
    rows = []
    for size, seconds in times.items():
        cells = [locale.whole(size), locale.percent(components.share(size))]
        rows.append([*cells, *([locale.seconds(seconds)] if known else [])])
    columns = [locale.say(key) for key in ("components", "explained", *(["fit_time"] if known else []))]
    note = locale.say("components_shared", n=locale.whole(max(times))) if is_shared else ""
    yield Table(locale.say("components_table", system=root), columns, rows, range(len(columns)), note)


def _seconds(run: Run, cells: Sequence[str]) -> float | None:
    """The seconds of all fits of these cells, None where none of them was fitted by itself."""
    times = [step_seconds(run, cell, _KIND) for cell in cells]
    fitted = [time["fit"] for time in times if "fit" in time and time.get("fits", 1)]
    return sum(fitted) if fitted else None
