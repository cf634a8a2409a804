"""The demo shop: twenty products on a small web site of this computer, to try collecting on.

``python -m makna.collect.demo`` serves it to look at. The pages are made from `samples/shop/reviews.csv`: products 1–12
have pages with a link to the next, 13–16 go on while one scrolls, 17–20 have a button and load when they are looked at.
"""

from __future__ import annotations

import csv
import html
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.harvest import Addresses
from makna.core.messages import say

PORT = 8420
_A_PAGE = 5
_BY_SCROLL, _BY_BUTTON = range(13, 17), range(17, 21)
_NAMES = ("Ani", "Budi", "Citra", "Dewi", "Eko", "Fitri", "Gilang", "Hana", "Indra", "Joko", "Kirana", "Lestari")
_FIRST_DAY = date(2024, 1, 3)


def demo_addresses() -> Addresses:
    """Return the addresses of the twenty products."""
    return Addresses(tuple(f"produk/{i:02}.html" for i in range(1, len(_products()) + 1)))


def shipped_gold() -> pd.DataFrame:
    """Return what a person says of two thirds of the shop's reviews: columns ``ulasan`` and ``manual``."""
    return pd.DataFrame(list(csv.DictReader(_shipped("gold.csv").splitlines())), dtype=str)


def write_shop(folder: Path) -> None:
    """Write the shop's pages.

    Parameters
    ----------
    folder : Path
        Where to; it need not exist.
    """
    (folder / "produk").mkdir(parents=True, exist_ok=True)
    template = _shipped("page.html")
    (folder / "shop.js").write_text(_shipped("shop.js"), encoding="utf-8")
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /akun/\n", encoding="utf-8")
    links = []
    for i, (name, reviews) in enumerate(_products().items(), 1):
        pages = [reviews[at : at + _A_PAGE] for at in range(0, len(reviews), _A_PAGE)]
        write = _write_moving if i in _BY_SCROLL or i in _BY_BUTTON else _write_still
        fill = partial(template.format, title=html.escape(name), product=html.escape(name),
                       kind=html.escape(reviews[0]["jenis"]), n=len(reviews))  # fmt: skip
        write(folder / "produk", i, pages, fill)
        links.append(f'<li><a href="produk/{i:02}.html">{html.escape(name)}</a>')
    index = template.format(title="Toko Cempaka", product="Toko Cempaka", kind="–", n=0, body="\n".join(links))
    (folder / "index.html").write_text(index, encoding="utf-8")


def _write_still(folder: Path, i: int, pages: list[list[dict[str, str]]], fill: Callable[..., str]) -> None:
    for number, page in enumerate(pages, 1):
        # Somebody wrote a review meanwhile: the second page begins with what ended the first.
        again = pages[0][-1:] if (i, number) == (3, 2) else []
        body = "\n".join(_article(review) for review in [*again, *page])
        if number < len(pages):
            body += f'\n<a class="berikutnya" href="{i:02}-{number + 1}.html">Berikutnya</a>'
        name = f"{i:02}.html" if number == 1 else f"{i:02}-{number}.html"
        (folder / name).write_text(fill(body=body), encoding="utf-8")


def _write_moving(folder: Path, i: int, pages: list[list[dict[str, str]]], fill: Callable[..., str]) -> None:
    for number, page in enumerate(pages, 1):
        (folder / f"{i:02}-{number}.json").write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    how = "gulir" if i in _BY_SCROLL else "tombol"
    body = f'<div id="ulasan" data-cara="{how}" data-alamat="{i:02}" data-halaman="{len(pages)}"></div>'
    if i in _BY_BUTTON:
        body = f'<div class="tirai"></div>{body}<button class="berikutnya">Berikutnya</button>'
    (folder / f"{i:02}.html").write_text(fill(body=f'{body}<script src="../shop.js"></script>'), encoding="utf-8")


def _article(review: dict[str, str]) -> str:
    safe = {name: html.escape(value) for name, value in review.items()}
    return (
        '<article class="ulasan"><b class="nama">{nama}</b><p class="teks">{ulasan}</p>'
        '<p class="terjemahan">{terjemahan}</p><span class="bintang" data-nilai="{bintang}">{bintang}/5</span> '
        '<time datetime="{tanggal}">{tanggal}</time></article>'
    ).format(**safe)


def _products() -> dict[str, list[dict[str, str]]]:
    """Return product → reviews, with a made-up name and day for each."""
    found: dict[str, list[dict[str, str]]] = {}
    for i, row in enumerate(csv.DictReader(_shipped("reviews.csv").splitlines())):
        day = _FIRST_DAY + timedelta(days=2 * i)
        found.setdefault(row["produk"], []).append(
            {**row, "nama": _NAMES[i * 5 % len(_NAMES)], "tanggal": day.isoformat()}
        )
    return found


def _shipped(name: str) -> str:
    return (resources.files("makna.samples") / "shop" / name).read_text("utf-8")


class _Handler(SimpleHTTPRequestHandler):
    """Serves files, and notes when each was asked for."""

    def __init__(self, *words: Any, asked: list[tuple[float, str]], **more: Any) -> None:
        self.asked = asked
        super().__init__(*words, **more)

    def do_GET(self) -> None:
        self.asked.append((time.monotonic(), self.path))
        super().do_GET()

    def log_message(self, *words: Any) -> None:
        pass


class Shop:
    """A shop that is being served.

    Parameters
    ----------
    base : str
        Its address.
    asked : list of (float, str)
        When which page was asked for, seconds of a clock that only goes on.
    """

    def __init__(self, base: str, asked: list[tuple[float, str]]) -> None:
        self.base, self.asked = base, asked


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[Shop]:
    """Serve a folder on this computer alone, in a thread.

    Parameters
    ----------
    folder : Path
        What to serve.
    port : int
        0 for any that is free.
    """
    asked: list[tuple[float, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder), asked=asked))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Shop(f"http://127.0.0.1:{server.server_address[1]}/", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def demo_shop(port: int = 0) -> Iterator[Shop]:
    """Serve the demo shop from a folder that is gone afterwards.

    Parameters
    ----------
    port : int
        0 for any that is free.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> with demo_shop() as shop:
    ...     page = urlopen(shop.base + "produk/01.html").read().decode()
    >>> page.count("<article"), "01-2.html" in page
    (5, True)
    """
    with tempfile.TemporaryDirectory(prefix="makna-shop-") as folder:
        write_shop(Path(folder))
        with served(Path(folder), port) as shop:
            yield shop


def main(words: Sequence[str] | None = None) -> None:
    """Serve the shop until Ctrl-C."""
    with demo_shop(PORT) as shop:
        print(say("collect.demo_served", address=shop.base), flush=True)  # noqa: T201 (a command)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
