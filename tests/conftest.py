"""Options for what not every machine can run, and the language every test begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from makna.core.messages import set_language
from tests.postgres import postgres_server, postgres_url  # noqa: F401 (fixtures)

OPT_IN = {"slow": "long tests", "gpu": "tests that need a GPU", "browser": "tests that need Chromium"}


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, what in OPT_IN.items():
        parser.addoption(f"--{name}", action="store_true", help=f"run {what} too")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("MAKNA_LANG", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skips = {name: pytest.mark.skip(reason=f"opt in with --{name}") for name in OPT_IN if not config.getoption(name)}
    if not os.environ.get("MAKNA_DATA"):
        skips["data"] = pytest.mark.skip(reason="MAKNA_DATA is not set")
    if os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") != "1":
        skips["alone"] = pytest.mark.skip(reason="measures time: run it with -m alone and without -n")
    for item in items:
        for name, skip in skips.items():
            if item.get_closest_marker(name):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _language_is_put_back() -> Iterator[None]:
    yield
    set_language(None)
