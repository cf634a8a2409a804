"""A recipe's site: its reviews are collected into the run folder, and read from there like any table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.cells import texts_of
from makna.collect.files import read_table
from makna.collect.names import listed, missing_column
from makna.core.errors import DataError
from makna.core.messages import say
from makna.recipe.sections import CollectSection, JoinSection

COLLECTED = "collected.csv"
DEMO = "demo"

Listen = Callable[[str, str, int, int], None]


def check_collecting(section: CollectSection, folder: Path) -> None:
    """Refuse a site before anything is written: its file, its addresses and the browser.

    Raises
    ------
    UserError
        One of them cannot be used.
    """
    from makna.collect.browser import check_browser
    from makna.collect.harvest import read_addresses
    from makna.collect.sites import read_site

    read_site(section.site or "")
    if section.addresses is not None:
        read_addresses(section.addresses)
    if not (folder / COLLECTED).is_file():
        check_browser()


def collect_site(section: CollectSection, folder: Path, listen: Listen) -> tuple[list[dict[str, Any]], list[str]]:
    """Collect a site's reviews into a run folder, from where an interruption left it.

    Parameters
    ----------
    section : CollectSection
        With a site.
    folder : Path
        Of the run; it gets the table and the journal.
    listen : callable
        Told of progress.

    Returns
    -------
    list of dict, list of str
        What each address gave beside what it announced, and what the user should know.

    Raises
    ------
    UserError
        Nothing could be collected.
    """
    from makna.collect.harvest import HarvestOptions, collect_reviews, warnings_of

    with _site(section) as (addresses, site):
        options = HarvestOptions(
            section.rate, resume=True, listen=lambda address, done, total: listen("collect", address, done, total)
        )
        accounts = collect_reviews(addresses, site, folder / COLLECTED, options)
    told = warnings_of(accounts)
    seen = sum(one.seen for one in accounts)
    announced = [one.announced for one in accounts if one.announced is not None]
    told.append(say("recipe.collected", n=seen, total=sum(announced) if announced else "–", addresses=len(accounts)))
    return [one.to_json() for one in accounts], told


@contextmanager
def _site(section: CollectSection) -> Iterator[tuple[Any, Any]]:
    from makna.collect.demo import demo_addresses, demo_shop
    from makna.collect.harvest import read_addresses
    from makna.collect.sites import read_site

    site = read_site(section.site or "")
    if section.addresses is not None:
        yield read_addresses(section.addresses), site
        return
    with demo_shop() as shop:
        yield demo_addresses(), site.model_copy(update={"base": shop.base})


def joined(table: pd.DataFrame, join: JoinSection) -> pd.DataFrame:
    """Return a table with the columns of another one, matched by a column that both have; '' where there is no match.

    Parameters
    ----------
    table : DataFrame of str
        All its rows are kept, in their order.
    join : JoinSection
        Which file, and which column.

    Raises
    ------
    DataError
        A column is missing or taken, a value stands twice in the other file, or none matches.
    """
    if join.file == DEMO:
        from makna.collect.demo import shipped_gold

        other = shipped_gold()
    else:
        other = read_table(join.file)
    for frame in (table, other):
        if join.by not in frame.columns:
            raise missing_column(join.by, "join", (str(name) for name in frame.columns))
    added = [str(name) for name in other.columns if name != join.by]
    taken = [name for name in added if name in table.columns]
    if taken:
        raise DataError("recipe.join_taken", path=join.file, columns=listed(taken))
    keys = pd.Series(texts_of(other[join.by]), dtype=str)
    twice = keys[keys.duplicated()]
    if len(twice):
        raise DataError("recipe.join_twice", path=join.file, column=join.by, n=len(twice), example=twice.iloc[0][:60])
    wanted = pd.Series(texts_of(table[join.by]), dtype=str)
    if not wanted.isin(set(keys)).any():
        raise DataError("recipe.join_none", path=join.file, column=join.by)
    found = table.copy()
    for name in added:
        by_key = dict(zip(keys, texts_of(other[name]), strict=True))
        found[name] = [by_key.get(key, "") for key in wanted]
    return found
