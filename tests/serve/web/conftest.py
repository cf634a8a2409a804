"""A store with people and a project, the site over it in this process, and a site in a process of its own."""

from __future__ import annotations

import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

pytest.importorskip("nicegui", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from makna.label.store import people as people_module
from makna.label.store.connect import Store, open_store
from makna.label.store.items import NewItem, add_items
from makna.label.store.members import set_member
from makna.label.store.people import Person, add_person
from makna.label.store.projects import Project, ProjectSettings, create_project
from makna.label.store.sessions import begin_session
from makna.serve.web.guard import SESSION_COOKIE
from makna.serve.web.settings import SiteSettings
from makna.serve.web.site import build_site

PASSWORD = "tempat yang teduh"
BASE = "http://127.0.0.1:8421"
_SERVER = """
import sys
from makna.label.store.connect import open_store
from makna.serve.web.settings import SiteSettings
from makna.serve.web.site import serve_site
serve_site(open_store(sys.argv[1]), SiteSettings(port=int(sys.argv[2]), language="en"))
"""


@dataclass
class Clock:
    """A clock that moves when told."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Town:
    """A store with an admin, two annotators, an adjudicator and a stranger, and a project with items."""

    where: str
    store: Store
    clock: Clock
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str, role: str = "person") -> Person:
        if name not in self.people:
            self.people[name] = add_person(self.store, name, PASSWORD, role)
        return self.people[name]

    def project(self, name: str = "Sitasi", n: int = 3, annotators: str = "ani budi", **settings: object) -> Project:
        given: dict = {"name": name, "overlap": 2, "labels": ("pos", "neg", "net")} | settings
        made = create_project(self.store, ProjectSettings(**given))
        for role, names in (("annotator", annotators), ("adjudicator", "dewi")):
            for who in names.split():
                set_member(self.store, made.id, self.person(who).id, role)
        second = None if made.kind == "text" else "teks kedua"
        add_items(self.store, made.id, [NewItem(f"t{i}", f"teks {i}", second) for i in range(1, n + 1)])
        return made


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash fast: what is tested here is not how long hashing takes."""
    monkeypatch.setattr(people_module, "_COSTS", (2**4, 8, 1))


@pytest.fixture
def make_town(cheap_passwords: None) -> Iterator[Callable[[str], Town]]:
    """Return what makes a store at an address, with people and a project in it."""
    made: list[Town] = []

    def make(where: str) -> Town:
        clock = Clock()
        made.append(Town(where, open_store(where, clock), clock))
        made[-1].person("citra", "admin")
        made[-1].person("asing")
        made[-1].project()
        return made[-1]

    yield make
    for one in made:
        one.store.close()


@pytest.fixture
def town(tmp_path: Path, make_town: Callable[[str], Town]) -> Town:
    return make_town(str(tmp_path / "labels.db"))


@pytest.fixture
def site(town: Town):
    return build_site(town.store, SiteSettings(language="en"))


@dataclass
class Visitor:
    """Somebody's browser, as far as HTTP goes: a cookie, and the token of the page."""

    client: httpx.Client | TestClient
    csrf: str = ""

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.client.get(path, **more)  # type: ignore[arg-type]

    def post(self, path: str, **more: object) -> httpx.Response:
        headers = {"origin": str(self.client.base_url).rstrip("/"), "x-csrf-token": self.csrf}
        headers |= more.pop("headers", {})  # type: ignore[arg-type]
        return self.client.post(path, headers=headers, **more)  # type: ignore[arg-type]

    def answer(self, project: int, item: int, label: str | None, **more: object) -> httpx.Response:
        body = {"item": item, "label": label, "labels_version": 1, "token": secrets.token_hex(16)} | more
        return self.post(f"/api/projects/{project}/answers", json=body)


@pytest.fixture
def visit(town: Town, site) -> Callable[[str], Visitor]:
    """Return what gives a logged-in visitor of a name; of "" one who is not."""

    def enter(name: str) -> Visitor:
        client = TestClient(site, base_url=BASE, follow_redirects=False, raise_server_exceptions=False)
        if not name:
            return Visitor(client)
        token, session = begin_session(town.store, town.person(name))
        client.cookies.set(SESSION_COOKIE, token)
        return Visitor(client, session.csrf)

    return enter


def log_in(base: str, name: str, password: str = PASSWORD, **more: object) -> Visitor:
    """Log in as a browser does, by the form."""
    client = httpx.Client(base_url=base, follow_redirects=False, **more)  # type: ignore[arg-type]
    page = client.get("/login").text
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form
    fields = {"name": name, "password": password, "form": form[1]}
    done = client.post("/login", data=fields, headers={"origin": base})
    assert done.status_code == 303, done.text
    home = client.get("/").text
    token = re.search(r'name="makna-csrf" content="([^"]+)"', home)
    assert token
    return Visitor(client, token[1])


@dataclass
class Server:
    """A site in a process of its own, that can be killed and started again."""

    where: str
    port: int
    process: subprocess.Popen | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-c", _SERVER, self.where, str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if httpx.get(f"{self.base}/login", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.process.poll() is None, "the server did not start"
            time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None


@contextmanager
def serving(where: str) -> Iterator[Server]:
    """Serve a store by a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(where, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def serve() -> Callable:
    return serving


@pytest.fixture
def enter() -> Callable:
    return log_in
