"""Indonesian words with English glosses, by which the first embeddings are found.

Two tables: `glosses.txt`, common and colloquial words, written for makna; and `wikdict-id-en.tsv`, drawn from the
English–Indonesian dictionary of FreeDict and WikDict (edition 2022.11.18, from Wiktionary, CC BY-SA 3.0), which this
module turned round: ``python -m pretrain.dictionary freedict-eng-ind.dict.dz``.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
_HEAD = re.compile(r"^(?P<word>[A-Za-z][A-Za-z' -]*?) /.*<(?P<kind>[a-z, ]+)>$")
_SENSE = re.compile(r"^\d+\. (?P<words>.+)$")
_WORD = re.compile(r"[a-z]+(-[a-z]+)?")
_MOST = 4  # glosses of a word


def turned_round(lines: list[str]) -> dict[str, list[str]]:
    """Return Indonesian words with their English ones from the lines of the English–Indonesian dictionary."""
    glosses: dict[str, list[str]] = {}
    head, first = "", False
    for line in lines:
        found = _HEAD.match(line)
        if found:
            head, first = found["word"].strip().lower(), "suffix" not in found["kind"]
            continue
        sense = _SENSE.match(line)
        if head and (first or sense):
            words = sense["words"] if sense else line
            for word in re.sub(r" \d+\.$", "", words).lower().split(", "):
                if _WORD.fullmatch(word) and len(head.split()) <= 2:
                    known = glosses.setdefault(word, [])
                    if head not in known and len(known) < _MOST:
                        known.append(head)
        first = False
    return glosses


def read_glosses() -> dict[str, list[str]]:
    """Return every Indonesian word with its English glosses; the table written for makna counts before the other."""
    glosses: dict[str, list[str]] = {}
    for line in (HERE / "wikdict-id-en.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, _, meanings = line.partition("\t")
            glosses[word] = meanings.split(";")
    for line in (HERE / "glosses.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            words, _, meanings = line.partition(" = ")
            for word in words.split():
                glosses[word.replace("-", " ") if word.count("-") else word] = meanings.split()
    return glosses


def main() -> None:
    """Write `wikdict-id-en.tsv` from the dictionary's file."""
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as stream:
        glosses = turned_round(stream.read().splitlines())
    rows = [f"{word}\t{';'.join(meanings)}" for word, meanings in sorted(glosses.items())]
    note = "# FreeDict/WikDict eng-ind 2022.11.18 turned round; from Wiktionary; CC BY-SA 3.0\n"
    (HERE / "wikdict-id-en.tsv").write_text(note + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
