"""A page in a real browser: Chromium, driven by Playwright, one page at a time."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from makna.collect.datasets import offline
from makna.collect.polite import AGENT_LINE, Pace, Robots, is_here
from makna.collect.sites import Site
from makna.core.errors import DataError
from makna.core.optional import require

if TYPE_CHECKING:
    from playwright.sync_api import Page

T = TypeVar("T")
PURPOSE = "collect"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-background-networking",
    "--disable-component-update",
)  # fmt: skip
_TRIES = 4
_BACK_OFF = 2.0  # seconds, doubled with each try
_LONGEST_BACK_OFF = 120.0
_LOADING = 30.0  # seconds for a page to come
_LOOK = 0.05  # seconds between two looks at a page
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

_SHOWN = """selector => {
  const all = document.querySelectorAll(selector);
  const last = all.length ? all[all.length - 1].textContent : "", first = all.length ? all[0].textContent : "";
  return [all.length, first, last, location.href].join("\\u0000");
}"""
_COUNT = "selector => document.querySelectorAll(selector).length"
_DOWN = """selector => {
  const all = document.querySelectorAll(selector);
  if (all.length) all[all.length - 1].scrollIntoView({block: "end"});
  window.scrollTo(0, document.documentElement.scrollHeight);
}"""
_A_SCREEN_DOWN = "() => window.scrollBy(0, window.innerHeight * 0.9)"
_TARGET = """element => {
  const link = element.closest("a[href]");
  return link && /^(https?|file):/.test(link.href) && !/^#/.test(link.getAttribute("href")) ? link.href : "";
}"""
_OFF = """element => element.matches(":disabled") || element.getAttribute("aria-disabled") === "true"
  || /(^|[ _-])disabled([ _-]|$)/.test(element.className)"""


def find_chromium() -> str | None:
    """Return the system's own Chromium or Chrome, None where there is none on the PATH."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def check_browser() -> None:
    """Refuse to begin where pages cannot be read.

    Raises
    ------
    MissingPackageError
        Playwright or BeautifulSoup is not installed.
    DataError
        There is no Chromium.
    """
    require("bs4", PURPOSE)
    api = require("playwright.sync_api", PURPOSE)
    if find_chromium() is not None:
        return

    def own() -> str:
        with api.sync_playwright() as player:
            return str(player.chromium.executable_path)

    if not Path(apart(own)).exists():
        raise DataError("collect.no_browser", names=", ".join(CHROMIUMS))


