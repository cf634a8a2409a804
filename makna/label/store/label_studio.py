"""A project as Label Studio's tasks, with the labelling interface that they need."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from makna.collect.disk import plain_errors
from makna.core.files import write_json
from makna.label.ratings import number_of
from makna.label.store.connect import Store
from makna.label.store.given import GivenRow, all_given, all_items
from makna.label.store.gold import gold_of
from makna.label.store.items import Item
from makna.label.store.label_studio_min import FLAG, LABEL, NAME, NOTE
from makna.label.store.label_studio_tasks import CONTEXT, TEXTS
from makna.label.store.projects import Project, project_of


def write_tasks(store: Store, project_id: int, path: str | os.PathLike[str], names: bool = True) -> int:
    """Write a project as a task list that Label Studio imports; return the number of tasks.

    Gold stands in each task's ``meta``: Label Studio knows none.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    path : path
        The target, replaced at the very end.
    names : bool
        Whether annotations say by whom (``completed_by``, which Label Studio takes for the e-mail address of one of
        its users); else they count as those of whoever imports them.

    Raises
    ------
    DataError
        No such project, or the file cannot be written.
    """
    project = project_of(store, project_id)
    gold = gold_of(store, project_id)
    by_item: dict[int, list[GivenRow]] = {}
    for row in all_given(store, project_id):
        by_item.setdefault(row.item_id, []).append(row)
    tasks = []
    for item in all_items(store, project_id):
        annotations = [_annotation(project, row, names) for row in by_item.get(item.id, [])]
        label, how = gold.get(item.id, (None, None))
        meta = {} if label is None else {"gold": label, "gold_how": how}
        predictions = _predictions(project, item)
        data = _data(project, item)
        tasks.append(
            {"id": item.id, "data": data, "annotations": annotations, "predictions": predictions, "meta": meta}
        )  # fmt: skip
    with plain_errors(path):
        write_json(Path(path), tasks)
    return len(tasks)


def _data(project: Project, item: Item) -> dict[str, Any]:
    texts = (item.text_a, item.text_b)
    data: dict[str, Any] = {NAME: item.name, **dict(zip(TEXTS[project.kind], texts, strict=False))}
    if item.context is not None:
        data[CONTEXT[project.kind]] = item.context
    for name, value in item.extra.items():
        # JSON-MIN puts the answers of the controls beside the data.
        while name in data or name in (LABEL, FLAG, NOTE):
            name += "_file"
        data[name] = value
    return data


def _annotation(project: Project, row: GivenRow, names: bool) -> dict[str, Any]:
    result = [] if row.label is None else [_result(project, row.label)]
    common = {"to_name": TEXTS[project.kind][0]}
    if row.flagged:
        result.append({"from_name": FLAG, **common, "type": "choices", "value": {"choices": [FLAG]}})
    if row.note:
        result.append({"from_name": NOTE, **common, "type": "textarea", "value": {"text": [row.note]}})
    who = {"completed_by": {"email": row.person}} if names else {}
    return {
        **who, "was_cancelled": row.skipped, "lead_time": row.seconds, "created_at": row.when, "result": result,
    }  # fmt: skip


def _result(project: Project, label: str) -> dict[str, Any]:
    kind, value = ("choices", [label]) if project.scale is None else ("number", _number(label))
    return {"from_name": LABEL, "to_name": TEXTS[project.kind][0], "type": kind, "value": {kind: value}}


def _number(label: str) -> float | int:
    number = number_of(label)
    return int(number) if number.is_integer() else number


def _predictions(project: Project, item: Item) -> list[dict[str, Any]]:
    if item.suggested is None and item.doubt is None:
        return []
    score = {} if item.doubt is None else {"score": round(1 - item.doubt, 12)}
    suggested = item.suggested
    if suggested is not None and project.scale is not None and not math.isfinite(number_of(suggested)):
        suggested = None
    result = [] if suggested is None else [_result(project, suggested)]
    return [{"model_version": "makna", **score, "result": result}]


def labeling_config(project: Project) -> str:
    """Return the labelling interface of a project for Label Studio (its "labeling config", XML).

    Parameters
    ----------
    project : Project
        Its kind and its labels or scale.
    """
    view = ElementTree.Element("View")
    fields = TEXTS[project.kind]
    for name in (CONTEXT[project.kind], *fields):
        if name in fields or project.kind == "answer":
            ElementTree.SubElement(view, "Text", {"name": name, "value": f"${name}"})
    target = {"toName": fields[0]}
    if project.scale is None:
        choices = ElementTree.SubElement(view, "Choices", {"name": LABEL, "choice": "single", **target})
        for label in project.choices:
            about = "".join(character for character in label.about if character.isprintable())
            more = {"hotkey": label.key, "hint": about}
            given = {name: value for name, value in more.items() if value}
            ElementTree.SubElement(choices, "Choice", {"value": label.name, **given})
    else:
        low, high, step = (f"{number:g}" for number in project.scale)
        ElementTree.SubElement(view, "Number", {"name": LABEL, "min": low, "max": high, "step": step, **target})
    flag = ElementTree.SubElement(view, "Choices", {"name": FLAG, "choice": "single", **target})
    ElementTree.SubElement(flag, "Choice", {"value": FLAG})
    ElementTree.SubElement(view, "TextArea", {"name": NOTE, "maxSubmissions": "1", **target})
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"
