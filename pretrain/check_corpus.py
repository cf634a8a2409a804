"""Prove that no text that systems are judged on is in the corpus; exit 1 and show what is, if any.

It reads the written corpus anew and compares by its own means: hashes of normalised texts, and every run of words.

``python -m pretrain.check_corpus --data DATA --out RUN``
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from pretrain.corpus import lines_of
from pretrain.sources import judged_texts
from pretrain.texts import normalised

LOG = logging.getLogger(__name__)
RUN = 13  # words; the corpus is built without shared runs of 12, this asks for one more as others do


def check(data: Path, out: Path) -> dict:
    """Return how many lines were compared with how many judged texts, and what was found."""
    whole: dict[str, str] = {}
    parts: dict[str, str] = {}
    for name, text in judged_texts(data):
        form = normalised(text)
        if form:
            whole.setdefault(form, name)
            words = form.split()
            for start in range(len(words) - RUN + 1):
                parts.setdefault(" ".join(words[start : start + RUN]), name)
    found = []
    compared = 0
    for part in ("train", "valid"):
        for source, lines in lines_of(out, part):
            for line in lines:
                compared += 1
                form = normalised(line)
                words = form.split()
                windows = (" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1))
                hit = whole.get(form) or next((parts[window] for window in windows if window in parts), None)
                if hit:
                    found.append({"source": source, "part": part, "set": hit, "line": line[:200]})
    return {"lines": compared, "judged": len(whole), "runs": len(parts), "found": found}


def main() -> None:
    """Check from the command line; the answer is kept beside the corpus."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    choice = parser.parse_args()
    result = check(choice.data, choice.out)
    (choice.out / "corpus/check.json").write_text(json.dumps(result, indent=1), "utf-8")
    LOG.info("%s", json.dumps({**result, "found": len(result["found"])}))
    for hit in result["found"][:20]:
        LOG.info("%s", json.dumps(hit))
    sys.exit(1 if result["found"] else 0)


if __name__ == "__main__":
    main()
