"""From a list of addresses to a table of reviews: page after page, each review once, resumable, with an account."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pandas as pd

from makna.collect.browser import Browser, apart, check_browser
from makna.collect.files import read_table
from makna.collect.journal import Journal, Progress, journal_of
from makna.collect.names import listed
from makna.collect.polite import Pace, Robots, is_here
from makna.collect.reviews import PageReviews, Seen, instead, needs_login, parse_page
from makna.collect.sites import ADDRESS, TEXT, Site
from makna.collect.writer import TableWriter
from makna.core.errors import DataError
from makna.core.messages import say

_ADDRESS_COLUMNS = ("address", "alamat", "url", "link", "tautan")


@dataclass(frozen=True)
class Addresses:
    """Where to look.

    Parameters
    ----------
    written : tuple of str
        As the user has them; each once.
    more : dict of dict
        Address → further columns of the list, which every review of it gets.
    """

    written: tuple[str, ...]
    more: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the further columns."""
        return list(next(iter(self.more.values()), {}))


@dataclass(frozen=True)
class HarvestOptions:
    """How to collect.

    Parameters
    ----------
    rate : float or None
        Seconds between requests; the site file's when None.
    robots : bool
        Whether to obey robots.txt.
    resume : bool
        Go on with an interrupted collection, and try again what failed.
    listen : callable
        Told of progress: (address, done, total).
    """

    rate: float | None = None
    robots: bool = True
    resume: bool = False
    listen: Callable[[str, int, int], None] = lambda address, done, total: None


@dataclass(frozen=True)
class Account:
    """What one address gave, beside what its page announced."""

    address: str
    seen: int
    announced: int | None
    without_text: int
    is_complete: bool
    why: str = ""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {"address": self.address, "seen": self.seen, "announced": self.announced,
                "without_text": self.without_text, "complete": self.is_complete, "why": self.why}  # fmt: skip


def read_addresses(source: str | os.PathLike[str]) -> Addresses:
    """Read a table with a column of addresses: ``address``, ``alamat``, ``url``, ``link``, or its only column.

    Parameters
    ----------
    source : path
        csv, tsv, xlsx, jsonl or parquet.

    Raises
    ------
    DataError
        As `read_table`; there is no such column, or no address in it.
    """
    table = read_table(Path(source))
    by_name = {str(name).strip().lower(): str(name) for name in table.columns}
    column = next((by_name[name] for name in _ADDRESS_COLUMNS if name in by_name), None)
    if column is None and len(table.columns) == 1:
        column = str(table.columns[0])
    if column is None:
        columns = listed(str(name) for name in table.columns)
        raise DataError("collect.no_address_column", path=str(source), columns=columns)
    rows = table[table[column].str.strip() != ""]
    if rows.empty:
        raise DataError("collect.no_addresses", path=str(source), column=column)
    others = [str(name) for name in table.columns if name != column]
    more = {str(row[column]).strip(): {name: str(row[name]) for name in others} for row in rows.to_dict("records")}
    return Addresses(tuple(more), more if others else {})


def collect_reviews(
    addresses: Addresses, site: Site, out: str | os.PathLike[str], options: HarvestOptions | None = None
) -> list[Account]:
    """Read the reviews of all addresses and write them as a table.

    Parameters
    ----------
    addresses : Addresses
        Where to look.
    site : Site
        What to look for.
    out : path
        The table; a journal stands beside it.
    options : HarvestOptions or None
        How to collect.

    Returns
    -------
    list of Account
        One an address, in their order.

    Raises
    ------
    UserError
        An address cannot be used, the table is there already, there is no browser, or no address gave a review.
    """
    options = options or HarvestOptions()
    path = Path(out)
    if path.exists() and not options.resume:
        raise DataError("collect.out_there", path=str(path))
    whole = {address: _whole(address, site) for address in addresses.written}
    columns = _columns(addresses, site)
    _check_target(path, columns)
    check_browser()
    with Journal(journal_of(path), site, addresses.written, options.resume) as journal:
        apart(lambda: _harvest(whole, site, journal, options))
    rows = _rows(addresses, site, journal.of)
    if rows.empty:
        raise DataError("collect.nothing", n=len(whole), why=_first_why(journal.of))
    with TableWriter.open(path, columns) as writer:
        writer.write(rows[columns])
    return [_account(address, found) for address, found in journal.of.items()]


class _OnlyTried(Exception):  # noqa: N818 (nothing went wrong)
    pass


def _check_target(path: Path, columns: Sequence[str]) -> None:
    """Refuse a table that cannot be written, before an hour of collecting."""
    with suppress(_OnlyTried), TableWriter.open(path, columns):
        raise _OnlyTried


