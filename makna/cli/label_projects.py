"""`makna label project`: what is labelled, by whom, with which labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.drawing import drawn
from makna.cli.label_people import opened
from makna.cli.screen import tell
from makna.core.errors import UsageError, UserError, noting
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.collect.stream import Reading
    from makna.label.store.connect import Store
    from makna.label.store.exchange import ItemColumns
    from makna.label.store.items import NewItem
    from makna.label.store.people import Person
    from makna.label.store.projects import Project

_LONGEST_GUIDELINES = 200_000
_SHOWN = 5


@dataclass(frozen=True)
class ColumnWords:
    """Which columns are which, as the options say it."""

    text: str | None = None
    pair: str | None = None
    answer: str | None = None
    question: str | None = None
    name: str | None = None
    doubt: str | None = None
    suggested: str | None = None

    @property
    def texts(self) -> tuple[str, tuple[str, ...]] | None:
        """The kind and its columns of texts; None where no option names any.

        Raises
        ------
        UsageError
            More than one of the options, or not two columns for a pair or an answer with its key.
        """
        given = {"text": self.text, "pair": self.pair, "answer": self.answer}
        named = [(kind, value) for kind, value in given.items() if value is not None]
        if len(named) > 1:
            raise UsageError("label.project_one_kind", came=", ".join(f"--{kind}" for kind, _ in named))
        if not named:
            return None
        kind, value = named[0]
        columns = (value,) if kind == "text" else tuple(split(value))
        if len(columns) != (1 if kind == "text" else 2):
            raise UsageError("label.project_two_columns", option=f"--{kind}", came=value)
        return kind, columns

    def of_items(self, known: Mapping[str, str] | None = None) -> ItemColumns:
        """Return the columns for reading items; what is not named is as `known`, a project's columns.

        Raises
        ------
        UsageError
            No option names a column of texts, and none is known.
        """
        from makna.label.store.exchange import ItemColumns

        before = dict(known or {})
        if self.texts is not None:
            before = {**before, **dict(zip(("text_a", "text_b"), self.texts[1], strict=False))}
        given = {"context": self.question, "name": self.name, "doubt": self.doubt, "suggested": self.suggested}
        before |= {key: value for key, value in given.items() if value is not None}
        if "text_a" not in before:
            raise UsageError("label.project_which_texts")
        return ItemColumns(**before)


@dataclass(frozen=True)
class ProjectWords:
    """The words of `makna label project new` but for the file and its columns."""

    name: str
    labels: str | None
    scale: str | None
    guidelines: str | None
    overlap: int
    order: str
    seed: int
    members: str
    adjudicators: str


def new_project(where: str, file: str, reading: Reading, columns: ColumnWords, words: ProjectWords) -> None:
    """Make a project with the rows of a table; nothing is made where anything is wrong.

    Raises
    ------
    UserError
        The words do not fit together, a member has no account, or the table cannot be used.
    """
    if columns.texts is None:
        raise UsageError("label.project_which_texts")
    with opened(where) as store:
        from makna.label.store.items import add_items
        from makna.label.store.members import set_member
        from makna.label.store.projects import ProjectSettings, create_project

        people = _members(store, words)
        named = columns.of_items()
        items, notes = _items(file, reading, named)
        settings = ProjectSettings(
            words.name, columns.texts[0], split(words.labels or ""), scale_of(words.scale), _read(words.guidelines),
            words.overlap, words.order, words.seed, named.of_texts(),
        )  # fmt: skip
        project = create_project(store, settings)
        add_items(store, project.id, items)
        for person, role in people:
            set_member(store, project.id, person.id, role)
        for note in notes:
            tell(note)
        n, asked = len(items), project.overlap
        tell(say("label.project_made", name=project.name, items=n, overlap=asked, people=len(people)))


def add_file(where: str, name: str, file: str, reading: Reading, columns: ColumnWords) -> None:
    """Add the rows of another table to a project; rows that are there already are left.

    Raises
    ------
    UserError
        There is no such project, or the table cannot be used.
    """
    with opened(where) as store:
        from makna.label.store.items import add_items
        from makna.label.store.projects import find_project

        project = find_project(store, name)
        items, notes = _items(file, reading, columns.of_items(project.columns))
        added = add_items(store, project.id, items)
        for note in notes:
            tell(note)
        tell(say("label.project_added", name=project.name, added=added.added, known=added.known))


def show_or_change_labels(where: str, name: str, labels: str | None, renamed: str, go_on: bool) -> None:
    """Show the labels of a project, or change them; what was answered is never lost.

    Raises
    ------
    UserError
        There is no such project, or answers have labels that would go and `go_on` was not said.
    """
    names = pairs(renamed, "--rename")
    with opened(where) as store:
        from makna.label.store.projects import find_project

        project = find_project(store, name)
        if labels is not None or names:
            project = _change_labels(store, project, split(labels or ""), names, go_on)
        rows = [[one.key, one.name, one.about, say("cli.yes") if one.retired else ""] for one in project.labels]
        heads = [say(f"label.column_{head}") for head in ("key", "label_name", "about", "retired")]
        print(drawn(say("label.table_labels", name=project.name), heads, rows))  # noqa: T201 (the result)


def _change_labels(
    store: Store, project: Project, labels: list[str], renamed: Mapping[str, str], go_on: bool
) -> Project:  # fmt: skip
    from makna.label.store.labels import LabelsInUse
    from makna.label.store.relabel import change_labels

    kept = {one.name: one for one in project.choices}
    names = labels or [renamed.get(name, name) for name in kept]
    wanted = [kept.get(name, name) for name in names]
    try:
        return change_labels(store, project.id, wanted, project.labels_version, renamed, go_on)
    except LabelsInUse as problem:
        problem.add_note(say("label.project_say_go_on"))
        raise


def list_projects(where: str) -> None:
    """Show all projects and how far they are."""
    with opened(where) as store:
        from makna.label.store.given import counts

        found = counts(store)
        rows = [
            [one.name, one.kind, *(str(number) for number in (one.items, one.answers, one.people, one.overlap))]
            for one in found
        ]
        heads = [say(f"label.column_{head}") for head in ("project", "kind", "items", "answers", "people", "overlap")]
        print(drawn(say("label.table_projects", store=store.where), heads, rows))  # noqa: T201 (the result)


def split(text: str) -> list[str]:
    """Return words with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]


