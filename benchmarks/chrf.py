"""chrF, the character n-gram F-score between texts and their references (Popović 2015)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

ORDER = 6
BETA = 2.0


def chrf(texts: Sequence[str], references: Sequence[str], order: int = ORDER, beta: float = BETA) -> float:
    """Return the chrF of a corpus, 0 … 1.

    chrP and chrR are the shares of the character n-grams of the texts that the references have too, and the other way
    round, each averaged over n = 1 … `order`; chrF = (1 + β²) · chrP · chrR / (β² · chrP + chrR). White space does not
    count, n-grams are counted over all lines, and orders longer than either side are left out, as in sacreBLEU.

    Source: M. Popović, *chrF: character n-gram F-score for automatic MT evaluation*, WMT 2015.

    Parameters
    ----------
    texts, references : sequence of str, shape (n,)
        Lines that belong together.
    order : int
        Longest n-gram.
    beta : float
        How many times as much recall counts as precision.

    Examples
    --------
    >>> round(chrf(["abcd"], ["abc"], order=2), 4)  # P = (3/4 + 2/3) / 2, R = 1
    0.9239
    """
    return score(counts(texts, references, order).sum(axis=0), beta)


def counts(texts: Sequence[str], references: Sequence[str], order: int = ORDER) -> np.ndarray:
    """Return for each line and n the n-grams in common, of the text, and of the reference, shape (n, order, 3)."""
    found = np.zeros((len(texts), order, 3), dtype=np.int64)
    for line, (text, other) in enumerate(zip(texts, references, strict=True)):
        text, other = "".join(text.split()), "".join(other.split())
        for n in range(1, order + 1):
            a, b = _ngrams(text, n), _ngrams(other, n)
            found[line, n - 1] = (a & b).total(), a.total(), b.total()
    return found


def score(sums: np.ndarray, beta: float = BETA) -> float:
    """Return chrF of counts added up over lines, shape (order, 3)."""
    common, ours, theirs = sums[(sums[:, 1] > 0) & (sums[:, 2] > 0)].T
    if not common.sum():
        return 0.0
    p, r = (common / ours).mean(), (common / theirs).mean()
    return float((1 + beta**2) * p * r / (beta**2 * p + r))


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))
