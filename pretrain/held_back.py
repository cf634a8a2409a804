"""What may not be learned from: texts that systems are judged on, whole or in part."""

from __future__ import annotations

from collections.abc import Iterable

from pretrain.texts import key, normalised, runs

RUN = 12
"""A run of so many words that is also in a judged text gives a text away."""
SHORTEST = 6
"""A judged text of fewer words may stand inside a longer one by chance."""


class HeldBack:
    """Tells whether a text is, contains, or shares a long run of words with a judged one.

    Parameters
    ----------
    judged : iterable of (set, text)
        The texts that systems are judged on.

    Examples
    --------
    >>> held = HeldBack([("smsa-valid", "Hotel ini bersih sekali dan nyaman.")])
    >>> held.why("hotel ini BERSIH sekali, dan nyaman"), held.why("hotel ini kotor")
    ('same', None)
    """

    def __init__(self, judged: Iterable[tuple[str, str]]) -> None:
        self.keys: set[str] = set()
        self._runs: dict[int, set[str]] = {length: set() for length in range(SHORTEST, RUN + 1)}
        for _, text in judged:
            words = normalised(text).split()
            if not words:
                continue
            self.keys.add(key(text))
            if len(words) >= RUN:
                self._runs[RUN].update(runs(words, RUN))
            elif len(words) >= SHORTEST:
                self._runs[len(words)].add(" ".join(words))

    def why(self, text: str) -> str | None:
        """Return "same", "contains" or "run" where a text gives a judged one away, else None."""
        if key(text) in self.keys:
            return "same"
        words = normalised(text).split()
        for length, known in self._runs.items():
            if known and any(run in known for run in runs(words, length)):
                return "run" if length == RUN else "contains"
        return None
