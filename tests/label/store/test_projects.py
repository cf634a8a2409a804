from __future__ import annotations

import pytest

from makna.core.errors import UserError
from makna.label.store import tables
from makna.label.store.items import (
    Added,
    NewItem,
    add_items,
    delete_item,
    item_of,
    set_doubts,
)
from makna.label.store.labels import (
    KEYS,
    LabelChoice,
    LabelsChanged,
    LabelsInUse,
    checked_mark,
    checked_scale,
    first_labels,
    meant,
    next_labels,
)
from makna.label.store.members import members, role_in, set_member
from makna.label.store.people import set_active
from makna.label.store.projects import (
    ProjectSettings,
    change_project,
    create_project,
    find_project,
    project_of,
    projects_for,
)
from makna.label.store.relabel import change_labels

SQL = "'; DROP TABLE answer; --"


def refused(key: str, call: object, *words: object, **more: object) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*words, **more)  # type: ignore[operator]
    assert caught.value.key == key
    assert str(caught.value)
    return caught.value


def test_a_project_is_kept_as_it_was_made(scene) -> None:
    wanted = ProjectSettings(
        "Ulasan Toko", "pair", [LabelChoice("sama", "x", "maknanya sama"), "beda"], guidelines="# Petunjuk\n" + SQL,
        overlap=3, by="doubt", seed=7, columns={"text_a": "judul", "text_b": SQL},
    )  # fmt: skip
    made = create_project(scene.store, wanted)
    assert made.labels == (LabelChoice("sama", "x", "maknanya sama"), LabelChoice("beda", "1"))
    assert (made.kind, made.overlap, made.by, made.seed, made.closed) == ("pair", 3, "doubt", 7, False)
    assert made.guidelines == wanted.guidelines
    assert made.columns == wanted.columns
    assert made.labels_version == 1
    assert project_of(scene.store, made.id) == made
    assert find_project(scene.store, "ULASAN  toko") == made


def test_two_projects_do_not_look_alike(scene) -> None:
    create_project(scene.store, ProjectSettings("Ulasan", labels=["a", "b"]))
    refused(
        "label.store_project_known", create_project, scene.store, ProjectSettings("ＵＬＡＳＡＮ", labels=["a", "b"])
    )


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"kind": "gambar"}, "label.store_bad_choice"),
        ({"by": "mood"}, "label.store_bad_choice"),
        ({"overlap": 0}, "label.store_bad_overlap"),
        ({"overlap": 101}, "label.store_bad_overlap"),
        ({"scale": (0, 5, 1)}, "label.store_labels_or_scale"),
        ({"labels": ()}, "label.store_labels_or_scale"),
        ({"labels": ["satu"]}, "label.store_few_labels"),
        ({"labels": ["a", " A "]}, "label.store_label_twice"),
        ({"labels": ["a", ""]}, "label.store_bad_name"),
        ({"labels": (), "scale": (5, 0, 1)}, "label.store_bad_scale"),
        ({"labels": (), "scale": (0, 5, 0)}, "label.store_bad_scale"),
        ({"labels": (), "scale": (0, 5, 0.3)}, "label.store_bad_scale"),
        ({"labels": (), "scale": (0, float("inf"), 1)}, "label.store_bad_scale"),
        ({"labels": (), "scale": (0, 1e9, 1)}, "label.store_bad_scale"),
        ({"name": " "}, "label.store_bad_name"),
    ],
)
def test_a_project_that_cannot_be_is_refused(scene, settings: dict, key: str) -> None:
    refused(key, create_project, scene.store, ProjectSettings(**{"name": "P", "labels": ["a", "b"]} | settings))
    assert scene.count(tables.project) == 0


def test_a_project_that_is_not_there_is_told_with_those_that_are(scene) -> None:
    create_project(scene.store, ProjectSettings("Ulasan", labels=["a", "b"]))
    assert "Ulasan" in str(refused("label.store_no_project", find_project, scene.store, "Esai"))
    for number in (0, -1, 99, 10**30):
        refused("label.store_project_gone", project_of, scene.store, number)
        assert members(scene.store, number) == {}


def test_keys_go_round_those_of_the_site(scene) -> None:
    labels = first_labels([f"l{i}" for i in range(40)])
    keys = [label.key for label in labels]
    assert keys[:12] == list("123456789abc")
    assert not set("sfun") & set(keys)
    assert keys[len(KEYS) :] == [""] * (40 - len(KEYS))
    asked = first_labels(["a", LabelChoice("b", "1"), LabelChoice("c", "s"), LabelChoice("d", "1")])
    assert [label.key for label in asked] == ["2", "1", "3", "4"]


