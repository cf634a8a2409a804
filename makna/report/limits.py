"""What the results do not say, gathered from what the run found."""

from __future__ import annotations

from collections.abc import Iterator

from makna.report.absent import is_on_request, skipped_systems
from makna.report.blocks import Listing, Section, strong
from makna.report.language import Locale, is_number
from makna.report.reading import Run, branch
from makna.report.repeats import duplicates_kept, leaks_found
from makna.report.verdict import FEW_ROWS, SMALL_N, few_classes, rivals, standing
from makna.report.weak_labels import learns_weak_labels

_MOST_NAMED = 5


def limits_section(run: Run, locale: Locale) -> Section:
    """Return the limits: first those of this run's facts, then those of every such study."""
    points = [*_of_data(run, locale), *_of_scores(run, locale), *_of_systems(run, locale), *_of_method(run, locale)]
    return Section("limits", locale.say("limits_title"), [Listing([*points, locale.say("limit_use")])])


def _of_data(run: Run, locale: Locale) -> Iterator[str]:
    source = run.about.get("title") if run.about.get("source") else ""
    yield locale.say("limit_source", source=source) if source else locale.say("limit_data")
    if learns_weak_labels(run):
        yield locale.say("limit_weak_labels")
    else:
        yield locale.say("limit_number" if run.is_number else "limit_labels")
    conflicts = branch(run.data, "conflicts").get("rows")
    if is_number(conflicts) and conflicts:
        yield locale.say("limit_conflicts", n=locale.whole(conflicts))
    if kept := duplicates_kept(run):
        yield locale.say("limit_duplicates", n=locale.whole(kept))
    if leaks_found(run):
        yield locale.say("limit_leaks")
    if is_number(asked := run.manifest.get("rows_asked")):
        yield locale.say("limit_sample", n=locale.whole(asked))
    if is_number(run.data.get("group_count")) and not branch(run.recipe, "split").get("group"):
        yield locale.say("limit_groups")


def _of_scores(run: Run, locale: Locale) -> Iterator[str]:
    n = run.score(run.models[0]).get("n") if run.models else None
    if is_number(n) and n < SMALL_N:
        yield locale.say("limit_small", n=locale.whole(n))
    few = few_classes(run, locale)
    if few:
        yield locale.say("limit_few", classes=locale.listing(few[:_MOST_NAMED]), least=FEW_ROWS)
    yield locale.say("limit_interval", level=locale.level(run.level))
    if run.folds:
        yield locale.say("limit_folds")


def _of_systems(run: Run, locale: Locale) -> Iterator[str]:
    stands = standing(run, locale)
    if stands and stands.is_weak:
        yield locale.say("limit_baseline", baseline=stands.fields["baseline"])
    near = rivals(run)
    if near:
        named = locale.listing(strong(name) for name in near[:_MOST_NAMED])
        more = locale.say("and_more", n=len(near) - _MOST_NAMED) if len(near) > _MOST_NAMED else ""
        yield locale.say("limit_rivals", best=strong(run.models[0]), systems=named + more)
    if len(run.models) > 1:
        yield locale.say("limit_many")
    skipped = [name for name in skipped_systems(run) if not is_on_request(run, name)]
    if skipped:
        yield locale.say("limit_skipped", systems=locale.listing(map(strong, skipped[:_MOST_NAMED])))


def _of_method(run: Run, locale: Locale) -> Iterator[str]:
    if run.is_paper:
        yield locale.say("limit_paper")
    if branch(run.explain, "words"):
        yield locale.say("limit_words")
