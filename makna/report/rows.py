"""What happened to the rows: where they come from, which were dropped, how the classes stand, what cleaning did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Box, Case, Cases, Facts, Heading, Paragraph, Picture, Section, Table
from makna.report.figures import class_counts
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries
from makna.report.results import part_name

LONGEST_TEXT = 600  # characters of a text that the report shows
_LONGEST_EXAMPLE = 280
_MOST_EXAMPLES = 3


def data_section(run: Run, locale: Locale) -> Section | None:
    """Return the data statement: source, licence, rows read and kept, drops, duplicates, conflicts, leaks."""
    about = branch(run.manifest, "data")
    if not (run.data or about):
        return None
    blocks: list[Any] = [Facts(_data_facts(run, locale))]
    drops = _mappings(run, "steps")
    if drops:
        blocks.append(_drops_table(drops, locale))
        blocks += _drop_examples(drops, locale)
    blocks += _duplicates(run, locale)
    blocks += _conflicts(run, locale)
    blocks += _leaks(run, locale)
    return Section("data", locale.say("section_data"), blocks)


def target_section(run: Run, locale: Locale) -> Section | None:
    """Return the balance of the classes, or the distribution of the numbers."""
    blocks = _number_blocks(run, locale) if run.is_number else _class_blocks(run, locale)
    title = "numbers_title" if run.is_number else "balance_title"
    return Section("target", locale.say(title), blocks) if blocks else None


def cleaning_section(run: Run, locale: Locale) -> Section | None:
    """Return the text steps with examples before and after."""
    steps = _mappings(run, "text_steps")
    if not steps:
        return None
    rows = [[step_name(step, locale), locale.whole(step.get("changed"))] for step in steps]
    columns = [locale.say("step"), locale.say("changed")]
    blocks: list[Any] = [Paragraph(locale.say("cleaning_lead"))]
    blocks.append(Table(locale.say("cleaning_table"), columns, rows, (1,)))
    for step in steps:
        cases = [
            Case(
                [
                    (locale.say("before"), shortened(example.get("before"), locale, _LONGEST_EXAMPLE)),
                    (locale.say("after"), shortened(example.get("after"), locale, _LONGEST_EXAMPLE)),
                ]
            )
            for example in entries(step, "examples")[:_MOST_EXAMPLES]
            if isinstance(example, dict)
        ]
        if cases:
            blocks += [Heading(sentence(step_name(step, locale))), Cases(cases)]
    return Section("cleaning", locale.say("cleaning_title"), blocks)


def shortened(text: Any, locale: Locale, longest: int = LONGEST_TEXT) -> str:
    """Return a text as the report shows it: a long one cut, with a note of its length; an empty one named so.

    Parameters
    ----------
    text : str or None
        The text.
    locale : Locale
        Language of the note.
    longest : int
        Characters that are kept.
    """
    words = "" if text is None else str(text)
    if not words.strip():
        return locale.say("empty_text")
    if len(words) <= longest:
        return words
    return f"{words[:longest].rstrip()}… {locale.say('cut_text', n=locale.whole(len(words)))}"


def step_name(step: dict[str, Any], locale: Locale) -> str:
    """Return a cleaning step's name in words, with the recipe's word for it."""
    name = str(step.get("name", ""))
    return f"{locale.say(f'step_{name}')} ({name})" if locale.knows(f"step_{name}") else name


def _data_facts(run: Run, locale: Locale) -> list[tuple[str, str]]:
    about = branch(run.manifest, "data")
    read, kept = (branch(run.data, "rows").get(key) for key in ("read", "kept"))
    facts = [
        (locale.say(f"data_{key}"), str(about[key]))
        for key in ("title", "source", "licence", "notes")
        if about.get(key)
    ]
    files = [
        f"{file.get('name', '')} (SHA-256 {str(file.get('sha256', ''))[:16]}…)"
        for file in entries(about, "files")
        if isinstance(file, dict)
    ]
    facts += [(locale.say("files"), ", ".join(files))] if files else []
    facts += [(locale.say("rows_read"), locale.whole(read))] if is_number(read) else []
    if is_number(kept):
        share = f" ({locale.percent(kept / read)})" if is_number(read) and read else ""
        facts.append((locale.say("rows_kept"), f"{locale.whole(kept)}{share}"))
    words = branch(run.data, "words")
    if words:
        fields = {key: _length(words.get(key), locale) for key in ("mean", "median", "p95")}
        facts.append(
            (locale.say("length"), locale.say("length_words", longest=locale.whole(words.get("longest")), **fields))
        )
    for part, found in branch(run.data, "parts").items():
        facts.append(
            (
                sentence(part_name(part, locale)),
                locale.say("n_rows", n=locale.whole(branch({"": found}, "").get("rows"))),
            )
        )
    return facts


def _drops_table(drops: list[dict[str, Any]], locale: Locale) -> Table:
    rows = []
    for step in drops:
        before, after = step.get("before"), step.get("after")
        gone = before - after if is_number(before) and is_number(after) else None
        rows.append([step_name(step, locale), *(locale.whole(value) for value in (before, gone, after))])
    columns = [locale.say(key) for key in ("step", "rows_before", "rows_dropped", "rows_after")]
    return Table(locale.say("drops_table"), columns, rows, (1, 2, 3))


def _drop_examples(drops: list[dict[str, Any]], locale: Locale) -> Iterator[Any]:
    cases = [
        Case([(step_name(step, locale), _example_text(example, locale))], [("id", str(example.get("id", "")))])
        for step in drops
        for example in entries(step, "examples")[:_MOST_EXAMPLES]
        if isinstance(example, dict)
    ]
    if cases:
        yield Heading(locale.say("drops_examples"))
        yield Cases(cases)


def _duplicates(run: Run, locale: Locale) -> Iterator[Any]:
    found = branch(run.data, "duplicates")
    rows = [
        [locale.say(f"duplicates_{kind}"), *(locale.whole(branch(found, kind).get(key)) for key in ("groups", "rows"))]
        for kind in ("exact", "normalised", "cleaned")
        if branch(found, kind)
    ]
    if rows:
        columns = [locale.say(key) for key in ("kind", "duplicate_groups", "duplicate_rows")]
        yield Table(locale.say("duplicates_table"), columns, rows, (1, 2), locale.say("duplicates_note"))


def _conflicts(run: Run, locale: Locale) -> Iterator[Any]:
    found = branch(run.data, "conflicts")
    if not found:
        return
    yield Heading(locale.say("conflicts_heading"))
    if not found.get("groups"):
        yield Paragraph(locale.say("conflicts_none"))
        return
    counts = {key: locale.whole(found.get(key)) for key in ("groups", "rows")}
    yield Paragraph(locale.say("conflicts_text", **counts))
    cases = [
        Case(
            [(locale.say("text"), _example_text(example, locale))],
            [(label or "∅", locale.say("times", n=locale.whole(n))) for label, n in branch(example, "labels").items()],
        )
        for example in entries(found, "examples")[:_MOST_EXAMPLES]
        if isinstance(example, dict)
    ]
    if cases:
        yield Cases(cases)


def _leaks(run: Run, locale: Locale) -> Iterator[Any]:
    leaks = [leak for leak in _mappings(run, "leaks") if leak.get("rows")]
    if not leaks and (run.folds or "leaks" not in run.data):
        # Leaks are looked for between parts; over folds, duplicates are what would leak.
        dropped = any("duplicates" in str(step.get("name")) for step in _mappings(run, "steps"))
        if branch(run.data, "duplicates", "normalised").get("rows") and not dropped:
            yield Heading(locale.say("leaks_heading"))
            yield Paragraph(locale.say("leaks_folds"))
        return
    yield Heading(locale.say("leaks_heading"))
    if not leaks:
        yield Paragraph(locale.say("leaks_none"))
        return
    rows = [[leak_kind(leak, locale), leak_parts(leak, locale), locale.whole(leak["rows"])] for leak in leaks]
    columns = [locale.say(key) for key in ("kind", "between", "rows")]
    yield Table(locale.say("leaks_table"), columns, rows, (2,))
    cases = [
        Case([(leak_parts(leak, locale), _example_text(example, locale))], [("id", str(example.get("id", "")))])
        for leak in leaks
        for example in entries(leak, "examples")[:_MOST_EXAMPLES]
        if isinstance(example, dict)
    ]
    if cases:
        yield Cases(cases)


def _mappings(run: Run, key: str) -> list[dict[str, Any]]:
    return [item for item in entries(run.data, key) if isinstance(item, dict)]


def _length(value: Any, locale: Locale) -> str:
    return locale.setting(round(value, 1)) if is_number(value) else NOTHING


def leak_kind(leak: dict[str, Any], locale: Locale) -> str:
    """Return in words how rows of two parts are the same."""
    kind = str(leak.get("kind", ""))
    return locale.say(f"leak_{kind}") if locale.knows(f"leak_{kind}") else kind


def leak_parts(leak: dict[str, Any], locale: Locale) -> str:
    """Return in words between which parts rows leak."""
    return locale.listing(part_name(str(part), locale) for part in entries(leak, "parts"))


def _example_text(example: dict[str, Any], locale: Locale) -> str:
    sides = [example[key] for key in ("text", "text_a", "text_b") if example.get(key) is not None]
    return " ⟷ ".join(shortened(side, locale, _LONGEST_EXAMPLE) for side in sides) or locale.say("empty_text")


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
