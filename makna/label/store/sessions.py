"""Who is in: sessions that end when idle, when old, and when the account does."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.people import Person

IDLE_SECONDS = 8 * 3600
LONGEST_SECONDS = 7 * 24 * 3600
_SEEN_EVERY = 60


@dataclass(frozen=True)
class Session:
    """One browser of one person.

    Parameters
    ----------
    person : Person
        Whose.
    csrf : str
        What a form must send back.
    created, seen : float
        Seconds since 1970; `seen` to the minute.
    """

    person: Person
    csrf: str
    created: float
    seen: float


def begin_session(store: Store, person: Person) -> tuple[str, Session]:
    """Begin a session; its token is returned once and kept only as a SHA-256.

    Parameters
    ----------
    store : Store
        Open.
    person : Person
        Checked by their password.

    Raises
    ------
    DataError
        The account is not active (any more).
    """
    token, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), store.clock()
    row = {"token": _kept(token), "person_id": person.id, "csrf": csrf, "created": now, "seen": now}
    with store.write() as connection:
        # Locked, so that closing an account meanwhile either sees this session or is seen here.
        account = sa.select(tables.person.c.active).where(tables.person.c.id == person.id).with_for_update()
        if not connection.scalar(account):
            raise DataError("label.store_not_allowed")
        connection.execute(sa.insert(tables.session).values(**row))
    return token, Session(person, csrf, now, now)


def session_of(store: Store, token: str | None) -> Session | None:
    """Return the session of a token; None where there is none, it is over, or the account is not active.

    Parameters
    ----------
    store : Store
        Open.
    token : str or None
        As the browser sent it.
    """
    if not token:
        return None
    held, of = tables.session.c, tables.person.c
    asked = (
        sa.select(held.csrf, held.created, held.seen, of.id, of.name, of.role)
        .join_from(tables.session, tables.person)
        .where(held.token == _kept(token), of.active)
    )
    with store.read() as connection:
        row = connection.execute(asked).one_or_none()
    now = store.clock()
    if row is None or now - row.seen > IDLE_SECONDS or now - row.created > LONGEST_SECONDS:
        return None
    seen = row.seen
    if now - seen >= _SEEN_EVERY:
        seen = now
        with store.write() as connection:
            connection.execute(sa.update(tables.session).where(held.token == _kept(token)).values(seen=now))
    return Session(Person(row.id, row.name, row.role, True), row.csrf, row.created, seen)


def end_session(store: Store, token: str) -> None:
    """End a session; one that is over stays so.

    Parameters
    ----------
    store : Store
        Open.
    token : str
        As the browser sent it.
    """
    with store.write() as connection:
        connection.execute(sa.delete(tables.session).where(tables.session.c.token == _kept(token)))


def drop_old_sessions(store: Store) -> int:
    """Forget sessions that are over; return how many.

    Parameters
    ----------
    store : Store
        Open.
    """
    now, held = store.clock(), tables.session.c
    over = sa.or_(held.seen < now - IDLE_SECONDS, held.created < now - LONGEST_SECONDS)
    with store.write() as connection:
        return connection.execute(sa.delete(tables.session).where(over)).rowcount


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
