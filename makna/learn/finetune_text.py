"""Texts as rows of pieces for a network: long ones cut, or in windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from makna.core.optional import require
from makna.learn.forward import Rows
from makna.represent.buckets import pad
from makna.represent.tokens import tokenise, windows

if TYPE_CHECKING:
    from torch import Tensor

LongTexts = Literal["head", "head+tail", "windows"]
_OVERLAP = 4  # a window shares a quarter of its pieces with the one before it


@dataclass(frozen=True)
class TextRows:
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


def text_rows(
    tokenizer: Any, texts: Sequence[str], max_length: int, long: LongTexts, targets: np.ndarray | None = None
) -> TextRows:
    """Return texts as rows of pieces.

    Parameters
    ----------
    tokenizer : tokenizer
        Of the encoder.
    texts : sequence of str, shape (n,)
        An empty one is a row of special pieces alone.
    max_length : int
        Most pieces of a row, special ones included.
    long : {"head", "head+tail", "windows"}
        What is done with a longer text: its first pieces are kept, its first and its last in equal parts, or it becomes
        as many rows as it takes, each sharing a quarter with the one before it.
    targets : ndarray, shape (n,), or None
        Codes of classes, or numbers.
    """
    targets = np.zeros(len(texts)) if targets is None else targets
    if long == "windows":
        found = windows(tokenizer, texts, max_length, stride=max_length // _OVERLAP)
        counts = np.bincount(found.owner, minlength=len(texts))
        whole = np.bincount(found.owner, weights=[len(ids) for ids in found.ids], minlength=len(texts))
        batches = _Windows(found.ids, np.cumsum(counts) - counts, counts, tokenizer.pad_token_id)
        return TextRows(Rows(batches, whole.astype(np.int64), targets), found.tokens)
    cut = tokenise(tokenizer, texts, max_length, long)
    return TextRows(Rows(_Pieces(cut.ids, tokenizer.pad_token_id), cut.lengths, targets), cut.account())


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


def _tensors(**arrays: np.ndarray) -> dict[str, Tensor]:
    torch = require("torch", "finetune")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def example_of(tokenizer: Any, texts: Sequence[str], rows: TextRows) -> dict[str, Any]:
    """Return one text on its way through the tokenizer, as the report shows it: pieces, their numbers, and the mask.

    It is a text of middle length, padded as in a batch with the longest row of all.
    """
    middle = int(np.argsort(rows.rows.lengths, kind="stable")[len(texts) // 2])
    longest = int(rows.rows.lengths.argmax())
    ids, mask = (rows.rows.batch(np.array([middle, longest]))[name][0].tolist() for name in ("ids", "mask"))
    return {"text": texts[middle], "pieces": tokenizer.convert_ids_to_tokens(ids), "ids": ids, "mask": mask}
