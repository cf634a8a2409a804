"""Where texts come from, under which licence, and which texts are kept back because systems are judged on them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = "corpus/indonesian-lines.tsv.gz"


@dataclass(frozen=True)
class Source:
    """One source of texts.

    Parameters
    ----------
    name : str
        In the shared corpus, or of a data set's training part.
    register : {"formal", "informal", "religious", "english"}
        What language it is in.
    licence : str
        As its publisher states it.
    words : int
        Most words taken from it, so that no register drowns the others.
    repeat : int
        How often it is seen in one epoch.
    read : callable, optional
        Yields its texts from the data folder; None: its lines of the shared corpus.
    """

    name: str
    register: str
    licence: str
    words: int
    repeat: int = 1
    read: Callable[[Path], Iterator[str]] | None = None


def _columns(path: str, columns: list[str], delimiter: str = ",", header: bool = True, encoding: str = "utf-8"):
    def read(data: Path) -> Iterator[str]:
        with (data / path).open(encoding=encoding, newline="", errors="replace") as stream:
            quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
            rows = csv.reader(stream, delimiter=delimiter, quoting=quoting)
            names = next(rows) if header else []
            at = [names.index(column) if header else int(column) for column in columns]
            for row in rows:
                for column in at:
                    if column < len(row) and row[column].strip():
                        yield row[column]

    return read


def _lines(path: str) -> Callable[[Path], Iterator[str]]:
    def read(data: Path) -> Iterator[str]:
        yield from (data / path).read_text("utf-8").splitlines()

    return read


_ALL = 10**9
#: The order matters: of texts that are twice here, the first is kept.
SOURCES: tuple[Source, ...] = (
    Source("smsa-train", "informal", "Apache-2.0", _ALL, 2, _columns("smsa/train.tsv", ["0"], "\t", False)),
    Source("hoasa-train", "informal", "Apache-2.0", _ALL, 2, _columns("aspects/hoasa-train.csv", ["review"])),
    Source("casa-train", "informal", "Apache-2.0", _ALL, 2, _columns("aspects/casa-train.csv", ["sentence"])),
    Source("stif-train-informal", "informal", "MIT", _ALL, 2, _lines("slang/stif-train.inf")),
    Source("stif-train-formal", "informal", "MIT", _ALL, 1, _lines("slang/stif-train.for")),
    Source(
        "kamus-alay", "informal", "none stated", _ALL, 2,
        _columns("slang/colloquial-indonesian-lexicon.csv", ["context"]),
    ),
    Source("app_reviews", "informal", "CC BY-NC-ND", _ALL, 2),
    Source("nusa_kalimat_social", "informal", "Apache-2.0", _ALL, 2),
    Source("ted_id", "formal", "not stated", _ALL),
    Source("news_detik2025", "formal", "not stated", 300_000),
    Source("wiki_tydiqa", "formal", "CC BY-SA", 350_000),
    Source("indonli_premise", "formal", "CC BY-SA", _ALL),
    Source("ud_gsd", "formal", "CC BY-SA", _ALL),
    Source("gunnxx_general", "formal", "CC BY-SA 4.0", _ALL),
    Source("gunnxx_news", "formal", "CC BY-SA 4.0", _ALL),
    Source("panl_bppt", "formal", "not stated", 250_000),
    Source("idn_tagged", "formal", "CC BY-NC-SA", 150_000),
    Source("desmond86_bbc", "formal", "not stated", _ALL),
    Source("desmond86_odb", "formal", "not stated", 80_000),
    Source("desmond86_ausaid", "formal", "not stated", 40_000),
    Source("desmond86_smeru", "formal", "not stated", 150_000),
    Source("tafsir_id", "religious", "MIT", 60_000),
    Source("hadith_id", "religious", "MIT", 50_000),
    Source("quran_id", "religious", "MIT", 50_000),
    Source(
        "question-pairs-train", "english", "Quora terms, research only", 150_000, 1,
        _columns("question-pairs/train.csv", ["question1", "question2"]),
    ),
)  # fmt: skip

#: Every text that a study judges systems on. Sets that are cross-validated have no training part: they are here whole.
JUDGED: dict[str, Callable[[Path], Iterator[str]]] = {
    "smsa-valid": _columns("smsa/valid.tsv", ["0"], "\t", False),
    "hate-speech": _columns("hate-speech/re_dataset.csv", ["Tweet"], encoding="latin-1"),
    "product-reviews": _columns("product-reviews/PRDECT-ID_Dataset.csv", ["Customer Review"]),
    "casa-valid": _columns("aspects/casa-valid.csv", ["sentence"]),
    "hoasa-valid": _columns("aspects/hoasa-valid.csv", ["review"]),
    "stif-dev-informal": _lines("slang/stif-dev.inf"),
    "stif-dev-formal": _lines("slang/stif-dev.for"),
    "question-pairs-valid": _columns("question-pairs/valid.csv", ["question1", "question2"]),
    "alignment-pairs": _columns("alignment-pairs/pairs.csv", ["sentence1", "sentence2"]),
    "short-answers-en": _columns(
        "short-answers-en/mohler_dataset_edited.csv", ["question", "desired_answer", "student_answer"]
    ),
    "short-answers-id-saintek": _columns("short-answers-id/score-saintek.csv", ["jawaban"]),
    "short-answers-id-soshum": _columns("short-answers-id/score-soshum.csv", ["jawaban"]),
    "short-answers-id-keys-saintek": _columns("short-answers-id/question-saintek.csv", ["pertanyaan", "jawaban"]),
    "short-answers-id-keys-soshum": _columns("short-answers-id/question-soshum.csv", ["pertanyaan", "jawaban"]),
}


def corpus_lines(data: Path) -> dict[str, list[str]]:
    """Return the shared corpus: its lines by source."""
    by: dict[str, list[str]] = {}
    with gzip.open(data / CORPUS, "rt", encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            source, _, text = line.rstrip("\n").partition("\t")
            by.setdefault(source, []).append(text)
    return by


def judged_texts(data: Path) -> Iterator[tuple[str, str]]:
    """Yield (set, text) for every text that systems are judged on."""
    for name, read in JUDGED.items():
        for text in read(data):
            yield name, text


def frequent_words(data: Path, language: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a subtitle frequency list with their counts (CC BY-SA 4.0)."""
    for line in (data / f"word-frequencies/{language}_50k.txt").read_text("utf-8").splitlines():
        word, _, count = line.rpartition(" ")
        if word:
            yield word, int(count)


def slang_words(data: Path) -> Iterator[tuple[str, str]]:
    """Yield colloquial words with their standard form (kamus-alay)."""
    with (data / "slang/colloquial-indonesian-lexicon.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["slang"].strip().lower(), row["formal"].strip().lower()