def test_members_see_their_projects_and_no_others(scene) -> None:
    one, two = scene.project(annotators="ani"), scene.project(annotators="budi")
    ani, citra, bos, luar = (
        scene.person("ani"),
        scene.person("citra"),
        scene.person("bos", "admin"),
        scene.person("luar"),
    )
    assert [(project.id, role) for project, role in projects_for(scene.store, ani)] == [(one.id, "annotator")]
    assert {project.id: role for project, role in projects_for(scene.store, citra)} == dict.fromkeys(
        (one.id, two.id), "adjudicator"
    )
    assert {project.id: role for project, role in projects_for(scene.store, bos)} == dict.fromkeys(
        (one.id, two.id), "admin"
    )
    assert projects_for(scene.store, luar) == []
    assert [role_in(scene.store, who, one.id) for who in (ani, citra, bos, luar)] == [
        "annotator",
        "adjudicator",
        "admin",
        None,
    ]
    assert [role_in(scene.store, bos, number) for number in (0, 99, 10**30)] == [None] * 3


def test_a_role_changes_ends_and_goes_with_the_account(scene) -> None:
    project, ani = scene.project(annotators="ani budi"), scene.person("ani")
    scene.person("bos", "admin")
    set_member(scene.store, project.id, ani.id, "adjudicator")
    assert members(scene.store, project.id)[ani.id] == (ani, "adjudicator")
    assert list(members(scene.store, project.id)) == [scene.person(name).id for name in ("ani", "budi", "citra")]
    set_active(scene.store, ani.id, False)
    assert role_in(scene.store, ani, project.id) is None
    assert projects_for(scene.store, ani) == []
    set_active(scene.store, ani.id, True)
    set_member(scene.store, project.id, ani.id, None)
    assert role_in(scene.store, ani, project.id) is None
    refused("label.store_bad_role", set_member, scene.store, project.id, ani.id, "raja")
    for project_id, person_id in ((99, ani.id), (project.id, 99), (10**30, ani.id), (project.id, 0)):
        refused("label.store_no_member", set_member, scene.store, project_id, person_id, "annotator")


def test_what_may_change_changes_alone(scene) -> None:
    project = scene.project()
    changed = change_project(scene.store, project.id, guidelines="baru", overlap=4)
    assert (changed.guidelines, changed.overlap, changed.by, changed.closed) == ("baru", 4, project.by, False)
    assert change_project(scene.store, project.id, by="random", closed=True).closed is True
    assert change_project(scene.store, project.id) == project_of(scene.store, project.id)
    refused("label.store_bad_overlap", change_project, scene.store, project.id, overlap=0)
    refused("label.store_bad_choice", change_project, scene.store, project.id, by="'; --")
    refused("label.store_project_gone", change_project, scene.store, 99, overlap=2)


def test_items_come_in_order_and_once(scene) -> None:
    project = scene.project(0)
    items = [
        NewItem("a", "satu", extra={"toko": SQL, "n": 3}),
        NewItem("b", SQL, doubt=0.25, suggested="pos"),
        NewItem("a", "lain"),
    ]
    assert add_items(scene.store, project.id, items) == Added(2, 1)
    assert add_items(
        scene.store, project.id, [NewItem("b", "x"), NewItem("c", "a\x00b\udc80", doubt=float("nan"))]
    ) == Added(1, 1)
    rows = scene.rows(tables.item)
    assert [(row["name"], row["position"], row["text_a"]) for row in rows] == [
        ("a", 1, "satu"),
        ("b", 2, SQL),
        ("c", 3, "a�b���"[:3] + "���"),
    ]
    first = item_of(scene.store, rows[0]["id"])
    assert first.extra == {"toko": SQL, "n": 3}
    assert item_of(scene.store, rows[1]["id"]).doubt == 0.25
    assert item_of(scene.store, rows[2]["id"]).doubt is None


