"""Nobody comes in but by the login, and nobody speaks for somebody else."""

from __future__ import annotations

import asyncio

import pytest
from nicegui import app as pages
from starlette.routing import Mount
from starlette.websockets import WebSocketDisconnect

from makna.label.store.people import set_active
from makna.label.store.sessions import IDLE_SECONDS, LONGEST_SECONDS, begin_session, end_session
from makna.serve.web.body import Body
from makna.serve.web.guard import OPEN, SESSION_COOKIE, Guard
from makna.serve.web.settings import SiteSettings
from makna.serve.web.site import build_site

SOCKET = "ws://127.0.0.1:8421/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
ORIGIN = {"origin": "http://127.0.0.1:8421"}
UPGRADE = {"upgrade": "websocket"}


def _paths(routes, before=""):
    for route in routes:
        path = before + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield path + "/x", {"GET", "POST"}
            yield from _paths(getattr(route, "routes", None) or [], path)
        elif getattr(route, "original_router", None) is not None:
            yield from _paths(route.original_router.routes, before)
        else:
            yield path, getattr(route, "methods", None) or {"GET"}


def _filled(path: str) -> str:
    for name in ("project_id:int", "item_id:int", "project_id", "item_id"):
        path = path.replace("{" + name + "}", "1")
    return path.replace("{", "").replace("}", "").replace(":path", "")


def test_nothing_is_there_without_a_login_but_the_login(site, visit):
    nobody = visit("")
    found = {(method, _filled(path)) for path, methods in _paths(site.routes) for method in methods}
    found |= {(method, _filled(path)) for path, methods in _paths(pages.routes) for method in methods}
    asked = {path for _, path in found}
    assert {"/", "/api/projects", "/projects/1/annotate", "/people", "/static/x", "/logout"} <= asked
    assert any(path.startswith("/_nicegui/") for path in asked)
    assert len(found) > 30
    for method, path in sorted(found | {("GET", "/static/site.js"), ("GET", "/favicon.ico"), ("GET", "/openapi.json")}):
        answer = nobody.client.request(method, path, headers=ORIGIN)
        if (method, path) in OPEN:
            assert answer.status_code in (200, 403), (method, path)
        else:
            assert answer.status_code == 401, (method, path)
            assert "Log in at /login" in answer.text or method == "HEAD"


def test_a_reader_without_a_session_is_sent_to_the_login(visit):
    answer = visit("").get("/projects/1/annotate", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_the_same_addresses_answer_after_a_login(visit):
    assert visit("ani").get("/api/projects").status_code == 200
    assert visit("ani").get("/static/site.js").status_code == 200


@pytest.mark.parametrize("ahead", [IDLE_SECONDS + 60, LONGEST_SECONDS + 60])
def test_sessions_expire(visit, town, ahead):
    ani = visit("ani")
    assert ani.get("/api/projects").status_code == 200
    town.clock.ahead = ahead
    assert ani.get("/api/projects").status_code == 401


def test_a_session_in_use_lives_on_but_not_for_ever(visit, town):
    ani = visit("ani")
    for _ in range(int(LONGEST_SECONDS / (IDLE_SECONDS - 3600)) - 1):
        town.clock.ahead += IDLE_SECONDS - 3600
        assert ani.get("/api/projects").status_code == 200
    town.clock.ahead += IDLE_SECONDS - 3500
    assert ani.get("/api/projects").status_code == 401


def test_logging_out_ends_the_session_itself(visit):
    ani = visit("ani")
    cookie = ani.client.cookies[SESSION_COOKIE]
    assert ani.post("/logout").headers["location"] == "/login"
    ani.client.cookies.set(SESSION_COOKIE, cookie)
    assert ani.get("/api/projects").status_code == 401


def test_who_is_shut_out_is_out_at_once(visit, town):
    ani = visit("ani")
    assert ani.get("/api/projects").status_code == 200
    set_active(town.store, town.person("ani").id, False)
    assert ani.get("/api/projects").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8421"},
        {"origin": "http://127.0.0.1:8421.evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "", "referer": "http://evil.example/http://127.0.0.1:8421/"},
        {"origin": ""},
    ],
)
def test_a_post_from_another_site_is_refused(visit, town, headers):
    ani = visit("ani")
    answer = ani.post("/api/projects/1/undo", headers=headers)
    assert answer.status_code == 403
    assert "not come from a page of this site" in answer.text


