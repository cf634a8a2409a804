"""`makna label serve`: the annotation site, in one process."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makna.cli.label_people import opened
from makna.cli.screen import tell
from makna.core.errors import UsageError, UserError
from makna.core.messages import language, say

if TYPE_CHECKING:
    from makna.label.store.connect import Store


@dataclass(frozen=True)
class SiteWords:
    """The words of the command."""

    store: str
    host: str
    port: int
    proxied: bool = False
    insecure: bool = False
    names: tuple[str, ...] = ()


def serve_labels(words: SiteWords) -> None:
    """Serve the site until Ctrl-C; its address is the line on stdout.

    Raises
    ------
    UserError
        The address is open to others without encryption, is taken, or nobody could come in.
    """
    from makna.core.optional import require

    if not _is_loopback(words.host) and not words.proxied:
        if not words.insecure:
            raise UsageError("label.serve_not_loopback", host=words.host)
        tell(say("label.serve_in_clear", host=words.host))
    for package in ("nicegui", "uvicorn"):
        require(package, "makna label serve")
    with opened(words.store) as store:
        _check_admin(store)
        _check_free(words.host, words.port)
        from makna.serve.web.settings import SiteSettings
        from makna.serve.web.site import serve_site

        print(f"http://{_in_url(words.host)}:{words.port}", flush=True)  # noqa: T201 (the address is the result)
        tell(say("label.serve_stop"))
        settings = SiteSettings(words.host, words.port, words.proxied, language=language(), names=words.names)
        serve_site(store, settings)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_admin(store: Store) -> None:
    from makna.label.store.people import people

    if not any(one.role == "admin" and one.active for one in people(store)):
        raise UserError("label.serve_no_admin", store=store.where)


def _check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as problem:
        raise UserError("label.serve_taken", host=host, port=port, reason=problem.strerror or problem) from problem
