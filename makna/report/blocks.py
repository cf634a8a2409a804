"""What a report is made of: sections of blocks, the same for a page and for a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

LONG_TABLE = 24  # rows; a longer one may be cut between two rows when printed, and is folded on a screen
_BELOW = re.compile(r"_(\w+)")
_STRONG = ("\ue000", "\ue001")  # private characters: `reading` takes them out of everything that is read


def strong(text: str) -> str:
    """Mark a stretch of a running text as emphasised; `spans` gives the stretches back."""
    return f"{_STRONG[0]}{text}{_STRONG[1]}"


def spans(text: str) -> list[tuple[str, bool]]:
    """Return a running text as stretches, each with whether it is emphasised.

    Examples
    --------
    >>> spans("best: " + strong("svm"))
    [('best: ', False), ('svm', True)]
    """
    found: list[tuple[str, bool]] = []
    for piece in text.split(_STRONG[0]):
        inside, closed, after = piece.partition(_STRONG[1])
        found += [(inside, bool(closed)), (after, False)]
    return [(piece, emphasised) for piece, emphasised in found if piece]


def subscripts(text: str) -> list[tuple[str, bool]]:
    """Return a line about symbols as stretches, each with whether it stands below the line.

    Examples
    --------
    >>> subscripts("w_ij: weight")
    [('w', False), ('ij', True), (': weight', False)]
    """
    return [(piece, i % 2 == 1) for i, piece in enumerate(_BELOW.split(text)) if piece]


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text : str
        What it says.
    below : str
        A smaller second line.
    emphasised : bool
        Whether it stands out (the best value).
    """

    text: str
    below: str = ""
    emphasised: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a caption.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : sequence of str
        Heads of the columns.
    rows : sequence of sequence of Cell or str
        Its entries.
    numeric : sequence of int
        Columns that are set to the right.
    note : str
        A remark below it.
    number : int
        Its number in the report.
    beneath : mapping of int to sequence of (str, str)
        Row → named texts that stand under this row, across all columns.
    over : sequence of (str, int)
        Heads above the heads, each with the number of columns it spans; empty for none.
    folded : bool or None
        Whether the page shows it only on request; None folds a long one.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    numeric: Sequence[int] = ()
    note: str = ""
    number: int = 0
    beneath: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    over: Sequence[tuple[str, int]] = ()
    folded: bool | None = None
    kind: ClassVar[str] = "table"

    @property
    def is_long(self) -> bool:
        """Whether it may be cut between rows when printed."""
        return len(self.rows) > LONG_TABLE

    @property
    def is_folded(self) -> bool:
        """Whether a page shows its caption alone until it is opened."""
        return self.is_long if self.folded is None else self.folded

    def cells(self) -> list[list[Cell]]:
        """Return the rows with every entry as a cell."""
        return [[entry if isinstance(entry, Cell) else Cell(entry) for entry in row] for row in self.rows]


@dataclass(frozen=True)
class Picture:
    """A figure, by the name under which it is drawn."""

    name: str
    caption: str
    number: int = 0
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Paragraph:
    """A running text."""

    text: str
    lead: bool = False
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Box:
    """A warning (`tone="warn"`) or a remark (`tone="note"`)."""

    tone: str
    title: str
    text: str
    kind: ClassVar[str] = "box"


@dataclass(frozen=True)
class Listing:
    """A list of points."""

    points: Sequence[str]
    kind: ClassVar[str] = "listing"


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    pairs: Sequence[tuple[str, str]]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Formula:
    """A formula by name, what it is in one line of plain text, and what its symbols mean."""

    name: str
    text: str
    symbols: str = ""
    kind: ClassVar[str] = "formula"


@dataclass(frozen=True)
class Symbols:
    """A line on what symbols mean; what follows `_` in it stands below the line."""

    text: str
    kind: ClassVar[str] = "symbols"


@dataclass(frozen=True)
class Case:
    """One row of the data: its texts with their names, then facts about it."""

    texts: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Cases:
    """Rows of the data, one below the other."""

    items: Sequence[Case]
    kind: ClassVar[str] = "cases"


@dataclass(frozen=True)
class Words:
    """Words with their weights, one list a class: (title, [(word, printed weight, share of the largest)])."""

    caption: str
    lists: Sequence[tuple[str, Sequence[tuple[str, str, float]]]]
    kind: ClassVar[str] = "words"


@dataclass(frozen=True)
class Code:
    """Text to be copied as it is."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its title and its blocks."""

    name: str
    title: str
    blocks: Sequence[Any] = field(default_factory=tuple)
