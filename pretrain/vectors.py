"""Word vectors from the same corpus: Word2Vec, skip-gram (Mikolov et al. 2013), quantised to int8.

Words are lower case and cut as makna cuts them. Words never seen get a vector from their n-grams, as FastText gives
them (Bojanowski et al. 2017); here an n-gram's vector is found afterwards, as the mean of the words that have it, rare
n-grams counting for more. FastText itself, which learns both at once, has spellings of a word for its nearest
neighbours where texts are few (*bagus*: bagus2, baguss, baguslah), not words of like meaning.

``python -m pretrain.vectors --out RUN``
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from pretrain.corpus import lines_of, repeats

LOG = logging.getLogger(__name__)
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
WIDTH = 100
LEAST = 5
MOST = 40_000
BUCKETS = 30_000
MIN_N, MAX_N = 3, 5
SHARPEST = 127


def _sentences(out: Path) -> Iterator[list[str]]:
    often = repeats(out)
    for source, lines in lines_of(out, "train"):
        for line in lines:
            words = WORD.findall(line.lower())
            for _ in range(often[source]):
                yield words


def packed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix as int8 and a float16 scale for each row."""
    scale = np.maximum(np.abs(matrix).max(axis=1) / SHARPEST, 1e-8).astype(np.float16)
    scale = np.maximum(scale, np.float16(6e-8))
    return np.clip(np.rint(matrix / scale.astype(np.float32)[:, None]), -127, 127).astype(np.int8), scale


def hashed(word: str) -> set[int]:
    """Return the places of a word's n-grams (FNV-1a of 32 bits over signed bytes, as fastText has it)."""
    whole = f"<{word}>"
    places = set()
    for start in range(len(whole)):
        for end in range(start + MIN_N, min(start + MAX_N, len(whole)) + 1):
            value = 2166136261
            for byte in whole[start:end].encode():
                value = ((value ^ (byte if byte < 0x80 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
            places.add(value % BUCKETS)
    return places


def gram_vectors(words: list[str], matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places of n-grams and a vector for each: the mean of its words, times how rare it is (0 to 1)."""
    total = np.zeros((BUCKETS, matrix.shape[1]), np.float64)
    count = np.zeros(BUCKETS, np.int64)
    centred = matrix - matrix.mean(axis=0)
    for word, vector in zip(words, centred, strict=True):
        places = list(hashed(word))
        total[places] += vector
        count[places] += 1
    filled = np.flatnonzero(count)
    rare = np.log(len(words) / count[filled]).clip(min=0) / np.log(max(2, len(words)))
    return filled, (total[filled] / count[filled, None] * rare[:, None]).astype(np.float32)


def build(out: Path, seed: int = 13, epochs: int = 8) -> dict:
    """Write the vectors below ``out/vectors`` and return what they are."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        list(_sentences(out)), vector_size=WIDTH, window=5, min_count=LEAST, sg=1, negative=8, sample=1e-4, seed=seed,
        epochs=epochs, workers=1,
    ).wv  # fmt: skip
    words = model.index_to_key[:MOST]
    folder = out / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    matrix, scale = packed(model.vectors[: len(words)])
    filled, vectors = gram_vectors(words, model.vectors[: len(words)])
    grams, gram_scale = packed(vectors)
    tensors = {
        "matrix": matrix, "matrix.scale": scale, "grams": grams, "grams.scale": gram_scale,
        "gram_numbers": filled.astype(np.int32),
    }  # fmt: skip
    save_file(tensors, str(folder / "vectors.int8.safetensors"))
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in words), "utf-8")
    about = {
        "words": len(words), "width": WIDTH, "min_n": MIN_N, "max_n": MAX_N, "buckets": BUCKETS, "grams": len(filled),
        "epochs": epochs, "seed": seed,
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about, indent=1), "utf-8")
    LOG.info("vectors: %s", about)
    return about


def main() -> None:
    """Learn the vectors from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("gensim").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=8)
    choice = parser.parse_args()
    build(choice.out, epochs=choice.epochs)


if __name__ == "__main__":
    main()
