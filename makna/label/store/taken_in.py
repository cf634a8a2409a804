"""Answers that were given elsewhere, taken into a project: all of them or none, and nobody's own answer replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.collect.names import listed
from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.answers import Given, checked_answer
from makna.label.store.connect import Store
from makna.label.store.given import all_items
from makna.label.store.history import need_open, tally
from makna.label.store.items import Item, add_items
from makna.label.store.kept import Answer, answer_json
from makna.label.store.label_studio_tasks import TaskAnswer, Tasks
from makna.label.store.members import members, set_member
from makna.label.store.people import Person
from makna.label.store.projects import Project, load_project, project_of

_SHOWN = 5


@dataclass(frozen=True)
class Imported:
    """What became of a task list.

    Parameters
    ----------
    added, known : int
        Items that are new, and that were there already.
    answers : int
        Answers taken in.
    kept : int
        Answers left out, because the same person has answered the item here already.
    """

    added: int
    known: int
    answers: int
    kept: int


def import_tasks(store: Store, project_id: int, tasks: Tasks, people: Mapping[str, Person]) -> Imported:
    """Take a task list into a project: its items, and its answers as those of the people named.

    People who are no members yet become annotators. Overlap holds for who is asked, not for what is brought along.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    tasks : Tasks
        As `makna.label.store.label_studio_tasks.read_tasks` gives them.
    people : mapping of str to Person
        Annotator, as the tasks name them → account.

    Raises
    ------
    DataError
        No such project, it is closed or of another kind, a label or mark is not the project's, an item of the same name
        has other texts, or an annotator is not in `people`.
    """
    project = project_of(store, project_id)
    need_open(project)
    if project.kind != tasks.kind:
        raise DataError("label.import_kind", name=project.name, kind=project.kind, came=tasks.kind)
    strangers = [who for who in tasks.answers if who not in people]
    if strangers:
        raise DataError("label.import_no_account", names=listed(strangers))
    answers = {people[who].id: _checked(project, given) for who, given in tasks.answers.items()}
    _refuse_other_texts({item.name: item for item in all_items(store, project_id)}, tasks)
    added = add_items(store, project_id, tasks.items)
    there = members(store, project_id)
    for person in people.values():
        if person.id not in there:
            set_member(store, project_id, person.id, "annotator")
    taken, kept = _take_in(store, project_id, answers)
    return Imported(added.added, added.known, taken, kept)


def _checked(project: Project, given: Sequence[TaskAnswer]) -> dict[str, Answer]:
    """Return item's name → answer, as the store would have taken it."""
    offered = {label.name for label in project.choices}
    labels = dict.fromkeys(one.label for one in given if one.label is not None)
    unknown = [label for label in labels if label not in offered] if project.scale is None else []
    if unknown:
        raise DataError("label.import_labels", labels=listed(unknown), allowed=listed(offered), name=project.name)
    return {
        one.item: replace(
            checked_answer(
                project, Given(one.label, one.skipped, one.flagged, one.note, one.seconds), project.labels_version
            ),
            at=one.at or 0.0,
        )
        for one in given
    }


def _refuse_other_texts(there: Mapping[str, Item], tasks: Tasks) -> None:
    other = [
        new.name for new in tasks.items
        if new.name in there and (new.text_a, new.text_b) != (there[new.name].text_a, there[new.name].text_b)
    ]  # fmt: skip
    if other:
        raise DataError("label.import_other_texts", n=len(other), names=listed(other, _SHOWN))


def _take_in(
    store: Store, project_id: int, answers: Mapping[int, Mapping[str, Answer]]
) -> tuple[int, int]:  # fmt: skip
    """Return how many answers were taken in, and how many are there already."""
    items = {item.name: item for item in all_items(store, project_id)}
    rows: list[dict[str, Any]] = []
    kept = 0
    with store.write() as connection:
        load_project(connection, project_id, "change")
        known = _known(connection, project_id)
        for person_id, given in answers.items():
            for name, answer in given.items():
                item = items.get(name)
                # An item that was deleted here stays deleted, and its answers with it.
                if item is None or (item.id, person_id) in known:
                    kept += 1
                    continue
                when = answer.at or store.clock()
                rows.append(asdict(replace(answer, item_id=item.id, person_id=person_id, at=when)))
        if rows:
            # RETURNING makes it one statement for many rows.
            connection.execute(sa.insert(tables.answer).returning(tables.answer.c.id), rows).close()
            traces = [_trace(row, store.clock()) for row in rows]
            connection.execute(sa.insert(tables.change).returning(tables.change.c.id), traces).close()
        touched = {row["item_id"] for row in rows}
        for item in items.values():
            if item.id in touched:
                tally(connection, item)
    return len(rows), kept


def _known(connection: Connection, project_id: int) -> set[tuple[int, int]]:
    answer, item = tables.answer.c, tables.item.c
    asked = sa.select(answer.item_id, answer.person_id).join_from(tables.answer, tables.item)
    return {(row.item_id, row.person_id) for row in connection.execute(asked.where(item.project_id == project_id))}


def _trace(row: Mapping[str, Any], now: float) -> dict[str, Any]:
    after = answer_json(Answer(**row))
    return {"item_id": row["item_id"], "person_id": row["person_id"], "kind": "imported", "after": after, "at": now}
