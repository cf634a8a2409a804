"""The text step that drops stop words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from makna.clean.step import TextStep, checked, choice, squeeze
from makna.clean.word_files import is_word_file, read_words
from makna.core.errors import DataError

LANGUAGES = ("id", "en")
_NEGATION = "negation"
# Letters and digits; a hyphen or an apostrophe inside belongs to the word: kadang-kadang, don't.
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_CELLS = re.compile(r"[\t;,]")
_SHOWN = 3  # wrong lines in an error


class StopWords(NamedTuple):
    """The words to drop, case-folded, and where they come from."""

    words: frozenset[str]
    sources: tuple[dict[str, str], ...]


def _valid_languages(value: Any) -> bool:
    known = isinstance(value, tuple) and all(item in LANGUAGES for item in value)
    return known and len(set(value)) == len(value)


def _valid_words(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) and _WORD.fullmatch(word.strip()) for word in value)


@dataclass(frozen=True)
class Stopwords(TextStep):
    """Drop stop words: words that hold a sentence together and tell little of what it is about.

    Upper and lower case are alike. Marks stay where they are; where a word was dropped, runs of white space become one
    space. A hyphenated word is one word.

    Parameters
    ----------
    languages : sequence of {"id", "en"}
        Whose lists are used; none leaves only `file` and `add`.
    keep_negations : bool
        Whether *tidak*, *bukan*, *jangan*, *kurang*, *not*, *never* … stay, so that *tidak bagus* does not become
        *bagus*.
    add, remove : sequence of str
        Further words to drop; words of the lists that stay. `add` is followed to the letter, negations too.
    file : str
        A file with one word a line; what follows a tab, comma or semicolon is not read, nor are lines with ``#``.
    loaded : StopWords or None
        The words themselves, once loaded.

    Examples
    --------
    >>> Stopwords().apply("Barang ini tidak sesuai dengan yang ada di foto!")
    'Barang tidak sesuai foto!'
    >>> Stopwords(languages=("en",), keep_negations=False).apply("It is not what I wanted")
    'wanted'
    """

    languages: tuple[str, ...] = checked(("id",), _valid_languages, "id, en")
    keep_negations: bool = choice(True, False)
    add: tuple[str, ...] = checked((), _valid_words, "[yang, dll]")
    remove: tuple[str, ...] = checked((), _valid_words, "[tidak, belum]")
    file: str = checked("", lambda value: value == "" or is_word_file(value), "FILE.txt, FILE.csv, FILE.tsv")
    loaded: StopWords | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "stopwords"
    shorthand: ClassVar[str] = "languages"

    def __post_init__(self) -> None:
        for setting in ("languages", "add", "remove"):
            value = getattr(self, setting)
            if isinstance(value, str | list):
                object.__setattr__(self, setting, (value,) if isinstance(value, str) else tuple(value))
        super().__post_init__()

    def resolve(self) -> Self:
        """Return this step with its words loaded."""
        if self.loaded is not None:
            return self
        words: set[str] = set()
        sources = []
        for language in self.languages:
            words |= self._kept(own_words(language))
            sources.append({"name": f"stopwords-{language}", "licence": "CC0 1.0", "source": "makna"})
        if self.file:
            path = Path(self.file)
            words |= self._kept(read_stopwords(path))
            sources.append({"name": path.name, "licence": "", "source": path.name})
        words = (words - set(map(_folded, self.remove))) | set(map(_folded, self.add))
        return replace(self, loaded=StopWords(frozenset(words), tuple(sources)))

    def cargo(self) -> dict[str, Any] | None:
        """Return the words as JSON values."""
        return None if self.loaded is None else {"words": sorted(self.loaded.words), "sources": self.loaded.sources}

    def with_cargo(self, cargo: Mapping[str, Any]) -> Self:
        """Return this step with the words of a model."""
        return replace(self, loaded=StopWords(frozenset(cargo["words"]), tuple(cargo["sources"])))

    def sources(self) -> list[dict[str, str]]:
        """Return name, licence and source of the lists."""
        return [] if self.loaded is None else list(self.loaded.sources)

    def apply(self, text: str) -> str:
        """Return `text` without stop words."""
        cleaned = _WORD.sub(self._replaced, text)
        return text if cleaned == text else squeeze(cleaned)

    def changes(self, text: str) -> list[dict[str, str]]:
        """Return every word that is dropped, in order: ``{"token", "to", "table", "kind"}``."""
        dropped = [word for word in _WORD.findall(text) if _folded(word) in self._words]
        return [{"token": word, "to": "", "table": self.name, "kind": ""} for word in dropped]

    @cached_property
    def _words(self) -> frozenset[str]:
        resolved = self.resolve().loaded
        return frozenset() if resolved is None else resolved.words

    def _replaced(self, match: re.Match[str]) -> str:
        word = match[0]
        # A space rather than nothing: what stood on both sides must not become one word.
        return " " if _folded(word) in self._words else word

    def _kept(self, words: Mapping[str, bool]) -> set[str]:
        if not self.keep_negations:
            return set(words)
        # Other people's lists do not mark their negations.
        known = {word for language in LANGUAGES for word, is_negation in own_words(language).items() if is_negation}
        return {word for word, is_negation in words.items() if not is_negation} - known


@cache
def own_words(language: str) -> Mapping[str, bool]:
    """Return makna's own list: word → whether it is a negation."""
    return read_stopwords(Path(str(resources.files("makna.clean") / "tables" / f"stopwords-{language}.txt")))


def read_stopwords(path: Path) -> dict[str, bool]:
    """Read a file with one word a line: word → whether ``negation`` stands beside it.

    Raises
    ------
    DataError
        The file is missing, cannot be read, holds no word, or has lines that are not one word.
    """
    found: dict[str, bool] = {}
    wrong = []
    for number, line in enumerate(read_words(path).splitlines(), 1):
        word, *rest = (cell.strip() for cell in _CELLS.split(line))
        if not word or word.startswith("#"):
            continue
        if _WORD.fullmatch(word):
            found[_folded(word)] = _NEGATION in rest
        else:
            wrong.append(f"{number} ({word[:30]})")
    if wrong:
        more = f" +{len(wrong) - _SHOWN}" if len(wrong) > _SHOWN else ""
        raise DataError("clean.stopwords_rows", path=str(path), rows=", ".join(wrong[:_SHOWN]) + more)
    if not found:
        raise DataError("clean.stopwords_empty", path=str(path))
    return found


def _folded(word: str) -> str:
    return word.strip().casefold().replace("’", "'")
