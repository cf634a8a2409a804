"""Gold: what all agreed on, and what an adjudicator decided where they did not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from makna.label.store import tables
from makna.label.store.answers import Given, checked_answer
from makna.label.store.connect import Store
from makna.label.store.history import held_item, sent_before
from makna.label.store.items import Item, item_from
from makna.label.store.kept import Answer, answer_from
from makna.label.store.labels import written_mark
from makna.label.store.members import need_role
from makna.label.store.people import Person
from makna.label.store.project import Project, load_project

_item, _answer, _gold = tables.item.c, tables.answer.c, tables.gold.c


@dataclass(frozen=True)
class Disagreement:
    """An item that wants a decision, or had one.

    Parameters
    ----------
    item : Item
        Which.
    answers : list of (str, Answer)
        Each with its person's name.
    gold : str or None
        What was decided.
    """

    item: Item
    answers: list[tuple[str, Answer]]
    gold: str | None


def disagreements(store: Store, person: Person, project_id: int) -> list[Disagreement]:
    """Return the items people do not agree on, in order, decided ones among them.

    These are items with all wanted answers whose labels differ (marks: by more than a step) or that somebody skipped,
    and items that somebody flagged.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        An adjudicator of the project, or an admin.
    project_id : int
        Which.

    Raises
    ------
    DataError
        They do not adjudicate there.
    """
    with store.read() as connection:
        need_role(connection, person, project_id, ("adjudicator",))
        project = load_project(connection, project_id)
        asked = (
            sa.select(tables.item, tables.answer, tables.person.c.name.label("whose"), _gold.label.label("decided"))
            .select_from(
                tables.item.join(tables.answer)
                .join(tables.person, tables.person.c.id == _answer.person_id)
                .outerjoin(tables.gold, _gold.item_id == _item.id)
            )
            .where(_item.id.in_(_doubtful(project)))
            .order_by(_item.position, tables.person.c.key)
        )
        rows = connection.execute(asked).all()
    found = []
    for _, group in itertools.groupby(rows, key=lambda row: row._mapping[_item.id]):
        of_item = list(group)
        answers = [(row.whose, answer_from(row)) for row in of_item]
        if not _agree(project, [answer for _, answer in answers]):
            found.append(Disagreement(item_from(of_item[0]), answers, of_item[0].decided))
    return found


def decide(
    store: Store,
    person: Person,
    item_id: int,
    label: str,
    labels_version: int,
    note: str = "",
    token: str | None = None,
) -> None:
    """Make a label or mark the gold of an item; what was decided before stays in the history.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        An adjudicator of the item's project, or an admin.
    item_id : int
        Which.
    label : str
        A label's name or a mark.
    labels_version : int
        Of the labels it was chosen from.
    note : str
        Why; up to 2,000 characters.
    token : str or None
        Of the request: sent twice, it counts once.

    Raises
    ------
    LabelsChanged
        The label was renamed or retired meanwhile.
    DataError
        The item is gone, they do not adjudicate, the project is closed, or the label, note or token cannot be used.
    """
    now = store.clock()
    with store.write() as connection:
        project, item = held_item(connection, person, item_id, "adjudicator")
        if sent_before(connection, person, item.id, token) is not None:
            return
        chosen = checked_answer(project, Given(label, note=note), labels_version)
        before = connection.execute(sa.select(tables.gold).where(_gold.item_id == item.id)).one_or_none()
        row = {"label": chosen.label, "person_id": person.id, "note": chosen.note, "at": now}
        trace = {
            "item_id": item.id, "person_id": person.id, "kind": "decided", "token": token, "at": now,
            "before": None if before is None else json.dumps(dict(before._mapping), ensure_ascii=False),
            "after": json.dumps({"item_id": item.id} | row, ensure_ascii=False),
        }  # fmt: skip
        connection.execute(sa.insert(tables.change).values(trace))
        if before is None:
            connection.execute(sa.insert(tables.gold).values(item_id=item.id, **row))
        else:
            connection.execute(sa.update(tables.gold).where(_gold.item_id == item.id).values(row))


def gold_of(store: Store, project_id: int) -> dict[int, tuple[str, str]]:
    """Return what is known of a project's items: item's id → label or mark, and how it came about, in order.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.

    Returns
    -------
    dict
        How is ``"decided"``, or ``"agreed"``: all wanted answers are alike and none is flagged. Marks agree within a
        step, and their mean counts.

    Raises
    ------
    DataError
        There is no such project.
    """
    with store.read() as connection:
        project = load_project(connection, project_id)
        here = sa.and_(_item.project_id == project_id, _item.deleted.is_(False))
        asked = sa.select(_gold.item_id, _gold.label).join_from(tables.gold, tables.item).where(here)
        decided: dict[int, str] = {row.item_id: row.label for row in connection.execute(asked)}
        rows = connection.execute(
            sa.select(_answer.item_id, _answer.label, _answer.flagged)
            .join_from(tables.answer, tables.item)
            .where(here)
            .order_by(_item.position, _answer.id)
        ).all()
    found: dict[int, tuple[str, str]] = {}
    for item_id, group in itertools.groupby(rows, key=lambda row: row.item_id):
        answers = list(group)
        if item_id in decided:
            found[item_id] = (decided.pop(item_id), "decided")
        elif len(answers) >= project.overlap and _agree(project, answers):
            found[item_id] = (_together(project, answers), "agreed")
    return found | {item_id: (label, "decided") for item_id, label in decided.items()}


def _doubtful(project: Project) -> Any:
    """Select items that may want a decision; marks that differ are looked at again for how far."""
    flags, skips = (sa.func.sum(sa.case((column, 1), else_=0)) for column in (_answer.flagged, _answer.skipped))
    differ = sa.or_(sa.func.count(sa.distinct(_answer.label)) > 1, skips > 0)
    return (
        sa.select(_item.id)
        .join_from(tables.item, tables.answer)
        .where(_item.project_id == project.id, _item.deleted.is_(False))
        .group_by(_item.id, _item.answers)
        .having(sa.or_(flags > 0, sa.and_(_item.answers >= project.overlap, differ)))
    )


def _agree(project: Project, answers: Sequence[Any]) -> bool:
    if any(answer.flagged or answer.label is None for answer in answers):
        return False
    if project.scale is None:
        return len({answer.label for answer in answers}) == 1
    marks = _marks(answers)
    return max(marks) - min(marks) <= project.scale[2] * (1 + 1e-9)


def _marks(answers: Sequence[Any]) -> list[float]:
    return [float(answer.label) for answer in answers if answer.label is not None]


def _together(project: Project, answers: Sequence[Any]) -> str:
    if project.scale is None:
        return str(answers[0].label)
    marks = _marks(answers)
    return written_mark(sum(marks) / len(marks))
