"""`makna label import` and `makna label export`: Label Studio's tasks in, tables, a corpus or tasks out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.label_people import opened
from makna.cli.label_projects import ColumnWords, pairs, scale_of, split
from makna.cli.screen import tell
from makna.collect.names import listed
from makna.core.errors import DataError, UsageError, UserError
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.label.store.connect import Store
    from makna.label.store.label_studio_tasks import TaskFields, Tasks
    from makna.label.store.people import Person
    from makna.label.store.projects import Project

_LABEL_STUDIO = "label-studio"


@dataclass(frozen=True)
class ImportWords:
    """The words of `makna label import`."""

    name: str
    file: str
    columns: ColumnWords
    control: str | None
    labels: str | None
    scale: str | None
    overlap: int
    people: str
    add_people: bool


def import_label_studio(where: str, words: ImportWords) -> None:
    """Bring tasks and their annotations into a project, which is made where there is none of this name.

    Raises
    ------
    UserError
        The file is no task list that can be used, an annotator has no account, or a label is not the project's.
    """
    with opened(where) as store:
        from makna.label.store.label_studio_tasks import read_tasks
        from makna.label.store.taken_in import import_tasks

        project = _known_project(store, words.name)
        tasks = read_tasks(words.file, _fields(words, project))
        called = _called(store, tasks.answers, pairs(words.people, "--people"), words.add_people)
        project = project or _new_project(store, words, tasks)
        done = import_tasks(store, project.id, tasks, _people(store, called))
        tell(say("label.import_done", name=words.name, added=done.added, known=done.known, answers=done.answers))
        if done.kept:
            tell(say("label.import_kept", n=done.kept))
        if tasks.repeated:
            tell(say("label.import_repeated", n=tasks.repeated))


def export_project(where: str, name: str, out: str, form: str, names: bool) -> None:
    """Write a project; the file's path is the line on stdout.

    Raises
    ------
    UserError
        There is no such project or form, or the file cannot be written.
    """
    with opened(where) as store:
        from makna.label.store.projects import find_project

        project = find_project(store, name)
        if form == _LABEL_STUDIO:
            _write_tasks(store, project, out, names)
        else:
            from makna.label.store.exchange import export_table

            done = export_table(store, project.id, out, form, names)
            tell(say("label.export_done", name=project.name, rows=done.rows))
            if done.guarded:
                tell(say("serve.guarded", n=done.guarded))
            if done.cut:
                tell(say("serve.cut", n=done.cut))
    print(out)  # noqa: T201 (the result's path is what stdout is for)


def _write_tasks(store: Store, project: Project, out: str, names: bool) -> None:
    from makna.core.files import plain_os_errors, write_text
    from makna.label.store.label_studio import labeling_config, write_tasks

    if Path(out).suffix.lower() != ".json":
        raise UsageError("label.export_json", came=out)
    config = Path(out).with_suffix(".xml")
    rows = write_tasks(store, project.id, out, names)
    with plain_os_errors(config):
        write_text(config, labeling_config(project))
    tell(say("label.export_done", name=project.name, rows=rows))
    tell(say("label.export_config", path=config))


def _fields(words: ImportWords, project: Project | None) -> TaskFields:
    from makna.label.store.label_studio_tasks import TaskFields

    kind, texts = words.columns.texts or (project.kind if project else None, ())
    return TaskFields(kind, texts, words.columns.question, words.control)


def _called(store: Store, annotators: Iterable[str], given: Mapping[str, str], add: bool) -> dict[str, str]:
    """Return what each annotator is called here; all of them have accounts, unless these may be made."""
    from makna.label.store.people import people
    from makna.label.store.written import name_key

    known = {name_key(one.name) for one in people(store)}
    called = {who: given.get(who, who) for who in annotators}
    absent = [name for name in dict.fromkeys(called.values()) if name_key(name) not in known]
    if absent and not add:
        raise DataError("label.import_no_account", names=listed(absent))
    return called


def _people(store: Store, called: Mapping[str, str]) -> dict[str, Person]:
    """Return the account of each annotator; those without one get one that nobody can come in by."""
    from makna.label.store.people import add_person, find_person, people, set_active
    from makna.label.store.written import name_key

    known = {name_key(one.name) for one in people(store)}
    for key, name in {name_key(name): name for name in called.values()}.items():
        if key not in known:
            set_active(store, add_person(store, name, secrets.token_urlsafe(32)).id, False)
    return {who: find_person(store, name) for who, name in called.items()}


def _known_project(store: Store, name: str) -> Project | None:
    from makna.label.store.given import counts
    from makna.label.store.projects import find_project
    from makna.label.store.written import name_key

    return find_project(store, name) if name_key(name) in {name_key(one.name) for one in counts(store)} else None


def _new_project(store: Store, words: ImportWords, tasks: Tasks) -> Project:
    """Make a project for a task list, whose answers are checked first: no empty project is left behind."""
    from makna.label.store.labels import checked_mark, checked_scale
    from makna.label.store.projects import ProjectSettings, create_project

    answered = dict.fromkeys(one.label for given in tasks.answers.values() for one in given if one.label is not None)
    labels = split(words.labels or "") or list(tasks.labels)
    scale = None if words.labels else scale_of(words.scale)
    if scale is not None:
        for mark in answered:
            checked_mark(checked_scale(scale), mark)
    elif tasks.marks and not words.labels:
        raise UserError("label.import_scale", labels=listed(sorted(tasks.labels)))
    elif not labels:
        raise UserError("label.import_which_labels")
    unknown = [label for label in answered if label not in labels]
    if scale is None and unknown:
        raise DataError("label.import_labels", labels=listed(unknown), allowed=listed(labels), name=words.name)
    settings = ProjectSettings(
        words.name, tasks.kind, labels if scale is None else (), scale, overlap=words.overlap, columns=tasks.columns
    )
    return create_project(store, settings)
