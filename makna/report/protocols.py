"""One study under several protocols, side by side: every system's scores, what leaks, and what the leak is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from makna.report.blocks import Cell, Heading, Listing, Paragraph, Section, Table, strong
from makna.report.cells import breakable, chunks, rows_judged, system_cell
from makna.report.compact import compact_tables
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries

_METRICS = 2
_PROTOCOLS_ACROSS = 5
_ONLY_PAPER = {"paper"}  # one other way stands beside a paper's figures instead


def protocols_section(run: Run, locale: Locale) -> Section | None:
    """Return the systems under every protocol as one table; None where there is no other, or the paper's alone."""
    others = other_runs(run)
    if not others or set(others) == _ONLY_PAPER:
        tables = list(compact_tables(run, locale))
        return Section("grid", locale.say("compact_title"), tables) if tables else None
    ways = {run.protocol: run, **others}
    blocks: list[Any] = [Paragraph(locale.say("ways_lead", n=len(ways))), *_ways(ways, locale)]
    if told := list(_leaks(ways, locale)):
        blocks.append(Listing(told))
    blocks += _scores(ways, locale)
    blocks += _differences(run, locale)
    for name, way in ways.items():
        tables = list(compact_tables(way, locale))
        blocks += [Heading(locale.say("way_heading", protocol=name)), *tables] if tables else []
    return Section("protocols", locale.say("ways_title"), blocks)


def other_runs(run: Run) -> dict[str, Run]:
    """Return protocol → the systems as scored under it, for the protocols that ran beside the run's own."""
    told = branch(run.metrics, "protocols")
    found = {}
    for name in told:
        systems = branch(told, name, "systems")
        if systems:
            own = {
                "raters": branch(told, name, "raters"),
                "static_contextual": entries(told, name, "static_contextual"),
            }
            metrics = {**run.metrics, **own, "comparisons": [], "protocols": {}, "systems": systems}
            data = {"leaks": entries(told, name, "leaks"), "shared_groups": entries(told, name, "shared_groups")}
            recipe = {**run.recipe, "split": branch(told, name, "split"), "protocol": name}
            manifest = {**run.manifest, "protocol": name}
            found[name] = replace(run, metrics=metrics, data=data, recipe=recipe, manifest=manifest)
    return found


def split_words(split: dict[str, Any], locale: Locale, grouped: bool) -> str:
    """Return how rows are parted: folds or shares, and whether groups stay together."""
    folds, shares = split.get("folds"), branch(split, "holdout")
    if shares:
        told = "/".join(locale.number(100 * share, 0) for share in shares.values() if is_number(share))
    elif folds:
        told = locale.say("split_folds", n=folds)
    else:
        told = locale.say("split_given")
    return f"{told}, {locale.say('split_grouped' if grouped else 'split_random')}"


def _ways(ways: dict[str, Run], locale: Locale) -> Iterator[Table]:
    rows: list[list[Cell | str]] = []
    for name, way in ways.items():
        sizes = {way.score(system).get("n") for system in way.systems} - {None}
        n = next(iter(sizes)) if len(sizes) == 1 else None
        shared = _shared(way)
        is_grouped = branch(way.recipe, "split").get("group") is not False and not shared
        known = locale.say("shared_of", rows=locale.whole(shared[0]), of=locale.whole(shared[1])) if shared else NOTHING
        same = max([leak["rows"] for leak in _texts(way)], default=0)
        rows.append(
            [
                name,
                split_words(branch(way.recipe, "split"), locale, is_grouped),
                locale.whole(n),
                known,
                locale.whole(same) if same else NOTHING,
            ]
        )
    columns = [locale.say(key) for key in ("protocol", "split_how", "rows_scored", "known_groups", "known_texts")]
    yield Table(locale.say("ways_table"), columns, rows, range(2, 5), locale.say("ways_note"))


def _leaks(ways: dict[str, Run], locale: Locale) -> Iterator[str]:
    """What leaks, by name, protocol by protocol."""
    for name, way in ways.items():
        told = []
        if shared := _shared(way):
            told.append(locale.say("leak_groups", rows=locale.whole(shared[0]), of=locale.whole(shared[1])))
        if same := _texts(way):
            most = max(same, key=lambda leak: leak["rows"])
            told.append(locale.say("leak_texts", rows=locale.whole(most["rows"])))
        if told:
            yield f"{strong(name)}: {' '.join(told)}"


