"""`makna collect`: reviews from the pages of a site into a table, with what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Annotated

import typer

from makna.cli.screen import Stages, tell
from makna.core.errors import UsageError
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.collect.harvest import Account, Addresses
    from makna.collect.sites import Site


@dataclass(frozen=True)
class CollectWords:
    """The words of the command."""

    addresses: str | None
    site: str | None
    out: str
    rate: float | None = None
    resume: bool = False
    users: str | None = None
    obey_robots: bool = True
    demo: bool = False


def add_collect(app: typer.Typer) -> None:
    """Add the command to an app."""

    @app.command("collect", help=say("cli.collect"))
    def collect(
        out: Annotated[str, typer.Option("--out", metavar="FILE", help=say("cli.collect_out"))],
        addresses: Annotated[str | None, typer.Argument(metavar="FILE", help=say("cli.collect_addresses"))] = None,
        site: Annotated[str | None, typer.Option(metavar="SITE.yaml", help=say("cli.collect_site"))] = None,
        rate: Annotated[float | None, typer.Option(min=0, metavar="S", help=say("cli.collect_rate"))] = None,
        resume: Annotated[bool, typer.Option("--resume", help=say("cli.collect_resume"))] = False,
        users: Annotated[str | None, typer.Option(metavar="drop|pseudonym|keep", help=say("cli.collect_users"))] = None,
        no_robots: Annotated[bool, typer.Option("--no-robots", help=say("cli.collect_no_robots"))] = False,
        demo: Annotated[bool, typer.Option("--demo", help=say("cli.collect_demo"))] = False,
    ) -> None:
        collect_table(CollectWords(addresses, site, out, rate, resume, users, not no_robots, demo))


def collect_table(words: CollectWords) -> None:
    """Collect, show the account on stderr, and end with the table's path on stdout.

    Raises
    ------
    UserError
        The words, the site file or the addresses are wrong, or nothing could be collected.
    """
    from makna.collect.harvest import HarvestOptions, collect_reviews, warnings_of

    with _asked(words) as (addresses, site), Stages() as stages:
        options = HarvestOptions(
            words.rate, words.obey_robots, words.resume,
            lambda address, done, total: stages("collect", address, done, total),
        )  # fmt: skip
        try:
            accounts = collect_reviews(addresses, site, words.out, options)
        except KeyboardInterrupt:
            tell(say("cli.collect_interrupted", out=words.out))
            raise
    for warning in warnings_of(accounts):
        tell(warning)
    tell(_summary(accounts))
    print(words.out)  # noqa: T201 (the result's path is what stdout is for)


@contextmanager
def _asked(words: CollectWords) -> Iterator[tuple[Addresses, Site]]:
    """Give where to look and what for; the demo shop is open as long as it is needed."""
    from makna.collect.demo import demo_addresses, demo_shop
    from makna.collect.harvest import read_addresses
    from makna.collect.sites import DEMO, USERS, read_site

    if words.users is not None and words.users not in USERS:
        raise UsageError("cli.collect_bad_users", came=words.users, allowed=", ".join(USERS))
    changes = {} if words.users is None else {"users": words.users}
    if words.demo:
        if words.addresses or words.site:
            raise UsageError("cli.collect_demo_alone")
        with demo_shop() as shop:
            yield demo_addresses(), read_site(DEMO).model_copy(update={**changes, "base": shop.base})
        return
    if words.addresses is None or words.site is None:
        raise UsageError("cli.collect_needs")
    yield read_addresses(words.addresses), read_site(words.site).model_copy(update=changes)


def _summary(accounts: Sequence[Account]) -> str:
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=say("cli.collect_title"), title_justify="left")
    shown.add_column(say("cli.collect_address"))
    for name in ("seen", "announced", "complete"):
        shown.add_column(say(f"cli.collect_{name}"), justify="right")
    for one in accounts:
        announced = "–" if one.announced is None else str(one.announced)
        shown.add_row(one.address, str(one.seen), announced, say("cli.yes" if one.is_complete else "cli.no"))
    shown.add_section()
    known = [one.announced for one in accounts if one.announced is not None]
    whole = sum(one.is_complete for one in accounts)
    shown.add_row(
        say("cli.collect_all", n=len(accounts)), str(sum(one.seen for one in accounts)),
        str(sum(known)) if known else "–", f"{whole}/{len(accounts)}",
    )  # fmt: skip
    screen = StringIO()
    Console(file=screen, width=110, markup=False).print(shown)
    return screen.getvalue().rstrip()
