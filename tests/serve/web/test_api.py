"""The API: what annotators do, what they may not, and how it is said."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from makna.label.store import tables
from makna.label.store.gold import gold_of
from makna.label.store.items import NewItem, add_items, delete_item
from makna.label.store.projects import change_project
from makna.label.store.relabel import change_labels


def rows(town, table):
    with town.store.read() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(table))]


def next_of(visitor, project=1):
    return visitor.get(f"/api/projects/{project}/next").json()["item"]


def test_an_annotator_works_through_a_project(visit, town):
    ani = visit("ani")
    (mine,) = ani.get("/api/projects").json()
    assert (mine["name"], mine["role"], mine["items"], mine["left"]) == ("Sitasi", "annotator", 3, 3)
    assert [label["key"] for label in mine["labels"]] == ["1", "2", "3"]
    seen = []
    while item := next_of(ani):
        seen.append(item["name"])
        assert ani.answer(1, item["id"], "pos", note="ya", seconds=1.5).json()["label"] == "pos"
    assert seen == ["t1", "t2", "t3"]
    assert ani.get("/api/projects/1/progress").json()["left"] == 0
    assert [row["label"] for row in ani.get("/api/projects/1/answers").json()] == ["pos"] * 3


def test_an_answer_sent_twice_is_there_once(visit, town):
    ani = visit("ani")
    item = next_of(ani)["id"]
    for _ in range(3):
        assert ani.answer(1, item, "pos", token="a" * 32).status_code == 200
    assert len(rows(town, tables.answer)) == len(rows(town, tables.change)) == 1


def test_undo_takes_the_newest_back(visit):
    ani = visit("ani")
    item = next_of(ani)["id"]
    ani.answer(1, item, "pos")
    assert ani.post("/api/projects/1/undo").json() == {"item": item}
    assert ani.post("/api/projects/1/undo").json() == {"item": None}
    assert next_of(ani)["id"] == item


def test_skipping_and_flagging(visit, town):
    ani = visit("ani")
    item = next_of(ani)["id"]
    assert ani.answer(1, item, None, skipped=True, flagged=True).json()["skipped"] is True
    (row,) = rows(town, tables.answer)
    assert (row["label"], row["skipped"], row["flagged"]) == (None, True, True)


def test_disagreements_are_decided_by_who_may(visit, town):
    for name, label in (("ani", "pos"), ("budi", "neg")):
        visitor = visit(name)
        visitor.answer(1, next_of(visitor)["id"], label)
        assert visitor.get("/api/projects/1/disagreements").status_code == 403
        body = {"item": 1, "label": "net", "labels_version": 1, "token": "b" * 32}
        assert visitor.post("/api/projects/1/decide", json=body).status_code == 403
    dewi = visit("dewi")
    (found,) = dewi.get("/api/projects/1/disagreements").json()
    assert [(a["by"], a["label"]) for a in found["answers"]] == [("ani", "pos"), ("budi", "neg")]
    body = {"item": found["item"]["id"], "label": "net", "labels_version": 1, "token": "c" * 32}
    assert dewi.post("/api/projects/1/decide", json=body).status_code == 200
    assert gold_of(town.store, 1)[found["item"]["id"]] == ("net", "decided")


def test_an_adjudicator_does_not_annotate(visit):
    assert visit("dewi").get("/api/projects/1/next").status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/projects/{}/next"),
        ("GET", "/api/projects/{}/progress"),
        ("GET", "/api/projects/{}/answers"),
        ("GET", "/api/projects/{}/disagreements"),
        ("GET", "/api/projects/{}/export"),
        ("POST", "/api/projects/{}/undo"),
        ("POST", "/api/projects/{}/items"),
    ],
)
def test_projects_of_others_look_like_none(visit, method, path):
    stranger = visit("asing")
    ask = stranger.get if method == "GET" else stranger.post
    there, absent = ask(path.format(1)), ask(path.format(999))
    assert (there.status_code, absent.status_code) == (404, 404)
    assert there.json() == absent.json()
    assert stranger.get("/api/projects").json() == []


@pytest.mark.parametrize("name", ["asing", "dewi"])
def test_who_has_no_part_changes_nothing(visit, town, name):
    other = visit(name)
    assert other.answer(1, 1, "pos").status_code in (403, 404)
    assert rows(town, tables.answer) == []


def test_one_annotator_neither_reads_nor_changes_what_another_said(visit, town):
    ani, budi = visit("ani"), visit("budi")
    item = next_of(ani)["id"]
    ani.answer(1, item, "pos", note="hanya saya")
    assert "hanya saya" not in budi.get("/api/projects/1/answers").text
    assert "pos" not in str(budi.get("/api/projects/1/next").json()["item"])
    budi.answer(1, item, "neg", person_id=town.person("ani").id)
    budi.answer(1, item, "neg")
    budi.post("/api/projects/1/undo")
    assert ani.get("/api/projects/1/answers").json()[0]["label"] == "pos"
    assert [row["person_id"] for row in rows(town, tables.answer)] == [town.person("ani").id]


def test_the_item_of_one_project_is_not_had_by_way_of_another(visit, town):
    other = town.project("Lain", annotators="eko")
    with town.store.read() as connection:
        item = connection.scalar(sa.select(tables.item.c.id).where(tables.item.c.project_id == other.id))
    ani = visit("ani")
    assert ani.answer(1, item, "pos").status_code == ani.answer(1, 10**6, "pos").status_code == 410
    assert ani.answer(other.id, item, "pos").status_code == 404
    # Who may in both may not mix them up either.
    assert visit("citra").answer(1, item, "pos").status_code == 410
    assert rows(town, tables.answer) == []


def test_an_item_that_is_gone(visit, town):
    ani = visit("ani")
    item = next_of(ani)["id"]
    delete_item(town.store, item)
    answer = ani.answer(1, item, "pos")
    assert answer.status_code == 410
    assert answer.json()["message"]
    assert next_of(ani)["id"] != item


def test_labels_that_changed_are_sent_along(visit, town):
    ani = visit("ani")
    item = next_of(ani)["id"]
    change_labels(town.store, 1, ["bagus", "neg", "net"], 1, {"pos": "bagus"})
    answer = ani.answer(1, item, "pos")
    assert answer.status_code == 409
    assert [label["name"] for label in answer.json()["labels"]] == ["bagus", "neg", "net"]
    assert rows(town, tables.answer) == []
    assert ani.answer(1, item, "bagus", labels_version=answer.json()["labels_version"]).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "lain"},
        {"label": None},
        {"label": 3},
        {"item": "1"},
        {"item": 2**70},
        {"labels_version": "x"},
        {"token": "short"},
        {"token": "x" * 65},
        {"note": "x" * 2001},
        {"seconds": -1},
        {"unknown": 1},
        {"label": "pos'; DROP TABLE answer; --"},
        {"token": "'; DELETE FROM answer; --"},
        {"note": None},
    ],
)
def test_what_makes_no_sense_is_refused_with_words(visit, town, wrong):
    ani = visit("ani")
    good = next_of(ani)["id"]
    ani.answer(1, good, "pos")
    body = {"item": next_of(ani)["id"], "label": "pos", "labels_version": 1, "token": "t" * 32} | wrong
    answer = ani.post("/api/projects/1/answers", json=body)
    kept = rows(town, tables.answer)
    if wrong.get("token", "").startswith("'"):  # a token like any other
        assert (answer.status_code, len(kept)) == (200, 2)
    else:
        assert answer.status_code in (410, 422), answer.text
        assert len(answer.json()["message"]) > 10
        assert len(kept) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"item": NaN}'])
def test_what_is_no_json_is_refused_with_words(visit, body):
    answer = visit("ani").post("/api/projects/1/answers", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert len(answer.json()["message"]) > 10


def test_sql_stays_a_text(visit, town):
    nasty = "'); DELETE FROM item; --"
    add_items(town.store, 1, [NewItem(nasty, nasty)])
    ani = visit("ani")
    assert ani.answer(1, 4, "pos", note=nasty).status_code == 200
    assert ani.get("/api/projects/1/answers").json()[0]["note"] == nasty
    assert ani.get("/api/projects/1%27%20OR%201=1/next").status_code == 422
    assert len(rows(town, tables.item)) == 4


def test_marks_are_checked_against_the_scale(visit, town):
    made = town.project("Nilai", labels=(), scale=(0, 5, 0.5), kind="answer")
    ani = visit("ani")
    item = next_of(ani, made.id)
    assert item["text_b"] == "teks kedua"
    assert ani.answer(made.id, item["id"], "3.25").status_code == 422
    assert ani.answer(made.id, item["id"], "3,5").json()["label"] == "3.5"


def test_a_closed_project_takes_no_more(visit, town):
    ani = visit("ani")
    item = next_of(ani)["id"]
    change_project(town.store, 1, closed=True)
    assert ani.answer(1, item, "pos").status_code == 422
    assert next_of(ani) is None


def test_items_can_be_passed_over(visit):
    ani = visit("ani")
    first = next_of(ani)["id"]
    assert ani.get(f"/api/projects/1/next?skip={first}").json()["item"]["id"] != first


def test_messages_speak_the_visitors_language(visit):
    stranger = visit("asing")
    english = stranger.get("/api/projects/1/next").json()["message"]
    stranger.client.cookies.set("makna_lang", "id")
    indonesian = stranger.get("/api/projects/1/next").json()["message"]
    assert english != indonesian


def test_what_the_api_does_not_have_is_told_as_json(visit):
    answer = visit("ani").get("/api/nothing")
    assert answer.status_code == 404
    assert "nothing" in answer.json()["message"]


def test_a_wrong_method_is_told_as_json(visit):
    answer = visit("ani").post("/api/projects/1/next")
    assert answer.status_code == 404
    assert answer.json()["message"]


def test_what_a_model_thinks_is_not_shown_to_who_labels(visit, town):
    add_items(town.store, 1, [NewItem("ragu", "teks", suggested="sugg-xyz", extra={"label": "extra-xyz"})])
    ani = visit("ani")
    while item := next_of(ani):
        assert "xyz" not in str(item)
        ani.answer(1, item["id"], "neg")
