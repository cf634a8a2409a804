"""What is shown at an address where nothing is."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from makna.core.errors import UserError
from makna.serve.web.shell import frame
from makna.serve.web.visit import visit_of


def missing_page() -> None:
    """Register the page at every address that no other page has; the last to be registered."""

    @ui.page("/{rest:path}", response_timeout=30)
    async def missing(request: Request, rest: str) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_sorry"), "/"):
            raise UserError("serve.site_no_page", path=rest[:80])
