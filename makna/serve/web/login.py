"""The login: a plain form that works without JavaScript, a new session with each login, and the way out."""

from __future__ import annotations

import hmac
import secrets
from functools import cache
from importlib import resources
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from jinja2 import Environment, Template, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from makna.core.errors import UserError
from makna.core.messages import LANGUAGES, say
from makna.label.store.connect import Store
from makna.label.store.people import check_password
from makna.label.store.sessions import LONGEST_SECONDS, Session, begin_session, end_session
from makna.serve.web.guard import SESSION_COOKIE
from makna.serve.web.settings import SiteSettings
from makna.serve.web.visit import LANGUAGE_COOKIE, language_of

_FORM_COOKIE = "makna_form"
_FORM_SECONDS = 3600
_YEAR = 365 * 24 * 3600
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LANGUAGE_NAMES = {"id": "Bahasa Indonesia", "en": "English"}


def login_routes() -> APIRouter:
    """Return the routes of the login, its stylesheet, the way out and the choice of a language."""
    routes = APIRouter()
    # Checking a password costs memory and a core for a moment: two at a time, whoever knocks how often.
    threads = CapacityLimiter(2)

    @routes.get("/login")
    async def show(request: Request) -> Response:
        if request.scope["state"]["session"] is not None:
            return _leave_for("/", request)
        return _form(request)

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        fields = _fields(await request.body())
        name, password = fields.get("name", ""), fields.get("password", "")
        held = request.cookies.get(_FORM_COOKIE, "")
        if not held or not hmac.compare_digest(held.encode(), fields.get("form", "").encode()):
            return _form(request, say("serve.site_form_old", language_of(request)), name, 403)
        store: Store = request.scope["state"]["store"]
        try:
            token, _ = await to_thread.run_sync(_begin, store, name, password, request.scope["state"], limiter=threads)
        except UserError as wrong:
            return _form(request, say(wrong.key, language_of(request), **wrong.fields), name, 401)
        answer = _leave_for("/", request)
        _set(answer, request, SESSION_COOKIE, token, int(LONGEST_SECONDS))
        answer.delete_cookie(_FORM_COOKIE)
        return answer

    @routes.get("/login.css")
    def style() -> Response:
        return Response(_static("login.css"), media_type="text/css")

    @routes.post("/logout")
    def leave(request: Request) -> Response:
        end_session(request.scope["state"]["store"], request.scope["state"]["token"])
        answer = _leave_for("/login", request)
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    @routes.get("/language")
    def choose(request: Request) -> Response:
        # Only ever a path of this site: "//elsewhere" and "/\\elsewhere" are addresses of others.
        to = request.query_params.get("to", "/")
        is_own = to.startswith("/") and not to.startswith(("//", "/\\"))
        return _leave_for(to if is_own else "/", request)

    return routes


def _begin(store: Store, name: str, password: str, state: dict[str, object]) -> tuple[str, Session]:
    person = check_password(store, name, password)
    if state["session"] is not None:
        end_session(store, str(state["token"]))
    return begin_session(store, person)


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _form(request: Request, problem: str = "", name: str = "", status: int = 200) -> Response:
    lang = language_of(request)
    form = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)
    texts = {
        "title": say("serve.site_title", lang),
        "name": say("serve.site_name", lang),
        "password": say("serve.site_password", lang),
        "enter": say("serve.site_enter", lang),
        "forgotten": say("serve.site_forgotten", lang),
    }
    page = _template().render(
        lang=lang, texts=texts, problem=problem, name=name, form=form, languages=LANGUAGE_NAMES.items()
    )
    answer = HTMLResponse(page, status, {"content-security-policy": _POLICY, "cache-control": "no-store"})
    _set(answer, request, _FORM_COOKIE, form, _FORM_SECONDS)
    _keep_language(answer, request)
    return answer


def _leave_for(path: str, request: Request) -> RedirectResponse:
    answer = RedirectResponse(path, 303)
    _keep_language(answer, request)
    return answer


def _keep_language(answer: Response, request: Request) -> None:
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        _set(answer, request, LANGUAGE_COOKIE, str(chosen), _YEAR)


def _set(answer: Response, request: Request, name: str, value: str, seconds: int) -> None:
    settings: SiteSettings = request.scope["state"]["settings"]
    answer.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=settings.proxied)


def _static(name: str) -> str:
    return (resources.files("makna.serve.web") / "static" / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    return Environment(autoescape=select_autoescape(default=True)).from_string(_static("login.html"))