@pytest.mark.parametrize(
    ("item", "key"),
    [
        (NewItem("", "teks"), "label.store_item_name"),
        (NewItem("x" * 401, "teks"), "label.store_item_name"),
        (NewItem("a", "  "), "label.store_item_text"),
        (NewItem("a", "teks", doubt=1.1), "label.store_item_doubt"),
        (NewItem("a", "teks", doubt=float("-inf")), "label.store_item_doubt"),
    ],
)
def test_one_wrong_item_and_none_is_added(scene, item: NewItem, key: str) -> None:
    project = scene.project(0)
    refused(key, add_items, scene.store, project.id, [NewItem("baik", "teks"), item])
    assert scene.count(tables.item) == 0


def test_a_pair_and_an_answer_want_two_texts(scene) -> None:
    for kind in ("pair", "answer"):
        project = scene.project(0, kind=kind)
        refused("label.store_item_text", add_items, scene.store, project.id, [NewItem("a", "teks")])
        assert add_items(scene.store, project.id, [NewItem("a", "teks", "kunci", "soal")]) == Added(1, 0)


def test_an_item_that_was_deleted_is_gone_and_its_answers_stay(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    scene.say("ani", item, "pos")
    delete_item(scene.store, item.id)
    refused("label.store_item_gone", item_of, scene.store, item.id)
    refused("label.store_item_gone", delete_item, scene.store, item.id)
    for number in (0, -5, 999, 10**30):
        refused("label.store_item_gone", item_of, scene.store, number)
    assert scene.count(tables.answer) == 1


def test_doubts_are_set_by_name(scene) -> None:
    project, other = scene.project(), scene.project()
    assert set_doubts(scene.store, project.id, {"t1": 0.5, "t3": 0.0, "tak ada": 1.0, SQL: 0.1}) == 2
    kept = {(row["project_id"], row["name"]): (row["doubt"], row["weight"]) for row in scene.rows(tables.item)}
    assert kept[project.id, "t1"] == (0.5, 0.5)
    assert kept[project.id, "t3"] == (0.0, 0.0)
    assert kept[project.id, "t2"] == (None, 1.0)
    assert kept[other.id, "t1"] == (None, 1.0)
    refused("label.store_item_doubt", set_doubts, scene.store, project.id, {"t1": 2.0})
    refused("label.store_project_gone", set_doubts, scene.store, 99, {"t1": 0.5})


def test_labels_nobody_used_change_without_asking(scene) -> None:
    project = scene.project()
    changed = change_labels(scene.store, project.id, ["pos", "campur"], 1)
    assert [(label.name, label.key, label.retired) for label in changed.labels] == [
        ("pos", "1", False),
        ("campur", "2", False),
    ]
    assert changed.labels_version == 2
    assert project_of(scene.store, project.id) == changed


def test_labels_in_use_are_asked_about_and_nothing_is_lost(scene) -> None:
    project = scene.project()
    first, second = scene.next("ani", project), None
    scene.say("ani", first, "pos")
    second = scene.next("ani", project)
    scene.say("ani", second, "neg", flagged=True, note="ragu")
    before = scene.rows(tables.answer)
    with pytest.raises(LabelsInUse) as asked:
        change_labels(scene.store, project.id, ["baik", "net"], 1, {"pos": "baik"})
    assert asked.value.counts == {"neg": 1, "pos": 1}
    assert "pos (1)" in str(asked.value)
    assert scene.rows(tables.answer) == before
    assert project_of(scene.store, project.id) == project

    changed = change_labels(scene.store, project.id, ["baik", "net"], 1, {"pos": "baik"}, go_on=True)
    assert [(label.name, label.retired) for label in changed.labels] == [("baik", False), ("net", False), ("neg", True)]
    assert [label.name for label in changed.choices] == ["baik", "net"]
    assert changed.labels[0].key == "1"
    after = {row["item_id"]: row for row in scene.rows(tables.answer)}
    assert after[first.id] == before[0] | {"label": "baik", "labels_version": 2}
    assert after[second.id] == before[1]
    history = [row for row in scene.rows(tables.change) if row["kind"] == "relabelled"]
    assert len(history) == 1
    assert '"label": "pos"' in history[0]["before"]
    assert '"label": "baik"' in history[0]["after"]
    assert history[0]["person_id"] == scene.person("ani").id


def test_a_change_thought_out_for_other_labels_is_refused(scene) -> None:
    project = scene.project()
    change_labels(scene.store, project.id, ["pos", "neg", "campur"], 1)
    refused("label.store_labels_changed", change_labels, scene.store, project.id, ["pos", "neg"], 1)
    marks = scene.project(scale=(0, 5, 1))
    refused("label.store_no_labels_here", change_labels, scene.store, marks.id, ["a", "b"], 1)
    refused("label.store_project_gone", change_labels, scene.store, 99, ["a", "b"], 1)


@pytest.mark.parametrize(
    ("labels", "renamed", "key"),
    [
        (["pos", "neg"], {"tak ada": "pos"}, "label.store_unknown_label"),
        (["pos", "neg"], {"net": "campur"}, "label.store_unknown_label"),
        (["pos", "neg"], {"net": "neg"}, "label.store_label_twice"),
        (["satu", "neg"], {"pos": "satu", "net": "satu"}, "label.store_label_twice"),
        (["POS", "neg"], {}, "label.store_label_twice"),
        (["pos"], {}, "label.store_few_labels"),
    ],
)
def test_labels_that_cannot_be_changed_so(scene, labels: list, renamed: dict, key: str) -> None:
    project = scene.project()
    scene.say("ani", scene.next("ani", project), "pos")
    refused(key, change_labels, scene.store, project.id, labels, 1, renamed, go_on=True)
    assert project_of(scene.store, project.id) == project


def test_a_retired_label_comes_back_with_its_answers(scene) -> None:
    project = scene.project()
    scene.say("ani", scene.next("ani", project), "pos")
    change_labels(scene.store, project.id, ["neg", "net"], 1, go_on=True)
    back = change_labels(scene.store, project.id, ["pos", "neg"], 2)
    assert [(label.name, label.retired) for label in back.labels] == [("pos", False), ("neg", False), ("net", True)]
    assert len({label.key for label in back.choices}) == 2
    assert scene.rows(tables.answer)[0]["label"] == "pos"


def test_two_labels_change_their_names(scene) -> None:
    project = scene.project()
    item = scene.next("ani", project)
    scene.say("ani", item, "pos")
    scene.say("budi", item, "neg")
    swapped = change_labels(scene.store, project.id, ["neg", "pos", "net"], 1, {"pos": "neg", "neg": "pos"}, go_on=True)
    labels = {row["person_id"]: row["label"] for row in scene.rows(tables.answer)}
    assert labels == {scene.person("ani").id: "neg", scene.person("budi").id: "pos"}
    # Who still sees the old names is asked again: theirs mean something else now.
    with pytest.raises(LabelsChanged) as changed:
        scene.say("ani", item, "pos", version=1)
    assert [label.name for label in changed.value.labels] == ["neg", "pos", "net"]
    assert changed.value.version == swapped.labels_version == 2
    scene.say("ani", item, "net", version=1)
    scene.say("ani", item, "pos", version=2)


def test_a_name_is_followed_through_versions() -> None:
    one = first_labels(["a", "b"])
    two = next_labels(one, ["b", "a"], {"a": "b", "b": "a"}, 2)
    three = next_labels(two, ["a", "c"], {"a": "c", "b": "a"}, 3)
    # a was called a, b, a; b was called b, a, c.
    for name, version, now in (
        ("a", 1, "a"),
        ("b", 1, "c"),
        ("b", 2, "a"),
        ("a", 2, "c"),
        ("a", 3, "a"),
        ("c", 3, "c"),
    ):
        found = meant(three, name, version)
        assert found is not None
        assert found.name == now
    assert meant(three, "x", 1) is None


@pytest.mark.parametrize(
    ("came", "kept"),
    [("0", "0"), ("-0", "0"), ("5", "5"), (" 3,50 ", "3.5"), ("2.50", "2.5"), ("1e0", "1"), ("0.5", "0.5")],
)
def test_a_mark_is_kept_without_idle_digits(came: str, kept: str) -> None:
    assert checked_mark(checked_scale((0, 5, 0.5)), came) == kept


@pytest.mark.parametrize("came", ["", "baik", "5.5", "-0.5", "0.25", "nan", "inf", "1_0", "３０", "1,000,5", SQL])
def test_a_mark_off_the_scale_or_off_the_step_is_refused(came: str) -> None:
    error = refused("label.store_bad_mark", checked_mark, (0.0, 5.0, 0.5), came)
    assert "0.5" in str(error)


def test_a_scale_of_thirds_has_its_marks() -> None:
    scale = checked_scale((0, 1, 1 / 3))
    assert checked_mark(scale, "0.3333333333") == "0.3333333333"
    assert checked_mark(scale, "1") == "1"
