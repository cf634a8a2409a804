"""Which words of a pair stand in one text only."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+(?:[-'’]\w+)*")
_LONGEST = 2000  # words of one text; beyond it, alignment takes too long for a page

Piece = tuple[str, bool]


def mark_differences(a: str, b: str) -> tuple[list[Piece], list[Piece]]:
    """Cut two texts into pieces that stand in both, in the same order, and pieces that do not.

    Case and punctuation make no difference. The pieces of a text are the text when joined.

    Parameters
    ----------
    a, b : str
        The texts.

    Returns
    -------
    pieces of a, pieces of b : list of (text, differs)
        Neighbours differ in `differs`.

    Examples
    --------
    >>> mark_differences("Kirim hari ini.", "kirim besok")[1]
    [('kirim ', False), ('besok', True)]
    """
    words = [list(_WORDS.finditer(text)) for text in (a, b)]
    if max(len(found) for found in words) > _LONGEST:
        return [(a, False)], [(b, False)]
    keys = [[word.group().casefold() for word in found] for found in words]
    same = SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_matching_blocks()
    in_both: tuple[set[int], set[int]] = (set(), set())
    for block in same:
        in_both[0].update(range(block.a, block.a + block.size))
        in_both[1].update(range(block.b, block.b + block.size))
    return _pieces(a, words[0], in_both[0]), _pieces(b, words[1], in_both[1])


def _pieces(text: str, words: list[re.Match[str]], shared: set[int]) -> list[Piece]:
    pieces: list[Piece] = []
    end = 0
    for place, word in enumerate(words):
        _add(pieces, text[end : word.start()], bool(pieces) and pieces[-1][1] and place not in shared)
        _add(pieces, word.group(), place not in shared)
        end = word.end()
    _add(pieces, text[end:], False)
    return pieces


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    if not text:
        return
    if pieces and pieces[-1][1] == differs:
        pieces[-1] = (pieces[-1][0] + text, differs)
    else:
        pieces.append((text, differs))
