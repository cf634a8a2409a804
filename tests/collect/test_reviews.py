"""Reviews out of HTML, politeness and the journal: all that needs no browser."""

from __future__ import annotations

import json
import shutil
from urllib.error import HTTPError

import pytest

from makna.collect.browser import check_browser
from makna.collect.demo import demo_addresses, demo_shop, served
from makna.collect.harvest import Addresses, collect_reviews, read_addresses
from makna.collect.journal import Journal
from makna.collect.polite import Pace, Robots
from makna.collect.reviews import Review, Seen, instead, needs_login, parse_page, pseudonym
from makna.collect.sites import Site, read_site
from makna.core.errors import DataError
from makna.core.messages import set_language

pytest.importorskip("bs4", reason="BeautifulSoup is not installed")
SALT = b"salt"
FIELDS = {
    "text": "p", "rating": {"select": "i", "attribute": "data-n", "pattern": r"(\d)"},
    "stars": {"select": "u.full", "count": True}, "product": {"select": "h1", "of": "page"}, "user": "b",
}  # fmt: skip
SITE = Site(review="li", fields=FIELDS, announced="#n")
PAGE = """<h1>Krim</h1><span id=n>1.234 ulasan</span><ul>
<li><b>Ani</b><p>Bagus  sekali</p><i data-n="bintang 5">x</i><u class=full></u><u class=full></u>
<li><b>Budi</b><p>Jelek</p><i data-n="bintang 1"></i>
<li><b>Citra</b><i data-n="bintang 3"></i></ul>"""


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


def rows(html, site=SITE):
    return [review.row for review in parse_page(html, site, SALT).reviews]


def test_fields_are_found_and_names_are_not_kept():
    page = parse_page(PAGE.replace("<li>", "</li><li>"), SITE, SALT)
    assert page.announced == 1234
    assert [review.row for review in page.reviews] == [
        {"text": "Bagus sekali", "rating": "5", "stars": "2", "product": "Krim"},
        {"text": "Jelek", "rating": "1", "stars": "0", "product": "Krim"},
        {"text": "", "rating": "3", "stars": "0", "product": "Krim"},
    ]
    assert "Ani" not in json.dumps([(r.row, r.key) for r in page.reviews])


def test_html_broken_in_the_middle_gives_each_review_its_own_values():
    assert rows(PAGE) == rows(PAGE.replace("<li>", "</li><li>"))
    cut = "<h1>K</h1><li><b>A</b><p>Satu<li><b>B</b><p>Dua<i data-n=2></i><li><b>C</b><p>Ti"
    assert [(row["text"], row["rating"]) for row in rows(cut)] == [("Satu", ""), ("Dua", "2"), ("Ti", "")]


def test_pseudonyms_are_the_same_for_the_same_name_and_salt_only():
    site = SITE.model_copy(update={"users": "pseudonym"})
    found = [review.row["user"] for review in parse_page(PAGE + "<li><b>ani </b><p>Lagi", site, SALT).reviews]
    assert found[0] == found[3] == pseudonym("Ani", SALT) != found[1]
    assert found[0] != parse_page(PAGE, site, b"other").reviews[0].row["user"]
    keep = SITE.model_copy(update={"users": "keep"})
    assert rows(PAGE, keep)[0]["user"] == "Ani"


def test_what_is_shown_again_is_not_new_but_equal_neighbours_are():
    seen = Seen()
    first = parse_page("<li><p>Bagus<li><p>Bagus<li><p>Jelek", SITE, SALT)
    assert len(seen.new_of(first)) == 3
    again = parse_page("<li><p>Jelek<li><p>Bagus<li><p>Baru", SITE, SALT)
    assert [review.row["text"] for review in seen.new_of(again)] == ["Baru"]
    assert seen.new_of(first) == []


def test_the_sites_own_ids_tell_reviews_apart():
    site = Site(review="li", fields={"text": "p", "id": {"attribute": "id"}})
    seen = Seen()
    page = parse_page("<li id=1><p>Bagus</li><li id=2><p>Bagus</li><li id=1><p>Bagus</li>", site, SALT)
    assert [review.row["id"] for review in seen.new_of(page)] == ["1", "2"]


def test_a_wrong_selector_is_told_what_is_there():
    html = "<title>Toko</title><div class=ulas><p>a</p></div><div class=ulas><p>b</p></div>"
    said = instead(html, SITE)
    assert "Toko" in said
    assert "div.ulas (2)" in said
    assert "text: 2" in said


@pytest.mark.parametrize(
    ("html", "shown", "expected"),
    [
        ("<input type=password>", "http://a/x", True),
        ("<p>Masuk dulu</p>", "http://a/login?to=x", True),
        ("<div class=wall></div>", "http://a/x", True),
        ("<p>Belum ada ulasan</p>", "http://a/x", False),
        ("<p>Belum ada ulasan</p>", "http://a/author/x", False),
    ],
)
def test_login_walls(html, shown, expected):
    site = SITE.model_copy(update={"login": ".wall"})
    assert needs_login(html, site, "http://a/x", shown) is expected


