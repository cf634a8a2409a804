"""A second process that stems half of many words: JSON on standard input, JSON on standard output.

An interpreter of its own rather than `multiprocessing`: it never imports the caller's script again, so a notebook, a
script without ``if __name__ == "__main__"`` and a web server are all safe, on every system.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from makna.clean.stem_rules import StemRules

#: Below so many words a second process costs nearly the time it saves: it starts in the time of some 10,000 words.
ENOUGH_WORDS = 40_000
_GRACE = 5.0  # seconds a helper may take beyond three times this process's own


def stem_words(rules: StemRules, words: Sequence[str]) -> list[str]:
    """Return the stems of words, with a second process where there are many and nothing speaks against it."""
    if len(words) < ENOUGH_WORDS or not may_start_process():
        return list(map(rules.stem, words))
    return with_helper(rules, words)


def may_start_process() -> bool:
    """Tell whether a second process is wanted: a core is free, and this is neither a worker nor a server's thread."""
    interpreter = Path(sys.executable or "").name.lower()
    return (
        _has_free_core()
        and multiprocessing.current_process().name == "MainProcess"
        and "RAY_RAYLET_PID" not in os.environ
        and threading.current_thread() is threading.main_thread()
        and not getattr(sys, "frozen", False)
        and interpreter.startswith(("python", "pypy"))
    )


def with_helper(rules: StemRules, words: Sequence[str]) -> list[str]:
    """Return the stems of words, every second one from another process; what it does not deliver is done here."""
    answer: list[bytes] = []
    order = json.dumps({"rules": rules.to_json(), "words": words[1::2]}).encode()
    try:
        helper = _start()
    except OSError:
        return list(map(rules.stem, words))
    talk = threading.Thread(target=_talk, args=(helper, order, answer), daemon=True)
    try:
        talk.start()
        start = time.monotonic()
        stems = [""] * len(words)
        stems[::2] = map(rules.stem, words[::2])
        talk.join(_GRACE + 3 * (time.monotonic() - start))
    finally:
        if talk.is_alive():
            helper.kill()
        talk.join()
    stems[1::2] = _read(answer, len(words) // 2) or map(rules.stem, words[1::2])
    return stems


def main() -> None:
    """Stem the words of an order on standard input."""
    order = json.load(sys.stdin)
    rules = StemRules.from_json(order["rules"])
    json.dump(list(map(rules.stem, order["words"])), sys.stdout)


def _start() -> subprocess.Popen[bytes]:
    # The path of this process, so that the same makna is found; -P leaves out the current folder.
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "makna.clean.stem_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _talk(helper: subprocess.Popen[bytes], order: bytes, answer: list[bytes]) -> None:
    answer.append(helper.communicate(order)[0])


def _read(answer: list[bytes], count: int) -> list[str] | None:
    """Return the stems that came, None where they are not as many texts as asked for."""
    try:
        stems: Any = json.loads(answer[0])
    except (IndexError, ValueError):
        return None
    whole = isinstance(stems, list) and len(stems) == count and all(isinstance(stem, str) for stem in stems)
    return stems if whole else None


def _has_free_core() -> bool:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        # This process may be one of those that are counted.
        return cores > 1 and os.getloadavg()[0] < cores - 0.5
    except (AttributeError, OSError):  # not on every system
        return cores > 1


if __name__ == "__main__":
    main()
