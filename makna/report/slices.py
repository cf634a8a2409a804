"""Scores by length and by token rarity, and whether length alone gives the label away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from matplotlib.figure import Figure

from makna.report.blocks import Cell, Formula, Heading, Paragraph, Picture, Section, Table, strong
from makna.report.cells import chunks, score_cell
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import MOST_SYSTEMS, Run, branch, entries
from makna.report.slice_charts import SliceAxes, SlicePanel, draw_ranks, draw_slices

KINDS = ("length", "rarity")
TOKENS = "token-frequency"
_ACROSS = 4
_LABELS_ACROSS = 7
_TRIVIAL = ("majority", "mean")
_RARITY = "rarity(t) = −ln(count(t) / Σ count(t′))"


def figure_of(kind: str) -> str:
    """Return the name of the figure of a kind of slice.

    Examples
    --------
    >>> figure_of("length")
    'slices-length'
    """
    return f"slices-{kind}"


def slices_section(run: Run, locale: Locale) -> Section | None:
    """Return scores by length and by rarity, each as figure and table, and the tokens they are made of."""
    if not any(_bins(run, kind) for kind in KINDS) and not _ranks(run):
        return None
    blocks: list[Any] = [Paragraph(sentence(locale.say("slices_lead", metric=_measure(run, locale))))]
    if _bins(run, "length"):
        blocks += [Heading(sentence(locale.say("slices_by_length"))), *_shortcut(run, locale)]
        blocks += _of_kind(run, locale, "length")
        blocks += _truth_tables(run, locale)
    if _bins(run, "rarity") or _ranks(run):
        blocks.append(Heading(sentence(locale.say("slices_by_rarity"))))
        blocks.append(Formula("rarity", _RARITY, locale.say("slices_rarity_symbols")))
        blocks += _made_how(run, locale)
    if _bins(run, "rarity"):
        blocks += _of_kind(run, locale, "rarity")
    blocks += _tokens(run, locale)
    return Section("slices", locale.say("slices_title"), blocks)


def slice_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the figures of slices: name → a function that draws it."""
    found: dict[str, Callable[[], Figure]] = {}

    def draw(kind: str) -> Callable[[], Figure]:
        return lambda: draw_slices(_panels(run, kind), _axes(run, locale, kind), locale)

    for kind in KINDS:
        if _panels(run, kind):
            found[figure_of(kind)] = draw(kind)
    ranks = _ranks(run)
    if ranks:
        found[TOKENS] = lambda: draw_ranks(ranks, (locale.say("axis_rank"), locale.say("axis_count")), locale)
    return found


def bin_name(one: dict[str, Any], locale: Locale, whole: bool, ends: tuple[bool, bool]) -> str:
    """Return a bin's name: its edges, or ``<`` and ``≥`` where bins at this end were joined.

    Parameters
    ----------
    one : dict
        ``low``, ``high`` and ``joined``.
    locale : Locale
        Language of the numbers.
    whole : bool
        Whether values are whole numbers, so that the last one within is named.
    ends : (bool, bool)
        Whether it is the first, and whether it is the last.
    """
    low, high = one["low"], one["high"]
    if one.get("joined", 1) > 1 and ends != (True, True):
        return f"<\u202f{locale.setting(high)}" if ends[0] else f"≥\u202f{locale.setting(low)}"
    last = high - 1 if whole else high
    return locale.setting(low) if low == last else f"{locale.setting(low)}–{locale.setting(last)}"


def _bins(run: Run, kind: str) -> list[dict[str, Any]]:
    found = [one for one in entries(run.explain, "slices", kind, "bins") if isinstance(one, dict)]
    return [one for one in found if is_number(one.get("low")) and is_number(one.get("high"))]


def _bin_names(run: Run, locale: Locale, kind: str) -> list[str]:
    bins = _bins(run, kind)
    last = len(bins) - 1
    return [bin_name(one, locale, kind == "length", (i == 0, i == last)) for i, one in enumerate(bins)]


def _measure(run: Run, locale: Locale) -> str:
    return locale.metric("mae" if run.is_number else "accuracy")


def _scores(run: Run, kind: str, system: str) -> list[dict[str, Any]]:
    found = entries(run.explain, "slices", kind, "systems", system)
    return [one if isinstance(one, dict) else {} for one in found]


