"""The page of the work itself: one item, its labels, and the next."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from makna.core.errors import UserError
from makna.label.store.labels import LabelsChanged
from makna.serve.web import actions
from makna.serve.web.actions import Choice, Place, Work
from makna.serve.web.choices import choice_of, show_choices, show_extras, work_marks
from makna.serve.web.parts import bar, beside, button, link, show_item, tag
from makna.serve.web.shell import about, frame, in_browser, on_event
from makna.serve.web.visit import Visit, visit_of

ITEM_GONE = "label.store_item_gone"
CHANGED = "makna-changed"


def annotate_pages() -> None:
    """Register the pages of what comes next, and of one item by its address."""

    @ui.page("/projects/{project_id:int}/annotate", response_timeout=30)
    async def annotate(request: Request, project_id: int) -> None:
        await _page(visit_of(request), project_id, None, request.url.path)

    @ui.page("/projects/{project_id:int}/items/{item_id:int}", response_timeout=30)
    async def one(request: Request, project_id: int, item_id: int) -> None:
        await _page(visit_of(request), project_id, item_id, request.url.path)


async def _page(visit: Visit, project_id: int, item_id: int | None, path: str) -> None:
    with frame(visit, visit.say("serve.site_annotate"), path) as content:
        desk = Desk(visit, project_id)
        work = await desk.fetch(item_id)
        desk.begin(content, work, path)


class Desk:
    """One annotator's page.

    Parameters
    ----------
    visit : Visit
        Whose.
    project_id : int
        Where.
    """

    def __init__(self, visit: Visit, project_id: int) -> None:
        self.visit, self.project_id = visit, project_id
        self._work: Work
        self._area: Element
        self._last_choice: str | None = None
        self._asked: str | None = None

    async def fetch(self, item_id: int | None = None) -> Work:
        """Return one item, or whatever comes next."""
        if item_id is None:
            return await self.visit.ask(actions.next_work, self.project_id)
        return await self.visit.ask(actions.work_on, self.project_id, item_id)

    def begin(self, content: Element, work: Work, path: str) -> None:
        """Build the page around the first item."""
        with content:
            about(self.visit, work.place, path)
        with content, tag("div", classes="desk"):
            self._area = tag("div", classes="work")
            beside(self.visit, work.place.project.guidelines)
        self._show(work)
        on_event(self.visit, "makna-choice", self._chosen)
        on_event(self.visit, "makna-undo", self._undo)

    def _show(self, work: Work, said: str = "") -> None:
        self._work = work
        self._area.clear()
        with self._area:
            self._progress(work.place)
            tag("p", said, classes="said", role="status", id="makna-said")
            if work.place.project.closed:
                tag("p", self.visit.say("serve.site_closed"), classes="problem")
            if work.item is None:
                self._nothing_left()
            else:
                self._item(work)
        in_browser("shown")

    def _item(self, work: Work) -> None:
        item, project = work.item, work.place.project
        assert item is not None
        before = work.answer
        with tag("div", **work_marks(self.visit, project, item, "answer")):
            show_item(self.visit, project, item)
            if before is not None:
                tag("p", self.visit.say("serve.site_answered_before"), classes="soft")
            if self._last_choice is not None:
                tag("p", self.visit.say("serve.site_chosen_before", label=self._last_choice), classes="problem")
            show_choices(self.visit, project, before.label if before else None)
            show_extras(self.visit, before.note if before else "", bool(before and before.flagged), can_skip=True)

    def _progress(self, place: Place) -> None:
        progress = place.progress
        mine, of = progress.mine, progress.mine + progress.wanted_of_me_left
        text = self.visit.say("serve.site_mine_left", mine=mine, left=progress.wanted_of_me_left)
        bar(mine, of, text)
        tag("p", text, classes="soft small-text")

    def _nothing_left(self) -> None:
        with tag("div", classes="done"):
            tag("h1", self.visit.say("serve.site_done"))
            tag("p", self.visit.say("serve.site_done_more"), classes="soft")
            with tag("div", classes="row"):
                link(self.visit.say("serve.site_mine"), f"/projects/{self.project_id}/mine", "button")
                button(self.visit.say("serve.site_undo"), "undo", "u")

    async def _chosen(self, fields: dict[str, Any]) -> None:
        choice = choice_of(fields)
        try:
            answer = await self.visit.ask(actions.give, self.project_id, choice)
        except LabelsChanged:
            await self._labels_changed(choice)
            return
        except UserError as problem:
            await self._refused(choice, problem)
            return
        self._last_choice = None
        in_browser("saved", choice.token)
        shown = self.visit.say("serve.site_skipped") if answer.skipped else str(answer.label)
        self._show(await self.fetch(), self.visit.say("serve.site_saved", label=shown))

    async def _refused(self, choice: Choice, problem: UserError) -> None:
        """Tell why an answer was not kept; where its item is gone, go on with the next."""
        is_gone = problem.key == ITEM_GONE
        in_browser("refused", choice.token, is_gone)
        in_browser("told", "", self.visit.explain(problem), False)
        if is_gone:
            self._show(await self.fetch(), self.visit.explain(problem))

    async def _labels_changed(self, choice: Choice) -> None:
        """Ask again: nothing was kept, nothing typed is lost."""
        if choice.token == self._asked:  # sent twice, over a connection that came back
            in_browser("refused", choice.token, False)
            in_browser("ask", CHANGED)
            return
        seen = self._work.place.project
        # A choice from before a reload was made among labels that this page never showed.
        before = seen.choices if seen.labels_version == choice.version else ()
        self._asked, self._last_choice = choice.token, choice.given.label
        work = await self.fetch(choice.item)
        in_browser("refused", choice.token, False)
        self._show(work)
        with self._area, tag("dialog", id=CHANGED, classes="dialog"):
            tag("h2", self.visit.say("serve.site_labels_changed"))
            tag("p", self.visit.say("serve.site_labels_changed_more", label=choice.given.label))
            with tag("dl", classes="keys"):
                if before:
                    tag("dt", self.visit.say("serve.site_labels_before"))
                    tag("dd", ", ".join(label.name for label in before))
                tag("dt", self.visit.say("serve.site_labels_now"))
                tag("dd", ", ".join(label.name for label in work.place.project.choices))
            button(self.visit.say("serve.site_choose_again"), "close", classes="deed")
        in_browser("restore", choice.given.note, choice.given.flagged)
        in_browser("ask", CHANGED)

    async def _undo(self, fields: dict[str, Any]) -> None:
        item_id = await self.visit.ask(actions.take_back, self.project_id)
        if item_id is None:
            self._show(self._work, self.visit.say("serve.site_nothing_to_undo"))
            return
        self._show(await self.fetch(item_id), self.visit.say("serve.site_undone"))
