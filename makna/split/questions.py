"""Pairs that belong together: two pairs that share a text, and all that such pairs lead to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from makna.core.corpus import normalised


def text_groups(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Return the group of each pair: pairs that share a text are in one group, and so are those they lead to.

    Texts are the same when they are normalised duplicates (`makna.core.corpus.normalised`). Duplicates are transitive:
    where a ~ b and b ~ c are in the training rows, a ~ c in the test rows is known.

    Parameters
    ----------
    first, second : sequence of str, shape (n,)
        Both sides.

    Returns
    -------
    ndarray of int, shape (n,)
        Groups, numbered in the order of their first pair. A text without letters and digits joins nothing.

    Examples
    --------
    >>> text_groups(["apa itu?", "siapa dia", "Apa itu"], ["apa ini", "siapa kamu", "kapan"]).tolist()
    [0, 1, 0]
    """
    n = len(first)
    texts = [normalised(text) for side in (first, second) for text in side]
    known: dict[str, int] = {}
    codes = np.empty(2 * n, dtype=np.int64)
    for place, text in enumerate(texts):
        codes[place] = known.setdefault(text or f"\0{place}", len(known))
    edges = coo_matrix((np.ones(n), (codes[:n], codes[n:])), shape=(len(known), len(known)))
    _, component = connected_components(edges, directed=False)
    groups: dict[int, int] = {}
    return np.array([groups.setdefault(int(found), len(groups)) for found in component[codes[:n]]], dtype=np.int64)