def _told(run: Run, kind: str) -> list[str]:
    """Systems with slices, models first, the best first."""
    there = branch(run.explain, "slices", kind, "systems")
    return [name for name in [*run.featured, *run.baselines] if name in there]


def _panels(run: Run, kind: str) -> list[SlicePanel]:
    names = [name for name in _told(run, kind) if name not in run.baselines] or _told(run, kind)
    return [_panel(run, kind, name) for name in names[:MOST_SYSTEMS]]


def _panel(run: Run, kind: str, name: str) -> SlicePanel:
    points = [
        (one["value"], one["low"], one["high"])
        if all(is_number(one.get(key)) for key in ("value", "low", "high"))
        else None
        for one in _scores(run, kind, name)
    ]
    return SlicePanel(name, points)


def _axes(run: Run, locale: Locale, kind: str) -> SliceAxes:
    counts = [int(one.get("n", 0)) for one in _bins(run, kind)]
    trivial = next((name for name in _told(run, kind) if name in _TRIVIAL), None)
    of_tokens = branch(run.explain, "slices", kind).get("pair") == "token"
    return SliceAxes(
        _bin_names(run, locale, kind),
        counts,
        _axis(run, locale, kind),
        sentence(_measure(run, locale)),
        locale.say("axis_tokens" if of_tokens else "axis_rows"),
        _panel(run, kind, trivial) if trivial else None,
    )


def _axis(run: Run, locale: Locale, kind: str) -> str:
    about = branch(run.explain, "slices", kind)
    key = f"axis_length_{about.get('unit')}" if kind == "length" else f"axis_rarity_{about.get('pair')}"
    return locale.say(key) if locale.knows(key) else locale.say("axis_rarity_mean")


def _shortcut(run: Run, locale: Locale) -> Iterator[Paragraph]:
    """Length alone beside always saying the same."""
    told = branch(run.explain, "slices", "shortcut")
    alone, against = branch(told, "length"), str(told.get("against"))
    beside = branch(told, against)
    if not (is_number(alone.get("value")) and is_number(beside.get("value"))):
        return
    found = "slices_shortcut" if told.get("better") else "slices_no_shortcut"
    if told.get("excludes") and not told.get("better"):
        found = "slices_shortcut_worse"
    yield Paragraph(
        locale.say(
            found,
            metric=_measure(run, locale),
            value=strong(locale.score(alone["value"])),
            interval=locale.interval(alone.get("low"), alone.get("high")),
            n=locale.whole(alone.get("n")),
            against=against,
            other=locale.score(beside["value"]),
        )
    )


def _of_kind(run: Run, locale: Locale, kind: str) -> Iterator[Any]:
    level = locale.level(_level(run))
    fields = {"metric": _measure(run, locale), "level": level, "axis": _axis(run, locale, kind)}
    if _panels(run, kind):
        yield Picture(figure_of(kind), sentence(locale.say("slices_figure", **fields)))
    yield from _ends(run, locale, kind)
    names, bins = _bin_names(run, locale, kind), _bins(run, kind)
    joined = [f"{name} ({one['joined']})" for name, one in zip(names, bins, strict=True) if one.get("joined", 1) > 1]
    least = locale.whole(branch(run.explain, "slices", kind).get("least"))
    note = locale.say("slices_joined", bins=locale.listing(joined), least=least) if joined else ""
    for few in chunks(_told(run, kind), _ACROSS):
        rows: list[list[Cell | str]] = []
        for k, one in enumerate(bins):
            scores = [_scores(run, kind, name) for name in few]
            cells = [score_cell(found[k] if k < len(found) else {}, locale) for found in scores]
            rows.append([names[k], locale.whole(one.get("n")), *cells])
        columns = [sentence(fields["axis"]), locale.say("n"), *few]
        caption = sentence(locale.say("slices_table", **fields))
        yield Table(caption, columns, rows, range(1, len(columns)), note, folded=True)


def _level(run: Run) -> float:
    level = branch(run.explain, "slices").get("level")
    return level if is_number(level) else run.level


