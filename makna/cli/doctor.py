"""`makna doctor`: is everything here that makna needs?"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from makna.core.errors import DataError
from makna.core.messages import say
from makna.core.optional import EXTRA_OF, available

_PYTHON = (3, 11)
_LEAST_DISK_GB = 1.0


def examine() -> None:
    """Show what is there and what is missing, with the line that brings it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=say("cli.doctor_title"), title_justify="left", show_header=False)
    for mark, what, found in [*_machine(), *_extras(), *_data()]:
        table.add_row(mark, what, found)
    Console(file=sys.stdout, markup=False, width=None if sys.stdout.isatty() else 110).print(table)


def _machine() -> Iterator[tuple[str, str, str]]:
    from makna import __version__
    from makna.recipe.machine import machine, packages

    yield "✓", "makna", __version__
    yield _mark(sys.version_info >= _PYTHON), "Python", f"{platform.python_version()} (≥ 3.11)"
    for name, version in packages().items():
        yield "✓", name, version
    here = machine()
    yield "✓", say("cli.doctor_machine"), say(
        "cli.doctor_machine_found", system=here["system"], processor=here["processor"], cores=here["cores"],
        memory=here["memory_gb"],
    )  # fmt: skip
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield _mark(free >= _LEAST_DISK_GB), say("cli.doctor_disk"), f"{free:.1f} GB"


def _extras() -> Iterator[tuple[str, str, str]]:
    for extra in dict.fromkeys(EXTRA_OF.values()):
        missing = [package for package, of in EXTRA_OF.items() if of == extra and not available(package)]
        what = say("cli.doctor_extra", extra=extra)
        if missing:
            yield "–", what, say("cli.doctor_extra_missing", missing=", ".join(missing), extra=extra)
        else:
            yield "✓", what, say("cli.doctor_extra_there")


def _data() -> Iterator[tuple[str, str, str]]:
    from makna.collect.catalogue import datasets
    from makna.collect.datasets import locate, offline

    folder = os.environ.get("MAKNA_DATA")
    if folder:
        there = Path(folder).expanduser().is_dir()
        yield _mark(there), "MAKNA_DATA", folder if there else say("cli.doctor_no_folder", folder=folder)
    else:
        yield "–", "MAKNA_DATA", say("cli.doctor_no_data")
    yield "✓", say("cli.doctor_network"), say("cli.doctor_offline" if offline() else "cli.doctor_online")
    os_offline = os.environ.get("MAKNA_OFFLINE")
    os.environ["MAKNA_OFFLINE"] = "1"  # looking must not download
    try:
        for name, known in datasets().items():
            try:
                files = locate(name)
            except DataError:
                yield "–", name, say("cli.doctor_set_missing", source=known.source)
                continue
            changed = [file.path.name for file in files if file.changed]
            yield "✓" if not changed else "!", name, say("cli.doctor_set_changed") if changed else known.licence
    finally:
        if os_offline is None:
            del os.environ["MAKNA_OFFLINE"]
        else:
            os.environ["MAKNA_OFFLINE"] = os_offline


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
