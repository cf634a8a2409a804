"""The site as a whole: one application, one guard, one process."""

from __future__ import annotations

from importlib import resources

import uvicorn
from fastapi import FastAPI
from nicegui import app as pages
from nicegui import ui
from starlette.staticfiles import StaticFiles

from makna.label.store.connect import Store
from makna.label.store.sessions import drop_old_sessions
from makna.serve.web.adjudicate import adjudicate_page
from makna.serve.web.agreement_page import agreement_page
from makna.serve.web.annotate import annotate_pages
from makna.serve.web.api import answer_failures, api_routes, nothing_else
from makna.serve.web.files import file_routes
from makna.serve.web.guard import Guard
from makna.serve.web.home import home_page
from makna.serve.web.login import login_routes
from makna.serve.web.mine import mine_page
from makna.serve.web.missing import missing_page
from makna.serve.web.new_page import new_page
from makna.serve.web.people_page import people_page
from makna.serve.web.project_page import project_page
from makna.serve.web.settings import SiteSettings

_PAGES = (
    *(home_page, annotate_pages, mine_page, adjudicate_page, agreement_page),
    *(project_page, new_page, people_page, missing_page),
)
_RECONNECT_SECONDS = 8.0
_LARGEST_MESSAGE = 1024 * 1024


def build_site(store: Store, settings: SiteSettings | None = None) -> FastAPI:
    """Return the site over a store, as an ASGI application.

    Parameters
    ----------
    store : Store
        Open; who calls closes it.
    settings : SiteSettings or None
        How it is served.

    Returns
    -------
    FastAPI
        With the pages in it, behind the guard. One process serves it: the pages live in its memory.
    """
    settings = settings or SiteSettings()
    # No list of routes, and no pages that fetch their scripts from elsewhere.
    site = FastAPI(title="makna", docs_url=None, redoc_url=None, openapi_url=None)
    for routes in (login_routes(), api_routes(), file_routes(), nothing_else()):
        site.include_router(routes)
    answer_failures(site)
    site.mount("/static", StaticFiles(directory=str(resources.files("makna.serve.web") / "static")))
    _mount_pages(site)
    site.add_middleware(Guard, store=store, settings=settings)
    return site


def _mount_pages(site: FastAPI) -> None:
    """Put the pages into a site; NiceGUI has one application a process, so that the newest site has them."""
    pages.user_middleware.clear()
    pages.middleware_stack = None
    for register in _PAGES:
        register()
    # The guard lets sockets through only where their origin is known, and posts only with a token.
    pages.config.socket_io_js_transports = ["websocket"]
    ui.run_with(
        site, title="makna", favicon="data:,", dark=None, tailwind=False, reconnect_timeout=_RECONNECT_SECONDS,
        binding_refresh_interval=None, show_welcome_message=False,
    )  # fmt: skip


def serve_site(store: Store, settings: SiteSettings | None = None) -> None:
    """Serve the site until it is stopped.

    Parameters
    ----------
    store : Store
        Open.
    settings : SiteSettings or None
        How it is served.
    """
    settings = settings or SiteSettings()
    drop_old_sessions(store)
    uvicorn.run(
        build_site(store, settings), host=settings.host, port=settings.port, log_level="warning", server_header=False,
        proxy_headers=False, ws_max_size=_LARGEST_MESSAGE, timeout_graceful_shutdown=5,
    )  # fmt: skip
