"""What an admin does: projects with their labels, members and items, accounts, and files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from makna.collect.unpacked import unpacked_size
from makna.core.errors import DataError, UserError
from makna.label.store import exchange, items, label_studio, members, people, projects, relabel
from makna.label.store.exchange import ItemColumns
from makna.label.store.items import Added
from makna.label.store.labels import LabelChoice
from makna.label.store.people import Person
from makna.label.store.projects import Project, ProjectSettings
from makna.serve.web.actions import Place, place_of
from makna.serve.web.settings import MIB
from makna.serve.web.visit import Visit

TABLE_FORMS = ("wide", "long", "corpus")
TASKS_FORM = "label-studio"
ENDINGS = ("csv", "xlsx", "jsonl", "parquet")


@dataclass(frozen=True)
class Settings:
    """A project as an admin sees it.

    Parameters
    ----------
    place : Place
        It.
    members : dict
        Person's id → person and role.
    people : list of Person
        All accounts.
    """

    place: Place
    members: dict[int, tuple[Person, str]]
    people: list[Person]


def only_admin(visit: Visit) -> None:
    """Let nobody else pass.

    Raises
    ------
    DataError
        The visitor is no admin.
    """
    if not visit.is_admin:
        raise DataError("label.store_not_allowed")


def settings_of(visit: Visit, project_id: int) -> Settings:
    """Return all that can be set of a project."""
    place = place_of(visit, project_id, ("admin",))
    return Settings(place, members.members(visit.store, project_id), people.people(visit.store))


def new_project(visit: Visit, settings: ProjectSettings) -> Project:
    """Make a project."""
    only_admin(visit)
    return projects.create_project(visit.store, settings)


def change_project(visit: Visit, project_id: int, guidelines: str, overlap: int, by: str, closed: bool) -> Project:
    """Change what may change at any time."""
    only_admin(visit)
    return projects.change_project(
        visit.store, project_id, guidelines=guidelines, overlap=overlap, by=by, closed=closed
    )


def change_labels(
    visit: Visit, project_id: int, labels: Sequence[LabelChoice], version: int, renamed: Mapping[str, str], go_on: bool
) -> Project:
    """Change the labels; where answers are touched, only when it was asked and agreed to."""
    only_admin(visit)
    return relabel.change_labels(visit.store, project_id, labels, version, renamed, go_on)


def set_member(visit: Visit, project_id: int, person_id: int, role: str | None) -> None:
    """Give somebody a role in a project, or none."""
    only_admin(visit)
    members.set_member(visit.store, project_id, person_id, role)


def all_people(visit: Visit) -> list[Person]:
    """Return all accounts."""
    only_admin(visit)
    return people.people(visit.store)


def add_person(visit: Visit, name: str, password: str, role: str) -> Person:
    """Make an account."""
    only_admin(visit)
    return people.add_person(visit.store, name, password, role)


def set_password(visit: Visit, person_id: int, password: str) -> None:
    """Give somebody another password; all their sessions end."""
    only_admin(visit)
    people.set_password(visit.store, person_id, password)


def set_active(visit: Visit, person_id: int, active: bool) -> None:
    """Let somebody in, or keep them out from now on."""
    only_admin(visit)
    people.set_active(visit.store, person_id, active)


def add_file(visit: Visit, project_id: int, path: Path, columns: ItemColumns) -> tuple[Added, list[str]]:
    """Add the items of a table; return how many, and the lines that were left out because they hold no text.

    Raises
    ------
    UserError
        The file is compressed, so that its length says nothing of what is inside, or unpacks to more than is taken.
    """
    place_of(visit, project_id, ("admin",))
    if path.suffix == ".gz":
        raise UserError("serve.site_packed", name=path.name)
    size, most = unpacked_size(path), visit.settings.unpacked_limit
    if size > most:
        raise UserError("serve.site_unpacks", name=path.name, came=size / MIB, allowed=most / MIB)
    table = exchange.open_items(path)
    added = items.add_items(visit.store, project_id, exchange.items_of(table, columns))
    return added, [str(table.rows.index[place]) for place in exchange.empty_rows(table, columns)]


def write_file(visit: Visit, project_id: int, path: Path, form: str, names: bool) -> None:
    """Write a project as a table, or as tasks of Label Studio.

    Raises
    ------
    UserError
        No such form.
    """
    place_of(visit, project_id, ("admin",))
    if form == TASKS_FORM:
        label_studio.write_tasks(visit.store, project_id, path, names)
    elif form in TABLE_FORMS:
        exchange.export_table(visit.store, project_id, path, form, names)
    else:
        raise UserError("serve.site_bad_form", came=form[:40], allowed=", ".join((*TABLE_FORMS, TASKS_FORM)))
