"""Who may do what in a project."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from makna.core.errors import DataError, UserError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.people import Person
from makna.label.store.written import is_id

MEMBER_ROLES = ("annotator", "adjudicator")


def set_member(store: Store, project_id: int, person_id: int, role: str | None) -> None:
    """Make somebody a member of a project, in one role; None takes them out, their answers stay.

    Parameters
    ----------
    store : Store
        Open.
    project_id, person_id : int
        Which and who.
    role : str or None
        One of `MEMBER_ROLES`.

    Raises
    ------
    UserError
        No such role.
    DataError
        No such project or person.
    """
    if role is not None and role not in MEMBER_ROLES:
        raise UserError("label.store_bad_role", came=role, allowed=", ".join(MEMBER_ROLES))
    held, row = tables.member.c, {"project_id": project_id, "person_id": person_id}
    with store.write() as connection:
        for table, wanted in ((tables.project, project_id), (tables.person, person_id)):
            asked = sa.select(table.c.id).where(table.c.id == wanted).with_for_update()
            if not is_id(wanted) or connection.scalar(asked) is None:
                raise DataError("label.store_no_member", project=project_id, person=person_id)
        connection.execute(sa.delete(tables.member).where(*(held[name] == wanted for name, wanted in row.items())))
        if role is not None:
            connection.execute(sa.insert(tables.member).values(**row, role=role))


def members(store: Store, project_id: int) -> dict[int, tuple[Person, str]]:
    """Return the members of a project: person's id → person and role, by name.

    Parameters
    ----------
    store : Store
        Open.
    project_id : int
        Which.
    """
    asked = (
        sa.select(tables.person, tables.member.c.role.label("here"))
        .join_from(tables.member, tables.person)
        .where(tables.member.c.project_id == project_id)
        .order_by(tables.person.c.key)
    )
    with store.read() as connection:
        rows = connection.execute(asked).all() if is_id(project_id) else []
    return {row.id: (Person(row.id, row.name, row.role, row.active), row.here) for row in rows}


def role_in(store: Store, person: Person, project_id: int) -> str | None:
    """Return what somebody is in a project: ``"admin"``, a role of `MEMBER_ROLES`, or None for nothing.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        Asked for again in the store: they may no longer be active.
    project_id : int
        Which.
    """
    with store.read() as connection:
        return role_of(connection, person, project_id)


def need_role(connection: Connection, person: Person, project_id: int, roles: Collection[str]) -> str:
    """Return somebody's role in a project; an absent project looks like one of others.

    Parameters
    ----------
    connection : Connection
        Of the store.
    person : Person
        Who asks.
    project_id : int
        Which.
    roles : collection of str
        Those that may; admins may always.

    Raises
    ------
    DataError
        They have none of the roles.
    """
    role = role_of(connection, person, project_id)
    if role is None or (role != "admin" and role not in roles):
        raise DataError("label.store_not_allowed")
    return role


def role_of(connection: Connection, person: Person, project_id: int) -> str | None:
    """Return somebody's role as `role_in` does, within a transaction.

    Parameters
    ----------
    connection : Connection
        Of the store.
    person : Person
        Who.
    project_id : int
        Which.
    """
    if not is_id(project_id):
        return None
    who, which, held = tables.person.c, tables.project.c, tables.member.c
    asked = (
        sa.select(who.role, held.role.label("here"))
        .select_from(
            tables.person.join(tables.project, which.id == project_id).outerjoin(
                tables.member, sa.and_(held.person_id == who.id, held.project_id == which.id)
            )
        )
        .where(who.id == person.id, who.active)
    )
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    return "admin" if row.role == "admin" else row.here