def _ends(run: Run, locale: Locale, kind: str) -> Iterator[Paragraph]:
    """The first bin beside the last, for the best model."""
    best = next((panel for panel in _panels(run, kind) if panel.name not in run.baselines), None)
    if best is None or len(best.points) < 2 or best.points[0] is None or best.points[-1] is None:
        return
    names = _bin_names(run, locale, kind)
    first, last = best.points[0], best.points[-1]
    apart = first[2] < last[1] or last[2] < first[1]
    yield Paragraph(
        locale.say(
            "slices_ends_differ" if apart else "slices_ends_alike",
            system=strong(best.name),
            axis=_axis(run, locale, kind),
            first=names[0],
            last=names[-1],
            one=f"{locale.score(first[0])} {locale.interval(*first[1:])}",
            other=f"{locale.score(last[0])} {locale.interval(*last[1:])}",
        )
    )


def _truth_tables(run: Run, locale: Locale) -> Iterator[Table]:
    """The share of each label, or the mean of the true numbers, by length."""
    names, bins = _bin_names(run, locale, "length"), _bins(run, "length")
    axis = sentence(_axis(run, locale, "length"))
    if any(branch(one, "truth") for one in bins):
        rows: list[list[Cell | str]] = [
            [name, locale.whole(one.get("n")), score_cell(branch(one, "truth"), locale)]
            for name, one in zip(names, bins, strict=True)
        ]
        columns = [axis, locale.say("n"), sentence(locale.say("axis_true_number"))]
        yield Table(locale.say("slices_truth_table"), columns, rows, range(1, 3), folded=True)
        return
    labels = list(dict.fromkeys(label for one in bins for label in branch(one, "labels")))
    for few in chunks(labels, _LABELS_ACROSS):
        rows = [
            [name, locale.whole(one.get("n")), *(share_cell(branch(one, "labels", label), locale) for label in few)]
            for name, one in zip(names, bins, strict=True)
        ]
        columns = [axis, locale.say("n"), *(label or "∅" for label in few)]
        level = locale.level(_level(run))
        yield Table(locale.say("slices_labels_table", level=level), columns, rows, range(1, len(columns)), folded=True)


def share_cell(share: dict[str, Any], locale: Locale) -> Cell:
    """Return a share in per cent over its interval."""
    if not is_number(share.get("share")):
        return Cell(NOTHING)
    between = "; " if locale.lang == "id" else ", "
    ends = [100 * end for end in (share.get("low"), share.get("high")) if is_number(end)]
    below = f"[{between.join(locale.number(end, 1) for end in ends)}]" if len(ends) == 2 else ""
    return Cell(locale.percent(share["share"]), below)


def _made_how(run: Run, locale: Locale) -> Iterator[Paragraph]:
    about = branch(run.explain, "slices", "rarity")
    key = f"slices_pair_{about.get('pair')}"
    told = [locale.say(key)] if locale.knows(key) else []
    told.append(locale.say("slices_stopwords_drop" if about.get("stopwords") == "drop" else "slices_stopwords_keep"))
    if about.get("unseen"):
        told.append(locale.say("slices_unseen", n=locale.whole(about["unseen"])))
    if about.get("without"):
        told.append(locale.say("slices_without", n=locale.whole(about["without"])))
    if about:
        yield Paragraph(" ".join(told))


def _tokens(run: Run, locale: Locale) -> Iterator[Any]:
    about = branch(run.explain, "slices", "tokens")
    if not about:
        return
    fields = {key: locale.whole(about.get(key)) for key in ("total", "distinct", "once", "rows")}
    yield Paragraph(locale.say("slices_tokens", **fields))
    if _ranks(run):
        yield Picture(TOKENS, locale.say("slices_tokens_figure"))
    common = [row for row in entries(about, "common") if isinstance(row, list) and len(row) == 3]
    if common:
        rows: list[Sequence[Cell | str]] = [
            [locale.whole(i), str(token), locale.whole(n), locale.number(rarity, 2)]
            for i, (token, n, rarity) in enumerate(common, 1)
        ]
        columns = [sentence(locale.say(key)) for key in ("axis_rank", "token", "axis_count", "rarity")]
        yield Table(locale.say("slices_common_table", n=len(common)), columns, rows, (0, 2, 3))


def _ranks(run: Run) -> list[tuple[int, int]]:
    found = entries(run.explain, "slices", "tokens", "ranks")
    return [(row[0], row[1]) for row in found if isinstance(row, list) and len(row) == 2 and all(map(is_number, row))]
