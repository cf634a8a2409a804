"""A class's answers as numbers: what each shares with its key and its question, before any mark is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline, make_union

from makna.clean.text import CleanText
from makna.core.corpus import text_array
from makna.core.errors import DataError
from makna.represent.compare import Compare
from makna.represent.counts import Counts
from makna.represent.lengths import LengthFeatures
from makna.represent.pairs import OverlapFeatures
from makna.serve.desk_key import Coverage

_LONGEST = 20_000  # characters of an answer that are looked at


@dataclass(frozen=True)
class Texts:
    """What is written in a class file, row by row.

    Parameters
    ----------
    answers, keys, questions : sequence of str, shape (n,)
        Texts; a question may be empty.
    """

    answers: Sequence[str]
    keys: Sequence[str]
    questions: Sequence[str]


def features_of(texts: Texts, coverage: Sequence[Coverage], stem: bool) -> np.ndarray:
    """Return features of each answer that need no mark, shape (n, p).

    Overlaps, cosines of counts and lengths by makna's own steps, against the key and against the question, once of the
    words as they stand and once of their stems; the share of the key that is covered. Document frequencies are learned
    from all rows, marked or not, so that a marked row is in no way special.

    Parameters
    ----------
    texts : Texts
        n rows.
    coverage : sequence of Coverage, shape (n,)
        Of the key.
    stem : bool
        Whether the texts are Indonesian, so that stems say more.

    Raises
    ------
    DataError
        There is no word in answers and keys.
    """
    answers = shortened(texts.answers)
    beside_key = pd.DataFrame({"text_a": text_array(answers), "text_b": text_array(texts.keys)})
    beside_question = pd.DataFrame({"text_a": text_array(answers), "text_b": text_array(texts.questions)})
    shared = make_union(
        OverlapFeatures(),
        LengthFeatures(),
        *(Compare(counts, by=["cosine"]) for counts in (Counts(words=(1, 1)), Counts(chars=(2, 4)))),
    )
    blocks = [_fitted(shared, beside_key), OverlapFeatures().fit_transform(beside_question)[:, :3]]
    if stem:
        stems = make_union(OverlapFeatures(), Compare(Counts(words=(1, 1)), by=["cosine"]))
        blocks.append(make_pipeline(CleanText(["stem"]), stems).fit_transform(beside_key))
    parts = [(len(found.covered), len(found.missed), found.share) for found in coverage]
    counted = np.array(parts, dtype=float).reshape(-1, 3)
    lengths = np.log1p([[len(answer), len(answer.split())] for answer in answers])
    covered = counted[:, 0] / np.maximum(counted[:, 0] + counted[:, 1], 1)
    return np.hstack([*blocks, counted, covered[:, None], lengths])


def views_of(answers: Sequence[str]) -> list[object]:
    """Return answers as vectors of length 1, once of characters and once of stems: how alike two of them are."""
    texts = text_array(shortened(answers))
    if not any(text.split() for text in texts):
        return []
    return [_fitted(Counts(chars=(2, 4)), texts), _fitted(Counts(chars=(3, 5), sublinear=True), texts)]


def shortened(texts: Sequence[str]) -> list[str]:
    """Return texts without what is beyond the length that is looked at."""
    return [text[:_LONGEST] for text in texts]


def _fitted(step: object, X: object) -> np.ndarray:
    try:
        return step.fit_transform(X)  # type: ignore[attr-defined]
    except DataError as wrong:
        if wrong.key != "represent.no_terms":
            raise
        raise DataError("serve.desk_no_words") from wrong


def vectors_of(texts: Texts, encoder: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an encoder's vectors of the answers, of length 1, and their cosines with key and question, shape (n, 2).

    Parameters
    ----------
    texts : Texts
        n rows.
    encoder : str
        Its name, or a folder.

    Raises
    ------
    ModelError
        There is no such encoder here.
    """
    from makna.represent.encoder import Encoder

    sides = [shortened(side) for side in (texts.answers, texts.keys, texts.questions)]
    distinct = list(dict.fromkeys(text for side in sides for text in side))
    found = np.asarray(Encoder(name=encoder, pooling="mean").fit_transform(text_array(distinct)), dtype=float)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    place = {text: number for number, text in enumerate(distinct)}
    answers, keys, questions = (found[[place[text] for text in side]] for side in sides)
    return answers, np.stack([(answers * keys).sum(axis=1), (answers * questions).sum(axis=1)], axis=1)
