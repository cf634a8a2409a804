from __future__ import annotations

import math
import random
import threading
from collections import Counter, defaultdict
from itertools import pairwise
from uuid import uuid4

import pytest

from makna.core.errors import DataError, UserError
from makna.label.store import tables
from makna.label.store.answers import undo
from makna.label.store.history import normalised_entropy
from makna.label.store.items import NewItem, add_items, delete_item, set_doubts
from makna.label.store.members import set_member
from makna.label.store.people import set_active
from makna.label.store.projects import change_project
from makna.label.store.queue import LEASE_SECONDS, Progress, progress


def all_of(scene, name: str, project, label: str = "pos") -> list[str]:
    """Answer till nothing is left; return the items' names in the order they came."""
    came = []
    while (item := scene.next(name, project)) is not None:
        came.append(item.name)
        scene.say(name, item, label)
    return came


def refused(key: str, call: object, *words: object, **more: object) -> None:
    with pytest.raises(UserError) as caught:
        call(*words, **more)  # type: ignore[operator]
    assert caught.value.key == key


def test_items_come_in_order_and_each_to_as_many_as_wanted(scene) -> None:
    project = scene.project(5, "ani budi cici", overlap=2)
    assert all_of(scene, "ani", project) == ["t1", "t2", "t3", "t4", "t5"]
    assert all_of(scene, "budi", project) == ["t1", "t2", "t3", "t4", "t5"]
    assert all_of(scene, "cici", project) == []


def test_a_reload_shows_the_same_item(scene) -> None:
    project = scene.project(3, "ani", by="random")
    first = scene.next("ani", project)
    assert [scene.next("ani", project) for _ in range(3)] == [first] * 3
    scene.say("ani", first, "pos")
    assert scene.next("ani", project) != first


def test_nobody_else_is_given_what_somebody_looks_at(scene) -> None:
    project = scene.project(2, "ani budi cici", overlap=1)
    assert scene.next("ani", project).name == "t1"
    assert scene.next("budi", project).name == "t2"
    assert scene.next("cici", project) is None
    scene.clock.pass_by(LEASE_SECONDS - 1)
    assert scene.next("ani", project).name == "t1"  # renewed
    scene.clock.pass_by(2)
    assert scene.next("cici", project).name == "t2"
    assert scene.next("budi", project) is None


def test_an_answer_that_comes_late_is_kept(scene) -> None:
    project = scene.project(1, "ani budi", overlap=1)
    item = scene.next("ani", project)
    scene.clock.pass_by(LEASE_SECONDS + 1)
    assert scene.next("budi", project) == item
    scene.say("budi", item, "neg")
    scene.say("ani", item, "pos")
    assert scene.count(tables.answer) == 2


def test_what_is_skipped_over_waits(scene) -> None:
    project = scene.project(3, "ani")
    first = scene.next("ani", project)
    second = scene.next("ani", project, skip={first.id, -1, 10**30})
    assert second.name == "t2"
    assert scene.next("ani", project).name == "t2"
    assert scene.next("ani", project, skip={first.id, second.id}).name == "t3"
    assert scene.next("ani", project, skip=[1, 2, 3, *range(1000, 3000)]) is None
    assert scene.count(tables.lease) == 0
    assert scene.next("ani", project).name == "t1"


def test_only_annotators_and_admins_are_given_items(scene) -> None:
    project, other = scene.project(1, "ani"), scene.project(1, "budi")
    scene.person("bos", "admin")
    assert scene.next("bos", project) is not None
    for name, where in (("citra", project), ("ani", other), ("luar", project)):
        refused("label.store_not_allowed", scene.next, name, where)
    set_active(scene.store, scene.person("ani").id, False)
    refused("label.store_not_allowed", scene.next, "ani", project)


def test_deleted_items_and_closed_projects_give_nothing(scene) -> None:
    project = scene.project(2, "ani")
    delete_item(scene.store, scene.next("ani", project).id)
    assert scene.next("ani", project).name == "t2"
    change_project(scene.store, project.id, closed=True)
    assert scene.next("ani", project) is None


def test_more_people_are_asked_when_more_are_wanted(scene) -> None:
    project = scene.project(2, "ani budi", overlap=1)
    all_of(scene, "ani", project)
    assert scene.next("budi", project) is None
    change_project(scene.store, project.id, overlap=2)
    assert all_of(scene, "budi", project) == ["t1", "t2"]


def test_each_has_a_random_order_of_their_own_always_the_same(scene) -> None:
    names = [f"t{i}" for i in range(1, 25)]
    project = scene.project(24, "ani budi", by="random")
    ani, budi = all_of(scene, "ani", project), all_of(scene, "budi", project)
    assert sorted(ani) == sorted(budi) == sorted(names)
    assert len({tuple(names), tuple(ani), tuple(budi)}) == 3
    # Not one order turned round: neighbours differ too.
    pairs = [set(pairwise(order)) for order in (ani, budi, names)]
    assert max(len(pairs[a] & pairs[b]) for a, b in ((0, 1), (0, 2), (1, 2))) < 8
    for name, order in (("ani", ani), ("budi", budi)):
        while undo(scene.store, scene.person(name), project.id) is not None:
            pass
        scene.clock.pass_by(LEASE_SECONDS + 1)
        assert all_of(scene, name, project) == order


