from __future__ import annotations

import base64
import hashlib
import threading
import time

import pytest
import sqlalchemy as sa

from makna.core.errors import DataError, UserError
from makna.label.store import people as people_module
from makna.label.store import tables
from makna.label.store.people import (
    Person,
    add_person,
    check_password,
    find_person,
    people,
    set_active,
    set_password,
)
from makna.label.store.sessions import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    begin_session,
    drop_old_sessions,
    end_session,
    session_of,
)

PASSWORD = "tempat yang teduh"


def refused(key: str, call: object, *words: object, **more: object) -> DataError:
    with pytest.raises(UserError) as caught:
        call(*words, **more)  # type: ignore[operator]
    assert caught.value.key == key
    assert str(caught.value)
    return caught.value  # type: ignore[return-value]


def test_an_account_opens_with_its_password_in_any_capitals(scene) -> None:
    ani = add_person(scene.store, "  Ani   Wijaya ", PASSWORD)
    assert ani == Person(ani.id, "Ani Wijaya", "person", True)
    assert check_password(scene.store, "ANI WIJAYA", PASSWORD) == ani
    assert find_person(scene.store, "ani wijaya") == ani
    assert people(scene.store) == [ani]


@pytest.mark.parametrize("twin", ["ani", "ANI", "ａｎｉ", "  Ani ", "ani\u00a0"])
def test_no_two_names_look_alike(scene, twin: str) -> None:
    add_person(scene.store, "Ani", PASSWORD)
    refused("label.store_person_known", add_person, scene.store, twin, PASSWORD)


@pytest.mark.parametrize("name", ["", "  ", "a\u200bni", "a\x00ni", "a\u202eni", "x" * 101, "ﷺ" * 50])
def test_a_name_that_nobody_can_read_is_refused(scene, name: str) -> None:
    refused("label.store_bad_name", add_person, scene.store, name, PASSWORD)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("pendek", "label.store_password_length"),
        ("x" * 1001, "label.store_password_length"),
        ("ANI  WIJAYA", "label.store_password_name"),
    ],
)
def test_a_weak_password_is_refused(scene, password: str, key: str) -> None:
    refused(key, add_person, scene.store, "Ani Wijaya", password)
    ani = add_person(scene.store, "Ani Wijaya", PASSWORD)
    refused(key, set_password, scene.store, ani.id, password)


def test_there_are_two_roles(scene) -> None:
    error = refused("label.store_bad_role", add_person, scene.store, "Ani", PASSWORD, "king")
    assert "admin" in str(error)


