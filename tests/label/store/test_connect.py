from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from makna.core.errors import DataError, UserError
from makna.label.store import tables
from makna.label.store.connect import Store, open_store
from makna.label.store.items import NewItem, add_items
from makna.label.store.people import add_person, people
from makna.label.store.projects import ProjectSettings, create_project

PASSWORD = "tempat yang teduh"


def failing(call: object, *words: object, key: str = "label.store_fails") -> UserError:
    with pytest.raises(UserError) as caught:
        call(*words)  # type: ignore[operator]
    assert caught.value.key == key
    assert "rahasia" not in str(caught.value)
    return caught.value


def test_a_store_is_made_once_and_found_again(where: str) -> None:
    first = open_store(where)
    first.close()
    second = open_store(where)
    with second.read() as connection:
        assert connection.execute(sa.select(tables.meta)).all() == [("version", str(tables.VERSION))]
        assert set(sa.inspect(connection).get_table_names()) == set(tables.TABLES.tables)
    second.close()


def test_ten_open_a_new_store_at_once(where: str) -> None:
    said: list[object] = []

    def opening() -> None:
        try:
            open_store(where).close()
            said.append("open")
        except Exception as problem:
            said.append(problem)

    threads = [threading.Thread(target=opening) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["open"] * 10


def test_a_new_database_of_postgresql_becomes_a_store(postgres_url: str) -> None:
    store = open_store(postgres_url)
    assert people(store) == []
    assert "***" in store.where
    assert "rahasia" not in store.where
    store.close()


def test_sqlite_is_safe_against_a_power_cut(tmp_path: Path) -> None:
    store = open_store(tmp_path / "labels.db")
    with store.read() as connection:
        said = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert said == ["wal", 2, 1]
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'labels.db'}")
    assert again.is_sqlite
    again.close()


@pytest.mark.parametrize("where", ["mysql://x@y/z", "sqlite://", "http://localhost", "post gres://a:rahasia@b", "://"])
def test_what_is_no_address_is_told_what_is(where: str) -> None:
    assert "postgresql://" in str(failing(open_store, where, key="label.store_bad_url"))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    problem = failing(open_store, tmp_path / "tidak" / "labels.db", key="label.store_no_folder")
    assert "tidak" in str(problem)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "catatan.txt"
    path.write_text("ini bukan basis data sama sekali " * 100)
    before = path.read_bytes()
    assert "catatan.txt" in str(failing(open_store, path))
    assert path.read_bytes() == before
    failing(open_store, tmp_path)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "lain.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE barang (id INTEGER)")
    other.close()
    failing(open_store, path, key="label.store_no_store")
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("barang",)]
    other.close()


def test_a_store_of_a_later_makna_is_refused(where: str) -> None:
    store = open_store(where)
    with store.write() as connection:
        connection.execute(sa.update(tables.meta).values(value=str(tables.VERSION + 1)))
    store.close()
    problem = failing(open_store, where, key="label.store_later")
    assert str(tables.VERSION + 1) in str(problem)


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.db"
    store = open_store(path)
    add_person(store, "Ani", PASSWORD)

    @sa.event.listens_for(store.engine, "begin", insert=True)
    def only_read(connection: sa.Connection) -> None:
        # As SQLite does with a file that permissions protect (which do not stop root).
        connection.exec_driver_sql("PRAGMA query_only=ON")

    problem = failing(add_person, store, "Budi", PASSWORD)
    assert "readonly" in str(problem)
    assert [person.name for person in people(store)] == ["Ani"]
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not stop root")
def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        failing(open_store, tmp_path / "labels.db")
    finally:
        tmp_path.chmod(0o755)


def test_a_full_disk_loses_nothing_that_was_saved(tmp_path: Path) -> None:
    store = open_store(tmp_path / "labels.db")
    project = create_project(store, ProjectSettings("P", labels=["a", "b"]))
    add_items(store, project.id, [NewItem("satu", "teks")])
    with store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
    big = [NewItem(f"i{i}", "x" * 2000) for i in range(500)]
    problem = failing(add_items, store, project.id, big)
    assert "full" in str(problem)
    with store.read() as connection:
        assert connection.scalars(sa.select(tables.item.c.name)).all() == ["satu"]
    store.close()


def test_a_store_that_another_holds_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("makna.label.store.connect._BUSY_SECONDS", 0.2)
    store = open_store(tmp_path / "labels.db")
    holder = sqlite3.connect(tmp_path / "labels.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert "locked" in str(failing(add_person, store, "Ani", PASSWORD))
    assert people(store) == []  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    add_person(store, "Ani", PASSWORD)
    store.close()


def test_a_server_that_is_not_there() -> None:
    problem = failing(open_store, "postgresql://makna:rahasia@127.0.0.1:1/makna")
    assert "127.0.0.1" in str(problem)


def test_a_server_that_wants_another_password_or_has_no_such_database(postgres_url: str) -> None:
    url = make_url(postgres_url)
    wrong = url.set(password="rahasia-lain").render_as_string(hide_password=False)
    assert "password" in str(failing(open_store, wrong))
    nowhere = url.set(database="tidak_ada").render_as_string(hide_password=False)
    assert "tidak_ada" in str(failing(open_store, nowhere))


# The driver leaves the socket of a line that broke to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_server_that_goes_away_says_so_and_is_used_again(postgres_url: str) -> None:
    store = open_store(postgres_url)
    add_person(store, "Ani", PASSWORD)

    def cut_off(store: Store) -> None:
        with store.write() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    failing(cut_off, store)
    assert [person.name for person in people(store)] == ["Ani"]
    store.close()
    gc.collect()


def test_an_error_leaves_nothing_half_written(where: str) -> None:
    store = open_store(where)

    def half() -> None:
        with store.write() as connection:
            connection.execute(sa.insert(tables.login).values(key="x", at=1.0))
            raise DataError("label.store_not_allowed")

    failing(half, key="label.store_not_allowed")
    with store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.login)) == 0
    store.close()


def test_without_the_driver_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['pg8000'] = None\n"
        "from makna.label.store.connect import open_store\n"
        "try:\n    open_store('postgresql://a@b/c')\n"
        "except ImportError as problem:\n    print(problem)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "makna[postgres]" in said.stdout
