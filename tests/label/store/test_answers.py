from __future__ import annotations

import json
import threading

import pytest

from makna.core.errors import UserError
from makna.label.store import tables
from makna.label.store.answers import Given, my_answer, my_answers, save_answer, undo
from makna.label.store.gold import decide, disagreements, gold_of
from makna.label.store.items import delete_item
from makna.label.store.kept import Answer
from makna.label.store.labels import LabelsChanged
from makna.label.store.people import set_active
from makna.label.store.projects import change_project
from makna.label.store.relabel import change_labels

SQL = "'; DROP TABLE answer; --"


def refused(key: str, call: object, *words: object, **more: object) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*words, **more)  # type: ignore[operator]
    assert caught.value.key == key
    assert str(caught.value)
    return caught.value


def kinds(scene) -> list[str]:
    return [row["kind"] for row in sorted(scene.rows(tables.change), key=lambda row: row["id"])]


def test_an_answer_is_kept_as_it_was_given(scene) -> None:
    project = scene.project()
    item, ani = scene.next("ani", project), scene.person("ani")
    given = Given("neg", flagged=True, note=SQL + "\x00\ud800 — ragu", seconds=3.25)
    saved = save_answer(scene.store, ani, item.id, given, 1, "abc")
    note = SQL + "�" * 4 + " — ragu"
    assert saved == Answer(item.id, ani.id, "neg", False, True, note, 3.25, 1, scene.clock())
    assert my_answer(scene.store, ani, item.id) == saved
    assert my_answers(scene.store, ani, project.id) == [(item, saved)]
    change = scene.rows(tables.change)[0]
    assert (change["kind"], change["before"], change["token"]) == ("saved", None, "abc")
    assert json.loads(change["after"])["label"] == "neg"


def test_a_changed_answer_leaves_what_it_was(scene) -> None:
    item = scene.next("ani", scene.project())
    scene.say("ani", item, "pos")
    scene.clock.pass_by(5)
    scene.say("ani", item, None, note="tidak tahu")
    assert scene.count(tables.answer) == 1
    last = scene.rows(tables.change)[-1]
    assert json.loads(last["before"])["label"] == "pos"
    assert json.loads(last["after"])["skipped"] is True
    assert {row["id"]: row["answers"] for row in scene.rows(tables.item)}[item.id] == 1


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (Given("tak ada"), "label.store_unknown_label"),
        (Given(SQL), "label.store_unknown_label"),
        (Given("POS"), "label.store_unknown_label"),
        (Given(""), "label.store_unknown_label"),
        (Given(None), "label.store_label_or_skip"),
        (Given("pos", skipped=True), "label.store_label_or_skip"),
        (Given(None, flagged=True), "label.store_label_or_skip"),
        (Given("pos", note="x" * 2001), "label.store_note_long"),
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_kept(scene, given: Given, key: str) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    refused(key, save_answer, scene.store, scene.person("ani"), item.id, given, 1)
    assert scene.count(tables.answer) == scene.count(tables.change) == 0
    assert scene.next("ani", project) == item


@pytest.mark.parametrize(
    ("seconds", "kept"), [(None, None), (-1.0, None), (float("nan"), None), (float("inf"), 86400.0)]
)
def test_a_clock_gone_wrong_does_no_harm(scene, seconds: float | None, kept: float | None) -> None:
    assert scene.say("ani", scene.next("ani", scene.project()), "pos", seconds=seconds).seconds == kept


def test_marks_are_of_the_scale(scene) -> None:
    project = scene.project(scale=(0, 5, 0.5), kind="answer")
    item = scene.next("ani", project)
    assert scene.say("ani", item, "3,50").label == "3.5"
    for wrong in ("5.5", "-1", "3.25", "nan", "baik", ""):
        refused("label.store_bad_mark", scene.say, "ani", item, wrong)
    assert scene.say("ani", item, None).label is None