def test_a_hash_keeps_its_costs_and_is_scrypt(store) -> None:
    add_person(store, "Ani", PASSWORD)
    with store.read() as connection:
        kept = connection.scalar(sa.select(tables.person.c.password))
    name, n, r, p, salt, derived = kept.split("$")
    assert (name, n, r, p) == ("scrypt", "32768", "8", "1")
    raw = base64.b64decode(salt)
    assert len(raw) == 16
    # hashlib itself is the oracle.
    expected = hashlib.scrypt(PASSWORD.encode(), salt=raw, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
    assert base64.b64decode(derived) == expected


def test_costs_of_older_hashes_still_count(scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ani = add_person(scene.store, "Ani", PASSWORD)
    monkeypatch.setattr(people_module, "_COSTS", (2**5, 8, 1))
    assert check_password(scene.store, "ani", PASSWORD) == ani


def test_all_failures_look_alike(scene) -> None:
    add_person(scene.store, "Ani", PASSWORD)
    off = add_person(scene.store, "Budi", PASSWORD)
    add_person(scene.store, "Admin", PASSWORD, "admin")
    set_active(scene.store, off.id, False)
    cases = [("ani", "salah sekali"), ("tak ada", PASSWORD), ("budi", PASSWORD), ("", ""), ("\x00", "\udcff" * 12)]
    said = {str(refused("label.store_wrong_password", check_password, scene.store, *case)) for case in cases}
    assert len(said) == 1


def test_a_name_nobody_has_costs_the_same_work(scene, monkeypatch: pytest.MonkeyPatch) -> None:
    add_person(scene.store, "Ani", PASSWORD)
    monkeypatch.setattr(people_module, "_NOBODY", people_module._written(bytes(16), bytes(32)))
    asked: list[tuple] = []
    real = hashlib.scrypt

    def spying(password: bytes, **costs: object) -> bytes:
        asked.append((costs["n"], costs["r"], costs["p"], costs["dklen"]))
        return real(password, **costs)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "scrypt", spying)
    for name in ("ani", "tak ada"):
        refused("label.store_wrong_password", check_password, scene.store, name, "salah sekali")
    assert len(asked) == 2
    assert asked[0] == asked[1]


def test_what_nobody_has_costs_as_much_as_a_new_account() -> None:
    assert people_module._NOBODY.split("$")[:4] == ["scrypt", *map(str, people_module._COSTS)]


def test_guessing_is_stopped_for_a_while(scene) -> None:
    ani = add_person(scene.store, "Ani", PASSWORD)
    for _ in range(8):
        refused("label.store_wrong_password", check_password, scene.store, "Ani", "salah sekali")
        scene.clock.pass_by(60)
    # Eight minutes have passed since the first of eight: seven are left.
    locked = refused("label.store_too_many_tries", check_password, scene.store, "ANI", PASSWORD)
    assert locked.fields["minutes"] == 7
    assert "7" in str(locked)
    scene.clock.pass_by(7 * 60)
    assert check_password(scene.store, "ani", PASSWORD) == ani


def test_a_name_nobody_has_is_stopped_as_well(scene) -> None:
    for _ in range(8):
        refused("label.store_wrong_password", check_password, scene.store, "hantu", "salah sekali")
    refused("label.store_too_many_tries", check_password, scene.store, "hantu", "salah sekali")


def test_success_clears_failures(scene) -> None:
    add_person(scene.store, "Ani", PASSWORD)
    for _ in range(3):
        for _ in range(7):
            refused("label.store_wrong_password", check_password, scene.store, "Ani", "salah sekali")
        check_password(scene.store, "Ani", PASSWORD)
    assert scene.count(tables.login) == 0


def test_many_guesses_at_once_are_no_way_round(scene) -> None:
    add_person(scene.store, "Ani", PASSWORD)
    said: list[str] = []

    def guess() -> None:
        try:
            check_password(scene.store, "Ani", "salah sekali")
        except DataError as problem:
            said.append(problem.key)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 16
    assert said.count("label.store_wrong_password") <= 8


def test_old_failures_are_forgotten(scene) -> None:
    refused("label.store_wrong_password", check_password, scene.store, "x", "salah sekali")
    scene.clock.pass_by(3600)
    refused("label.store_wrong_password", check_password, scene.store, "y", "salah sekali")
    assert scene.count(tables.login) == 1


def test_a_session_is_known_by_its_token_alone(scene) -> None:
    ani = scene.person("ani")
    token, session = begin_session(scene.store, ani)
    assert session_of(scene.store, token) == session
    assert session.person == ani
    assert len(token) >= 43
    assert session.csrf != token
    kept = scene.rows(tables.session)[0]
    assert kept["token"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(kept)
    for wrong in (None, "", kept["token"], token[:-1], token + "x", "\udcff", "'; DROP TABLE session; --"):
        assert session_of(scene.store, wrong) is None
    assert session_of(scene.store, token) is not None


def test_a_session_ends_when_idle(scene) -> None:
    token, _ = begin_session(scene.store, scene.person("ani"))
    for _ in range(3):
        scene.clock.pass_by(IDLE_SECONDS - 1)
        assert session_of(scene.store, token) is not None
    scene.clock.pass_by(IDLE_SECONDS + 1)
    assert session_of(scene.store, token) is None


def test_a_session_ends_when_old_however_busy(scene) -> None:
    token, _ = begin_session(scene.store, scene.person("ani"))
    end = scene.clock() + LONGEST_SECONDS
    while scene.clock() < end:
        assert session_of(scene.store, token) is not None
        scene.clock.pass_by(IDLE_SECONDS / 2)
    scene.clock.pass_by(1)
    assert session_of(scene.store, token) is None


def test_seen_is_written_once_a_minute(scene) -> None:
    token, begun = begin_session(scene.store, scene.person("ani"))
    scene.clock.pass_by(59)
    session_of(scene.store, token)
    assert scene.rows(tables.session)[0]["seen"] == begun.seen
    scene.clock.pass_by(1)
    session_of(scene.store, token)
    assert scene.rows(tables.session)[0]["seen"] == begun.seen + 60


def test_sessions_end_by_hand_and_with_the_password_and_the_account(scene) -> None:
    scene.person("bos", "admin")
    ani, budi = scene.person("ani"), scene.person("budi")
    one, two, other = (begin_session(scene.store, who)[0] for who in (ani, ani, budi))
    end_session(scene.store, one)
    assert session_of(scene.store, one) is None
    assert session_of(scene.store, two) is not None
    set_password(scene.store, ani.id, "kata lain yang panjang")
    assert session_of(scene.store, two) is None
    assert check_password(scene.store, "ani", "kata lain yang panjang") == ani
    refused("label.store_wrong_password", check_password, scene.store, "ani", PASSWORD)
    set_active(scene.store, budi.id, False)
    assert session_of(scene.store, other) is None
    refused("label.store_not_allowed", begin_session, scene.store, budi)
    set_active(scene.store, budi.id, True)
    assert session_of(scene.store, other) is None


def test_a_session_of_an_account_that_is_off_is_none_even_if_it_is_there(scene) -> None:
    token, _ = begin_session(scene.store, scene.person("ani"))
    with scene.store.write() as connection:
        connection.execute(sa.update(tables.person).values(active=False))
    assert session_of(scene.store, token) is None


def test_old_sessions_are_dropped(scene) -> None:
    ani = scene.person("ani")
    begin_session(scene.store, ani)
    scene.clock.pass_by(IDLE_SECONDS + 1)
    token, _ = begin_session(scene.store, ani)
    assert drop_old_sessions(scene.store) == 1
    assert session_of(scene.store, token) is not None


def test_the_last_admin_stays(scene) -> None:
    one, two = scene.person("satu", "admin"), scene.person("dua", "admin")
    set_active(scene.store, one.id, False)
    refused("label.store_last_admin", set_active, scene.store, two.id, False)
    set_active(scene.store, one.id, True)
    set_active(scene.store, two.id, False)


def test_two_admins_cannot_turn_each_other_out_at_once(scene) -> None:
    pair = [scene.person("satu", "admin"), scene.person("dua", "admin")]
    start = threading.Barrier(2)

    said: list[str] = []

    def off(who: Person) -> None:
        start.wait()
        try:
            set_active(scene.store, who.id, False)
        except DataError as problem:
            said.append(problem.key)

    threads = [threading.Thread(target=off, args=(who,)) for who in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["label.store_last_admin"]
    assert sum(who.active for who in people(scene.store)) == 1


@pytest.mark.parametrize("number", [0, -1, 99, 10**30])
def test_people_who_are_not_there_are_told_so(scene, number: int) -> None:
    refused("label.store_no_person", set_password, scene.store, number, PASSWORD)
    refused("label.store_no_person", set_active, scene.store, number, False)
    refused("label.store_no_person", find_person, scene.store, "tak ada")


@pytest.mark.parametrize("word", ["'; DROP TABLE person; --", '" OR 1=1 --', "%_\\", "{name}"])
def test_sql_in_a_name_is_a_name(scene, word: str) -> None:
    made = add_person(scene.store, word, PASSWORD)
    assert find_person(scene.store, word).name == word
    assert check_password(scene.store, word, PASSWORD) == made
    refused("label.store_wrong_password", check_password, scene.store, "x' OR '1'='1", PASSWORD)


def test_hashing_takes_its_time_also_for_nobody(store) -> None:
    # Generous bounds: this guards against a check that is skipped, not against microseconds.
    add_person(store, "Ani", PASSWORD)
    took = []
    for name in ("Ani", "hantu"):
        start = time.perf_counter()
        refused("label.store_wrong_password", check_password, store, name, "salah sekali")
        took.append(time.perf_counter() - start)
    assert took[1] > took[0] / 5
    assert took[1] > 0.02
