"""The login form, its cookies, and the choice of a language."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from makna.label.store.people import set_active
from makna.serve.web.guard import SESSION_COOKIE
from makna.serve.web.settings import SiteSettings
from makna.serve.web.site import build_site

PASSWORD = "tempat yang teduh"
ORIGIN = {"origin": "http://127.0.0.1:8421"}


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return found[1]


def send(visitor, name, password, headers=ORIGIN, **fields):
    form = form_of(visitor.get("/login").text)
    return visitor.client.post(
        "/login", data={"name": name, "password": password, "form": form} | fields, headers=headers
    )


def test_the_right_password_opens(visit):
    ani = visit("")
    done = send(ani, " ANI ", PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert ani.get("/api/projects").status_code == 200
    assert ani.get("/login").headers["location"] == "/"


def test_the_cookies_are_closed_to_scripts_and_to_other_sites(visit):
    done = send(visit(""), "ani", PASSWORD)
    (session,) = [line for line in done.headers.get_list("set-cookie") if line.startswith(f"{SESSION_COOKIE}=")]
    parts = {part.strip().lower() for part in session.split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert "secure" not in parts
    assert len(session.partition("=")[2].partition(";")[0]) >= 43


def test_behind_a_proxy_the_cookies_are_secure(town):
    site = build_site(town.store, SiteSettings(proxied=True, names=("label.example.org",)))
    client = TestClient(site, base_url="https://label.example.org", follow_redirects=False)
    page = client.get("/login")
    fields = {"name": "ani", "password": PASSWORD, "form": form_of(page.text)}
    done = client.post("/login", data=fields, headers={"origin": "https://label.example.org"})
    assert done.status_code == 303
    cookies = [*page.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")]
    kept = [line for line in cookies if '""' not in line]
    assert len(kept) == 2
    assert all("secure" in line.lower() for line in kept)


@pytest.mark.parametrize(
    ("name", "password"),
    [("ani", "salah sekali lagi"), ("tidak ada", PASSWORD), ("", ""), ("ani", ""), ("' OR 1=1 --", "x")],
)
def test_all_wrong_ones_are_told_alike(visit, name, password):
    done = send(visit(""), name, password, lang="en")
    assert done.status_code == 401
    assert SESSION_COOKIE not in done.headers.get("set-cookie", "")
    expected = send(visit(""), "ani", "salah sekali lagi")
    told = re.search(r'role="alert">([^<]+)<', done.text)
    assert told
    assert told[1] in expected.text


def test_who_is_shut_out_cannot_come_in(visit, town):
    set_active(town.store, town.person("ani").id, False)
    assert send(visit(""), "ani", PASSWORD).status_code == 401


def test_too_many_tries_close_the_door_for_a_while(visit, town):
    nobody = visit("")
    for _ in range(8):
        assert send(nobody, "ani", "salah sekali lagi").status_code == 401
    assert "15" in send(nobody, "ani", PASSWORD).text
    town.clock.ahead = 16 * 60
    assert send(nobody, "ani", PASSWORD).status_code == 303


def test_every_login_is_a_new_session_and_ends_the_one_before(visit):
    ani = visit("")
    send(ani, "ani", PASSWORD)
    first = ani.client.cookies[SESSION_COOKIE]
    # The form as it would be in a second window.
    headers = ORIGIN | {"cookie": f"makna_form=x; {SESSION_COOKIE}={first}"}
    fields = {"name": "ani", "password": PASSWORD, "form": "x"}
    bare = visit("")
    assert bare.client.post("/login", data=fields, headers=headers).status_code == 303
    assert bare.client.cookies[SESSION_COOKIE] != first
    assert bare.get("/api/projects").status_code == 200
    assert ani.get("/api/projects").status_code == 401


def test_a_session_that_was_brought_along_is_not_taken_over(visit):
    ani = visit("")
    chosen = "chosen-by-somebody-else"
    headers = ORIGIN | {"cookie": f"makna_form=x; {SESSION_COOKIE}={chosen}"}
    ani.client.post("/login", data={"name": "ani", "password": PASSWORD, "form": "x"}, headers=headers)
    assert ani.client.cookies[SESSION_COOKIE] != chosen
    assert ani.get("/api/projects", headers={"cookie": f"{SESSION_COOKIE}={chosen}"}).status_code == 401


def test_a_login_from_another_site_is_refused(visit):
    assert send(visit(""), "ani", PASSWORD, headers={"origin": "http://evil.example"}).status_code == 403
    assert send(visit(""), "ani", PASSWORD, headers={}).status_code == 403


def test_a_login_needs_the_form_that_was_shown(visit):
    nobody = visit("")
    assert send(nobody, "ani", PASSWORD, form="x").status_code == 403
    bare = visit("")
    fields = {"name": "ani", "password": PASSWORD, "form": ""}
    assert bare.client.post("/login", data=fields, headers=ORIGIN).status_code == 403


def test_what_is_no_form_is_refused(visit):
    for body in (b"\xff\xfe=\xff", b"a=b&" * 50, b""):
        headers = ORIGIN | {"content-type": "application/x-www-form-urlencoded"}
        assert visit("").client.post("/login", content=body, headers=headers).status_code == 403


def test_a_name_comes_back_as_a_text(visit):
    done = send(visit(""), '"><script>alert(1)</script>', "salah sekali lagi")
    assert "<script" not in done.text
    assert "&lt;script&gt;" in done.text


def test_the_login_runs_no_script_and_asks_nobody_else(visit):
    page = visit("").get("/login").text
    assert "<script" not in page
    assert not re.findall(r'(?:src|href|action)="(?!/(?!/)|data:,)', page)


def test_the_language_is_kept(visit):
    nobody = visit("")
    assert "Kata sandi" in nobody.get("/login?lang=id").text
    assert "Kata sandi" in nobody.get("/login").text
    assert "Password" in nobody.get("/login?lang=en").text
    assert "Password" in nobody.get("/login?lang=fr").text


@pytest.mark.parametrize(
    ("to", "goes"),
    [
        ("/projects/1/annotate", "/projects/1/annotate"),
        *(
            (bad, "/")
            for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "")
        ),
    ],
)
def test_choosing_a_language_leads_nowhere_else(visit, to, goes):
    done = visit("ani").get("/language", params={"lang": "id", "to": to})
    assert (done.status_code, done.headers["location"]) == (303, goes)
    assert "makna_lang=id" in done.headers["set-cookie"]
