"""What the tokenizer makes of the texts: rows cut, unknown words, pieces a word, and one text piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from makna.report.aspects import Aspect, aspect_tables
from makna.report.blocks import Cell, Heading, Paragraph, Section, Table, strong
from makna.report.cellnames import root_of
from makna.report.facts import facts_with, systems_told
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.rows import shortened

_MOST_PIECES = 40
_RAW = "raw"


def tokens_section(run: Run, locale: Locale) -> Section | None:
    """Return rows cut, unknown pieces, pieces a word, what each cleaning step changes, and one text as an example."""
    told = _by_root(run, "tokens")
    blocks: list[Any] = []
    if told:
        blocks.append(Paragraph(locale.say("tokens_lead")))
        blocks += aspect_tables(locale.say("tokens_table"), told, _aspects(locale), locale)
    blocks += _step_tables(run, locale)
    blocks += _example(run, locale)
    return Section("tokens", locale.say("tokens_title"), blocks) if blocks else None


def _by_root(run: Run, key: str) -> dict[str, dict[str, Any]]:
    """System → these facts, the cells of a grid once where all say the same."""
    found: dict[str, dict[str, Any]] = {}
    for system in systems_told(run, key):
        facts = branch(facts_with(run, system, key), key)
        root = root_of(system)
        if root not in found:
            found[root] = facts
        elif found[root] != facts:
            found[system] = facts
    return found


def _aspects(locale: Locale) -> list[Aspect]:
    def cut(known: dict[str, Any]) -> Cell | str:
        n, rows = known.get("cut"), known.get("rows")
        if not is_number(n):
            return ""
        return Cell(locale.whole(n), locale.percent(n / rows) if is_number(rows) and rows else "")

    return [
        (locale.say("rows"), lambda known: _whole(known.get("rows"), locale)),
        (locale.say("tokens_max_length"), lambda known: _whole(known.get("max_length"), locale)),
        (locale.say("tokens_cut"), cut),
        (locale.say("tokens_longest"), lambda known: _whole(known.get("longest"), locale)),
        (locale.say("tokens_unknown"), lambda known: _share(known.get("unknown_share"), locale)),
        (locale.say("tokens_pieces"), lambda known: _ratio(known.get("pieces_per_word"), locale)),
    ]


def _step_tables(run: Run, locale: Locale) -> Iterator[Table]:
    """What each step of cleaning does to the pieces, step by step; once where systems say the same."""
    told: list[Any] = []
    for system in _named_first(run, list(branch(run.explain, "pieces"))):
        steps = [step for step in entries(run.explain, "pieces", system) if isinstance(step, dict)]
        if not steps or steps in told:
            continue
        told.append(steps)
        rows = [
            [
                _step_name(str(step.get("step", NOTHING)), locale),
                _share(step.get("unknown_share"), locale) or NOTHING,
                _ratio(step.get("pieces_per_word"), locale) or NOTHING,
                locale.whole(step.get("cut")),
                locale.whole(step.get("longest")),
            ]
            for step in steps
        ]
        keys = ("after_step", "tokens_unknown", "tokens_pieces", "tokens_cut", "tokens_longest")
        columns = [locale.say(key) for key in keys]
        caption = locale.say("pieces_table", system=root_of(system))
        yield Table(caption, columns, rows, range(1, len(columns)), locale.say("pieces_note"))


def _step_name(step: str, locale: Locale) -> str:
    if step == _RAW:
        return locale.say("raw_text")
    return locale.say(f"step_{step}") if locale.knows(f"step_{step}") else step


def _example(run: Run, locale: Locale) -> Iterator[Any]:
    """One text of the first system of each encoder: its pieces, their numbers, and the mask."""
    told: set[str] = set()
    for system in systems_told(run, "example"):
        facts = facts_with(run, system, "example")
        example, encoder = branch(facts, "example"), str(branch(facts, "encoder").get("name") or root_of(system))
        pieces = [str(piece) for piece in entries(example, "pieces")]
        if encoder in told or not pieces:
            continue
        told.add(encoder)
        yield Heading(locale.say("example_heading", encoder=encoder))
        yield Paragraph(locale.say("example_lead", text=strong(shortened(example.get("text"), locale))))
        yield _pieces_table(locale, encoder, pieces, entries(example, "ids"), entries(example, "mask"))


def _pieces_table(locale: Locale, encoder: str, pieces: Sequence[str], ids: list[Any], mask: list[Any]) -> Table:
    masked = [mask[i] if i < len(mask) else None for i in range(len(pieces))]
    real = max((i + 1 for i, seen in enumerate(masked) if seen != 0), default=0)
    shown = min(real, _MOST_PIECES)
    rows: list[list[Cell | str]] = [
        [str(i + 1), pieces[i], _id(ids, i), NOTHING if masked[i] is None else str(masked[i])] for i in range(shown)
    ]
    notes = [locale.say("shown_of", shown=shown, n=locale.whole(real))] if shown < real else []
    if real < len(pieces):
        padded = {"n": locale.whole(len(pieces) - real), "piece": pieces[-1], "id": _id(ids, len(pieces) - 1)}
        notes.append(locale.say("example_padding", **padded))
    columns = [locale.say(key) for key in ("position", "piece", "piece_id", "mask")]
    return Table(locale.say("example_table", encoder=encoder), columns, rows, (0, 2, 3), " ".join(notes))


def _id(ids: list[Any], i: int) -> str:
    return str(ids[i]) if i < len(ids) else NOTHING


def _named_first(run: Run, names: list[str]) -> list[str]:
    return [*(name for name in run.ranked if name in names), *(name for name in names if name not in run.systems)]


def _whole(value: Any, locale: Locale) -> str:
    return locale.whole(value) if is_number(value) else ""


def _share(value: Any, locale: Locale) -> str:
    return locale.percent(value, 2) if is_number(value) else ""


def _ratio(value: Any, locale: Locale) -> str:
    return locale.number(value, 2) if is_number(value) else ""
