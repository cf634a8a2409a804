"""What people write, made fit to be kept: names that do not look alike, texts and ids any database takes."""

from __future__ import annotations

import unicodedata

from makna.core.errors import DataError

_LARGEST_ID = 2**31 - 1


def name_key(name: str) -> str:
    """Return what makes a name one of its kind: NFKC, case folded, runs of space made one.

    Parameters
    ----------
    name : str
        As written.

    Examples
    --------
    >>> name_key("  ＡNI   Wijaya ")
    'ani wijaya'
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def checked_name(name: str, longest: int = 100) -> str:
    """Return a name as it is shown: runs of space made one.

    Parameters
    ----------
    name : str
        Of a person, a project or a label, as written.
    longest : int
        Characters at most.

    Raises
    ------
    DataError
        It is empty, too long, or has characters that nobody sees (they would let two names look alike).
    """
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown or len(shown) > longest or len(name_key(shown)) > 2 * longest or not name_key(shown).isprintable():
        raise DataError("label.store_bad_name", came=ascii(shown[:40]), longest=longest)
    return shown


def storable(text: str) -> str:
    """Return a text with what no database keeps (NUL, halves of surrogate pairs) made U+FFFD.

    Parameters
    ----------
    text : str
        Any.

    Examples
    --------
    >>> storable("a\\x00b")
    'a�b'
    """
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\x00", "�")


def is_id(value: int) -> bool:
    """Return whether a number may be a row's id at all: others would be errors in one database or the other.

    Parameters
    ----------
    value : int
        What a request asked for.
    """
    return 0 < value <= _LARGEST_ID