def test_the_pace_is_kept():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(2, lambda: now[0], sleep)
    pace.wait()
    now[0] += 0.5
    pace.wait()
    now[0] += 3
    pace.wait()
    assert slept == [1.5]


def test_robots_are_obeyed_with_their_delay(tmp_path):
    (tmp_path / "robots.txt").write_text("User-agent: *\nCrawl-delay: 7\nDisallow: /akun/\n", encoding="utf-8")
    with served(tmp_path) as shop:
        pace = Pace(0)
        robots = Robots(pace)
        assert robots.allows(shop.base + "produk/1.html")
        assert not robots.allows(shop.base + "akun/1.html")
        assert pace.seconds == 7
        assert Robots(Pace(0), obey=False).allows(shop.base + "akun/1.html")
        assert [path for _, path in shop.asked] == ["/robots.txt"]


def test_a_robots_file_that_came_late_brings_the_page_no_sooner(tmp_path, monkeypatch):
    now, slept = [100.0], []
    pace = Pace(2, lambda: now[0], slept.append)

    def late(self, *args, **kwargs):
        now[0] += 30
        raise HTTPError("http://127.0.0.1/robots.txt", 404, "", {}, None)

    monkeypatch.setattr("urllib.request.OpenerDirector.open", late)
    assert Robots(pace).allows("http://127.0.0.1/x")
    pace.wait()
    assert slept == [2.0]


def test_no_robots_file_allows_and_an_unreachable_one_does_not(tmp_path):
    with served(tmp_path) as shop:
        assert Robots(Pace(0)).allows(shop.base + "x")
    with pytest.raises(DataError) as wrong:
        Robots(Pace(0)).allows(shop.base + "x")
    assert wrong.value.key == "collect.robots_fails"


def test_a_journal_goes_on_after_a_line_that_was_cut_off(tmp_path):
    path = tmp_path / "a.csv.journal.jsonl"
    with Journal(path, SITE, ["x", "y"], resume=False) as journal:
        journal.page("x", "x-2", [Review({"text": "Bagus"}, "k1")])
        salt = journal.salt
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"address": "x", "revi')
    with Journal(path, SITE, ["x", "y"], resume=True) as journal:
        assert (journal.salt, journal.of["x"].page, journal.of["x"].rows) == (salt, "x-2", [{"text": "Bagus"}])
        journal.end("x", complete=True, why="")
    assert path.read_bytes().startswith(whole)
    with Journal(path, SITE, ["x", "y"], resume=True) as journal:
        assert (journal.of["x"].is_complete, journal.of["y"].is_complete) == (True, False)


@pytest.mark.parametrize(
    ("site", "addresses", "resume", "key"),
    [
        (SITE, ["x"], False, "collect.journal_there"),
        (SITE, ["x", "z"], True, "collect.journal_other"),
        (SITE.model_copy(update={"users": "keep"}), ["x"], True, "collect.journal_other"),
    ],
)
def test_a_journal_of_something_else_is_refused(tmp_path, site, addresses, resume, key):
    path = tmp_path / "a.journal.jsonl"
    Journal(path, SITE, ["x"], resume=False)._stream.close()
    with pytest.raises(DataError) as wrong:
        Journal(path, site, addresses, resume)
    assert wrong.value.key == key


def test_addresses_come_with_their_other_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("jenis,Alamat\nMakeup,http://a/1\nSkincare,http://a/2\nMakeup,http://a/1\n", encoding="utf-8")
    found = read_addresses(path)
    assert found.written == ("http://a/1", "http://a/2")
    assert found.more["http://a/2"] == {"jenis": "Skincare"}
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        read_addresses(path)
    assert wrong.value.key == "collect.no_address_column"


@pytest.mark.parametrize(
    ("address", "key"), [("produk/1", "not_an_address"), ("https://a.example/", "offline_address")]
)
def test_addresses_are_checked_before_a_browser_starts(tmp_path, monkeypatch, address, key):
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    with pytest.raises(DataError) as wrong:
        collect_reviews(Addresses((address,)), SITE, tmp_path / "out.csv")
    assert wrong.value.key == f"collect.{key}"
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_it_is_said_what_to_install(tmp_path, monkeypatch):
    pytest.importorskip("playwright", reason="playwright is not installed")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(DataError, match="playwright install chromium"):
        check_browser()


def test_the_demo_shop_announces_what_it_shows():
    with demo_shop() as shop:
        assert shop.base.startswith("http://127.0.0.1:")
    assert len(demo_addresses().written) == 20
    assert read_site("demo").rate < 1
