"""The text steps for web addresses and user names: dropped, or a token in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from makna.clean.step import TextStep, checked, squeeze

# Masks are matched beside small letters too ("siUSER", "USERnewsIDN"), never inside capitals ("USERNAME", "CURLY").
# What stands before is looked at after the first letter: a pattern that starts with a letter is searched much faster.
URL = re.compile(
    r"http(?:s?://\S*|s?:?…)|www\.\S+|URL(?<![A-Z]URL)(?![A-Z])"
    r"|pic\.(?<!\wpic\.)twitter\.com/\S*|t\.co/(?<!\wt\.co/)\S*|bit\.ly/(?<!\wbit\.ly/)\S*"
    r"|goo\.gl/(?<!\wgoo\.gl/)\S*|youtu\.be/(?<!\wyoutu\.be/)\S*"
)
USER = re.compile(r"USER(?<![A-Z]USER)(?:USER)*(?![A-Z])|@(?<![\w@＠]@)[@＠]*\w+|＠(?<![\w@＠]＠)[@＠]*\w+")


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and not re.search(r"\s", value)


@dataclass(frozen=True)
class Urls(TextStep):
    """Drop web addresses and ``URL``, or put one token in place of each.

    Parameters
    ----------
    token : str
        What stands for an address; nothing by default.

    Examples
    --------
    >>> Urls().apply("lihat https://t.co/abc ya")
    'lihat ya'
    >>> Urls(token="TAUTAN").apply("lihat www.contoh.id")
    'lihat TAUTAN'
    """

    token: str = checked("", _is_token, '"", "TAUTAN"')

    name: ClassVar[str] = "urls"
    shorthand: ClassVar[str] = "token"
    # A token of one's own may look like an address.
    idempotent: ClassVar[bool] = False

    def apply(self, text: str) -> str:
        """Return `text` without addresses."""
        return _replaced(URL, self.token, text)


@dataclass(frozen=True)
class Users(TextStep):
    """Drop user names, ``@name`` and ``USER``, or put one token in place of each.

    Put it before `lowercase`: the mask ``USER`` is known by its capitals. An e-mail address is no user name.

    Parameters
    ----------
    token : str
        What stands for a user name; nothing by default.

    Examples
    --------
    >>> Users().apply("kata @budi_1 dan USER, surel a@b.id")
    'kata dan , surel a@b.id'
    """

    token: str = checked("", _is_token, '"", "PENGGUNA"')

    name: ClassVar[str] = "users"
    shorthand: ClassVar[str] = "token"
    # "@a@b" is one name and a rest that is a name only once it stands alone.
    idempotent: ClassVar[bool] = False

    def apply(self, text: str) -> str:
        """Return `text` without user names."""
        return _replaced(USER, self.token, text)


def _replaced(pattern: re.Pattern[str], token: str, text: str) -> str:
    cleaned, count = pattern.subn(lambda match: f" {token} ", text)
    return squeeze(cleaned) if count else text
