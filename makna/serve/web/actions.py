"""What a person may do at the site, and with what: the pages and the API call these, and nothing else of the store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from makna.core.errors import DataError
from makna.label.agreement import Agreement
from makna.label.store import answers, gold, items, live, members, projects, queue
from makna.label.store.answers import Given
from makna.label.store.gold import Disagreement
from makna.label.store.items import Item
from makna.label.store.kept import Answer
from makna.label.store.projects import Project
from makna.label.store.queue import Progress
from makna.serve.web.visit import Visit

JUDGES = ("admin", "adjudicator")
LABELLERS = ("admin", "annotator")
_RESAMPLES = 200  # enough for an interval that is looked at while it changes


@dataclass(frozen=True)
class Place:
    """A project, and what the visitor is in it.

    Parameters
    ----------
    project : Project
        It.
    role : {"admin", "annotator", "adjudicator"}
        Of the visitor.
    progress : Progress
        Of the visitor and of all.
    """

    project: Project
    role: str
    progress: Progress


@dataclass(frozen=True)
class Work:
    """What lies before an annotator.

    Parameters
    ----------
    place : Place
        Where.
    item : Item or None
        None where nothing is left.
    answer : Answer or None
        What the annotator has said of it before.
    """

    place: Place
    item: Item | None
    answer: Answer | None = None


@dataclass(frozen=True)
class Choice:
    """What was chosen, as it comes from a browser.

    Parameters
    ----------
    item : int
        Of which item.
    given : Given
        The answer.
    version : int
        Of the labels that were shown.
    token : str
        Of this one choice: sent twice, it counts once.
    """

    item: int
    given: Given
    version: int
    token: str


def my_projects(visit: Visit) -> list[Place]:
    """Return the visitor's projects, with what is done and what is left."""
    found = projects.projects_for(visit.store, visit.person)
    return [Place(project, role, queue.progress(visit.store, visit.person, project.id)) for project, role in found]


def place_of(visit: Visit, project_id: int, roles: Collection[str] | None = None) -> Place:
    """Return a project that is the visitor's.

    Parameters
    ----------
    visit : Visit
        Whose.
    project_id : int
        Which.
    roles : collection of str or None
        The roles it takes; any when None.

    Raises
    ------
    DataError
        There is none for this person, or the person's role does not do.
    """
    role = role_of(visit, project_id, roles)
    project = projects.project_of(visit.store, project_id)
    return Place(project, role, queue.progress(visit.store, visit.person, project_id))


def role_of(visit: Visit, project_id: int, roles: Collection[str] | None = None) -> str:
    """Return what the visitor is in a project; to who has no part in it, it looks the same as none.

    Raises
    ------
    DataError
        As `place_of`.
    """
    role = members.role_in(visit.store, visit.person, project_id)
    if role is None:
        raise DataError("label.store_project_gone")
    if roles is not None and role not in roles:
        raise DataError("label.store_not_allowed")
    return role


def next_item(visit: Visit, project_id: int, skip: Collection[int] = ()) -> tuple[Project, Item | None]:
    """Return what comes next for the visitor, and keep it for them; None where nothing is left.

    Parameters
    ----------
    visit : Visit
        Whose.
    project_id : int
        Where.
    skip : collection of int
        Items not to be given now.

    Raises
    ------
    DataError
        The project is not the visitor's, or they do not annotate there.
    """
    role_of(visit, project_id, LABELLERS)
    item = queue.next_item(visit.store, visit.person, project_id, set(skip))
    return projects.project_of(visit.store, project_id), item


def next_work(visit: Visit, project_id: int) -> Work:
    """Return what comes next for the visitor, with how far they are; it has no answer of theirs yet."""
    _, item = next_item(visit, project_id)
    return Work(place_of(visit, project_id), item)


def work_on(visit: Visit, project_id: int, item_id: int) -> Work:
    """Return one item with the visitor's own answer.

    Raises
    ------
    DataError
        It is not in this project, or gone.
    """
    place = place_of(visit, project_id, LABELLERS)
    item = _item_in(visit, project_id, item_id)
    return Work(place, item, answers.my_answer(visit.store, visit.person, item_id))


def give(visit: Visit, project_id: int, choice: Choice) -> Answer:
    """Keep an answer.

    Raises
    ------
    DataError
        The item is gone, the labels have changed, or this person may not.
    """
    role_of(visit, project_id)
    _item_in(visit, project_id, choice.item)
    return answers.save_answer(visit.store, visit.person, choice.item, choice.given, choice.version, choice.token)


def take_back(visit: Visit, project_id: int) -> int | None:
    """Undo the visitor's newest change in a project; return its item, None where there is nothing."""
    role_of(visit, project_id)
    return answers.undo(visit.store, visit.person, project_id)


def my_answers(visit: Visit, project_id: int, limit: int = 100) -> tuple[Place, list[tuple[Item, Answer]]]:
    """Return the visitor's own newest answers."""
    return place_of(visit, project_id), answers.my_answers(visit.store, visit.person, project_id, limit)


def to_decide(visit: Visit, project_id: int) -> tuple[Place, list[Disagreement]]:
    """Return what the annotators do not agree on, for those who decide."""
    place = place_of(visit, project_id, JUDGES)
    return place, gold.disagreements(visit.store, visit.person, project_id)


def decide(visit: Visit, project_id: int, choice: Choice) -> None:
    """Keep what an item's label is to be.

    Raises
    ------
    DataError
        The item is gone, the labels have changed, or this person may not.
    """
    role_of(visit, project_id, JUDGES)
    _item_in(visit, project_id, choice.item)
    label, note = choice.given.label or "", choice.given.note
    gold.decide(visit.store, visit.person, choice.item, label, choice.version, note, choice.token)


def agreement(visit: Visit, project_id: int) -> tuple[Place, Agreement | None]:
    """Measure how well the annotators agree by now, with intervals; None where there is nothing to compare."""
    place = place_of(visit, project_id, JUDGES)
    return place, live.agreement(visit.store, project_id, _RESAMPLES)


def _item_in(visit: Visit, project_id: int, item_id: int) -> Item:
    item = items.item_of(visit.store, item_id)
    if item.project_id != project_id:
        raise DataError("label.store_item_gone")
    return item
