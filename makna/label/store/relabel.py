"""Labels changed under way: asked where answers are touched, renamed with a trace, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.kept import answer_from, answer_json
from makna.label.store.labels import LabelChoice, LabelsInUse, labels_json, next_labels
from makna.label.store.project import Project, load_project


def change_labels(
    store: Store,
    project_id: int,
    labels: Sequence[str | LabelChoice],
    expected_version: int,
    renamed: Mapping[str, str] | None = None,
    go_on: bool = False,
) -> Project:
    """Change the labels of a project under way; nothing that was answered is lost.

    A renamed label takes its answers along. A label left out is retired as soon as anybody has answered anything:
    answers that have it keep it.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.
    labels : sequence of str or LabelChoice
        The labels as they shall be, renamed ones under their new names.
    expected_version : int
        Of the labels that the change was thought out for.
    renamed : mapping of str to str, optional
        Old name → new name.
    go_on : bool
        Whether answers may be touched.

    Raises
    ------
    LabelsInUse
        Answers have a label that goes or is renamed, and `go_on` was not given.
    DataError
        Somebody else changed the labels meanwhile, the project gives marks, or the labels cannot be used.
    """
    renamed = dict(renamed or {})
    with store.write() as connection:
        project = load_project(connection, project_id, "change")
        if project.labels_version != expected_version:
            raise DataError("label.store_labels_changed", labels=", ".join(label.name for label in project.choices))
        if project.scale is not None:
            raise DataError("label.store_no_labels_here", name=project.name)
        version = project.labels_version + 1
        after = next_labels(project.labels, labels, renamed, version)
        offered = {label.name for label in after if not label.retired}
        touched = {label.name for label in project.choices if label.name not in offered} | set(renamed)
        counts = {name: n for name, n in _answers_by_label(connection, project_id).items() if name in touched}
        if counts and not go_on:
            shown = ", ".join(f"{name} ({n})" for name, n in counts.items())
            raise LabelsInUse("label.store_labels_in_use", labels=shown, counts=counts)
        if not _has_history(connection, project_id):
            after = tuple(label for label in after if not label.retired)
        row = {"labels": labels_json(after), "labels_version": version}
        connection.execute(sa.update(tables.project).where(tables.project.c.id == project_id).values(**row))
        _rename_answers(connection, project_id, renamed, version, store.clock())
        return load_project(connection, project_id)


def _answers_by_label(connection: Connection, project_id: int) -> dict[str, int]:
    """Return how many answers and decisions each label has.

    Parameters
    ----------
    connection : Connection
        Of the store.
    project_id : int
        Which.
    """
    counts: dict[str, int] = {}
    for table in (tables.answer, tables.gold):
        asked = (
            sa.select(table.c.label, sa.func.count())
            .join_from(table, tables.item)
            .where(tables.item.c.project_id == project_id, table.c.label.is_not(None))
            .group_by(table.c.label)
        )
        for label, n in connection.execute(asked):
            counts[label] = counts.get(label, 0) + n
    return counts


def _has_history(connection: Connection, project_id: int) -> bool:
    """Return whether anybody ever answered anything in a project.

    Parameters
    ----------
    connection : Connection
        Of the store.
    project_id : int
        Which.
    """
    asked = (
        sa.select(tables.change.c.id)
        .join_from(tables.change, tables.item)
        .where(tables.item.c.project_id == project_id)
        .limit(1)
    )
    return connection.scalar(asked) is not None


def _rename_answers(
    connection: Connection, project_id: int, renamed: Mapping[str, str], version: int, now: float
) -> None:
    """Give answers, decisions and suggestions the new names of their labels; what they were stands in `change`.

    Parameters
    ----------
    connection : Connection
        Of the store, in a transaction.
    project_id : int
        Which.
    renamed : mapping of str to str
        Old name → new name.
    version : int
        Of the labels after the change.
    now : float
        Seconds since 1970.
    """
    if not renamed:
        return
    here = sa.select(tables.item.c.id).where(tables.item.c.project_id == project_id)
    kept = tables.answer.c
    touched = sa.and_(kept.item_id.in_(here), kept.label.in_(renamed))
    rows = []
    for row in connection.execute(sa.select(tables.answer).where(touched)):
        before = answer_from(row)
        after = answer_json(before, label=renamed[row.label], labels_version=version)
        rows.append(
            {"item_id": row.item_id, "person_id": row.person_id, "kind": "relabelled", "at": now}
            | {"before": answer_json(before), "after": after}
        )
    if rows:
        # RETURNING makes it one statement for many rows.
        connection.execute(sa.insert(tables.change).returning(tables.change.c.id), rows).close()
    new_name = sa.case(dict(renamed), value=kept.label)
    connection.execute(sa.update(tables.answer).where(touched).values(label=new_name, labels_version=version))
    decided = tables.gold.c
    connection.execute(
        sa.update(tables.gold)
        .where(decided.item_id.in_(here), decided.label.in_(renamed))
        .values(label=sa.case(dict(renamed), value=decided.label))
    )
    suggested = tables.item.c.suggested
    connection.execute(
        sa.update(tables.item)
        .where(tables.item.c.project_id == project_id, suggested.in_(renamed))
        .values(suggested=sa.case(dict(renamed), value=suggested))
    )