def apart(work: Callable[[], T]) -> T:
    """Return what `work` returns, done in a thread of its own where an event loop runs, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class Browser:
    """One page that goes from address to address; a context manager.

    Parameters
    ----------
    site : Site
        What to look for on a page.
    pace : Pace
        Asked before every request.
    robots : Robots
        Asked before every address.
    sleep : callable
        Waits between tries; for tests.
    """

    def __init__(self, site: Site, pace: Pace, robots: Robots, sleep: Callable[[float], None] = time.sleep) -> None:
        self.site, self.pace, self.robots = site, pace, robots
        self._sleep = sleep
        self._api: Any = require("playwright.sync_api", PURPOSE)

    def __enter__(self) -> Self:
        self._manager = self._api.sync_playwright()
        self._player = self._manager.__enter__()
        try:
            # Chromium refuses its own sandbox to the administrator.
            as_root = hasattr(os, "geteuid") and os.geteuid() == 0
            arguments = [*_ARGUMENTS, *(("--no-sandbox",) if as_root else ())]
            self._chromium = self._player.chromium.launch(executable_path=find_chromium(), args=arguments)
            self._page: Page = self._new_page()
        except self._api.Error as problem:
            self._manager.__exit__(None, None, None)
            raise DataError("collect.browser_fails", reason=_first_line(problem)) from problem
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._chromium.close()
        except self._api.Error:
            pass  # it is gone already
        finally:
            self._manager.__exit__(None, None, None)

    def _new_page(self) -> Page:
        page: Page = self._chromium.new_page(viewport={"width": 1280, "height": 900}, accept_downloads=False)
        usual = str(page.evaluate("navigator.userAgent")).replace("HeadlessChrome", "Chrome")
        page.close()
        context = self._chromium.new_context(
            viewport={"width": 1280, "height": 900}, user_agent=f"{usual} {AGENT_LINE}", accept_downloads=False
        )
        if offline():
            context.route("**/*", _only_here)
        made: Page = context.new_page()
        made.set_default_timeout(_LOADING * 1000)
        return made

    @property
    def address(self) -> str:
        """Where the page is now."""
        return str(self._page.url)

    @property
    def html(self) -> str:
        """The page as it is now."""
        return str(self._patiently(self._page.content))

    @property
    def reviews(self) -> int:
        """Number of review elements on the page now."""
        return int(self._patiently(lambda: self._page.evaluate(_COUNT, self.site.review)))

    def open(self, address: str) -> None:
        """Go to an address; what may pass is tried again, with growing pauses.

        Raises
        ------
        DataError
            robots.txt or `--offline` forbids it, or it does not come.
        """
        if offline() and not is_here(address):
            raise DataError("collect.offline_address", address=address)
        if not self.robots.allows(address):
            raise DataError("collect.robots_forbid", address=address)
        reason = ""
        for attempt in range(_TRIES):
            self.pace.wait()
            pause = _BACK_OFF * 2**attempt
            try:
                answer = self._page.goto(address, wait_until="domcontentloaded")
            except self._api.Error as problem:
                reason = _first_line(problem)
                if "ERR_BLOCKED_BY_CLIENT" in reason:
                    raise DataError("collect.offline_address", address=address) from problem
            else:
                if answer is None or answer.status < 400:
                    if not self.robots.allows(self.address):
                        raise DataError("collect.robots_forbid", address=self.address)
                    return
                reason = f"HTTP {answer.status}"
                if answer.status in (401, 403):
                    raise DataError("collect.page_refused", address=address, reason=reason)
                if answer.status not in _AGAIN:
                    break
                pause = max(pause, _seconds(answer.headers.get("retry-after", "")))
            finally:
                self.pace.done()
            if attempt < _TRIES - 1:
                self._sleep(min(pause, _LONGEST_BACK_OFF))
        raise DataError("collect.page_fails", address=address, reason=reason, n=attempt + 1)

    def wait_for_reviews(self) -> bool:
        """Wait until there is a review, going down the page where it loads what is looked at; tell whether one came."""
        end = time.monotonic() + self.site.wait
        if self._until(lambda: self.reviews > 0, min(self.site.settle, self.site.wait / 3)):
            return True
        while time.monotonic() < end:
            self.pace.wait()
            self._patiently(lambda: self._page.evaluate(_A_SCREEN_DOWN))
            came = self._until(lambda: self.reviews > 0, min(self.site.settle, 1.0))
            self.pace.done()
            if came:
                return True
        return False

    def scroll(self) -> bool:
        """Go to the end of what is there; tell whether other reviews came."""
        return self._changed_by(lambda: self._page.evaluate(_DOWN, self.site.review))

    def next(self) -> bool:
        """Go to the next page; False where there is no way on.

        Raises
        ------
        DataError
            As `open`.
        """
        if self.site.next is None:
            return False
        buttons = self._page.locator(self.site.next).filter(visible=True)
        if not self._patiently(buttons.count):
            return False
        button = buttons.first
        if button.evaluate(_OFF):
            return False
        target = str(button.evaluate(_TARGET))
        if target:
            self.open(target)
            self.wait_for_reviews()
            return True

        def press() -> None:
            try:
                button.click(timeout=self.site.settle * 1000)
            except self._api.Error:  # something lies on it, such as a notice about cookies
                button.dispatch_event("click", timeout=self.site.settle * 1000)

        try:
            self._changed_by(press)
        except self._api.Error as problem:
            raise DataError("collect.page_fails", address=self.address, reason=_first_line(problem), n=1) from problem
        if not self.robots.allows(self.address):
            raise DataError("collect.robots_forbid", address=self.address)
        return True

    def _changed_by(self, act: Callable[[], Any]) -> bool:
        before = self._shown()
        self.pace.wait()
        act()
        changed = self._until(lambda: self._shown() != before, self.site.settle)
        self.pace.done()
        return changed

    def _shown(self) -> str:
        return str(self._patiently(lambda: self._page.evaluate(_SHOWN, self.site.review)))

    def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                return False
            self._page.wait_for_timeout(_LOOK * 1000)
        return True

    def _patiently(self, look: Callable[[], Any]) -> Any:
        """Return what a look at the page gives; a page that is just leaving is looked at again."""
        for _ in range(20):
            try:
                return look()
            except self._api.Error as problem:
                if self._page.is_closed():
                    raise DataError("collect.browser_fails", reason=_first_line(problem)) from problem
                last = problem
                self._sleep(_LOOK)
        raise DataError("collect.page_fails", address=self.address, reason=_first_line(last), n=20) from last


def _only_here(route: Any) -> None:
    if is_here(route.request.url):
        route.continue_()
    else:
        route.abort("blockedbyclient")


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__


def _seconds(written: str) -> float:
    return float(written) if written.isdigit() else 0.0
