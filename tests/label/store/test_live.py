"""Agreement of the answers in a store, against the same answers in a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from makna.core.errors import DataError
from makna.label.agreement import measure_agreement
from makna.label.ratings import RatingSettings, ratings_of_columns
from makna.label.store.items import delete_item
from makna.label.store.live import agreement, ratings
from makna.label.store.relabel import change_labels

ANI = ["pos", "neg", "neg", "net", "pos", None, "pos", "neg"]
BUDI = ["pos", "neg", "pos", "net", "pos", "pos", None, "neg"]


def labelled(scene: Any, answers: dict[str, list[str | None]], **settings: Any) -> Any:
    """Return a project in which each of these people answered every item; None skips."""
    n = len(next(iter(answers.values())))
    project = scene.project(n=n, annotators=" ".join(answers), **settings)
    for name, labels in answers.items():
        for label in labels:
            scene.say(name, scene.next(name, project), label)
    return project


def test_it_is_what_a_table_of_the_same_answers_gives(scene: Any) -> None:
    project = labelled(scene, {"ani": ANI, "budi": BUDI})
    found = agreement(scene.store, project.id, resamples=200)
    assert found is not None
    table = pd.DataFrame({"ani": ANI, "budi": BUDI})
    wanted = measure_agreement(ratings_of_columns(table, ["ani", "budi"], RatingSettings(order=("pos", "neg", "net"))))
    for one in wanted.measures:
        value = found[one.part, one.name, one.other, one.measure].value if one.other else None
        value = found[one.part, one.name, one.measure].value if value is None else value
        assert value == pytest.approx(one.value, abs=1e-12), one
    both = table.dropna()
    assert found["overall", "cohen_kappa"].value == pytest.approx(cohen_kappa_score(both["ani"], both["budi"]))
    assert found["overall", "cohen_kappa"].n == 6
    assert found["overall", "cohen_kappa"].low is not None
    quick = agreement(scene.store, project.id)
    assert quick is not None
    assert quick["overall", "cohen_kappa"].low is None


def test_marks_are_on_an_interval_scale(scene: Any) -> None:
    first, second = ["0", "1.5", "3", "5"], ["0", "2", "3", "4.5"]
    project = labelled(scene, {"ani": first, "budi": second}, scale=(0, 5, 0.5), kind="answer")
    found = agreement(scene.store, project.id)
    table = pd.DataFrame({"ani": first, "budi": second})
    wanted = measure_agreement(ratings_of_columns(table, ["ani", "budi"], RatingSettings("interval")))
    assert found is not None
    for measure in ("krippendorff_alpha", "quadratic_kappa", "agreement"):
        assert found["overall", measure].value == pytest.approx(wanted["overall", measure].value)


def test_there_is_none_before_two_people_answered_the_same(scene: Any) -> None:
    project = scene.project(n=2, annotators="ani budi")
    assert agreement(scene.store, project.id) is None
    first = scene.next("ani", project)
    scene.say("ani", first, "pos")
    assert agreement(scene.store, project.id) is None
    with pytest.raises(DataError):
        ratings(scene.store, project.id)
    scene.say("budi", first, None)
    assert agreement(scene.store, project.id) is None, "skipped is no label"
    scene.say("budi", first, "neg")
    found = agreement(scene.store, project.id)
    assert found is not None
    assert found["overall", "agreement"].value == 0
    delete_item(scene.store, first.id)
    assert agreement(scene.store, project.id) is None


def test_labels_that_may_be_given_count_as_possible(scene: Any) -> None:
    project = labelled(scene, {"ani": ["pos", "neg", "pos"], "budi": ["pos", "neg", "neg"]})
    assert ratings(scene.store, project.id).labels == ("pos", "neg", "net")
    change_labels(scene.store, project.id, ["pos", "neg", "lain"], 1, go_on=True)
    assert ratings(scene.store, project.id).labels == ("pos", "neg", "lain")
    change_labels(scene.store, project.id, ["pos", "lain"], 2, go_on=True)
    assert ratings(scene.store, project.id).labels == ("pos", "lain", "neg"), "retired, and still there"


def test_no_such_project(scene: Any) -> None:
    with pytest.raises(DataError):
        agreement(scene.store, 99)
