"""`makna label agreement`: how well annotators agree, on the screen and as JSON or a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.drawing import drawn
from makna.cli.screen import tell
from makna.core.errors import UsageError, noting
from makna.core.messages import language, say

if TYPE_CHECKING:
    from makna.collect.stream import Reading
    from makna.label.agreement import Agreement, AgreementSettings, Measure
    from makna.label.ratings import Ratings, RatingSettings
    from makna.report.language import Locale

COLUMNS = ("part", "name", "other", "measure", "value", "low", "high", "n", "why")
_PAIRS_SHOWN = 20


@dataclass(frozen=True)
class AgreementWords:
    """The words of the command."""

    file: str
    raters: tuple[str, ...]
    long: tuple[str | None, str | None, str | None]
    labels: RatingSettings
    intervals: AgreementSettings
    out: str | None
    reading: Reading


def show_agreement(words: AgreementWords) -> None:
    """Show the coefficients; with `--out` the tables go to stderr and the file's path to stdout.

    Raises
    ------
    UserError
        The words do not fit together, or the table or its labels are wrong.
    """
    from makna.label.agreement import measure_agreement
    from makna.report.language import Locale

    if words.out is not None:
        _check_out(Path(words.out))
    ratings = _ratings(words)
    found = measure_agreement(ratings, words.intervals)
    text = "\n".join(_screen(found, Locale(language())))
    if words.out is None:
        sys.stdout.write(f"{text}\n")
        return
    tell(text)
    _write(Path(words.out), found)
    print(words.out)  # noqa: T201 (the result's path is what stdout is for)


def _ratings(words: AgreementWords) -> Ratings:
    from makna.collect.files import whole
    from makna.collect.names import listed
    from makna.collect.stream import TableStream
    from makna.label.ratings import ratings_of_columns, ratings_of_rows

    item, rater, label = words.long
    stream = TableStream.open(words.file, words.reading)
    if bool(words.raters) == any(words.long):
        raise UsageError("label.which_columns", columns=listed(stream.columns))
    if words.raters:
        with noting(stream.notes):
            return ratings_of_columns(whole(stream), _split(words.raters, stream.columns), words.labels)
    if item is None or rater is None or label is None:
        raise UsageError("label.all_three", columns=listed(stream.columns))
    with noting(stream.notes):
        return ratings_of_rows(whole(stream), item, rater, label, words.labels)


def _split(raters: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return columns of names with commas between; a column whose own name has a comma is one."""
    names = {str(column).strip() for column in columns}
    found: list[str] = []
    for word in raters:
        found += [word] if word in names else [name.strip() for name in word.split(",") if name.strip()]
    return found


def _check_out(path: Path) -> None:
    """Refuse a wrong target before the work."""
    from makna.collect.disk import format_of
    from makna.core.errors import DataError

    if path.suffix.lower() != ".json":
        format_of(path)
    if not path.parent.is_dir():
        raise DataError("collect.no_folder", path=str(path), folder=str(path.parent))


def _write(path: Path, found: Agreement) -> None:
    import pandas as pd

    from makna.collect.writer import TableWriter
    from makna.core.files import plain_os_errors, write_json

    if path.suffix.lower() == ".json":
        with plain_os_errors(path):
            write_json(path, found.to_json())
        return
    rows = [[getattr(measure, name) for name in COLUMNS] for measure in found.measures]
    with TableWriter.open(path, list(COLUMNS)) as writer:
        writer.write(pd.DataFrame(rows, columns=list(COLUMNS)))