def test_a_post_with_the_sites_own_referer_is_taken(visit):
    headers = {"origin": "", "referer": "http://127.0.0.1:8421/projects/1/annotate"}
    assert visit("ani").post("/api/projects/1/undo", headers=headers).status_code == 200


@pytest.mark.parametrize("token", ["", "falsch", "ä"])
def test_a_post_without_the_pages_token_is_refused(visit, token):
    ani = visit("ani")
    answer = ani.post("/api/projects/1/undo", headers={"x-csrf-token": token.encode()})
    assert answer.status_code == 403
    assert "token" in answer.text


def test_the_token_of_another_session_does_not_do(visit):
    ani, budi = visit("ani"), visit("budi")
    assert ani.post("/api/projects/1/undo", headers={"x-csrf-token": budi.csrf}).status_code == 403


def test_a_form_may_carry_the_token_in_a_field(visit):
    ani = visit("ani")
    wrong = ani.client.post("/logout", data={"csrf": "x"}, headers=ORIGIN)
    many = ani.client.post("/logout", content="a=1&" * 200, headers=ORIGIN | {"content-type": FORM})
    assert (wrong.status_code, many.status_code) == (403, 403)
    assert ani.client.post("/logout", data={"csrf": ani.csrf}, headers=ORIGIN).status_code == 303


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8421", "127.0.0.1.evil.example", ""])
def test_a_name_that_is_not_the_sites_is_refused(visit, host):
    assert visit("ani").get("/api/projects", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8421", "[::1]:8421", "127.0.0.1"])
def test_the_loopbacks_names_are_the_sites(visit, host):
    assert visit("ani").get("/api/projects", headers={"host": host}).status_code == 200


def test_names_can_be_given():
    settings = SiteSettings(host="0.0.0.0", names=("label.example.org",))
    assert settings.answers_to("Label.example.org:443")
    assert not settings.answers_to("10.0.0.1:8421")
    assert SiteSettings(host="0.0.0.0").answers_to("10.0.0.1:8421")


def test_every_answer_says_what_browsers_may_not_do(visit):
    for answer in (visit("").get("/login"), visit("").get("/x"), visit("ani").get("/api/projects")):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
    assert "script-src" not in visit("").get("/login").headers["content-security-policy"]
    assert "script-src-attr 'none'" in visit("ani").get("/api/projects").headers["content-security-policy"]


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {}])
def test_a_socket_of_another_site_is_refused(visit, headers):
    ani = visit("ani")
    with pytest.raises(WebSocketDisconnect), ani.client.websocket_connect(SOCKET, headers=headers | UPGRADE):
        pass


def test_a_socket_without_a_session_is_refused(visit):
    with pytest.raises(WebSocketDisconnect), visit("").client.websocket_connect(SOCKET, headers=ORIGIN | UPGRADE):
        pass


def test_polling_in_place_of_a_socket_lacks_the_token(visit):
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling&sid=x"
    assert visit("ani").client.post(path, content="40", headers=ORIGIN).status_code == 403


