"""A site as data: where its reviews stand on a page, what belongs to one, and how the page goes on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from makna.collect.disk import plain_errors
from makna.collect.names import hint
from makna.core.errors import DataError
from makna.core.messages import say
from makna.core.optional import available

DEMO = "demo"
USERS = ("drop", "pseudonym", "keep")
TEXT, USER, REVIEW_ID, ADDRESS = "text", "user", "id", "address"

Users = Literal["drop", "pseudonym", "keep"]
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Seconds = Annotated[float, Field(ge=0, le=3600)]


def _selector(value: str) -> str:
    """Refuse what is no CSS selector, with the place where it goes wrong."""
    if not available("soupsieve"):
        return value  # comes with BeautifulSoup, without which no page is read either
    import soupsieve

    try:
        soupsieve.compile(value)
    except Exception as problem:  # its own error, which is not worth an import at the top
        raise ValueError(str(problem).splitlines()[0]) from problem
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Found(_Part):
    """Where one value stands.

    Attributes
    ----------
    select : str
        CSS selector, inside the review; '' for the review element itself.
    attribute : str or None
        The element's attribute; its text when None.
    pattern : str or None
        Regular expression; its first group, or all that it matches, is the value.
    count : bool
        The number of elements is the value, such as filled stars.
    of : {"review", "page"}
        Inside the review, or anywhere on the page (a product's name).
    """

    select: str = ""
    attribute: str | None = None
    pattern: str | None = None
    count: bool = False
    of: Literal["review", "page"] = "review"

    @field_validator("select")
    @classmethod
    def _is_selector(cls, value: str) -> str:
        return _selector(value) if value else value

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as problem:
                raise ValueError(str(problem)) from problem
        return value


class Site(_Part):
    """A site's reviews.

    Attributes
    ----------
    review : str
        CSS selector of the element that holds one review.
    fields : dict
        Name → where it stands in the review: `text`, and for example rating, product, type, date, user, id.
    next : str or None
        The link or button to the next page of reviews.
    scroll : bool
        Whether more reviews come by scrolling down.
    announced : Found or None
        The number of reviews that the page says there are.
    login : str or None
        What is on the page where one must log in first.
    base : str or None
        What relative addresses start from.
    columns : dict
        Name of a field → name of its column.
    users : {"drop", "pseudonym", "keep"}
        What becomes of the field `user`.
    rate : float
        Seconds from one request to the next, at least.
    wait : float
        Seconds to wait for reviews to appear.
    settle : float
        Seconds to wait for more after scrolling or pressing.
    stale : int
        Pages or scrolls without a new review after which an address is left.
    max_pages : int
        Pages and scrolls of one address, at most.
    """

    title: str = ""
    review: str
    fields: dict[FieldName, Found]
    next: str | None = None
    scroll: bool = False
    announced: Found | None = None
    login: str | None = None
    base: str | None = None
    columns: dict[FieldName, str] = Field(default_factory=dict)
    users: Users = "drop"
    rate: Seconds = 2.0
    wait: Annotated[float, Field(gt=0, le=300)] = 15.0
    settle: Annotated[float, Field(gt=0, le=60)] = 3.0
    stale: Annotated[int, Field(ge=1, le=50)] = 3
    max_pages: Annotated[int, Field(ge=1, le=100_000)] = 500

    @field_validator("review", "next", "login")
    @classmethod
    def _is_selector(cls, value: str | None) -> str | None:
        return value if value is None else _selector(value)

    @field_validator("fields", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """Read ``text: .teks`` as ``text: {select: .teks}``."""
        if not isinstance(value, Mapping):
            return value
        return {key: {"select": found} if isinstance(found, str) else found for key, found in value.items()}

    @field_validator("announced", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"select": value, "of": "page"} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole(self) -> Site:
        if TEXT not in self.fields:
            raise ValueError(say("collect.site_no_text", fields=", ".join(self.fields) or "–"))
        unknown = [name for name in self.columns if name not in self.fields]
        if unknown:
            raise ValueError(say("collect.site_columns", came=", ".join(unknown), fields=", ".join(self.fields)))
        names = self.names
        if len({*names, ADDRESS}) < len(names) + 1:
            raise ValueError(say("collect.site_same_column", columns=", ".join(names)))
        return self

    @property
    def kept(self) -> list[str]:
        """Fields that become columns, in the file's order."""
        return [name for name in self.fields if name != USER or self.users != "drop"]

    @property
    def names(self) -> list[str]:
        """Columns of the table, in the order of `kept`."""
        return [self.columns.get(name, name) for name in self.kept]


def read_site(source: str | os.PathLike[str]) -> Site:
    """Read a site's YAML.

    Parameters
    ----------
    source : path
        A file, or ``demo`` for the demo shop.

    Raises
    ------
    DataError
        No such file, or every mistake in it: where, what came, what is allowed.

    Examples
    --------
    >>> read_site("demo").review
    'article.ulasan'
    """
    path = Path(source)
    if str(source) == DEMO and not path.exists():
        text = (resources.files("makna.samples") / "shop" / "site.yaml").read_text("utf-8")
    else:
        with plain_errors(path):
            if not path.is_file():
                folder = path.parent if path.parent.is_dir() else Path()
                siblings = [found.name for found in folder.iterdir() if found.suffix in (".yaml", ".yml")]
                raise DataError("collect.no_site", path=str(path), hint=hint(path.name, siblings))
            text = path.read_bytes().decode("utf-8", "replace")
    return site_of(text, str(source))


def site_of(text: str, name: str) -> Site:
    """Read a site from YAML text.

    Parameters
    ----------
    text : str
        YAML.
    name : str
        What the messages call it.

    Raises
    ------
    DataError
        As `read_site`.
    """
    try:
        written = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        reason = f"{getattr(problem, 'problem', None) or problem}"
        raise DataError("collect.site_yaml", path=name, line=mark.line + 1 if mark else 1, reason=reason) from problem
    if not isinstance(written, dict):
        allowed = ", ".join(Site.model_fields)
        raise DataError("collect.site_mapping", path=name, came=repr(written)[:60], allowed=allowed)
    try:
        return Site.model_validate(written)
    except ValidationError as wrong:
        listed = "\n".join(f"  {i}. {_problem(error)}" for i, error in enumerate(wrong.errors(), 1))
        raise DataError("collect.site_problems", path=name, n=wrong.error_count(), problems=listed) from wrong


def _problem(error: Any) -> str:
    where = ".".join(str(piece) for piece in error["loc"] if piece != "[key]")
    kind, came = error["type"], repr(error.get("input"))[:60]
    if kind == "extra_forbidden":
        inside = Found if len(error["loc"]) > 1 else Site
        key, allowed = str(error["loc"][-1]), list(inside.model_fields)
        return f"{where}: {say('collect.site_key', key=key, allowed=', '.join(allowed))}{hint(key, allowed)}"
    if kind == "missing":
        return f"{where}: {say('collect.site_missing')}"
    if kind == "value_error":
        reason = str(error["ctx"]["error"])
        is_whole = not error["loc"]
        return reason if is_whole else f"{where}: {say('collect.site_value', came=came, reason=reason)}"
    context = error.get("ctx") or {}
    reason = str(context.get("expected") or error["msg"])
    return f"{where}: {say('collect.site_value', came=came, reason=reason)}"
