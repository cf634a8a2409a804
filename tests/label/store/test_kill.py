"""Answering goes on while its process is killed at random: what was said to be saved is there, and nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress

import pytest

from makna.label.store import tables

ROUNDS = 200
MOST_A_LIFE = 15

# Loads once; for every line it is given it forks what answers items one after the other. The line is the item that was
# being saved when the one before was killed: its request is sent again first, as a page does when it comes back.
_SERVER = """
import os, sys
from makna.label.store.answers import Given, save_answer
from makna.label.store.connect import open_store
from makna.label.store.people import find_person
from makna.label.store.queue import next_item

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def answer(last):
    store = open_store(sys.argv[1])
    ani, project = find_person(store, "ani"), int(sys.argv[2])
    def save(number):
        say("trying", number)
        save_answer(store, ani, number, Given("pos"), 1, f"{ani.id}-{number}")
        say("saved", number)
    if last:
        save(last)
    while (item := next_item(store, ani, project)) is not None:
        save(item.id)
    say("done")

for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            answer(int(line))
        finally:
            os._exit(0)
    say("child", child)
    os.waitpid(child, 0)
    say("ended", child)
"""


class Lives:
    """One server after another, each killed at a moment of its own."""

    def __init__(self, where: str, project_id: int, dice: random.Random) -> None:
        command = [sys.executable, "-c", _SERVER, where, str(project_id)]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.dice = dice
        self.trying = 0
        self.saved: list[int] = []
        self.kills = 0

    def live(self) -> bool:
        """Let one live till it is killed; return whether it came to the end of its work."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(f"{self.trying}\n")
        self.server.stdin.flush()
        end, done = self.dice.randint(0, MOST_A_LIFE), False
        while True:
            word, _, number = self.server.stdout.readline().strip().partition(" ")
            assert word, "the server died by itself"
            if word == "child":
                child = int(number)
            elif word == "trying":
                self.trying = int(number)
            elif word == "saved":
                self.saved.append(int(number))
                end -= 1
            elif word == "ended":
                return done
            done = done or word == "done"
            if end == 0 and not done:
                end = -1
                self.kills += 1
                time.sleep(self.dice.uniform(0, 0.02))
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    def close(self) -> None:
        self.server.kill()
        self.server.communicate()


@pytest.mark.slow
def test_answers_outlive_kills(scene, where: str) -> None:
    project = scene.project(ROUNDS, "ani", overlap=1)
    lives = Lives(where, project.id, random.Random(7))
    try:
        while not lives.live():
            pass
    finally:
        lives.close()
    kept = Counter(row["item_id"] for row in scene.rows(tables.answer))
    changes = scene.rows(tables.change)
    assert lives.kills >= 15
    assert set(lives.saved) <= set(kept)
    assert kept == Counter({row["id"]: 1 for row in scene.rows(tables.item)})
    assert set(Counter(row["token"] for row in changes).values()) == {1}
    assert len(changes) == ROUNDS
    assert all(row["answers"] == 1 for row in scene.rows(tables.item))
    assert scene.count(tables.lease) == 0
    print(f"{lives.kills} kills, {len(lives.saved)} saves told of")