async def _echo(scope, receive, send):
    """An application that says back what it hears, and every second one thing by itself."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"heard {message['text']}"})


def test_a_socket_closes_with_its_session_before_the_next_word_is_heard(town):
    token, _ = begin_session(town.store, town.person("ani"))
    said: list[dict] = []

    async def talk(words):
        waiting = [{"type": "websocket.connect"}]

        async def receive():
            if waiting:
                return waiting.pop(0)
            word = next(words, None)
            return {"type": "websocket.disconnect"} if word is None else {"type": "websocket.receive", "text": word}

        async def send(message):
            said.append(message)

        headers = [(b"host", b"127.0.0.1:8421"), (b"origin", b"http://127.0.0.1:8421")]
        headers.append((b"cookie", f"{SESSION_COOKIE}={token}".encode()))
        scope = {"type": "websocket", "path": "/", "headers": headers}
        await Guard(_echo, town.store, SiteSettings())(scope, receive, send)

    def words():
        yield "one"
        end_session(town.store, token)
        yield "two"
        yield "three"

    asyncio.run(talk(words()))
    assert [message["type"] for message in said] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert said[1]["text"] == "heard one"
    assert said[2]["code"] == 4401


def test_who_is_shut_out_loses_an_open_socket_too(visit, town, site):
    ani = visit("ani")
    with ani.client.websocket_connect(SOCKET, headers=ORIGIN | UPGRADE) as socket:
        assert "sid" in socket.receive_text()
        set_active(town.store, town.person("ani").id, False)
        socket.send_text("40")
        with pytest.raises(WebSocketDisconnect) as closed:
            list(iter(socket.receive_text, None))
        assert closed.value.code == 4401


def test_what_announces_itself_as_too_long_is_refused_unread(visit):
    ani = visit("ani")
    headers = {"content-length": str(200 * 1024 * 1024), "content-type": "multipart/form-data; boundary=x"}
    for path, limit in (("/api/projects/1/items", "20 MiB"), ("/api/projects/1/answers", "1 MiB")):
        answer = ani.post(path, content=b"", headers=headers)
        assert answer.status_code == 413
        assert limit in answer.text
    assert ani.post("/api/projects/1/items", content=b"", headers={"content-length": "-1"}).status_code == 413


@pytest.mark.parametrize("path", ["/api/projects/1/items", "/api/projects/1/answers", "/login", "/logout"])
def test_what_goes_on_too_long_is_cut_off_while_it_streams(town, site, visit, path):
    settings = SiteSettings(language="en")
    admin = visit("citra")
    limit = settings.upload_limit if path.endswith("items") else settings.body_limit
    part = b"x" * 65536
    asked: list[int] = []
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    parts = iter([start])

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": next(parts, part), "more_body": len(asked) < 3200}

    said: list[dict] = []

    async def send(message):
        said.append(message)

    cookie = f"{SESSION_COOKIE}={admin.client.cookies[SESSION_COOKIE]}; makna_form=x"
    kinds = {"items": "multipart/form-data; boundary=x", "answers": "application/json"}
    headers = {
        "host": "127.0.0.1:8421", "origin": "http://127.0.0.1:8421", "cookie": cookie,
        "content-type": kinds.get(path.rpartition("/")[2], FORM),
    } | ({} if path == "/logout" else {"x-csrf-token": admin.csrf})  # fmt: skip
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(site(scope, receive, send))
    assert said[0]["status"] == 413
    # Two hundred megabytes would be 3,200 parts.
    assert len(asked) <= limit // len(part) + 3


def test_a_body_counts_and_keeps_what_it_looked_into():
    async def look():
        parts = iter([b"csrf=a", b"bc&x=1"])

        async def receive():
            part = next(parts)
            return {"type": "http.request", "body": part, "more_body": part.startswith(b"csrf")}

        body = Body(receive, 100)
        found = await body.field("csrf")
        return found, [(await body.receive())["body"] for _ in range(2)]

    assert asyncio.run(look()) == ("abc", [b"csrf=a", b"bc&x=1"])


def test_a_header_that_moves_addresses_is_not_believed(visit):
    answer = visit("").get("/login", headers={"x-forwarded-prefix": "//evil.example"})
    assert "evil" not in answer.text


def test_a_broken_cookie_is_no_session(visit):
    nobody = visit("")
    assert nobody.get("/api/projects", headers={"cookie": 'makna_session="\\'}).status_code == 401
    assert nobody.get("/api/projects", headers={"cookie": f"{SESSION_COOKIE}={'x' * 4000}"}).status_code == 401


def test_behind_a_proxy_the_origin_is_https(town):
    from starlette.testclient import TestClient

    site = build_site(town.store, SiteSettings(proxied=True, names=("label.example.org",)))
    token, session = begin_session(town.store, town.person("ani"))
    client = TestClient(site, base_url="https://label.example.org", raise_server_exceptions=False)
    client.cookies.set(SESSION_COOKIE, token)
    headers = {"x-csrf-token": session.csrf}
    for origin, status in (("https://label.example.org", 200), ("http://label.example.org", 403)):
        answer = client.post("/api/projects/1/undo", headers=headers | {"origin": origin})
        assert answer.status_code == status
