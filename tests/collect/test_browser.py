"""Collecting in a real Chromium: the demo shop whole, after a kill, at its pace; and pages that go wrong."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from makna.collect.browser import Browser, find_chromium
from makna.collect.demo import demo_addresses, served, write_shop
from makna.collect.harvest import Addresses, HarvestOptions, collect_reviews
from makna.collect.journal import journal_of
from makna.collect.polite import Pace, Robots
from makna.collect.sites import read_site
from makna.core.errors import DataError
from makna.core.messages import set_language

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("bs4", reason="BeautifulSoup is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]
RATE = 0.1
ARTICLE = '<article class="ulasan"><p class="teks">Ulasan {i}</p></article>'
NEXT = '<button class="berikutnya" onclick="{press}">Berikutnya</button>'
PAGES = {
    "same": "".join(ARTICLE.format(i=i) for i in range(3)) + NEXT.format(press="document.title += '.'"),
    "new": ARTICLE.format(i=0)
    + NEXT.format(press="document.querySelector('p').textContent = 'Ulasan ' + performance.now()"),
    "login": "<form class=masuk><input type=password></form>",
    "other": "<title>Lain</title><div class=komentar><p class=teks>a</p></div><div class=komentar></div>",
    "none": '<span class="banyak">0 ulasan</span>',
    "cut": '<span class="banyak">9 ulasan</span>' + ARTICLE.format(i=1) + '<article class="ulasan"><p class="te',
    "akun/rahasia": ARTICLE.format(i=2),
}


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    (folder / "akun").mkdir()
    for name, body in PAGES.items():
        (folder / f"{name}.html").write_text(f'<meta charset="utf-8"><link rel=icon href="data:,">{body}', "utf-8")
    with served(folder) as found:
        yield found


@pytest.fixture
def site(shop):
    return read_site("demo").model_copy(update={"base": shop.base, "rate": RATE, "wait": 1.0, "settle": 1.0})


@pytest.fixture(scope="module")
def whole(shop, tmp_path_factory):
    """The shop's reviews, what each address gave, and when what was asked for."""
    site = read_site("demo").model_copy(update={"base": shop.base, "rate": RATE, "settle": 5.0})
    out = tmp_path_factory.mktemp("whole") / "out.csv"
    before = len(shop.asked)
    accounts = collect_reviews(demo_addresses(), site, out)
    return read(out), accounts, shop.asked[before:]


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_all_reviews_of_twenty_products_over_pages_and_scroll_and_none_twice(whole):
    found, accounts, _ = whole
    with resources.as_file(resources.files("makna.samples") / "shop" / "reviews.csv") as path:
        written = read(path)
    assert found["ulasan"].tolist() == written["ulasan"].tolist()
    for here, there in (("rating", "bintang"), ("produk", "produk"), ("jenis", "jenis"), ("terjemahan", "terjemahan")):
        assert found[here].tolist() == written[there].tolist()
    assert list(found.columns) == ["ulasan", "rating", "produk", "jenis", "date", "terjemahan", "address"]
    assert [one.seen for one in accounts] == [one.announced for one in accounts]
    assert all(one.is_complete for one in accounts)


def test_the_rate_is_kept(whole):
    # What a page loads by itself as it opens comes with the page.
    times = [when for when, path in whole[2] if not path.endswith(("-1.json", ".js"))]
    assert len(times) > 30
    assert min(later - earlier for earlier, later in pairwise(times)) >= RATE * 0.9


