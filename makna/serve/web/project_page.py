"""The admin's page of a project: labels, settings, members, tables in and out."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from makna.label.store.labels import LabelsInUse
from makna.label.store.members import MEMBER_ROLES
from makna.label.store.projects import ORDERS, Project
from makna.serve.web import setup
from makna.serve.web.fields import checked, labels_from, labels_text, number
from makna.serve.web.parts import field, form, link, select, tag
from makna.serve.web.setup import Settings
from makna.serve.web.shell import about, frame, on_forms
from makna.serve.web.visit import Visit, visit_of


def project_page() -> None:
    """Register the page."""

    @ui.page("/projects/{project_id:int}", response_timeout=30)
    async def project(request: Request, project_id: int) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_settings"), request.url.path) as content:
            settings = await visit.ask(setup.settings_of, project_id)
            about(visit, settings.place, request.url.path)
            with content:
                area = tag("div", classes="panels")
            Panels(visit, project_id, area).begin(settings)


class Panels:
    """The forms of one project.

    Parameters
    ----------
    visit : Visit
        Whose page it is.
    project_id : int
        Which.
    area : Element
        Where they stand.
    """

    def __init__(self, visit: Visit, project_id: int, area: Element) -> None:
        self.visit, self.project_id, self._area = visit, project_id, area
        self._project: Project
        self._asked: dict[str, str] | None = None

    def begin(self, settings: Settings) -> None:
        """Build the forms, and answer them."""
        self._show(settings)
        handlers = {"labels": self._labels, "project": self._change, "member": self._member}
        on_forms(self.visit, handlers)

    async def _again(self) -> None:
        self._show(await self.visit.ask(setup.settings_of, self.project_id))

    def _show(self, settings: Settings) -> None:
        self._project = settings.place.project
        self._area.clear()
        with self._area:
            if self._project.scale is None:
                _panel(self.visit.say("serve.site_labels"), self._label_form)
            _panel(self.visit.say("serve.site_settings"), self._project_form)
            _panel(self.visit.say("serve.site_members"), lambda: self._member_form(settings))
            _panel(self.visit.say("serve.site_items"), self._items_form)
            _panel(self.visit.say("serve.site_export"), self._exports)

    def _label_form(self) -> None:
        say, project = self.visit.say, self._project
        asked = self._asked or {}
        with form("labels", say("serve.site_save")):
            field(
                say("serve.site_labels"), "labels", asked.get("labels", labels_text(project.choices)), "area",
                hint=say("serve.site_labels_hint"),
            )  # fmt: skip
            if self._asked is not None:
                checked(say("serve.site_go_on"), "go_on")
            retired = ", ".join(label.name for label in project.labels if label.retired)
            if retired:
                tag("p", say("serve.site_retired", labels=retired), classes="soft")

    def _project_form(self) -> None:
        say, project = self.visit.say, self._project
        with form("project", say("serve.site_save")):
            field(say("serve.site_guidelines"), "guidelines", project.guidelines, "area", say("serve.site_markdown"))
            field(say("serve.site_overlap"), "overlap", str(project.overlap), "number", min=1, max=100)
            select(say("serve.site_order"), "by", {by: say(f"serve.site_by_{by}") for by in ORDERS}, project.by)
            checked(say("serve.site_close_project"), "closed", project.closed)

    def _member_form(self, settings: Settings) -> None:
        say = self.visit.say
        with tag("table", classes="figures"):
            for person, role in settings.members.values():
                with tag("tr"):
                    tag("th", person.name, scope="row")
                    tag("td", say(f"serve.site_role_{role}"))
        names = {str(person.id): person.name for person in settings.people if person.active}
        roles = {role: say(f"serve.site_role_{role}") for role in MEMBER_ROLES}
        with form("member", say("serve.site_save")):
            select(say("serve.site_person"), "person", names)
            select(say("serve.site_role"), "role", {**roles, "": say("serve.site_role_none")})

    def _items_form(self) -> None:
        say, columns = self.visit.say, self._project.columns
        progress_hint = say("serve.site_upload_hint", limit=f"{self.visit.settings.upload_limit / 1024 / 1024:g}")
        with tag("form", classes="form", data_upload=f"/api/projects/{self.project_id}/items"):
            field(say("serve.site_file"), "file", kind="file", hint=progress_hint, required=True)
            for name in ("text_a", "text_b", "context", "name", "doubt"):
                if name != "text_b" or self._project.kind != "text":
                    field(say(f"serve.site_column_{name}"), name, str(columns.get(name) or ""))
            tag("button", say("serve.site_upload"), classes="button deed", type="submit")
            tag("p", classes="told", role="status")

    def _exports(self) -> None:
        say, at = self.visit.say, f"/api/projects/{self.project_id}/export"
        for shape in setup.TABLE_FORMS:
            tag("p", say(f"serve.site_form_{shape}"))
            with tag("div", classes="row"):
                for ending in setup.ENDINGS:
                    link(ending, f"{at}?form={shape}&ending={ending}", "button", download=True)
        tag("p", say("serve.site_form_tasks"))
        link("json", f"{at}?form={setup.TASKS_FORM}", "button", download=True)

    async def _labels(self, fields: dict[str, str]) -> str:
        labels, renamed = labels_from(fields.get("labels", ""), self._project.choices)
        try:
            await self.visit.ask(
                setup.change_labels, self.project_id, labels, self._project.labels_version, renamed,
                fields.get("go_on") == "on",
            )  # fmt: skip
        except LabelsInUse as touched:
            # Asked once; the box that agrees to it is shown now.
            self._asked = fields
            await self._again()
            return self.visit.explain(touched)
        self._asked = None
        await self._again()
        return self.visit.say("serve.site_kept_it")

    async def _change(self, fields: dict[str, str]) -> str:
        overlap = number(fields.get("overlap", ""))
        await self.visit.ask(
            setup.change_project, self.project_id, fields.get("guidelines", ""), overlap, fields.get("by", ""),
            fields.get("closed") == "on",
        )  # fmt: skip
        await self._again()
        return self.visit.say("serve.site_kept_it")

    async def _member(self, fields: dict[str, str]) -> str:
        person, role = number(fields.get("person", "")), fields.get("role") or None
        await self.visit.ask(setup.set_member, self.project_id, person, role)
        await self._again()
        return self.visit.say("serve.site_kept_it")


def _panel(title: str, build: Callable[[], None]) -> None:
    with tag("section", classes="panel"):
        tag("h2", title)
        build()
