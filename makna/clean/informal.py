"""Roots of words with colloquial affixes (dengerin, ngomong, nyari, kedengeran), by rule and a list of roots.

The colloquial affixes are those of everyday Jakarta Indonesian: -in for -kan and -i, the bare nasal for meN-, ke- for
ter-, and roots in their spoken form (*denger* for *dengar*, *pake* for *pakai*, *abis* for *habis*). A reading counts
only where its root is a known one; of several readings the one that takes least away wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Knows = Callable[[str], bool]

_LETTERS = re.compile(r"[a-z]{5,40}")
_ENCLITIC = re.compile(r"(?:nya|ny|ku|mu)?(?P<particle>(?:lah|kah|pun)?)$")
_PREFIXES = ("di", "ke", "ter", "ber", "se")
_VOWELS = "aiueo"
# The last syllable is spoken with e where standard Indonesian has a: dengar, balas, cepat.
_SPOKEN_E = re.compile(r"e(?=(?:ng|[^aiueo])$)")
# Least length of what is left: a short root at the end of a foreign word is chance (robin, bitcoin).
_LEAST_BARE, _LEAST_BETWEEN = 4, 3


def enclitics(word: str) -> Iterator[str]:
    """Yield what is left of a word without -nya, -ku, -mu and -lah, -kah, -pun; the word itself is left out.

    Examples
    --------
    >>> list(enclitics("bukunyalah"))
    ['buku', 'bukunya']
    """
    found = _ENCLITIC.search(word)
    assert found is not None  # it may be empty
    for cut in dict.fromkeys((len(found[0]), len(found["particle"]))):
        if 0 < cut <= len(word) - _LEAST_BETWEEN:
            yield word[:-cut]


def informal_root(word: str, is_root: Knows, known: Mapping[str, str]) -> str | None:
    """Return the root of a word with colloquial affixes; None where no reading has a known root.

    Parameters
    ----------
    word : str
        In lower case, itself no root and without a formal reading.
    is_root : callable
        Tells roots of standard Indonesian.
    known : mapping
        Word → root, where no rule leads from one to the other.

    Examples
    --------
    >>> roots = {"dengar", "omong", "buka", "habis"}
    >>> [informal_root(word, roots.__contains__, {}) for word in ("dengerin", "ngomong", "dibukain", "ngabisin")]
    ['dengar', 'omong', 'buka', 'habis']
    """
    if not _LETTERS.fullmatch(word):
        return None
    for form in (word, *enclitics(word)):
        readings = list(_readings(form))
        for left in readings:
            if left in known:
                return known[left]
            if is_root(left):
                return left
        for left in readings:
            for way in _standard(left, form):
                if is_root(way):
                    return way
    return None


def _readings(form: str) -> Iterator[str]:
    """Yield what may be left of a form without its affixes, what takes least away first."""
    for prefix in ("", *_PREFIXES):
        if not form.startswith(prefix):
            continue
        rest = form[len(prefix) :]
        # The form as it is was looked at before.
        if prefix and len(rest) > _LEAST_BETWEEN:
            yield rest
        if prefix in ("", "di"):
            yield from _without_nasal(rest)
        if prefix in ("", "di") and rest.endswith("in"):
            base = rest[:-2]
            if len(base) >= (_LEAST_BETWEEN if prefix else _LEAST_BARE):
                yield base
            yield from _without_nasal(base, has_suffix=True)
        if prefix in ("", "ke") and rest.endswith("an") and len(rest) - 2 >= _LEAST_BARE:
            yield rest[:-2]


def _without_nasal(form: str, has_suffix: bool = False) -> Iterator[str]:
    """Yield what a nasal may stand for: ngambil ambil, ngecek cek, ngirim kirim, nyuci suci cuci, nungguin tunggu."""
    if len(form) < 4:
        return
    if form.startswith("ng"):
        rest = form[2:]
        yield rest
        if rest[0] == "e":
            yield rest[1:]
        if rest[0] in _VOWELS:
            yield "k" + rest
    elif form.startswith("ny") and form[2] in _VOWELS:
        yield "s" + form[2:]
        yield "c" + form[2:]
    elif has_suffix and form[0] in "nm" and form[1] in _VOWELS:
        # Without -in too many words begin so by chance.
        yield ("t" if form[0] == "n" else "p") + form[1:]


def _standard(left: str, form: str) -> Iterator[str]:
    """Yield the standard roots that may be spoken so: denger dengar, pake pakai, kaco kacau, abis habis."""
    ways = [left, _SPOKEN_E.sub("a", left)]
    # A word in -ean or -oan is seldom one with -an (indian, series), nor one in se-, ter-, ber- with such an end.
    if not form.endswith("an") and not form.startswith(("se", "ter", "ber")):
        ways += [left[:-1] + "ai"] if left.endswith("e") else []
        ways += [left[:-1] + "au"] if left.endswith("o") else []
    if left[:1] in tuple(_VOWELS):
        ways += ["h" + way for way in ways]
    yield from (way for way in dict.fromkeys(ways) if way != left)
