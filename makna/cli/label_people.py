"""`makna label user`: accounts of the annotation site. Passwords are typed or piped in, never words of a command."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.drawing import drawn
from makna.cli.screen import tell
from makna.core.errors import UserError
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.label.store.connect import Store


@contextmanager
def opened(where: str, new: bool = False) -> Iterator[Store]:
    """Open the store for one command.

    Parameters
    ----------
    where : str
        A file or a URL.
    new : bool
        Whether a file that is not there is made.

    Raises
    ------
    UserError
        It is not there, cannot be opened, or SQLAlchemy is not installed.
    """
    from makna.core.optional import require

    require("sqlalchemy", "makna label")
    from makna.label.store.connect import open_store

    if not new and "://" not in where and not Path(where).exists():
        raise UserError("label.option_no_store", path=where)
    store = open_store(where)
    try:
        yield store
    finally:
        store.close()


def add_account(where: str, name: str, role: str) -> None:
    """Make an account.

    Raises
    ------
    UserError
        The name, the role or the password cannot be taken.
    """
    with opened(where, new=True) as store:
        from makna.label.store.people import add_person

        person = add_person(store, name, _password(), role)
        tell(say("label.user_added", name=person.name, role=person.role, store=store.where))


def change_password(where: str, name: str) -> None:
    """Give an account another password, which ends its sessions.

    Raises
    ------
    UserError
        There is no such account, or the password cannot be taken.
    """
    with opened(where) as store:
        from makna.label.store.people import find_person, set_password

        person = find_person(store, name)
        set_password(store, person.id, _password())
        tell(say("label.user_changed", name=person.name))


def switch(where: str, name: str, active: bool) -> None:
    """Let an account in or keep it out; its answers stay.

    Raises
    ------
    UserError
        There is no such account, or it is the last admin.
    """
    with opened(where) as store:
        from makna.label.store.people import find_person, set_active

        person = find_person(store, name)
        set_active(store, person.id, active)
        tell(say("label.user_is_on" if active else "label.user_is_off", name=person.name))


def list_accounts(where: str) -> None:
    """Show all accounts."""
    with opened(where) as store:
        from makna.label.store.people import people

        rows = [[one.name, one.role, say("cli.yes" if one.active else "label.account_closed")] for one in people(store)]
        heads = [say("label.column_account"), say("label.column_role"), say("label.column_active")]
        print(drawn(say("label.table_accounts", store=store.where), heads, rows))  # noqa: T201 (the result)


def _password() -> str:
    """Return a password: typed twice unseen, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(say("label.user_type") + " ")
    if getpass.getpass(say("label.user_type_again") + " ") != first:
        raise UserError("label.user_differ")
    return first
