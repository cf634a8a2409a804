"""How the target is spread: rows of each class by group and part, the commonest words of each class, the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from makna.report.blocks import Box, Cell, Heading, Paragraph, Picture, Section, Table, Words
from makna.report.cells import chunks
from makna.report.figures import class_counts
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch
from makna.report.rows import part_name, shortened

_MOST_GROUPS = 40
_MOST_LINES = 36  # lines of a table of classes × groups with a column a part; longer ones get a table a part
_CLASSES_ACROSS = 6
_MOST_LISTS = 12
_MOST_WORDS = 15
_FEW_WORDS = 10

Counts = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Part → group → class → rows."""


def target_section(run: Run, locale: Locale) -> Section | None:
    """Return the balance of the classes by group and part, or the distribution of the numbers."""
    blocks = _number_blocks(run, locale) if run.is_number else _class_blocks(run, locale)
    if not run.is_number:
        blocks += _group_blocks(run, locale)
    title = "numbers_title" if run.is_number else "balance_title"
    return Section("target", locale.say(title), blocks) if blocks else None


def common_words_section(run: Run, locale: Locale) -> Section | None:
    """Return the commonest words of each class."""
    found = branch(run.data, "common_words")
    most = _MOST_WORDS if sum(len(branch(found, output)) for output in found) <= 4 else _FEW_WORDS
    blocks: list[Any] = []
    cut = False
    for output, classes in found.items():
        order = {label: words for label in run.labels(output) if (words := branch(found, output).get(label))}
        order |= {label: words for label, words in branch({"": classes}, "").items() if label not in order}
        lists = [(label or "∅", _bars(words, locale, most)) for label, words in order.items()]
        lists = [(label, words) for label, words in lists if words]
        cut = cut or len(lists) > _MOST_LISTS
        if lists:
            name = locale.say("common_words_caption_output" if output else "common_words_caption", output=output)
            blocks.append(Words(name, lists[:_MOST_LISTS]))
    if not blocks:
        return None
    lead = [Paragraph(locale.say("common_words_lead"))]
    lead += [Paragraph(locale.say("common_words_cut", shown=_MOST_LISTS))] if cut else []
    return Section("common-words", locale.say("common_words_title"), [*lead, *blocks])


def _bars(words: Any, locale: Locale, most: int) -> list[tuple[str, str, float]]:
    given = words if isinstance(words, list) else []
    pairs = [pair for pair in given if isinstance(pair, list) and len(pair) == 2 and is_number(pair[1])][:most]
    largest = max((n for _, n in pairs), default=0) or 1
    return [(shortened(word, locale, 60), locale.whole(n), max(0.0, n / largest)) for word, n in pairs]


def _class_blocks(run: Run, locale: Locale) -> list[Any]:
    counts = {output: found for output in run.outputs if (found := class_counts(run, output))}
    if not counts:
        return []
    rows = []
    for output, found in counts.items():
        total = sum(found.values())
        several = [output] if len(run.outputs) > 1 else []
        for label, n in found.items():
            parts = [locale.whole(_in_part(run, part, output, label)) for part in branch(run.data, "parts")]
            rows.append([*several, label or "∅", locale.whole(n), locale.percent(n / total if total else None), *parts])
    several = [locale.say("output")] if len(run.outputs) > 1 else []
    parts = [sentence(part_name(part, locale)) for part in branch(run.data, "parts")]
    columns = [*several, locale.say("class"), locale.say("rows"), locale.say("share"), *parts]
    numeric = range(1 + len(several), len(columns))
    picture = Picture("classes", locale.say("balance_figure"))
    return [picture, Table(locale.say("balance_table"), columns, rows, numeric), *_imbalance(counts, locale)]


def _in_part(run: Run, part: str, output: str, label: str) -> Any:
    return branch(run.data, "parts", part, "classes", output).get(label, 0)


def _imbalance(counts: dict[str, dict[str, int]], locale: Locale) -> Iterator[Box]:
    for output, found in counts.items():
        most, least = max(found.values()), min(found.values())
        if least and most / least >= 5:
            where = f" ({output})" if output else ""
            text = locale.say("imbalance", ratio=locale.number(most / least, 1), output=where)
            yield Box("note", locale.say("imbalance_title"), text)
            return


