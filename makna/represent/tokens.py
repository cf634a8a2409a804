"""Texts as rows of pieces of a tokenizer: cut to a length, with an account of what was cut and what is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from makna.core.errors import DataError

Long = Literal["head", "head+tail"]
"""What is kept of a text that is too long: its first pieces, or as many of its first as of its last."""

_CHUNK = 1000  # texts given to the tokenizer at once


@dataclass(frozen=True)
class Tokenised:
    """Rows of pieces, special ones included, without padding.

    Parameters
    ----------
    ids : list of list of int
        Piece numbers of each row.
    types : list of list of int or None
        0 for the first side and 1 for the second, where the tokenizer tells pairs apart; None for single texts.
    lengths_before : ndarray of int, shape (n,)
        Pieces of each row before cutting, special ones included.
    cut : ndarray of bool, shape (n,)
        Whether pieces were left out.
    unknown : int
        Pieces that stand for something the vocabulary has not, before cutting.
    pieces : int
        All pieces but the special ones, before cutting.
    words : int
        Words between white space, before cutting.
    max_length : int
        What rows were cut to.
    """

    ids: list[list[int]]
    types: list[list[int]] | None
    lengths_before: np.ndarray
    cut: np.ndarray
    unknown: int
    pieces: int
    words: int
    max_length: int

    @property
    def lengths(self) -> np.ndarray:
        """Pieces of each row after cutting, shape (n,)."""
        return np.fromiter(map(len, self.ids), dtype=np.int64, count=len(self.ids))

    def account(self) -> dict[str, Any]:
        """Return what was cut and what is unknown, as JSON values.

        Returns
        -------
        dict
            `rows`; `cut`: rows that lost pieces; `max_length`; `longest`: pieces of the longest row before cutting;
            `unknown_share`: unknown pieces among all but special ones; `pieces_per_word`: by words between white
            space. The last two are None where there is nothing to divide by.
        """
        return {
            "rows": len(self.ids),
            "cut": int(self.cut.sum()),
            "max_length": self.max_length,
            "longest": int(self.lengths_before.max(initial=0)),
            "unknown_share": self.unknown / self.pieces if self.pieces else None,
            "pieces_per_word": self.pieces / self.words if self.words else None,
        }


@dataclass(frozen=True)
class Windows:
    """Long texts as several rows each.

    Parameters
    ----------
    ids : list of list of int
        Piece numbers of each window, special ones included.
    owner : ndarray of int, shape (windows,)
        The text each window is of; windows of a text follow each other.
    tokens : dict
        The account of the texts (`Tokenised.account`); `cut` is the number of texts with more than one window.
    """

    ids: list[list[int]]
    owner: np.ndarray
    tokens: dict[str, Any]


def tokenise(
    tokenizer: Any, texts: Sequence[str], max_length: int, long: Long = "head", pair: Sequence[str] | None = None
) -> Tokenised:
    """Return texts as rows of pieces, at most `max_length` long, without padding.

    Parameters
    ----------
    tokenizer : tokenizer
        A fast tokenizer of transformers (`load_tokenizer`).
    texts : sequence of str, shape (n,)
        Texts; an empty one is a row of special pieces alone.
    max_length : int
        Longest row, special pieces included.
    long : {"head", "head+tail"}
        What is kept of a text that is too long: its first pieces, or its first and its last in equal parts (Sun et
        al. 2019, "How to fine-tune BERT for text classification?", section 5.3.1, with equal parts).
    pair : sequence of str, shape (n,), or None
        Second sides. The longer side is cut first, until both fit.

    Raises
    ------
    DataError
        Nothing fits beside the special pieces, or there are not as many second sides as texts.
    """
    if pair is not None and len(pair) != len(texts):
        raise DataError("represent.sides_differ", first=len(texts), second=len(pair))
    frame = _frame(tokenizer, pair is not None)
    room = _room(frame, max_length)
    tally = _Tally(tokenizer.unk_token_id)
    ids: list[list[int]] = []
    types: list[list[int]] | None = None if pair is None else []
    lengths = np.empty(len(texts), dtype=np.int64)
    sides = [texts] if pair is None else [texts, pair]
    for row, pieces in enumerate(zip(*(_pieces(tokenizer, side, tally) for side in sides), strict=True)):
        lengths[row] = sum(map(len, pieces)) + frame.specials
        kept = [_CUTS[long](side, n) for side, n in zip(pieces, _shares([len(p) for p in pieces], room), strict=True)]
        ids.append(frame.fill(kept))
        if types is not None:
            types.append(frame.types(kept))
    return Tokenised(ids, types, lengths, lengths > max_length, tally.unknown, tally.pieces, tally.words, max_length)


def windows(tokenizer: Any, texts: Sequence[str], max_length: int, stride: int = 0) -> Windows:
    """Return texts as windows of at most `max_length` pieces, so that nothing of a long text is lost.

    Parameters
    ----------
    tokenizer : tokenizer
        A fast tokenizer of transformers.
    texts : sequence of str, shape (n,)
        Texts; each has at least one window.
    max_length : int
        Longest window, special pieces included.
    stride : int
        Pieces that a window shares with the one before it, as transformers uses the word.

    Raises
    ------
    DataError
        Nothing fits beside the special pieces, or windows would not move on.
    """
    frame = _frame(tokenizer, False)
    room = _room(frame, max_length)
    if not 0 <= stride < room:
        raise DataError("represent.bad_stride", came=stride, allowed=room - 1)
    tally = _Tally(tokenizer.unk_token_id)
    ids: list[list[int]] = []
    owner: list[int] = []
    lengths = np.empty(len(texts), dtype=np.int64)
    for row, pieces in enumerate(_pieces(tokenizer, texts, tally)):
        lengths[row] = len(pieces) + frame.specials
        starts = range(0, max(len(pieces) - stride, 1), room - stride)
        ids += [frame.fill([pieces[start : start + room]]) for start in starts]
        owner += [row] * len(starts)
    longer = lengths > max_length
    whole = Tokenised([[]] * len(texts), None, lengths, longer, tally.unknown, tally.pieces, tally.words, max_length)
    return Windows(ids, np.array(owner, dtype=np.int64), whole.account())


@dataclass
class _Tally:
    """Counts over all texts, before cutting."""

    unknown_id: int | None
    unknown: int = 0
    pieces: int = 0
    words: int = 0


@dataclass(frozen=True)
class _Frame:
    """The special pieces around one side or two, as the tokenizer itself puts them."""

    before: tuple[list[int], ...]
    after: list[int]
    before_types: tuple[list[int], ...]
    after_types: list[int]
    side_types: tuple[int, ...]
    specials: int = field(default=0)

    def fill(self, sides: Sequence[list[int]]) -> list[int]:
        row: list[int] = []
        for special, side in zip(self.before, sides, strict=True):
            row += special
            row += side
        return row + self.after

    def types(self, sides: Sequence[list[int]]) -> list[int]:
        row: list[int] = []
        for special, kind, side in zip(self.before_types, self.side_types, sides, strict=True):
            row += special
            row += [kind] * len(side)
        return row + self.after_types


def _frame(tokenizer: Any, is_pair: bool) -> _Frame:
    """Read the special pieces off one encoded example: what belongs to no side is special."""
    backend = _backend(tokenizer)
    found = backend.encode("a", "a") if is_pair else backend.encode("a")
    n_sides = 2 if is_pair else 1
    # A side may begin with a piece of its own (a word-start sign), so a side's pieces are a run, not one.
    before: list[list[int]] = [[] for _ in range(n_sides)]
    before_types: list[list[int]] = [[] for _ in range(n_sides)]
    after: list[int] = []
    after_types: list[int] = []
    side_types = [0] * n_sides
    seen = 0
    for piece, kind, side in zip(found.ids, found.type_ids, found.sequence_ids, strict=True):
        if side is not None:
            seen, side_types[side] = side + 1, kind
        elif seen < n_sides:
            before[seen].append(piece)
            before_types[seen].append(kind)
        else:
            after.append(piece)
            after_types.append(kind)
    specials = sum(map(len, before)) + len(after)
    return _Frame(tuple(before), after, tuple(before_types), after_types, tuple(side_types), specials)


def _room(frame: _Frame, max_length: int) -> int:
    if max_length <= frame.specials:
        raise DataError("represent.no_room", came=max_length, least=frame.specials + 1)
    return max_length - frame.specials


def _backend(tokenizer: Any) -> Any:
    backend = tokenizer.backend_tokenizer
    # A tokenizer's file may say that it cuts and pads by itself; both are done here, or by `pad`.
    if backend.truncation is not None:
        backend.no_truncation()
    if backend.padding is not None:
        backend.no_padding()
    return backend


def _pieces(tokenizer: Any, texts: Sequence[str], tally: _Tally) -> Iterator[list[int]]:
    """Yield the pieces of each text without special ones, counting them."""
    encode = _backend(tokenizer).encode_batch_fast
    for start in range(0, len(texts), _CHUNK):
        chunk = [_encodable(text) for text in texts[start : start + _CHUNK]]
        tally.words += sum(len(text.split()) for text in chunk)
        for found in encode(chunk, add_special_tokens=False):
            ids = found.ids
            tally.pieces += len(ids)
            tally.unknown += ids.count(tally.unknown_id) if tally.unknown_id is not None else 0
            yield ids


def _encodable(text: str) -> str:
    """Return a text that UTF-8 can hold: a half of a surrogate pair becomes the sign for what cannot be read."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _shares(lengths: list[int], room: int) -> list[int]:
    """Return how many pieces each side keeps: the longer one gives first, as transformers' ``longest_first``."""
    if sum(lengths) <= room:
        return lengths
    if len(lengths) == 1:
        return [room]
    short = min(lengths)
    small = short if 2 * short <= room else room // 2
    # The longer side keeps the odd piece; the second one, where both are equally long.
    return [room - small, small] if lengths[0] > lengths[1] else [small, room - small]


def _head(pieces: list[int], n: int) -> list[int]:
    return pieces[:n]


def _ends(pieces: list[int], n: int) -> list[int]:
    if len(pieces) <= n:
        return pieces
    last = n // 2
    return pieces[: n - last] + pieces[len(pieces) - last :]


_CUTS = {"head": _head, "head+tail": _ends}
