"""The results in words: what was found, how sure it is, what to beware of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from makna.report.absent import is_on_request, skipped_systems
from makna.report.blocks import Box, Paragraph, Section, strong
from makna.report.figures import class_counts
from makna.report.language import Locale, is_number
from makna.report.marks import vectors_sentences
from makna.report.reading import Run, branch, entries
from makna.report.repeats import leak_kind, leak_parts, leaks_found
from makna.report.weak_labels import learns_weak_labels

SMALL_N = 200  # test rows below which a score says little about the next ones
FEW_ROWS = 30  # rows of a class below which its own scores say little
WIDE = 0.1  # width of an interval on a scale of 0 to 1 that is called wide
_MOST_NAMED = 8


@dataclass(frozen=True)
class Standing:
    """How the best model stands against the best trivial baseline.

    Parameters
    ----------
    message : str
        Name of the message that says it.
    is_weak : bool
        Whether the model is not clearly better.
    fields : dict
        Values of the message.
    """

    message: str
    is_weak: bool
    fields: dict[str, str]


def summary_section(run: Run, locale: Locale) -> Section:
    """Return the summary in words and the warnings that a reader must see first."""
    lead = " ".join(_summary(run, locale))
    return Section("summary", locale.say("summary_title"), [Paragraph(lead, lead=True), *warnings_of(run, locale)])


def standing(run: Run, locale: Locale) -> Standing | None:
    """Return how the best model stands against the best baseline, None where there is no model or no baseline.

    A paired comparison of the two decides where the run has one; else whether their intervals overlap.
    """
    if not run.models or not run.baselines:
        return None
    best, base = run.models[0], run.baselines[0]
    mine, theirs = run.value(best), run.value(base)
    if mine is None or theirs is None:
        return None
    interval = locale.interval(run.score(base).get("low"), run.score(base).get("high"))
    fields = {"baseline": strong(base), "value": locale.score(theirs), "interval": interval}
    if not run.better(mine, theirs):
        return Standing("loses", True, fields)
    paired = _paired(run, best, base)
    if paired:
        gain, low, high = paired
        fields |= {"difference": locale.difference(gain), "difference_interval": locale.interval(low, high)}
        clear = low > 0 if run.higher_is_better() else high < 0
        return Standing("beats_paired" if clear else "unsure_paired", not clear, fields)
    apart = _apart(run.score(best), run.score(base))
    if apart is None:
        return Standing("beats_unmeasured", True, fields)
    return Standing("beats" if apart else "unsure", not apart, fields)


def warnings_of(run: Run, locale: Locale) -> list[Box]:
    """Return the warnings of a run: protocol, weak result, few rows, leaks, unequal rows, skipped systems."""
    found: list[Box] = []
    if run.is_paper:
        found.append(_warn(locale, "paper"))
    elif not run.is_honest:
        found.append(_warn(locale, "protocol", protocol=run.protocol))
    stands = standing(run, locale)
    if stands and stands.is_weak:
        found.append(_warn(locale, "weak", baseline=stands.fields["baseline"]))
    found += _small(run, locale)
    found += _few_rows(run, locale)
    found += _leaks(run, locale)
    found += _unequal(run, locale)
    if learns_weak_labels(run):
        found.append(_warn(locale, "weak_labels"))
    found += _told(run, locale)
    skipped = [name for name in skipped_systems(run) if not is_on_request(run, name)]
    if skipped:
        named = locale.listing(strong(name) for name in skipped)
        found.append(Box("note", locale.say("warn_skipped_title"), locale.say("warn_skipped", systems=named)))
    return found


def few_classes(run: Run, locale: Locale) -> list[str]:
    """Return the classes with fewer than `FEW_ROWS` rows, each with its rows."""
    few = []
    for output in [] if run.is_number else run.outputs:
        for label, n in class_counts(run, output).items():
            if n < FEW_ROWS:
                few.append(f"{output}: {label} ({locale.whole(n)})" if output else f"{label} ({locale.whole(n)})")
    return few


def rivals(run: Run) -> list[str]:
    """Return the models that cannot be told apart from the best one.

    A paired difference decides where the run has one; else whether the intervals overlap.
    """
    found = []
    for name in run.models[1:]:
        paired = _paired(run, run.models[0], name)
        apart = not paired[1] <= 0 <= paired[2] if paired else _apart(run.score(run.models[0]), run.score(name))
        if apart is False:
            found.append(name)
    return found


def _summary(run: Run, locale: Locale) -> Iterator[str]:
    yield _learned(run, locale)
    if not run.models:
        yield locale.say("only_baselines")
        return
    best = run.models[0]
    score, value = run.score(best), run.value(best)
    if value is None:
        yield locale.say("best_undefined", metric=locale.metric(run.primary) if run.primary else "")
        return
    fields = {"metric": locale.metric(run.primary), "system": strong(best), "value": strong(locale.score(value))}
    interval = locale.interval(score.get("low"), score.get("high"))
    sure = locale.say("with_interval", level=locale.level(run.level), interval=interval) if interval else ""
    name = "best_of_one" if len(run.models) == 1 else "best"
    yield locale.say(name, sure=sure, n=locale.whole(score.get("n")), where=_where(run, locale), **fields)
    stands = standing(run, locale)
    yield locale.say(stands.message, **stands.fields) if stands else locale.say("no_baseline")
    yield from _runner_up(run, locale)
    yield from islice(vectors_sentences(run, locale), 1)


def _learned(run: Run, locale: Locale) -> str:
    kind = "pair" if run.is_pair else "text"
    rows = branch(run.data, "rows").get("kept") or branch(run.manifest, "data").get("rows")
    about = branch(run.manifest, "data")
    source = str(about.get("title") or about.get("source") or locale.say("unknown_source"))
    labels = run.labels(run.outputs[0])
    named = locale.listing(label or "∅" for label in labels) if len(labels) <= _MOST_NAMED else ""
    what = locale.say(
        f"learned_{run.target}_{kind}",
        n=len(labels),
        labels=f" ({named})" if named else "",
        outputs=locale.listing(run.outputs) if len(run.outputs) <= _MOST_NAMED else "",
        n_outputs=len(run.outputs),
    )
    n = sum(name in run.shown for name in run.models)  # the cells of a grid are one system
    systems = locale.say("n_systems" if n != 1 else "one_system", n=locale.whole(n))
    n_rows = locale.say(f"rows_{kind}", n=locale.whole(rows)) if is_number(rows) else locale.say(f"some_rows_{kind}")
    return locale.say("learned", systems=systems, what=what, rows=n_rows, source=source)


def _where(run: Run, locale: Locale) -> str:
    folds = len(entries(run.systems[run.models[0]], "folds"))
    return (
        locale.say("over_folds", n=folds) if folds else locale.say(f"on_{run.part}") if run.part == "test" else run.part
    )


def _runner_up(run: Run, locale: Locale) -> Iterator[str]:
    if len(run.models) < 2:
        return
    paired = _paired(run, run.models[0], run.models[1])
    if paired and paired[1] <= 0 <= paired[2]:
        fields = {"difference": locale.difference(paired[0]), "interval": locale.interval(*paired[1:])}
        yield locale.say("tie", other=strong(run.models[1]), **fields)


def _paired(run: Run, system: str, against: str) -> tuple[float, float, float] | None:
    """The paired difference `system` − `against` with its interval, whichever way round it was compared."""
    for row in entries(run.metrics, "comparisons"):
        if not isinstance(row, dict) or row.get("metric") != run.primary or row.get("part", run.part) != run.part:
            continue
        ends = tuple(row.get(key) for key in ("difference", "low", "high"))
        if not all(map(is_number, ends)):
            continue
        difference, low, high = (float(end or 0) for end in ends)
        if (row.get("system"), row.get("against")) == (system, against):
            return difference, low, high
        if (row.get("system"), row.get("against")) == (against, system):
            return -difference, -high, -low
    return None


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool | None:
    """Whether two intervals do not overlap; None where one of them is missing."""
    ends = [score.get(key) for score in (one, other) for key in ("low", "high")]
    if not all(map(is_number, ends)):
        return None
    low, high, other_low, other_high = (float(end or 0) for end in ends)
    return low > other_high or high < other_low


def _small(run: Run, locale: Locale) -> Iterator[Box]:
    if not run.models:
        return
    score = run.score(run.models[0])
    n, low, high = (score.get(key) for key in ("n", "low", "high"))
    if is_number(n) and n < SMALL_N:
        yield _warn(locale, "small", n=locale.whole(n))
    elif not run.is_number and is_number(low) and is_number(high) and high - low > WIDE:
        yield _warn(locale, "wide", width=locale.number(high - low, 2), interval=locale.interval(low, high))


def _few_rows(run: Run, locale: Locale) -> Iterator[Box]:
    few = few_classes(run, locale)
    if few:
        more = locale.say("and_more", n=len(few) - _MOST_NAMED) if len(few) > _MOST_NAMED else ""
        yield _warn(locale, "few", classes=", ".join(few[:_MOST_NAMED]) + more, least=FEW_ROWS)


def _leaks(run: Run, locale: Locale) -> Iterator[Box]:
    found = [
        locale.say(
            "leak_line", n=locale.whole(leak["rows"]), kind=leak_kind(leak, locale), parts=leak_parts(leak, locale)
        )
        for leak in leaks_found(run)
    ]
    if found:
        yield _warn(locale, "leaks", found="; ".join(found))


def _told(run: Run, locale: Locale) -> Iterator[Box]:
    """What the run itself had to say: a sample of the rows, chosen systems, oddities of the files."""
    asked, only = run.manifest.get("rows_asked"), [str(name) for name in entries(run.manifest, "only")]
    if is_number(asked):
        yield Box("note", locale.say("warn_sample_title"), locale.say("warn_sample", n=locale.whole(asked)))
    if only:
        yield Box("note", locale.say("warn_only_title"), locale.say("warn_only", systems=", ".join(only)))
    oddities = [str(text) for text in entries(run.manifest, "warnings")]
    if oddities:
        yield Box("note", locale.say("warn_told_title"), " ".join(oddities))


def _unequal(run: Run, locale: Locale) -> Iterator[Box]:
    sizes = {name: n for name in run.ranked if is_number(n := run.score(name).get("n"))}
    if len(set(sizes.values())) > 1:
        most = max(sizes.values())
        named = ", ".join(f"{name} (n = {locale.whole(n)})" for name, n in sizes.items() if n < most)
        yield _warn(locale, "unequal", systems=named, n=locale.whole(most))


def _warn(locale: Locale, name: str, **fields: Any) -> Box:
    return Box("warn", locale.say(f"warn_{name}_title"), locale.say(f"warn_{name}", **fields))