def pairs(text: str, option: str) -> dict[str, str]:
    """Return ``a=b,c=d`` as a mapping.

    Raises
    ------
    UsageError
        One of them is no pair.
    """
    found = [pair.partition("=") for pair in split(text)]
    if not all(equals and left.strip() and right.strip() for left, equals, right in found):
        raise UsageError("label.project_bad_pairs", option=option, came=text)
    return {left.strip(): right.strip() for left, _, right in found}


def scale_of(text: str | None) -> tuple[float, ...] | None:
    """Return a scale of marks, its step 1 where none is given.

    Raises
    ------
    UsageError
        It is not two or three numbers.
    """
    if text is None:
        return None
    try:
        numbers = tuple(float(word) for word in split(text))
    except ValueError:
        numbers = ()
    if len(numbers) not in (2, 3):
        raise UsageError("label.project_bad_scale", came=text)
    return numbers if len(numbers) == 3 else (*numbers, 1.0)


def _items(file: str, reading: Reading, columns: ItemColumns) -> tuple[list[NewItem], list[str]]:
    """Return the items of a table, and what to tell of how it was read."""
    from makna.collect.names import listed
    from makna.label.store.exchange import empty_rows, items_of, open_items

    table = open_items(file, reading)
    with noting(table.notes):
        items = items_of(table, columns)
    empty = [str(table.rows.index[place]) for place in empty_rows(table, columns)]
    left_out = [say("label.items_left_out", n=len(empty), lines=listed(empty, _SHOWN))] if empty else []
    return items, [*table.notes, *left_out]


def _members(store: Store, words: ProjectWords) -> list[tuple[Person, str]]:
    from makna.label.store.people import find_person

    named = [(name, "annotator") for name in split(words.members)]
    named += [(name, "adjudicator") for name in split(words.adjudicators)]
    people = [(find_person(store, name), role) for name, role in named]
    twice = [person.name for place, (person, _) in enumerate(people) if person in [one for one, _ in people[:place]]]
    if twice:
        raise UsageError("label.project_one_role", name=twice[0])
    return people


def _read(path: str | None) -> str:
    if path is None:
        return ""
    from makna.collect.disk import check_file, plain_errors

    check_file(Path(path))
    with plain_errors(path):
        text = Path(path).read_bytes()[: 4 * _LONGEST_GUIDELINES + 1].decode("utf-8-sig", "replace")
    if len(text) > _LONGEST_GUIDELINES:
        raise UserError("label.project_long_guidelines", path=path, most=_LONGEST_GUIDELINES)
    return text
