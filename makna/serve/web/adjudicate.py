"""The page where disagreements become gold, one after another."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from makna.core.errors import UserError
from makna.label.store.gold import Disagreement
from makna.serve.web import actions
from makna.serve.web.actions import Place
from makna.serve.web.choices import choice_of, show_choices, show_extras, work_marks
from makna.serve.web.parts import beside, show_item, tag
from makna.serve.web.shell import about, frame, in_browser, on_event
from makna.serve.web.visit import Visit, visit_of


def adjudicate_page() -> None:
    """Register the page."""

    @ui.page("/projects/{project_id:int}/adjudicate", response_timeout=30)
    async def adjudicate(request: Request, project_id: int) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_adjudicate"), request.url.path) as content:
            bench = Bench(visit, project_id)
            place, waiting = await visit.ask(actions.to_decide, project_id)
            about(visit, place, request.url.path)
            bench.begin(content, place, waiting)


class Bench:
    """An adjudicator's page.

    Parameters
    ----------
    visit : Visit
        Whose.
    project_id : int
        Where.
    """

    def __init__(self, visit: Visit, project_id: int) -> None:
        self.visit, self.project_id = visit, project_id
        self._area: Element

    def begin(self, content: Element, place: Place, found: list[Disagreement]) -> None:
        """Build the page around the first disagreement."""
        with content, tag("div", classes="desk"):
            self._area = tag("div", classes="work")
            beside(self.visit, place.project.guidelines)
        self._show(place, found)
        on_event(self.visit, "makna-choice", self._decided)

    def _show(self, place: Place, found: list[Disagreement], said: str = "") -> None:
        waiting = [row for row in found if row.gold is None]
        self._area.clear()
        with self._area:
            tag("p", self.visit.say("serve.site_to_decide", n=len(waiting)), classes="soft small-text")
            tag("p", said, classes="said", role="status", id="makna-said")
            if not waiting:
                with tag("div", classes="done"):
                    tag("h1", self.visit.say("serve.site_all_decided"))
                    tag("p", self.visit.say("serve.site_all_decided_more"), classes="soft")
            else:
                self._one(place, waiting[0])
        in_browser("shown")

    def _one(self, place: Place, row: Disagreement) -> None:
        with tag("div", **work_marks(self.visit, place.project, row.item, "decision")):
            show_item(self.visit, place.project, row.item)
            with tag("table", classes="answers"):
                tag("caption", self.visit.say("serve.site_answers_given"))
                for name, answer in row.answers:
                    with tag("tr"):
                        own = self.visit.say("serve.site_yourself") if answer.person_id == self.visit.person.id else ""
                        tag("th", f"{name}{own}", scope="row")
                        with tag("td"):
                            label = self.visit.say("serve.site_skipped") if answer.skipped else str(answer.label)
                            tag("strong", label, classes="chip")
                            if answer.flagged:
                                tag("span", self.visit.say("serve.site_flagged"), classes="chip warn")
                        tag("td", answer.note, classes="soft")
            show_choices(self.visit, place.project, None)
            show_extras(self.visit, "", False, can_skip=False)

    async def _decided(self, fields: dict[str, Any]) -> None:
        choice = choice_of(fields)
        said = self.visit.say("serve.site_decided", label=choice.given.label)
        try:
            await self.visit.ask(actions.decide, self.project_id, choice)
            in_browser("saved", choice.token)
        except UserError as problem:
            # Whatever was wrong, the list is drawn anew: with the labels and the items that there are now.
            in_browser("refused", choice.token, True)
            said = self.visit.explain(problem)
        self._show(*await self.visit.ask(actions.to_decide, self.project_id), said)
