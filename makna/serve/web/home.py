"""The first page: the visitor's projects, and what is left in them."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from makna.serve.web import actions
from makna.serve.web.actions import JUDGES, LABELLERS, Place
from makna.serve.web.parts import bar, link, tag
from makna.serve.web.shell import frame
from makna.serve.web.visit import Visit, visit_of


def home_page() -> None:
    """Register the page at ``/``."""

    @ui.page("/", response_timeout=30)
    async def home(request: Request) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_projects"), "/"):
            tag("h1", visit.say("serve.site_projects"))
            places = await visit.ask(actions.my_projects)
            if not places:
                tag("p", _nothing(visit), classes="soft")
            with tag("div", classes="cards"):
                for place in places:
                    _card(visit, place)
            if visit.is_admin:
                link(visit.say("serve.site_new_project"), "/new", "button")


def _nothing(visit: Visit) -> str:
    return visit.say("serve.site_no_projects_admin") if visit.is_admin else visit.say("serve.site_no_projects")


def _card(visit: Visit, place: Place) -> None:
    project, progress = place.project, place.progress
    at = f"/projects/{project.id}"
    with tag("article", classes="card"):
        tag("h2", project.name)
        share = visit.say("serve.site_complete", done=progress.complete, items=progress.items)
        bar(progress.complete, progress.items, share)
        tag("p", share)
        tag("p", visit.say("serve.site_mine_left", mine=progress.mine, left=progress.wanted_of_me_left), classes="soft")
        if project.closed:
            tag("p", visit.say("serve.site_closed"), classes="soft")
        with tag("div", classes="row"):
            if place.role in LABELLERS:
                link(visit.say("serve.site_annotate"), f"{at}/annotate", "button deed")
            if place.role in JUDGES:
                link(visit.say("serve.site_adjudicate"), f"{at}/adjudicate", "button")
                link(visit.say("serve.site_agreement"), f"{at}/agreement", "button")
            if visit.is_admin:
                link(visit.say("serve.site_settings"), at, "button")
