"""Bytes and characters that came to be typed as text: escapes, HTML entities, text read in the wrong encoding."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import ClassVar

from makna.clean.step import TextStep, choice

# Runs are matched whole, since one character may be spelled in several escapes.
_ESCAPES = re.compile(
    r"(?P<bytes>(?:\\{1,2}x[0-9a-fA-F]{2})+)"
    r"|(?P<units>(?:\\{1,2}u[0-9a-fA-F]{4})+)"
    r"|(?P<breaks>\\{1,2}[nrt])"
    r"|\\{1,2}(?P<mark>[/'\"])"
    # Tweets are cut at a length, and with them the last escape.
    r"|(?P<cut>\\{1,2}(?:x[0-9a-fA-F]?|u[0-9a-fA-F]{0,3})(?=['\"]?\Z))"
)
_HEX2 = re.compile(r"x([0-9a-fA-F]{2})")
_HEX4 = re.compile(r"u([0-9a-fA-F]{4})")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\]")
_AMPERSANDS = re.compile(r"&(?:amp;)+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# Windows-1252 gives the bytes 80-9f other characters than Latin-1; both misreadings are common.
_WINDOWS = {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_TRAIL = "\x80-\xbf" + "".join(sorted(_WINDOWS))
# Only first bytes that misread texts really have: "CAFÉ”" would otherwise be read as one foreign letter.
_MOJIBAKE = re.compile(f"[\xc2\xc3\xd8\xd9][{_TRAIL}]|[\xe2\xe3\xef][{_TRAIL}]{{2}}|\xf0[{_TRAIL}]{{3}}")
# What is left of an emoji or a quotation mark after a second, lossy conversion: ð??? or â??
_LOST = re.compile(rf"[ðâï][?{_TRAIL}]{{2,3}}|ð[{_TRAIL}]")


@dataclass(frozen=True)
class Escapes(TextStep):
    r"""Decode or drop escapes that were typed as text: ``\n``, ``\xf0\x9f\x98\x82``, ``\u00e9``, ``\/``.

    Parameters
    ----------
    to : {"decode", "drop"}
        What becomes of them; decoded line breaks and control characters are spaces.

    Examples
    --------
    >>> Escapes().apply(r"lucu\xf0\x9f\x98\x82")
    'lucu😂'
    """

    to: str = choice("decode", "drop")

    name: ClassVar[str] = "escapes"
    shorthand: ClassVar[str] = "to"
    # Each round takes one layer off what was escaped twice.
    idempotent: ClassVar[bool] = False

    def apply(self, text: str) -> str:
        """Return `text` without escapes."""
        return decode_escapes(text) if self.to == "decode" else drop_escapes(text)


def decode_escapes(text: str) -> str:
    r"""Return `text` with escapes typed as text decoded: ``\n``, ``\xf0\x9f\x98\x82``, ``\ud83d\ude02``, ``\/``.

    Line breaks and control characters become a space; bytes that are no UTF-8 (a run cut short) vanish.

    Examples
    --------
    >>> decode_escapes(r"lucu\n\xf0\x9f\x98\x82")
    'lucu 😂'
    """
    return _ESCAPES.sub(_decoded, text) if "\\" in text else text


def drop_escapes(text: str) -> str:
    """Return `text` with each run of escapes typed as text made one space; an escaped mark keeps the mark."""
    return _ESCAPES.sub(lambda match: match["mark"] or " ", text) if "\\" in text else text


def decode_entities(text: str) -> str:
    """Return `text` with HTML entities decoded, also those escaped more than once (``&amp;lt;``).

    Only entities that end in a semicolon count, so that ``?a=1&copy=2`` stays as it is.
    """
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda match: html.unescape(match[0]), _AMPERSANDS.sub("&", text))


def repair_mojibake(text: str) -> str:
    """Return `text` with UTF-8 that was read as Latin-1 or Windows-1252 read again, and lost remains made a space.

    Examples
    --------
    >>> repair_mojibake("keren ðŸ˜‚ â€œsekaliâ€\x9d")
    'keren 😂 “sekali”'
    """
    if text.isascii():
        return text
    return _LOST.sub(" ", _MOJIBAKE.sub(_read_again, text))


def _decoded(match: re.Match[str]) -> str:
    if match["mark"]:
        return match["mark"]
    if match["breaks"] or match["cut"]:
        return " "
    if match["bytes"]:
        found = bytes(int(code, 16) for code in _HEX2.findall(match[0])).decode("utf-8", "ignore")
    else:
        units = b"".join(int(code, 16).to_bytes(2, "little") for code in _HEX4.findall(match[0]))
        found = units.decode("utf-16-le", "ignore")
    # A decoded backslash could start another escape; a control character is no text.
    return _UNWANTED.sub(" ", found)


def _read_again(match: re.Match[str]) -> str:
    data = bytes(_WINDOWS.get(character, ord(character) & 0xFF) for character in match[0])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