def _shared(way: Run) -> tuple[int, int] | None:
    for one in entries(way.data, "shared_groups"):
        if isinstance(one, dict) and one.get("part") == way.part and one.get("rows"):
            return one["rows"], one["of"]
    return None


def _texts(way: Run) -> list[dict[str, Any]]:
    """Held rows of the part that is reported whose very text is known from training."""
    found = [leak for leak in entries(way.data, "leaks") if isinstance(leak, dict) and is_number(leak.get("rows"))]
    return [leak for leak in found if leak.get("kind") != "group" and entries(leak, "parts")[-1:] == [way.part]]


def _scores(ways: dict[str, Run], locale: Locale) -> Iterator[Table]:
    """A row a system, and for each protocol the first two metrics: all that the study compares, as one table."""
    run = next(iter(ways.values()))
    names = [*run.ranked, *(name for way in ways.values() for name in way.systems if name not in run.systems)]
    metrics = run.metrics_asked[:_METRICS]
    for few in chunks(list(ways), _PROTOCOLS_ACROSS):
        best = {(way, metric): ways[way].best(metric) for way in few for metric in metrics}
        rows: list[list[Cell | str]] = []
        for name in dict.fromkeys(names):
            below = (
                locale.say("baseline") if any(w.systems.get(name, {}).get("baseline") for w in ways.values()) else ""
            )
            cells = [_cell(ways[way], name, metric, locale, best[way, metric]) for way in few for metric in metrics]
            rows.append([system_cell(name, locale, below), *cells])
        over = [("", 1), *((way, len(metrics)) for way in few)]
        columns = [locale.say("system"), *(short_metric(metric, locale) for _ in few for metric in metrics)]
        caption = locale.say("ways_scores", metrics=locale.listing(short_metric(metric, locale) for metric in metrics))
        note = locale.say("ways_scores_note", level=locale.level(run.level))
        yield Table(caption, columns, rows, range(1, len(columns)), note, over=over, folded=False)


def short_metric(metric: str, locale: Locale) -> str:
    """Return a metric's name where there is little room: what stands in brackets, else the whole."""
    inside = locale.metric(metric).rpartition("(")[2].removesuffix(")")
    return inside if metric != "pearson" else "r"


def _cell(way: Run, system: str, metric: str, locale: Locale, best: str) -> Cell:
    if system not in way.systems:
        return Cell(NOTHING, locale.say("not_run"))
    score, pooled = way.score(system, metric), way.pooled(system, metric)
    below = breakable(locale.interval(score.get("low"), score.get("high"))) if pooled is not None else ""
    return Cell(locale.score(pooled), below, system == best)


def _differences(run: Run, locale: Locale) -> Iterator[Table]:
    """What each protocol that judged the same rows adds to a score, with its interval."""
    metrics = run.metrics_asked[:_METRICS]
    for name in branch(run.metrics, "protocols"):
        told = {
            (row.get("system"), row.get("metric")): row
            for row in entries(run.metrics, "protocols", name, "differences")
            if isinstance(row, dict) and row.get("part", run.part) == run.part
        }
        rows: list[list[Cell | str]] = []
        for system in run.shown:
            found = [told.get((system, metric), {}) for metric in metrics]
            if system in run.models and any(found):
                cells = [
                    Cell(locale.difference(row.get("difference")),
                         breakable(locale.interval(row.get("low"), row.get("high"))))
                    for row in found
                ]  # fmt: skip
                rows.append([system_cell(system, locale, rows_judged(found[0].get("n"), locale)), *cells])
        if rows:
            columns = [locale.say("system"), *(sentence(locale.metric(metric)) for metric in metrics)]
            caption = locale.say("ways_differences", own=run.protocol, other=name)
            note = locale.say("ways_differences_note", own=run.protocol, other=name, level=locale.level(run.level))
            yield Table(caption, columns, rows, range(1, len(columns)), note)
