"""The labels and the scale of a project: checked, given keys, and followed through renaming."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from makna.core.errors import DataError
from makna.label.store.written import checked_name, name_key, storable

# s, f, u and n are the site's: skip, flag, undo, note.
KEYS = "123456789abcdeghijklmopqrtvwxyz"
_MOST_MARKS = 10_000

Scale = tuple[float, float, float]


@dataclass(frozen=True)
class LabelChoice:
    """A label people choose.

    Parameters
    ----------
    name : str
        As shown and as written into tables.
    key : str
        Of the keyboard: one of `KEYS`; empty for a retired label, and where there are more labels than keys.
    about : str
        When it is to be chosen.
    retired : bool
        No longer offered; answers that have it keep it.
    was : tuple of (str, int)
        Names it had before, each with the version of the labels that ended it.
    """

    name: str
    key: str = ""
    about: str = ""
    retired: bool = False
    was: tuple[tuple[str, int], ...] = ()


class LabelsInUse(DataError):  # noqa: N818
    """A change of labels touches answers and was not yet agreed to.

    `counts` tells how many answers each label touched has.
    """

    @property
    def counts(self) -> dict[str, int]:
        """Label → answers."""
        return dict(self.fields["counts"])


class LabelsChanged(DataError):  # noqa: N818
    """The label of an answer was renamed or retired while somebody chose; `labels` and `version` are the new ones."""

    @property
    def labels(self) -> tuple[LabelChoice, ...]:
        """What can be chosen now."""
        return tuple(self.fields["choices"])

    @property
    def version(self) -> int:
        """The version to send with the next answer."""
        return int(self.fields["version"])


def first_labels(given: Sequence[str | LabelChoice]) -> tuple[LabelChoice, ...]:
    """Return the labels of a new project, checked and with keys.

    Parameters
    ----------
    given : sequence of str or LabelChoice
        At least two.

    Raises
    ------
    DataError
        Fewer than two, the same twice, or a name that cannot be used.
    """
    return _checked([_choice(label) for label in given])


def next_labels(
    before: Sequence[LabelChoice], given: Sequence[str | LabelChoice], renamed: Mapping[str, str], version: int
) -> tuple[LabelChoice, ...]:
    """Return the labels after a change: those given, then those left out, retired.

    Parameters
    ----------
    before : sequence of LabelChoice
        The labels as they are.
    given : sequence of str or LabelChoice
        The labels as they shall be, renamed ones under their new names.
    renamed : mapping of str to str
        Old name → new name.
    version : int
        Of the labels after the change.

    Raises
    ------
    DataError
        A rename of or to a label that is not there, two labels made one, or names as in `first_labels`.
    """
    known = {label.name: label for label in before}
    wanted = [_choice(label) for label in given]
    origin = _origins(renamed, known, [label.name for label in wanted])
    after = []
    for label, asked in zip(wanted, given, strict=True):
        prior = known.pop(origin.get(label.name, label.name), None)
        if prior is not None:
            ended = () if prior.name == label.name else ((prior.name, version),)
            about = prior.about if isinstance(asked, str) else label.about
            label = replace(label, key=label.key or prior.key, about=about, was=prior.was + ended)
        after.append(label)
    return _checked([*after, *(replace(label, retired=True) for label in known.values())])


def meant(labels: Sequence[LabelChoice], name: str, version: int) -> LabelChoice | None:
    """Return the label that a name meant at a version, under its present name; None where there is none.

    Parameters
    ----------
    labels : sequence of LabelChoice
        The labels as they are.
    name : str
        As it was called then.
    version : int
        Of the labels then.

    Examples
    --------
    >>> labels = (LabelChoice("good", was=(("fine", 2),)), LabelChoice("fine"))
    >>> meant(labels, "fine", 1).name, meant(labels, "fine", 2).name
    ('good', 'fine')
    """
    ends = [(until, at) for at, label in enumerate(labels) for was, until in label.was if was == name]
    later = min((end for end in ends if end[0] > version), default=None)
    if later is not None:
        return labels[later[1]]
    return next((label for label in labels if label.name == name), None)


def labels_json(labels: Sequence[LabelChoice]) -> str:
    """Return labels as they are kept."""
    return json.dumps([asdict(label) for label in labels], ensure_ascii=False)


def labels_from(kept: str) -> tuple[LabelChoice, ...]:
    """Return labels from what was kept."""
    return tuple(
        LabelChoice(**{**label, "was": tuple((name, until) for name, until in label["was"])})
        for label in json.loads(kept)
    )


def checked_scale(scale: Sequence[float]) -> Scale:
    """Return a scale of marks: its least, its greatest and its step.

    Parameters
    ----------
    scale : sequence of float
        Three numbers.

    Raises
    ------
    DataError
        They are no scale: the greatest is not a number of steps above the least, or there are over 10,000 marks.
    """
    low, high, step = (float(number) for number in scale)
    if not (math.isfinite(low) and math.isfinite(high) and low < high and 0 < step <= high - low):
        raise DataError("label.store_bad_scale", came=list(scale), most=_MOST_MARKS)
    if (high - low) / step > _MOST_MARKS or not _is_whole((high - low) / step):
        raise DataError("label.store_bad_scale", came=list(scale), most=_MOST_MARKS)
    return low, high, step


def checked_mark(scale: Scale, came: str) -> str:
    """Return a mark as it is kept, without idle digits.

    Parameters
    ----------
    scale : tuple of float
        Least, greatest, step.
    came : str
        As typed; a comma may stand for the point.

    Raises
    ------
    DataError
        It is no number, off the scale, or between two steps.

    Examples
    --------
    >>> checked_mark((0, 5, 0.5), "3,50")
    '3.5'
    """
    low, high, step = scale
    try:
        mark = float(came.strip().replace(",", "."))
    except ValueError:
        mark = math.nan
    if not (low <= mark <= high and _is_whole((mark - low) / step)):
        raise DataError("label.store_bad_mark", came=came[:40], low=f"{low:g}", high=f"{high:g}", step=f"{step:g}")
    return written_mark(mark)


def written_mark(mark: float) -> str:
    """Return a number as marks are kept: up to ten digits, none idle."""
    return f"{mark + 0.0:.10g}"


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-6


def _choice(given: str | LabelChoice) -> LabelChoice:
    label = LabelChoice(given) if isinstance(given, str) else given
    return LabelChoice(checked_name(label.name), label.key, storable(label.about), label.retired)


def _origins(renamed: Mapping[str, str], known: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, str]:
    origin: dict[str, str] = {}
    for old, asked in renamed.items():
        new = checked_name(asked)
        missing = old if old not in known else new if new not in wanted else None
        if missing is not None:
            raise DataError("label.store_unknown_label", came=missing, allowed=", ".join([*known, *wanted]))
        if new in origin or (new in known and new not in renamed):
            raise DataError("label.store_label_twice", name=new)
        origin[new] = old
    return origin


def _checked(labels: Sequence[LabelChoice]) -> tuple[LabelChoice, ...]:
    seen: set[str] = set()
    for label in labels:
        if name_key(label.name) in seen:
            raise DataError("label.store_label_twice", name=label.name)
        seen.add(name_key(label.name))
    if sum(not label.retired for label in labels) < 2:
        raise DataError("label.store_few_labels", came=", ".join(label.name for label in labels if not label.retired))
    return _with_keys(labels)


def _with_keys(labels: Sequence[LabelChoice]) -> tuple[LabelChoice, ...]:
    taken: set[str] = set()
    kept: list[str] = []
    for label in labels:
        fits = not label.retired and len(label.key) == 1 and label.key in KEYS and label.key not in taken
        kept.append(label.key if fits else "")
        taken.update(kept[-1])
    free = iter(key for key in KEYS if key not in taken)
    return tuple(
        replace(label, key=key or ("" if label.retired else next(free, "")))
        for label, key in zip(labels, kept, strict=True)
    )
