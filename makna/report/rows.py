"""The data statement: where rows come from, how many were kept, in which languages they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Facts, Section, Table
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries

LONGEST_TEXT = 600  # characters of a text that the report shows
LONGEST_EXAMPLE = 280
_MOST_UNKNOWN = 20
_LONGEST_CONTEXT = 120


def data_section(run: Run, locale: Locale) -> Section | None:
    """Return the data statement: source, licence, rows read and kept, languages, lengths, unknown words."""
    if not (run.data or run.about):
        return None
    blocks: list[Any] = [Facts(_facts(run, locale)), *_unknown_words(run, locale)]
    return Section("data", locale.say("section_data"), blocks)


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


def example_text(example: dict[str, Any], locale: Locale) -> str:
    """Return the text of an example, both sides of a pair on one line."""
    sides = [example[key] for key in ("text", "text_a", "text_b") if example.get(key) is not None]
    return " ⟷ ".join(shortened(side, locale, LONGEST_EXAMPLE) for side in sides) or locale.say("empty_text")


def mappings(run: Run, key: str) -> list[dict[str, Any]]:
    """Return the entries of a list of `data.json` that are mappings."""
    return [item for item in entries(run.data, key) if isinstance(item, dict)]


def part_name(part: str, locale: Locale) -> str:
    """Return a part's name in words: test, validation, training data."""
    return locale.say(f"part_{part}") if locale.knows(f"part_{part}") else part


def language_name(code: str, locale: Locale) -> str:
    """Return a language's name in words, its code where it is not known."""
    return locale.say(f"language_{code}") if locale.knows(f"language_{code}") else code


def _facts(run: Run, locale: Locale) -> list[tuple[str, str]]:
    about = run.about
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
    facts += [*_row_facts(run, locale), *_language_fact(run, locale)]
    words = branch(run.data, "words")
    if words:
        fields = {key: _length(words.get(key), locale) for key in ("mean", "median", "p95")}
        told = locale.say("length_words", longest=locale.whole(words.get("longest")), **fields)
        facts.append((locale.say("length"), told))
    return facts


def _row_facts(run: Run, locale: Locale) -> Iterator[tuple[str, str]]:
    read, kept = (branch(run.data, "rows").get(key) for key in ("read", "kept"))
    if is_number(read):
        yield locale.say("rows_read"), locale.whole(read)
    if is_number(kept):
        share = f" ({locale.percent(kept / read)})" if is_number(read) and read else ""
        yield locale.say("rows_kept"), f"{locale.whole(kept)}{share}"
    for part, found in branch(run.data, "parts").items():
        n = locale.whole(branch({"": found}, "").get("rows"))
        yield sentence(part_name(part, locale)), locale.say("n_rows", n=n)
    groups = run.data.get("group_count")
    if is_number(groups):
        yield locale.say("group_count"), locale.whole(groups)


def _language_fact(run: Run, locale: Locale) -> Iterator[tuple[str, str]]:
    """Languages as counted row by row; else those that the data's statement names."""
    found = {code: n for code, n in branch(run.data, "languages").items() if is_number(n) and n > 0}
    total = sum(found.values())
    if total:
        told = [
            f"{language_name(code, locale)} {locale.whole(n)} ({locale.percent(n / total)})"
            for code, n in sorted(found.items(), key=lambda item: -item[1])
        ]
        yield locale.say("languages_by_row"), "; ".join(told)
    elif codes := [str(code) for code in entries(run.about, "languages")]:
        yield locale.say("languages"), locale.listing(language_name(code, locale) for code in codes)


def _unknown_words(run: Run, locale: Locale) -> Iterator[Table]:
    found = [
        entry
        for entry in entries(run.data, "unknown_words")
        if isinstance(entry, list) and len(entry) >= 2 and is_number(entry[1])
    ]
    if not found:
        return
    shown = found[:_MOST_UNKNOWN]
    with_context = any(len(entry) > 2 and entry[2] for entry in shown)
    rows = []
    for word, n, *context in shown:
        text = shortened(context[0], locale, _LONGEST_CONTEXT) if context and context[0] else NOTHING
        rows.append([shortened(word, locale, 60), locale.whole(n), *([text] if with_context else [])])
    columns = [locale.say(key) for key in ("word", "occurrences", *(["context"] if with_context else []))]
    note = locale.say("unknown_words_note")
    if len(found) > len(shown):
        note += " " + locale.say("shown_of", shown=len(shown), n=locale.whole(len(found)))
    yield Table(locale.say("unknown_words_table"), columns, rows, (1,), note)


def _length(value: Any, locale: Locale) -> str:
    return locale.setting(round(value, 1)) if is_number(value) else NOTHING
