"""What a run has finished so far, kept so that `--resume` need not do it again.

A piece of work is known by a key: a hash of everything its result depends on. A piece whose key has changed is done
again; one that is half-written is not there at all.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from makna.core.files import read_json, write_json


def key_of(*pieces: Any) -> str:
    """Return the hash of JSON values (64 hex digits)."""
    text = json.dumps(pieces, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Store:
    """Finished pieces of work in a folder.

    Parameters
    ----------
    folder : Path
        Made when the first piece is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, key: str) -> Any:
        """Return a finished piece; None where there is none under this key."""
        try:
            found = read_json(self._path(name))
        except (OSError, ValueError):
            return None
        return found["value"] if isinstance(found, dict) and found.get("key") == key else None

    def put(self, name: str, key: str, value: Any) -> None:
        """Keep a finished piece (JSON values)."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"key": key, "value": value})

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"
