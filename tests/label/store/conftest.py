"""Stores to test on: SQLite always, PostgreSQL where a server can be had."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from makna.label.store import people as people_module
from makna.label.store.answers import Given, save_answer
from makna.label.store.connect import Store, open_store
from makna.label.store.items import Item, NewItem, add_items
from makna.label.store.kept import Answer
from makna.label.store.members import set_member
from makna.label.store.people import Person, add_person
from makna.label.store.projects import Project, ProjectSettings, create_project
from makna.label.store.queue import next_item
from tests.postgres import database

PASSWORD = "tempat yang teduh"
_NAMES = itertools.count(1)


@dataclass
class Clock:
    """A clock that moves when told."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Scene:
    """A store with people and a project, and short words for what tests do often."""

    store: Store
    clock: Clock
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str, role: str = "person") -> Person:
        if name not in self.people:
            self.people[name] = add_person(self.store, name, PASSWORD, role)
        return self.people[name]

    def project(
        self, n: int = 3, annotators: str = "ani budi", adjudicator: str = "citra", **settings: object
    ) -> Project:
        given: dict = {"name": f"proyek {next(_NAMES)}", "overlap": len(annotators.split())}
        if "scale" not in settings:
            given["labels"] = ("pos", "neg", "net")
        made = create_project(self.store, ProjectSettings(**given | settings))  # type: ignore[arg-type]
        for role, names in (("annotator", annotators), ("adjudicator", adjudicator)):
            for name in names.split():
                set_member(self.store, made.id, self.person(name).id, role)
        paired = None if made.kind == "text" else "kunci"
        add_items(self.store, made.id, [NewItem(f"t{i}", f"teks {i}", paired) for i in range(1, n + 1)])
        return made

    def next(self, name: str, project: Project, **more: object) -> Item | None:
        return next_item(self.store, self.person(name), project.id, **more)  # type: ignore[arg-type]

    def say(
        self, name: str, item: Item | int, label: str | None, version: int = 1, token: str | None = None, **more: object
    ) -> Answer:
        number = item if isinstance(item, int) else item.id
        given = Given(label, skipped=label is None, **more)  # type: ignore[arg-type]
        return save_answer(self.store, self.person(name), number, given, version, token)

    def count(self, table: sa.Table, *where: object) -> int:
        with self.store.read() as connection:
            asked = sa.select(sa.func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return connection.scalar(asked) or 0

    def rows(self, table: sa.Table) -> list[dict]:
        with self.store.read() as connection:
            return [dict(row._mapping) for row in connection.execute(sa.select(table))]


@pytest.fixture(scope="session")
def _shared_database(postgres_server: URL) -> Iterator[str]:
    with database(postgres_server) as url:
        yield url


@pytest.fixture
def emptied_url(_shared_database: str) -> str:
    """A store without rows; making a database for every test would take most of the time."""
    engine = sa.create_engine(make_url(_shared_database).set(drivername="postgresql+pg8000"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        there = sa.inspect(connection).get_table_names()
        if there:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(there)} RESTART IDENTITY")
    return _shared_database


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash fast: only tests of hashing itself pay for it."""
    monkeypatch.setattr(people_module, "_COSTS", (2**4, 8, 1))


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return str(tmp_path / "labels.db")
    return str(request.getfixturevalue("emptied_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(where: str, clock: Clock) -> Iterator[Store]:
    opened = open_store(where, clock)
    yield opened
    opened.close()


@pytest.fixture
def scene(store: Store, clock: Clock, cheap_passwords: None) -> Scene:
    return Scene(store, clock)
