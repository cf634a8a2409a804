"""Batches: the corpus as numbers, an order that is a function of seed and epoch, words masked by seed and step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from pretrain.corpus import lines_of, repeats

PAD, CLS, SEP, MASK, SPECIAL = 0, 2, 3, 4, 5
MOST_PIECES = 128
NO_TARGET = -100
WINDOW = 64  # batches whose rows are sorted by length together


def tokenise(out: Path) -> dict[str, int]:
    """Write the corpus as piece numbers below ``out/tokens`` and return the pieces of each source."""
    tokenizer = Tokenizer.from_file(str(out / "tokenizer/tokenizer.json"))
    folder = out / "tokens"
    folder.mkdir(exist_ok=True)
    often = repeats(out)
    pieces: dict[str, int] = {}
    names = [source for source, _ in lines_of(out, "train")]
    for part in ("train", "valid"):
        rows: list[list[int]] = []
        times: list[int] = []
        origin: list[int] = []
        for place, (source, lines) in enumerate(lines_of(out, part)):
            cut = [
                encoded.ids[: MOST_PIECES - 2] for encoded in tokenizer.encode_batch(lines, add_special_tokens=False)
            ]
            cut = [ids for ids in cut if len(ids) >= 3]
            rows += cut
            times += [often[source]] * len(cut)
            origin += [place] * len(cut)
            if part == "train":
                pieces[names[place]] = sum(map(len, cut))
        ends = np.cumsum([len(row) for row in rows]).astype(np.int64)
        flat = np.concatenate([np.array(row, np.uint16) for row in rows])
        tensors = {
            "pieces": flat,
            "ends": ends,
            "times": np.array(times, np.int32),
            "origin": np.array(origin, np.int32),
        }
        save_file(tensors, str(folder / f"{part}.safetensors"))
    return pieces


class Rows:
    """The tokenised lines of one part.

    Parameters
    ----------
    out : Path
        The run's folder.
    part : {"train", "valid"}
        Which lines.
    starts : ndarray of bool, shape (pieces,)
        Whether a piece of the vocabulary begins a word.
    """

    def __init__(self, out: Path, part: str, starts: np.ndarray) -> None:
        held = load_file(str(out / f"tokens/{part}.safetensors"))
        self.flat, self.ends, self.origin = held["pieces"], held["ends"], held["origin"]
        self.begins = np.concatenate([[0], self.ends[:-1]])
        self.lengths = (self.ends - self.begins + 2).astype(np.int64)
        self.plan = np.repeat(np.arange(len(self.ends)), held["times"])
        self.starts = starts

    def epoch(self, seed: int, epoch: int, batch_tokens: int) -> list[np.ndarray]:
        """Return the batches of one epoch: rows of like length together, at most `batch_tokens` padded places each."""
        chance = np.random.default_rng([seed, epoch])
        order = chance.permutation(self.plan)
        per_window = max(1, int(WINDOW * batch_tokens / max(1.0, float(self.lengths.mean()))))
        batches: list[np.ndarray] = []
        for start in range(0, len(order), per_window):
            window = order[start : start + per_window]
            batches += list(self._cut(window[np.argsort(self.lengths[window], kind="stable")], batch_tokens))
        return [batches[place] for place in chance.permutation(len(batches))]

    def in_order(self, batch_tokens: int) -> list[np.ndarray]:
        """Return batches of all rows once, by length."""
        return list(self._cut(np.argsort(self.lengths, kind="stable"), batch_tokens))

    def _cut(self, rows: np.ndarray, batch_tokens: int) -> Iterator[np.ndarray]:
        start = 0
        for end in range(1, len(rows) + 1):
            # Rows come by length: the next one decides the width.
            if end == len(rows) or (end - start + 1) * self.lengths[rows[end]] > batch_tokens:
                yield rows[start:end]
                start = end

    def padded(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return piece numbers and mask of rows, shapes (rows, longest)."""
        lengths = self.lengths[rows]
        width = int(lengths.max())
        ids = np.full((len(rows), width), PAD, np.int64)
        for place, row in enumerate(rows):
            ids[place, 1 : lengths[place] - 1] = self.flat[self.begins[row] : self.ends[row]]
            ids[place, lengths[place] - 1] = SEP
        ids[:, 0] = CLS
        return ids, np.arange(width)[None, :] < lengths[:, None]

    def masked(self, ids: np.ndarray, share: float, seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Mask whole words (Devlin et al. 2019, with whole words): return inputs and targets.

        Of the pieces chosen 80 % become [MASK], 10 % another piece, and 10 % stay.
        """
        chance = np.random.default_rng([seed, step, 1])
        real = ids >= SPECIAL
        word = np.cumsum(self.starts[ids] | ~real, axis=1)
        drawn = chance.random(ids.shape)
        chosen = (np.take_along_axis(drawn, word - 1, axis=1) < share) & real
        if not chosen.any():
            chosen[0, 1] = real[0, 1]
        targets = np.where(chosen, ids, NO_TARGET)
        fate = chance.random(ids.shape)
        others = chance.integers(SPECIAL, len(self.starts), ids.shape)
        inputs = np.where(chosen & (fate < 0.8), MASK, np.where(chosen & (fate < 0.9), others, ids))
        return inputs, targets


def word_starts(tokenizer: Tokenizer) -> np.ndarray:
    """Return which pieces begin a word."""
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return np.array([not (piece.startswith("##") and len(piece) > 2) for piece, _ in pieces])
