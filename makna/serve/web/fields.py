"""What is typed into the admin's forms, read and written."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

from makna.core.errors import UserError
from makna.label.store.labels import LabelChoice
from makna.serve.web.parts import tag

_ABOUT = ":"
_RENAMED = "=>"


def checked(label: str, name: str, value: bool = False) -> Element:
    """Put a box to tick."""
    with tag("label", classes="check") as around:
        tag("input", type="checkbox", name=name, checked=True if value else None)
        tag("span", label)
    return around


def number(text: str) -> int:
    """Return a whole number as typed.

    Raises
    ------
    UserError
        It is none.
    """
    try:
        return int(text.strip())
    except ValueError:
        raise UserError("serve.site_no_number", came=text[:40]) from None


def numbers(text: str) -> list[float]:
    """Return numbers as typed, with spaces or semicolons between them.

    Raises
    ------
    UserError
        One is none.

    Examples
    --------
    >>> numbers("0 5 0,5")
    [0.0, 5.0, 0.5]
    """
    try:
        return [float(part.replace(",", ".")) for part in text.replace(";", " ").split()]
    except ValueError:
        raise UserError("serve.site_no_number", came=text[:40]) from None


def labels_text(labels: Sequence[LabelChoice]) -> str:
    """Return labels as a text to edit: one a line, ``name: when it is to be chosen``."""
    return "\n".join(f"{label.name}{_ABOUT} {label.about}" if label.about else label.name for label in labels)


def labels_from(text: str, before: Sequence[LabelChoice] = ()) -> tuple[list[LabelChoice], dict[str, str]]:
    """Return the labels of such a text, and which were renamed (``old => new``).

    A label that stays keeps its key.

    Parameters
    ----------
    text : str
        One label a line.
    before : sequence of LabelChoice
        The labels as they are.

    Examples
    --------
    >>> labels, renamed = labels_from("good: praises\\nbad => poor")
    >>> [label.name for label in labels], labels[0].about, renamed
    (['good', 'poor'], 'praises', {'bad': 'poor'})
    """
    known = {label.name: label for label in before}
    labels: list[LabelChoice] = []
    renamed: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        # A label may have a colon in it: where a line is a label as it stands, it is that one.
        name, _, about = (line, "", "") if line in known else line.partition(f"{_ABOUT} ")
        old, arrow, new = (part.strip() for part in name.partition(_RENAMED))
        name = new if arrow else old
        if arrow:
            renamed[old] = new
        was = known.get(old)
        labels.append(LabelChoice(name, was.key if was else "", about.strip()))
    return labels, renamed
