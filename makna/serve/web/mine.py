"""The page of one's own answers, newest first, to look at and to change."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from makna.label.store.items import Item
from makna.label.store.kept import Answer
from makna.serve.web import actions
from makna.serve.web.parts import link, tag
from makna.serve.web.shell import about, frame
from makna.serve.web.visit import Visit, visit_of

_LONGEST = 160


def mine_page() -> None:
    """Register the page."""

    @ui.page("/projects/{project_id:int}/mine", response_timeout=30)
    async def mine(request: Request, project_id: int) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_mine"), request.url.path):
            place, found = await visit.ask(actions.my_answers, project_id)
            about(visit, place, request.url.path)
            tag("h1", visit.say("serve.site_mine"))
            if not found:
                tag("p", visit.say("serve.site_no_answers"), classes="soft")
            with tag("ul", classes="list"):
                for item, answer in found:
                    _row(visit, project_id, item, answer)


def _row(visit: Visit, project_id: int, item: Item, answer: Answer) -> None:
    with tag("li"), link("", f"/projects/{project_id}/items/{item.id}", "list-row"):
        tag("span", _short(item.text_a), classes="text")
        if item.text_b:
            tag("span", _short(item.text_b), classes="text soft")
        with tag("span", classes="row"):
            label = visit.say("serve.site_skipped") if answer.skipped else str(answer.label)
            tag("strong", label, classes="chip")
            if answer.flagged:
                tag("span", visit.say("serve.site_flagged"), classes="chip warn")
            if answer.note:
                tag("span", _short(answer.note), classes="soft")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