def _screen(found: Agreement, locale: Locale) -> list[str]:
    ratings = found.ratings
    shared = {size: n for size, n in found.by_raters.items() if size}
    by_size = "; ".join(
        say("label.by_size", n=locale.whole(n), labels=locale.whole(size)) for size, n in shared.items()
    )
    lines = [
        say(
            "label.agreement_lead", items=locale.whole(len(ratings.items)), raters=locale.whole(len(ratings.raters)),
            labels=locale.whole(len(ratings.labels)), scale=say(f"label.scale_{ratings.scale}"), by_size=by_size,
        ),
        _overall(found, locale),
        *_labels(found, locale),
        _raters(found, locale),
        *_pairs(found, locale),
    ]  # fmt: skip
    if found.settings.resamples:
        level = locale.level(found.settings.level)
        lines.append(
            say("label.how_intervals", level=level, n=locale.whole(found.settings.resamples), seed=found.settings.seed)
        )
    if ratings.repeated:
        lines.append(say("label.repeated", n=locale.whole(ratings.repeated)))
    if ratings.suspicious:
        lines.append(say("label.suspicious", n=locale.whole(len(ratings.suspicious))))
    for one in ratings.suspicious:
        near = say("label.suspicious_near", near=one.near) if one.near else ""
        where = "; ".join(", ".join(place) for place in one.where)
        lines.append("  " + say("label.suspicious_one", label=one.label, n=locale.whole(one.n), near=near, where=where))
    return lines


def _overall(found: Agreement, locale: Locale) -> str:
    rows = []
    for one in _part(found, "overall"):
        name = say(f"label.measure_{one.measure}")
        if len(found.ratings.raters) > 2 and one.measure in ("cohen_kappa", "quadratic_kappa"):
            name = say("label.mean_of_pairs", measure=name)
        rows.append([name, _cell(one, locale), locale.whole(one.n)])
    heads = [say("label.column_measure"), say("label.column_value"), say("label.column_n")]
    return drawn(say("label.table_overall"), heads, rows)


def _labels(found: Agreement, locale: Locale) -> list[str]:
    return _table(found, "label", found.ratings.labels, found.given.sum(axis=0).tolist(), locale)


def _raters(found: Agreement, locale: Locale) -> str:
    given = found.given.sum(axis=1).tolist()
    return "\n".join(_table(found, "rater", found.ratings.raters, given, locale))


def _table(
    found: Agreement, part: str, names: Sequence[str], given: Sequence[int], locale: Locale
) -> list[str]:  # fmt: skip
    """Return one table: a row a name, a column a measure."""
    measures = list(dict.fromkeys(one.measure for one in _part(found, part)))
    if not measures:
        return []
    by_name = {(one.name, one.measure): one for one in _part(found, part)}
    rows = [
        [name, locale.whole(n), *(_cell(by_name[name, measure], locale) for measure in measures)]
        for name, n in zip(names, given, strict=True)
    ]
    heads = [say(f"label.column_{part}"), say("label.column_given")]
    heads += [say(f"label.measure_{measure}") for measure in measures]
    return [drawn(say(f"label.table_{part}"), heads, rows)]


def _pairs(found: Agreement, locale: Locale) -> list[str]:
    """Return the table of pairs, those who agree least first; two raters are one pair, which is the whole."""
    if len(found.ratings.raters) < 3:
        return []
    by_pair: dict[tuple[str, str], list[Measure]] = {}
    for one in _part(found, "pair"):
        by_pair.setdefault((one.name, one.other), []).append(one)
    low_first = sorted(by_pair, key=lambda names: next((m.value for m in by_pair[names][1:] if m.value is not None), 2))
    rows = [
        [" – ".join(names), locale.whole(by_pair[names][0].n), *(_cell(one, locale) for one in by_pair[names])]
        for names in low_first[:_PAIRS_SHOWN]
    ]
    measures = [one.measure for one in next(iter(by_pair.values()))]
    heads = [say("label.column_pair"), say("label.column_n")]
    heads += [say(f"label.measure_{measure}") for measure in measures]
    lines = [drawn(say("label.table_pair"), heads, rows)]
    if len(by_pair) > _PAIRS_SHOWN:
        lines.append(say("label.more_pairs", n=locale.whole(len(by_pair) - _PAIRS_SHOWN)))
    return lines


def _part(found: Agreement, part: str) -> list[Measure]:
    return [one for one in found.measures if one.part == part]


def _cell(one: Measure, locale: Locale) -> str:
    if one.value is None:
        return say(f"label.why_{one.why}")
    return f"{locale.score(one.value)} {locale.interval(one.low, one.high)}".rstrip()
