"""`makna label audit`: whether labels that no person gave are better than always the commonest class."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from makna.cli.screen import Stages, tell
from makna.core.errors import DataError, UsageError
from makna.core.messages import language, say

if TYPE_CHECKING:
    import pandas as pd

    from makna.collect.stream import Reading
    from makna.label.lexicon import WeakLabels
    from makna.recipe.sections import InsetSection, VaderSection

_ADDED = ("weak_label", "weak_score")
_GOLD = "gold"


@dataclass(frozen=True)
class AuditWords:
    """The words of the command."""

    file: str
    source: str
    text: str | None
    gold: str | None
    reading: Reading
    settings: dict[str, Any]
    classes: str | None = None
    raw: str | None = None
    out: str | None = None
    as_json: bool = False


@dataclass(frozen=True)
class _Table:
    """Rows with the columns that are known without being named."""

    rows: pd.DataFrame
    text: str | None
    gold: str | None


def audit_labels(words: AuditWords) -> None:
    """Show the audit on stdout, and refuse labels that are not above the majority.

    Raises
    ------
    UserError
        The words or the table are wrong, or the labels are no better than the majority.
    """
    from makna.label.audit import ABOVE, Labelled, audit, verdict_of
    from makna.recipe.labelling import refusal

    table = _read(words)
    classes = _mapped(words.raw)
    gold = None if table.gold is None else [classes.get(cell, cell) for cell in _cells(table.rows, table.gold)]
    texts = None if table.text is None else _cells(table.rows, table.text)
    settings = _settings(words)
    if settings is None:
        labels = [classes.get(cell, cell) for cell in _cells(table.rows, words.source)]
        covered, mixed = None, None
    else:
        if texts is None:
            raise DataError("cli.clean_which_column", columns=", ".join(table.rows.columns))
        read = texts if _column(settings) is None else _cells(table.rows, str(_column(settings)))
        made = _made(settings, read, gold or [])
        labels, covered, mixed = made.labels, made.covered.tolist(), made.mixed.tolist()
        if words.out is not None:
            _write(words.out, table.rows, made)
    shown = {} if settings is None else settings.model_dump(exclude_none=True)
    found = audit(Labelled(words.source, texts, labels, gold, covered, mixed, shown))
    print(json.dumps(found, ensure_ascii=False, indent=1) if words.as_json else _summary(found))  # noqa: T201 (the result)
    if words.out is not None and settings is not None:
        tell(say("label.audit_written", path=words.out, columns=", ".join(_ADDED)))
    if found["gold"] is None:
        tell(say("label.audit_no_gold"))
    elif verdict_of(found) != ABOVE:
        raise refusal(found, say("label.audit_how"))


def _mapped(written: str | None) -> dict[str, str]:
    """Return raw value → class, as ``1=negatif,2=negatif`` says."""
    pairs = [pair.partition("=") for pair in (written or "").split(",") if pair.strip()]
    if not all(equals and raw.strip() and name.strip() for raw, equals, name in pairs):
        raise UsageError("label.audit_bad_map", came=written)
    return {raw.strip(): name.strip() for raw, _, name in pairs}


def _column(settings: VaderSection | InsetSection) -> str | None:
    """Return the column that the lexicon reads in place of the text, None where it reads the text."""
    return getattr(settings, "translate", None)


def _read(words: AuditWords) -> _Table:
    """Read a file, or a set of the catalogue by its name."""
    from makna.collect.catalogue import datasets
    from makna.collect.datasets import read_dataset
    from makna.collect.names import missing_column
    from makna.collect.own import read_own

    path = Path(words.file)
    if words.file in datasets() and not path.exists():
        collected = read_dataset(words.file)
        rows, known = collected.table, {k: v for k, v in collected.mapping.items() if isinstance(v, str)}
    else:
        own = read_own(words.file, reading=words.reading, folder=path.is_dir())
        rows, known = own.table, {}
        for note in own.notes:
            tell(note)
    columns = list(rows.columns)
    for name in (words.text, words.gold, words.settings.get("translate")):
        if name is not None and name not in columns:
            raise missing_column(name, "audit", columns)
    text = words.text or known.get("text") or ("text" if "text" in columns else None)
    gold = words.gold or known.get("label") or (_GOLD if _GOLD in columns else None)
    return _Table(rows, text, gold)


def _settings(words: AuditWords) -> VaderSection | InsetSection | None:
    """Return the settings of a lexicon, None where the source is a column."""
    from pydantic import ValidationError

    from makna.recipe.sections import InsetSection, VaderSection

    kinds: dict[str, type[VaderSection] | type[InsetSection]] = {"vader": VaderSection, "inset": InsetSection}
    given = {name: value for name, value in words.settings.items() if value not in (None, [])}
    if words.source not in kinds:
        if given or words.out is not None:
            raise UsageError("label.audit_lexicon_only", names=", ".join(given) or "--out", source=words.source)
        return None
    if words.classes is not None:
        names = [name.strip() for name in words.classes.split(",")]
        if len(names) != 3 or not all(names):
            raise UsageError("label.audit_classes", came=words.classes)
        given["classes"] = dict(zip(("positive", "neutral", "negative"), names, strict=True))
    kind = kinds[words.source]
    try:
        return kind.model_validate(given)
    except ValidationError as wrong:
        error = wrong.errors()[0]
        allowed = str(error.get("ctx", {}).get("expected") or ", ".join(kind.model_fields))
        raise UsageError(
            "label.audit_setting", name=str(error["loc"][0]), came=str(error["input"]), allowed=allowed
        ) from wrong


def _cells(rows: pd.DataFrame, column: str) -> list[str]:
    from makna.collect.cells import texts_of
    from makna.collect.names import missing_column

    if column not in rows.columns:
        raise missing_column(column, "source", [*rows.columns, "vader", "inset"])
    return [cell if cell.strip() else "" for cell in texts_of(rows[column])]


def _made(settings: VaderSection | InsetSection, texts: Sequence[str], gold: Sequence[str]) -> WeakLabels:
    from makna.recipe.labelling import labelled

    with Stages() as stages:
        made, notes = labelled(settings, texts, gold, lambda done, total: stages("label", "", done, total))
    for note in notes:
        tell(note)
    return made


def _write(out: str, rows: pd.DataFrame, made: WeakLabels) -> None:
    from makna.collect.writer import TableWriter
    from makna.serve.tables import free_names

    label, score = free_names(_ADDED, list(rows.columns))
    added = rows.copy()
    added[label], added[score] = made.labels, made.compounds.round(4)
    with TableWriter.open(out, list(added.columns)) as writer:
        writer.write(added)


def _summary(found: dict[str, Any]) -> str:
    from rich.console import Console
    from rich.table import Table

    screen = StringIO()
    console = Console(file=screen, width=100, markup=False)
    shown = Table(title=say("label.audit_title", source=found["source"], n=found["rows"]), title_justify="left")
    shown.add_column("")
    shown.add_column(say("label.audit_value"), justify="right")
    shown.add_column(say("cli.column_interval"), justify="right")
    for name, value, interval in _lines(found):
        shown.add_row(name, value, interval)
    console.print(shown)
    return screen.getvalue().rstrip()


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key in ("labelled", "coverage", "mixed"):
        if share := found[key]:
            yield say(f"label.audit_{key}"), f"{share['n']} ({_number(share['share'])})", _interval(share)
    if conflicts := found["conflicts"]:
        yield say("label.audit_conflicts"), f"{conflicts['texts']} ({conflicts['rows']})", ""
    for name, share in found["balance"].items():
        yield say("label.audit_class", label=name), f"{share['n']} ({_number(share['share'])})", ""
    if gold := found["gold"]:
        yield say("label.audit_gold"), str(gold["n"]), ""
        for key in ("agreement", "majority", "difference", "kappa"):
            name = say(f"label.audit_{key}", label=gold["majority"]["label"])
            yield name, _number(gold[key]["value"]), _interval(gold[key])
        for name, scores in gold["classes"].items():
            if scores["gold"]:
                precision, recall = (_number(scores[key]) for key in ("precision", "recall"))
                yield say("label.audit_of_class", label=name), f"{precision} / {recall}", ""


def _interval(score: dict[str, Any]) -> str:
    return f"{_number(score['low'])} – {_number(score['high'])}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    text = f"{value:.3f}"
    return text.replace(".", ",") if language() == "id" else text
