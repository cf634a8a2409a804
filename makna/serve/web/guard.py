"""Stands in front of everything: who has no session sees the login only, and no other site speaks for who has one.

Pure ASGI, so that files, sockets and whatever a framework adds pass through it too.
"""

from __future__ import annotations

import hmac
import re
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from makna.core.messages import LANGUAGES, say
from makna.label.store.connect import Store
from makna.label.store.sessions import Session, session_of
from makna.serve.web.body import Body, TooLongError
from makna.serve.web.settings import SiteSettings

SESSION_COOKIE = "makna_session"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
OPEN = frozenset({("GET", "/login"), ("HEAD", "/login"), ("POST", "/login"), ("GET", "/login.css")})
UPLOADS = re.compile(r"/api/projects/\d+/items")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = "; ".join(
    (
        "default-src 'none'",
        # Vue compiles its templates in the browser; attributes such as onclick never run.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        *("img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with it browsers send "Origin: null" with the site's own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_STILL_THERE = 1.0  # seconds between two looks at the session of a socket that only listens
_GONE = 4401


class Guard:
    """ASGI middleware: Host, origin, session, token, size of the body, headers.

    Parameters
    ----------
    app : ASGIApp
        What is behind.
    store : Store
        Where the sessions are.
    settings : SiteSettings
        Own names, limits, scheme.
    """

    def __init__(self, app: ASGIApp, store: Store, settings: SiteSettings) -> None:
        self.app, self.store, self.settings = app, store, settings
        self._threads = CapacityLimiter(16)
        self._kinds = {"http": self._http, "websocket": self._socket}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] not in self._kinds:
            await self.app(scope, receive, send)
            return
        # Frameworks read these of anyone; nobody in front of this site sets them.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"x-forwarded-prefix"]
        scope["state"] = {**scope.get("state", {}), "store": self.store, "settings": self.settings, "session": None}
        await self._kinds[scope["type"]](scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        is_upload = UPLOADS.fullmatch(scope["path"]) is not None
        body = Body(receive, self.settings.upload_limit if is_upload else self.settings.body_limit)
        sending = body.answering(_with_headers(send, scope))
        if not self.settings.answers_to(headers.get("host", "")):
            return await _refuse(scope, receive, sending, 421, "serve.site_wrong_host")
        if body.announced(headers):
            return await body.refuse(scope, sending)
        is_open = (scope["method"], scope["path"]) in OPEN
        token = _cookie(headers)
        session = await self._session(token)
        scope["state"].update(session=session, token=token)
        if session is None and not is_open:
            return await _to_login(scope, receive, sending)
        if scope["method"] not in _SAFE:
            if not self._is_own(headers, needed=True):
                return await _refuse(scope, receive, sending, 403, "serve.site_foreign")
            # The login has no session yet; its form carries a token of its own.
            if session is not None and not is_open and not await self._has_token(headers, body, session):
                return await _refuse(scope, receive, sending, 403, "serve.site_no_token")
        try:
            await self.app(scope, body.receive, sending)
        except TooLongError:
            await body.refuse(scope, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        token = _cookie(headers)
        session = None
        if self.settings.answers_to(headers.get("host", "")) and self._is_own(headers, needed=True):
            session = await self._session(token)
        if session is None:
            await receive()
            await send({"type": "websocket.close", "code": _GONE})
            return
        scope["state"].update(session=session, token=token)
        watched = _Watched(self, token, receive, send)
        await self.app(scope, watched.receive, watched.send)

    async def _session(self, token: str) -> Session | None:
        if not token:
            return None
        return await to_thread.run_sync(session_of, self.store, token, limiter=self._threads)

    def _is_own(self, headers: Headers, needed: bool) -> bool:
        """Tell whether a page of this very site sends the request."""
        came = headers.get("origin") or headers.get("referer")
        if not came:
            return not needed
        try:
            parts = urlsplit(came)
        except ValueError:
            return False
        return (parts.scheme, parts.netloc.lower()) == (self.settings.scheme, headers.get("host", "").lower())

    async def _has_token(self, headers: Headers, body: Body, session: Session) -> bool:
        came = headers.get(CSRF_HEADER)
        if came is None and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            came = await body.field(CSRF_FIELD)
        return came is not None and hmac.compare_digest(came.encode(), session.csrf.encode())


class _Watched:
    """An open socket that ends as soon as its session does."""

    def __init__(self, guard: Guard, token: str, receive: Receive, send: Send) -> None:
        self._guard, self._token = guard, token
        self._receive, self._send = receive, send
        self._seen = time.monotonic()
        self._closed = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive" or await self._is_alive():
            return message
        await self._close()
        return {"type": "websocket.disconnect", "code": _GONE}

    async def send(self, message: Message) -> None:
        if self._closed:
            return
        if time.monotonic() - self._seen > _STILL_THERE and not await self._is_alive():
            await self._close()
            return
        await self._send(message)

    async def _is_alive(self) -> bool:
        self._seen = time.monotonic()
        return not self._closed and await self._guard._session(self._token) is not None

    async def _close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": _GONE})


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _with_headers(send: Send, scope: Scope) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if not scope["path"].startswith("/_nicegui"):
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


async def _to_login(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a reader to the login; what is no page is refused."""
    is_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    if is_page:
        await RedirectResponse("/login", 303)(scope, receive, send)
    else:
        await _refuse(scope, receive, send, 401, "serve.site_no_session")


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, key: str) -> None:
    # Before a language could be chosen: both.
    text = "\n".join(say(key, lang) for lang in LANGUAGES)
    await PlainTextResponse(f"{text}\n", status)(scope, receive, send)
