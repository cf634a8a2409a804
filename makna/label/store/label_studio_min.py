"""Both forms of Label Studio's exports as one: tasks with a name, data, annotations and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from makna.collect.names import listed
from makna.core.errors import DataError
from makna.label.store.exchange import plain_text

# What JSON-MIN writes beside the data and the results.
_BOOKS = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")
# Where annotations stand; "completions" is their old name.
_SAID = ("annotations", "completions")
_SHOWN = 5

# In makna's own tasks: the item's name in the data (JSON-MIN puts the task's number over "id"), and the controls.
NAME = "makna_id"
FLAG, NOTE, LABEL = "flag", "note", "label"


def is_task(entry: Any) -> bool:
    """Tell whether an entry of a list can be a task: its data and its annotations are what they should be."""
    if not isinstance(entry, dict) or not isinstance(entry.get("data", {}), dict):
        return False
    return all(isinstance(entry.get(name) or [], list) for name in _SAID) and all(
        isinstance(annotation, dict) and isinstance(annotation.get("result") or [], list)
        for name in _SAID
        for annotation in entry.get(name) or ()
    )


def results_of(annotation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the results of an annotation or a prediction."""
    found = annotation.get("result")
    return [result for result in found if isinstance(result, dict)] if isinstance(found, list) else []


def whole_tasks(
    entries: Sequence[Mapping[str, Any]], texts: Sequence[str], control: str | None
) -> list[dict[str, Any]]:  # fmt: skip
    """Return tasks with ``name``, ``data``, ``annotations`` and ``predictions``; each name once.

    Parameters
    ----------
    entries : sequence of mapping
        JSON (with ``data``), or JSON-MIN (flat, one entry an annotation).
    texts : sequence of str
        Fields of the data that hold texts.
    control : str or None
        The name of the control that gives the label; found out when None.

    Raises
    ------
    DataError
        A name stands twice with other texts, or the control cannot be told in JSON-MIN.
    """
    flat = [entry for entry in entries if "data" not in entry]
    named = _control(flat, texts, control) if flat else None
    tasks: dict[str, dict[str, Any]] = {}
    twice = []
    for place, entry in enumerate(entries, start=1):
        task = _unfolded(entry, named) if "data" not in entry else _ordered(entry)
        name = task["data"].get(NAME, task["data"].get("id", task.get("id")))
        task["name"] = plain_text(place if name is None else name)
        before = tasks.setdefault(task["name"], task)
        if before is task:
            continue
        if "data" in entry or any(before["data"].get(text) != task["data"].get(text) for text in texts):
            twice.append(task["name"])
        before["annotations"] = [*before["annotations"], *task["annotations"]]
    if twice:
        raise DataError("label.tasks_repeated", n=len(twice), ids=listed(dict.fromkeys(twice), _SHOWN))
    return list(tasks.values())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ordered(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task of JSON with all its parts."""
    # Some exports name predictions by their numbers alone.
    predictions = [one for one in entry.get("predictions") or () if isinstance(one, dict)]
    annotations = [*(entry.get("annotations") or ()), *(entry.get("completions") or ())]
    return {"id": entry.get("id"), "data": entry["data"], "annotations": annotations, "predictions": predictions}


def _control(flat: Sequence[Mapping[str, Any]], texts: Sequence[str], wanted: str | None) -> str | None:
    """Return the field that holds the answer; None where nothing was answered."""
    if wanted is not None or not any("annotation_id" in entry or "annotator" in entry for entry in flat):
        return wanted
    fields = dict.fromkeys(name for entry in flat for name in entry)
    if NAME in fields:
        return LABEL
    left = [name for name in fields if name not in (*_BOOKS, *texts)]
    # An answer that is no single choice is a list or an object, which data seldom are.
    folded = [name for name in left if any(isinstance(entry.get(name), list | dict) for entry in flat)]
    found = folded if len(folded) == 1 else left
    if len(found) > 1:
        raise DataError("label.tasks_which_field", fields=listed(found))
    return found[0] if found else None


def _unfolded(entry: Mapping[str, Any], control: str | None) -> dict[str, Any]:
    """Return an entry of JSON-MIN as a task."""
    # Makna's own tasks have no data under the names of their other controls.
    own = {FLAG: "choices", NOTE: "textarea"} if NAME in entry else {}
    data = {name: value for name, value in entry.items() if name not in (*_BOOKS[1:], control, *own)}
    results = [
        {"from_name": name, "type": kind, "value": {"choices": [entry[name]], "text": _listed(entry[name])}}
        for name, kind in own.items()
        if entry.get(name)
    ]
    is_answered = "annotation_id" in entry or "annotator" in entry
    if control is not None and entry.get(control) is not None:
        results.append(_result(control, entry[control]))
    annotation = {
        "completed_by": entry.get("annotator"), "created_at": entry.get("created_at"),
        "lead_time": entry.get("lead_time"), "result": results,
    }  # fmt: skip
    return {"data": data, "annotations": [annotation] if is_answered else [], "predictions": []}


def _result(control: str, value: Any) -> dict[str, Any]:
    """Return JSON-MIN's short form as a result: a text is a choice, all else names its own type."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        kind = next((name for name in ("choices", "rating", "number") if name in value), next(iter(value), ""))
        return {"from_name": control, "type": kind, "value": value}
    if isinstance(value, int | float):
        return {"from_name": control, "type": "number", "value": {"number": value}}
    chosen = value if isinstance(value, list) else [value]
    return {"from_name": control, "type": "choices", "value": {"choices": chosen}}
