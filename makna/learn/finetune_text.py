"""Texts and pairs of texts as rows of pieces for a network: long ones cut, or in windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from makna.core.corpus import TextRows, sides_of
from makna.core.errors import DataError
from makna.core.optional import require
from makna.learn.forward import Rows
from makna.represent.buckets import pad
from makna.represent.tokens import tokenise, windows

if TYPE_CHECKING:
    from torch import Tensor

LongTexts = Literal["head", "head+tail", "windows"]
Pair = Literal["cross", "bi"]
"""How two sides are read: in one row, each piece seeing both; or each side by itself."""
_OVERLAP = 4  # a window shares a quarter of its pieces with the one before it


@dataclass(frozen=True)
class Prepared:
    """Texts made ready for a network.

    Parameters
    ----------
    rows : Rows
        Their pieces, and what is to be learned of them.
    tokens : dict
        What was cut and what is unknown (see `Tokenised.account`).
    """

    rows: Rows
    tokens: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """How texts become rows of pieces.

    Parameters
    ----------
    max_length : int
        Most pieces of a row, special ones included; with "bi", of each side.
    long : {"head", "head+tail", "windows"}
        What is done with a longer text: its first pieces are kept, its first and its last in equal parts, or it becomes
        as many rows as it takes, each sharing a quarter with the one before it (single texts only). Of two sides in one
        row the longer is cut first.
    pair : {"cross", "bi"}
        How two sides are read.
    """

    max_length: int
    long: LongTexts
    pair: Pair = "cross"


def text_rows(tokenizer: Any, texts: TextRows, reading: Reading, targets: np.ndarray | None = None) -> Prepared:
    """Return texts, or pairs of texts, as rows of pieces.

    Parameters
    ----------
    tokenizer : tokenizer
        Of the encoder.
    texts : list of str, or of (str, str), length n
        An empty one is a row of special pieces alone.
    reading : Reading
        How.
    targets : ndarray, shape (n,), or None
        Codes of classes, or numbers.

    Raises
    ------
    DataError
        Pairs are to be read in windows.
    """
    targets = np.zeros(len(texts)) if targets is None else targets
    first, second = sides_of(texts)
    if second is None:
        return _single(tokenizer, first, reading, targets)
    if reading.long == "windows":
        raise DataError("learn.windows_of_pairs")
    return _PAIRS[reading.pair](tokenizer, first, second, reading, targets)


def _single(tokenizer: Any, texts: Sequence[str], reading: Reading, targets: np.ndarray) -> Prepared:
    max_length, long = reading.max_length, reading.long
    if long == "windows":
        found = windows(tokenizer, texts, max_length, stride=max_length // _OVERLAP)
        counts = np.bincount(found.owner, minlength=len(texts))
        whole = np.bincount(found.owner, weights=[len(ids) for ids in found.ids], minlength=len(texts))
        batches = _Windows(found.ids, np.cumsum(counts) - counts, counts, tokenizer.pad_token_id)
        return Prepared(Rows(batches, whole.astype(np.int64), targets), found.tokens)
    cut = tokenise(tokenizer, texts, max_length, long)
    return Prepared(Rows(_Pieces(cut.ids, tokenizer.pad_token_id), cut.lengths, targets), cut.account())


def _in_one_row(
    tokenizer: Any, first: Sequence[str], second: Sequence[str], reading: Reading, targets: np.ndarray
) -> Prepared:
    assert reading.long != "windows"
    cut = tokenise(tokenizer, first, reading.max_length, reading.long, second)
    batches = _Joined(cut.ids, cut.types or [], tokenizer.pad_token_id)
    return Prepared(Rows(batches, cut.lengths, targets), cut.account())


def _side_by_side(
    tokenizer: Any, first: Sequence[str], second: Sequence[str], reading: Reading, targets: np.ndarray
) -> Prepared:
    assert reading.long != "windows"
    cut = tokenise(tokenizer, [*first, *second], reading.max_length, reading.long)
    n = len(first)
    longer = np.maximum(cut.lengths[:n], cut.lengths[n:])  # what both sides are padded to
    account = {**cut.account(), "rows": n, "cut": int((cut.cut[:n] | cut.cut[n:]).sum())}
    return Prepared(Rows(_Sides(cut.ids, n, tokenizer.pad_token_id), longer, targets), account)


_PAIRS = {"cross": _in_one_row, "bi": _side_by_side}


@dataclass(frozen=True)
class _Pieces:
    """Makes batches of rows of pieces, padded to the longest of the batch."""

    ids: list[list[int]]
    pad_id: int

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        ids, mask = pad(self.ids, rows, self.pad_id)
        return _tensors(ids=ids, mask=mask)


@dataclass(frozen=True)
class _Windows:
    """Makes batches of the windows of texts; `owner` tells them apart."""

    ids: list[list[int]]
    starts: np.ndarray
    counts: np.ndarray
    pad_id: int

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        chosen = np.concatenate([np.arange(self.starts[row], self.starts[row] + self.counts[row]) for row in rows])
        ids, mask = pad(self.ids, chosen, self.pad_id)
        return _tensors(ids=ids, mask=mask, owner=np.repeat(np.arange(len(rows)), self.counts[rows]))


@dataclass(frozen=True)
class _Joined:
    """Makes batches of two sides in one row; `types` tells the sides apart."""

    ids: list[list[int]]
    types: list[list[int]]
    pad_id: int

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        ids, mask = pad(self.ids, rows, self.pad_id)
        return _tensors(ids=ids, mask=mask, types=pad(self.types, rows, 0)[0])


@dataclass(frozen=True)
class _Sides:
    """Makes batches of shape (b, 2, length): the sides of a pair, each a row of its own."""

    ids: list[list[int]]
    n: int
    pad_id: int

    def __call__(self, rows: np.ndarray) -> Mapping[str, Tensor]:
        both = np.stack([rows, rows + self.n], axis=1).ravel()
        ids, mask = pad(self.ids, both, self.pad_id)
        return _tensors(ids=ids.reshape(len(rows), 2, -1), mask=mask.reshape(len(rows), 2, -1))


def _tensors(**arrays: np.ndarray) -> dict[str, Tensor]:
    torch = require("torch", "finetune")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def example_of(tokenizer: Any, texts: TextRows, rows: Prepared) -> dict[str, Any]:
    """Return one text on its way through the tokenizer, as the report shows it: pieces, their numbers, and the mask.

    It is a text of middle length, padded as in a batch with the longest row of all. Of a pair whose sides are read by
    themselves it is the first side.
    """
    middle = int(np.argsort(rows.rows.lengths, kind="stable")[len(texts) // 2])
    longest = int(rows.rows.lengths.argmax())
    batch = rows.rows.batch(np.array([middle, longest]))
    ids, mask = (batch[name][0].reshape(-1, batch[name].shape[-1])[0].tolist() for name in ("ids", "mask"))
    chosen = texts[middle]
    text = chosen if isinstance(chosen, str) else " ⟷ ".join(chosen)
    return {"text": text, "pieces": tokenizer.convert_ids_to_tokens(ids), "ids": ids, "mask": mask}
