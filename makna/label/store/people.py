"""Accounts: who may come in, with passwords kept as scrypt hashes and guessing slowed down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import threading
import unicodedata
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from makna.core.errors import DataError, UserError
from makna.label.store import tables
from makna.label.store.connect import Store
from makna.label.store.written import checked_name, is_id, name_key, storable

ROLES = ("admin", "person")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
TRIES = 8
TRIES_SECONDS = 15 * 60

_COSTS = (2**15, 8, 1)  # n, r, p: 32 MiB and about 0.1 s
_MEMORY = 64 * 2**20
_HASHING = threading.BoundedSemaphore(4)  # a crowd at the door must not take all memory
_KEY_WIDTH = 200


@dataclass(frozen=True)
class Person:
    """Somebody with an account.

    Parameters
    ----------
    id : int
        The row's.
    name : str
        As shown.
    role : str
        ``"admin"``, or ``"person"``: what one may do in a project is told by its members.
    active : bool
        Whether they may come in.
    """

    id: int
    name: str
    role: str
    active: bool


def add_person(store: Store, name: str, password: str, role: str = "person") -> Person:
    """Make an account.

    Parameters
    ----------
    store : Store
        Open.
    name : str
        Up to 100 characters; no other account's in other capitals, widths or spaces.
    password : str
        10 characters or more, not the name.
    role : str
        One of `ROLES`.

    Raises
    ------
    DataError
        The name is taken or not usable, or the password too short, too long or the name.
    UserError
        No such role.
    """
    if role not in ROLES:
        raise UserError("label.store_bad_role", came=role, allowed=", ".join(ROLES))
    shown = checked_name(name)
    _check_new_password(shown, password)
    row = {"key": name_key(shown), "name": shown, "password": _hashed(password), "role": role}
    try:
        with store.write() as connection:
            added = connection.execute(
                sa.insert(tables.person).values(**row, active=True, created=store.clock()).returning(tables.person.c.id)
            ).scalar_one()
    except IntegrityError as known:
        raise DataError("label.store_person_known", name=shown) from known
    return Person(added, shown, role, True)


def check_password(store: Store, name: str, password: str) -> Person:
    """Return the person of a name and password.

    All failures look alike and take the same time, also for a name nobody has.

    Parameters
    ----------
    store : Store
        Open.
    name : str
        As typed.
    password : str
        As typed.

    Raises
    ------
    DataError
        They do not belong together, or this name failed 8 times within 15 minutes.
    """
    key = storable(name_key(name))[:_KEY_WIDTH]
    with store.write() as connection:
        # Counted before it is checked: many attempts at once are no way round.
        _count_try(store, connection, key)
        row = connection.execute(sa.select(tables.person).where(tables.person.c.key == key)).one_or_none()
    fits = _matches(password, row.password if row else _NOBODY)
    if row is None or not fits or not row.active:
        raise DataError("label.store_wrong_password")
    with store.write() as connection:
        connection.execute(sa.delete(tables.login).where(tables.login.c.key == key))
    return _person(row)


def set_password(store: Store, person_id: int, password: str) -> None:
    """Give a person another password; all their sessions end.

    Parameters
    ----------
    store : Store
        Open.
    person_id : int
        Whose.
    password : str
        10 characters or more, not the name.

    Raises
    ------
    DataError
        No such person, or the password is too short, too long or the name.
    """
    with store.read() as connection:
        name = _row(connection, person_id).name
    _check_new_password(name, password)
    hashed = _hashed(password)
    with store.write() as connection:
        row = _row(connection, person_id)
        connection.execute(sa.update(tables.person).where(tables.person.c.id == person_id).values(password=hashed))
        connection.execute(sa.delete(tables.login).where(tables.login.c.key == row.key))
        _end_sessions(connection, person_id)


def set_active(store: Store, person_id: int, active: bool) -> None:
    """Let a person in or keep them out; keeping out ends their sessions.

    Parameters
    ----------
    store : Store
        Open.
    person_id : int
        Who.
    active : bool
        Whether they may come in.

    Raises
    ------
    DataError
        No such person, or they are the last active admin.
    """
    people_of = tables.person.c
    with store.write() as connection:
        admins = sa.select(people_of.id).where(people_of.role == "admin", people_of.active).order_by(people_of.id)
        left = set(connection.scalars(admins.with_for_update()))
        row = _row(connection, person_id)
        if not active and left == {person_id}:
            raise DataError("label.store_last_admin", name=row.name)
        connection.execute(sa.update(tables.person).where(people_of.id == person_id).values(active=active))
        _end_sessions(connection, person_id)


def people(store: Store) -> list[Person]:
    """Return all accounts, by name.

    Parameters
    ----------
    store : Store
        Open.
    """
    with store.read() as connection:
        return [_person(row) for row in connection.execute(sa.select(tables.person).order_by(tables.person.c.key))]


def find_person(store: Store, name: str) -> Person:
    """Return the account of a name.

    Parameters
    ----------
    store : Store
        Open.
    name : str
        In any capitals.

    Raises
    ------
    DataError
        Nobody has it.
    """
    asked = sa.select(tables.person).where(tables.person.c.key == storable(name_key(name)))
    with store.read() as connection:
        row = connection.execute(asked).one_or_none()
    if row is None:
        raise DataError("label.store_no_person", name=name)
    return _person(row)


def _row(connection: Connection, person_id: int) -> Any:
    row = None
    if is_id(person_id):
        row = connection.execute(sa.select(tables.person).where(tables.person.c.id == person_id)).one_or_none()
    if row is None:
        raise DataError("label.store_no_person", name=person_id)
    return row


def _person(row: Any) -> Person:
    return Person(row.id, row.name, row.role, row.active)


def _end_sessions(connection: Connection, person_id: int) -> None:
    connection.execute(sa.delete(tables.session).where(tables.session.c.person_id == person_id))


def _count_try(store: Store, connection: Connection, key: str) -> None:
    now, tried = store.clock(), tables.login.c
    store.in_turn(connection, "login")
    connection.execute(sa.delete(tables.login).where(tried.at <= now - TRIES_SECONDS))
    last = list(connection.scalars(sa.select(tried.at).where(tried.key == key).order_by(tried.at.desc()).limit(TRIES)))
    if len(last) == TRIES:
        minutes = max(1, math.ceil((last[-1] + TRIES_SECONDS - now) / 60))
        raise DataError("label.store_too_many_tries", minutes=minutes)
    connection.execute(sa.insert(tables.login).values(key=key, at=now))


def _check_new_password(name: str, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise DataError(
            "label.store_password_length", n=len(password), shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD
        )
    if name_key(password) == name_key(name):
        raise DataError("label.store_password_name")


def _derive(password: str, salt: bytes, costs: tuple[int, int, int]) -> bytes:
    n, r, p = costs
    # The same password from keyboards that compose accents differently.
    secret = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    with _HASHING:
        return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return _written(salt, _derive(password, salt, _COSTS))


def _written(salt: bytes, derived: bytes) -> str:
    n, r, p = _COSTS
    return f"scrypt${n}${r}${p}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def _matches(password: str, kept: str) -> bool:
    _, n, r, p, salt, derived = kept.split("$")
    found = _derive(password, base64.b64decode(salt), (int(n), int(r), int(p)))
    return hmac.compare_digest(found, base64.b64decode(derived))


# What a name nobody has is checked against: as long to work out, and no password's.
_NOBODY = _written(bytes(16), bytes(32))
