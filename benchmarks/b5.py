"""B5: stemming 13,169 tweets: PySastrawi's `create_stemmer()` against makna, at its first run and with its vocabulary.

Peer: what a user of PySastrawi writes: `create_stemmer()`, which keeps the stems of words it has seen, and `stem` on
each tweet. makna has the same tweets as one list. Its first run begins with an empty folder for kept stems, and is
measured with one process and with two; a run takes the second one where there are more than `ENOUGH_WORDS` new words
and a core is free. The second run finds the words of the first on disk. Before every run all that this process has
learned is forgotten, the list of roots too.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from makna.clean import sastrawi, stem_vocabulary, stem_worker
from makna.clean.informal import enclitics
from makna.clean.stem import Stem
from makna.clean.stem_tables import own_exceptions
from makna.collect.datasets import read_dataset

ROUNDS = 5
FIRST, SECOND = 1.8, 20.0  # times as fast as the peer, to be reached
_WAYS = ("one_process", "two_processes", "second")


def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """Return seconds of the peer and of each way (medians of the rounds), their ratios, and the differing stems."""
    collected = read_dataset("hate-speech")
    texts = collected.table[str(collected.mapping["text"])].tolist()
    seconds: dict[str, list[float]] = {name: [] for name in ("peer", *_WAYS)}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            start = time.perf_counter()
            stemmer = StemmerFactory().create_stemmer()
            theirs = [stemmer.stem(text) for text in texts]
            seconds["peer"].append(time.perf_counter() - start)
            for name, folder, processes in (("one_process", one, 1), ("two_processes", two, 2), ("second", one, 1)):
                seconds[name].append(timed(texts, folder, processes))
    os.environ.pop("MAKNA_CACHE", None)
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    ratios = {name: medians["peer"] / medians[name] for name in _WAYS}
    plain = Stem(table=False, informal=False).resolve().apply_all(texts)
    words = sorted({word for text in texts for word in re.findall("[a-z0-9-]+", text.lower())})
    found = differences(words, stemmer)
    return {
        "texts": len(texts),
        "words": len(words),
        "rounds": rounds,
        "words_for_two_processes": stem_worker.ENOUGH_WORDS,
        "seconds": medians,
        "all_seconds": seconds,
        "ratio": ratios,
        "identical_without_table_and_rules": plain == theirs,
        **found,
        "reached": bool(
            min(ratios["one_process"], ratios["two_processes"]) >= FIRST
            and ratios["second"] >= SECOND
            and plain == theirs
            and not found["unexplained"]
        ),
    }


def timed(texts: Sequence[str], folder: str, processes: int) -> float:
    """Return the seconds that a process which has just begun takes."""
    os.environ["MAKNA_CACHE"] = folder
    forget()
    enough, stem_worker.ENOUGH_WORDS = stem_worker.ENOUGH_WORDS, 0 if processes == 2 else len(texts) ** 2
    may, stem_worker.may_start_process = stem_worker.may_start_process, lambda: True
    try:
        start = time.perf_counter()
        Stem().resolve().apply_all(texts)
        return time.perf_counter() - start
    finally:
        stem_worker.ENOUGH_WORDS, stem_worker.may_start_process = enough, may


def forget() -> None:
    """Forget stems, rules and roots."""
    stem_vocabulary._IN_USE.clear()
    for kept in (sastrawi._stemmer, sastrawi.word_stemmer, sastrawi.root_words):
        kept.cache_clear()


def differences(words: Sequence[str], peer: Any) -> dict[str, Any]:
    """Count the words whose stems differ: by the table, by the rules for colloquial affixes, by neither."""
    table, roots = own_exceptions().entries, sastrawi.root_words()
    counts = {"by_table": 0, "by_rules": 0}
    unexplained = []
    for word, ours in zip(words, Stem().resolve().apply_all(words), strict=True):
        theirs = peer.stem(word)
        if ours == theirs:
            continue
        if word in table or theirs in table or any(left in table for left in enclitics(word)):
            counts["by_table"] += 1
        elif theirs not in roots:  # only what PySastrawi left as it was
            counts["by_rules"] += 1
        else:
            unexplained.append(word)
    return {"differing_words": counts, "unexplained": unexplained}
