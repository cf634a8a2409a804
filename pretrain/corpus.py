"""The corpus: texts of all sources, tidied, each once, without judged ones; a file a source, and a manifest.

``python -m pretrain.corpus --data DATA --out RUN``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import random
from collections import Counter
from pathlib import Path

from pretrain.held_back import HeldBack
from pretrain.sources import SOURCES, Source, corpus_lines, judged_texts
from pretrain.texts import key, pieces_of, tidy, without_punctuation

LOG = logging.getLogger(__name__)
MOST_WORDS = 90  # of one line: about 128 pieces
PLAIN_SHARE = 0.25  # of the lines lose their punctuation, as texts do in a study's cleaning
VALID_IN = 200  # one line in so many is kept to measure the loss on


def build(data: Path, out: Path, seed: int = 13) -> dict:
    """Write the corpus below ``out/corpus`` and return its manifest.

    Parameters
    ----------
    data : Path
        The folder of public data (`pretrain.sources` says which files).
    out : Path
        The run's folder.
    seed : int
        Of the choice of lines where a source has more than it may give.
    """
    held = HeldBack(judged_texts(data))
    shared = corpus_lines(data)
    folder = out / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    accounts = []
    for source in SOURCES:
        texts = shared[source.name] if source.read is None else list(source.read(data))
        train, valid, dropped = _choose(source, texts, held, seen, seed)
        (folder / f"{source.name}.train.txt").write_text("".join(f"{line}\n" for line in train), "utf-8")
        (folder / f"{source.name}.valid.txt").write_text("".join(f"{line}\n" for line in valid), "utf-8")
        accounts.append(_account(source, folder, len(texts), train, valid, dropped))
        LOG.info("%s: %d lines, %d words", source.name, len(train), accounts[-1]["words"])
    manifest = {"seed": seed, "judged_texts": len(held.keys), "sources": accounts}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return manifest


def _choose(
    source: Source, texts: list[str], held: HeldBack, seen: set[str], seed: int
) -> tuple[list[str], list[str], Counter[str]]:
    """Return training lines, lines to measure on, and how many texts were dropped for what."""
    chance = random.Random(f"{seed} {source.name}")
    chance.shuffle(texts)
    train: list[str] = []
    valid: list[str] = []
    dropped: Counter[str] = Counter()
    words = 0
    for text in texts:
        if words >= source.words:
            dropped["beyond the source's share"] += 1
            continue
        tidied = tidy(text)
        # Judged by both forms: tidying must not hide a judged text.
        reason = held.why(text) or held.why(tidied)
        mark = key(tidied)
        if reason or mark in seen or len(tidied.split()) < 2:
            dropped[f"judged: {reason}" if reason else "seen already" if mark in seen else "too short"] += 1
            continue
        seen.add(mark)
        lines = [line for line in pieces_of(tidied, MOST_WORDS) if not held.why(line)]
        if int(mark[:8], 16) % VALID_IN == 0:
            valid += lines
            continue
        plain = source.register != "english" and chance.random() < PLAIN_SHARE
        train += [without_punctuation(line) if plain else line for line in lines]
        words += len(tidied.split())
    return [line for line in train if line], valid, dropped


def _account(
    source: Source, folder: Path, came: int, train: list[str], valid: list[str], dropped: Counter[str]
) -> dict:
    content = (folder / f"{source.name}.train.txt").read_bytes()
    return {
        "source": source.name,
        "register": source.register,
        "licence": source.licence,
        "repeat": source.repeat,
        "texts_in": came,
        "lines": len(train),
        "words": sum(len(line.split()) for line in train),
        "valid_lines": len(valid),
        "dropped": dict(sorted(dropped.items())),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def lines_of(out: Path, part: str) -> list[tuple[str, list[str]]]:
    """Return (source, lines) of one part, "train" or "valid", in the manifest's order."""
    manifest = json.loads((out / "corpus/manifest.json").read_text("utf-8"))
    return [
        (entry["source"], (out / f"corpus/{entry['source']}.{part}.txt").read_text("utf-8").split("\n")[:-1])
        for entry in manifest["sources"]
    ]


def repeats(out: Path) -> dict[str, int]:
    """Return how often each source is seen in one epoch."""
    manifest = json.loads((out / "corpus/manifest.json").read_text("utf-8"))
    return {entry["source"]: entry["repeat"] for entry in manifest["sources"]}


def main() -> None:
    """Build the corpus from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    choice = parser.parse_args()
    build(choice.data, choice.out)


if __name__ == "__main__":
    main()