def test_nobody_reads_or_writes_for_another(scene) -> None:
    project, other = scene.project(), scene.project(annotators="luar")
    item = scene.next("ani", project)
    scene.say("ani", item, "pos")
    ani, budi, luar = scene.person("ani"), scene.person("budi"), scene.person("luar")
    scene.clock.pass_by(1)
    scene.say("budi", item, "neg")
    assert my_answer(scene.store, ani, item.id).label == "pos"
    assert my_answer(scene.store, budi, item.id).label == "neg"
    assert [answer.label for _, answer in my_answers(scene.store, budi, project.id)] == ["neg"]
    # What is not theirs looks as if it were not there.
    for call in (
        lambda number: my_answer(scene.store, luar, number),
        lambda number: scene.say("luar", number, "pos"),
        lambda number: decide(scene.store, luar, number, "pos", 1),
    ):
        said = {str(refused("label.store_item_gone", call, number)) for number in (item.id, 999, 0, 10**30)}
        assert len(said) == 1
    for number in (project.id, 999, 10**30):
        refused("label.store_not_allowed", my_answers, scene.store, luar, number)
        refused("label.store_not_allowed", undo, scene.store, luar, number)
        refused("label.store_not_allowed", disagreements, scene.store, luar, number)
    assert undo(scene.store, luar, other.id) is None
    assert len(my_answers(scene.store, ani, project.id)) == 1


