"""The server dies at any moment, again and again: what it said it has, it has, once."""

from __future__ import annotations

import gc
import random
import secrets
import threading
import time

import httpx
import pytest
import sqlalchemy as sa

from makna.label.store import tables
from makna.label.store.connect import open_store
from makna.label.store.sessions import begin_session
from makna.serve.web.guard import SESSION_COOKIE

ROUNDS = 200
EVERY = (8, 25)  # answers that a server lives to give


class Stubborn(threading.Thread):
    """An annotator whose browser sends an answer until it is told that it is there, always with the same token."""

    def __init__(self, server, project, token, csrf, rounds):
        super().__init__(daemon=True)
        headers = {"cookie": f"{SESSION_COOKIE}={token}", "origin": server.base, "x-csrf-token": csrf}
        self.client = httpx.Client(base_url=server.base, headers=headers, timeout=10)
        self.path, self.rounds = f"/api/projects/{project}", rounds
        self.acknowledged: dict[int, str] = {}
        self.tries = 0

    def until_answered(self, ask):
        while True:
            self.tries += 1
            try:
                answer = ask()
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            assert answer.status_code == 200, answer.text
            return answer.json()

    def run(self):
        for _ in range(self.rounds):
            item = self.until_answered(lambda: self.client.get(f"{self.path}/next"))["item"]["id"]
            label = random.choice(["pos", "neg", "net"])
            body = {"item": item, "label": label, "labels_version": 1, "token": secrets.token_hex(16)}
            self.until_answered(lambda body=body: self.client.post(f"{self.path}/answers", json=body))
            assert item not in self.acknowledged, "an item that was answered does not come again"
            self.acknowledged[item] = label
        self.client.close()


def said_so_far(crowd):
    return sum(len(one.acknowledged) for one in crowd)


@pytest.mark.slow
# Connections that a killed server tears leave their sockets to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_acknowledged_answer_is_there_once(request, kind, tmp_path, make_town, serve):
    where = str(tmp_path / "labels.db") if kind == "sqlite" else request.getfixturevalue("postgres_url")
    town = make_town(where)
    made = town.project("Mati", n=ROUNDS // 2, overlap=2)
    crowd, kills = [], 0
    with serve(where) as server:
        for name in ("ani", "budi"):
            token, session = begin_session(town.store, town.person(name))
            crowd.append(Stubborn(server, made.id, token, session.csrf, ROUNDS // 2))
        town.store.close()
        for one in crowd:
            one.start()
        while any(one.is_alive() for one in crowd):
            last = said_so_far(crowd) + random.randint(*EVERY)
            while said_so_far(crowd) < last and any(one.is_alive() for one in crowd):
                time.sleep(0.005)
            time.sleep(random.uniform(0, 0.03))
            server.stop()
            kills += 1
            server.start()
        for one in crowd:
            one.join()
    tries = sum(one.tries for one in crowd)
    print(f"{kind}: {ROUNDS} rounds, {kills} kills, {tries} requests")
    assert kills >= ROUNDS // (2 * EVERY[1])
    store = open_store(where)
    with store.read() as connection:
        rows = connection.execute(
            sa.select(tables.answer.c.item_id, tables.answer.c.person_id, tables.answer.c.label)
        ).all()
        changes = connection.scalar(sa.select(sa.func.count()).select_from(tables.change))
    store.close()
    said = {(item, number, label) for number, one in enumerate(crowd) for item, label in one.acknowledged.items()}
    numbers = {town.person(name).id: number for number, name in enumerate(("ani", "budi"))}
    gc.collect()
    assert len(rows) == changes == ROUNDS
    assert {(row.item_id, numbers[row.person_id], row.label) for row in rows} == said
