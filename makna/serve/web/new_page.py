"""The admin's page for a new project."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from makna.label.store.projects import KINDS, ORDERS, ProjectSettings
from makna.serve.web import setup
from makna.serve.web.fields import labels_from, number, numbers
from makna.serve.web.parts import field, form, select, tag
from makna.serve.web.shell import frame, on_forms
from makna.serve.web.visit import Visit, visit_of


def new_page() -> None:
    """Register the page at ``/new``."""

    @ui.page("/new", response_timeout=30)
    async def new(request: Request) -> None:
        visit = visit_of(request)
        say = visit.say
        with frame(visit, say("serve.site_new_project"), "/new"):
            setup.only_admin(visit)
            tag("h1", say("serve.site_new_project"))
            with tag("section", classes="panel"), form("new", say("serve.site_make")):
                field(say("serve.site_project_name"), "name", required=True, maxlength=100)
                select(say("serve.site_kind"), "kind", {kind: say(f"serve.site_kind_{kind}") for kind in KINDS})
                field(say("serve.site_labels"), "labels", kind="area", hint=say("serve.site_labels_hint"))
                field(say("serve.site_scale"), "scale", hint=say("serve.site_scale_hint"))
                field(say("serve.site_guidelines"), "guidelines", kind="area", hint=say("serve.site_markdown"))
                field(say("serve.site_overlap"), "overlap", "2", "number", min=1, max=100)
                select(say("serve.site_order"), "by", {by: say(f"serve.site_by_{by}") for by in ORDERS})
            on_forms(visit, {"new": lambda fields: _make(visit, fields)})


async def _make(visit: Visit, fields: dict[str, str]) -> str:
    labels, _ = labels_from(fields.get("labels", ""))
    settings = ProjectSettings(
        name=fields.get("name", ""),
        kind=fields.get("kind", ""),
        labels=labels,
        scale=numbers(fields.get("scale", "")) or None,
        guidelines=fields.get("guidelines", ""),
        overlap=number(fields.get("overlap", "")),
        by=fields.get("by", ""),
    )
    project = await visit.ask(setup.new_project, settings)
    ui.navigate.to(f"/projects/{project.id}")
    return visit.say("serve.site_kept_it")
