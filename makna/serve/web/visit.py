"""Who asks, in which language: what every page and every call of the API begins with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from anyio import to_thread
from starlette.requests import HTTPConnection

from makna.core.errors import MaknaError
from makna.core.messages import LANGUAGES, say, set_language
from makna.label.store.connect import Store
from makna.label.store.people import Person
from makna.label.store.sessions import Session
from makna.serve.web.settings import SiteSettings

T = TypeVar("T")
LANGUAGE_COOKIE = "makna_lang"


@dataclass(frozen=True, eq=False)
class Visit:
    """One person at the site.

    Parameters
    ----------
    store : Store
        Where everything is kept.
    session : Session
        Whose, and its token against forgery.
    lang : {"id", "en"}
        The language of all that the person reads.
    settings : SiteSettings
        Of the site.
    """

    store: Store
    session: Session
    lang: str
    settings: SiteSettings

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person

    @property
    def is_admin(self) -> bool:
        """Whether the person may set up projects and people."""
        return self.person.role == "admin"

    def say(self, key: str, /, **fields: Any) -> str:
        """Render a message in the person's language."""
        return say(key, self.lang, **fields)

    def explain(self, problem: MaknaError) -> str:
        """Render an error in the person's language."""
        return say(problem.key, self.lang, **problem.fields)

    async def ask(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        """Return ``work(self, …)``, done in a thread: the store waits for its disk, the other visitors do not."""
        return await to_thread.run_sync(partial(_in_language, self.lang, work, self, *given, **named))


def _in_language(lang: str, work: Callable[..., T], *given: Any, **named: Any) -> T:
    set_language(lang)  # of this thread's own context
    return work(*given, **named)


def visit_of(request: HTTPConnection) -> Visit:
    """Return the visit that the guard has found for a request."""
    state = request.scope["state"]
    return Visit(state["store"], state["session"], language_of(request), state["settings"])


def language_of(request: HTTPConnection) -> str:
    """Return the language that the visitor chose, now or before; the site's own where none was."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    own: str = request.scope["state"]["settings"].language
    return chosen if chosen in LANGUAGES else own
