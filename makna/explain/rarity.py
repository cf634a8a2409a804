"""How rare tokens are, and what rarity a row of tokens has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from makna.clean.language import count_languages
from makna.clean.stopwords import LANGUAGES, own_words
from makna.explain.settings import RaritySettings
from makna.explain.tokens import TokenRows

_LANGUAGE_SHARE = 0.1
_MOST_READ = 2000  # texts whose language is looked at
_COMMON = 20
_POINTS = 60  # of the plot of frequencies


@dataclass(frozen=True)
class Rarity:
    """The rarity of every token, −ln(count(t) / Σ count) over some rows (study 000, equation 2).

    A token that those rows have not is taken for one they have once.

    Parameters
    ----------
    tokens : TokenRows
        All rows.
    counts : ndarray of int, shape (vocabulary,)
        How often each token occurs in the rows that are counted.
    """

    tokens: TokenRows
    counts: np.ndarray

    @classmethod
    def over(cls, tokens: TokenRows, rows: np.ndarray) -> Rarity:
        """Count the tokens of these rows."""
        return cls(tokens, tokens.counts(rows))

    @property
    def of_token(self) -> np.ndarray:
        """Rarity of each token, natural logarithm, shape (vocabulary,)."""
        total = self.counts.sum()
        return np.log(total) - np.log(np.maximum(self.counts, 1)) if total else np.zeros(len(self.counts))

    def mean(self) -> np.ndarray:
        """Return the mean rarity of each row's tokens, shape (n,); NaN of a row without tokens."""
        lengths = self.tokens.lengths
        sums = np.bincount(self.tokens.owner, weights=self.of_token[self.tokens.codes], minlength=len(lengths))
        return np.divide(sums, lengths, out=np.full(len(lengths), np.nan), where=lengths > 0)

    def max(self) -> np.ndarray:
        """Return the rarity of each row's rarest token, shape (n,); NaN of a row without tokens."""
        found = np.full(len(self.tokens.lengths), -np.inf)
        np.maximum.at(found, self.tokens.owner, self.of_token[self.tokens.codes])
        return np.where(np.isfinite(found), found, np.nan)

    def items(self, rows: np.ndarray, pair: str) -> tuple[np.ndarray, np.ndarray]:
        """Return what is put into bins: places in `rows`, and rarities; of ``"token"`` one entry a token.

        Parameters
        ----------
        rows : ndarray of int
            Row positions.
        pair : {"mean", "max", "token"}
            How a row's rarity is made.

        Returns
        -------
        (ndarray of int, ndarray of float)
            Rows without tokens are left out.
        """
        if pair == "token":
            place = np.full(len(self.tokens.lengths), -1)
            place[rows] = np.arange(len(rows))
            found = place[self.tokens.owner]
            return found[found >= 0], self.of_token[self.tokens.codes][found >= 0]
        values = _OF_ROW[pair](self)[rows]
        there = np.flatnonzero(~np.isnan(values))
        return there, values[there]

    def table(self) -> dict[str, Any]:
        """Return the tokens that were counted, as explain.json has them.

        Returns
        -------
        dict
            ``total``; ``distinct``; ``once``: tokens that occur once; ``common``: the commonest as [token, count,
            rarity]; ``ranks``: [rank, count] of some sixty ranks, evenly spread on a logarithmic axis.
        """
        order = np.argsort(-self.counts, kind="stable")
        order = order[: int((self.counts > 0).sum())]
        rarity = self.of_token
        common = [[self.tokens.vocabulary[i], int(self.counts[i]), float(rarity[i])] for i in order[:_COMMON]]
        spread = np.geomspace(1, len(order), _POINTS) if len(order) else np.zeros(0)
        ranks = np.unique(spread.round().astype(int))
        return {
            "total": int(self.counts.sum()),
            "distinct": len(order),
            "once": int((self.counts == 1).sum()),
            "common": common,
            "ranks": [[int(rank), int(self.counts[order[rank - 1]])] for rank in ranks],
        }


_OF_ROW = {"mean": Rarity.mean, "max": Rarity.max}


def stopwords_of(languages: Iterable[str]) -> frozenset[str]:
    """Return makna's stop words of these languages, negations included."""
    return frozenset(word for language in languages for word in own_words(language))


def languages_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that a tenth of the texts or more are in; of many texts evenly spread ones are read."""
    read = texts[:: max(1, len(texts) // _MOST_READ)]
    counts = count_languages(read)
    known = sum(counts[language] for language in LANGUAGES)
    return tuple(language for language in LANGUAGES if known and counts[language] >= _LANGUAGE_SHARE * known)


def without_stopwords(tokens: TokenRows, texts: Sequence[str], settings: RaritySettings) -> tuple[TokenRows, list[str]]:
    """Return the tokens that are counted, and the languages whose stop words were left out.

    Parameters
    ----------
    tokens : TokenRows
        All tokens.
    texts : sequence of str
        What the language is judged from.
    settings : RaritySettings
        Whether stop words are dropped, and whose.
    """
    if settings.stopwords == "keep":
        return tokens, []
    languages = settings.languages or languages_in(texts)
    return tokens.without(stopwords_of(languages)), list(languages)
