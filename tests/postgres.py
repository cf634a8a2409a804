"""A PostgreSQL server to test on: the one that is named, or one of our own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The address of a PostgreSQL server: the one named, or one of our own."""
    if named := os.environ.get("MAKNA_TEST_POSTGRES"):
        from sqlalchemy.engine import make_url

        yield make_url(named).set(drivername="postgresql+pg8000")
        return
    pytest.importorskip("pg8000")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (initdb, pg_ctl) and MAKNA_TEST_POSTGRES names no server")
    folder = Path(tempfile.mkdtemp(prefix="makna-postgres-"))
    try:
        yield from _own_server(programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server: URL) -> Iterator[str]:
    """A new, empty database."""
    import sqlalchemy as sa

    name = f"makna_{os.getpid()}_{next(_NAMES)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        url = server.set(drivername="postgresql", database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """A database that never was a store."""
    with database(postgres_server) as url:
        yield url


def _programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None)


def _own_server(programs: Path, folder: Path) -> Iterator[URL]:
    from sqlalchemy.engine import URL

    run = _as_nobody_special(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = folder / "secret"
    secret.write_text("rahasia")
    secret.chmod(0o644)
    data, log = folder / "data", folder / "log"
    run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "makna",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "-N",
        ]
    )
    # Its disk need not outlive a power cut; everything else is as usual.
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    control = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]
    run([*control, "-l", log, "-o", options, "start"])
    try:
        yield URL.create("postgresql+pg8000", "makna", "rahasia", "127.0.0.1", port, "postgres")
    finally:
        run([*control, "-m", "immediate", "stop"])


def _as_nobody_special(folder: Path) -> Callable[[list], None]:
    """Return what runs a command; the server refuses to be root's."""
    before: list[str] = []
    if os.geteuid() == 0:
        known = {one.pw_name: one for one in pwd.getpwall()}
        user = known.get("postgres") or known.get("nobody")
        if user is None or shutil.which("setpriv") is None:
            pytest.skip("PostgreSQL refuses to run as root, and there is no other user or no setpriv")
        os.chown(folder, user.pw_uid, user.pw_gid)
        before = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def run(command: list) -> None:
        words = [*before, *map(str, command)]
        with tempfile.TemporaryFile() as said:
            # Not a pipe: the server would keep it open.
            done = subprocess.run(words, cwd=folder, stdout=said, stderr=said, timeout=120, check=False)
            said.seek(0)
            assert done.returncode == 0, said.read().decode()

    return run