def test_a_random_order_hangs_on_the_seed(scene) -> None:
    one, two = (scene.project(20, "ani", by="random", seed=seed) for seed in (1, 2))
    assert all_of(scene, "ani", one) != all_of(scene, "ani", two)


def test_doubt_comes_first(scene) -> None:
    project = scene.project(5, "ani", by="doubt")
    set_doubts(scene.store, project.id, {"t1": 0.2, "t2": 0.9, "t4": 0.0, "t5": 0.9})
    assert all_of(scene, "ani", project) == ["t3", "t2", "t5", "t1", "t4"]


def test_doubt_and_disagreement_multiply(scene) -> None:
    project = scene.project(4, "ani budi cici", by="doubt", overlap=3)
    set_doubts(scene.store, project.id, {"t1": 0.9, "t2": 0.6, "t3": 0.4, "t4": 0.6})
    said = {"t1": ("pos", "pos"), "t2": ("pos", "neg"), "t3": ("pos", "neg"), "t4": (None, "neg")}
    for at, name in enumerate(("ani", "budi")):
        while (item := scene.next(name, project)) is not None:
            scene.say(name, item, said[item.name][at])
    # 0.9 x 1, 0.6 x 2, 0.4 x 2; a skipped answer says nothing: 0.6 x 1.
    assert all_of(scene, "cici", project) == ["t2", "t1", "t3", "t4"]
    # Doubts that come later keep the disagreement (now of three answers).
    set_doubts(scene.store, project.id, {"t2": 0.5})
    weight = {row["name"]: row["weight"] for row in scene.rows(tables.item)}["t2"]
    thirds = (1 / 3 * math.log(3) + 2 / 3 * math.log(3 / 2)) / math.log(3)
    assert weight == pytest.approx(0.5 * (1 + thirds))


@pytest.mark.parametrize(
    ("labels", "value"),
    [([], 0.0), (["a"], 0.0), (["a", "a", "a"], 0.0), (["a", "b", "c"], 1.0), (["a", "a", "b", "b"], 0.5)],
)
def test_disagreement_runs_from_none_to_one(labels: list[str], value: float) -> None:
    assert normalised_entropy(labels) == pytest.approx(value)


def test_progress_counts_what_is_mine_and_what_is_everybodys(scene) -> None:
    project = scene.project(5, "ani budi", overlap=1)
    one = scene.next("ani", project)
    scene.say("ani", one, None)
    scene.say("ani", scene.next("ani", project), "pos", flagged=True)
    scene.say("budi", scene.next("budi", project), "pos")
    delete_item(scene.store, scene.next("budi", project).id)
    assert progress(scene.store, scene.person("ani"), project.id) == Progress(2, 1, 4, 3, 1, 1)
    assert progress(scene.store, scene.person("budi"), project.id) == Progress(1, 1, 4, 3, 0, 0)
    assert progress(scene.store, scene.person("citra"), project.id) == Progress(0, 1, 4, 3, 0, 0)
    change_project(scene.store, project.id, overlap=2)
    assert progress(scene.store, scene.person("ani"), project.id) == Progress(2, 2, 4, 0, 1, 1)
    refused("label.store_not_allowed", progress, scene.store, scene.person("luar"), project.id)
    empty = scene.project(0, "ani")
    assert progress(scene.store, scene.person("ani"), empty.id) == Progress(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(("by", "seed"), [("order", 1), ("random", 2), ("doubt", 3)])
def test_eight_at_once_never_get_more_than_wanted_nor_anything_twice(scene, by: str, seed: int) -> None:
    names = [f"p{i}" for i in range(8)]
    project = scene.project(16, " ".join(names), by=by, overlap=3)
    given: dict[str, list[int]] = defaultdict(list)
    looking: Counter[int] = Counter()
    problems: list[str] = []
    watch = threading.Lock()

    def annotate(name: str, dice: random.Random) -> None:
        try:
            while (item := scene.next(name, project, skip=())) is not None:
                with watch:
                    looking[item.id] += 1
                    if looking[item.id] > 3:
                        problems.append(f"{item.name} was given to more than three")
                    given[name].append(item.id)
                scene.say(name, item, dice.choice(["pos", "neg", "net", None]), token=uuid4().hex)
                if dice.random() < 0.15 and undo(scene.store, scene.person(name), project.id) == item.id:
                    with watch:
                        looking[item.id] -= 1
                        given[name].remove(item.id)
        except DataError as problem:
            problems.append(str(problem))

    threads = [
        threading.Thread(target=annotate, args=(name, random.Random(seed * 100 + at))) for at, name in enumerate(names)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert all(len(items) == len(set(items)) for items in given.values())
    kept = Counter(row["item_id"] for row in scene.rows(tables.answer))
    assert kept == Counter({row["id"]: 3 for row in scene.rows(tables.item)})
    assert {row["id"]: row["answers"] for row in scene.rows(tables.item)} == kept
    assert scene.count(tables.lease) == 0


def test_a_member_who_leaves_is_given_nothing_more(scene) -> None:
    project = scene.project(2, "ani budi", overlap=1)
    scene.next("ani", project)
    set_member(scene.store, project.id, scene.person("ani").id, None)
    refused("label.store_not_allowed", scene.next, "ani", project)
    add_items(scene.store, project.id, [NewItem("baru", "teks")])
    scene.clock.pass_by(LEASE_SECONDS + 1)
    assert all_of(scene, "budi", project) == ["t1", "t2", "baru"]
