"""What a site asks of visitors: its robots.txt, and time between requests."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

from makna import __version__
from makna.core.errors import DataError

AGENT = "makna"
AGENT_LINE = f"{AGENT}/{__version__}"
_SECONDS = 20
_BIGGEST = 500_000  # bytes of a robots.txt that are read, as RFC 9309 asks at least


def is_here(address: str) -> bool:
    """Tell whether an address is a file or a server on this computer.

    Examples
    --------
    >>> is_here("http://127.0.0.1:8000/"), is_here("https://example.org/")
    (True, False)
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.scheme in ("file", "data", "about", "blob"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Pace:
    """Keeps requests apart.

    Parameters
    ----------
    seconds : float
        From the answer to one request to the next request, at least.
    clock, sleep : callable
        For tests.
    """

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.seconds = seconds
        self._clock, self._sleep = clock, sleep
        self._last: float | None = None

    def wait(self) -> None:
        """Wait until the next request may go."""
        if self._last is not None:
            left = self._last + self.seconds - self._clock()
            if left > 0:
                self._sleep(left)
        self._last = self._clock()

    def done(self) -> None:
        """Count the time from now: a page that took long is no reason to ask sooner."""
        self._last = self._clock()


class Robots:
    """The robots.txt of each host, read once.

    A host without one allows everything; one that refuses to show it (401, 403) allows nothing, and one that cannot be
    reached or fails is an error (RFC 9309).

    Parameters
    ----------
    pace : Pace
        Reading robots.txt is a request too; a longer `Crawl-delay` becomes its pace.
    obey : bool
        Whether they are read at all.
    """

    def __init__(self, pace: Pace, obey: bool = True) -> None:
        self.pace, self.obey = pace, obey
        self._known: dict[str, RobotFileParser] = {}

    def allows(self, address: str) -> bool:
        """Tell whether an address may be read.

        Raises
        ------
        DataError
            robots.txt cannot be read.
        """
        parts = urlsplit(address)
        if not self.obey or parts.scheme not in ("http", "https"):
            return True
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._known:
            self._known[host] = self._read(urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", "")))
            delay = self._known[host].crawl_delay(AGENT)
            self.pace.seconds = max(self.pace.seconds, float(delay or 0))
        return self._known[host].can_fetch(AGENT, address)

    def _read(self, address: str) -> RobotFileParser:
        found = RobotFileParser(address)
        self.pace.wait()
        request = urllib.request.Request(address, headers={"User-Agent": AGENT_LINE})
        handlers = [urllib.request.ProxyHandler({})] if is_here(address) else []
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=_SECONDS) as answer:
                found.parse(answer.read(_BIGGEST).decode("utf-8", "replace").splitlines())
        except urllib.error.HTTPError as problem:
            if problem.code >= 500 or problem.code == 429:
                raise DataError("collect.robots_fails", address=address, reason=f"HTTP {problem.code}") from problem
            if problem.code in (401, 403):
                found.parse(["User-agent: *", "Disallow: /"])
            else:
                found.parse([])
        except (OSError, ValueError) as problem:
            reason = str(getattr(problem, "reason", problem))
            raise DataError("collect.robots_fails", address=address, reason=reason) from problem
        finally:
            self.pace.done()
        return found
