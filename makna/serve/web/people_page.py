"""The admin's page of accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from makna.label.store.people import ROLES, Person
from makna.serve.web import setup
from makna.serve.web.fields import number
from makna.serve.web.parts import field, form, select, tag
from makna.serve.web.shell import frame, on_forms
from makna.serve.web.visit import Visit, visit_of


def people_page() -> None:
    """Register the page at ``/people``."""

    @ui.page("/people", response_timeout=30)
    async def people(request: Request) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_people"), "/people"):
            found = await visit.ask(setup.all_people)
            tag("h1", visit.say("serve.site_people"))
            area = tag("div", classes="panels")
            _show(visit, area, found)
            on_forms(visit, _handlers(visit, area))


def _show(visit: Visit, area: Element, found: list[Person]) -> None:
    say = visit.say
    area.clear()
    with area:
        with tag("section", classes="panel"):
            tag("h2", say("serve.site_accounts"))
            with tag("table", classes="figures"):
                for person in found:
                    with tag("tr"):
                        tag("th", person.name, scope="row")
                        tag("td", say(f"serve.site_role_{person.role}"))
                        tag("td", say("serve.site_active") if person.active else say("serve.site_inactive"))
        names = {str(person.id): person.name for person in found}
        with tag("section", classes="panel"):
            tag("h2", say("serve.site_add_person"))
            with form("add", say("serve.site_add_person")):
                field(say("serve.site_name"), "name", required=True, maxlength=100, autocomplete="off")
                field(
                    say("serve.site_password"), "password", kind="password", required=True,
                    hint=say("serve.site_password_hint"), autocomplete="new-password",
                )  # fmt: skip
                select(
                    say("serve.site_role"), "role", {role: say(f"serve.site_role_{role}") for role in ROLES}, "person"
                )
        with tag("section", classes="panel"):
            tag("h2", say("serve.site_new_password"))
            with form("password", say("serve.site_save")):
                select(say("serve.site_person"), "person", names)
                field(
                    say("serve.site_password"), "password", kind="password", required=True,
                    hint=say("serve.site_password_hint"), autocomplete="new-password",
                )  # fmt: skip
        with tag("section", classes="panel"):
            tag("h2", say("serve.site_let_in"))
            with form("active", say("serve.site_save")):
                select(say("serve.site_person"), "person", names)
                shown = {"off": say("serve.site_keep_out"), "on": say("serve.site_let_in_again")}
                select(say("serve.site_access"), "active", shown)


def _handlers(visit: Visit, area: Element) -> dict[str, Callable[[dict[str, str]], Awaitable[str]]]:
    async def again() -> str:
        _show(visit, area, await visit.ask(setup.all_people))
        return visit.say("serve.site_kept_it")

    async def add(fields: dict[str, str]) -> str:
        await visit.ask(setup.add_person, fields.get("name", ""), fields.get("password", ""), fields.get("role", ""))
        return await again()

    async def password(fields: dict[str, str]) -> str:
        await visit.ask(setup.set_password, number(fields.get("person", "")), fields.get("password", ""))
        return await again()

    async def active(fields: dict[str, str]) -> str:
        await visit.ask(setup.set_active, number(fields.get("person", "")), fields.get("active") == "on")
        return await again()

    return {"add": add, "password": password, "active": active}