def test_killed_half_way_and_resumed_it_is_the_same(whole, shop, tmp_path, site):
    some = ["produk/03.html", "produk/13.html", "produk/17.html", "produk/04.html"]
    (tmp_path / "addresses.csv").write_text("alamat\n" + "\n".join(some) + "\n", encoding="utf-8")
    text = (resources.files("makna.samples") / "shop" / "site.yaml").read_text("utf-8")
    (tmp_path / "site.yaml").write_text(text.replace("http://127.0.0.1:8420/", shop.base), encoding="utf-8")
    out = tmp_path / "out.csv"
    words = ["collect", "addresses.csv", "--site", "site.yaml", "--rate", "0.5", "--out", out.name]
    child = subprocess.Popen([sys.executable, "-m", "makna.cli.main", *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
    lines, end = 0, time.monotonic() + 60
    while lines < 4 and time.monotonic() < end:  # its head and two pages of the first address, at least
        time.sleep(0.05)
        lines = journal_of(out).read_bytes().count(b"\n") if journal_of(out).exists() else 0
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    time.sleep(0.5)
    assert not out.exists()
    before = len(shop.asked)
    site = read_site(tmp_path / "site.yaml").model_copy(update={"settle": 5.0})
    collect_reviews(Addresses(tuple(some)), site, out, HarvestOptions(resume=True))
    known = whole[0].set_index("address").loc[some].reset_index()[list(whole[0].columns)]
    pd.testing.assert_frame_equal(read(out), known)
    assert "/produk/03.html" not in [path for _, path in shop.asked[before:]]


def test_pages_that_are_not_as_they_should_be(shop, site, tmp_path):
    addresses = ["produk/04.html", "same.html", "new.html", "login.html", "other.html", "none.html", "cut.html",
                 "akun/rahasia.html", "gone.html"]  # fmt: skip
    site = site.model_copy(update={"max_pages": 6, "settle": 0.3})
    found = collect_reviews(Addresses(tuple(addresses)), site, tmp_path / "out.csv")
    why = {one.address.partition(".")[0]: one.why for one in found}
    assert (why["produk/04"], why["none"]) == ("", "")
    assert "never ends" in why["same"]
    assert "max_pages" in why["new"]
    assert "log in first" in why["login"]
    assert all(word in why["other"] for word in ("article.ulasan", "Lain", "div.komentar (2)", "text: 1"))
    assert "announces 9" in why["cut"]
    assert "robots.txt" in why["akun/rahasia"]
    assert "HTTP 404" in why["gone"]
    assert [one.seen for one in found] == [6, 3, 6, 0, 0, 0, 2, 0, 0]
    assert "/akun/rahasia.html" not in [path for _, path in shop.asked]
    assert len(read(tmp_path / "out.csv")) == 6 + 3 + 6 + 1


def test_a_selector_that_is_wrong_everywhere_ends_at_once(shop, site, tmp_path):
    wrong_site = site.model_copy(update={"review": ".review", "announced": None, "scroll": False})
    before = len(shop.asked)
    with pytest.raises(DataError) as wrong:
        collect_reviews(demo_addresses(), wrong_site, tmp_path / "out.csv")
    assert wrong.value.key == "collect.no_reviews"
    assert "article.ulasan (5)" in str(wrong.value)
    assert len(shop.asked) - before == 2  # robots.txt and one page
    assert not (tmp_path / "out.csv").exists()


class _Busy(http.server.BaseHTTPRequestHandler):
    answers: list[int]

    def do_GET(self):
        code = self.answers.pop(0) if self.path == "/x" else 404
        self.send_response(code)
        if code == 429:
            self.send_header("Retry-After", "33")
        self.end_headers()
        self.wfile.write(b"<article class=ulasan>")

    def log_message(self, *words):
        pass


def test_what_may_pass_is_tried_again_with_growing_pauses(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address, slept, pace = f"http://127.0.0.1:{server.server_address[1]}/x", [], Pace(0)
    try:
        with Browser(site, pace, Robots(pace), slept.append) as browser:
            _Busy.answers = [503, 429, 200]
            browser.open(address)
            assert [pause for pause in slept if pause >= 1] == [2, 33]
            assert browser.reviews == 1
            _Busy.answers = [500] * 4
            with pytest.raises(DataError, match="HTTP 500"):
                browser.open(address)
            assert _Busy.answers == []
    finally:
        server.shutdown()
        server.server_close()
