"""How the site is served."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from makna.core.messages import LANGUAGES

MIB = 1024 * 1024


@dataclass(frozen=True)
class SiteSettings:
    """Where the site listens and what it takes in.

    Parameters
    ----------
    host : str
        Address to listen at.
    port : int
        Port to listen at.
    proxied : bool
        Whether a proxy with TLS stands in front: cookies are then Secure, and addresses begin with https.
    upload_limit : int
        Bytes that an uploaded file may have.
    unpacked_limit : int
        Bytes that its content may have, where the file is a packed one (xlsx, parquet).
    body_limit : int
        Bytes that any other request may have.
    language : {"id", "en"}
        Language of who has not chosen one.
    names : tuple of str
        Host names under which the site is reached; where there are none, a site on the loopback answers to the
        loopback's names only, any other to every name.
    """

    host: str = "127.0.0.1"
    port: int = 8421
    proxied: bool = False
    upload_limit: int = 20 * MIB
    unpacked_limit: int = 200 * MIB
    body_limit: int = MIB
    language: str = "id"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"language is one of {', '.join(LANGUAGES)}; got {self.language!r}")

    @property
    def scheme(self) -> str:
        """What addresses begin with, as browsers see them."""
        return "https" if self.proxied else "http"

    def answers_to(self, host: str) -> bool:
        """Tell whether a request's Host (with or without a port) is one of the site's own."""
        name = _without_port(host).lower()
        if self.names:
            return name in {own.lower() for own in self.names}
        return bool(name) and (not _is_loopback(self.host) or _is_loopback(name))


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
