"""The few elements that pages are made of. A text is always a text node: what looks like HTML in it stays a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import markdown2
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from makna.label.store.items import Item
from makna.label.store.projects import Project
from makna.serve.web.differ import Piece, mark_differences
from makna.serve.web.visit import Visit


def tag(name: str, text: str = "", /, classes: str = "", **attributes: Any) -> Element:
    """Put an element where the page is being built.

    Parameters
    ----------
    name : str
        HTML's.
    text : str
        Shown as it is.
    classes : str
        Of site.css.
    **attributes
        HTML's, with ``_`` for ``-`` and one at the end where Python has the word; None leaves one out.
    """
    element = TextElement(tag=name, text=text)
    element.classes(classes)
    for key, value in attributes.items():
        if value is not None:
            element.props[key.rstrip("_").replace("_", "-")] = value
    return element


def button(text: str, does: str, key: str = "", classes: str = "", **attributes: Any) -> Element:
    """Put a button that site.js knows by what it does; its key is shown on it."""
    element = tag(
        "button", classes=f"button {classes}", type="button", data_do=does, data_key=key or None, **attributes
    )
    with element:
        tag("span", text, classes="words")
        if key:
            tag("kbd", key, aria_hidden="true")
    return element


def link(text: str, to: str, classes: str = "", **attributes: Any) -> Element:
    """Put a link to a page of the site."""
    return tag("a", text, classes=classes, href=to, **attributes)


@contextmanager
def form(name: str, submit: str, **attributes: Any) -> Iterator[Element]:
    """Put a form around fields; it is sent to the page's handler of that name, see `shell.on_forms`.

    Parameters
    ----------
    name : str
        Of the handler.
    submit : str
        On the button.
    **attributes
        Of the form.

    Yields
    ------
    Element
        The form.
    """
    with tag("form", classes="form", data_form=name, **attributes) as element:
        yield element
        tag("button", submit, classes="button deed", type="submit")
        tag("p", classes="told", role="status")


def field(label: str, name: str, value: str = "", kind: str = "text", hint: str = "", **attributes: Any) -> Element:
    """Put a labelled field of a form; `kind` as HTML's input, or ``area``."""
    with tag("label", classes="field") as around:
        tag("span", label, classes="name")
        if kind == "area":
            tag("textarea", value, name=name, rows=8, **attributes)
        else:
            # "^value": the attribute, which a later drawing does not put over what was typed.
            tag("input", name=name, type=kind, **{"^value": value}, **attributes)
        if hint:
            tag("span", hint, classes="hint")
    return around


def select(label: str, name: str, options: dict[str, str], value: str = "") -> Element:
    """Put a labelled choice of a form."""
    with tag("label", classes="field") as around:
        tag("span", label, classes="name")
        with tag("select", name=name):
            for code, shown in options.items():
                tag("option", shown, **{"^value": code}, selected=True if code == value else None)
    return around


def bar(done: int, of: int, label: str) -> None:
    """Put a bar that shows how much is done."""
    share = 100 * done / of if of else 100
    with tag(
        "div",
        classes="bar",
        role="progressbar",
        aria_label=label,
        aria_valuemin=0,
        aria_valuemax=of,
        aria_valuenow=done,
    ):
        tag("div").style(f"width: {share:.2f}%")


def show_item(visit: Visit, project: Project, item: Item) -> None:
    """Put an item's texts: one, two side by side with the words that differ, or an answer with its question and key."""
    _SHOWN[project.kind](visit, item)


def _show_text(visit: Visit, item: Item) -> None:
    if item.context:
        _sheet(visit.say("serve.site_context"), [(item.context, False)], "context")
    _sheet("", [(item.text_a, False)], "only")


def _show_pair(visit: Visit, item: Item) -> None:
    first, second = mark_differences(item.text_a, item.text_b or "")
    if item.context:
        _sheet(visit.say("serve.site_context"), [(item.context, False)], "context")
    with tag("div", classes="pair"):
        _sheet(visit.say("serve.site_first"), first)
        _sheet(visit.say("serve.site_second"), second)


def _show_answer(visit: Visit, item: Item) -> None:
    if item.context:
        _sheet(visit.say("serve.site_question"), [(item.context, False)], "context")
    with tag("div", classes="pair"):
        _sheet(visit.say("serve.site_answer"), [(item.text_a, False)], "answer")
        _sheet(visit.say("serve.site_key"), [(item.text_b or "", False)], "key")


_SHOWN = {"text": _show_text, "pair": _show_pair, "answer": _show_answer}


def _sheet(title: str, pieces: list[Piece], classes: str = "") -> None:
    with tag("section", classes=f"sheet {classes}"):
        if title:
            tag("h2", title, classes="small")
        with tag("p", classes="text", dir="auto"):
            for text, differs in pieces:
                tag("mark" if differs else "span", text)


def beside(visit: Visit, text: str) -> None:
    """Put a project's guidelines beside the work; HTML in them is shown, not obeyed."""
    with tag("aside", classes="guidelines", id="makna-guidelines"):
        with tag("div", classes="row"):
            tag("h2", visit.say("serve.site_guidelines"), classes="small")
            button(visit.say("serve.site_close"), "guide", classes="quiet narrow-only")
        if not text.strip():
            tag("p", visit.say("serve.site_no_guidelines"), classes="soft")
        else:
            # Cleaned twice: markdown2 escapes what is HTML, and the browser takes out what is not harmless.
            html = markdown2.markdown(text, safe_mode="escape", extras=["tables", "fenced-code-blocks"])
            ui.html(html, sanitize=True).classes("guidelines-text")