def _harvest(whole: dict[str, str], site: Site, journal: Journal, options: HarvestOptions) -> None:
    waiting = [address for address in whole if not journal.of[address].is_complete]
    if not waiting:
        return
    pace = Pace(site.rate if options.rate is None else options.rate)
    with Browser(site, pace, Robots(pace, options.robots)) as browser:
        for address in waiting:
            options.listen(address, len(whole) - len(waiting) + waiting.index(address), len(whole))
            try:
                _read(browser, site, journal, address, whole[address])
            except DataError as problem:
                if not any(found.rows for found in journal.of.values()):
                    raise  # what fails at once would fail everywhere
                journal.end(address, complete=False, why=str(problem))
    options.listen("", len(whole), len(whole))


def _read(browser: Browser, site: Site, journal: Journal, address: str, start: str) -> None:
    """Read one address to its end, from where an interruption left it."""
    known = journal.of[address]
    seen = Seen()
    seen.remember(known.keys)
    browser.open(_whole(known.page, site) if known.page else start)
    page = _first_page(browser, site, journal.salt, start)
    stale, why = 0, ""
    for turn in range(1, site.max_pages + 1):
        new = seen.new_of(page)
        journal.page(address, _short(browser.address, site), new, page.announced)
        stale = 0 if new or turn == 1 else stale + 1
        if known.announced is not None and len(known.rows) >= known.announced:
            break
        if stale >= site.stale:
            why = say("collect.endless", n=stale, address=start)
            break
        if turn == site.max_pages:
            why = say("collect.too_long", n=turn, address=start)
            break
        if not _further(browser, site):
            break
        page = parse_page(browser.html, site, journal.salt)
    if not why and known.announced is not None and len(known.rows) < known.announced:
        why = say("collect.fewer", seen=len(known.rows), announced=known.announced)
    journal.end(address, complete=not why, why=why)


def _first_page(browser: Browser, site: Site, salt: bytes, asked: str) -> PageReviews:
    """Return the first page of an address; a page without reviews says so itself, or something is wrong."""
    page = parse_page(browser.html, site, salt)
    if page.reviews or page.announced == 0:
        return page
    if not needs_login(browser.html, site, asked, browser.address):
        browser.wait_for_reviews()
        page = parse_page(browser.html, site, salt)
        if page.reviews or page.announced == 0:
            return page
    html = browser.html
    if needs_login(html, site, asked, browser.address):
        raise DataError("collect.login_wall", address=asked, shown=browser.address)
    raise DataError("collect.no_reviews", address=asked, selector=site.review, found=instead(html, site))


def _further(browser: Browser, site: Site) -> bool:
    """Go on to more reviews: the next page, or further down; False where there is no way on."""
    return browser.next() or (site.scroll and browser.scroll())


def _whole(address: str, site: Site) -> str:
    """Return a written address as one that a browser can open."""
    whole = urljoin(site.base, address) if site.base else address
    if urlsplit(whole).scheme not in ("http", "https", "file"):
        if not Path(address).is_file():
            raise DataError("collect.not_an_address", address=address)
        whole = Path(address).resolve().as_uri()
    from makna.collect.datasets import offline

    if offline() and not is_here(whole):
        raise DataError("collect.offline_address", address=whole)
    return whole


def _short(whole: str, site: Site) -> str:
    """Return an address as it is written: from the site's base, which may be another when the journal is read."""
    return whole.removeprefix(site.base) if site.base else whole


def _columns(addresses: Addresses, site: Site) -> list[str]:
    further = [name for name in addresses.columns if name not in site.names and name != ADDRESS]
    return [*site.names, *further, ADDRESS]


def _rows(addresses: Addresses, site: Site, of: dict[str, Progress]) -> pd.DataFrame:
    names = dict(zip(site.kept, site.names, strict=True))
    rows = []
    for address, found in of.items():
        listed_too = addresses.more.get(address, {})
        for row in found.rows:
            if not row[TEXT]:
                continue
            own = {names[name]: value for name, value in row.items()}
            rows.append({**listed_too, **{k: v or listed_too.get(k, "") for k, v in own.items()}, ADDRESS: address})
    return pd.DataFrame(rows, columns=_columns(addresses, site), dtype=str)


def _account(address: str, found: Progress) -> Account:
    end = found.end or {"complete": False, "why": ""}
    without = sum(not row[TEXT] for row in found.rows)
    return Account(address, len(found.rows), found.announced, without, bool(end["complete"]), str(end["why"]))


def _first_why(of: dict[str, Progress]) -> str:
    return next((str(found.end["why"]) for found in of.values() if found.end and found.end["why"]), "–")


def warnings_of(accounts: Sequence[Account]) -> list[str]:
    """Return what the user should know of a collection: addresses that are not complete, reviews without a text."""
    told = [say("collect.incomplete", address=one.address, why=one.why) for one in accounts if not one.is_complete]
    without = sum(one.without_text for one in accounts)
    return told + ([say("collect.without_text", n=without)] if without else [])
