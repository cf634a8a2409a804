"""Stems that are known already: in memory for this process, on disk for the next run.

A kept file that is missing, broken or cannot be written is never an error: the words are stemmed anew. Files are
written whole or not at all, after a look at what another process has written meanwhile, so that two runs at a time lose
at most some of their words to each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from itertools import islice
from pathlib import Path

from makna.clean.stem_rules import StemRules
from makna.clean.stem_worker import stem_words
from makna.collect.datasets import cache_folder
from makna.core.files import DAY, sweep, write_text

#: Most words kept in one file and in memory, and most files (one for every set of exceptions and version).
MOST_ON_DISK, MOST_IN_MEMORY, MOST_FILES = 200_000, 1_000_000, 4
#: New words that are worth a file being written; single predictions write nothing.
WORTH_KEEPING = 500
_LONGEST = 60  # characters of a word that is kept
_HEAD = "makna-stems-1"
_IN_USE: dict[str, Vocabulary] = {}
# What may be wrong with a folder: permissions, a full disk, no home, a NUL in its name.
_TROUBLE = (OSError, ValueError, RuntimeError)


class Vocabulary(dict[str, str]):
    """Word → stem under some rules; a word that is not there is stemmed when it is asked for."""

    def __init__(self, rules: StemRules) -> None:
        super().__init__()
        self.rules = rules
        self._is_read = False

    def __missing__(self, word: str) -> str:
        stem = self[word] = self.rules.stem(word)
        return stem

    def learn(self, words: Set[str]) -> None:
        """Stem all words that are new, and keep them on disk where they are many."""
        new = [word for word in words if word not in self]
        if new and not self._is_read:
            self._is_read = True
            self.update(_read(self.rules.key))
            new = [word for word in new if word not in self]
        if not new:
            return
        new.sort()
        if len(self) + len(new) > MOST_IN_MEMORY:
            self.clear()
        found = dict(zip(new, stem_words(self.rules, new), strict=True))
        self.update(found)
        if len(found) >= WORTH_KEEPING:
            _keep(self.rules.key, found)


def vocabulary_of(rules: StemRules) -> Vocabulary:
    """Return the vocabulary of some rules, the same one for all steps of this process with these rules."""
    if rules.key not in _IN_USE:
        while len(_IN_USE) >= MOST_FILES:
            _IN_USE.pop(next(iter(_IN_USE)), None)
        _IN_USE[rules.key] = Vocabulary(rules)
    return _IN_USE[rules.key]


def stems_file(key: str) -> Path:
    """Return where stems are kept, below the user's cache folder (``MAKNA_CACHE``)."""
    return cache_folder() / "stems" / f"{key}.txt"


def _read(key: str) -> dict[str, str]:
    """Return what is kept; nothing where there is nothing, or something else than was written."""
    try:
        head, _, body = stems_file(key).read_bytes().partition(b"\n")
        if head.decode("ascii") != f"{_HEAD} {hashlib.sha256(body).hexdigest()}":
            return {}
        words, _, stems = body.decode("utf-8").partition("\n")
        return dict(zip(words.split("\t"), stems.split("\t"), strict=True))
    except _TROUBLE:
        return {}


def _keep(key: str, found: dict[str, str]) -> None:
    """Write the words found, and after them those that were kept before, as far as there is room."""
    usable = {word: stem for word, stem in found.items() if 0 < len(word) <= _LONGEST}
    try:
        path = stems_file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = dict(islice((usable | {w: s for w, s in _read(key).items() if w not in usable}).items(), MOST_ON_DISK))
        body = "\t".join(kept) + "\n" + "\t".join(kept.values())
        write_text(path, f"{_HEAD} {hashlib.sha256(body.encode()).hexdigest()}\n{body}")
        _tidy(path.parent)
    except _TROUBLE:
        return


def _tidy(folder: Path) -> None:
    """Drop the files that were written longest ago, and what a killed process left half written."""
    aged = sorted((path.stat().st_mtime, path) for path in folder.iterdir())
    finished = [path for _, path in aged if path.suffix == ".txt"]
    for path in finished[:-MOST_FILES]:
        path.unlink(missing_ok=True)
    sweep(folder, DAY)
