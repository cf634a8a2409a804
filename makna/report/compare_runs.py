"""Several runs side by side, such as one study in two languages: a table of scores, a sentence a run, a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from makna.core.errors import UserError
from makna.core.files import write_text
from makna.report.blocks import Cell, Heading, Listing, Paragraph, Section, Table, spans, subscripts
from makna.report.cells import breakable, rows_judged, system_cell
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.marks import vectors_sentences
from makna.report.page import number_blocks
from makna.report.people import rater_pairs
from makna.report.protocols import other_runs, short_metric, split_words
from makna.report.reading import Run, branch, entries, read_run

_MOST_METRICS = 4
COLUMNS = (
    *("run", "title", "protocol", "split", "system", "represents", "baseline", "part"),
    *("metric", "value", "pooled", "low", "high", "n"),
)


@dataclass(frozen=True)
class Runs:
    """Runs to be compared.

    Parameters
    ----------
    ways : dict of dict of Run
        Run's name → protocol → the run as scored under it.
    metrics : sequence of str
        Metrics that are shown.
    """

    ways: dict[str, dict[str, Run]]
    metrics: Sequence[str]

    @property
    def own(self) -> dict[str, Run]:
        """Each run under its own protocol."""
        return {name: next(iter(ways.values())) for name, ways in self.ways.items()}

    @property
    def protocols(self) -> list[str]:
        """Every protocol of every run, in their order; one empty name where each run has its own alone."""
        if all(len(ways) == 1 for ways in self.ways.values()):
            return [""]
        return list(dict.fromkeys(protocol for ways in self.ways.values() for protocol in ways))

    def under(self, protocol: str) -> dict[str, Run]:
        """Return the runs that were scored under a protocol; each under its own for the empty name."""
        return {name: ways[protocol] for name, ways in self.ways.items() if protocol in ways} if protocol else self.own


def read_runs(folders: Sequence[Path | str], metrics: Sequence[str] = ()) -> Runs:
    """Read run folders that are to be compared.

    Parameters
    ----------
    folders : sequence of path
        Two run folders or more, of the same kind of target.
    metrics : sequence of str
        Metrics to show; those that the first run's recipe names, as far as all have them, when empty.

    Raises
    ------
    UserError
        Fewer than two folders, a folder without a run, targets that differ, or a metric that no run has.
    """
    if len(folders) < 2:
        raise UserError("report.compare_two", n=len(folders))
    runs = [read_run(folder) for folder in folders]
    if len({run.target for run in runs}) > 1:
        came = ", ".join(f"{run.folder.name}: {run.target}" for run in runs)
        raise UserError("report.compare_targets", came=came)
    shared = [metric for metric in runs[0].metrics_found if all(metric in run.metrics_found for run in runs)]
    unknown = [metric for metric in metrics if metric not in shared]
    if unknown or not shared:
        raise UserError("report.compare_metric", came=", ".join(unknown), allowed=", ".join(shared))
    usual = [metric for metric in runs[0].metrics_asked if metric in shared] or shared
    ways = {name: {run.protocol: run, **other_runs(run)} for name, run in zip(_names(runs), runs, strict=True)}
    return Runs(ways, list(metrics) or usual[:_MOST_METRICS])


def score_table(runs: Runs, locale: Locale) -> pd.DataFrame:
    """Return every score of every run, one row a run, protocol, system, part and metric (columns `COLUMNS`)."""
    rows = [
        row
        for name, ways in runs.ways.items()
        for protocol, run in ways.items()
        for row in _long(run, runs.metrics, {"run": name, "title": run.title, "protocol": protocol,
                                             "split": split_of(run, locale)})
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def compare_sections(runs: Runs, locale: Locale) -> list[Section]:
    """Return what the page of a comparison shows."""
    found = [Section("runs", locale.say("compare_runs_title"), [_facts(runs, locale), *_warnings(runs, locale)])]
    blocks: list[Any] = [Paragraph(locale.say("compare_lead"))]
    for protocol in runs.protocols:
        table = side_by_side(runs, protocol, locale)
        blocks += [*([Heading(locale.say("way_heading", protocol=protocol))] if protocol else []), table]
    found.append(Section("scores", locale.say("compare_scores_title"), blocks))
    told = [text for name, run in runs.own.items() for text in _told(name, run, locale, len(runs.ways) > 1)]
    if told:
        found.append(Section("vectors", locale.say("vectors_heading"), [Listing(told)]))
    return number_blocks(found)


def side_by_side(runs: Runs, protocol: str, locale: Locale) -> Table:
    """Return the table of one protocol: a row a system, and under each run the metrics with n and interval."""
    there = runs.under(protocol)
    names = _order(list(there.values()))
    best = {(name, metric): run.best(metric) for name, run in there.items() for metric in runs.metrics}
    rows: list[list[Cell | str]] = []
    for system in names:
        is_base = any(run.systems.get(system, {}).get("baseline") for run in there.values())
        cells = [
            _cell(run.score(system, metric), locale, system == best[name, metric], metric == runs.metrics[0])
            for name, run in there.items()
            for metric in runs.metrics
        ]
        rows.append([system_cell(system, locale, locale.say("baseline") if is_base else ""), *cells])
    rows += _people(runs, there, locale)
    over = [("", 1), *((name, len(runs.metrics)) for name in there)]
    columns = [locale.say("system"), *(short_metric(metric, locale) for _ in there for metric in runs.metrics)]
    caption = locale.say(
        "compare_table", metrics=locale.listing(short_metric(metric, locale) for metric in runs.metrics)
    )
    level = locale.level(next(iter(there.values())).level)
    return Table(
        sentence(caption),
        columns,
        rows,
        range(1, len(columns)),
        locale.say("compare_note", level=level),
        over=over,
        folded=False,
    )


def make_compare_page(runs: Runs, target: Path, locale: Locale) -> Path:
    """Write the comparison as one HTML file that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("makna.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"spans": spans, "subscripts": subscripts}
    sections = compare_sections(runs, locale)
    page = environment.get_template("compare.html").render(
        locale=locale, sections=sections, title=" · ".join(runs.ways), drawings={}
    )
    write_text(target, page)
    return target


def split_of(run: Run, locale: Locale) -> str:
    """Return in words how a run's rows were parted."""
    split = branch(run.recipe, "split")
    is_grouped = split.get("group") is not False and not entries(run.data, "shared_groups")
    return split_words(split, locale, is_grouped)


def _names(runs: Sequence[Run]) -> list[str]:
    """Short names that no two runs share: the folder's, numbered where it comes twice."""
    found: list[str] = []
    for i, run in enumerate(runs, 1):
        name = run.folder.resolve().name
        found.append(f"{name} ({i})" if name in found else name)
    return found


def _long(run: Run, metrics: Sequence[str], about: dict[str, str]) -> Iterator[dict[str, Any]]:
    for system, told in run.systems.items():
        tags = {
            "system": system,
            "represents": " + ".join(map(str, entries(told, "represents"))),
            "baseline": str(bool(told.get("baseline"))).lower(),
        }
        for part in branch(told, "parts"):
            for metric in metrics:
                score = run.score(system, metric, part)
                if score:
                    numbers = {key: score.get(key) for key in ("value", "pooled", "low", "high", "n")}
                    yield {**about, **tags, "part": part, "metric": metric, **numbers}


def _order(runs: Sequence[Run]) -> list[str]:
    """Systems that more runs have first, then by the rank they have in the first run that has them."""
    names = list(dict.fromkeys(name for run in runs for name in run.ranked))
    counts = {name: sum(name in run.systems for run in runs) for name in names}
    return sorted(names, key=lambda name: -counts[name])


def _value(score: dict[str, Any]) -> Any:
    return score.get("pooled", score.get("value"))


def _cell(score: dict[str, Any], locale: Locale, best: bool, with_n: bool) -> Cell:
    value = _value(score)
    if not is_number(value):
        return Cell(NOTHING)
    below = [breakable(locale.interval(score.get("low"), score.get("high")))]
    below += [rows_judged(score.get("n"), locale)] if with_n else []
    return Cell(locale.score(value), "\n".join(filter(None, below)), best)


def _people(runs: Runs, there: dict[str, Run], locale: Locale) -> Iterator[list[Cell | str]]:
    pairs = {name: next(iter(rater_pairs(run, run.part)), {}) for name, run in there.items()}
    if any(pairs.values()):
        cells = [
            _cell(branch(pair, "scores", metric), locale, False, metric == runs.metrics[0])
            for pair in pairs.values()
            for metric in runs.metrics
        ]
        yield [locale.say("people"), *cells]


def _facts(runs: Runs, locale: Locale) -> Table:
    rows: list[list[Cell | str]] = []
    for name, run in runs.own.items():
        n = branch(run.data, "rows").get("kept") or branch(run.manifest, "data").get("rows")
        data = str(run.about.get("title") or run.about.get("source") or NOTHING)
        best = run.models[0] if run.models else NOTHING
        rows.append([name, Cell(run.title, data), locale.whole(n), split_of(run, locale), run.protocol, best])
    heads = ("compare_run", "compare_study", "rows_kept", "split_how", "protocol", "compare_best")
    return Table(locale.say("compare_facts"), [locale.say(key) for key in heads], rows, (2,))


def _warnings(runs: Runs, locale: Locale) -> Iterator[Paragraph]:
    """What makes the figures of these runs differ other than the data."""
    found = list(runs.own.values())
    told: dict[str, list[Any]] = {
        "protocol": [run.protocol for run in found],
        "compare_seed": [run.manifest.get("seed") for run in found],
        "compare_scale": [run.scale for run in found],
        "compare_version": [run.manifest.get("makna") for run in found],
    }
    differs = [locale.say(key) for key, values in told.items() if len(set(values)) > 1]
    if differs:
        yield Paragraph(locale.say("compare_differs", what=locale.listing(word.lower() for word in differs)))


def _told(name: str, run: Run, locale: Locale, several: bool) -> Iterator[str]:
    for text in vectors_sentences(run, locale):
        yield f"{name}: {text}" if several else text
