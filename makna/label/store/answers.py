"""Answers: saved as a whole or not at all, once however often they are sent, and taken back one by one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.history import held_item, need_open, sent_before, tally, visible_item
from makna.label.store.items import Item, item_from, load_item
from makna.label.store.kept import Answer, answer_from, answer_json, answer_of
from makna.label.store.labels import LabelsChanged, checked_mark, meant
from makna.label.store.members import MEMBER_ROLES, need_role
from makna.label.store.people import Person
from makna.label.store.project import Project, load_project
from makna.label.store.queue import keep_for
from makna.label.store.written import storable

LONGEST_NOTE = 2000
_DAY = 86_400.0

_answer, _change, _item = tables.answer.c, tables.change.c, tables.item.c


@dataclass(frozen=True)
class Given:
    """What somebody says of an item.

    Parameters
    ----------
    label : str or None
        A label's name or a mark; None to skip.
    skipped : bool
        They cannot say.
    flagged : bool
        Somebody shall look at it.
    note : str
        Why; up to 2,000 characters.
    seconds : float or None
        From showing to saving.
    """

    label: str | None
    skipped: bool = False
    flagged: bool = False
    note: str = ""
    seconds: float | None = None


def save_answer(
    store: Store, person: Person, item_id: int, given: Given, labels_version: int, token: str | None = None
) -> Answer:
    """Save somebody's answer, new or changed; what it was before stays in the history.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        An annotator of the item's project, or an admin.
    item_id : int
        Which.
    given : Given
        The answer.
    labels_version : int
        Of the labels it was chosen from.
    token : str or None
        Of the request, up to 64 characters: sent twice, it counts once.

    Raises
    ------
    LabelsChanged
        The label was renamed or retired meanwhile; choose again.
    DataError
        The item is gone (or of a project they have no part in), they do not annotate, the project is closed, the label
        or mark is none of the project's, the note too long, or the token was used for something else.
    """
    now = store.clock()
    with store.write() as connection:
        project, item = held_item(connection, person, item_id, "annotator")
        sent = sent_before(connection, person, item.id, token)
        before = _kept(connection, person, item.id)
        if sent is not None:
            return before or Answer(**json.loads(sent.after))
        after = replace(checked_answer(project, given, labels_version), item_id=item.id, person_id=person.id, at=now)
        _put(connection, before, after, {"kind": "saved", "token": token, "at": now})
        theirs = sa.and_(tables.lease.c.item_id == item.id, tables.lease.c.person_id == person.id)
        connection.execute(sa.delete(tables.lease).where(theirs))
        tally(connection, item)
    return after


def undo(store: Store, person: Person, project_id: int) -> int | None:
    """Take somebody's newest answer that still stands in a project back; return its item's id.

    The answer before it counts again; where there was none, the item is kept for them.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        An annotator of the project, or an admin.
    project_id : int
        Which.

    Returns
    -------
    int or None
        None where nothing is left to take back.

    Raises
    ------
    DataError
        They do not annotate there, or the project is closed.
    """
    now = store.clock()
    with store.write() as connection:
        need_role(connection, person, project_id, ("annotator",))
        project = load_project(connection, project_id, "queue")
        need_open(project)
        newest = connection.execute(_standing(person, project_id)).first()
        if newest is None:
            return None
        item = load_item(connection, newest.item_id, lock=True)
        before = _kept(connection, person, item.id)
        back = _renamed(project, answer_of(newest.before))
        _put(connection, before, back, {"kind": "undone", "undoes": newest.id, "at": now})
        if back is None:
            keep_for(connection, item, person, now)
        tally(connection, item)
    return item.id


def my_answer(store: Store, person: Person, item_id: int) -> Answer | None:
    """Return somebody's own answer to an item; None where there is none.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        Whose.
    item_id : int
        Which.

    Raises
    ------
    DataError
        The item is gone, or of a project they have no part in.
    """
    with store.read() as connection:
        visible_item(connection, person, item_id)
        return _kept(connection, person, item_id)


def my_answers(store: Store, person: Person, project_id: int, limit: int = 50) -> list[tuple[Item, Answer]]:
    """Return somebody's own answers in a project, newest first.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        Whose.
    project_id : int
        Which.
    limit : int
        How many at most.

    Raises
    ------
    DataError
        They have no part in it.
    """
    asked = (
        sa.select(tables.item, tables.answer)
        .join_from(tables.answer, tables.item)
        .where(_answer.person_id == person.id, _item.project_id == project_id, _item.deleted.is_(False))
        .order_by(_answer.at.desc(), _answer.id.desc())
        .limit(limit)
    )
    with store.read() as connection:
        need_role(connection, person, project_id, MEMBER_ROLES)
        return [(item_from(row), answer_from(row)) for row in connection.execute(asked)]


def _kept(connection: Connection, person: Person, item_id: int) -> Answer | None:
    asked = sa.select(tables.answer).where(_answer.item_id == item_id, _answer.person_id == person.id)
    row = connection.execute(asked).one_or_none()
    return None if row is None else answer_from(row)


def _put(connection: Connection, before: Answer | None, after: Answer | None, trace: dict[str, Any]) -> None:
    """Make `after` what counts instead of `before`, and leave a trace; None stands for no answer."""
    either = after or before
    if either is None:
        return
    whose = {"item_id": either.item_id, "person_id": either.person_id}
    row = trace | whose | {"before": answer_json(before), "after": answer_json(after)}
    connection.execute(sa.insert(tables.change).values(row))
    theirs = sa.and_(_answer.item_id == either.item_id, _answer.person_id == either.person_id)
    if after is None:
        connection.execute(sa.delete(tables.answer).where(theirs))
    elif before is None:
        connection.execute(sa.insert(tables.answer).values(asdict(after)))
    else:
        connection.execute(sa.update(tables.answer).where(theirs).values(asdict(after)))


def _standing(person: Person, project_id: int) -> Any:
    """Select what a person saved in a project and did not take back, newest first."""
    undone = sa.alias(tables.change)
    return (
        sa.select(tables.change)
        .join_from(tables.change, tables.item)
        .where(
            _change.person_id == person.id,
            _change.kind == "saved",
            _item.project_id == project_id,
            _item.deleted.is_(False),
            ~sa.exists().where(undone.c.undoes == _change.id),
        )
        .order_by(_change.id.desc())
        .limit(1)
    )


def _renamed(project: Project, answer: Answer | None) -> Answer | None:
    """Return an answer of the history under the present name of its label."""
    if answer is None or answer.label is None or project.scale is not None:
        return answer
    label = meant(project.labels, answer.label, answer.labels_version)
    return answer if label is None else replace(answer, label=label.name, labels_version=project.labels_version)


def checked_answer(project: Project, given: Given, labels_version: int) -> Answer:
    """Return an answer fit to be kept, of no item and nobody yet.

    Parameters
    ----------
    project : Project
        Whose labels or scale it is of.
    given : Given
        As it came.
    labels_version : int
        Of the labels it was chosen from.

    Raises
    ------
    LabelsChanged
        The label was renamed or retired meanwhile.
    DataError
        The label or mark is none of the project's, there is none and it was not skipped, or the note is too long.
    """
    if len(given.note) > LONGEST_NOTE:
        raise DataError("label.store_note_long", n=len(given.note), longest=LONGEST_NOTE)
    if (given.label is None) != given.skipped:
        raise DataError("label.store_label_or_skip")
    label = given.label
    if label is not None and project.scale is not None:
        label = checked_mark(project.scale, label)
    elif label is not None:
        _check_label(project, label, labels_version)
    seconds = given.seconds
    if seconds is not None:
        # A page left open says nothing of the work; a clock that went back says nothing at all.
        seconds = min(seconds, _DAY) if seconds >= 0 else None
    return Answer(
        item_id=0, person_id=0, label=label, skipped=given.skipped, flagged=given.flagged, note=storable(given.note),
        seconds=seconds, labels_version=project.labels_version, at=0.0,
    )  # fmt: skip


def _check_label(project: Project, came: str, version: int) -> None:
    choices = project.choices
    allowed = ", ".join(label.name for label in choices)
    now = project.labels_version
    label = meant(project.labels, came, min(version, now))
    if version == now and (label is None or label.retired):
        raise DataError("label.store_unknown_label", came=came[:40], allowed=allowed)
    if label is None or label.retired or label.name != came:
        raise LabelsChanged("label.store_labels_changed", labels=allowed, choices=choices, version=now)
