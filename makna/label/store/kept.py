"""Answers as they are kept: the row that counts, and its JSON in the history."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from makna.label.store import tables


@dataclass(frozen=True)
class Answer:
    """What somebody said of an item.

    Parameters
    ----------
    item_id, person_id : int
        Of what and whose.
    label : str or None
        A label's name, or a mark as written; None where skipped.
    skipped, flagged : bool
        They could not say; somebody shall look at it.
    note : str
        Why.
    seconds : float or None
        From showing to saving.
    labels_version : int
        Of the labels it was chosen from.
    at : float
        Seconds since 1970.
    """

    item_id: int
    person_id: int
    label: str | None
    skipped: bool
    flagged: bool
    note: str
    seconds: float | None
    labels_version: int
    at: float


def answer_from(row: Any) -> Answer:
    """Return the answer of a row selected from the table `answer`, alone or joined."""
    return Answer(**{field.name: row._mapping[tables.answer.c[field.name]] for field in fields(Answer)})


def answer_json(answer: Answer | None, **changes: Any) -> str | None:
    """Return an answer as the history keeps it; None where there is none.

    Parameters
    ----------
    answer : Answer or None
        What was or is.
    **changes
        Fields that differ.
    """
    return None if answer is None else json.dumps(asdict(replace(answer, **changes)), ensure_ascii=False)


def answer_of(kept: str | None) -> Answer | None:
    """Return an answer from what the history keeps."""
    return None if kept is None else Answer(**json.loads(kept))
