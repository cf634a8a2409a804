"""Opens a store: a file (SQLite) or a URL (PostgreSQL), and says plainly why it cannot."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from makna.core.errors import DataError, UserError
from makna.core.optional import require
from makna.label.store.tables import TABLES, VERSION, meta

_BUSY_SECONDS = 20
_POOL = 20


@dataclass(frozen=True, eq=False)
class Store:
    """An open store.

    Parameters
    ----------
    engine : Engine
        SQLAlchemy's.
    where : str
        The file or the URL without its password, as messages name it.
    clock : callable
        Seconds since 1970; for tests.
    """

    engine: Engine
    where: str
    clock: Callable[[], float] = field(default=time.time)
    # SQLite lets one write at a time and makes the others look again now and then: in turn is faster, and fair.
    _turn: AbstractContextManager[Any] = field(default_factory=nullcontext, repr=False)
    # Who waits for the queue waits here, not holding one of the few connections that saving needs.
    _queue: AbstractContextManager[Any] = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading.

        Raises
        ------
        DataError
            The store cannot be reached.
        """
        with _plainly(self.where), self.engine.connect().execution_options(writes=False) as connection:
            yield connection

    @contextmanager
    def write(self, queue: bool = False) -> Iterator[Connection]:
        """Give a connection in a transaction that is kept as a whole when the block ends, or not at all.

        Parameters
        ----------
        queue : bool
            Whether it is to give somebody an item, which only one at a time can do.

        Raises
        ------
        DataError
            The store cannot be reached, is busy for too long, or its disk is full.
        """
        with (
            _plainly(self.where),
            self._queue if queue else nullcontext(),
            self._turn,
            self.engine.begin() as connection,
        ):
            yield connection

    def in_turn(self, connection: Connection, what: str) -> None:
        """Let others that do the same wait until the transaction ends, where no row is there yet to hold.

        Parameters
        ----------
        connection : Connection
            As `write` gave it.
        what : str
            What is done.
        """
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"makna {what}"))))

    @property
    def is_sqlite(self) -> bool:
        """Whether one writer at a time is all there can be."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_store(where: str | Path, clock: Callable[[], float] = time.time) -> Store:
    """Open a store; a new one gets its tables.

    Parameters
    ----------
    where : str or Path
        A file (``labels.db``), ``sqlite:///labels.db`` or ``postgresql://user:password@host:port/name``.
    clock : callable
        For tests.

    Raises
    ------
    UserError
        It is no such address.
    DataError
        It cannot be reached, is no store, or is one of a later makna.
    MissingPackageError
        The driver for PostgreSQL is not installed.
    """
    url = _url(str(where))
    shown = url.render_as_string(hide_password=True) if url.host else str(url.database)
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_size": _POOL, "max_overflow": 0, "pool_timeout": 30}
    if url.get_backend_name() == "sqlite":
        folder = Path(str(url.database)).resolve().parent
        if not folder.is_dir():
            raise UserError("label.store_no_folder", path=shown, folder=folder)
        options["connect_args"] = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        options["poolclass"] = sa.QueuePool
    engine = sa.create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _on_connect)
        sa.event.listen(engine, "begin", _on_begin)
    store = Store(engine, shown, clock, threading.Lock() if engine.dialect.name == "sqlite" else nullcontext())
    try:
        _prepare(store)
    except BaseException:
        store.close()
        raise
    return store


def _url(where: str) -> URL:
    if "://" not in where:
        return URL.create("sqlite", database=where)
    try:
        url = make_url(where)
    except ArgumentError as wrong:
        raise UserError("label.store_bad_url", came=where.partition("@")[0].partition(":")[0]) from wrong
    if url.get_backend_name() in ("postgresql", "postgres"):
        require("pg8000", "PostgreSQL")
        return url.set(drivername="postgresql+pg8000")
    if url.drivername != "sqlite" or not url.database:
        raise UserError("label.store_bad_url", came=url.drivername)
    return url


def _on_connect(connection: Any, _: Any) -> None:
    # SQLAlchemy begins transactions (below), not sqlite3.
    connection.isolation_level = None
    # FULL: what was answered with "saved" is there after a power cut too.
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {line}").close()


def _on_begin(connection: Connection) -> None:
    # A reader that later writes would meet "database is locked" with no waiting: writers say so at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes", True) else "BEGIN")


def _prepare(store: Store) -> None:
    with store.write() as connection:
        store.in_turn(connection, "tables")
        there = sa.inspect(connection).get_table_names()
        if there and meta.name not in there:
            raise DataError("label.store_no_store", path=store.where)
        TABLES.create_all(connection)
        found = connection.scalar(sa.select(meta.c.value).where(meta.c.name == "version"))
        if found is None:
            connection.execute(sa.insert(meta).values(name="version", value=str(VERSION)))
        elif int(found) > VERSION:
            raise DataError("label.store_later", path=store.where, came=found, known=VERSION)


@contextmanager
def _plainly(where: str) -> Iterator[None]:
    """Say plainly what a database means."""
    try:
        yield
    except IntegrityError:
        raise
    except (SQLAlchemyError, sqlite3.Error, OSError) as wrong:
        # Not all that a driver raises when it connects or loses its server comes wrapped.
        raise DataError("label.store_fails", path=where, reason=_reason(wrong)) from wrong


def _reason(wrong: Exception) -> str:
    cause = getattr(wrong, "orig", None) or wrong
    first = cause.args[0] if cause.args else str(cause)
    return str(first.get("M", first) if isinstance(first, dict) else first).splitlines()[0][:200]
