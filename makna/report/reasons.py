"""Why the systems decided as they did: the words that count, the worst mistakes."""

from __future__ import annotations

from typing import Any

from makna.report.blocks import Case, Cases, Heading, Paragraph, Section, Words
from makna.report.language import Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.rows import shortened

_MOST_WORDS = 15
_MOST_ERRORS = 10
_FEW_ERRORS = 4


def words_section(run: Run, locale: Locale) -> Section | None:
    """Return the words that decided, class by class."""
    blocks: list[Any] = []
    for system in _explained(run, "words"):
        for output, classes in branch(run.explain, "words", system).items():
            lists = [(label or "∅", _bars(words, locale)) for label, words in branch({"": classes}, "").items()]
            lists = [(label, words) for label, words in lists if words]
            if lists:
                name = f"{system}, {output}" if output else system
                blocks.append(Words(locale.say("words_caption", system=name), lists))
    if not blocks:
        return None
    return Section("words", locale.say("words_title"), [Paragraph(locale.say("words_lead")), *blocks])


def errors_section(run: Run, locale: Locale) -> Section | None:
    """Return the worst mistakes with their texts."""
    blocks: list[Any] = []
    for position, system in enumerate(_explained(run, "errors")):
        found = [error for error in entries(run.explain, "errors", system) if isinstance(error, dict)]
        shown = found[: _FEW_ERRORS if position else _MOST_ERRORS]
        if shown:
            blocks += [Heading(system), Cases([_error(error, locale) for error in shown])]
    if not blocks:
        return None
    lead = locale.say("errors_lead_number" if run.is_number else "errors_lead")
    return Section("errors", locale.say("errors_title"), [Paragraph(lead), *blocks])


def _explained(run: Run, what: str) -> list[str]:
    """Systems that have an explanation, the best first; names that are not among the systems last."""
    found = branch(run.explain, what)
    return [*(name for name in run.ranked if name in found), *(name for name in found if name not in run.systems)]


def _bars(words: Any, locale: Locale) -> list[tuple[str, str, float]]:
    given = words if isinstance(words, list) else []
    pairs = [pair for pair in given if isinstance(pair, list) and len(pair) == 2 and is_number(pair[1])][:_MOST_WORDS]
    largest = max((abs(weight) for _, weight in pairs), default=0) or 1
    return [(shortened(word, locale, 60), locale.number(weight, 2), abs(weight) / largest) for word, weight in pairs]


def _error(error: dict[str, Any], locale: Locale) -> Case:
    texts = [
        (locale.say(key), shortened(error[key], locale))
        for key in ("text", "text_a", "text_b")
        if error.get(key) is not None
    ]
    facts = [("id", str(error.get("id", ""))), *([("", str(error["output"]))] if error.get("output") else [])]
    facts += [(locale.say(key), _value(error.get(key), locale)) for key in ("truth", "prediction")]
    if is_number(error.get("probability")):
        facts.append((locale.say("probability"), locale.score(error["probability"])))
    if is_number(error.get("difference")):
        facts.append((locale.say("off_by"), locale.difference(error["difference"], 2)))
    words = [word for word in _bars(error.get("words"), locale) if word[1].strip("−0.,")]  # not those that print as 0
    if words:
        facts.append((locale.say("words"), ", ".join(f"{word} ({weight})" for word, weight, _ in words)))
    return Case(texts, facts)


def _value(value: Any, locale: Locale) -> str:
    return locale.number(value, 2) if is_number(value) else shortened(value, locale, 60)
