"""How a report speaks: its words from the catalogue, its numbers in the manner of the language."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from numbers import Real
from typing import Any, TypeGuard

from makna.core.errors import UserError
from makna.core.messages import LANGUAGES, catalogue, say

NOTHING = "–"
_MINUS = "\u2212"
_THIN = "\u202f"
_PLAIN_SCORES = ("accuracy", "mae", "mse", "rmse", "pearson", "spearman", "qwk", "within_half", "within_one")
_AVERAGES = ("macro", "weighted", "positive")


@dataclass(frozen=True)
class Locale:
    """Words and numbers in one language.

    Parameters
    ----------
    lang : {"id", "en"}
        Indonesian (decimal comma, dot for thousands) or English (the reverse).

    Raises
    ------
    UserError
        Another language.

    Examples
    --------
    >>> Locale("id").score(0.8614), Locale("id").whole(13021), Locale("en").percent(0.25)
    ('0,861', '13.021', '25.0%')
    """

    lang: str = "id"

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise UserError("report.bad_language", came=self.lang, allowed=", ".join(LANGUAGES))

    def say(self, name: str, **fields: Any) -> str:
        """Render the report's message of this name."""
        return say(f"report.{name}", self.lang, **fields)

    def knows(self, name: str) -> bool:
        """Tell whether the report has a message of this name."""
        return name in catalogue("report")

    def number(self, value: Any, decimals: int = 3) -> str:
        """Return a number with this many decimals; a dash for what is not a finite number."""
        if not is_number(value):
            return NOTHING
        text = f"{abs(value):,.{decimals}f}"
        if self.lang == "id":
            text = text.translate({ord(","): ".", ord("."): ","})
        negative = value < 0 and any(digit in text for digit in "123456789")
        return f"{_MINUS}{text}" if negative else text

    def score(self, value: Any) -> str:
        """Return a score, to three decimals."""
        return self.number(value, 3)

    def difference(self, value: Any, decimals: int = 3) -> str:
        """Return a difference of scores with its sign."""
        text = self.number(value, decimals)
        return f"+{text}" if is_number(value) and round(value, decimals) > 0 else text

    def whole(self, value: Any) -> str:
        """Return a count."""
        return self.number(value, 0)

    def setting(self, value: Any) -> str:
        """Return the value of a setting: a number without needless digits, else its text."""
        if isinstance(value, bool) or not is_number(value):
            return str(value)
        text = f"{value:.6g}"
        return text.replace(".", ",") if self.lang == "id" else text

    def percent(self, share: Any, decimals: int = 1) -> str:
        """Return a share (0 to 1) as per cent."""
        if not is_number(share):
            return NOTHING
        gap = "\u00a0" if self.lang == "id" else ""
        return f"{self.number(100 * share, decimals)}{gap}%"

    def level(self, share: float) -> str:
        """Return the level of an interval: 95 %, 97,5 %."""
        return self.percent(share, 0 if round(100 * share, 6) % 1 == 0 else 1)

    def interval(self, low: Any, high: Any) -> str:
        """Return an interval, or nothing where it has no ends."""
        if not (is_number(low) and is_number(high)):
            return ""
        between = "; " if self.lang == "id" else ", "
        return f"[{self.score(low)}{between}{self.score(high)}]".replace(" ", "\u00a0")

    def p_value(self, p: Any) -> str:
        """Return a p-value; the very small ones as a bound."""
        if is_number(p) and p < 0.001:
            return f"<{_THIN}{self.score(0.001)}"
        return self.score(p)

    def seconds(self, value: Any) -> str:
        """Return a duration in seconds, minutes or hours."""
        if not is_number(value):
            return NOTHING
        if value < 60:
            return f"{self.number(value, 1)}\u00a0s"
        minutes, rest = divmod(round(value), 60)
        if minutes < 60:
            return self.say("minutes", minutes=minutes, seconds=rest)
        return self.say("hours", hours=minutes // 60, minutes=minutes % 60)

    def memory(self, megabytes: Any) -> str:
        """Return an amount of memory given in MB."""
        return f"{self.whole(megabytes)}\u00a0MB" if is_number(megabytes) else NOTHING

    def moment(self, iso: Any) -> str:
        """Return an ISO 8601 moment as a date and time in words."""
        try:
            moment = datetime.fromisoformat(iso)
        except (TypeError, ValueError):
            return str(iso) if iso else NOTHING
        month = self.say("months").split()[moment.month - 1]
        zone = moment.tzname() or ""
        return self.say(
            "moment", day=moment.day, month=month, year=moment.year, hour=moment.hour, minute=moment.minute, zone=zone
        ).strip()

    def listing(self, words: Iterable[str]) -> str:
        """Return words as one enumeration: a, b, and c."""
        words = list(words)
        if len(words) < 3:
            return f" {self.say('and')} ".join(words)
        return f"{', '.join(words[:-1])}, {self.say('and')} {words[-1]}"

    def metric(self, name: str) -> str:
        """Return a metric's name in words; `OUTPUT/METRIC` and `f1_CLASS` included."""
        output, slash, plain = name.rpartition("/")
        if slash:
            return f"{output}: {self.metric(plain)}"
        family, _, of = name.partition("_")
        if name in _PLAIN_SCORES or (of in _AVERAGES and self.knows(f"metric_{name}")):
            return self.say(f"metric_{name}")
        if of and self.knows(f"metric_{family}_class"):
            return self.say(f"metric_{family}_class", label=of)
        return name


def sentence(text: str) -> str:
    """Return a text with its first letter a capital, the rest as it is."""
    return text[:1].upper() + text[1:]


def is_number(value: Any) -> TypeGuard[float]:
    """Tell whether `value` is a finite number (and no truth value)."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
