"""What was collected so far, a line a page, so that an interrupted collection goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from makna.collect.disk import plain_errors
from makna.collect.reviews import Review
from makna.collect.sites import Site
from makna.core.errors import DataError

ENDING = ".journal.jsonl"
_FORMAT = 1
# A change of these changes what is collected; speed and patience may differ when it goes on.
_MATTERS = ("review", "fields", "next", "scroll", "announced", "columns", "users")


@dataclass
class Progress:
    """What is known of one address.

    Parameters
    ----------
    rows : list of dict
        Reviews so far.
    keys : Counter
        Their keys.
    page : str or None
        The last page that was read.
    announced : int or None
        How many reviews its pages say there are.
    end : dict or None
        How it ended: ``complete``, ``why``.
    """

    rows: list[dict[str, str]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    page: str | None = None
    announced: int | None = None
    end: dict[str, Any] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be read."""
        return self.end is not None and bool(self.end["complete"])


def journal_of(out: Path) -> Path:
    """Return the journal that stands beside a table."""
    return out.with_name(out.name + ENDING)


class Journal:
    """The journal beside a table; a context manager.

    Parameters
    ----------
    path : Path
        Of the journal.
    site : Site
        What is collected.
    addresses : sequence of str
        All addresses, as written.
    resume : bool
        Go on with what is there; otherwise nothing may be there.

    Raises
    ------
    DataError
        A journal is there and `resume` is not asked for, it is of another site or other addresses, or no journal.
    """

    def __init__(self, path: Path, site: Site, addresses: Sequence[str], resume: bool) -> None:
        self.path = path
        self.of = {address: Progress() for address in addresses}
        matters = [site.model_dump(include=set(_MATTERS)), list(addresses)]
        self._about = hashlib.sha256(json.dumps(matters, sort_keys=True).encode()).hexdigest()
        with plain_errors(path):
            if path.exists() and not resume:
                raise DataError("collect.journal_there", path=str(path))
            whole = self._read() if path.exists() else 0
            self._stream = path.open("ab")
            self._stream.truncate(whole)  # a line that was cut off by a kill
        if whole == 0:
            self.salt = secrets.token_bytes(16)
            self._write({"format": _FORMAT, "about": self._about, "salt": self.salt.hex()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def page(self, address: str, shown: str, reviews: Sequence[Review], announced: int | None = None) -> None:
        """Note the new reviews of one page."""
        line = {"address": address, "page": shown, "announced": announced,
                "reviews": [[review.key, review.row] for review in reviews]}  # fmt: skip
        self._write(line)
        self._take(line)

    def end(self, address: str, **how: Any) -> None:
        """Note how an address ended."""
        line = {"address": address, "end": how}
        self._write(line)
        self._take(line)

    def _write(self, line: dict[str, Any]) -> None:
        with plain_errors(self.path):
            self._stream.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())

    def _read(self) -> int:
        """Take over what is there; return the number of bytes that are whole lines."""
        whole = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True), 1):
            if not line.endswith(b"\n"):
                break
            try:
                found = json.loads(line)
                if number == 1:
                    self._begin(found)
                else:
                    self._take(found)
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                if isinstance(problem, DataError):
                    raise
                raise DataError("collect.journal_broken", path=str(self.path), line=number) from problem
            whole += len(line)
        return whole

    def _begin(self, found: dict[str, Any]) -> None:
        if found["format"] != _FORMAT or found["about"] != self._about:
            raise DataError("collect.journal_other", path=str(self.path))
        self.salt = bytes.fromhex(found["salt"])

    def _take(self, line: dict[str, Any]) -> None:
        progress = self.of[line["address"]]
        if "end" in line:
            progress.end = line["end"]
            return
        progress.page = line["page"]
        progress.announced = line["announced"] if progress.announced is None else progress.announced
        for key, row in line["reviews"]:
            progress.keys[key] += 1
            progress.rows.append(row)