def _group_blocks(run: Run, locale: Locale) -> Iterator[Any]:
    """Class × group × part of each output; nothing where rows have no groups."""
    is_first = True
    for output in branch(run.data, "table"):
        counts = _counts(run, output)
        sizes: dict[str, int] = {}
        for groups in counts.values():
            for group, found in groups.items():
                sizes[group] = sizes.get(group, 0) + sum(found.values())
        if not set(sizes) - {""}:
            continue
        if is_first:
            yield Heading(locale.say("class_group_heading"))
            is_first = False
        shown = sorted(sizes, key=lambda group: (-sizes[group], group))[:_MOST_GROUPS]
        if len(sizes) > len(shown):
            yield Paragraph(locale.say("groups_shown", shown=len(shown), n=locale.whole(len(sizes))))
        yield from _group_tables(run, locale, output, counts, shown)


def _counts(run: Run, output: str) -> dict[str, dict[str, dict[str, int]]]:
    return {
        part: {
            group: {label: int(n) for label, n in branch(groups, group).items() if is_number(n)}
            for group in branch({"": groups}, "")
        }
        for part, groups in branch(run.data, "table", output).items()
    }


def _group_tables(run: Run, locale: Locale, output: str, counts: Counts, groups: list[str]) -> Iterator[Table]:
    found = {label for by_group in counts.values() for classes in by_group.values() for label in classes}
    labels = [*(label for label in run.labels(output) if label in found)]
    labels += sorted(found - set(labels))
    about = f"{output}: " if output else ""
    if len(counts) > 1 and len(groups) * len(labels) <= _MOST_LINES:
        yield _by_part(locale, about, counts, groups, labels)
        return
    for part, by_group in counts.items():
        totals = {group: sum(by_group.get(group, {}).values()) for group in groups}
        for few in chunks(labels, _CLASSES_ACROSS):
            rows: list[list[Cell | str]] = [
                [
                    group or NOTHING,
                    *(_share_cell(by_group.get(group, {}).get(label, 0), totals[group], locale) for label in few),
                    locale.whole(totals[group]),
                ]
                for group in groups
            ]
            columns = [locale.say("group"), *(label or "∅" for label in few), locale.say("total")]
            caption = about + sentence(locale.say("class_group_table", part=part_name(part, locale)))
            note = locale.say("class_group_note")
            yield Table(caption, columns, rows, range(1, len(columns)), note)


def _by_part(locale: Locale, about: str, counts: Counts, groups: list[str], labels: list[str]) -> Table:
    rows: list[list[Cell | str]] = []
    for group in groups:
        totals = {part: sum(by_group.get(group, {}).values()) for part, by_group in counts.items()}
        for position, label in enumerate(labels):
            found = {part: by_group.get(group, {}).get(label, 0) for part, by_group in counts.items()}
            cells = [_share_cell(n, totals[part], locale) for part, n in found.items()]
            whole = _share_cell(sum(found.values()), sum(totals.values()), locale)
            rows.append(["" if position else group or NOTHING, label or "∅", *cells, whole])
    parts = [sentence(part_name(part, locale)) for part in counts]
    columns = [locale.say("group"), locale.say("class"), *parts, locale.say("total")]
    caption = about + sentence(locale.say("class_group_part_table"))
    return Table(caption, columns, rows, range(2, len(columns)), locale.say("class_group_note"))


def _share_cell(n: int, total: int, locale: Locale) -> Cell:
    return Cell(locale.whole(n), locale.percent(n / total) if total else "")


def _number_blocks(run: Run, locale: Locale) -> list[Any]:
    blocks: list[Any] = []
    if run.numbers:
        blocks.append(Picture("numbers", locale.say("numbers_figure")))
    found = branch(run.data, "numbers")
    if found:
        keys = ("n", "mean", "std", "low", "high")
        values = [locale.whole(found.get("n")), *(locale.number(found.get(key), 2) for key in keys[1:])]
        names = ["n", *(locale.say(key) for key in ("mean", "standard_deviation", "lowest", "highest"))]
        blocks.append(Table(locale.say("numbers_table"), names, [values], range(5)))
    return blocks
