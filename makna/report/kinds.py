"""Kinds of error: shares by rule, beside a paper's and those sorted by hand, with examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.core.errors import DataError
from makna.core.messages import catalogue, say
from makna.explain.sample import FILE, read_sorted
from makna.report.blocks import Case, Cases, Cell, Heading, Listing, Paragraph, Section, Table, strong
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.reading import Run, branch, entries
from makna.report.rows import shortened
from makna.report.slices import share_cell

_WHY_WORDS = 8
_RULE_FIELDS = (
    "sure",
    "margin",
    "short",
    "other",
    "same",
    "rare",
    "rare_above",
    "long",
    "long_words",
    "uneven",
    "apart",
)


def kinds_section(run: Run, locale: Locale) -> Section | None:
    """Return how the errors of some systems divide into kinds, the rules, examples, and what sorting by hand gave."""
    told = branch(run.explain, "kinds")
    systems = [str(name) for name in entries(told, "systems")]
    order = [str(kind) for kind in entries(told, "order")] or list(branch(told, "shares", *systems[:1]))
    if not systems or not order:
        return None
    by_hand, trouble = _by_hand(run)
    blocks: list[Any] = [Paragraph(locale.say("kinds_lead")), *_counts(told, systems, locale)]
    blocks += _table(run, locale, systems, order, by_hand)
    blocks += [Paragraph(line) for line in (_sorted_words(by_hand, locale) if by_hand else _invited(run, locale))]
    if trouble:
        blocks.append(Paragraph(locale.say("kinds_hand_unread", file=FILE, why=trouble)))
    blocks += _rules(told, order, locale)
    for kind in order:
        cases = [_case(example, kind, locale) for example in entries(told, "examples", kind)
                 if isinstance(example, dict)]  # fmt: skip
        if cases:
            blocks += [Heading(sentence(_name(kind, locale))), Cases(cases)]
    return Section("kinds", locale.say("kinds_title"), blocks)


def _by_hand(run: Run) -> tuple[dict[str, Any], str]:
    """What the re-sorted sample in the run folder says, empty where nobody has sorted; and why it cannot be read."""
    path = run.folder / FILE
    if not path.is_file():
        return {}, ""
    try:
        found = read_sorted(path, run.level)
    except DataError as problem:
        return {}, str(problem)
    return (found if found["n"] else {}), ""


def _counts(told: dict[str, Any], systems: list[str], locale: Locale) -> Iterator[Paragraph]:
    errors = branch(told, "errors")
    listed = [f"{strong(name)} {locale.whole(errors.get(name))}" for name in systems]
    yield Paragraph(locale.say("kinds_counts", systems=locale.listing(listed), n=locale.whole(told.get("n")),
                               both=locale.whole(told.get("both"))))  # fmt: skip


def _table(run: Run, locale: Locale, systems: list[str], order: list[str], by_hand: dict[str, Any]) -> Iterator[Table]:
    told = branch(run.explain, "kinds")
    everywhere, paper = branch(told, "rows"), branch(told, "paper")
    rows: list[list[Cell | str]] = []
    for kind in order:
        cells: list[Cell | str] = [Cell(_name(kind, locale))]
        for name in systems:
            share = branch(told, "shares", name, kind)
            cell = share_cell(share, locale)
            cells += [locale.whole(share.get("n")), cell]
        cells.append(locale.percent(everywhere.get(kind)) if kind in everywhere else NOTHING)
        cells += [locale.percent(paper.get(kind), 0)] if paper else []
        cells += [share_cell(branch(by_hand, "hand", kind), locale)] if by_hand else []
        rows.append(cells)
    columns = [locale.say("kinds_kind")]
    for _ in systems:
        columns += [locale.say("n"), locale.say("share")]
    columns += [locale.say("kinds_everywhere"), *([locale.say("paper_value")] if paper else [])]
    columns += [locale.say("kinds_by_hand")] if by_hand else []
    over = [("", 1), *((name, 2) for name in systems), ("", len(columns) - 1 - 2 * len(systems))]
    level = told.get("level")
    caption = locale.say("kinds_table", level=locale.level(level if is_number(level) else run.level))
    yield Table(caption, columns, rows, range(1, len(columns)), locale.say("kinds_note"), over=over)


def _sorted_words(by_hand: dict[str, Any], locale: Locale) -> Iterator[str]:
    agree, kappa = branch(by_hand, "agree"), by_hand.get("kappa")
    fields = {"n": locale.whole(by_hand.get("n")), "of": locale.whole(by_hand.get("of")),
              "agree": locale.percent(agree.get("share"))}  # fmt: skip
    if is_number(kappa):
        yield locale.say("kinds_sorted", kappa=strong(locale.number(kappa, 2)), **fields)
    else:
        yield locale.say("kinds_sorted_alike", **fields)


def _invited(run: Run, locale: Locale) -> Iterator[str]:
    if (run.folder / FILE).is_file():
        yield locale.say("kinds_invited", file=FILE)


def _rules(told: dict[str, Any], order: list[str], locale: Locale) -> Iterator[Any]:
    rules = branch(told, "rules")
    fields = dict.fromkeys(_RULE_FIELDS, NOTHING)  # an older file may lack some
    fields |= {key: locale.setting(value) for key, value in rules.items() if is_number(value)}
    fields["long_words"] = locale.whole(rules.get("long_words"))
    fields["rare_above"] = locale.number(rules.get("rare_above"), 2)
    fields |= {key: locale.percent(rules.get(key), 0) for key in ("long", "rare", "uneven")}
    band = rules.get("band")
    fields["margin"] = locale.setting(2 * band) if is_number(band) else NOTHING
    lines = []
    for kind in order:
        key = f"kinds_rule_{kind}"
        if locale.knows(key):
            lines.append(f"{strong(_name(kind, locale))}: {locale.say(key, **fields)}")
    if lines:
        yield Paragraph(locale.say("kinds_rules"))
        yield Listing(lines)


def _name(kind: str, locale: Locale) -> str:
    return say(f"explain.kind_{kind}", locale.lang) if f"kind_{kind}" in catalogue("explain") else kind


def _case(example: dict[str, Any], kind: str, locale: Locale) -> Case:
    texts = [
        (locale.say(key), shortened(example[key], locale))
        for key in ("text", "text_a", "text_b")
        if example.get(key) is not None
    ]
    facts = [("id", str(example.get("id", ""))), (locale.say("truth"), str(example.get("label", "")))]
    probabilities = branch(example, "why", "probability")
    for name, answer in branch(example, "answers").items():
        sure = probabilities.get(name)
        facts.append((str(name), f"{answer} ({locale.score(sure)})" if is_number(sure) else str(answer)))
    return Case(texts, [*facts, *_why(branch(example, "why"), kind, locale)])


def _why(why: dict[str, Any], kind: str, locale: Locale) -> Iterator[tuple[str, str]]:
    """The fact that speaks for this kind."""
    differs = [str(word) for word in entries(why, "differs")]
    words = [locale.whole(n) for n in entries(why, "words")]
    told = {
        "entity": ("kinds_differs", ", ".join(differs[:_WHY_WORDS]) + (" …" if len(differs) > _WHY_WORDS else "")),
        "nuance": ("kinds_overlap", locale.number(why.get("overlap"), 2)),
        "synonyms": ("kinds_content", locale.number(why.get("content"), 2)),
        "rare": ("kinds_rarest", f"{why.get('rarest', '')} ({locale.number(why.get('rarity'), 2)})"),
        "length": ("kinds_words", " + ".join(words)),
    }
    if kind in told:
        key, value = told[kind]
        yield locale.say(key), value
