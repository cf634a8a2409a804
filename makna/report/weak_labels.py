"""Labels that no person gave: what made them, what they cover, and how they and the systems stand against people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Box, Cell, Facts, Paragraph, Section, Table
from makna.report.cells import breakable, rows_judged, score_cell, system_cell
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name

ABOVE = "above"


def weak_labels_section(run: Run, locale: Locale) -> Section | None:
    """Return the audit of weak labels; None where the run has none."""
    found = branch(run.data, "weak_labels")
    if not found:
        return None
    gold = branch(found, "gold")
    used = bool(found.get("used"))
    lead = Paragraph(locale.say("weak_lead_used" if used else "weak_lead_beside", source=_source(found, locale)))
    blocks: list[Any] = [
        lead,
        *_verdict(found, gold, locale),
        Facts(list(_facts(found, locale))),
        _classes(found, gold, locale),
    ]
    if gold:
        blocks += [_against(gold, locale), _confusion(gold, locale)]
    if beside := branch(found, "beside"):
        blocks.append(_beside(beside, locale))
    if systems := branch(run.explain, "gold"):
        blocks.append(_systems(run, systems, locale))
    return Section("weak-labels", locale.say("weak_title"), blocks)


def learns_weak_labels(run: Run) -> bool:
    """Tell whether the systems of a run learned weak labels."""
    asked = run.recipe.get("label")
    return bool(asked) and branch(run.recipe, "label").get("use", True) is not False


def _source(found: dict[str, Any], locale: Locale) -> str:
    name = str(found.get("source", ""))
    return locale.say(f"weak_source_{name}") if locale.knows(f"weak_source_{name}") else name


def _verdict(found: dict[str, Any], gold: dict[str, Any], locale: Locale) -> Iterator[Box]:
    """Say how the labels stand against the majority, with both figures."""
    verdict = str(gold.get("verdict", "unknown"))
    tone = "note" if verdict == ABOVE else "warn"
    difference = branch(gold, "difference")
    text = locale.say(
        f"weak_verdict_{verdict}",
        agreement=locale.score(branch(gold, "agreement").get("value")),
        majority=locale.score(branch(gold, "majority").get("value")),
        label=branch(gold, "majority").get("label", ""),
        difference=locale.difference(difference.get("value")),
        interval=locale.interval(difference.get("low"), difference.get("high")),
        n=locale.whole(gold.get("n")),
    )
    accepted = locale.say("weak_accepted") if found.get("accepted") and verdict != ABOVE else ""
    yield Box(tone, locale.say("weak_verdict_title"), f"{text} {accepted}".strip())


def _facts(found: dict[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    for key in ("labelled", "coverage", "mixed"):
        share = branch(found, key)
        if share:
            shown = {"n": locale.whole(share.get("n")), "share": locale.percent(share.get("share"))}
            yield locale.say(f"weak_{key}"), locale.say("weak_of_rows", total=locale.whole(found.get("rows")), **shown)
    if conflicts := branch(found, "conflicts"):
        texts, rows = (locale.whole(conflicts.get(key)) for key in ("texts", "rows"))
        yield locale.say("weak_conflicts"), locale.say("weak_conflicts_are", texts=texts, rows=rows)
    settings = branch(found, "settings")
    if settings:
        named = (
            f"{name}: {_setting(value, locale)}" for name, value in settings.items() if value not in ({}, [], None)
        )
        yield locale.say("weak_settings"), ", ".join(named)


def _setting(value: Any, locale: Locale) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} → {item}" for key, item in value.items())
    if isinstance(value, list):
        return " + ".join(str(next(iter(item))) if isinstance(item, dict) and item else str(item) for item in value)
    return locale.setting(value)


def _classes(found: dict[str, Any], gold: dict[str, Any], locale: Locale) -> Table:
    names = sorted({*branch(found, "balance"), *branch(gold, "classes")})
    rows: list[list[Cell | str]] = []
    for name in names:
        share, mine = branch(found, "balance", name), branch(gold, "classes", name)
        cells: list[Cell | str] = [Cell(locale.whole(share.get("n", 0)), locale.percent(share.get("share", 0)))]
        if gold:
            cells.append(_share(mine.get("gold", 0), gold.get("n"), locale))
            cells += [locale.score(mine.get(key)) for key in ("precision", "recall")]
        rows.append([name, *cells])
    columns = [locale.say("class"), locale.say("weak_label_rows")]
    columns += [locale.say(key) for key in ("weak_gold_rows", "precision", "recall")] if gold else []
    return Table(locale.say("weak_classes_table"), columns, rows, range(1, len(columns)))


def _share(n: Any, total: Any, locale: Locale) -> Cell:
    return Cell(locale.whole(n), locale.percent(n / total) if is_number(n) and is_number(total) and total else "")


def _against(gold: dict[str, Any], locale: Locale) -> Table:
    difference = branch(gold, "difference")
    below = breakable(locale.interval(difference.get("low"), difference.get("high")))
    rows: list[list[Cell | str]] = [
        [locale.say("weak_agreement"), score_cell(branch(gold, "agreement"), locale)],
        [
            locale.say("weak_majority", label=branch(gold, "majority").get("label", NOTHING)),
            score_cell(branch(gold, "majority"), locale),
        ],
        [locale.say("weak_difference"), Cell(locale.difference(difference.get("value")), below)],
        [locale.say("weak_kappa"), score_cell(branch(gold, "kappa"), locale)],
    ]
    without = gold.get("without_label")
    note = locale.say("weak_without", n=locale.whole(without)) if is_number(without) and without else ""
    columns = [locale.say("weak_what"), rows_judged(gold.get("n"), locale)]
    return Table(
        locale.say("weak_against_table"), columns, rows, (1,), f"{locale.say('weak_against_note')} {note}".strip()
    )


def _beside(others: dict[str, Any], locale: Locale) -> Table:
    """Return how far the weak labels agree with others, such as stars."""
    rows: list[list[Cell | str]] = []
    for name in others:
        other = branch(others, name)
        if other:
            cells = [score_cell(branch(other, key), locale) for key in ("agreement", "majority", "kappa")]
            rows.append([name, Cell(locale.whole(other.get("n"))), *cells])
    majority = locale.say("weak_majority", label=locale.say("weak_commonest"))
    columns = [locale.say("weak_beside_what"), "n", locale.say("weak_agreement"), majority, locale.say("weak_kappa")]
    return Table(locale.say("weak_beside_table"), columns, rows, range(1, len(columns)), locale.say("weak_beside_note"))


def _confusion(gold: dict[str, Any], locale: Locale) -> Table:
    names = [str(name) for name in entries(gold, "confusion", "labels")]
    counts = entries(gold, "confusion", "counts")
    rows: list[list[Cell | str]] = [
        [name, *(Cell(locale.whole(n), emphasised=i == j) for j, n in enumerate(line))]
        for i, (name, line) in enumerate(zip(names, counts, strict=False))
    ]
    columns = [locale.say("weak_gold_class"), *names]
    return Table(locale.say("weak_confusion_table"), columns, rows, range(1, len(columns)))


def _systems(run: Run, systems: dict[str, Any], locale: Locale) -> Table:
    """Return how right systems are by people's labels, beside how well they imitate the weak ones."""
    rows: list[list[Cell | str]] = []
    for name in [*(name for name in run.ranked if name in systems), *(n for n in systems if n not in run.ranked)]:
        found = branch(systems, name)
        imitates = score_cell(run.score(name, "accuracy"), locale)
        rows.append([system_cell(name, locale), imitates, score_cell(branch(found, "agreement"), locale)])
    n = next((branch(systems, name).get("n") for name in systems), None)
    columns = [locale.say("system"), locale.say("weak_imitation"), locale.say("weak_people")]
    caption = locale.say("weak_systems_table", part=part_name(run.part, locale), n=locale.whole(n))
    return Table(caption, columns, rows, (1, 2), locale.say("weak_systems_note"))
