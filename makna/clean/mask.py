"""The text step that masks personal data: identity numbers, telephone numbers, e-mail, cards and accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from makna.clean.step import TextStep, checked, choice

KINDS = ("email", "nik", "phone", "card", "account")
_DEFAULT = ("email", "nik", "phone")
_TOKENS = {
    "id": {"email": "[EMAIL]", "nik": "[NIK]", "phone": "[TELEPON]", "card": "[KARTU]", "account": "[REKENING]"},
    "en": {"email": "[EMAIL]", "nik": "[NIK]", "phone": "[PHONE]", "card": "[CARD]", "account": "[ACCOUNT]"},
}

# No digit, letter, or part of a larger number may touch what is found; words like "wa" may (wa081234567890).
_BEFORE = r"(?<![\d_])(?<!\d[.-])(?:(?<!\d[,/])|(?<=\d{5}[,/]))(?<!\d [+])"
_AFTER = r"(?!\w|[.-]\d|[,/]\d(?!\d{4}))"
_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9_.+%-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w@])"
)
_NIK = re.compile(_BEFORE + r"(?:\d{16}|\d{6}([ .-])\d{6}\1\d{4}|\d{4}([ .-])\d{4}\2\d{4}\2\d{4})" + _AFTER)
_CARD = re.compile(_BEFORE + r"(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5})" + _AFTER)
# Visa, Mastercard, American Express, JCB, Discover, UnionPay: first digits and length.
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|35[2-8]\d{13}|6(?:011|5\d\d)\d{12}|62\d{14,17}"
)
_ACCOUNT = re.compile(
    r"\b(?:no(?:mor|\.)?\s?)?(?:rek(?:ening|\.)?|norek|a/c)\b[^\d\n]{0,25}(?P<number>\d(?:[ .-]?\d){7,17})" + _AFTER,
    re.IGNORECASE,
)
# Mobile: 08… or +628… with 9 to 12 digits after the 0 or 62; the first four or five digits are written together.
_GROUP = r"(?:\s?[-.]\s?|\s)\d{2,8}"
_MOBILE = re.compile(
    _BEFORE
    + r"\(?(?:(?:\+62|\(\+?62\)|62)[ .-]?\(?0?\)?|0)"
    + rf"(?P<number>8[1-35-9]\d(?:\d{{6,9}}|\d?\)?(?:{_GROUP}){{1,4}}|\d?\)\d{{5,9}}))(?!\w|\.\d)"
)
_AREA = r"(?:2[124]|31|61|2[3-9]\d|3[2-8]\d|4[0-8]\d|5[1-6]\d|6[2-5]\d|7[0-7]\d|9[0-8]\d)"
_LANDLINE = re.compile(
    _BEFORE
    + rf"(?:\(0{_AREA}\)[ -]?|0{_AREA}(?: - |[ -])|(?:\+62|\(\+62\))[ -]?\(?{_AREA}\)?[ -]?)"
    + r"(?:\d{5,8}|\d{3,4}[ -]\d{3,4}|\d{2}[ -]\d{2}[ -]\d{2,4})"
    + _AFTER
)
_DIGITS = re.compile(r"\d(?:\D{0,3}\d){7}")
_THOUSANDS = re.compile(r"\d{1,3}(?:[. ]\d{3})+")
# What stands right before a number that is no person's: an order, a parcel, a price.
_OTHER_NUMBER = re.compile(
    r"(?:\b(?:order|pesanan|pemesanan|resi|invoice|inv|transaksi|trx|tagihan|tiket|ticket|booking|kode|code|seri|serial"
    r"|sku|imei|struk|faktur)(?:\s?(?:no(?:mor|\.)?|id|number))?\s?[:#=-]?\s?[a-z]{0,5}[/#-]?|\brp\.?\s?|\bidr\s?|[$€£#])$",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+$")
_TOUCHING = frozenset(
    ("wa", "hp", "telp", "tlp", "tel", "telepon", "no", "nope", "nomor", "hub", "sms", "call", "nik", "ktp", "kk")
)
_PROVINCES = frozenset(
    (*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82, *range(91, 97))
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _valid_kinds(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(kind in KINDS for kind in value)


@dataclass(frozen=True)
class Mask(TextStep):
    """Put a token in place of personal data; prices, dates and order numbers stay.

    A number is masked when its structure fits: an identity number (NIK) by province, district and date of birth, a
    telephone number by its prefix and length, a card by its check digit (Luhn), an account by the word before it. A
    number after a word such as *order*, *resi* or *Rp* is left alone. No rule finds everything: names and addresses
    are not looked for, and numbers written in words are not found.

    Parameters
    ----------
    kinds : sequence of {"email", "nik", "phone", "card", "account"}
        What is masked.
    language : {"id", "en"}
        Language of the tokens: ``[TELEPON]`` or ``[PHONE]``.

    Examples
    --------
    >>> Mask().apply("Hub 0812-3456-7890 atau budi@contoh.id, harga 1.500.000")
    'Hub [TELEPON] atau [EMAIL], harga 1.500.000'
    """

    kinds: tuple[str, ...] = checked(_DEFAULT, _valid_kinds, ", ".join(KINDS))
    language: str = choice("id", "en")

    name: ClassVar[str] = "mask"
    shorthand: ClassVar[str] = "kinds"
    # A token makes an edge, and what touched the number may become one of its own.
    idempotent: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.kinds, str):
            object.__setattr__(self, "kinds", (self.kinds,))
        elif isinstance(self.kinds, list):
            object.__setattr__(self, "kinds", tuple(self.kinds))
        super().__post_init__()

    def apply(self, text: str) -> str:
        """Return `text` with tokens in place of personal data."""
        return self._with(text, lambda kind, found: _TOKENS[self.language][kind])

    def shown(self, text: str) -> str:
        """Return `text` with dots in place of the letters and digits that this step masks."""
        return self._with(text, lambda kind, found: re.sub(r"\w", "•", found))

    def _with(self, text: str, put: Callable[[str, str], str]) -> str:
        if "@" not in text and not _DIGITS.search(text):
            return text
        for kind in KINDS:  # identity numbers before cards and telephones, which are shorter
            if kind in self.kinds:
                text = _put(text, _FINDERS[kind](text), partial(put, kind))
        return text


def _put(text: str, spans: Iterator[tuple[int, int]], put: Callable[[str], str]) -> str:
    pieces, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            pieces += [text[position:start], put(text[start:end])]
            position = end
    return "".join(pieces) + text[position:] if pieces else text


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def _niks(text: str) -> Iterator[tuple[int, int]]:
    for match in _NIK.finditer(text):
        if _is_nik(_digits(match[0])) and not _belongs_elsewhere(text, match.start()):
            yield match.span()


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text):
        digits = _digits(match[0])
        if _ISSUER.fullmatch(digits) and passes_luhn(digits) and not _belongs_elsewhere(text, match.start()):
            yield match.span()


def _accounts(text: str) -> Iterator[tuple[int, int]]:
    yield from (match.span("number") for match in _ACCOUNT.finditer(text))


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _MOBILE.finditer(text):
        # Nobody writes the number of an order as 0812-3456-7890.
        doubtful = match[0].isdigit() and _belongs_elsewhere(text, match.start())
        if not doubtful and not _is_amount(match[0]):
            end = _end_of_mobile(match)
            if end is not None:
                yield match.start(), end
    for match in _LANDLINE.finditer(text):
        if not _belongs_elsewhere(text, match.start()) and 8 <= len(_digits(match[0])) <= 13:
            yield match.span()


_FINDERS = {"email": _emails, "nik": _niks, "phone": _phones, "card": _cards, "account": _accounts}


def _end_of_mobile(match: re.Match[str]) -> int | None:
    """Return where a mobile number ends: groups beyond its 12 digits belong to what follows; None where it is none."""
    count, end = 0, None
    for group in re.finditer(r"\d+", match["number"]):
        count += len(group[0])
        if count > 12:
            break
        end = match.start("number") + group.end() if count >= 9 else None
    return end


def _is_amount(found: str) -> bool:
    return found[0] not in "0+(" and _THOUSANDS.fullmatch(found) is not None


def _is_nik(digits: str) -> bool:
    """Tell whether 16 digits have the structure of a NIK: province, district, DDMMYY (women: day + 40), serial."""
    province, city, district = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day, month, serial = int(digits[6:8]), int(digits[8:10]), int(digits[12:])
    if province not in _PROVINCES or not 1 <= city <= 79 or not district or not serial or not 1 <= month <= 12:
        return False
    return 1 <= (day - 40 if day > 40 else day) <= _DAYS[month - 1]


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).

    Examples
    --------
    >>> passes_luhn("79927398713"), passes_luhn("79927398710")
    (True, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _digits(found: str) -> str:
    return "".join(re.findall(r"\d", found))


def _belongs_elsewhere(text: str, start: int) -> bool:
    """Tell whether a number is that of an order or a price, or the end of a code such as ``INV0812…``."""
    before = text[max(0, start - 40) : start]
    touching = _LETTERS.search(before)
    if touching is not None and touching[0].lower() not in _TOUCHING:
        return True
    return _OTHER_NUMBER.search(before) is not None
