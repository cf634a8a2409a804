"""Why the systems decided as they did: the words that count, the worst mistakes, the settings chosen."""

from __future__ import annotations

import statistics
from typing import Any

from makna.report.blocks import Case, Cases, Heading, Paragraph, Section, Table, Words
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name, shortened

_MOST_WORDS = 15
_MOST_ERRORS = 10
_FEW_ERRORS = 4
_MOST_TRIALS = 60
_TRIAL_KEYS = ("trial", "epoch", "fold", "part")


def choices_section(run: Run, locale: Locale) -> Section | None:
    """Return the settings chosen on training data alone, and the trials behind them."""
    blocks: list[Any] = []
    for name in run.ranked:
        chosen = branch(run.systems[name], "chosen_by")
        choices = [choice for choice in entries(chosen, "choices") if isinstance(choice, dict)]
        if choices:
            metric = locale.metric(str(chosen.get("metric", "")))
            folds: dict[str, list[str]] = {}
            for choice in choices:
                folds.setdefault(_chosen(choice, locale), []).append(str(choice.get("fold", NOTHING)))
            rows = [[cell, locale.whole(len(found)), ", ".join(found)] for cell, found in folds.items()]
            caption = locale.say("choices_table", system=name, metric=metric, how=_how(chosen, locale))
            columns = [locale.say(key) for key in ("setting", "folds_count", "fold")]
            blocks.append(Table(caption, columns, rows, (1,)))
        blocks += _history(run, locale, name)
    if not blocks:
        return None
    return Section(
        "choices",
        locale.say("choices_title"),
        [Paragraph(locale.say("choices_lead_paper" if run.is_paper else "choices_lead")), *blocks],
    )


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


def settings(cell: dict[str, Any], locale: Locale) -> str:
    """Return settings as one line: ``C = 0,3, kernel = poly``."""
    return ", ".join(f"{key} = {locale.setting(value)}" for key, value in cell.items()) or NOTHING


def _chosen(choice: dict[str, Any], locale: Locale) -> str:
    """The settings chosen in a fold; the system, where systems were chosen among."""
    cell = branch(choice, "cell")
    return settings(cell, locale) if cell else str(choice.get("system") or NOTHING)


def _how(chosen: dict[str, Any], locale: Locale) -> str:
    how = str(chosen.get("how", ""))
    key = f"how_{how.partition(' ')[0]}"
    return locale.say(key) if locale.knows(key) else how


def _history(run: Run, locale: Locale, name: str) -> list[Any]:
    """Trials, each as the mean over the folds it ran in."""
    trials: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in entries(run.systems[name], "history"):
        if isinstance(row, dict):
            key = (str(row.get("trial", "")), str(row.get("epoch", "")), str(row.get("part", "")))
            trials.setdefault(key, []).append(row)
    if not trials:
        return []
    used = [any(key[position] for key in trials) for position in range(3)]
    metrics = list(dict.fromkeys(m for rows in trials.values() for row in rows for m in row if m not in _TRIAL_KEYS))[
        :4
    ]
    lines = []
    for key, rows in list(trials.items())[:_MOST_TRIALS]:
        names = [part_name(text, locale) if position == 2 else text for position, text in enumerate(key)]
        means = [_mean([row.get(metric) for row in rows], locale) for metric in metrics]
        lines.append([*(text for text, use in zip(names, used, strict=True) if use), locale.whole(len(rows)), *means])
    heads = [locale.say(word) for word, use in zip(("trial", "epoch", "part"), used, strict=True) if use]
    columns = [*heads, locale.say("times_run"), *(sentence(locale.metric(metric)) for metric in metrics)]
    note = (
        locale.say("history_cut", shown=_MOST_TRIALS, n=locale.whole(len(trials))) if len(trials) > _MOST_TRIALS else ""
    )
    return [Table(locale.say("history_table", system=name), columns, lines, range(len(heads), len(columns)), note)]


def _mean(values: list[Any], locale: Locale) -> str:
    known = [value for value in values if is_number(value)]
    return locale.score(statistics.fmean(known)) if known else NOTHING


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
