"""Label Studio's task lists as they are exported (JSON and JSON-MIN), read into items and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from makna.collect.cells import as_text
from makna.collect.disk import check_file, plain_errors
from makna.collect.names import hint, listed
from makna.core.errors import DataError
from makna.label.ratings import label_text
from makna.label.store.exchange import plain_text
from makna.label.store.items import NewItem
from makna.label.store.label_studio_min import FLAG, LABEL, NAME, NOTE, is_task, results_of, whole_tasks
from makna.label.store.written import checked_name

LARGEST = 100 * 2**20
"""Bytes of the largest file read: JSON takes several times its size in memory."""
_MARKS = ("rating", "number")
TYPES = ("choices", *_MARKS)
# The fields of makna's own tasks, by what is labelled.
TEXTS = {"answer": ("answer", "key"), "pair": ("text_a", "text_b"), "text": ("text",)}
CONTEXT = {"text": "context", "pair": "context", "answer": "question"}


@dataclass(frozen=True)
class TaskFields:
    """Which fields of the tasks are which, where that is not to be found out.

    Parameters
    ----------
    kind : {"text", "pair", "answer"} or None
        What is labelled.
    texts : tuple of str
        The field of the text; two for pairs, and for answers the answer and its key.
    context : str or None
        The field of the question.
    label : str or None
        The name of the control that gives the label (``from_name``).
    """

    kind: str | None = None
    texts: tuple[str, ...] = ()
    context: str | None = None
    label: str | None = None


@dataclass(frozen=True)
class TaskAnswer:
    """What one annotator said of one task; `at` is in seconds since 1970."""

    item: str
    label: str | None
    skipped: bool = False
    flagged: bool = False
    note: str = ""
    seconds: float | None = None
    at: float | None = None


@dataclass(frozen=True)
class Tasks:
    """A task list.

    Parameters
    ----------
    items : list of NewItem
        In the file's order.
    answers : dict of str to list of TaskAnswer
        By annotator, as the file names them: e-mail address, number, or ``annotator-1`` … where it names nobody.
    labels : tuple of str
        Labels that occur, in the order of first use.
    kind : {"text", "pair", "answer"}
        What is labelled.
    marks : bool
        Whether the labels are numbers on a scale.
    columns : dict of str to str
        Item field → the tasks' field.
    repeated : int
        Answers that the same annotator gave again to the same task; the last one counts.
    """

    items: list[NewItem]
    answers: dict[str, list[TaskAnswer]]
    labels: tuple[str, ...]
    kind: str
    marks: bool
    columns: dict[str, str] = field(default_factory=dict)
    repeated: int = 0


def read_tasks(path: str | Path, fields: TaskFields | None = None) -> Tasks:
    """Read an export of Label Studio, JSON or JSON-MIN.

    Parameters
    ----------
    path : path
        The file.
    fields : TaskFields or None
        What is not to be found out.

    Raises
    ------
    DataError
        No such file, too large, no JSON, no list of tasks, an id with two texts, no field of texts, several controls,
        or results of another kind than choices, ratings and numbers.
    """
    fields = fields or TaskFields()
    entries = _load(Path(path))
    kind, columns = _texts(entries, fields)
    tasks = whole_tasks(entries, tuple(columns.values()), fields.label)
    control, marks = _control(tasks, fields.label)
    items = [_item(task, columns, control) for task in tasks]
    answers, repeated = _answers(tasks, control)
    labels = [one.label for given in answers.values() for one in given if one.label is not None]
    labels += [one.suggested for one in items if one.suggested is not None]
    return Tasks(items, answers, tuple(dict.fromkeys(labels)), kind, marks, columns, repeated)


def _load(path: Path) -> list[dict[str, Any]]:
    check_file(path)
    with plain_errors(path):
        size = path.stat().st_size
        if size > LARGEST:
            raise DataError("label.tasks_too_big", path=path, size=size >> 20, limit=LARGEST >> 20)
        raw = path.read_bytes()
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise DataError("label.tasks_not_json", path=path, reason=str(problem)[:200]) from problem
    if not isinstance(found, list) or not found:
        raise DataError("label.tasks_not_list", path=path, came=type(found).__name__)
    for place, entry in enumerate(found, start=1):
        if not is_task(entry):
            came = json.dumps(entry, ensure_ascii=False)[:80]
            raise DataError("label.tasks_not_task", path=path, n=place, came=came)
    return found


def _texts(entries: Sequence[Mapping[str, Any]], fields: TaskFields) -> tuple[str, dict[str, str]]:
    """Return the kind, and item field → the field of the data."""
    there = list(dict.fromkeys(name for entry in entries for name in entry.get("data", entry)))
    kind, texts = fields.kind or "text", fields.texts
    for name in (*texts, *filter(None, [fields.context])):
        if name not in there:
            raise DataError("label.tasks_no_text", fields=listed(there), hint=hint(name, there))
    if not texts:
        kinds = [fields.kind] if fields.kind else list(TEXTS)
        found = next((one for one in kinds if set(TEXTS[one]) <= set(there)), None)
        if found is None:
            raise DataError("label.tasks_no_text", fields=listed(there), hint="")
        kind, texts = found, TEXTS[found]
    context = fields.context or (CONTEXT[kind] if CONTEXT[kind] in there else None)
    columns = dict(zip(("text_a", "text_b"), texts, strict=False))
    return kind, columns | ({"context": context} if context else {})


def _control(tasks: Sequence[Mapping[str, Any]], wanted: str | None) -> tuple[str, bool]:
    """Return the control that gives the labels, and whether these are marks."""
    types: dict[str, str] = {}
    for task in tasks:
        for annotation in (*task["annotations"], *task["predictions"]):
            for result in results_of(annotation):
                types.setdefault(str(result.get("from_name")), str(result.get("type", "")).lower())
    own = {name: kind for name, kind in types.items() if (name, kind) not in ((FLAG, "choices"), (NOTE, "textarea"))}
    if wanted is not None and types and wanted not in types:
        raise DataError("label.tasks_no_field", came=wanted, fields=listed(types), hint=hint(wanted, types))
    if wanted is None and len(own) > 1:
        raise DataError("label.tasks_which_field", fields=listed(f"{name} ({kind})" for name, kind in own.items()))
    control = wanted or next(iter(own), LABEL)
    kind = types.get(control, "choices")
    if kind not in TYPES:
        raise DataError("label.tasks_bad_type", came=kind or "–", allowed=listed(TYPES))
    return control, kind in _MARKS


def _item(task: Mapping[str, Any], columns: Mapping[str, str], control: str) -> NewItem:
    data = task["data"]
    texts = {name: plain_text(data.get(column)) for name, column in columns.items()}
    suggested, doubt = None, None
    for prediction in task["predictions"]:
        doubt = _doubt(prediction.get("score"))
        suggested = next(
            (_label(r, task["name"]) for r in results_of(prediction) if r.get("from_name") == control), None
        )
    used = {*columns.values(), NAME, "id"}
    extra = {str(name): plain_text(value) for name, value in data.items() if name not in used}
    return NewItem(
        name=task["name"], text_a=texts["text_a"], text_b=texts.get("text_b"), context=texts.get("context"),
        doubt=doubt, suggested=suggested, extra=extra,
    )  # fmt: skip


def _doubt(score: Any) -> float | None:
    """Return 1 − score, None where it is no share."""
    is_share = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
    return round(1 - float(score), 12) if is_share else None


def _label(result: Mapping[str, Any], task: str) -> str | None:
    found = _value(result, str(result.get("type", "")).lower())
    if isinstance(found, list):
        if len(found) > 1:
            raise DataError("label.tasks_several", task=task, labels=listed(map(as_text, found)))
        found = found[0] if found else None
    text = "" if found is None else plain_text(label_text(found)).strip()
    return checked_name(text) if text else None


def _value(result: Mapping[str, Any], kind: str) -> Any:
    value = result.get("value")
    return value.get(kind) if isinstance(value, dict) else None


def _answers(tasks: Sequence[Mapping[str, Any]], control: str) -> tuple[dict[str, list[TaskAnswer]], int]:
    answers: dict[str, dict[str, TaskAnswer]] = {}
    repeated = 0
    for task in tasks:
        annotations = sorted(task["annotations"], key=lambda one: str(one.get("created_at") or ""))
        for place, annotation in enumerate(annotations, start=1):
            given = answers.setdefault(_annotator(annotation.get("completed_by"), place), {})
            repeated += task["name"] in given
            given[task["name"]] = _answer(annotation, task["name"], control)
    return {who: list(given.values()) for who, given in answers.items()}, repeated


def _annotator(who: Any, place: int) -> str:
    if isinstance(who, dict):
        who = who.get("email") or who.get("username") or who.get("id")
    return f"annotator-{place}" if who is None else plain_text(who).strip()


def _answer(annotation: Mapping[str, Any], item: str, control: str) -> TaskAnswer:
    label, flagged, notes = None, False, []
    for result in results_of(annotation):
        name, kind = result.get("from_name"), str(result.get("type", "")).lower()
        if name == control:
            label = _label(result, item)
        elif (name, kind) == (FLAG, "choices"):
            flagged = True
        elif (name, kind) == (NOTE, "textarea"):
            written = _value(result, "text")
            notes += [plain_text(one) for one in (written if isinstance(written, list) else [written])]
    skipped = bool(annotation.get("was_cancelled") or annotation.get("skipped")) or label is None
    seconds = annotation.get("lead_time")
    return TaskAnswer(
        item, None if skipped else label, skipped, flagged, "\n".join(notes),
        float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None,
        _moment(annotation.get("created_at")),
    )  # fmt: skip


def _moment(written: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(written)).timestamp()
    except ValueError:
        return None
