"""Reviews out of a page's HTML, as rows; user names never leave it unless a site says so."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from makna.collect.sites import REVIEW_ID, USER, Found, Site
from makna.core.messages import say
from makna.core.optional import require

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, PageElement, Tag

PURPOSE = "collect"
_SHOWN = 6
_LOGIN = re.compile(r"(^|[/_.-])(log-?in|sign-?in|masuk|auth|sso)([/_.?-]|$)", re.IGNORECASE)
_PASSWORD = "input[type=password]"
_DIGITS = re.compile(r"\d[\d.,\s]*")


@dataclass(frozen=True)
class Review:
    """One review: its row, a key that others share only if nothing tells them apart, and whether the site gave it."""

    row: dict[str, str]
    key: str
    identified: bool = False


@dataclass
class PageReviews:
    """What a page shows.

    Parameters
    ----------
    reviews : list of Review
        In their order; the text is '' where there are stars alone, or where the page was cut off.
    announced : int or None
        How many the page says there are.
    """

    reviews: list[Review] = field(default_factory=list)
    announced: int | None = None


def parse_page(html: str, site: Site, salt: bytes) -> PageReviews:
    """Return the reviews of a page.

    Parameters
    ----------
    html : str
        As the browser has it, or a file; broken HTML is read as far as it goes.
    site : Site
        Where things stand.
    salt : bytes
        For pseudonyms and keys; another salt, other pseudonyms.

    Examples
    --------
    >>> site = Site(review="li", fields={"text": "p", "user": "b"})
    >>> page = parse_page("<li><b>Ani</b><p>Bagus</p></li><li><b>Budi</b></li>", site, b"")
    >>> [review.row for review in page.reviews]
    [{'text': 'Bagus'}, {'text': ''}]
    """
    soup = soup_of(html)
    found = PageReviews(announced=_announced(soup, site))
    elements = soup.select(site.review)
    own = {id(element) for element in elements}
    around = {name: _of_page(soup, where) for name, where in site.fields.items() if where.of == "page"}
    for element in elements:
        values = {
            name: around[name] if name in around else _value(element, where, own) for name, where in site.fields.items()
        }
        found.reviews.append(Review(_row(values, site, salt), _key(values, salt), bool(values.get(REVIEW_ID))))
    return found


def soup_of(html: str) -> BeautifulSoup:
    """Return HTML as a tree.

    Raises
    ------
    MissingPackageError
        BeautifulSoup is not installed.
    """
    parser = require("bs4", PURPOSE)
    made: BeautifulSoup = parser.BeautifulSoup(html, "html.parser")
    return made


def needs_login(html: str, site: Site, asked: str, shown: str) -> bool:
    """Tell whether a page without reviews asks to log in.

    Parameters
    ----------
    html : str
        Of the page.
    site : Site
        May name what such a page has.
    asked, shown : str
        The address that was asked for, and the one that came.
    """
    soup = soup_of(html)
    if site.login is not None and soup.select_one(site.login):
        return True
    moved = urlsplit(shown).path != urlsplit(asked).path
    return soup.select_one(_PASSWORD) is not None or (moved and bool(_LOGIN.search(urlsplit(shown).path)))


def instead(html: str, site: Site) -> str:
    """Say what a page has where no review was found: its title, what repeats on it, and which selectors fit.

    Parameters
    ----------
    html : str
        Of the page.
    site : Site
        Whose `review` matched nothing.
    """
    soup = soup_of(html)
    title = soup.title.get_text(" ", strip=True)[:60] if soup.title else ""
    counts = Counter(_name(tag) for tag in soup.find_all(True) if tag.get("class") or tag.name == "article")
    repeated = [f"{name} ({n})" for name, n in counts.most_common(_SHOWN) if n > 1]
    inside = {name: len(soup.select(where.select)) for name, where in site.fields.items() if where.select}
    fits = [f"{name}: {n}" for name, n in inside.items() if n]
    return say("collect.page_has", title=title or "–", repeated=", ".join(repeated) or "–", fits=", ".join(fits) or "–")


class Seen:
    """Reviews of one address as its pages come, each once.

    A review that is shown again (a page that moved on, a list that is drawn anew) is not a second one. Equal reviews
    that stand beside each other on one page are.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def new_of(self, page: PageReviews) -> list[Review]:
        """Return those of a page's reviews that were not seen before."""
        here: Counter[str] = Counter()
        found = []
        for review in page.reviews:
            if review.identified and here[review.key]:
                continue
            here[review.key] += 1
            if here[review.key] > self._seen[review.key]:
                found.append(review)
        self._seen |= here
        return found

    def remember(self, keys: Mapping[str, int]) -> None:
        """Take over what was seen before an interruption."""
        self._seen |= Counter(keys)


def _row(values: Mapping[str, str], site: Site, salt: bytes) -> dict[str, str]:
    row = {}
    for name in site.kept:
        value = values[name]
        if name == USER and site.users == "pseudonym":
            value = pseudonym(value, salt)
        row[name] = value
    return row


def pseudonym(name: str, salt: bytes) -> str:
    """Return a name that stands for a user and cannot be led back without the salt; '' for ''.

    Examples
    --------
    >>> pseudonym("Ani", b"x") == pseudonym(" ani ", b"x") != pseudonym("Ani", b"y")
    True
    """
    same = " ".join(name.split()).casefold()
    return f"u{hmac.new(salt, same.encode(), hashlib.sha256).hexdigest()[:12]}" if same else ""


def _key(values: Mapping[str, str], salt: bytes) -> str:
    """Return what tells a review from others: the site's own id, else all that is known of it."""
    known: Any = values[REVIEW_ID] if values.get(REVIEW_ID) else sorted(values.items())
    return hmac.new(salt, json.dumps(known).encode(), hashlib.sha256).hexdigest()[:20]


def _of_page(soup: BeautifulSoup, where: Found) -> str:
    some = soup.select(where.select) if where.select else []
    if where.count:
        return str(len(some))
    return _cut(some[0], where, set()) if some else ""


def _value(element: Tag, where: Found, own: set[int]) -> str:
    # HTML that was cut off has the next review inside this one; what is in there belongs to that one.
    some = element.select(where.select) if where.select else [element]
    some = [tag for tag in some if _owner(tag, own) is element]
    if where.count:
        return str(len(some))
    return _cut(some[0], where, own) if some else ""


def _owner(node: PageElement, own: set[int]) -> PageElement | None:
    """Return the innermost review around a piece of the page."""
    at: PageElement | None = node
    while at is not None and id(at) not in own:
        at = at.parent
    return at


def _cut(tag: Tag, where: Found, own: set[int]) -> str:
    if where.attribute is None:
        owner = _owner(tag, own)
        text = " ".join(" ".join(piece for piece in tag.strings if _owner(piece, own) is owner).split())
    else:
        given = tag.get(where.attribute, "")
        text = " ".join(given) if isinstance(given, list) else str(given).strip()
    if where.pattern is None:
        return text
    match = re.search(where.pattern, text)
    if match is None:
        return ""
    return (match[1] if match.re.groups else match[0]) or ""


def _announced(soup: BeautifulSoup, site: Site) -> int | None:
    if site.announced is None:
        return None
    if site.announced.count:
        return len(soup.select(site.announced.select))
    tag = soup.select_one(site.announced.select)
    number = _DIGITS.search(_cut(tag, site.announced, set())) if tag is not None else None
    return int(re.sub(r"\D", "", number[0])) if number else None


def _name(tag: Tag) -> str:
    classes = tag.get_attribute_list("class")
    return f"{tag.name}.{classes[0]}" if classes else str(tag.name)
