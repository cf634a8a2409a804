"""What the systems predict: the classes predicted in each group of rows, and whether the groups differ in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from makna.core.shares import share_interval
from makna.report.blocks import Cell, Heading, Paragraph, Table, strong
from makna.report.cells import p_words, rows_judged
from makna.report.language import NOTHING, Locale, is_number
from makna.report.predictions import read_columns
from makna.report.reading import Run, branch
from makna.report.rows import part_name

ALPHA = 0.05
_LEAST_EXPECTED = 5  # Cochran's rule, as for the test of accuracy
_MOST_GROUPS = 40

Counts = Mapping[str, Mapping[str, int]]
"""Group → predicted class → rows."""


def predicted_blocks(run: Run, locale: Locale) -> list[Any]:
    """Return the predicted classes of each group with the intervals of their shares, for the best model."""
    blocks: list[Any] = []
    for system in run.featured[:1]:
        for output, counts in predicted_counts(run, system).items():
            name = f"{system}, {output}" if output else system
            blocks += [_table(run, locale, name, output, counts), *_test(locale, name, counts)]
    if not blocks:
        return []
    return [Heading(locale.say("predicted_heading")), Paragraph(locale.say("predicted_lead")), *blocks]


def predicted_counts(run: Run, system: str) -> dict[str, Counts]:
    """Return output → group → predicted class → rows, of the part the report speaks of; empty without groups.

    They stand in metrics.json under ``predicted``, or follow from a column ``group`` of predictions.parquet.
    """
    if run.is_number:
        return {}
    told = branch(run.systems[system], "predicted", run.part)
    found = {output: _whole(branch(told, output)) for output in told} if told else _counted(run, system)
    return {output: counts for output, counts in found.items() if len(counts) > 1}


def homogeneity_p(counts: Counts) -> float | None:
    """Return Pearson's p that all groups are predicted alike; None where an expected count is below 5."""
    import numpy as np
    from scipy.stats import chi2_contingency

    labels = list(dict.fromkeys(label for found in counts.values() for label in found))
    table = np.array([[found.get(label, 0) for label in labels] for found in counts.values()], dtype=float)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return None
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if expected.min() < _LEAST_EXPECTED:
        return None
    return float(chi2_contingency(table, correction=False).pvalue)


def _whole(groups: dict[str, Any]) -> Counts:
    return {
        group: {label: int(n) for label, n in branch(groups, group).items() if is_number(n) and n >= 0}
        for group in sorted(groups)
    }


def _counted(run: Run, system: str) -> dict[str, Counts]:
    """The counts from a column ``group`` of the predictions, empty where there is none."""
    frame = read_columns(run, system, ("output", "group", "prediction"))
    if frame is None:
        return {}
    found: dict[str, Counts] = {}
    for output, rows in frame.groupby("output", sort=False):
        groups: dict[str, dict[str, int]] = {}
        for (group, label), n in Counter(zip(rows["group"], rows["prediction"], strict=True)).items():
            groups.setdefault(str(group), {})[str(label)] = n
        found[str(output)] = groups
    return found


def _table(run: Run, locale: Locale, name: str, output: str, counts: Counts) -> Table:
    known = {label for found in counts.values() for label in found}
    labels = [*(label for label in run.labels(output) if label in known)]
    labels += sorted(known - set(labels))
    shown = sorted(counts, key=lambda group: (-sum(counts[group].values()), group))[:_MOST_GROUPS]
    rows: list[list[Cell | str]] = []
    for group in shown:
        total = sum(counts[group].values())
        cells = [_cell(counts[group].get(label, 0), total, run.level, locale) for label in labels]
        rows.append([Cell(group or NOTHING, rows_judged(total, locale)), *cells])
    columns = [locale.say("group"), *(label or "∅" for label in labels)]
    caption = locale.say("predicted_table", system=name, part=part_name(run.part, locale))
    note = locale.say("predicted_note", level=locale.level(run.level))
    if len(counts) > len(shown):
        note += " " + locale.say("shown_of", shown=len(shown), n=locale.whole(len(counts)))
    return Table(caption, columns, rows, range(1, len(columns)), note)


def _cell(n: int, total: int, level: float, locale: Locale) -> Cell:
    if not total:
        return Cell(locale.whole(n))
    low, high = (locale.number(100 * end, 1) for end in share_interval(n, total, level))
    between = "; " if locale.lang == "id" else ", "
    return Cell(locale.whole(n), f"{locale.percent(n / total)}\n[{low}{between}{high}]")


def _test(locale: Locale, name: str, counts: Counts) -> Iterator[Paragraph]:
    p = homogeneity_p(counts)
    fields = {"system": strong(name), "groups": locale.whole(len(counts))}
    if p is None:
        yield Paragraph(locale.say("predicted_untested", **fields))
        return
    n = locale.whole(sum(sum(found.values()) for found in counts.values()))
    # Judged as printed, so that no p of 0.050 is said to be below it.
    yield Paragraph(
        locale.say(
            "predicted_differ" if round(p, 3) < ALPHA else "predicted_alike", p=p_words(p, locale), n=n, **fields
        )
    )