def test_annotators_do_not_decide_and_adjudicators_do_not_annotate(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    refused("label.store_not_allowed", decide, scene.store, scene.person("ani"), item.id, "pos", 1)
    refused("label.store_not_allowed", disagreements, scene.store, scene.person("ani"), project.id)
    refused("label.store_not_allowed", scene.say, "citra", item, "pos")
    refused("label.store_not_allowed", undo, scene.store, scene.person("citra"), project.id)
    assert scene.count(tables.change) == 0


def test_an_account_that_was_closed_writes_nothing_more(scene) -> None:
    item, ani = scene.next("ani", scene.project()), scene.person("ani")
    scene.person("bos", "admin")
    set_active(scene.store, ani.id, False)
    refused("label.store_item_gone", scene.say, "ani", item, "pos")


def test_an_item_deleted_while_open_and_a_project_closed(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    delete_item(scene.store, item.id)
    refused("label.store_item_gone", scene.say, "ani", item, "pos")
    refused("label.store_item_gone", my_answer, scene.store, scene.person("ani"), item.id)
    after = scene.next("ani", project)
    change_project(scene.store, project.id, closed=True)
    refused("label.store_closed", scene.say, "ani", after, "pos")
    refused("label.store_closed", undo, scene.store, scene.person("ani"), project.id)
    refused("label.store_closed", decide, scene.store, scene.person("citra"), after.id, "pos", 1)
    change_project(scene.store, project.id, closed=False)
    scene.say("ani", after, "pos")


def test_a_request_sent_twice_counts_once(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    first = scene.say("ani", item, "pos", token="t")
    scene.clock.pass_by(9)
    assert scene.say("ani", item, "pos", token="t") == first
    assert scene.say("ani", item, "neg", token="t") == first
    second = scene.say("ani", item, "neg", token="u")
    assert scene.say("ani", item, "pos", token="t") == second
    assert kinds(scene) == ["saved", "saved"]
    # Taken back meanwhile: sent again it does not come back.
    undo(scene.store, scene.person("ani"), project.id)
    undo(scene.store, scene.person("ani"), project.id)
    assert scene.say("ani", item, "pos", token="t").label == "pos"
    assert scene.count(tables.answer) == 0


def test_a_token_is_of_one_request(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    scene.say("ani", item, "pos", token="t")
    refused("label.store_bad_token", scene.say, "budi", item, "pos", token="t")
    refused("label.store_bad_token", scene.say, "ani", scene.next("ani", project), "pos", token="t")
    for token in ("", "x" * 65, "a\x00b"):
        refused("label.store_bad_token", scene.say, "ani", item, "pos", token=token)
    assert kinds(scene) == ["saved"]


def test_the_same_request_eight_times_at_once_counts_once(scene) -> None:
    item = scene.next("ani", scene.project())
    got: list[object] = []

    def send() -> None:
        try:
            got.append(scene.say("ani", item, "pos", token="t"))
        except Exception as problem:
            got.append(problem)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [got[0]] * 8
    assert isinstance(got[0], Answer)
    assert kinds(scene) == ["saved"]


def test_answers_are_taken_back_one_by_one(scene) -> None:
    project, other, ani = scene.project(), scene.project(), scene.person("ani")
    one = scene.next("ani", project)
    scene.say("ani", one, "pos")
    two = scene.next("ani", project)
    scene.say("ani", two, "neg")
    scene.say("ani", one, "net", note="lebih baik")
    scene.say("budi", one, "pos")
    elsewhere = scene.next("ani", other)
    scene.say("ani", elsewhere, "pos")

    assert undo(scene.store, ani, project.id) == one.id
    assert my_answer(scene.store, ani, one.id).label == "pos"
    assert undo(scene.store, ani, project.id) == two.id
    assert my_answer(scene.store, ani, two.id) is None
    scene.say("ani", two, "net")
    assert undo(scene.store, ani, project.id) == two.id
    assert undo(scene.store, ani, project.id) == one.id
    assert undo(scene.store, ani, project.id) is None
    assert my_answers(scene.store, ani, project.id) == []
    assert my_answer(scene.store, ani, elsewhere.id).label == "pos"
    assert my_answer(scene.store, scene.person("budi"), one.id).label == "pos"
    assert {row["id"]: row["answers"] for row in scene.rows(tables.item)}[one.id] == 1
    assert kinds(scene).count("undone") == 4
    # What was taken back is theirs to answer again, and shown again.
    assert scene.next("ani", project).id in (one.id, two.id)


def test_undo_goes_round_what_was_deleted(scene) -> None:
    project = scene.project()
    one = scene.next("ani", project)
    scene.say("ani", one, "pos")
    two = scene.next("ani", project)
    scene.say("ani", two, "pos")
    delete_item(scene.store, two.id)
    assert undo(scene.store, scene.person("ani"), project.id) == one.id
    assert undo(scene.store, scene.person("ani"), project.id) is None


def test_undo_follows_a_renamed_label_and_keeps_a_retired_one(scene) -> None:
    project = scene.project()
    item, ani = scene.next("ani", project), scene.person("ani")
    scene.say("ani", item, "neg")
    scene.say("ani", item, "pos")
    scene.say("ani", item, "net")
    change_labels(scene.store, project.id, ["baik", "net", "lain"], 1, {"pos": "baik"}, go_on=True)
    undo(scene.store, ani, project.id)
    assert (my_answer(scene.store, ani, item.id).label, my_answer(scene.store, ani, item.id).labels_version) == (
        "baik",
        2,
    )
    undo(scene.store, ani, project.id)
    assert my_answer(scene.store, ani, item.id).label == "neg"


def test_labels_changed_under_way_are_asked_about(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    change_labels(scene.store, project.id, ["baik", "net", "lain"], 1, {"pos": "baik"})
    for gone in ("pos", "neg"):
        with pytest.raises(LabelsChanged) as changed:
            scene.say("ani", item, gone, version=1)
        assert [label.name for label in changed.value.labels] == ["baik", "net", "lain"]
        assert changed.value.version == 2
        assert "baik, net, lain" in str(changed.value)
    assert scene.next("ani", project) == item
    # A label that stayed as it was is taken, as one of the new version.
    assert scene.say("ani", item, "net", version=1).labels_version == 2
    assert scene.say("ani", item, "net", version=77).labels_version == 2
    refused("label.store_unknown_label", scene.say, "ani", item, "pos", version=2)


def test_a_retired_label_is_not_taken(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    scene.say("ani", item, "neg")
    change_labels(scene.store, project.id, ["pos", "net"], 1, go_on=True)
    with pytest.raises(LabelsChanged):
        scene.say("ani", item, "neg", version=1)
    refused("label.store_unknown_label", scene.say, "ani", item, "neg", version=2)
    assert my_answer(scene.store, scene.person("ani"), item.id).label == "neg"


def test_what_all_say_is_gold_and_the_rest_is_decided(scene) -> None:
    project = scene.project(6)
    said = {"t1": ("pos", "pos"), "t2": ("pos", "neg"), "t3": (None, "neg"), "t4": (None, None), "t5": ("net", None)}
    items = {}
    for at, name in enumerate(("ani", "budi")):
        for _ in range(5):
            item = scene.next(name, project)
            items[item.name] = item
            if (name, item.name) != ("budi", "t5"):
                scene.say(name, item, said[item.name][at])
    citra = scene.person("citra")
    found = {one.item.name: one for one in disagreements(scene.store, citra, project.id)}
    assert list(found) == ["t2", "t3", "t4"]
    assert [(name, answer.label) for name, answer in found["t2"].answers] == [("ani", "pos"), ("budi", "neg")]
    assert found["t2"].gold is None
    assert gold_of(scene.store, project.id) == {items["t1"].id: ("pos", "agreed")}

    decide(scene.store, citra, items["t2"].id, "neg", 1, note=SQL, token="k")
    decide(scene.store, citra, items["t2"].id, "pos", 1, token="k")  # sent twice
    decide(scene.store, citra, items["t1"].id, "net", 1)
    assert gold_of(scene.store, project.id) == {
        items["t1"].id: ("net", "decided"),
        items["t2"].id: ("neg", "decided"),
    }
    assert {one.item.name: one.gold for one in disagreements(scene.store, citra, project.id)}["t2"] == "neg"
    decide(scene.store, citra, items["t2"].id, "net", 1)
    history = [
        row for row in scene.rows(tables.change) if row["item_id"] == items["t2"].id and row["kind"] == "decided"
    ]
    assert [json.loads(row["after"])["label"] for row in history] == ["neg", "net"]
    assert json.loads(history[1]["before"])["note"] == SQL
    assert gold_of(scene.store, project.id)[items["t2"].id] == ("net", "decided")


def test_a_decision_is_of_the_labels(scene) -> None:
    project = scene.project()
    item, citra = scene.next("ani", project), scene.person("citra")
    refused("label.store_unknown_label", decide, scene.store, citra, item.id, "x", 1)
    refused("label.store_note_long", decide, scene.store, citra, item.id, "pos", 1, "x" * 2001)
    decide(scene.store, citra, item.id, "pos", 1)
    change_labels(scene.store, project.id, ["baik", "neg"], 1, {"pos": "baik"}, go_on=True)
    with pytest.raises(LabelsChanged):
        decide(scene.store, citra, item.id, "pos", 1)
    assert gold_of(scene.store, project.id) == {item.id: ("baik", "decided")}


def test_flags_want_a_decision_however_few_answered(scene) -> None:
    project = scene.project(2)
    item = scene.next("ani", project)
    scene.say("ani", item, "pos", flagged=True)
    assert [one.item for one in disagreements(scene.store, scene.person("citra"), project.id)] == [item]
    scene.say("budi", item, "pos")
    assert gold_of(scene.store, project.id) == {}
    decide(scene.store, scene.person("citra"), item.id, "pos", 1)
    assert gold_of(scene.store, project.id) == {item.id: ("pos", "decided")}


def test_marks_a_step_apart_agree_and_their_mean_counts(scene) -> None:
    project = scene.project(3, scale=(0, 1, 0.1))
    marks = {"t1": ("0.2", "0.3"), "t2": ("0.2", "0.4"), "t3": ("1", "1")}
    items = {}
    for at, name in enumerate(("ani", "budi")):
        while (item := scene.next(name, project)) is not None:
            items[item.name] = item
            scene.say(name, item, marks[item.name][at])
    assert [one.item.name for one in disagreements(scene.store, scene.person("citra"), project.id)] == ["t2"]
    assert gold_of(scene.store, project.id) == {items["t1"].id: ("0.25", "agreed"), items["t3"].id: ("1", "agreed")}


def test_more_answers_than_wanted_still_have_to_agree(scene) -> None:
    project = scene.project(1, "ani budi")
    item = scene.next("ani", project)
    scene.say("ani", item, "pos")
    scene.say("budi", item, "pos")
    change_project(scene.store, project.id, overlap=1)
    assert gold_of(scene.store, project.id) == {item.id: ("pos", "agreed")}
    scene.say("budi", item, "neg")
    assert gold_of(scene.store, project.id) == {}
    assert len(disagreements(scene.store, scene.person("citra"), project.id)) == 1


def test_an_admin_may_annotate_and_decide(scene) -> None:
    project = scene.project(1, "ani")
    scene.person("bos", "admin")
    item = scene.next("bos", project)
    scene.say("bos", item, "pos")
    decide(scene.store, scene.person("bos"), item.id, "neg", 1)
    assert gold_of(scene.store, project.id) == {item.id: ("neg", "decided")}
