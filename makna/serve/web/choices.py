"""What is chosen from: a button a label, or a field and buttons for marks; and what a browser says was chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from makna.core.errors import DataError
from makna.label.store.answers import Given
from makna.label.store.items import Item
from makna.label.store.projects import Project
from makna.serve.web.actions import Choice
from makna.serve.web.parts import button, tag
from makna.serve.web.visit import Visit

_MOST_BUTTONS = 21  # marks; beyond it only the field


def show_choices(visit: Visit, project: Project, chosen: str | None) -> None:
    """Put the buttons of a project's labels, or of its marks.

    Parameters
    ----------
    visit : Visit
        Whose page it is.
    project : Project
        With labels, or with a scale.
    chosen : str or None
        What was chosen before.
    """
    if project.scale is None:
        _labels(project, chosen)
    else:
        _marks(visit, project.scale, chosen)


def _labels(project: Project, chosen: str | None) -> None:
    with tag("div", classes="choices", role="group"):
        for label in project.choices:
            is_chosen = label.name == chosen
            button(
                label.name, "choose", label.key, "choice", data_choice=label.name, title=label.about or None,
                aria_pressed="true" if is_chosen else "false",
            )  # fmt: skip


def _marks(visit: Visit, scale: tuple[float, float, float], chosen: str | None) -> None:
    low, high, step = scale
    marks = np.arange(round((high - low) / step) + 1) * step + low
    with tag("div", classes="mark-field"), tag("label", classes="field"):
        tag("span", visit.say("serve.site_mark", low=f"{low:g}", high=f"{high:g}", step=f"{step:g}"), classes="name")
        tag(
            "input", id="makna-mark", inputmode="decimal", autocomplete="off", classes="number",
            placeholder=chosen, data_now=chosen or "",
        )  # fmt: skip
        tag("span", visit.say("serve.site_mark_how"), classes="hint")
    if len(marks) <= _MOST_BUTTONS:
        with tag("div", classes="choices marks", role="group"):
            for mark in (f"{value:g}" for value in marks):
                pressed = "true" if mark == chosen else "false"
                button(mark, "choose", classes="choice", data_choice=mark, aria_pressed=pressed)


def show_extras(visit: Visit, note: str, flagged: bool, can_skip: bool) -> None:
    """Put what goes with a choice: skipping, the flag, undoing, a note."""
    with tag("div", classes="row extras"):
        if can_skip:
            button(visit.say("serve.site_skip"), "skip", "s")
            button(
                visit.say("serve.site_flag"), "flag", "f", id="makna-flag", aria_pressed="true" if flagged else "false"
            )
            button(visit.say("serve.site_undo"), "undo", "u")
        button(visit.say("serve.site_guidelines"), "guide", "g", "narrow-only")
        button(visit.say("serve.site_keys"), "help", "?", "quiet")
    with tag("label", classes="field"):
        with tag("span", visit.say("serve.site_note"), classes="name"):
            tag("kbd", "n", aria_hidden="true")
        tag("textarea", note, id="makna-note", rows=2, maxlength=2000)


def work_marks(visit: Visit, project: Project, item: Item, what: str) -> dict[str, Any]:
    """Return the attributes by which site.js knows what is being worked on."""
    return {
        "id": "makna-work", "data_what": what, "data_project": project.id, "data_item": item.id,
        "data_version": project.labels_version, "data_person": visit.person.id,
    }  # fmt: skip


def choice_of(fields: dict[str, Any]) -> Choice:
    """Return the choice that a page of the site sent.

    Parameters
    ----------
    fields : dict
        Of the event.

    Raises
    ------
    DataError
        It is none that the site's pages would send.
    """
    label, seconds = fields.get("label"), fields.get("seconds")
    try:
        item, version, token = int(fields["item"]), int(fields["version"]), str(fields["token"])
        seconds = None if seconds is None else float(seconds)
    except (KeyError, TypeError, ValueError) as wrong:
        raise DataError("serve.site_bad_choice") from wrong
    if not 8 <= len(token) <= 64:
        raise DataError("serve.site_bad_choice")
    given = Given(
        label=None if label is None else str(label),
        skipped=fields.get("skipped") is True,
        flagged=fields.get("flagged") is True,
        note=str(fields.get("note") or ""),
        seconds=seconds,
    )
    return Choice(item, given, version, token)
