"""Settings as text: the cells of a grid (``NAME[pca=50,kernel=poly]``) and the trials of a search (``C=0.3``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from makna.report.language import Locale, is_number

# A comma that parts two settings is followed by `key=`; one inside a value is not.
_BETWEEN = re.compile(r",\s*(?=[A-Za-z_][\w.-]*=)")


def root_of(system: str) -> str:
    """Return a system's name without its cell.

    Examples
    --------
    >>> root_of("encoder[pca=50]"), root_of("counts-svm")
    ('encoder', 'counts-svm')
    """
    return system.partition("[")[0] if system.endswith("]") else system


def cell_of(system: str) -> dict[str, Any]:
    """Return the settings in the brackets of a system's name, empty where it is no cell."""
    return settings_of(system.partition("[")[2][:-1]) if system.endswith("]") else {}


def settings_of(text: str) -> dict[str, Any]:
    """Return settings written as ``key=value,key=value``, numbers as numbers; empty where the text is something else.

    Examples
    --------
    >>> settings_of("learning_rate=3e-05,batch_size=8"), settings_of("words=[1, 2]"), settings_of("counts-svm")
    ({'learning_rate': 3e-05, 'batch_size': 8.0}, {'words': '[1, 2]'}, {})
    """
    pairs = [piece.strip().partition("=") for piece in _BETWEEN.split(text)]
    return {key: plain(value) for key, sign, value in pairs if sign and key} if all(p[1] for p in pairs) else {}


def same_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two sets of settings are the same; ``3e-05`` and 0.00003 are."""
    return {key: plain(value) for key, value in one.items()} == {key: plain(value) for key, value in other.items()}


def plain(value: Any) -> Any:
    """Return a setting as a number where it reads as one, else as its text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if is_number(number) and not isinstance(value, bool) else str(value)


def words_of(settings: Mapping[str, Any], locale: Locale) -> str:
    """Return settings as one line: ``kernel = poly, C = 0,3``."""
    return ", ".join(f"{key} = {locale.setting(value)}" for key, value in settings.items())


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return distinct values, numbers from small to large, others as they came."""
    distinct = list(dict.fromkeys(values))
    return sorted(distinct) if all(map(is_number, distinct)) else distinct
