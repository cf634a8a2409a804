"""What stands around every page: head, way about, language, the way out; and how errors are told."""

from __future__ import annotations

import html
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from makna.core.errors import UserError
from makna.serve.web.actions import JUDGES, LABELLERS, Place
from makna.serve.web.failures import status_of
from makna.serve.web.login import LANGUAGE_NAMES
from makna.serve.web.parts import button, link, tag
from makna.serve.web.visit import Visit

Handler = Callable[[dict[str, Any]], Awaitable[None]]


@contextmanager
def frame(visit: Visit, title: str, path: str) -> Iterator[Element]:
    """Build a page; an error inside is told in place of it.

    Parameters
    ----------
    visit : Visit
        Whose.
    title : str
        Of the page.
    path : str
        Of the page, for coming back with another language.

    Yields
    ------
    Element
        What holds the page's own content.
    """
    ui.page_title(f"{title} · makna")
    _head(visit)
    _top(visit, path)
    with tag("main", id="main") as content:
        try:
            yield content
        except UserError as problem:
            content.clear()
            ui.context.client.status_code = status_of(problem)
            with content:
                tag("h1", visit.say("serve.site_sorry"))
                tag("p", visit.explain(problem), classes="problem", role="alert")
                link(visit.say("serve.site_back_home"), "/", "button")
    _keys(visit)


def _head(visit: Visit) -> None:
    texts = {
        "lost": visit.say("serve.site_lost"),
        "kept": visit.say("serve.site_kept"),
        "sending": visit.say("serve.site_sending"),
        "failed": visit.say("serve.site_send_failed"),
    }
    meta = {"csrf": visit.session.csrf, "person": str(visit.person.id), "lang": visit.lang, "texts": json.dumps(texts)}
    lines = [f'<meta name="makna-{name}" content="{html.escape(value)}">' for name, value in meta.items()]
    lines.append('<link rel="stylesheet" href="/static/site.css">')
    lines.append('<script defer src="/static/site.js"></script>')
    ui.add_head_html("\n".join(lines))


def _top(visit: Visit, path: str) -> None:
    with tag("header", classes="top"):
        link("makna", "/", "brand")
        with tag("nav", classes="about", aria_label=visit.say("serve.site_person")):
            if visit.is_admin:
                link(visit.say("serve.site_people"), "/people")
            for code, shown in LANGUAGE_NAMES.items():
                if code != visit.lang:
                    to = quote(path, safe="")
                    link(code.upper(), f"/language?lang={code}&to={to}", hreflang=code, title=shown, aria_label=shown)
            tag("span", visit.person.name, classes="who")
            # A plain form: leaving works when nothing else does.
            with tag("form", method="post", action="/logout", data_leave="1"):
                tag("input", type="hidden", name="csrf", **{"^value": visit.session.csrf})
                tag("button", visit.say("serve.site_leave"), classes="quiet", type="submit")


def about(visit: Visit, place: Place, path: str) -> None:
    """Put the name of a project and the way to its pages.

    Parameters
    ----------
    visit : Visit
        Whose page it is.
    place : Place
        The project, and what the visitor may do there.
    path : str
        Of the page itself.
    """
    at = f"/projects/{place.project.id}"
    pages = []
    if place.role in LABELLERS:
        pages += [(f"{at}/annotate", visit.say("serve.site_annotate")), (f"{at}/mine", visit.say("serve.site_mine"))]
    if place.role in JUDGES:
        pages.append((f"{at}/adjudicate", visit.say("serve.site_adjudicate")))
        pages.append((f"{at}/agreement", visit.say("serve.site_agreement")))
    if visit.is_admin:
        pages.append((at, visit.say("serve.site_settings")))
    with tag("div", classes="project-head"):
        tag("span", place.project.name, classes="project-name")
        with tag("nav", classes="tabs", aria_label=place.project.name):
            for to, shown in pages:
                link(shown, to, aria_current="page" if to == path else None)


def _keys(visit: Visit) -> None:
    rows = {
        "1-9": visit.say("serve.site_key_label"),
        "s": visit.say("serve.site_skip"),
        "f": visit.say("serve.site_flag"),
        "u": visit.say("serve.site_undo"),
        "n": visit.say("serve.site_note"),
        "g": visit.say("serve.site_guidelines"),
        "Esc": visit.say("serve.site_key_leave"),
        "?": visit.say("serve.site_keys"),
    }
    with tag("dialog", id="makna-help", classes="dialog", aria_label=visit.say("serve.site_keys")):
        tag("h2", visit.say("serve.site_keys"))
        with tag("dl", classes="keys"):
            for key, means in rows.items():
                with tag("dt"):
                    tag("kbd", key)
                tag("dd", means)
        button(visit.say("serve.site_close"), "close", classes="deed")


def in_browser(call: str, *given: Any) -> None:
    """Call a function of site.js.

    Parameters
    ----------
    call : str
        Its name there.
    *given
        JSON values.
    """
    ui.run_javascript(f"makna.{call}({', '.join(json.dumps(value) for value in given)})")


def on_event(visit: Visit, name: str, handler: Handler) -> None:
    """Answer an event of site.js; an error is told on the page.

    Parameters
    ----------
    visit : Visit
        Whose page it is.
    name : str
        Of the event.
    handler : callable
        Takes the event's fields.
    """

    async def answer(event: GenericEventArguments) -> None:
        fields = event.args if isinstance(event.args, dict) else {}
        try:
            await handler(fields)
        except UserError as problem:
            in_browser("told", str(fields.get("form", "")), visit.explain(problem), False)

    ui.on(name, answer)


def on_forms(visit: Visit, handlers: Mapping[str, Callable[[dict[str, str]], Awaitable[str]]]) -> None:
    """Answer the page's forms; what a handler returns is told below the form.

    Parameters
    ----------
    visit : Visit
        Whose page it is.
    handlers : dict
        By the forms' names; they take the fields.
    """

    async def answer(sent: dict[str, Any]) -> None:
        fields = sent.get("fields")
        handler = handlers.get(str(sent.get("form")))
        if handler is not None and isinstance(fields, dict):
            said = await handler({str(name): str(value) for name, value in fields.items()})
            in_browser("told", str(sent.get("form")), said, True)

    on_event(visit, "makna-form", answer)
